//! Clipping of gradients, before the optimizer sees them.

use crate::error::{OpsError, Result};
use crate::number::Number;
use crate::parallel::map_tasks;
use crate::raw::vectorised;
use crate::view::{by_precision, view};
use candle_core::Tensor;
use serde::{Deserialize, Serialize};

/// How gradients are held back. It happens before weight decay is added, as in PyTorch and Keras, where gradients are
/// clipped before the optimizer's step.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Clip {
    /// All gradients together keep an L2 norm of at most this: `g limit / max(limit, norm)`, TensorFlow's `clip_by_global_norm`
    /// (PyTorch's `clip_grad_norm_` adds 1e-6 to the norm).
    GlobalNorm(f64),
    /// Each parameter's gradient keeps an L2 norm of at most this, TensorFlow's `clip_by_norm`.
    TensorNorm(f64),
    /// Each value lies between minus this and this, PyTorch's `clip_grad_value_`.
    Value(f64),
}

/// What clipping does to a gradient: a factor, then a limit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Cut {
    pub(super) scale: f64,
    pub(super) limit: f64,
}

impl Cut {
    /// Nothing.
    pub(super) const NONE: Self = Self {
        scale: 1.0,
        limit: f64::INFINITY,
    };
}

impl Clip {
    /// Its number.
    pub fn limit(&self) -> f64 {
        match self {
            Self::GlobalNorm(limit) | Self::TensorNorm(limit) | Self::Value(limit) => *limit,
        }
    }

    /// What happens to each gradient, and the norm of all where it was computed.
    ///
    /// # Errors
    /// A limit that is not above 0; a norm that is not finite (by value, such gradients stay what they are).
    pub(super) fn cuts(self, named: &[(&str, &Tensor)]) -> Result<(Vec<Cut>, Option<f64>)> {
        const NAME: &str = "clip";
        let limit = self.limit();
        if !limit.is_finite() || limit <= 0.0 {
            return Err(OpsError::Setting {
                operation: NAME,
                what: "the limit".into(),
                found: limit.to_string(),
                expected: "a number above 0".into(),
            });
        }
        if let Self::Value(limit) = self {
            return Ok((vec![Cut { scale: 1.0, limit }; named.len()], None));
        }
        let mut squares = Vec::with_capacity(named.len());
        for (name, gradient) in named {
            let sum = by_precision!(NAME, gradient, T => Ok(squared_sum(view::<T>(NAME, gradient)?.slice())))?;
            if !sum.is_finite() {
                return Err(OpsError::NotFinite {
                    operation: NAME,
                    what: format!("the norm of the gradient of `{name}`"),
                });
            }
            squares.push(sum);
        }
        let cut = |square: f64| Cut {
            scale: limit / square.sqrt().max(limit),
            ..Cut::NONE
        };
        if let Self::TensorNorm(_) = self {
            return Ok((squares.into_iter().map(cut).collect(), None));
        }
        let total = squares.iter().sum::<f64>();
        Ok((vec![cut(total); named.len()], Some(total.sqrt())))
    }
}

/// The sum of squares in a fixed order, in double precision.
fn squared_sum<T: Number>(values: &[T]) -> f64 {
    const PIECE: usize = 65_536;
    let piece = |values: &[T]| {
        vectorised(
            #[inline(always)]
            || {
                let mut partial = [0f64; 16];
                let blocks = values.chunks_exact(16);
                let rest = blocks.remainder();
                for block in blocks {
                    for (p, v) in partial.iter_mut().zip(block) {
                        *p += v.wide() * v.wide();
                    }
                }
                for (p, v) in partial.iter_mut().zip(rest) {
                    *p += v.wide() * v.wide();
                }
                partial.iter().sum::<f64>()
            },
        )
    };
    map_tasks(values.len().div_ceil(PIECE), |i| {
        piece(&values[i * PIECE..values.len().min((i + 1) * PIECE)])
    })
    .iter()
    .sum()
}
