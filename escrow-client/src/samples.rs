//! How many samples a statement about a model or a data set takes.

use std::fmt;

/// What is sampled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Protocol {
    /// Contested predictions of a round: none of them may be wrong.
    Prediction,
    /// Documents of a data set: none of the sampled labels may be wrong.
    Retrieval,
    /// Test examples: the share of correct ones is estimated.
    Accuracy,
}

/// A sample size, and how it came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Samples {
    /// Samples.
    pub count: u64,
    /// What was computed.
    pub formula: &'static str,
}

/// Most samples that make sense: beyond, `f64` does not count in ones.
const MOST: f64 = 9e15;

impl Protocol {
    /// The least samples after which, with confidence `1 - delta`, the error is at most `bound`. Both are between 0 and 1.
    pub fn samples(self, bound: f64, delta: f64) -> Option<Samples> {
        let (exact, formula) = match self {
            // Clopper-Pearson, two-sided, without a failure: (1 - p)^n <= delta/2.
            Self::Prediction | Self::Retrieval => {
                ((delta / 2.0).ln() / (-bound).ln_1p(), "smallest n with (1 - bound)^n <= delta/2")
            }
            // Hoeffding: exp(-2·n·bound²) <= delta.
            Self::Accuracy => ((1.0 / delta).ln() / (2.0 * bound * bound), "n = ln(1/delta) / (2·bound²), rounded up"),
        };
        (exact.is_finite() && exact < MOST).then(|| Samples { count: exact.ceil().max(1.0) as u64, formula })
    }

    /// What the paper prints for a bound at a delta of 5 %.
    pub fn in_paper(self, bound: f64, delta: f64) -> Option<u64> {
        let table: &[(f64, u64)] = match self {
            Self::Prediction | Self::Retrieval => &[(0.05, 72), (0.025, 183), (0.01, 366)],
            Self::Accuracy => &[(0.05, 600), (0.025, 2396), (0.01, 14979)],
        };
        let close = |a: f64, b: f64| (a - b).abs() < 1e-12;
        table.iter().find(|&&(p, _)| close(p, bound) && close(delta, 0.05)).map(|&(_, n)| n)
    }

    /// Why our figure is not the paper's (deviation D6 of the protocols).
    pub fn deviation(self, bound: f64, delta: f64) -> Option<String> {
        let (ours, paper) = (self.samples(bound, delta)?.count, self.in_paper(bound, delta)?);
        if ours == paper {
            return None;
        }
        let at_2 = self.samples(0.02, delta).map(|s| s.count);
        let reason = if at_2 == Some(paper) {
            "which is the figure for a bound of 2 %"
        } else if paper < ours {
            "which falls short of the bound: it has to be rounded up"
        } else {
            "which is more than the bound takes"
        };
        Some(format!("the paper prints {paper}, {reason} (D6)"))
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Prediction => "prediction",
            Self::Retrieval => "retrieval",
            Self::Accuracy => "accuracy",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_those_of_the_protocols() {
        let figures = |protocol: Protocol| {
            [0.05, 0.025, 0.02, 0.01].map(|bound| protocol.samples(bound, 0.05).expect("a size").count)
        };
        assert_eq!(figures(Protocol::Retrieval), [72, 146, 183, 368]);
        assert_eq!(figures(Protocol::Prediction), figures(Protocol::Retrieval));
        assert_eq!(figures(Protocol::Accuracy), [600, 2397, 3745, 14979]);
    }

    #[test]
    fn sizes_are_the_smallest_that_suffice() {
        for bound in [0.5, 0.3, 0.1, 0.017, 0.001] {
            for delta in [0.5, 0.1, 0.05, 0.001] {
                let n = Protocol::Retrieval.samples(bound, delta).expect("a size").count as i32;
                let left = |n: i32| (1.0 - bound).powi(n);
                assert!(left(n) <= delta / 2.0 && left(n - 1) > delta / 2.0, "{bound} {delta}: {n}");
                let n = Protocol::Accuracy.samples(bound, delta).expect("a size").count as f64;
                let left = |n: f64| (-2.0 * n * bound * bound).exp();
                assert!(left(n) <= delta && left(n - 1.0) > delta, "{bound} {delta}: {n}");
            }
        }
    }

    #[test]
    fn differences_from_the_paper_are_named() {
        assert_eq!(Protocol::Retrieval.deviation(0.05, 0.05), None);
        assert_eq!(Protocol::Accuracy.deviation(0.01, 0.05), None);
        let noted = |protocol: Protocol, bound| protocol.deviation(bound, 0.05).expect("a note");
        assert!(noted(Protocol::Retrieval, 0.025).contains("183, which is the figure for a bound of 2 %"));
        assert!(noted(Protocol::Retrieval, 0.01).contains("366, which falls short"));
        assert!(noted(Protocol::Accuracy, 0.025).contains("2396, which falls short"));
        assert_eq!(Protocol::Retrieval.deviation(0.025, 0.1), None);
    }

    #[test]
    fn sizes_beyond_counting_are_none() {
        assert_eq!(Protocol::Accuracy.samples(1e-9, 0.05), None);
    }
}
