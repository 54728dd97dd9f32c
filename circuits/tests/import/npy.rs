//! uint8 arrays as numpy saves them.

use std::{fs, path::Path};

pub struct Array {
    row: usize,
    pub values: Vec<u8>,
}

impl Array {
    /// The parts along the first dimension.
    pub fn rows(&self) -> impl Iterator<Item = &[u8]> {
        self.values.chunks(self.row)
    }
}

pub fn read(path: &Path) -> Array {
    let bytes = fs::read(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let npy = npyz::NpyFile::new(&bytes[..]).expect("an array");
    let row = npy.shape()[1..].iter().product::<u64>().max(1) as usize;
    Array { row, values: npy.into_vec().expect("bytes") }
}
