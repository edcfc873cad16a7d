//! The harness of the losses: float64 central differences, and single against double precision, with targets missing or
//! masked, one example, and predictions equal to each other and to their targets.

use super::{Outcome, distance, relative};
use crate::error::Result;
use crate::loss::{Along, Contrast, Entropy, Loss, Profile};
use candle_core::{DType, Device, Tensor};
use cistron_random::{Purpose, Stream};

/// Step of the differences.
const STEP: f64 = 1e-4;

/// Which numbers a loss takes.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Values {
    /// Any.
    Signed,
    /// Probabilities.
    Unit,
    /// Positive numbers.
    Positive,
    /// Any predictions, probabilities as targets.
    Weights,
    /// Any predictions, positive targets.
    Counts,
    /// Any predictions, whole numbers below this as targets.
    Classes(usize),
}

/// A loss with arrays to check it on.
#[derive(Clone, Debug)]
pub struct LossCase {
    /// What is special about it.
    pub name: String,
    /// The loss.
    pub loss: Loss,
    /// The shape of the predictions.
    pub shape: Vec<usize>,
    /// The shape of the targets.
    pub targets: Vec<usize>,
    /// Whether some targets are missing.
    pub missing: bool,
    /// Whether some values are masked.
    pub masked: bool,
    /// Whether some predictions are equal to each other and to their targets.
    pub ties: bool,
    values: Values,
}

impl LossCase {
    fn draw(&self, shape: &[usize], target: bool) -> Vec<f64> {
        let count = shape.iter().product();
        let mut stream = Stream::new(23, Purpose::Simulation, count as u64, u64::from(target));
        let one = |_| {
            let u = stream.uniform();
            match (self.values, target) {
                (Values::Unit, _) | (Values::Weights, true) => 0.05 + 0.9 * u,
                (Values::Positive, _) | (Values::Counts, true) => 0.3 + 2.5 * u,
                (Values::Classes(n), true) => (u * n as f64).floor(),
                _ => 3.0 * u - 1.6,
            }
        };
        (0..count).map(one).collect()
    }

    /// Predictions, targets and mask.
    fn arrays(&self) -> (Vec<f64>, Vec<f64>, Option<Vec<f64>>) {
        let (mut p, mut t) = (self.draw(&self.shape, false), self.draw(&self.targets, true));
        if self.ties {
            let alike = matches!(self.values, Values::Signed | Values::Unit | Values::Positive);
            for i in (0..p.len()).filter(|i| i % 7 < 2) {
                p[i] = p[0];
                if alike && i % 2 == 0 && i < t.len() {
                    t[i] = p[i];
                }
            }
        }
        if self.missing {
            t.iter_mut().skip(2).step_by(5).for_each(|v| *v = f64::NAN);
        }
        let masked = self
            .masked
            .then(|| (0..t.len()).map(|i| f64::from(u8::from(i % 4 != 3))).collect());
        (p, t, masked)
    }

    fn run(&self, arrays: &(Vec<f64>, Vec<f64>, Option<Vec<f64>>), precision: DType) -> Result<(f64, Tensor)> {
        let tensor = |values: &[f64], shape: &[usize]| -> Result<Tensor> {
            Ok(Tensor::from_slice(values, shape, &Device::Cpu)?.to_dtype(precision)?)
        };
        let mask = arrays.2.as_ref().map(|m| tensor(m, &self.targets)).transpose()?;
        let (p, t) = (tensor(&arrays.0, &self.shape)?, tensor(&arrays.1, &self.targets)?);
        self.loss.value_and_gradient(&p, &t, mask.as_ref())
    }

    /// Runs the harness.
    ///
    /// # Errors
    /// The loss's own.
    pub fn check(&self) -> Result<Outcome> {
        let mut arrays = self.arrays();
        let found = self.run(&arrays, DType::F64)?.1.flatten_all()?.to_vec1::<f64>()?;
        let mut expected = Vec::with_capacity(found.len());
        for i in 0..found.len() {
            let here = arrays.0[i];
            let mut sum = 0.0;
            for (steps, factor) in [(-2.0, 1.0), (-1.0, -8.0), (1.0, 8.0), (2.0, -1.0)] {
                arrays.0[i] = here + steps * STEP;
                sum += factor * self.run(&arrays, DType::F64)?.0;
            }
            arrays.0[i] = here;
            expected.push(sum / (12.0 * STEP));
        }
        let gradient_error = relative(&found, &expected);
        let round = |v: &mut Vec<f64>| v.iter_mut().for_each(|v| *v = f64::from(*v as f32));
        round(&mut arrays.0);
        round(&mut arrays.1);
        let (double, single) = (self.run(&arrays, DType::F64)?, self.run(&arrays, DType::F32)?);
        let precision_error = relative(&[single.0], &[double.0]).max(distance(&single.1, &double.1)?);
        Ok(Outcome {
            operation: self.loss.name(),
            case: self.name.clone(),
            gradient_error,
            precision_error,
        })
    }
}

fn counts(window: usize, padding: usize, log: bool) -> Profile {
    Profile::Counts { window, padding, log }
}

/// All losses on all their arrays.
pub fn loss_cases() -> Vec<LossCase> {
    let mut all = Vec::new();
    let mut add = |loss: Loss, values: Values, shapes: &[&[usize]]| {
        for shape in shapes {
            // A profile's minimum and a clipped probability have kinks at ties where differences say nothing.
            let tied = !matches!(
                loss,
                Loss::Profile(_) | Loss::Contrast(Contrast::Ratio) | Loss::Categories { .. }
            );
            for (missing, masked, ties) in [
                (false, false, false),
                (true, false, false),
                (true, true, false),
                (false, false, true),
            ] {
                if ties && !tied {
                    continue;
                }
                let words = [(missing, "missing"), (masked, "masked"), (ties, "ties")];
                let words: Vec<&str> = words.iter().filter(|(is, _)| *is).map(|(_, word)| *word).collect();
                let mut targets = shape.to_vec();
                match loss {
                    Loss::Categories { axis, .. } => drop(targets.remove(axis + 1)),
                    Loss::Gaussian => targets[1] /= 2,
                    _ => {}
                }
                all.push(LossCase {
                    name: format!("{} {shape:?}", words.join(", ")),
                    loss,
                    shape: shape.to_vec(),
                    targets,
                    missing,
                    masked,
                    ties,
                    values,
                });
            }
        }
    };
    let plain: &[&[usize]] = &[&[3, 4], &[1, 7], &[2, 3, 6]];
    add(Loss::Mse, Values::Signed, &[&[3, 4], &[1, 7], &[2, 3, 6], &[2, 1, 5, 5]]);
    add(Loss::MseOverAll, Values::Signed, plain);
    add(Loss::Absolute, Values::Signed, plain);
    add(Loss::Poisson { log_input: true }, Values::Counts, plain);
    add(Loss::Poisson { log_input: false }, Values::Positive, plain);
    add(Loss::PoissonRate { epsilon: 1e-7 }, Values::Positive, plain);
    add(Loss::Gaussian, Values::Signed, &[&[3, 4], &[1, 2], &[2, 6, 5]]);
    add(Loss::Bce, Values::Unit, plain);
    add(Loss::BceLogits, Values::Weights, plain);
    add(Loss::BceClipped { epsilon: 1e-7 }, Values::Unit, plain);
    add(Loss::BceClipped { epsilon: 0.2 }, Values::Unit, plain);
    add(Loss::Dice { smooth: 10.0 }, Values::Unit, plain);
    add(Loss::KullbackLeibler, Values::Weights, plain);
    for axis in [0, 1] {
        add(Loss::CrossEntropy { axis }, Values::Weights, &[&[3, 4, 2], &[1, 5, 3]]);
        add(
            Loss::Categories { axis, logits: true },
            Values::Classes(3),
            &[&[3, 4, 3], &[1, 5, 4]],
        );
        add(
            Loss::Categories { axis, logits: false },
            Values::Classes(3),
            &[&[3, 4, 3], &[1, 5, 4]],
        );
    }
    add(Loss::CrossEntropy { axis: 0 }, Values::Weights, plain);
    add(
        Loss::Categories { axis: 0, logits: true },
        Values::Classes(4),
        &[&[9, 4], &[1, 4, 6]],
    );
    for along in [
        Along::Tracks,
        Along::Examples,
        Along::Positions,
        Along::Everything,
        Along::Both,
    ] {
        add(Loss::Correlation { along }, Values::Signed, &[&[4, 5], &[1, 7], &[4, 3, 6]]);
        add(Loss::Cosine { along }, Values::Signed, plain);
        add(Loss::JensenShannon { along }, Values::Positive, &[&[3, 4], &[2, 3, 3]]);
        for form in [Entropy::Cross, Entropy::Symmetric, Entropy::Balanced] {
            add(Loss::Probabilities { form, along }, Values::Unit, &[&[3, 4], &[2, 3, 3]]);
        }
    }
    add(Loss::CorrelationOfSums, Values::Signed, &[&[3, 4], &[2, 5, 3], &[1, 3, 4]]);
    for profile in [
        Profile::Multinomial,
        counts(0, 0, true),
        counts(3, 0, false),
        counts(3, 1, true),
        Profile::LogAbsolute,
        Profile::CountDistance { log: false },
        Profile::CountDistance { log: true },
    ] {
        add(Loss::Profile(profile), Values::Positive, plain);
    }
    add(Loss::Profile(Profile::Shape), Values::Positive, &[&[3, 7], &[2, 3, 6]]);
    for contrast in [Contrast::Squared, Contrast::Absolute, Contrast::Ratio] {
        add(Loss::Contrast(contrast), Values::Signed, plain);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_loss_agrees_with_differences_and_with_single_precision() {
        let mut failed = Vec::new();
        for case in loss_cases() {
            let outcome = case
                .check()
                .unwrap_or_else(|e| panic!("{} {}: {e}", case.loss.name(), case.name));
            if !outcome.passes() {
                failed.push(format!("{outcome:?}"));
            }
        }
        assert!(failed.is_empty(), "{}", failed.join("\n"));
    }
}
