//! Layer normalisation.

use crate::buffer::take;
use crate::error::{OpsError, Result};
use crate::linear::add_up;
use crate::number::Number;
use crate::operation::{Forward, Kept, Needs, Operation, Pass, Reads, expect_inputs};
use crate::parallel::{fill_rows, map_tasks, pieces};
use crate::raw::vectorised;
use crate::view::{by_precision, tensor, view};
use candle_core::Tensor;

/// Normalises each position over its channels (Ba, Kiros and Hinton 2016), by the biased variance as PyTorch does.
///
/// # Shapes
/// Inputs: x `[batch, channel, position]` or `[batch, feature]`, then weight and bias, both `[channel]`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LayerNorm {
    /// Added to the variance.
    pub epsilon: f64,
}

const NAME: &str = "layer_norm";

#[derive(Clone, Copy)]
struct Sizes {
    batch: usize,
    channels: usize,
    inner: usize,
}

impl Sizes {
    fn of(dims: &[usize], weight: &[usize], bias: &[usize]) -> Result<Self> {
        if dims.len() < 2 || dims[1] == 0 {
            return Err(OpsError::shape(NAME, "the input", dims, "[batch, channel, ..]"));
        }
        for (found, what) in [(weight, "the weight"), (bias, "the bias")] {
            if found != [dims[1]] {
                return Err(OpsError::shape(NAME, what, found, format!("[{}]", dims[1])));
            }
        }
        Ok(Self {
            batch: dims[0],
            channels: dims[1],
            inner: dims[2..].iter().product(),
        })
    }
    fn example(self) -> usize {
        self.channels * self.inner
    }
}

/// Adds `f(channel, i)` over the channels to every position.
#[inline(always)]
fn over_channels<T: Number>(s: Sizes, sum: &mut [T], f: impl Fn(usize, usize, usize) -> T) {
    sum.fill(T::default());
    for c in 0..s.channels {
        for (p, t) in sum.iter_mut().enumerate() {
            *t += f(c, c * s.inner + p, p);
        }
    }
}

impl LayerNorm {
    /// Mean and inverse deviation of each example: `[batch, 2, position]`.
    fn statistics<T: Number>(&self, x: &[T], s: Sizes) -> Vec<T> {
        let (share, epsilon) = (T::of(1.0 / s.channels as f64), T::of(self.epsilon));
        let mut output = take::<T>(s.batch * 2 * s.inner);
        fill_rows(&mut output, 2 * s.inner, |first, rows| {
            for (r, row) in rows.chunks_mut(2 * s.inner).enumerate() {
                let x = &x[(first + r) * s.example()..][..s.example()];
                let (mean, inverse) = row.split_at_mut(s.inner);
                vectorised(
                    #[inline(always)]
                    || {
                        over_channels(s, mean, |_, i, _| x[i]);
                        mean.iter_mut().for_each(|m| *m *= share);
                        over_channels(s, inverse, |_, i, p| (x[i] - mean[p]) * (x[i] - mean[p]));
                        inverse
                            .iter_mut()
                            .for_each(|v| *v = T::of(1.0) / (*v * share + epsilon).root());
                    },
                );
            }
        });
        output
    }

    fn run<T: Number>(&self, inputs: &[&Tensor], s: Sizes) -> Result<Forward> {
        let (x, weight, bias) = (
            view::<T>(NAME, inputs[0])?,
            view::<T>(NAME, inputs[1])?,
            view::<T>(NAME, inputs[2])?,
        );
        let (x, weight, bias) = (x.slice(), weight.slice(), bias.slice());
        let statistics = self.statistics(x, s);
        let mut output = take::<T>(x.len());
        fill_rows(&mut output, s.example(), |first, piece| {
            for (r, target) in piece.chunks_mut(s.example()).enumerate() {
                let x = &x[(first + r) * s.example()..][..s.example()];
                let (mean, inverse) = statistics[(first + r) * 2 * s.inner..][..2 * s.inner].split_at(s.inner);
                vectorised(
                    #[inline(always)]
                    || {
                        for (c, (weight, bias)) in weight.iter().zip(bias).enumerate() {
                            let here = c * s.inner..(c + 1) * s.inner;
                            for (((t, x), m), i) in target[here.clone()].iter_mut().zip(&x[here]).zip(mean).zip(inverse) {
                                *t = (*x - *m) * *i * *weight + *bias;
                            }
                        }
                    },
                );
            }
        });
        let saved = vec![tensor(statistics, &[s.batch, 2, s.inner])?];
        Ok(Forward {
            output: tensor(output, inputs[0].dims())?,
            saved,
            updates: Vec::new(),
        })
    }

    fn run_back<T: Number>(&self, kept: &Kept, gradient: &Tensor, wanted: &[bool], s: Sizes) -> Result<Vec<Option<Tensor>>> {
        let (x, weight) = (view::<T>(NAME, kept.input(NAME, 0)?)?, view::<T>(NAME, kept.input(NAME, 1)?)?);
        let (g, statistics) = (view::<T>(NAME, gradient)?, view::<T>(NAME, kept.saved(NAME, 0)?)?);
        let (x, weight, g, statistics) = (x.slice(), weight.slice(), g.slice(), statistics.slice());
        let share = T::of(1.0 / s.channels as f64);
        let mut results = vec![None; wanted.len()];
        if wanted[0] {
            let mut output = take::<T>(x.len());
            fill_rows(&mut output, s.example(), |first, piece| {
                let (mut even, mut lean) = (vec![T::default(); s.inner], vec![T::default(); s.inner]);
                for (r, target) in piece.chunks_mut(s.example()).enumerate() {
                    let x = &x[(first + r) * s.example()..][..s.example()];
                    let g = &g[(first + r) * s.example()..][..s.example()];
                    let (mean, inverse) = statistics[(first + r) * 2 * s.inner..][..2 * s.inner].split_at(s.inner);
                    vectorised(
                        #[inline(always)]
                        || {
                            over_channels(s, &mut even, |c, i, _| g[i] * weight[c]);
                            over_channels(s, &mut lean, |c, i, p| g[i] * weight[c] * (x[i] - mean[p]) * inverse[p]);
                            for (c, weight) in weight.iter().enumerate() {
                                for p in 0..s.inner {
                                    let i = c * s.inner + p;
                                    let normal = (x[i] - mean[p]) * inverse[p];
                                    target[i] = inverse[p] * (g[i] * *weight - even[p] * share - normal * lean[p] * share);
                                }
                            }
                        },
                    );
                }
            });
            results[0] = Some(tensor(output, gradient.dims())?);
        }
        if wanted[1] || wanted[2] {
            let parts = pieces(s.batch, 16);
            let sums = map_tasks(parts.len(), |i| {
                let mut sum = vec![T::default(); 2 * s.channels];
                for b in parts[i].0..parts[i].0 + parts[i].1 {
                    let (mean, inverse) = statistics[b * 2 * s.inner..][..2 * s.inner].split_at(s.inner);
                    for c in 0..s.channels {
                        let at = b * s.example() + c * s.inner;
                        for p in 0..s.inner {
                            sum[c] += g[at + p] * (x[at + p] - mean[p]) * inverse[p];
                            sum[s.channels + c] += g[at + p];
                        }
                    }
                }
                sum
            });
            let mut dw = add_up(sums);
            let db = dw.split_off(s.channels);
            results[1] = Some(tensor(dw, &[s.channels])?).filter(|_| wanted[1]);
            results[2] = Some(tensor(db, &[s.channels])?).filter(|_| wanted[2]);
        }
        Ok(results)
    }
}

impl Operation for LayerNorm {
    fn name(&self) -> &'static str {
        NAME
    }

    fn forward(&self, inputs: &[&Tensor], _: &Pass) -> Result<Forward> {
        expect_inputs(NAME, inputs, 3..=3)?;
        let s = Sizes::of(inputs[0].dims(), inputs[1].dims(), inputs[2].dims())?;
        by_precision!(NAME, inputs[0], T => self.run::<T>(inputs, s))
    }

    fn backward(&self, kept: &Kept, gradient: &Tensor, wanted: &[bool]) -> Result<Vec<Option<Tensor>>> {
        let s = Sizes::of(kept.shape(NAME, 0)?, kept.shape(NAME, 1)?, kept.shape(NAME, 2)?)?;
        by_precision!(NAME, gradient, T => self.run_back::<T>(kept, gradient, wanted, s))
    }

    fn reads(&self) -> Reads {
        Reads::INPUTS
    }

    fn needs(&self, shapes: &[Vec<usize>], number_bytes: usize) -> Needs {
        let channels = shapes[0].get(1).copied().unwrap_or(1).max(1);
        Needs {
            saved: 2 * shapes[0].iter().product::<usize>() / channels * number_bytes,
            ..Needs::default()
        }
    }
}
