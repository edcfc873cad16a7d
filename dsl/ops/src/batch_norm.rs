//! Batch normalisation.

use crate::buffer::take;
use crate::error::{OpsError, Result};
use crate::number::Number;
use crate::operation::{Forward, Kept, Needs, Operation, Pass, Reads, expect_inputs};
use crate::parallel::{fill_rows, map_tasks, sum_of2};
use crate::raw::vectorised;
use crate::view::{by_precision, tensor, view};
use candle_core::{Device, Tensor};

/// Normalises each channel over batch and positions (Ioffe and Szegedy 2015), with PyTorch's semantics: the batch is
/// normalised by its biased variance, and `running = (1 - momentum) running + momentum batch` with the unbiased one.
///
/// # Shapes
/// Inputs: x `[batch, channel, ..]`, then weight, bias, running mean, running variance, all `[channel]`. The last two
/// are buffers: training gives their new values, evaluation normalises by them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BatchNorm {
    /// Added to the variance.
    pub epsilon: f64,
    /// Share of the new batch in the running statistics.
    pub momentum: f64,
}

const NAME: &str = "batch_norm";
/// Rows below this length are summed side by side.
const SHORT: usize = 32;

#[derive(Clone, Copy)]
struct Sizes {
    batch: usize,
    channels: usize,
    inner: usize,
}

impl Sizes {
    fn of(dims: &[usize]) -> Result<Self> {
        if dims.len() < 2 {
            return Err(OpsError::shape(NAME, "the input", dims, "[batch, channel, ..]"));
        }
        Ok(Self {
            batch: dims[0],
            channels: dims[1],
            inner: dims[2..].iter().product(),
        })
    }
    fn count(self) -> usize {
        self.batch * self.inner
    }
    /// Sums two functions of `x - mean` and g over each channel; single precision is left before it loses digits.
    fn sums<T: Number>(self, x: &[T], g: &[T], mean: &[T], f: impl Fn(T, T) -> (T, T) + Sync + Send) -> Vec<(f64, f64)> {
        // Channels of short rows are summed side by side, long rows each by itself.
        let group = if self.inner < SHORT {
            (2 * SHORT / self.inner.max(1)).max(1)
        } else {
            1
        };
        let groups = self.channels.div_ceil(group);
        let work = |i: usize| {
            let channels = i * group..((i + 1) * group).min(self.channels);
            if self.inner < SHORT {
                self.short(x, g, &mean[channels.clone()], channels.start, &f)
            } else {
                self.long(x, g, mean[i], i, &f)
            }
        };
        if self.count() * self.channels < 8_192 {
            (0..groups).flat_map(work).collect()
        } else {
            map_tasks(groups, work).concat()
        }
    }

    fn short<T: Number>(self, x: &[T], g: &[T], mean: &[T], first: usize, f: &impl Fn(T, T) -> (T, T)) -> Vec<(f64, f64)> {
        let width = mean.len() * self.inner;
        let means: Vec<T> = mean.iter().flat_map(|m| std::iter::repeat_n(*m, self.inner)).collect();
        let mut totals = vec![(0.0, 0.0); mean.len()];
        let (mut p, mut q) = (vec![T::default(); width], vec![T::default(); width]);
        for start in (0..self.batch).step_by(64) {
            p.fill(T::default());
            q.fill(T::default());
            for b in start..(start + 64).min(self.batch) {
                let here = (b * self.channels + first) * self.inner..(b * self.channels + first) * self.inner + width;
                let (x, g) = (&x[here.clone()], &g[here]);
                vectorised(
                    #[inline(always)]
                    || {
                        for ((((p, q), x), g), m) in p.iter_mut().zip(&mut q).zip(x).zip(g).zip(&means) {
                            let (a, b) = f(*x - *m, *g);
                            *p += a;
                            *q += b;
                        }
                    },
                );
            }
            for (i, (p, q)) in p.iter().zip(&q).enumerate() {
                totals[i / self.inner].0 += p.wide();
                totals[i / self.inner].1 += q.wide();
            }
        }
        totals
    }

    fn long<T: Number>(self, x: &[T], g: &[T], mean: T, channel: usize, f: &impl Fn(T, T) -> (T, T)) -> Vec<(f64, f64)> {
        let mut total = (0.0, 0.0);
        for b in 0..self.batch {
            let start = (b * self.channels + channel) * self.inner;
            for at in (start..start + self.inner).step_by(4096) {
                let here = at..(at + 4096).min(start + self.inner);
                let (x, g) = (&x[here.clone()], &g[here]);
                let (p, q) = vectorised(
                    #[inline(always)]
                    || {
                        (
                            sum_of2(
                                x,
                                g,
                                #[inline(always)]
                                |x, g| f(x - mean, g).0,
                            ),
                            sum_of2(
                                x,
                                g,
                                #[inline(always)]
                                |x, g| f(x - mean, g).1,
                            ),
                        )
                    },
                );
                total.0 += p.wide();
                total.1 += q.wide();
            }
        }
        vec![total]
    }

    /// Fills the output by rows: `fill` gets the channel of the first value, the range of the rows and the target.
    fn fill<T: Number>(self, output: &mut [T], fill: impl Fn(Channels, std::ops::Range<usize>, &mut [T]) + Sync + Send) {
        let row = if self.inner == 1 { self.channels } else { self.inner };
        fill_rows(output, row, |first, piece| {
            vectorised(
                #[inline(always)]
                || {
                    for (r, target) in piece.chunks_mut(row).enumerate() {
                        let at = first + r;
                        let channels = if self.inner == 1 {
                            Channels::Each
                        } else {
                            Channels::One(at % self.channels)
                        };
                        fill(channels, at * row..(at + 1) * row, target);
                    }
                },
            );
        });
    }
}

/// The channels of a row.
#[derive(Clone, Copy)]
enum Channels {
    One(usize),
    Each,
}

/// `f(x, channel)` along a row, in the two layouts.
#[inline(always)]
fn along<T: Number>(channels: Channels, target: &mut [T], mut f: impl FnMut(usize, usize) -> T) {
    match channels {
        Channels::One(c) => target.iter_mut().enumerate().for_each(|(i, t)| *t = f(i, c)),
        Channels::Each => target.iter_mut().enumerate().for_each(|(i, t)| *t = f(i, i)),
    }
}

struct Statistics<T> {
    mean: Vec<T>,
    inverse: Vec<T>,
}

impl BatchNorm {
    fn measure<T: Number>(&self, x: &[T], s: Sizes) -> (Vec<f64>, Vec<f64>) {
        let n = s.count() as f64;
        let plain = s.sums(
            x,
            x,
            &vec![T::default(); s.channels],
            #[inline(always)]
            |x, _| (x, T::default()),
        );
        let mean: Vec<f64> = plain.iter().map(|p| p.0 / n).collect();
        let narrow: Vec<T> = mean.iter().map(|m| T::of(*m)).collect();
        // Deviations from the rounded mean; what rounding left is taken off again.
        let deviations = s.sums(
            x,
            x,
            &narrow,
            #[inline(always)]
            |d, _| (d * d, d),
        );
        let variance = deviations
            .iter()
            .map(|(square, rest)| (square / n - (rest / n) * (rest / n)).max(0.0))
            .collect();
        (mean, variance)
    }

    fn statistics<T: Number>(&self, mean: &[f64], variance: &[f64]) -> Statistics<T> {
        Statistics {
            mean: mean.iter().map(|m| T::of(*m)).collect(),
            inverse: variance.iter().map(|v| T::of(1.0 / (v + self.epsilon).sqrt())).collect(),
        }
    }

    fn run<T: Number>(&self, inputs: &[&Tensor], pass: &Pass, s: Sizes) -> Result<Forward> {
        let x = view::<T>(NAME, inputs[0])?;
        let x = x.slice();
        let parameters = inputs[1..].iter().map(|p| view::<T>(NAME, p)).collect::<Result<Vec<_>>>()?;
        let [weight, bias, running_mean, running_variance] = [0, 1, 2, 3].map(|i| parameters[i].slice());
        let wide = |v: &[T]| v.iter().map(|v| v.wide()).collect::<Vec<_>>();
        let mut updates = Vec::new();
        let statistics: Statistics<T> = if pass.training {
            let (mean, variance) = self.measure(x, s);
            let unbiased = s.count() as f64 / (s.count() as f64 - 1.0);
            let mix = |running: &[T], batch: &[f64], factor: f64| -> Result<Tensor> {
                let mixed = running
                    .iter()
                    .zip(batch)
                    .map(|(r, b)| T::of((1.0 - self.momentum) * r.wide() + self.momentum * b * factor));
                tensor(mixed.collect::<Vec<T>>(), &[s.channels])
            };
            updates.push((3, mix(running_mean, &mean, 1.0)?));
            updates.push((4, mix(running_variance, &variance, unbiased)?));
            self.statistics(&mean, &variance)
        } else {
            self.statistics(&wide(running_mean), &wide(running_variance))
        };
        let scale: Vec<T> = weight.iter().zip(&statistics.inverse).map(|(w, i)| *w * *i).collect();
        let mean = &statistics.mean;
        let mut output = take::<T>(x.len());
        s.fill(
            &mut output,
            #[inline(always)]
            |channels, range, target| {
                let x = &x[range];
                match channels {
                    Channels::One(c) => {
                        let (m, k, b) = (mean[c], scale[c], bias[c]);
                        target.iter_mut().zip(x).for_each(|(t, x)| *t = (*x - m) * k + b);
                    }
                    Channels::Each => along(channels, target, |i, c| (x[i] - mean[c]) * scale[c] + bias[c]),
                }
            },
        );
        let saved = vec![
            tensor(statistics.mean, &[s.channels])?,
            tensor(statistics.inverse, &[s.channels])?,
            Tensor::from_vec(vec![u8::from(pass.training)], 1, &Device::Cpu)?,
        ];
        Ok(Forward {
            output: tensor(output, inputs[0].dims())?,
            saved,
            updates,
        })
    }

    fn run_back<T: Number>(&self, kept: &Kept, gradient: &Tensor, wanted: &[bool], s: Sizes) -> Result<Vec<Option<Tensor>>> {
        let (x, g) = (view::<T>(NAME, kept.input(NAME, 0)?)?, view::<T>(NAME, gradient)?);
        let (x, g) = (x.slice(), g.slice());
        let weight = view::<T>(NAME, kept.input(NAME, 1)?)?;
        let (mean, inverse) = (view::<T>(NAME, kept.saved(NAME, 0)?)?, view::<T>(NAME, kept.saved(NAME, 1)?)?);
        let (weight, mean, inverse) = (weight.slice(), mean.slice(), inverse.slice());
        let measured = kept.saved(NAME, 2)?.to_vec1::<u8>()? == [1];
        let raw = s.sums(
            x,
            g,
            mean,
            #[inline(always)]
            |d, g| (g, g * d),
        );
        let sums: Vec<(f64, f64)> = raw.iter().zip(inverse).map(|(p, i)| (p.0, p.1 * i.wide())).collect();
        let mut results = vec![None; wanted.len()];
        if wanted[0] {
            let n = s.count() as f64;
            let scale: Vec<T> = weight.iter().zip(inverse).map(|(w, i)| *w * *i).collect();
            let share = if measured { 1.0 / n } else { 0.0 };
            let even: Vec<T> = sums.iter().map(|p| T::of(p.0 * share)).collect();
            let lean: Vec<T> = sums.iter().zip(inverse).map(|(p, i)| T::of(p.1 * share) * *i).collect();
            let mut output = take::<T>(x.len());
            s.fill(
                &mut output,
                #[inline(always)]
                |channels, range, target| {
                    let (x, g) = (&x[range.clone()], &g[range]);
                    match channels {
                        Channels::One(c) => {
                            let (k, e, m, l) = (scale[c], even[c], mean[c], lean[c]);
                            target
                                .iter_mut()
                                .zip(x)
                                .zip(g)
                                .for_each(|((t, x), g)| *t = k * (*g - e - (*x - m) * l));
                        }
                        Channels::Each => {
                            along(channels, target, |i, c| {
                                scale[c] * (g[i] - even[c] - (x[i] - mean[c]) * lean[c])
                            });
                        }
                    }
                },
            );
            results[0] = Some(tensor(output, gradient.dims())?);
        }
        if wanted[1] {
            results[1] = Some(tensor(sums.iter().map(|p| T::of(p.1)).collect::<Vec<T>>(), &[s.channels])?);
        }
        if wanted[2] {
            results[2] = Some(tensor(sums.iter().map(|p| T::of(p.0)).collect::<Vec<T>>(), &[s.channels])?);
        }
        Ok(results)
    }
}

impl Operation for BatchNorm {
    fn name(&self) -> &'static str {
        NAME
    }

    fn forward(&self, inputs: &[&Tensor], pass: &Pass) -> Result<Forward> {
        expect_inputs(NAME, inputs, 5..=5)?;
        let dims = inputs[0].dims();
        let s = Sizes::of(dims)?;
        for (parameter, what) in inputs[1..].iter().zip(["weight", "bias", "running mean", "running variance"]) {
            if parameter.dims() != [s.channels] {
                return Err(OpsError::shape(
                    NAME,
                    format!("the {what}"),
                    parameter.dims(),
                    format!("[{}]", s.channels),
                ));
            }
        }
        if pass.training && s.count() < 2 {
            return Err(OpsError::shape(
                NAME,
                "the input",
                dims,
                "more than one value per channel in training",
            ));
        }
        by_precision!(NAME, inputs[0], T => self.run::<T>(inputs, pass, s))
    }

    fn backward(&self, kept: &Kept, gradient: &Tensor, wanted: &[bool]) -> Result<Vec<Option<Tensor>>> {
        let s = Sizes::of(kept.shape(NAME, 0)?)?;
        by_precision!(NAME, gradient, T => self.run_back::<T>(kept, gradient, wanted, s))
    }

    fn reads(&self) -> Reads {
        Reads::INPUTS
    }

    fn needs(&self, shapes: &[Vec<usize>], number_bytes: usize) -> Needs {
        let channels = shapes[0].get(1).copied().unwrap_or(0);
        Needs {
            saved: 2 * channels * number_bytes + 1,
            ..Needs::default()
        }
    }
}
