//! The reader of the file format, generated from `tflite.fbs`.

#![allow(missing_docs, unsafe_code, unused, clippy::all, rust_2018_idioms)]

include!(concat!(env!("OUT_DIR"), "/tflite.rs"));
