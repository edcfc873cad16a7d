//! The harness on a device: every case against the CPU's own result in double precision, which the differences prove.

use super::{Case, GRADIENT_TOLERANCE, Outcome, PRECISION_TOLERANCE, distance, restrided, weighting};
use crate::error::Result;
use crate::operation::{Kept, Operation};
use candle_core::{DType, Device, Tensor};

/// Everything a case gives: output, gradients, new values of buffers, with names.
type Results = Vec<(String, Tensor)>;

impl Case {
    /// Runs the case on a device in double and in single precision: `gradient_error` is the largest difference of the
    /// device's double precision from the CPU's, `precision_error` that of its single precision, both relative to the
    /// tensor's largest value.
    ///
    /// # Errors
    /// The operation's own, and that it has no implementation for the device.
    pub fn check_on(&self, device: &Device) -> Result<Outcome> {
        self.compare(crate::cuda::of(self.operation.as_ref(), device)?.as_ref(), device)
    }

    fn compare(&self, operation: &dyn Operation, device: &Device) -> Result<Outcome> {
        let values = self.values();
        let reference = self.results(self.operation.as_ref(), &values, DType::F64, &Device::Cpu)?;
        let mut errors = [0f64; 2];
        for (error, precision) in errors.iter_mut().zip([DType::F64, DType::F32]) {
            let found = self.results(operation, &values, precision, device)?;
            if found.len() != reference.len() {
                *error = f64::INFINITY;
            }
            for ((name, a), (expected, b)) in found.iter().zip(&reference) {
                let same = name == expected && a.dims() == b.dims();
                *error = error.max(if same { distance(a, b)? } else { f64::INFINITY });
            }
        }
        Ok(Outcome {
            operation: operation.name(),
            case: self.name.clone(),
            gradient_error: errors[0],
            precision_error: errors[1],
        })
    }

    fn results(&self, operation: &dyn Operation, values: &[Vec<f64>], precision: DType, device: &Device) -> Result<Results> {
        let on_device = |t: Tensor| -> Result<Tensor> {
            let moved = t.to_device(device)?;
            Ok(if t.is_contiguous() { moved } else { restrided(&moved)? })
        };
        let tensors = self
            .tensors(values, precision)?
            .into_iter()
            .map(on_device)
            .collect::<Result<Vec<_>>>()?;
        let inputs: Vec<&Tensor> = (0..tensors.len()).map(|i| &tensors[if self.twice { 0 } else { i }]).collect();
        let forward = operation.forward(&inputs, &self.pass())?;
        let kept = Kept::new(operation, &inputs, self.activations, &forward);
        let gradient = weighting(&forward.output.to_device(&Device::Cpu)?)?;
        let gradient = on_device(if self.strided { restrided(&gradient)? } else { gradient })?;
        let wanted: Vec<bool> = (0..inputs.len()).map(|i| !self.is_constant(i)).collect();
        let gradients = operation.backward(&kept, &gradient, &wanted)?;
        let mut results = vec![("output".to_string(), forward.output)];
        results.extend(forward.updates.into_iter().map(|(i, t)| (format!("buffer {i}"), t)));
        let gradients = gradients.into_iter().enumerate();
        results.extend(gradients.filter_map(|(i, g)| Some((format!("gradient {i}"), g?))));
        results
            .into_iter()
            .map(|(name, t)| Ok((name, t.to_device(&Device::Cpu)?)))
            .collect()
    }
}

impl Outcome {
    /// Whether a device is close enough to the CPU.
    pub fn agrees(&self) -> bool {
        self.gradient_error <= GRADIENT_TOLERANCE && self.precision_error <= PRECISION_TOLERANCE
    }
}

#[cfg(all(test, feature = "cuda-simulation"))]
mod tests {
    use super::super::cases::case;
    use super::*;
    use crate::check::cases;
    use crate::error::OpsError;
    use crate::{Activation, Affine, Along, BatchNorm, Dropout, LayerNorm, Loss, PoolKind, Pooling, Reduce};
    use std::collections::BTreeSet;

    /// Sizes at which kernels cut their work in several parts, where differences would take too long.
    fn large() -> Vec<Case> {
        let norm = BatchNorm {
            epsilon: 1e-5,
            momentum: 0.1,
            ..BatchNorm::default()
        };
        let statistics = |channels: usize| [channels; 4].map(|c| vec![c]);
        let normed = |name: &str, x: &[usize]| {
            let parameters = statistics(x[1]);
            let mut shapes = vec![x];
            shapes.extend(parameters.iter().map(Vec::as_slice));
            Case {
                buffers: vec![3, 4],
                ..case(name, norm, 1, &shapes)
            }
        };
        vec![
            normed("several parts", &[3, 2, 7_001]),
            normed("several parts of single values", &[9_000, 3]),
            case(
                "several parts",
                LayerNorm { epsilon: 1e-5 },
                1,
                &[&[2, 300, 70], &[300], &[300]],
            ),
            case(
                "several parts of parameters",
                LayerNorm { epsilon: 1e-5 },
                1,
                &[&[3, 4, 5_000], &[4], &[4]],
            ),
            case("several streams", Dropout { rate: 0.3 }, 1, &[&[5, 7, 2_003]]),
            case(
                "long rows",
                Pooling {
                    kind: PoolKind::Weighted,
                    window: 3,
                },
                1,
                &[&[3, 5_003]],
            ),
            case("a long axis", Reduce::Largest(1), 1, &[&[2, 3, 1_000]]),
            case("a long axis", Reduce::Mean(1), 1, &[&[2, 3, 1_000]]),
            case("more values than threads", Activation::GeluErf, 1, &[&[2, 300_001]]),
        ]
    }

    #[test]
    fn kernels_agree_with_the_cpu() {
        let (mut failed, mut missing, mut checked) = (Vec::new(), BTreeSet::new(), 0);
        for case in cases().into_iter().chain(large()) {
            match case.check_on(&Device::Cpu) {
                Ok(outcome) if outcome.agrees() => checked += 1,
                Ok(outcome) => failed.push(format!("{outcome:?}")),
                Err(OpsError::Device { operation, .. }) => {
                    missing.insert(operation);
                }
                Err(error) => failed.push(format!("{} {}: {error}", case.operation.name(), case.name)),
            }
        }
        println!("{checked} cases agree; without an implementation for CUDA: {missing:?}");
        assert!(failed.is_empty(), "{}", failed.join("\n"));
    }

    #[test]
    fn a_wrong_kernel_fails() {
        let affine = |scale| Affine { scale, offset: 1.0 };
        let case = case("wrong", affine(2.0), 1, &[&[3, 5]]);
        let wrong = crate::cuda::of(&affine(2.001), &Device::Cpu).expect("there is one");
        let outcome = case.compare(wrong.as_ref(), &Device::Cpu).expect("runs");
        assert!(!outcome.agrees() && outcome.gradient_error > 1e-4, "{outcome:?}");
    }

    #[test]
    fn losses_agree_with_the_cpu() {
        let n = 5 * 4 * 3;
        let tensor = |f: &dyn Fn(usize) -> f64| {
            Tensor::from_vec((0..n).map(f).collect::<Vec<f64>>(), (5, 4, 3), &Device::Cpu).expect("fits")
        };
        let prediction = tensor(&|i| 0.05 + 0.9 * ((i * 37 % n) as f64 / n as f64));
        let target = tensor(&|i| {
            if i % 11 == 3 {
                f64::NAN
            } else {
                (i * 23 % n) as f64 / n as f64
            }
        });
        let mask = tensor(&|i| f64::from(u8::from(i % 7 != 1)));
        let losses = [
            Loss::Mse,
            Loss::Poisson { log_input: false },
            Loss::Poisson { log_input: true },
            Loss::Bce,
            Loss::BceLogits,
            Loss::Correlation { along: Along::Tracks },
            Loss::Correlation { along: Along::Examples },
        ];
        for loss in losses {
            for mask in [None, Some(&mask)] {
                let (value, gradient) = loss.value_and_gradient(&prediction, &target, mask).expect("runs");
                let (found, slope) = crate::cuda::evaluate(&loss, &prediction, &target, mask).expect("runs");
                let found = found.to_vec1::<f64>().expect("one value")[0];
                assert!((found - value).abs() < 1e-12, "{loss:?}: {found} {value}");
                assert!(distance(&slope, &gradient).expect("alike") < 1e-10, "{loss:?}");
            }
        }
    }
}
