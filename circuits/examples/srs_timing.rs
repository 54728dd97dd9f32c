//! Times the development string: `cargo run --release -p zkescrow-circuits --example srs_timing -- 20`.

use std::{env, error::Error, time::Instant};

use zkescrow_circuits::srs::Srs;

fn main() -> Result<(), Box<dyn Error>> {
    let k = env::args().nth(1).map_or(Ok(16), |k| k.parse())?;
    let path = env::temp_dir().join(format!("zkescrow-timing-{}.srs", std::process::id()));
    let start = Instant::now();
    let srs = Srs::development(k);
    println!("made   2^{k} powers in {:.2} s", start.elapsed().as_secs_f64());
    let start = Instant::now();
    srs.save(&path)?;
    println!("saved  them in {:.2} s", start.elapsed().as_secs_f64());
    let start = Instant::now();
    Srs::load(&path)?;
    println!("loaded them in {:.2} s", start.elapsed().as_secs_f64());
    Ok(std::fs::remove_file(path)?)
}
