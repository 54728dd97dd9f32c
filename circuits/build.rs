//! Turns the schema of TensorFlow Lite's files into a reader.

use std::{env, error::Error, fs, path::Path};

const SCHEMA: &str = "src/import/tflite.fbs";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={SCHEMA}");
    let declarations = planus_translation::translate_files(&[SCHEMA]).ok_or("the schema does not translate")?;
    let code = planus_codegen::generate_rust(&declarations, false)?;
    fs::write(Path::new(&env::var("OUT_DIR")?).join("tflite.rs"), code)?;
    Ok(())
}
