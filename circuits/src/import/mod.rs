//! Models from TensorFlow Lite files: int8 and uint8 quantised networks of the operators that MobileNets are made of.

mod draft;
mod error;
mod file;
mod lower;
mod names;
mod schema;
mod spatial;
mod weights;

#[cfg(test)]
mod tests;

pub use draft::PRECISION;
pub use error::ImportError;

use crate::model::Model;

/// Reads the bytes of a `.tflite` file; `name` is what people will call the model.
pub fn import(name: &str, bytes: &[u8]) -> Result<Model, ImportError> {
    let file = file::File::open(bytes)?;
    lower::lower(name, &file)
}
