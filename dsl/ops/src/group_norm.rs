//! Group normalisation.

use crate::channelwise::Channels;
use crate::error::{OpsError, Result};
use crate::number::Number;
use crate::operation::{Forward, Kept, Needs, Operation, Pass, Reads, expect_inputs};
use crate::view::{by_precision, tensor, view};
use candle_core::Tensor;

/// Normalises each example over groups of neighbouring channels and all positions (Wu and He 2018), by the biased
/// variance as PyTorch does.
///
/// # Shapes
/// Inputs: x `[batch, channel, ..]`, then weight and bias, both `[channel]`; the groups divide the channels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GroupNorm {
    /// How many groups.
    pub groups: usize,
    /// Added to the variance.
    pub epsilon: f64,
}

const NAME: &str = "group_norm";

impl GroupNorm {
    /// The layout whose "channels" are the groups of all examples, and that whose channels are theirs.
    fn layouts(&self, dims: &[usize]) -> Result<(Channels, Channels)> {
        if dims.len() < 2 || dims[1] == 0 {
            return Err(OpsError::shape(NAME, "the input", dims, "[batch, channel, ..]"));
        }
        if self.groups == 0 || !dims[1].is_multiple_of(self.groups) {
            return Err(OpsError::Setting {
                operation: NAME,
                what: "groups".into(),
                found: self.groups.to_string(),
                expected: format!("a divisor of the {} channels", dims[1]),
            });
        }
        let inner: usize = dims[2..].iter().product();
        let one = |channels, inner| Channels {
            batch: 1,
            channels,
            inner,
            group: 1,
        };
        Ok((
            one(dims[0] * self.groups, dims[1] / self.groups * inner),
            one(dims[0] * dims[1], inner),
        ))
    }

    fn run<T: Number>(&self, inputs: &[&Tensor]) -> Result<Forward> {
        let (groups, channels) = self.layouts(inputs[0].dims())?;
        let (x, weight, bias) = (
            view::<T>(NAME, inputs[0])?,
            view::<T>(NAME, inputs[1])?,
            view::<T>(NAME, inputs[2])?,
        );
        let (x, weight, bias) = (x.slice(), weight.slice(), bias.slice());
        let moments = groups.moments(x);
        let size = channels.channels / groups.channels.max(1);
        let mean: Vec<T> = moments.iter().map(|m| T::of(m.mean)).collect();
        let inverse: Vec<T> = moments
            .iter()
            .map(|m| T::of(1.0 / (m.variance() + self.epsilon).sqrt()))
            .collect();
        let spread = |values: &[T]| -> Vec<T> { values.iter().flat_map(|v| std::iter::repeat_n(*v, size)).collect() };
        let scale: Vec<T> = spread(&inverse)
            .iter()
            .zip(weight.iter().cycle())
            .map(|(i, w)| *i * *w)
            .collect();
        let output = channels.map(
            x,
            x,
            [&spread(&mean), &scale, &bias.repeat(inputs[0].dims()[0])],
            #[inline(always)]
            |[mean, scale, bias], x, _| (x - mean) * scale + bias,
        );
        let shape = [mean.len()];
        Ok(Forward {
            output: tensor(output, inputs[0].dims())?,
            saved: vec![tensor(mean, &shape)?, tensor(inverse, &shape)?],
            updates: Vec::new(),
        })
    }

    fn run_back<T: Number>(&self, kept: &Kept, gradient: &Tensor, wanted: &[bool]) -> Result<Vec<Option<Tensor>>> {
        let (groups, channels) = self.layouts(gradient.dims())?;
        let (x, g) = (view::<T>(NAME, kept.input(NAME, 0)?)?, view::<T>(NAME, gradient)?);
        let (x, g) = (x.slice(), g.slice());
        let weight = view::<T>(NAME, kept.input(NAME, 1)?)?;
        let (mean, inverse) = (view::<T>(NAME, kept.saved(NAME, 0)?)?, view::<T>(NAME, kept.saved(NAME, 1)?)?);
        let (weight, mean, inverse) = (weight.slice(), mean.slice(), inverse.slice());
        let size = channels.channels / groups.channels.max(1);
        let mean: Vec<T> = (0..channels.channels).map(|i| mean[i / size]).collect();
        let sums = channels.products(x, g, &mean);
        let mut results = vec![None; wanted.len()];
        if wanted[0] {
            let n = groups.inner as f64;
            let mut factors: [Vec<T>; 3] = Default::default();
            for (group, inverse) in inverse.iter().enumerate() {
                let members = group * size..(group + 1) * size;
                let weight = |i: usize| weight[i % weight.len()].wide();
                let total = |f: &dyn Fn(usize) -> f64| members.clone().map(|i| weight(i) * f(i)).sum::<f64>();
                let wide = inverse.wide();
                let even = -wide * total(&|i| sums[i].0) / n;
                let lean = -wide * wide * wide * total(&|i| sums[i].1) / n;
                for i in members.clone() {
                    for (factor, value) in factors.iter_mut().zip([wide * weight(i), even, lean]) {
                        factor.push(T::of(value));
                    }
                }
            }
            let [scale, even, lean] = &factors;
            let output = channels.map(
                x,
                g,
                [&mean, scale, even, lean],
                #[inline(always)]
                |[mean, scale, even, lean], x, g| scale * g + even + (x - mean) * lean,
            );
            results[0] = Some(tensor(output, gradient.dims())?);
        }
        let over_examples = |f: &dyn Fn(usize) -> f64| -> Result<Tensor> {
            let sum = |c: usize| T::of((c..sums.len()).step_by(weight.len()).map(f).sum::<f64>());
            tensor((0..weight.len()).map(sum).collect::<Vec<T>>(), &[weight.len()])
        };
        if wanted[1] {
            results[1] = Some(over_examples(&|i| sums[i].1 * inverse[i / size].wide())?);
        }
        if wanted[2] {
            results[2] = Some(over_examples(&|i| sums[i].0)?);
        }
        Ok(results)
    }
}

impl Operation for GroupNorm {
    fn name(&self) -> &'static str {
        NAME
    }

    fn forward(&self, inputs: &[&Tensor], _: &Pass) -> Result<Forward> {
        expect_inputs(NAME, inputs, 3..=3)?;
        let dims = inputs[0].dims();
        self.layouts(dims)?;
        for (parameter, what) in inputs[1..].iter().zip(["the weight", "the bias"]) {
            if parameter.dims() != [dims[1]] {
                return Err(OpsError::shape(NAME, what, parameter.dims(), format!("[{}]", dims[1])));
            }
        }
        by_precision!(NAME, inputs[0], T => self.run::<T>(inputs))
    }

    fn backward(&self, kept: &Kept, gradient: &Tensor, wanted: &[bool]) -> Result<Vec<Option<Tensor>>> {
        by_precision!(NAME, gradient, T => self.run_back::<T>(kept, gradient, wanted))
    }

    fn is_cheap(&self) -> bool {
        true
    }

    fn reads(&self) -> Reads {
        Reads::INPUTS
    }

    fn needs(&self, shapes: &[Vec<usize>], number_bytes: usize) -> Needs {
        Needs {
            saved: 2 * shapes[0][0] * self.groups * number_bytes,
            ..Needs::default()
        }
    }
}
