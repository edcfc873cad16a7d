//! Losses: value and gradient in one pass, over the targets that are there.

mod categories;
mod contrast;
mod correlation;
mod drg;
mod gaussian;
mod observed;
mod overlap;
mod pointwise;
mod profile;
mod rows;

use crate::axis::{around, without};
use crate::error::{OpsError, Result};
use crate::number::Number;
use crate::view::{by_precision, tensor, view};
use candle_core::Tensor;
pub use categories::Entropy;
pub use contrast::Contrast;
use observed::Observed;
use pointwise::Over;
pub use profile::Profile;
pub use rows::Along;

/// A loss between prediction and target, mostly of the same shape, `[batch, track]` or `[batch, track, bin]` (or a map).
///
/// Where a target is missing (NaN) or the mask is 0, a value counts for nothing: means are over what is left. A loss of
/// rows is the mean over rows, each over what is left of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Loss {
    /// Mean squared error.
    Mse,
    /// The sum of squared errors divided by the number of all values, missing ones included (Orca's stage c).
    MseOverAll,
    /// Mean absolute error; slope 0 where prediction and target are equal.
    Absolute,
    /// Negative log-likelihood of Poisson counts without the constant, as PyTorch's `PoissonNLLLoss`.
    Poisson {
        /// Whether the prediction is the logarithm of the rate; else `epsilon` (1e-8) is added to the rate.
        log_input: bool,
    },
    /// The same of rates, with another `epsilon`: 1e-7 is Keras' and Enformer's.
    PoissonRate {
        /// What is added to the rate before its logarithm.
        epsilon: f64,
    },
    /// Negative log-likelihood of a normal distribution without the constant. Along the first axis after the batch, the
    /// prediction is twice as long as the target: all means, then the logarithms of all variances (PyTorch's
    /// `GaussianNLLLoss`, which takes variances).
    Gaussian,
    /// Binary cross-entropy of probabilities; logarithms are kept above -100, as PyTorch's `BCELoss`.
    Bce,
    /// Binary cross-entropy of logits, in the stable form.
    BceLogits,
    /// Binary cross-entropy of probabilities that are kept between `epsilon` and `1 - epsilon`, with gradient 0 outside.
    /// Targets below -0.5 are unknown. Keras' and, with 1e-7, maxATAC's.
    BceClipped {
        /// The smallest probability.
        epsilon: f64,
    },
    /// One minus the Dice coefficient `(2 sum(t p) + smooth) / (sum t + sum p + smooth)` over all values together. Targets
    /// below -0.5 are unknown. maxATAC's metric `dice_coef` is one minus this with `smooth` 10.
    Dice {
        /// Summand above and below; 10 in maxATAC.
        smooth: f64,
    },
    /// The Kullback-Leibler divergence `t (ln t - p)` of each value, the prediction being a logarithm, as PyTorch's
    /// `KLDivLoss`.
    KullbackLeibler,
    /// The Jensen-Shannon divergence in bits between rows that are raised by 1e-8 and scaled to a sum of 1, the mean over
    /// rows (DRG's `JSD`).
    JensenShannon {
        /// Along what each distribution runs.
        along: Along,
    },
    /// Cross-entropy of the softmax of logits along an axis, against class weights of the same shape, as PyTorch's
    /// `CrossEntropyLoss` with probabilities: the mean over rows. A row with a missing target is left out.
    CrossEntropy {
        /// The axis of the classes; 0 is the first after the batch.
        axis: usize,
    },
    /// Cross-entropy against classes given by number: the target has the prediction's shape without the axis of the
    /// classes. Negative numbers, NaN and masked ones (padding) are left out. As PyTorch's `CrossEntropyLoss`, or `NLLLoss`.
    Categories {
        /// The axis of the classes; 0 is the first after the batch.
        axis: usize,
        /// Whether predictions are logits; else they are logarithms of probabilities.
        logits: bool,
    },
    /// Cross-entropies of probabilities as DRG has them: sums along rows, the mean over rows.
    Probabilities {
        /// Which.
        form: Entropy,
        /// Along what each sum runs.
        along: Along,
    },
    /// One minus Pearson's correlation, the mean over rows. A row without spread counts as 1 without gradient, a row with
    /// fewer than two targets not at all.
    Correlation {
        /// Along what each correlation runs.
        along: Along,
    },
    /// One minus the cosine, without centring, the mean over rows.
    Cosine {
        /// Along what each vector runs.
        along: Along,
    },
    /// One minus Pearson's correlation of the sums over the last axis: along the tracks where there are bins, else along
    /// the examples (DRG's `Correlationsumdata`). An example or track without any target is left out.
    CorrelationOfSums,
    /// A loss of profiles.
    Profile(Profile),
    /// A loss of pairs of tracks.
    Contrast(Contrast),
}

/// What Poisson's loss adds to a rate.
const POISSON_EPSILON: f64 = 1e-8;
/// Targets below this mean "unknown" to maxATAC.
const UNKNOWN: f64 = -0.5;

impl Loss {
    /// The name in messages and tables.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Mse => "mse",
            Self::MseOverAll => "mse(over all)",
            Self::Absolute => "absolute",
            Self::Poisson { .. } => "poisson",
            Self::PoissonRate { .. } => "poisson(rate)",
            Self::Gaussian => "gaussian",
            Self::Bce => "bce",
            Self::BceLogits => "bce(logits)",
            Self::BceClipped { .. } => "bce(clipped)",
            Self::Dice { .. } => "dice",
            Self::KullbackLeibler => "kullback_leibler",
            Self::JensenShannon { .. } => "jensen_shannon",
            Self::CrossEntropy { .. } => "cross_entropy",
            Self::Categories { logits: true, .. } => "categories",
            Self::Categories { logits: false, .. } => "categories(log)",
            Self::Probabilities {
                form: Entropy::Cross, ..
            } => "probabilities(cross)",
            Self::Probabilities {
                form: Entropy::Symmetric,
                ..
            } => "probabilities(symmetric)",
            Self::Probabilities {
                form: Entropy::Balanced, ..
            } => "probabilities(balanced)",
            Self::Correlation { .. } => "correlation",
            Self::Cosine { .. } => "cosine",
            Self::CorrelationOfSums => "correlation(sums)",
            Self::Profile(Profile::Shape) => "profile(shape)",
            Self::Profile(Profile::Multinomial) => "profile(multinomial)",
            Self::Profile(Profile::Counts { .. }) => "profile(counts)",
            Self::Profile(Profile::LogAbsolute) => "profile(log_absolute)",
            Self::Profile(Profile::CountDistance { .. }) => "profile(count_distance)",
            Self::Contrast(Contrast::Squared) => "contrast(squared)",
            Self::Contrast(Contrast::Absolute) => "contrast(absolute)",
            Self::Contrast(Contrast::Ratio) => "contrast(ratio)",
        }
    }

    /// The loss and its gradient with respect to the prediction.
    ///
    /// Without any target that counts, both are 0. The mask has the targets' shape; 0 leaves a value out.
    ///
    /// # Errors
    /// Shapes that don't fit, types other than F32 and F64, classes that are none.
    ///
    /// # Example
    /// ```
    /// use candle_core::{Device, Tensor};
    /// use cistron_ops::Loss;
    /// let prediction = Tensor::new(&[[1f32, 5.0]], &Device::Cpu)?;
    /// let target = Tensor::new(&[[3f32, f32::NAN]], &Device::Cpu)?;
    /// let (value, gradient) = Loss::Mse.value_and_gradient(&prediction, &target, None)?;
    /// assert_eq!(value, 4.0);
    /// assert_eq!(gradient.to_vec2::<f32>()?, [[-4.0, 0.0]]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn value_and_gradient(&self, prediction: &Tensor, target: &Tensor, mask: Option<&Tensor>) -> Result<(f64, Tensor)> {
        let dims = prediction.dims();
        let expected = self.target_shape(dims)?;
        if target.dims() != expected {
            let wanted = if expected == dims {
                format!("{expected:?}, the shape of the prediction")
            } else {
                format!("{expected:?} for a prediction of {dims:?}")
            };
            return Err(OpsError::shape(self.name(), "the target", target.dims(), wanted));
        }
        if let Some(mask) = mask.filter(|m| m.dims() != expected) {
            let wanted = format!("{expected:?}, the shape of the target");
            return Err(OpsError::shape(self.name(), "the mask", mask.dims(), wanted));
        }
        by_precision!(self.name(), prediction, T => {
            let (p, t) = (view::<T>(self.name(), prediction)?, view::<T>(self.name(), target)?);
            let mask = mask.map(|m| m.to_dtype(prediction.dtype())).transpose()?;
            let mask = mask.as_ref().map(|m| view::<T>(self.name(), m)).transpose()?;
            let observed = Observed {
                target: t.slice(),
                mask: mask.as_ref().map(|m| m.slice()),
                lowest: match self {
                    Self::BceClipped { .. } | Self::Dice { .. } => UNKNOWN,
                    Self::Categories { .. } => 0.0,
                    _ => f64::NEG_INFINITY,
                },
            };
            let (value, gradient) = self.evaluate(p.slice(), &observed, dims)?;
            Ok((value, tensor(gradient, dims)?))
        })
    }

    /// The shape of the targets for predictions of a shape.
    fn target_shape(&self, dims: &[usize]) -> Result<Vec<usize>> {
        if dims.len() < 2 {
            return Err(OpsError::shape(self.name(), "the prediction", dims, "[batch, track, ..]"));
        }
        match self {
            Self::Categories { axis, .. } => {
                around(self.name(), dims, *axis)?;
                Ok(without(dims, *axis))
            }
            Self::CrossEntropy { axis } => {
                around(self.name(), dims, *axis)?;
                Ok(dims.to_vec())
            }
            Self::Gaussian => {
                let mut halved = dims.to_vec();
                if halved[1] % 2 == 1 {
                    let expected = "an even number of tracks: means, then logarithms of variances";
                    return Err(OpsError::shape(self.name(), "the prediction", dims, expected));
                }
                halved[1] /= 2;
                Ok(halved)
            }
            _ => Ok(dims.to_vec()),
        }
    }

    fn evaluate<T: Number>(&self, p: &[T], observed: &Observed<'_, T>, dims: &[usize]) -> Result<(f64, Vec<T>)> {
        let rows = Along::Positions;
        Ok(match *self {
            Self::Mse => pointwise::evaluate(p, observed, Over::Observed, pointwise::squared),
            Self::MseOverAll => pointwise::evaluate(p, observed, Over::All, pointwise::squared),
            Self::Absolute => pointwise::evaluate(p, observed, Over::Observed, pointwise::absolute),
            Self::Poisson { log_input: true } => {
                pointwise::evaluate(p, observed, Over::Observed, pointwise::poisson_of_logarithms)
            }
            Self::Poisson { log_input: false } => poisson(p, observed, POISSON_EPSILON),
            Self::PoissonRate { epsilon } => poisson(p, observed, epsilon),
            Self::Gaussian => gaussian::evaluate(p, observed, dims[1..].iter().product::<usize>() / 2),
            Self::Bce => pointwise::evaluate(p, observed, Over::Observed, pointwise::cross_entropy),
            Self::BceLogits => pointwise::evaluate(p, observed, Over::Observed, pointwise::cross_entropy_of_logits),
            Self::BceClipped { epsilon } => pointwise::evaluate(p, observed, Over::Observed, move |p, t| {
                pointwise::clipped_cross_entropy(p, t, epsilon)
            }),
            Self::Dice { smooth } => overlap::dice(p, observed, smooth),
            Self::KullbackLeibler => pointwise::evaluate(p, observed, Over::Observed, pointwise::divergence),
            Self::JensenShannon { along } => rows::along(p, observed, dims, along, 1, profile::jensen_shannon),
            Self::CrossEntropy { axis } => {
                let a = around(self.name(), dims, axis)?;
                rows::evaluate(p, observed, a, a.size, categories::of_logits)
            }
            Self::Categories { axis, logits } => {
                let a = around(self.name(), dims, axis)?;
                categories::by_number(self.name(), p, observed, a, logits)?
            }
            Self::Probabilities { form, along } => rows::along(p, observed, dims, along, 1, move |p, t, s| {
                categories::of_probabilities(form, p, t, s)
            }),
            Self::Correlation { along } => rows::along(p, observed, dims, along, 2, correlation::correlation),
            Self::Cosine { along } => rows::along(p, observed, dims, along, 1, correlation::cosine),
            Self::CorrelationOfSums => sums(p, observed, dims),
            Self::Profile(profile) => rows::along(p, observed, dims, rows, 1, move |p, t, s| profile.term(p, t, s)),
            Self::Contrast(contrast) => {
                let mut smallest = (f64::INFINITY, None);
                for i in (0..p.len()).filter(|i| observed.counts(*i)) {
                    for (value, place) in [(observed.target[i].wide(), None), (p[i].wide(), Some(i))] {
                        if value < smallest.0 {
                            smallest = (value, place);
                        }
                    }
                }
                let (value, mut gradient) =
                    rows::along(p, observed, dims, rows, 1, move |p, t, s| contrast.term(p, t, smallest.0, s));
                if let (Contrast::Ratio, Some(place)) = (contrast, smallest.1) {
                    let through = |p: &[f64], t: &[f64], _: &mut [f64]| Contrast::through_smallest(p, t, smallest.0);
                    let (slope, _) = rows::along(p, observed, dims, rows, 1, through);
                    gradient[place] += T::of(slope);
                }
                (value, gradient)
            }
        })
    }
}

fn poisson<T: Number>(p: &[T], observed: &Observed<'_, T>, epsilon: f64) -> (f64, Vec<T>) {
    pointwise::evaluate(p, observed, Over::Observed, move |p, t| pointwise::poisson(p, t, epsilon))
}

/// The correlation of the sums over the last axis.
fn sums<T: Number>(p: &[T], observed: &Observed<'_, T>, dims: &[usize]) -> (f64, Vec<T>) {
    let (kept, row) = (&dims[..dims.len() - 1], dims[dims.len() - 1]);
    let count = |r: usize| (r * row..(r + 1) * row).filter(|i| observed.counts(*i));
    let rows: usize = kept.iter().product();
    let sum = |values: &[T], r: usize| count(r).map(|i| values[i].wide()).sum::<f64>();
    let of_p: Vec<f64> = (0..rows).map(|r| sum(p, r)).collect();
    let of_t: Vec<f64> = (0..rows)
        .map(|r| {
            if count(r).next().is_some() {
                sum(observed.target, r)
            } else {
                f64::NAN
            }
        })
        .collect();
    let summed = Observed {
        target: &of_t,
        mask: None,
        lowest: f64::NEG_INFINITY,
    };
    let (value, of_sums) = rows::along(&of_p, &summed, kept, Along::Positions, 2, correlation::correlation);
    let mut gradient = vec![T::default(); p.len()];
    for (r, slope) in of_sums.iter().enumerate() {
        count(r).for_each(|i| gradient[i] = T::of(*slope));
    }
    (value, gradient)
}
