//! A measure of the language as a loss with its gradient.

use crate::Result;
use crate::objective::{Measure, Over};
use candle_core::Tensor;
use cistron_ops::{Along, Loss};

/// The losses that a measure means, with their weights; correlations as 1 - r.
fn parts(measure: Measure) -> Vec<(f64, Loss)> {
    let one = |loss| vec![(1.0, loss)];
    match measure {
        Measure::Mse => one(Loss::Mse),
        Measure::Poisson { log } => one(Loss::Poisson { log_input: log }),
        Measure::Bce { logits: false } => one(Loss::Bce),
        Measure::Bce { logits: true } => one(Loss::BceLogits),
        Measure::Correlation(Over::Tracks) => one(Loss::Correlation { along: Along::Tracks }),
        Measure::Correlation(Over::Points) => one(Loss::Correlation { along: Along::Examples }),
        Measure::Drg(loss) => Loss::drg(loss.name()).unwrap_or_default(),
    }
}

/// A measure as a loss, the mean of its elements, with the gradient of that mean; missing targets are left out.
pub(crate) fn value_and_gradient(measure: Measure, prediction: &Tensor, target: &Tensor) -> Result<(f64, Tensor)> {
    let mut total = 0.0;
    let mut sum: Option<Tensor> = None;
    for (weight, loss) in parts(measure) {
        let (value, gradient) = loss.value_and_gradient(prediction, target, None)?;
        total += weight * value;
        let gradient = if weight == 1.0 { gradient } else { (gradient * weight)? };
        sum = Some(match sum {
            None => gradient,
            Some(before) => (before + gradient)?,
        });
    }
    let gradient = match sum {
        Some(gradient) => gradient,
        None => prediction.zeros_like()?,
    };
    Ok((total, gradient))
}

/// How many elements DRG sums, where we take a mean.
pub(crate) fn drg_elements(measure: Measure, dims: &[usize]) -> usize {
    match measure {
        Measure::Drg(loss) => Loss::drg_elements(loss.name(), dims),
        _ => dims.iter().product(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::objective::DrgLoss;
    use candle_core::Device;
    use cistron_declaration::DRG_LOSSES;

    #[test]
    fn every_name_of_drg_has_a_loss() {
        let table = |k: f64| Tensor::arange(1f64, 25.0, &Device::Cpu).and_then(|t| (t * k)?.sin()?.abs()?.reshape((6, 4)));
        let (prediction, target) = (table(0.7).unwrap(), table(1.1).unwrap());
        for name in DRG_LOSSES {
            let measure = Measure::Drg(DrgLoss::of(name).unwrap());
            assert!(!parts(measure).is_empty(), "{name}");
            // Profiles need a third axis.
            if let Ok((value, gradient)) = value_and_gradient(measure, &prediction, &target) {
                assert!(value.is_finite() && gradient.dims() == [6, 4], "{name}");
            }
        }
        assert_eq!(DrgLoss::of("GNLL"), None);
    }
}
