//! The harness that every operation goes through: float64 central differences, and single against double precision.
//!
//! [`checked_operations`] names the operations that [`cases`] cover; tests prove that every case passes, and the executor
//! refuses any other operation.

mod cases;
mod device;
mod losses;

use crate::buffer::address;
use crate::error::Result;
use crate::operation::{Kept, Needs, Operation, Pass, Passes};
use candle_core::{DType, Device, Tensor};
pub use cases::cases;
use cistron_random::{Purpose, Stream};
pub use losses::{LossCase, loss_cases};
use std::collections::BTreeSet;
use std::sync::LazyLock;

/// The names of the operations that the harness covers, in alphabetical order. Whatever is not among them can't be run.
pub fn checked_operations() -> &'static [&'static str] {
    static NAMES: LazyLock<Vec<&'static str>> = LazyLock::new(|| {
        let names: BTreeSet<&str> = cases().iter().map(|c| c.operation.name()).collect();
        names.into_iter().collect()
    });
    &NAMES
}

/// Largest accepted difference between gradient and central differences, relative to the tensor's largest value.
pub const GRADIENT_TOLERANCE: f64 = 1e-6;
/// Largest accepted difference between single and double precision, relative to the tensor's largest value.
pub const PRECISION_TOLERANCE: f64 = 1e-4;
/// Step of the differences. Values of a case lie further apart than twice this, so no maximum changes its place.
const STEP: f64 = 1e-3;

/// An operation with shapes to check it in.
#[derive(Debug)]
pub struct Case {
    /// What is special about it.
    pub name: String,
    /// The operation.
    pub operation: Box<dyn Operation>,
    /// The shapes of its inputs: activations, then parameters.
    pub shapes: Vec<Vec<usize>>,
    /// How many of the inputs are activations.
    pub activations: usize,
    /// Inputs that are buffers: positive, and without gradient.
    pub buffers: Vec<usize>,
    /// Inputs that hold whole numbers below a bound (categories, places), without gradient.
    pub whole: Vec<(usize, usize)>,
    /// Inputs that are positive.
    pub positive: Vec<usize>,
    /// Whether it runs in training mode.
    pub training: bool,
    /// Whether the activations are handed over with strides other than row-major ones.
    pub strided: bool,
    /// Whether the first input is also every other one.
    pub twice: bool,
}

/// What a check found.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// The operation.
    pub operation: &'static str,
    /// The case.
    pub case: String,
    /// Largest relative difference between gradients and central differences in double precision.
    pub gradient_error: f64,
    /// Largest relative difference between single and double precision, of output, gradients and buffers.
    pub precision_error: f64,
}

impl Outcome {
    /// Whether both errors are within the tolerances.
    pub fn passes(&self) -> bool {
        self.gradient_error <= GRADIENT_TOLERANCE && self.precision_error <= PRECISION_TOLERANCE
    }
}

/// One pass forward and back.
struct Both {
    output: Tensor,
    gradients: Vec<Option<Tensor>>,
    updates: Vec<Tensor>,
}

impl Case {
    /// Whether an input has no gradient.
    fn is_constant(&self, index: usize) -> bool {
        self.buffers.contains(&index) || self.whole.iter().any(|(input, _)| *input == index)
    }

    /// The values of the inputs: a shuffled grid, so that no two are close and none is close to 0.
    fn values(&self) -> Vec<Vec<f64>> {
        let one = |(index, shape): (usize, &Vec<usize>)| {
            let count: usize = shape.iter().product();
            let mut stream = Stream::new(11, Purpose::Simulation, count as u64, index as u64);
            let mut grid: Vec<f64> = (0..count)
                .map(|i| {
                    let value =
                        (i as f64 + 0.5 - (count / 2) as f64 + 0.2 * stream.uniform()) * (0.02f64).max(3.0 / count as f64);
                    if self.buffers.contains(&index) || self.positive.contains(&index) {
                        0.5 + value.abs()
                    } else {
                        value
                    }
                })
                .collect();
            stream.shuffle(&mut grid);
            grid
        };
        let mut all: Vec<Vec<f64>> = self.shapes.iter().enumerate().map(one).collect();
        for &(index, bound) in &self.whole {
            let mut stream = Stream::new(17, Purpose::Simulation, bound as u64, index as u64);
            all[index]
                .iter_mut()
                .for_each(|v| *v = (stream.uniform() * bound as f64).floor());
        }
        if self.operation.name() == "divide" && !self.twice {
            // Away from 0, where a quotient has no finite differences.
            all[1].iter_mut().for_each(|v| *v += v.signum());
        }
        if self.operation.name() == "maximum" && !self.twice {
            // Never equal to the other side.
            all[1] = all[0]
                .iter()
                .enumerate()
                .map(|(i, v)| if i % 2 == 0 { v + 0.5 } else { v - 0.25 })
                .collect();
        }
        all
    }

    fn tensors(&self, values: &[Vec<f64>], precision: DType) -> Result<Vec<Tensor>> {
        let one = |(i, values): (usize, &Vec<f64>)| -> Result<Tensor> {
            let tensor = Tensor::from_slice(values, self.shapes[i].as_slice(), &Device::Cpu)?.to_dtype(precision)?;
            Ok(if self.strided && i < self.activations {
                restrided(&tensor)?
            } else {
                tensor
            })
        };
        values.iter().enumerate().map(one).collect()
    }

    fn pass(&self) -> Pass {
        Pass {
            training: self.training,
            seed: 5,
            step: 3,
            node: 1,
        }
    }

    fn output(&self, tensors: &[Tensor]) -> Result<crate::operation::Forward> {
        let inputs: Vec<&Tensor> = (0..tensors.len()).map(|i| &tensors[if self.twice { 0 } else { i }]).collect();
        self.operation.forward(&inputs, &self.pass())
    }

    fn both(&self, values: &[Vec<f64>], direction: Option<&Tensor>, precision: DType) -> Result<Both> {
        let tensors = self.tensors(values, precision)?;
        let inputs: Vec<&Tensor> = (0..tensors.len()).map(|i| &tensors[if self.twice { 0 } else { i }]).collect();
        let forward = self.operation.forward(&inputs, &self.pass())?;
        let kept = Kept::new(self.operation.as_ref(), &inputs, self.activations, &forward);
        let gradient = match direction {
            Some(direction) => direction.to_dtype(precision)?,
            None => weighting(&forward.output)?,
        };
        let gradient = if self.strided { restrided(&gradient)? } else { gradient };
        let wanted: Vec<bool> = (0..inputs.len()).map(|i| !self.is_constant(i)).collect();
        let mut gradients = self.operation.backward(&kept, &gradient, &wanted)?;
        if self.twice {
            for index in 1..gradients.len() {
                if let (Some(sum), Some(more)) = (gradients[0].take(), gradients[index].take()) {
                    gradients[0] = Some((sum + more)?);
                }
            }
        }
        Ok(Both {
            output: forward.output,
            gradients,
            updates: forward.updates.into_iter().map(|(_, t)| t).collect(),
        })
    }

    /// What [`Operation::needs`] gets wrong about this case, if anything.
    ///
    /// # Errors
    /// The operation's own.
    pub fn check_needs(&self) -> Result<Option<String>> {
        let values = self.values();
        let tensors = self.tensors(&values, DType::F64)?;
        let tensors: Vec<Tensor> = tensors.iter().map(|t| t.contiguous()).collect::<candle_core::Result<_>>()?;
        let inputs: Vec<&Tensor> = (0..tensors.len()).map(|i| &tensors[if self.twice { 0 } else { i }]).collect();
        let shapes: Vec<Vec<usize>> = inputs.iter().map(|t| t.dims().to_vec()).collect();
        let said = self.operation.needs(&shapes, 8);
        let forward = self.operation.forward(&inputs, &self.pass())?;
        let gradient = weighting(&forward.output)?;
        let saved = forward.saved.iter().map(|t| t.elem_count() * t.dtype().size_in_bytes()).sum();
        let shares_input = address(&forward.output) == address(inputs[0]);
        let kept = Kept::new(self.operation.as_ref(), &inputs, self.activations, &forward);
        let wanted: Vec<bool> = (0..inputs.len()).map(|i| !self.is_constant(i)).collect();
        let gradients = self.operation.backward(&kept, &gradient, &wanted)?;
        let passes = |found: &Option<Tensor>| found.as_ref().is_some_and(|t| address(t) == address(&gradient));
        let passed: Vec<usize> = (0..gradients.len()).filter(|i| passes(&gradients[*i])).collect();
        let passes_gradient = match &passed[..] {
            [] => Passes::None,
            [0] if gradients.len() > 1 || said.passes_gradient == Passes::First => Passes::First,
            _ => Passes::All,
        };
        let found = Needs {
            saved,
            shares_input,
            passes_gradient,
            ..said
        };
        Ok((found != said).then(|| format!("{} {}: says {said:?}, does {found:?}", self.operation.name(), self.name)))
    }

    /// Runs the harness.
    ///
    /// # Errors
    /// The operation's own.
    pub fn check(&self) -> Result<Outcome> {
        let values = self.values();
        let double = self.both(&values, None, DType::F64)?;
        let direction = weighting(&double.output)?;
        let mut gradient_error = 0f64;
        for (index, gradient) in double.gradients.iter().enumerate() {
            let Some(gradient) = gradient else {
                let without = self.is_constant(index) || (self.twice && index > 0);
                if !without {
                    gradient_error = f64::INFINITY;
                }
                continue;
            };
            let found = gradient.flatten_all()?.to_vec1::<f64>()?;
            let places = places(found.len());
            let expected = self.differences(&values, index, &places, &direction)?;
            let found: Vec<f64> = places.iter().map(|i| found[*i]).collect();
            gradient_error = gradient_error.max(relative(&found, &expected));
        }
        // Both precisions begin from the same, rounded values.
        let rounded: Vec<Vec<f64>> = values
            .iter()
            .map(|v| v.iter().map(|x| f64::from(*x as f32)).collect())
            .collect();
        let direction = direction.to_dtype(DType::F32)?;
        let (double, single) = (
            self.both(&rounded, Some(&direction), DType::F64)?,
            self.both(&rounded, Some(&direction), DType::F32)?,
        );
        let mut precision_error = distance(&single.output, &double.output)?;
        for (a, b) in single.updates.iter().zip(&double.updates) {
            precision_error = precision_error.max(distance(a, b)?);
        }
        for (a, b) in single.gradients.iter().zip(&double.gradients) {
            if let (Some(a), Some(b)) = (a, b) {
                precision_error = precision_error.max(distance(a, b)?);
            }
        }
        Ok(Outcome {
            operation: self.operation.name(),
            case: self.name.clone(),
            gradient_error,
            precision_error,
        })
    }

    /// The gradient of `sum(output * direction)` by five-point central differences.
    fn differences(&self, values: &[Vec<f64>], index: usize, places: &[usize], direction: &Tensor) -> Result<Vec<f64>> {
        let direction = direction.flatten_all()?.to_vec1::<f64>()?;
        let mut values = values.to_vec();
        let mut result = Vec::with_capacity(places.len());
        for &element in places {
            let here = values[index][element];
            let mut sum = 0.0;
            for (steps, factor) in [(-2.0, 1.0), (-1.0, -8.0), (1.0, 8.0), (2.0, -1.0)] {
                values[index][element] = here + steps * STEP;
                let output = self
                    .output(&self.tensors(&values, DType::F64)?)?
                    .output
                    .flatten_all()?
                    .to_vec1::<f64>()?;
                sum += factor * output.iter().zip(&direction).map(|(a, b)| a * b).sum::<f64>();
            }
            values[index][element] = here;
            result.push(sum / (12.0 * STEP));
        }
        Ok(result)
    }
}

/// Where differences are taken: everywhere, but at some drawn places of inputs with thousands of values.
fn places(length: usize) -> Vec<usize> {
    const MOST: usize = 4_000;
    const DRAWN: usize = 100;
    let mut all: Vec<usize> = (0..length).collect();
    if length > MOST {
        Stream::new(19, Purpose::Simulation, length as u64, 0).shuffle(&mut all);
        all.truncate(DRAWN);
    }
    all
}

/// Fixed weights of the outputs, none of them 0.
fn weighting(output: &Tensor) -> Result<Tensor> {
    let mut stream = Stream::new(13, Purpose::Simulation, 0, 0);
    let values: Vec<f64> = (0..output.elem_count()).map(|_| 0.3 + stream.uniform()).collect();
    Ok(Tensor::from_vec(values, output.dims(), &Device::Cpu)?.to_dtype(output.dtype())?)
}

/// The same values with the last two axes exchanged in memory.
fn restrided(tensor: &Tensor) -> Result<Tensor> {
    if tensor.dims().len() < 2 {
        return Ok(tensor.clone());
    }
    Ok(tensor.t()?.contiguous()?.t()?)
}

/// The largest difference, relative to the largest expected value; infinite where something is no number.
fn relative(found: &[f64], expected: &[f64]) -> f64 {
    let largest = expected.iter().fold(1e-3, |m: f64, v| m.max(v.abs()));
    let difference = found.iter().zip(expected).map(|(a, b)| (a - b).abs());
    let worst = difference.fold(0.0, |m: f64, d| if d.is_nan() { f64::INFINITY } else { m.max(d) });
    if found.len() == expected.len() {
        worst / largest
    } else {
        f64::INFINITY
    }
}

fn distance(single: &Tensor, double: &Tensor) -> Result<f64> {
    let values = |t: &Tensor| -> Result<Vec<f64>> { Ok(t.flatten_all()?.to_dtype(DType::F64)?.to_vec1()?) };
    Ok(relative(&values(single)?, &values(double)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::convolution::Convolution;
    use crate::operation::{Forward, Reads};
    use candle_core::Var;

    #[test]
    fn every_operation_agrees_with_differences_and_with_single_precision() {
        let mut failed = Vec::new();
        for case in cases() {
            let outcome = case
                .check()
                .unwrap_or_else(|e| panic!("{} {}: {e}", case.operation.name(), case.name));
            if !outcome.passes() {
                failed.push(format!("{outcome:?}"));
            }
        }
        assert!(failed.is_empty(), "{}", failed.join("\n"));
    }

    #[test]
    fn operations_say_what_they_save_and_share() {
        let wrong: Vec<String> = cases()
            .iter()
            .filter(|case| case.training)
            .filter_map(|case| case.check_needs().expect("runs"))
            .collect();
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    #[test]
    fn candle_gets_the_same_gradients_through_every_operation() {
        for case in cases().into_iter().filter(|case| !case.twice) {
            let name = format!("{} {}", case.operation.name(), case.name);
            let both = case.both(&case.values(), None, DType::F64).expect("runs");
            let tensors = case.tensors(&case.values(), DType::F64).expect("tensors");
            let inputs: Vec<Var> = tensors.iter().map(|t| Var::from_tensor(t).expect("a variable")).collect();
            let read: Vec<&Tensor> = inputs.iter().map(|v| v.as_tensor()).collect();
            let pass = case.pass();
            let output = crate::candle::apply(case.operation, &read, &pass).unwrap_or_else(|e| panic!("{name}: {e}"));
            assert_eq!(distance(&output, &both.output).expect("shapes"), 0.0, "{name}");
            let weights = weighting(&output).expect("weights");
            let gradients = (output * weights)
                .and_then(|t| t.sum_all())
                .and_then(|t| t.backward())
                .unwrap_or_else(|e| panic!("{name}: {e}"));
            for (input, expected) in inputs.iter().zip(&both.gradients) {
                if let Some(expected) = expected {
                    let found = gradients.get(input).unwrap_or_else(|| panic!("{name}: no gradient"));
                    assert!(distance(found, expected).expect("shapes") < 1e-12, "{name}");
                }
            }
        }
    }

    /// A convolution whose gradient is slightly wrong in one place.
    #[derive(Debug)]
    struct Broken {
        input: usize,
        single_only: bool,
    }

    impl Operation for Broken {
        fn name(&self) -> &'static str {
            "broken"
        }
        fn forward(&self, inputs: &[&Tensor], pass: &Pass) -> Result<Forward> {
            Convolution::default().forward(inputs, pass)
        }
        fn backward(&self, kept: &Kept, gradient: &Tensor, wanted: &[bool]) -> Result<Vec<Option<Tensor>>> {
            let mut gradients = Convolution::default().backward(kept, gradient, wanted)?;
            if !self.single_only || gradient.dtype() == DType::F32 {
                gradients[self.input] = gradients[self.input].take().map(|g| g * 1.001).transpose()?;
            }
            Ok(gradients)
        }
        fn reads(&self) -> Reads {
            Reads::INPUTS
        }
    }

    #[test]
    fn a_broken_backward_fails() {
        for input in 0..3 {
            for single_only in [false, true] {
                let case = Case {
                    name: "broken".into(),
                    operation: Box::new(Broken { input, single_only }),
                    shapes: vec![vec![2, 2, 6], vec![3, 2, 3], vec![3]],
                    activations: 1,
                    buffers: Vec::new(),
                    whole: Vec::new(),
                    positive: Vec::new(),
                    training: true,
                    strided: false,
                    twice: false,
                };
                let outcome = case.check().expect("runs");
                assert!(!outcome.passes(), "{outcome:?}");
                assert_eq!(outcome.gradient_error > GRADIENT_TOLERANCE, !single_only);
            }
        }
    }
}
