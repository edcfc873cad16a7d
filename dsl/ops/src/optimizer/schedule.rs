//! Learning rates over time, as functions of the step, the epoch and the watched values: nothing is remembered, so a
//! resumed run has the rates of an uninterrupted one.

use serde::{Deserialize, Serialize};

/// A stretch of training.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Period {
    /// So many optimizer steps.
    Steps(u64),
    /// So many epochs.
    Epochs(u64),
}

impl Period {
    /// Its number.
    pub fn count(self) -> u64 {
        match self {
            Self::Steps(n) | Self::Epochs(n) => n,
        }
    }

    /// Its length in steps.
    pub fn steps(self, steps_per_epoch: u64) -> u64 {
        match self {
            Self::Steps(n) => n,
            Self::Epochs(n) => n.saturating_mul(steps_per_epoch),
        }
    }
}

/// How the rate comes up to its full value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub enum Warmup {
    /// It begins there.
    #[default]
    None,
    /// In even steps that begin above 0: the share of step s, from 0, is `(s + 1) / n`.
    Linear {
        /// How long.
        over: Period,
    },
    /// In even steps that begin at 0: the share is `s / n`, so the first step changes nothing (as Enformer's training code).
    FromZero {
        /// How long.
        over: Period,
    },
    /// By a factor each time: the share is `factor^-(n - s)`, with s counted in steps or, over epochs, in whole epochs
    /// (DRG's `Exp`: `lr / factor^n` in the first epoch).
    Exponential {
        /// How long; its unit says when the rate grows.
        over: Period,
        /// The growth each time, above 1.
        factor: f64,
    },
}

/// What becomes of the rate after the warm-up; time counts from the warm-up's end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub enum Schedule {
    /// It stays.
    #[default]
    Constant,
    /// Half a cosine down to `floor`, then it stays there (Loshchilov and Hutter 2017 without restarts, PyTorch's
    /// `CosineAnnealingLR`): `floor + (1 - floor) (1 + cos(pi t / n)) / 2`, t in steps or in whole epochs.
    Cosine {
        /// How long; its unit says when the rate changes.
        over: Period,
        /// The share that is left in the end.
        floor: f64,
    },
    /// Times `factor` after each period, PyTorch's `StepLR`; with `Period::Steps(1)` its `ExponentialLR`.
    Step {
        /// How often.
        every: Period,
        /// The factor.
        factor: f64,
    },
    /// `1 / (1 + decay t)`, t in steps: Keras's `decay`.
    Inverse {
        /// Per step.
        decay: f64,
    },
    /// Times `factor` whenever the watched value has not improved in more than `patience` epochs: PyTorch's
    /// `ReduceLROnPlateau` with an absolute threshold, without its smallest change of 1e-8.
    Plateau {
        /// The factor.
        factor: f64,
        /// Epochs without an improvement that are still tolerated.
        patience: u64,
        /// How much better than the best a value must be to count.
        threshold: f64,
        /// The share that it never falls below.
        floor: f64,
    },
}

/// Where training stands before a step.
#[derive(Clone, Copy, Debug, Default)]
pub struct Clock<'a> {
    /// Steps done.
    pub step: u64,
    /// Steps of an epoch.
    pub steps_per_epoch: u64,
    /// The watched value of each finished epoch.
    pub watched: &'a [f64],
    /// Whether larger watched values are better.
    pub larger_is_better: bool,
}

impl Clock<'_> {
    /// Whole units of a period's kind that have passed since a step.
    fn since(&self, start: u64, unit: Period) -> u64 {
        let steps = self.step.saturating_sub(start);
        match unit {
            Period::Steps(_) => steps,
            Period::Epochs(_) => steps / self.steps_per_epoch.max(1),
        }
    }
}

/// The rate of the step that comes next.
///
/// # Example
/// ```
/// use cistron_ops::{Clock, Period, Schedule, Warmup, learning_rate};
/// let warmup = Warmup::Linear { over: Period::Steps(2) };
/// let schedule = Schedule::Step { every: Period::Steps(2), factor: 0.1 };
/// let rate = |step| learning_rate(1.0, &warmup, &schedule, &Clock { step, steps_per_epoch: 10, ..Clock::default() });
/// assert_eq!((0..6).map(rate).collect::<Vec<_>>(), [0.5, 1.0, 1.0, 1.0, 0.1, 0.1]);
/// ```
pub fn learning_rate(base: f64, warmup: &Warmup, schedule: &Schedule, clock: &Clock<'_>) -> f64 {
    let end = warmup.steps(clock.steps_per_epoch);
    if clock.step < end {
        return warmup.rate(base, clock, end);
    }
    base * schedule.share(clock, end)
}

impl Warmup {
    /// How many steps it takes.
    pub fn steps(&self, steps_per_epoch: u64) -> u64 {
        match self {
            Self::None => 0,
            Self::Linear { over } | Self::FromZero { over } | Self::Exponential { over, .. } => over.steps(steps_per_epoch),
        }
    }

    fn rate(&self, base: f64, clock: &Clock<'_>, steps: u64) -> f64 {
        match self {
            Self::None => base,
            // The last one is the rate itself, not a product that is nearly it.
            Self::Linear { .. } if clock.step + 1 >= steps => base,
            Self::Linear { .. } => base * (clock.step + 1) as f64 / steps as f64,
            Self::FromZero { .. } => base * clock.step as f64 / steps as f64,
            Self::Exponential { over, factor } => {
                let left = over.count().saturating_sub(clock.since(0, *over));
                base / factor.powf(left as f64)
            }
        }
    }

    /// All numbers that make no sense, one sentence each.
    pub fn mistakes(&self) -> Vec<String> {
        let mut found = Vec::new();
        if let Self::Exponential { factor, .. } = self
            && !(factor.is_finite() && *factor > 1.0)
        {
            found.push(format!("`factor` of the warm-up is {factor}; expected above 1, such as 4"));
        }
        found
    }
}

impl Schedule {
    /// The share of the full rate; `start` is the step at which the schedule begins.
    fn share(&self, clock: &Clock<'_>, start: u64) -> f64 {
        match *self {
            Self::Constant => 1.0,
            Self::Cosine { over, floor } => {
                let passed = clock.since(start, over).min(over.count()) as f64 / over.count().max(1) as f64;
                floor + (1.0 - floor) * (1.0 + (std::f64::consts::PI * passed).cos()) / 2.0
            }
            Self::Step { every, factor } => factor.powf((clock.since(start, every) / every.count().max(1)) as f64),
            Self::Inverse { decay } => 1.0 / (1.0 + decay * clock.since(start, Period::Steps(1)) as f64),
            Self::Plateau {
                factor,
                patience,
                threshold,
                floor,
            } => {
                let skipped = start.div_ceil(clock.steps_per_epoch.max(1));
                let watched = clock.watched.get(skipped as usize..).unwrap_or_default();
                let (mut share, mut best, mut bad) = (1.0f64, None::<f64>, 0);
                for value in watched.iter().copied() {
                    let better = match best {
                        _ if value.is_nan() => false,
                        None => true,
                        Some(best) if clock.larger_is_better => value > best + threshold,
                        Some(best) => value < best - threshold,
                    };
                    if better {
                        (best, bad) = (Some(value), 0);
                    } else {
                        bad += 1;
                    }
                    if bad > patience {
                        (share, bad) = ((share * factor).max(floor), 0);
                    }
                }
                share
            }
        }
    }

    /// All numbers that make no sense, one sentence each.
    pub fn mistakes(&self) -> Vec<String> {
        let mut found = Vec::new();
        let mut number = |name: &str, value: f64, valid: bool, expected: &str| {
            if !valid || !value.is_finite() {
                found.push(format!("`{name}` of the schedule is {value}; expected {expected}"));
            }
        };
        let share = |x: f64| (0.0..1.0).contains(&x);
        match *self {
            Self::Constant => {}
            Self::Cosine { over, floor } => {
                number("over", over.count() as f64, over.count() > 0, "1 or more");
                number("floor", floor, share(floor), "0 or more and below 1");
            }
            Self::Step { every, factor } => {
                number("every", every.count() as f64, every.count() > 0, "1 or more");
                number("factor", factor, factor > 0.0 && factor <= 1.0, "above 0 and at most 1");
            }
            Self::Inverse { decay } => number("decay", decay, decay >= 0.0, "0 or more"),
            Self::Plateau {
                factor,
                threshold,
                floor,
                ..
            } => {
                number("factor", factor, factor > 0.0 && factor < 1.0, "above 0 and below 1");
                number("threshold", threshold, threshold >= 0.0, "0 or more");
                number("floor", floor, share(floor), "0 or more and below 1");
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rates(warmup: Warmup, schedule: Schedule, steps: u64) -> Vec<f64> {
        let rate = |step| {
            let clock = Clock {
                step,
                steps_per_epoch: 2,
                ..Clock::default()
            };
            learning_rate(8.0, &warmup, &schedule, &clock)
        };
        (0..steps).map(rate).collect()
    }

    #[test]
    fn warm_ups_reach_the_rate() {
        let over = Period::Steps(4);
        assert_eq!(
            rates(Warmup::Linear { over }, Schedule::Constant, 5),
            [2.0, 4.0, 6.0, 8.0, 8.0]
        );
        assert_eq!(
            rates(Warmup::FromZero { over }, Schedule::Constant, 5),
            [0.0, 2.0, 4.0, 6.0, 8.0]
        );
        let over = Period::Epochs(2);
        let exponential = Warmup::Exponential { over, factor: 4.0 };
        assert_eq!(rates(exponential, Schedule::Constant, 6), [0.5, 0.5, 2.0, 2.0, 8.0, 8.0]);
        let over = Period::Steps(2);
        let exponential = Warmup::Exponential { over, factor: 2.0 };
        assert_eq!(rates(exponential, Schedule::Constant, 3), [2.0, 4.0, 8.0]);
    }

    #[test]
    fn schedules_begin_where_the_warm_up_ends() {
        let warmup = Warmup::Linear { over: Period::Epochs(1) };
        let cosine = Schedule::Cosine {
            over: Period::Steps(2),
            floor: 0.25,
        };
        for (found, expected) in rates(warmup, cosine, 6).iter().zip([4.0, 8.0, 8.0, 5.0, 2.0, 2.0]) {
            assert!((found - expected).abs() < 1e-12, "{found} {expected}");
        }
        let step = Schedule::Step {
            every: Period::Epochs(1),
            factor: 0.5,
        };
        assert_eq!(rates(warmup, step, 7), [4.0, 8.0, 8.0, 8.0, 4.0, 4.0, 2.0]);
        let inverse = Schedule::Inverse { decay: 1.0 };
        assert_eq!(rates(Warmup::None, inverse, 4), [8.0, 4.0, 8.0 / 3.0, 2.0]);
    }

    #[test]
    fn a_plateau_lowers_the_rate_as_pytorch_does() {
        // ReduceLROnPlateau(mode = "max", factor = 0.5, patience = 1, threshold = 0) on these values gives, after each,
        // 1 1 1 0.5 0.5 0.25 0.25: the second value without an improvement is one too many.
        let schedule = Schedule::Plateau {
            factor: 0.5,
            patience: 1,
            threshold: 0.0,
            floor: 0.0,
        };
        let values = [0.1, 0.2, 0.2, 0.1, f64::NAN, 0.2, 0.3];
        let share = |epochs: usize, warmup: &Warmup| {
            let clock = Clock {
                step: epochs as u64 * 3,
                steps_per_epoch: 3,
                watched: &values[..epochs],
                larger_is_better: true,
            };
            learning_rate(1.0, warmup, &schedule, &clock)
        };
        let shares: Vec<f64> = (0..=7).map(|n| share(n, &Warmup::None)).collect();
        assert_eq!(shares, [1.0, 1.0, 1.0, 1.0, 0.5, 0.5, 0.25, 0.25]);
        // Epochs of the warm-up don't count.
        let over = Period::Epochs(3);
        assert_eq!(share(4, &Warmup::Linear { over }), 1.0);
    }

    #[test]
    fn numbers_that_make_no_sense_are_told() {
        let over = Period::Epochs(0);
        let found = Schedule::Cosine { over, floor: 1.0 }.mistakes();
        assert_eq!(
            found,
            [
                "`over` of the schedule is 0; expected 1 or more",
                "`floor` of the schedule is 1; expected 0 or more and below 1"
            ]
        );
        assert_eq!(Warmup::Exponential { over, factor: 1.0 }.mistakes().len(), 1);
    }
}
