//! DRG's contrasts: a loss of all pairwise differences or ratios along the last axis.

use super::pointwise::{absolute, squared};

/// What is compared, between prediction and target, for each pair of values `j`, `k` of a row.
///
/// (The correlation of differences, DRG's `...contrastCORD`, is the correlation of the values themselves.)
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Contrast {
    /// The squares of `(p_j - p_k) - (t_j - t_k)` (`...contrastMSED`).
    Squared,
    /// Their absolute values (`...contrastL1D`).
    Absolute,
    /// The squares of the difference of the ratios `(x_j - c + 0.1) / (x_k - c + 0.1)`, with c the smallest of all
    /// predictions and targets of the batch (`...contrastMSEF`).
    Ratio,
}

/// What is added to a value above the smallest one before ratios are taken.
const RAISE: f64 = 0.1;

impl Contrast {
    /// The mean over all pairs of a row, and its slopes without that through the smallest value.
    pub(super) fn term(self, p: &[f64], t: &[f64], smallest: f64, slopes: &mut [f64]) -> f64 {
        let n = p.len() as f64;
        let share = 1.0 / (n * n);
        let mut total = 0.0;
        match self {
            Self::Squared | Self::Absolute => {
                for j in 0..p.len() {
                    for k in 0..p.len() {
                        let (apart, expected) = (p[j] - p[k], t[j] - t[k]);
                        let (value, slope) = if self == Self::Squared {
                            squared(apart, expected)
                        } else {
                            absolute(apart, expected)
                        };
                        total += value * share;
                        slopes[j] += slope * share;
                        slopes[k] -= slope * share;
                    }
                }
            }
            Self::Ratio => {
                let raised = |v: f64| v - smallest + RAISE;
                for j in 0..p.len() {
                    for k in 0..p.len() {
                        let (above, below) = (raised(p[j]), raised(p[k]));
                        let (value, slope) = squared(above / below, raised(t[j]) / raised(t[k]));
                        total += value * share;
                        slopes[j] += slope * share / below;
                        slopes[k] -= slope * share * above / (below * below);
                    }
                }
            }
        }
        total
    }

    /// The slope of the mean over all pairs of a row through the smallest value, of [`Contrast::Ratio`].
    pub(super) fn through_smallest(p: &[f64], t: &[f64], smallest: f64) -> f64 {
        let n = p.len() as f64;
        let ratio = |x: &[f64], j: usize, k: usize| {
            let (above, below) = (x[j] - smallest + RAISE, x[k] - smallest + RAISE);
            (above / below, (above / below - 1.0) / below)
        };
        let mut total = 0.0;
        for j in 0..p.len() {
            for k in 0..p.len() {
                let ((of_p, p_slope), (of_t, t_slope)) = (ratio(p, j, k), ratio(t, j, k));
                total += 2.0 * (of_p - of_t) * (p_slope - t_slope);
            }
        }
        total / (n * n)
    }
}
