//! The EVM transcript, for a prover.

use halo2_proofs::transcript::{EncodedChallenge, Transcript as _, TranscriptWrite as _, TranscriptWriterBuffer};
use halo2curves::bn256::{Fr, G1Affine};
use snark_verifier::{loader::native::NativeLoader, system::halo2::transcript::evm::EvmTranscript};

use super::BackendError;

type Inner = EvmTranscript<G1Affine, NativeLoader, Vec<u8>, Vec<u8>>;

/// What was written so far, and the challenges that follow from it.
pub(super) struct Transcript(Inner);

impl Transcript {
    pub fn new() -> Self {
        Self(<Inner as TranscriptWriterBuffer<Vec<u8>, G1Affine, _>>::init(vec![]))
    }

    pub fn absorb(&mut self, value: Fr) -> Result<(), BackendError> {
        Ok(self.0.common_scalar(value)?)
    }

    /// Fails for the point at infinity, which no honest proof contains but with negligible probability.
    pub fn point(&mut self, point: G1Affine) -> Result<(), BackendError> {
        Ok(self.0.write_point(point)?)
    }

    pub fn points(&mut self, points: impl IntoIterator<Item = G1Affine>) -> Result<(), BackendError> {
        points.into_iter().try_for_each(|point| self.point(point))
    }

    pub fn scalar(&mut self, value: Fr) -> Result<(), BackendError> {
        Ok(self.0.write_scalar(value)?)
    }

    pub fn challenge(&mut self) -> Fr {
        self.0.squeeze_challenge().get_scalar()
    }

    pub fn finish(self) -> Vec<u8> {
        self.0.finalize()
    }
}
