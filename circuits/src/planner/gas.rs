//! What a verification costs, from counts alone.

/// Counts that decide the gas of a verification.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GasModel {
    /// Points of a proof.
    pub points: usize,
    /// Evaluations of a proof.
    pub evaluations: usize,
    /// Public inputs.
    pub instances: usize,
    /// Commitments with a factor: those of the proof and of the key that are opened, the generator, but not the first.
    pub commitments: usize,
    /// Numbers that are inverted: a Lagrange polynomial each, a rotation each, and two.
    pub inversions: usize,
    /// Rotations, counted in each rotation set.
    pub interpolations: usize,
    /// Hashes of the transcript.
    pub challenges: usize,
    /// Words of the key contract.
    pub key_words: usize,
    /// Gas of the constraints.
    pub numerator: u64,
}

/// A transaction, before anything runs.
const TRANSACTION: u64 = 21_000;
/// 64 bytes of call data, none zero, at 16; its copies, its hash, its check.
const POINT: u64 = 1_024 + 36 + 12 + 140;
/// 32 bytes of call data; its copies, its hash, its check, a multiplication and an addition.
const EVALUATION: u64 = 512 + 18 + 6 + 29 + 30;
/// The same without the last two.
const INSTANCE: u64 = 512 + 18 + 6 + 21;
/// ecMul and ecAdd with the price of a call each, and what stands around them.
const COMMITMENT: u64 = 6_000 + 150 + 200 + 140;
/// Two pairs, and the call.
const PAIRING: u64 = 45_000 + 2 * 34_000 + 100;
/// Two modular exponentiations (EIP-7883 prices), with their calls.
const POWERS: u64 = 4_064 + 500 + 400;
/// The multiplications of a batch inversion, and what the inverse is used for.
const INVERSION: u64 = 135;
/// Multiplications that interpolate.
const INTERPOLATION: u64 = 110;
/// Hash, reduction, two stores.
const CHALLENGE: u64 = 80;
/// A key word is copied.
const KEY_WORD: u64 = 6;
/// Two accounts are loaded, call data has lengths and offsets, the rest of both contracts.
const REST: u64 = 2 * 2_600 + 700 + 2_400;

impl GasModel {
    /// Gas of a transaction that calls `ModelVerifier.verifyProof` with a valid proof.
    pub fn gas(&self) -> u64 {
        let times = |count: usize, each: u64| count as u64 * each;
        TRANSACTION
            + times(self.points, POINT)
            + times(self.evaluations, EVALUATION)
            + times(self.instances, INSTANCE)
            + times(self.commitments, COMMITMENT)
            + PAIRING
            + POWERS
            + times(self.inversions, INVERSION)
            + times(self.interpolations, INTERPOLATION)
            + times(self.challenges, CHALLENGE)
            + times(self.key_words, KEY_WORD)
            + self.numerator
            + REST
    }
}
