//! Fourier transforms of polynomials between their coefficients and their values on cosets of roots of unity.
//!
//! Coefficients are kept in bit-reversed order, values in natural order. This way no transform has to move anything:
//! on the way to values the elements of a polynomial's even half stand before those of its odd half, level by level.
//! The transforms run on one thread each; who has many columns gives each column a thread.
//!
//! `scalar` has the transforms for any processor, `ifma` those for processors with AVX-512 IFMA.

#[cfg(target_arch = "x86_64")]
mod ifma;
mod scalar;
#[cfg(test)]
mod tests;

use halo2curves::{
    bn256::Fr,
    ff::{Field, PrimeField},
};

#[cfg(target_arch = "x86_64")]
use super::lanes::Ifma;

/// The roots of unity of order `2^k`, with what the transforms over them need.
#[derive(Debug)]
pub struct Domain {
    k: u32,
    kernel: Kernel,
    omega: Fr,
    omega_inverse: Fr,
    /// `1 / 2^k`.
    size_inverse: Fr,
    /// For the transforms over the roots themselves.
    inverse_points: Points,
}

/// The domain shifted by a factor.
#[derive(Debug)]
pub struct Coset {
    shift: Fr,
    points: Points,
    inverse_points: Points,
}

/// What computes the transforms.
#[derive(Clone, Copy, Debug)]
enum Kernel {
    Scalar,
    #[cfg(target_arch = "x86_64")]
    Ifma(Ifma),
}

/// What the halves of polynomials are combined with, as the kernel wants it.
#[derive(Debug)]
enum Points {
    Scalar(scalar::Points),
    #[cfg(target_arch = "x86_64")]
    Ifma(ifma::Points),
}

impl Kernel {
    /// The fastest one for transforms of size `2^k`.
    fn detect(k: u32) -> Self {
        #[cfg(target_arch = "x86_64")]
        if k >= ifma::SMALLEST
            && let Some(ifma) = Ifma::detect()
        {
            return Self::Ifma(ifma);
        }
        Self::Scalar
    }

    /// The points `shift * omega^i` of a transform of size `2^k`.
    fn points(self, k: u32, shift: Fr, omega: Fr) -> Points {
        let points = scalar::Points::new(k, shift, omega);
        match self {
            Self::Scalar => Points::Scalar(points),
            #[cfg(target_arch = "x86_64")]
            Self::Ifma(ifma) => Points::Ifma(ifma::Points::new(ifma, &points)),
        }
    }
}

impl Points {
    /// Coefficients to values.
    fn evaluate(&self, coefficients: &[Fr], out: &mut [Fr]) {
        match self {
            Self::Scalar(points) => {
                out.copy_from_slice(coefficients);
                scalar::to_values(out, points);
            }
            #[cfg(target_arch = "x86_64")]
            Self::Ifma(points) => points.evaluate(coefficients, out),
        }
    }

    /// Values to coefficients, times `scale`. The points are the inverses of those of the values.
    fn interpolate(&self, values: &mut [Fr], scale: Fr) {
        match self {
            Self::Scalar(points) => scalar::from_values(values, points, scale),
            #[cfg(target_arch = "x86_64")]
            Self::Ifma(points) => points.interpolate(values, scale),
        }
    }
}

impl Domain {
    /// The domain of size `2^k`, with the same generator as halo2's.
    ///
    /// # Panics
    ///
    /// If the field has no roots of unity of this order.
    pub fn new(k: u32) -> Self {
        Self::with(k, Kernel::detect(k))
    }

    fn with(k: u32, kernel: Kernel) -> Self {
        assert!(k <= Fr::S, "no roots of unity of order 2^{k}");
        let root = |root: Fr| (k..Fr::S).fold(root, |root, _| root.square());
        let (omega, omega_inverse) = (root(Fr::ROOT_OF_UNITY), root(Fr::ROOT_OF_UNITY_INV));
        Self {
            k,
            kernel,
            omega,
            omega_inverse,
            size_inverse: Fr::TWO_INV.pow_vartime([u64::from(k)]),
            inverse_points: kernel.points(k, Fr::ONE, omega_inverse),
        }
    }

    /// Number of elements.
    pub fn size(&self) -> usize {
        1 << self.k
    }

    /// The generator.
    pub fn omega(&self) -> Fr {
        self.omega
    }

    /// The domain's coset `shift * omega^i`.
    ///
    /// # Panics
    ///
    /// If the shift is zero.
    pub fn coset(&self, shift: Fr) -> Coset {
        let inverse = shift.invert().expect("a coset's shift is not zero");
        Coset {
            shift,
            points: self.kernel.points(self.k, shift, self.omega),
            inverse_points: self.kernel.points(self.k, inverse, self.omega_inverse),
        }
    }

    /// Values at `omega^i` in natural order become coefficients in bit-reversed order.
    ///
    /// # Panics
    ///
    /// If there are not as many values as the domain has elements.
    pub fn interpolate(&self, values: &mut [Fr]) {
        assert_eq!(values.len(), self.size(), "as many values as elements");
        self.inverse_points.interpolate(values, self.size_inverse);
    }

    /// Writes the values at `shift * omega^i`, in natural order, of a polynomial given by its coefficients in
    /// bit-reversed order.
    ///
    /// # Panics
    ///
    /// If there are not as many coefficients or places for values as the domain has elements.
    pub fn evaluate(&self, coset: &Coset, coefficients: &[Fr], out: &mut [Fr]) {
        assert_eq!(coefficients.len(), self.size(), "as many coefficients as elements");
        assert_eq!(out.len(), self.size(), "as many values as elements");
        coset.points.evaluate(coefficients, out);
    }

    /// The inverse of [`evaluate`](Self::evaluate), in place.
    ///
    /// # Panics
    ///
    /// If there are not as many values as the domain has elements.
    pub fn interpolate_coset(&self, coset: &Coset, values: &mut [Fr]) {
        assert_eq!(values.len(), self.size(), "as many values as elements");
        coset.inverse_points.interpolate(values, self.size_inverse);
    }
}

impl Coset {
    /// What the domain is multiplied by.
    pub fn shift(&self) -> Fr {
        self.shift
    }
}

/// Brings bit-reversed order into natural order and the other way round.
///
/// # Panics
///
/// If the number of values is not a power of two.
pub fn natural_order(values: &mut [Fr]) {
    assert!(values.len().is_power_of_two(), "a power of two of values");
    let bits = values.len().ilog2();
    for i in 0..values.len() {
        // A single value is shifted by no bits, and stays where it is.
        let j = i.reverse_bits().checked_shr(usize::BITS - bits).unwrap_or(0);
        if i < j {
            values.swap(i, j);
        }
    }
}
