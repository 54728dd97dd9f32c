//! Times and shares of requests, as people write them.

use alloy::primitives::utils::parse_units;
use serde::{Deserialize, Serialize};

use super::dataset::Windows;
use crate::{bindings::Courier, rounds::offer::Handover};

/// Time for everything that can happen about a dataset.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Times {
    /// Seconds for each step.
    #[serde(default)]
    pub windows: Seconds,
    /// How demanded documents are handed over.
    #[serde(default)]
    pub courier: Handover,
}

/// Seconds for each step of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Seconds {
    /// From filing to approval.
    pub approve: u32,
    /// From there to the labels of all documents.
    pub results: u32,
    /// From the drawing of the sample to its last proof,
    pub prove: u32,
    /// and more for each sample.
    pub prove_each: u32,
    /// From there to a demand for positives; also how long handed-over documents can be complained about.
    pub demand: u32,
    /// From a demand to the last identified document,
    pub identify: u32,
    /// and more for each.
    pub identify_each: u32,
}

impl Default for Seconds {
    /// A week for what people decide, a day for what machines do.
    fn default() -> Self {
        Self {
            approve: 604_800,
            results: 86_400,
            prove: 86_400,
            prove_each: 600,
            demand: 604_800,
            identify: 14_400,
            identify_each: 60,
        }
    }
}

impl Times {
    /// As the contract has them.
    pub fn terms(&self) -> (Windows, Courier) {
        let Seconds { approve, results, prove, prove_each, demand, identify, identify_each } = self.windows;
        let windows =
            Windows { approve, results, prove, proveEach: prove_each, demand, identify, identifyEach: identify_each };
        let Handover { step, per_chunk, bond } = self.courier;
        (windows, Courier { step, perChunk: per_chunk, bond })
    }
}

/// A share such as `5%` or `0.05` in units of 1e-18, exactly; between 0 and 1, both excluded, as the contract wants it.
pub fn share(text: &str) -> Result<u64, String> {
    let (number, decimals) = match text.strip_suffix('%') {
        Some(number) => (number.trim(), 16),
        None => (text.trim(), 18),
    };
    let share = parse_units(number, decimals).ok().filter(|share| !share.is_negative());
    let share = share.and_then(|share| u64::try_from(share.get_absolute()).ok());
    let share = share.filter(|share| (1..1_000_000_000_000_000_000).contains(share));
    share.ok_or_else(|| "expected a share such as 5% or 0.05".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_exact() {
        assert_eq!(share("5%"), Ok(50_000_000_000_000_000));
        assert_eq!(share("0.025"), Ok(25_000_000_000_000_000));
        assert_eq!(share("0.0000000000000001%"), Ok(1));
        for wrong in ["", "%", "0", "0%", "1", "100%", "-5%", "five"] {
            assert!(share(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn times_are_read_as_they_are_written() {
        let text = serde_json::to_string(&Times::default()).expect("written");
        assert_eq!(serde_json::from_str::<Times>(&text).expect("read"), Times::default());
        assert_eq!(serde_json::from_str::<Times>("{}").expect("read"), Times::default());
        assert!(serde_json::from_str::<Times>("{\"window\":{}}").is_err());
    }
}
