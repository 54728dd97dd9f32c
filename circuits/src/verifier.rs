//! Checks proofs natively, as strictly as the contracts do.

use halo2_proofs::{
    plonk::verify_proof,
    poly::{
        VerificationStrategy,
        kzg::{multiopen::VerifierSHPLONK, strategy::AccumulatorStrategy},
    },
    transcript::TranscriptReadBuffer,
};
use halo2curves::bn256::{Bn256, Fr, G1Affine};
use snark_verifier::{loader::native::NativeLoader, system::halo2::transcript::evm::EvmTranscript};

use crate::{
    commitment::{self, Statement, WeightCommitment},
    keys::VerifierKeys,
    plan::Instance,
    proof::Proof,
};

/// Why a proof is refused.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum VerifyError {
    /// Made with other keys.
    #[error("the proof is for another architecture or other keys")]
    Architecture,
    /// Names another model than its commitment and provider do.
    #[error("the proof is for another model")]
    Model,
    /// Too short or too long.
    #[error("the proof has {got} bytes instead of {expected}")]
    Length {
        /// Bytes given.
        got: usize,
        /// Bytes needed.
        expected: usize,
    },
    /// The label is no class.
    #[error("the label is not one of the model's classes")]
    Label,
    /// A point is off the curve, a number out of range, or an equation does not hold.
    #[error("the proof is not valid")]
    Proof,
    /// The proof is valid, but for other weights.
    #[error("the proof's weights are not the registered ones")]
    Link,
}

/// Checks a proof against a registered commitment.
pub fn verify(keys: &VerifierKeys, registered: &WeightCommitment, proof: &Proof) -> Result<(), VerifyError> {
    if proof.arch != keys.arch {
        return Err(VerifyError::Architecture);
    }
    if registered.0.len() != keys.plan.shape.weight_columns
        || proof.model_id != registered.model_id(&keys.arch, &proof.provider)
    {
        return Err(VerifyError::Model);
    }
    verify_proof_only(keys, proof)?;
    let statement = Statement { arch: &keys.arch, registered, proof: &proof.bytes, instances: &proof.instances };
    if commitment::verify_link(&statement, &keys.bases, &proof.link) { Ok(()) } else { Err(VerifyError::Link) }
}

/// Checks everything but the link to the registered weights.
pub fn verify_proof_only(keys: &VerifierKeys, proof: &Proof) -> Result<(), VerifyError> {
    let expected = keys.proof_length();
    if proof.bytes.len() != expected {
        return Err(VerifyError::Length { got: proof.bytes.len(), expected });
    }
    let classes = keys.plan.network.classes();
    if !(0..classes as u64).map(Fr::from).any(|class| class == proof.instances[Instance::Label as usize]) {
        return Err(VerifyError::Label);
    }
    // Reading refuses numbers that are not reduced and points off the curve.
    let mut transcript =
        <EvmTranscript<G1Affine, NativeLoader, &[u8], Vec<u8>> as TranscriptReadBuffer<_, G1Affine, _>>::init(
            &proof.bytes[..],
        );
    let strategy = AccumulatorStrategy::<Bn256>::new(&keys.params);
    let checked = verify_proof::<_, VerifierSHPLONK<'_, Bn256>, _, _, _>(
        &keys.params,
        &keys.vk,
        strategy,
        &[&[&proof.instances]],
        &mut transcript,
    )
    .map_err(|_| VerifyError::Proof)?;
    if VerificationStrategy::<_, VerifierSHPLONK<'_, Bn256>>::finalize(checked) {
        Ok(())
    } else {
        Err(VerifyError::Proof)
    }
}
