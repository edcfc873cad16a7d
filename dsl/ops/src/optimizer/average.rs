//! Averages of weights over training.

use super::jobs;
use super::schedule::Period;
use super::values::{Held, Values};
use crate::error::{OpsError, Result};
use crate::kernel::in_pool;
use crate::number::Number;
use crate::raw::vectorised;
use crate::view::{by_precision, view};
use candle_core::{Device, Tensor};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

const NAME: &str = "average";

/// Which average of the weights is kept beside them.
///
/// Running statistics of batch norms belong to what is averaged, by the same rule as the weights, so the average can be
/// evaluated at any moment. (PyTorch's `update_bn` recomputes them from the data instead: `Network::recompute_statistics`.)
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Average {
    /// Exponential: after every step `average += (1 - decay) (weights - average)`; it begins as the weights after the first
    /// step (PyTorch's `get_ema_multi_avg_fn`).
    Ema(f64),
    /// Equal weight for every moment (stochastic weight averaging, Izmailov et al. 2018): `average += (weights - average) / (n + 1)`.
    Swa {
        /// How much of training comes before the first moment.
        after: Period,
        /// How far the moments lie apart.
        every: Period,
    },
}

impl Average {
    /// Whether the moment after this many steps counts.
    pub fn takes(&self, steps_done: u64, steps_per_epoch: u64) -> bool {
        match self {
            Self::Ema(_) => true,
            Self::Swa { after, every } => {
                let (after, every) = (after.steps(steps_per_epoch), every.steps(steps_per_epoch).max(1));
                steps_done > after && (steps_done - after).is_multiple_of(every)
            }
        }
    }

    /// All numbers that make no sense, one sentence each.
    pub fn mistakes(&self) -> Vec<String> {
        match self {
            Self::Ema(decay) if !(*decay > 0.0 && *decay < 1.0) => {
                vec![format!(
                    "the decay of `Ema` is {decay}; expected above 0 and below 1, such as 0.999"
                )]
            }
            Self::Swa { every, .. } if every.count() == 0 => vec!["`every` of `Swa` is 0; expected 1 or more".into()],
            _ => Vec::new(),
        }
    }
}

#[derive(Clone, Debug)]
struct Kept {
    dims: Vec<usize>,
    values: Values,
}

/// An average with what it has seen.
///
/// # Example
/// ```
/// use candle_core::{Device, Tensor};
/// use cistron_ops::{Average, AverageState, Period};
/// let every = Period::Steps(1);
/// let mut mean = AverageState::new(Average::Swa { after: Period::Steps(0), every });
/// for value in [1f32, 2.0, 6.0] {
///     mean.add(&[("w", &Tensor::new(&[value], &Device::Cpu)?)])?;
/// }
/// assert_eq!(mean.tensors()?["w"].to_vec1::<f32>()?, [3.0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct AverageState {
    average: Average,
    count: u64,
    kept: BTreeMap<String, Kept>,
}

impl AverageState {
    /// An average that has seen nothing.
    pub fn new(average: Average) -> Self {
        Self {
            average,
            count: 0,
            kept: BTreeMap::new(),
        }
    }

    /// Its settings.
    pub fn average(&self) -> &Average {
        &self.average
    }

    /// How many moments it has seen.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Takes in the weights of a moment: always the same names and shapes.
    ///
    /// # Errors
    /// A name that was not there the first time, or one that is gone; another shape or type.
    pub fn add(&mut self, weights: &[(&str, &Tensor)]) -> Result<()> {
        let odd = |what: &str, found: String, expected: String| OpsError::State {
            what: format!("average of `{what}`"),
            found,
            expected,
        };
        if self.count == 0 {
            for (name, tensor) in weights {
                let kept = Kept {
                    dims: tensor.dims().to_vec(),
                    values: Values::from_tensor(tensor)?,
                };
                self.kept.insert((*name).to_string(), kept);
            }
            self.count = 1;
            return Ok(());
        }
        let share = match self.average {
            Average::Ema(decay) => 1.0 - decay,
            Average::Swa { .. } => 1.0 / (self.count + 1) as f64,
        };
        let mut places: BTreeMap<&str, &mut Kept> = self.kept.iter_mut().map(|(name, kept)| (name.as_str(), kept)).collect();
        let mut items = Vec::with_capacity(weights.len());
        for (name, tensor) in weights {
            let Some(kept) = places.remove(name) else {
                return Err(odd(
                    name,
                    "a weight that was not there before".into(),
                    "the same weights each time".into(),
                ));
            };
            let precision = by_precision!(NAME, tensor, T => Ok(<T as Held>::of_values(&mut kept.values).is_some()))?;
            if kept.dims != tensor.dims() || !precision {
                let expected = format!("{:?} of one type", kept.dims);
                return Err(odd(name, format!("{:?} of {:?}", tensor.dims(), tensor.dtype()), expected));
            }
            items.push((kept, *tensor));
        }
        if let Some(name) = places.keys().next() {
            return Err(odd(name, "nothing".into(), "the same weights each time".into()));
        }
        jobs::run(
            items,
            |(kept, _)| kept.values.len(),
            |(kept, tensor)| {
                by_precision!(NAME, tensor, T => {
                    let weights = view::<T>(NAME, tensor)?;
                    if let Some(average) = <T as Held>::of_values(&mut kept.values) {
                        approach(average, weights.slice(), <T as Number>::of(share));
                    }
                    Ok(())
                })
            },
        )?;
        self.count += 1;
        Ok(())
    }

    /// The averages, by name; nothing before the first moment.
    ///
    /// # Errors
    /// Candle's own.
    pub fn tensors(&self) -> Result<BTreeMap<String, Tensor>> {
        let tensor = |(name, kept): (&String, &Kept)| Ok((name.clone(), kept.values.tensor(&kept.dims)?));
        self.kept.iter().map(tensor).collect()
    }

    /// Everything it remembers, as named tensors: those of [`AverageState::tensors`] with `value/` before the name, and
    /// `count` (U32).
    ///
    /// # Errors
    /// Candle's own.
    pub fn export(&self) -> Result<BTreeMap<String, Tensor>> {
        let mut named: BTreeMap<String, Tensor> = self
            .tensors()?
            .into_iter()
            .map(|(name, t)| (format!("value/{name}"), t))
            .collect();
        let count = u32::try_from(self.count).unwrap_or(u32::MAX);
        named.insert("count".into(), Tensor::from_vec(vec![count], 1, &Device::Cpu)?);
        Ok(named)
    }

    /// An average that goes on from what [`AverageState::export`] gave.
    ///
    /// # Errors
    /// An entry that is missing or that it never wrote.
    pub fn import(average: Average, named: BTreeMap<String, Tensor>) -> Result<Self> {
        let mut state = Self::new(average);
        let mut counted = false;
        for (key, tensor) in named {
            if let Some(name) = key.strip_prefix("value/") {
                let kept = Kept {
                    dims: tensor.dims().to_vec(),
                    values: Values::from_tensor(&tensor)?,
                };
                state.kept.insert(name.to_string(), kept);
            } else if let ("count", Ok(&[count])) = (key.as_str(), tensor.to_vec1::<u32>().as_deref()) {
                (state.count, counted) = (u64::from(count), true);
            } else {
                return Err(OpsError::State {
                    what: "average".into(),
                    found: format!("`{key}`"),
                    expected: "only `count` and values".into(),
                });
            }
        }
        if !counted {
            return Err(OpsError::State {
                what: "average".into(),
                found: "no `count`".into(),
                expected: "one value".into(),
            });
        }
        Ok(state)
    }
}

fn approach<T: Number>(average: &mut [T], weights: &[T], share: T) {
    const PIECE: usize = 16_384;
    let run = |average: &mut [T], weights: &[T]| {
        vectorised(
            #[inline(always)]
            || {
                for (a, w) in average.iter_mut().zip(weights) {
                    *a += share * (*w - *a);
                }
            },
        );
    };
    if average.len() <= PIECE {
        return run(average, weights);
    }
    let pieces = average.par_chunks_mut(PIECE).zip(weights.par_chunks(PIECE));
    in_pool(|| pieces.for_each(|(a, w)| run(a, w)));
}
