//! Batch normalisation.

use crate::channelwise::Channels;
use crate::error::{OpsError, Result};
use crate::number::Number;
use crate::operation::{Forward, Kept, Needs, Operation, Pass, Reads, expect_inputs};
use crate::view::{by_precision, tensor, view};
use candle_core::{Device, Tensor};

/// How running statistics follow those of the batches; `momentum` is the share of the new batch in all of them (what
/// Keras and Sonnet call momentum or decay is the share of the old, 1 less this).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Running {
    /// PyTorch: `running = (1 - momentum) running + momentum batch`, with the unbiased variance.
    #[default]
    PyTorch,
    /// Keras: the same with the biased variance.
    Keras,
    /// Sonnet (Enformer): averages without the bias towards their first value. The buffers are hidden sums that begin at 0,
    /// `hidden = (1 - momentum) hidden + momentum batch` with the biased variance, and a counter of updates; evaluation
    /// takes `hidden / (1 - (1 - momentum)^counter)`, and 0 before the first update.
    Sonnet,
}

/// Normalises each channel over batch and positions (Ioffe and Szegedy 2015), by the biased variance of the batch.
///
/// The statistics may be those of groups of examples (a virtual batch): then the running statistics follow the first
/// group, as with PyTorch's data parallelism.
///
/// # Shapes
/// Inputs: x `[batch, channel, ..]`, then weight, bias, running mean, running variance, all `[channel]`, and for
/// [`Running::Sonnet`] a counter `[1]`. From the running mean on they are buffers: training gives their new values,
/// evaluation normalises by them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BatchNorm {
    /// Added to the variance.
    pub epsilon: f64,
    /// Share of the new batch in the running statistics.
    pub momentum: f64,
    /// The convention of running statistics.
    pub running: Running,
    /// Examples that are normalised together, if not all of the batch; the last group may be smaller.
    pub group: Option<usize>,
}

impl Default for BatchNorm {
    /// PyTorch's: epsilon 1e-5, momentum 0.1, the whole batch.
    fn default() -> Self {
        Self {
            epsilon: 1e-5,
            momentum: 0.1,
            running: Running::PyTorch,
            group: None,
        }
    }
}

const NAME: &str = "batch_norm";

impl BatchNorm {
    fn layout(&self, dims: &[usize]) -> Result<Channels> {
        if dims.len() < 2 {
            return Err(OpsError::shape(NAME, "the input", dims, "[batch, channel, ..]"));
        }
        if self.group == Some(0) {
            return Err(OpsError::Setting {
                operation: NAME,
                what: "the examples of a group".into(),
                found: "0".into(),
                expected: "at least 1".into(),
            });
        }
        Ok(Channels {
            batch: dims[0],
            channels: dims[1],
            inner: dims[2..].iter().product(),
            group: self.group.unwrap_or(dims[0]).max(1),
        })
    }

    /// The new values of the buffers after a batch of this mean and variance.
    fn updates<T: Number>(&self, buffers: &[&[T]], mean: &[f64], variance: &[f64], count: usize) -> Result<Vec<(usize, Tensor)>> {
        let n = count as f64;
        let factor = if self.running == Running::PyTorch {
            n / (n - 1.0)
        } else {
            1.0
        };
        let mix = |running: &[T], batch: &[f64], factor: f64| -> Result<Tensor> {
            let mixed = running
                .iter()
                .zip(batch)
                .map(|(r, b)| T::of(r.wide() + self.momentum * (b * factor - r.wide())));
            tensor(mixed.collect::<Vec<T>>(), &[running.len()])
        };
        let mut updates = vec![(3, mix(buffers[0], mean, 1.0)?), (4, mix(buffers[1], variance, factor)?)];
        if let Some(counter) = buffers.get(2) {
            updates.push((5, tensor(vec![T::of(counter[0].wide() + 1.0)], &[1])?));
        }
        Ok(updates)
    }

    /// Mean and variance of evaluation.
    fn average<T: Number>(&self, buffers: &[&[T]]) -> (Vec<f64>, Vec<f64>) {
        let share = match buffers.get(2).map(|c| c[0].wide()) {
            None => 1.0,
            Some(counter) if counter > 0.0 => 1.0 / (1.0 - (1.0 - self.momentum).powf(counter)),
            Some(_) => 0.0,
        };
        let wide = |v: &[T]| v.iter().map(|v| v.wide() * share).collect();
        (wide(buffers[0]), wide(buffers[1]))
    }

    fn run<T: Number>(&self, inputs: &[&Tensor], pass: &Pass, layout: Channels) -> Result<Forward> {
        let x = view::<T>(NAME, inputs[0])?;
        let x = x.slice();
        let parameters = inputs[1..].iter().map(|p| view::<T>(NAME, p)).collect::<Result<Vec<_>>>()?;
        let parameters: Vec<&[T]> = parameters.iter().map(|p| p.slice()).collect();
        let (weight, bias, buffers) = (parameters[0], parameters[1], &parameters[2..]);
        let channels = layout.channels;
        let mut updates = Vec::new();
        let (mean, variance): (Vec<f64>, Vec<f64>) = if pass.training {
            let (mean, variance): (Vec<f64>, Vec<f64>) = layout.moments(x).iter().map(|m| (m.mean, m.variance())).unzip();
            updates = self.updates(buffers, &mean[..channels], &variance[..channels], layout.count(0))?;
            (mean, variance)
        } else {
            self.average(buffers)
        };
        let mean: Vec<T> = mean.iter().map(|m| T::of(*m)).collect();
        let inverse: Vec<T> = variance.iter().map(|v| T::of(1.0 / (v + self.epsilon).sqrt())).collect();
        let scale: Vec<T> = inverse.iter().zip(weight.iter().cycle()).map(|(i, w)| *i * *w).collect();
        let bias = bias.repeat(mean.len() / channels.max(1));
        // Evaluation has one set of statistics for all examples.
        let layout = Channels {
            group: if pass.training { layout.group } else { layout.batch.max(1) },
            ..layout
        };
        let output = layout.map(
            x,
            x,
            [&mean, &scale, &bias],
            #[inline(always)]
            |[mean, scale, bias], x, _| (x - mean) * scale + bias,
        );
        let shape = [mean.len()];
        let saved = vec![
            tensor(mean, &shape)?,
            tensor(inverse, &shape)?,
            Tensor::from_vec(vec![u8::from(pass.training)], 1, &Device::Cpu)?,
        ];
        Ok(Forward {
            output: tensor(output, inputs[0].dims())?,
            saved,
            updates,
        })
    }

    fn run_back<T: Number>(
        &self,
        kept: &Kept,
        gradient: &Tensor,
        wanted: &[bool],
        layout: Channels,
    ) -> Result<Vec<Option<Tensor>>> {
        let (x, g) = (view::<T>(NAME, kept.input(NAME, 0)?)?, view::<T>(NAME, gradient)?);
        let (x, g) = (x.slice(), g.slice());
        let weight = view::<T>(NAME, kept.input(NAME, 1)?)?;
        let (mean, inverse) = (view::<T>(NAME, kept.saved(NAME, 0)?)?, view::<T>(NAME, kept.saved(NAME, 1)?)?);
        let (weight, mean, inverse) = (weight.slice(), mean.slice(), inverse.slice());
        let measured = kept.saved(NAME, 2)?.to_vec1::<u8>()? == [1];
        let layout = Channels {
            group: if measured { layout.group } else { layout.batch.max(1) },
            ..layout
        };
        let channels = layout.channels;
        let mut results = vec![None; wanted.len()];
        let sums = if measured || wanted[1] || wanted[2] {
            layout.products(x, g, mean)
        } else {
            Vec::new()
        };
        if wanted[0] {
            let scale: Vec<T> = inverse.iter().zip(weight.iter().cycle()).map(|(i, w)| *i * *w).collect();
            let output = if measured {
                let factors = (0..scale.len()).map(|i| {
                    let (n, k, inverse) = (layout.count(i / channels) as f64, scale[i].wide(), inverse[i].wide());
                    (T::of(-k * sums[i].0 / n), T::of(-k * sums[i].1 / n * inverse * inverse))
                });
                let (even, lean): (Vec<T>, Vec<T>) = factors.unzip();
                layout.map(
                    x,
                    g,
                    [mean, &scale, &even, &lean],
                    #[inline(always)]
                    |[mean, scale, even, lean], x, g| scale * g + even + (x - mean) * lean,
                )
            } else {
                layout.map(
                    g,
                    g,
                    [&scale],
                    #[inline(always)]
                    |[scale], _, g| scale * g,
                )
            };
            results[0] = Some(tensor(output, gradient.dims())?);
        }
        let over_groups = |f: &dyn Fn(usize) -> f64| -> Result<Tensor> {
            let sum = |c: usize| T::of((c..sums.len()).step_by(channels).map(f).sum::<f64>());
            tensor((0..channels).map(sum).collect::<Vec<T>>(), &[channels])
        };
        if wanted[1] {
            results[1] = Some(over_groups(&|i| sums[i].1 * inverse[i].wide())?);
        }
        if wanted[2] {
            results[2] = Some(over_groups(&|i| sums[i].0)?);
        }
        Ok(results)
    }
}

impl Operation for BatchNorm {
    fn name(&self) -> &'static str {
        NAME
    }

    fn forward(&self, inputs: &[&Tensor], pass: &Pass) -> Result<Forward> {
        let buffers = if self.running == Running::Sonnet { 3 } else { 2 };
        expect_inputs(NAME, inputs, 3 + buffers..=3 + buffers)?;
        let dims = inputs[0].dims();
        let layout = self.layout(dims)?;
        let names = ["weight", "bias", "running mean", "running variance", "counter"];
        for (parameter, what) in inputs[1..].iter().zip(names) {
            let length = if what == "counter" { 1 } else { layout.channels };
            if parameter.dims() != [length] {
                return Err(OpsError::shape(
                    NAME,
                    format!("the {what}"),
                    parameter.dims(),
                    format!("[{length}]"),
                ));
            }
        }
        if pass.training && (0..layout.groups().max(1)).any(|group| layout.count(group) < 2) {
            return Err(OpsError::shape(
                NAME,
                "the input",
                dims,
                match self.group {
                    Some(group) => format!("more than one value per channel in training, in each group of {group} examples"),
                    None => "more than one value per channel in training".to_owned(),
                },
            ));
        }
        by_precision!(NAME, inputs[0], T => self.run::<T>(inputs, pass, layout))
    }

    fn backward(&self, kept: &Kept, gradient: &Tensor, wanted: &[bool]) -> Result<Vec<Option<Tensor>>> {
        let layout = self.layout(kept.shape(NAME, 0)?)?;
        by_precision!(NAME, gradient, T => self.run_back::<T>(kept, gradient, wanted, layout))
    }

    fn is_cheap(&self) -> bool {
        true
    }

    fn reads(&self) -> Reads {
        Reads::INPUTS
    }

    fn needs(&self, shapes: &[Vec<usize>], number_bytes: usize) -> Needs {
        let (batch, channels) = (shapes[0][0], shapes[0].get(1).copied().unwrap_or(0));
        let groups = batch.div_ceil(self.group.unwrap_or(batch).max(1));
        Needs {
            saved: 2 * groups * channels * number_bytes + 1,
            ..Needs::default()
        }
    }
}
