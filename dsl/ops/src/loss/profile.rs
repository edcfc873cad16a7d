//! DRG's losses of base-pair profiles: one term per row of the last axis, the mean over its positions.

use super::pointwise::{cross_entropy, sign};

/// A loss of the shape or the height of a profile, along the last axis.
///
/// DRG freezes a loss's window at its first call; here it is a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// Binary cross-entropy of each position after both profiles are shifted to a minimum of 0, raised by 1e-8 and
    /// scaled to a sum of 1 (the first part of `BCEMSE`).
    Shape,
    /// Cross-entropy of each position: predictions raised by 1e-8 / length and scaled to a sum of 1, targets as counts
    /// (the first part of `MultinomialMSE`).
    Multinomial,
    /// The squared difference of the means of windows next to each other; what is left over at the end is dropped.
    Counts {
        /// The window; 0 is the whole profile.
        window: usize,
        /// Places before and after the profile that hold nothing.
        padding: usize,
        /// Whether means `m` are compared as `ln(m + 1)`.
        log: bool,
    },
    /// `|ln(p - min p + 1) - ln(q - min q + 1)|` (`LogL1Loss`).
    LogAbsolute,
    /// The squared difference of the means, and ten times that of each position after both are shifted to a minimum of 0
    /// and scaled to a sum of 1 (`CountDistLoss`).
    CountDistance {
        /// Whether values `v` enter the means as `ln(v + 1)` (`LogCountDistLoss`).
        log: bool,
    },
}

const TINY: f64 = 1e-8;

/// Values shifted to a minimum of 0, raised and scaled to a sum of 1.
struct Shares {
    values: Vec<f64>,
    sum: f64,
    /// The place of the minimum, where there was a shift.
    lowest: Option<usize>,
}

impl Shares {
    fn shifted(values: &[f64], raise: f64) -> Self {
        let mut lowest = 0;
        for (i, v) in values.iter().enumerate() {
            if *v < values[lowest] {
                lowest = i;
            }
        }
        let least = values[lowest];
        Self::of(values.iter().map(|v| v - least + raise).collect(), Some(lowest))
    }

    fn raised(values: &[f64], raise: f64) -> Self {
        Self::of(values.iter().map(|v| v + raise).collect(), None)
    }

    fn of(mut values: Vec<f64>, lowest: Option<usize>) -> Self {
        let sum = values.iter().sum::<f64>();
        let sum = if sum == 0.0 { 1.0 } else { sum };
        values.iter_mut().for_each(|v| *v /= sum);
        Self { values, sum, lowest }
    }

    /// Adds the slopes of the original values from those of the shares.
    fn back(&self, of_shares: &[f64], slopes: &mut [f64]) {
        let mean: f64 = of_shares.iter().zip(&self.values).map(|(s, v)| s * v).sum();
        // The lowest value moves all others; its own share's slope, huge for a share of nearly 0, cancels.
        let mut others = 0.0;
        for (i, (slope, s)) in slopes.iter_mut().zip(of_shares).enumerate() {
            if Some(i) != self.lowest {
                let here = (s - mean) / self.sum;
                *slope += here;
                others += here;
            }
        }
        if let Some(lowest) = self.lowest {
            slopes[lowest] -= others;
        }
    }
}

impl Profile {
    /// The mean over the positions of a row, and its slopes.
    pub(super) fn term(self, p: &[f64], t: &[f64], slopes: &mut [f64]) -> f64 {
        let n = p.len() as f64;
        match self {
            Self::Shape => {
                let (x, y) = (Shares::shifted(p, TINY), Shares::shifted(t, TINY));
                let terms: Vec<(f64, f64)> = x.values.iter().zip(&y.values).map(|(x, y)| cross_entropy(*x, *y)).collect();
                let of_shares: Vec<f64> = terms.iter().map(|(_, s)| s / n).collect();
                x.back(&of_shares, slopes);
                terms.iter().map(|(v, _)| v).sum::<f64>() / n
            }
            Self::Multinomial => {
                let x = Shares::raised(p, TINY / n);
                let of_shares: Vec<f64> = x.values.iter().zip(t).map(|(x, t)| -t / (x + TINY) / n).collect();
                x.back(&of_shares, slopes);
                x.values.iter().zip(t).map(|(x, t)| -t * (x + TINY).ln()).sum::<f64>() / n
            }
            Self::Counts { window, padding, log } => counts(window, padding, log, p, t, slopes),
            Self::LogAbsolute => {
                let (x, y) = (low(p), low(t));
                let mut total = 0.0;
                let mut others = 0.0;
                for i in 0..p.len() {
                    let (a, b) = (p[i] - p[x] + 1.0, t[i] - t[y] + 1.0);
                    let difference = a.ln() - b.ln();
                    total += difference.abs();
                    let slope = sign(difference) / a / n;
                    slopes[i] += slope;
                    others += slope;
                }
                slopes[x] -= others;
                total / n
            }
            Self::CountDistance { log } => {
                let enter = |v: f64| if log { v.ln_1p() } else { v };
                let mean = |v: &[f64]| v.iter().map(|v| enter(*v)).sum::<f64>() / n;
                let means = mean(p) - mean(t);
                let (x, y) = (Shares::shifted(p, 0.0), Shares::shifted(t, 0.0));
                let apart: Vec<f64> = x.values.iter().zip(&y.values).map(|(x, y)| x - y).collect();
                for (slope, p) in slopes.iter_mut().zip(p) {
                    *slope = 2.0 * means / n / if log { 1.0 + p } else { 1.0 };
                }
                x.back(&apart.iter().map(|d| 20.0 * d / n).collect::<Vec<_>>(), slopes);
                means * means + 10.0 * apart.iter().map(|d| d * d).sum::<f64>() / n
            }
        }
    }
}

/// The place of the smallest value, the first of equals.
fn low(values: &[f64]) -> usize {
    (1..values.len()).fold(0, |low, i| if values[i] < values[low] { i } else { low })
}

/// The Jensen-Shannon divergence in bits of values raised by 1e-8 and scaled to a sum of 1.
pub(super) fn jensen_shannon(p: &[f64], t: &[f64], slopes: &mut [f64]) -> f64 {
    let (x, y) = (Shares::raised(p, TINY), Shares::raised(t, TINY));
    let mut of_shares = Vec::with_capacity(p.len());
    let mut total = 0.0;
    for (x, y) in x.values.iter().zip(&y.values) {
        let middle = (0.5 * (x + y)).log2();
        total += 0.5 * (x * (x.log2() - middle) + y * (y.log2() - middle));
        of_shares.push(0.5 * (x.log2() - middle));
    }
    x.back(&of_shares, slopes);
    total
}

/// The mean over windows of the squared difference of their means.
fn counts(window: usize, padding: usize, log: bool, p: &[f64], t: &[f64], slopes: &mut [f64]) -> f64 {
    let window = if window == 0 { p.len() } else { window };
    // A profile shorter than a window is one window.
    let number = ((p.len() + 2 * padding) / window).max(1);
    let enter = |mean: f64| {
        if log {
            ((mean + 1.0).ln(), 1.0 / (mean + 1.0))
        } else {
            (mean, 1.0)
        }
    };
    let mut total = 0.0;
    for w in 0..number {
        let start = (w * window).saturating_sub(padding).min(p.len());
        let here = start..((w + 1) * window).saturating_sub(padding).min(p.len());
        if here.is_empty() {
            continue;
        }
        let share = 1.0 / here.len() as f64;
        let (x, slope) = enter(p[here.clone()].iter().sum::<f64>() * share);
        let (y, _) = enter(t[here.clone()].iter().sum::<f64>() * share);
        total += (x - y) * (x - y) / number as f64;
        for s in &mut slopes[here] {
            *s += 2.0 * (x - y) * slope * share / number as f64;
        }
    }
    total
}
