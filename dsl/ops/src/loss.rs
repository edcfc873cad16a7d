//! Losses: value and gradient in one pass, over the targets that are there.

mod correlation;
mod pointwise;

use crate::error::{OpsError, Result};
use crate::view::{by_precision, tensor, view};
use candle_core::Tensor;
pub use correlation::Along;

/// A loss between prediction and target of the same shape, `[batch, track]` or `[batch, track, bin]`.
///
/// Where a target is missing (NaN) or the mask is 0, a value counts for nothing: means are over what is left.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Loss {
    /// Mean squared error.
    Mse,
    /// Negative log-likelihood of Poisson counts without the constant, as PyTorch's `PoissonNLLLoss`.
    Poisson {
        /// Whether the prediction is the logarithm of the rate; else `epsilon` (1e-8) is added to the rate.
        log_input: bool,
    },
    /// Binary cross-entropy of probabilities; logarithms are kept above -100, as PyTorch's `BCELoss`.
    Bce,
    /// Binary cross-entropy of logits, in the stable form.
    BceLogits,
    /// One minus Pearson's correlation, the mean over rows.
    Correlation {
        /// Along what each correlation runs.
        along: Along,
    },
}

/// What Poisson's loss adds to a rate.
const POISSON_EPSILON: f64 = 1e-8;

impl Loss {
    /// The name in messages and tables.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Mse => "mse",
            Self::Poisson { .. } => "poisson",
            Self::Bce => "bce",
            Self::BceLogits => "bce(logits)",
            Self::Correlation { .. } => "correlation",
        }
    }

    /// The loss and its gradient with respect to the prediction.
    ///
    /// Without any target that counts, both are 0. The mask has the targets' shape; 0 leaves a value out.
    ///
    /// # Errors
    /// Shapes that differ, types other than F32 and F64.
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
        for (other, what) in [(Some(target), "the target"), (mask, "the mask")] {
            if let Some(other) = other.filter(|o| o.dims() != prediction.dims()) {
                let expected = format!("{:?}, the shape of the prediction", prediction.dims());
                return Err(OpsError::shape(self.name(), what, other.dims(), expected));
            }
        }
        by_precision!(self.name(), prediction, T => {
            let (p, t) = (view::<T>(self.name(), prediction)?, view::<T>(self.name(), target)?);
            let mask = mask.map(|m| m.to_dtype(prediction.dtype())).transpose()?;
            let mask = mask.as_ref().map(|m| view::<T>(self.name(), m)).transpose()?;
            let (p, t, mask) = (p.slice(), t.slice(), mask.as_ref().map(|m| m.slice()));
            let (value, gradient) = match self {
                Self::Correlation { along } => {
                    if prediction.dims().len() < 2 {
                        return Err(OpsError::shape(self.name(), "the prediction", prediction.dims(), "[batch, track, ..]"));
                    }
                    correlation::evaluate(p, t, mask, prediction.dims(), *along)
                }
                Self::Mse => pointwise::evaluate(p, t, mask, pointwise::squared),
                Self::Bce => pointwise::evaluate(p, t, mask, pointwise::cross_entropy),
                Self::BceLogits => pointwise::evaluate(p, t, mask, pointwise::cross_entropy_of_logits),
                Self::Poisson { log_input: true } => pointwise::evaluate(p, t, mask, pointwise::poisson_of_logarithms),
                Self::Poisson { log_input: false } => {
                    pointwise::evaluate(p, t, mask, |p, t| pointwise::poisson(p, t, POISSON_EPSILON))
                }
            };
            Ok((value, tensor(gradient, prediction.dims())?))
        })
    }
}
