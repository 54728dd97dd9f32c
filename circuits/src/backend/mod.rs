//! The arithmetic under a prover of our own: commitments and Fourier transforms over BN254.

pub mod fft;
#[cfg(target_arch = "x86_64")]
mod lanes;
pub mod msm;
