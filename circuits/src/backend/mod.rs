//! The arithmetic under a prover of our own: commitments and Fourier transforms over BN254.

pub mod fft;
pub mod msm;
