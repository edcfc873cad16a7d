//! Pooling by attention.

use crate::buffer::{lend, take};
use crate::error::{OpsError, Result};
use crate::number::Number;
use crate::operation::{Forward, Kept, Needs, Operation, Pass, Reads, expect_inputs};
use crate::parallel::for_each_task;
use crate::raw::{Steps, parallel_product, vectorised};
use crate::raw_columns::Columns;
use crate::view::{by_precision, tensor, view};
use candle_core::Tensor;

/// Pools windows next to each other by a softmax over their positions, channel by channel, whose logits are a linear map
/// of the channels (Enformer, Avsec et al. 2021).
///
/// A remainder at the end is a window of its own: as in enformer-pytorch, places beyond the end have no weight.
///
/// # Shapes
/// Inputs: x `[batch, channel, position]`, then weight `[channel, channel]` (out, in); output
/// `[batch, channel, ceil(position / window)]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AttentionPool {
    /// Window and step.
    pub window: usize,
}

const NAME: &str = "pool(attention)";
/// Rows per task.
const ROWS: usize = 16_384;

#[derive(Clone, Copy)]
struct Sizes {
    batch: usize,
    channels: usize,
    length: usize,
    pooled: usize,
}

impl AttentionPool {
    fn sizes(&self, x: &[usize], weight: &[usize]) -> Result<Sizes> {
        if self.window == 0 {
            return Err(OpsError::Setting {
                operation: NAME,
                what: "window".into(),
                found: "0".into(),
                expected: "at least 1".into(),
            });
        }
        let &[batch, channels, length] = x else {
            return Err(OpsError::shape(NAME, "the input", x, "[batch, channel, position]"));
        };
        if weight != [channels, channels] {
            return Err(OpsError::shape(
                NAME,
                "the weight",
                weight,
                format!("[{channels}, {channels}]"),
            ));
        }
        Ok(Sizes {
            batch,
            channels,
            length,
            pooled: length.div_ceil(self.window),
        })
    }

    /// Runs `work(first row, x, p, y)` over pieces of rows of x, the weights p and the output y.
    fn by_rows<T: Number>(
        &self,
        s: Sizes,
        x: &[T],
        p: &mut [T],
        y: &mut [T],
        work: impl Fn(&[T], &mut [T], &mut [T]) + Sync + Send,
    ) {
        let rows = s.batch * s.channels;
        let size = (ROWS / s.length.max(1)).max(1);
        if rows == 0 || s.length == 0 {
            return;
        }
        let (ps, ys) = (
            Columns::new(p, 1, rows * s.length, size * s.length),
            Columns::new(y, 1, rows * s.pooled, size * s.pooled),
        );
        for_each_task(ps.count(), |i| {
            let (mut p, mut y) = (ps.block(i), ys.block(i));
            let x = &x[p.start..p.start + p.width];
            let (p, y) = (p.row(0), y.row(0));
            vectorised(
                #[inline(always)]
                || {
                    let rows = x.chunks_exact(s.length).zip(p.chunks_exact_mut(s.length));
                    for ((x, p), y) in rows.zip(y.chunks_exact_mut(s.pooled)) {
                        work(x, p, y);
                    }
                },
            );
        });
    }

    fn run<T: Number>(&self, inputs: &[&Tensor], s: Sizes) -> Result<Forward> {
        let (x, weight) = (view::<T>(NAME, inputs[0])?, view::<T>(NAME, inputs[1])?);
        let (x, weight) = (x.slice(), weight.slice());
        let mut weights = take::<T>(x.len());
        for (x, logits) in x.chunks_exact(s.size()).zip(weights.chunks_exact_mut(s.size())) {
            let (w, x) = ((weight, Steps::rows(s.channels)), (x, Steps::rows(s.length)));
            parallel_product((s.channels, s.length, s.channels), logits, false, w, x);
        }
        let mut output = take::<T>(s.batch * s.channels * s.pooled);
        self.by_rows(
            s,
            x,
            &mut weights,
            &mut output,
            #[inline(always)]
            |x, p, y| {
                if self.window == 2 {
                    let ((xs, xr), (ps, pr)) = (x.as_chunks::<2>(), p.as_chunks_mut::<2>());
                    for ((x, p), y) in xs.iter().zip(ps).zip(y.iter_mut()) {
                        let first = (p[0] - p[1]).logistic();
                        *p = [first, T::of(1.0) - first];
                        *y = x[0] * p[0] + x[1] * p[1];
                    }
                    if let ([x], [p], Some(y)) = (xr, pr, y.last_mut()) {
                        *p = T::of(1.0);
                        *y = *x;
                    }
                    return;
                }
                let windows = x.chunks(self.window).zip(p.chunks_mut(self.window));
                for ((x, p), y) in windows.zip(y) {
                    let top = p[1..].iter().fold(p[0], |a, b| if *b > a { *b } else { a });
                    let mut sum = T::default();
                    for p in p.iter_mut() {
                        *p = (*p - top).exponential();
                        sum += *p;
                    }
                    *y = T::default();
                    for (p, x) in p.iter_mut().zip(x) {
                        *p /= sum;
                        *y += *p * *x;
                    }
                }
            },
        );
        Ok(Forward {
            output: tensor(output, &[s.batch, s.channels, s.pooled])?,
            saved: vec![tensor(weights, inputs[0].dims())?],
            updates: Vec::new(),
        })
    }

    fn run_back<T: Number>(&self, kept: &Kept, gradient: &Tensor, wanted: &[bool], s: Sizes) -> Result<Vec<Option<Tensor>>> {
        let (x, weight) = (view::<T>(NAME, kept.input(NAME, 0)?)?, view::<T>(NAME, kept.input(NAME, 1)?)?);
        let (p, g) = (view::<T>(NAME, kept.saved(NAME, 0)?)?, view::<T>(NAME, gradient)?);
        let y = view::<T>(NAME, kept.output(NAME)?)?;
        let (x, weight, p, g, y) = (x.slice(), weight.slice(), p.slice(), g.slice(), y.slice());
        // What reaches x through the weighted mean, and what reaches the logits.
        let mut direct = take::<T>(x.len());
        let mut logits = lend::<T>(x.len());
        let rows = s.batch * s.channels;
        let size = (ROWS / s.length.max(1)).max(1);
        let (dx, dl) = (
            Columns::new(&mut direct, 1, rows * s.length, size * s.length),
            Columns::new(&mut logits, 1, rows * s.length, size * s.length),
        );
        for_each_task(dx.count(), |i| {
            let (mut dx, mut dl) = (dx.block(i), dl.block(i));
            let here = dx.start..dx.start + dx.width;
            let first = dx.start / s.length * s.pooled;
            let (x, p, g, y) = (&x[here.clone()], &p[here], &g[first..], &y[first..]);
            let (dx, dl) = (dx.row(0), dl.row(0));
            vectorised(
                #[inline(always)]
                || {
                    for r in 0..dx.len() / s.length {
                        let (here, pooled) = (r * s.length..(r + 1) * s.length, r * s.pooled..(r + 1) * s.pooled);
                        let (x, p, g, y) = (&x[here.clone()], &p[here.clone()], &g[pooled.clone()], &y[pooled]);
                        let (dx, dl) = (&mut dx[here.clone()], &mut dl[here]);
                        if self.window == 2 {
                            let ((xs, _), (ps, _)) = (x.as_chunks::<2>(), p.as_chunks::<2>());
                            let ((dxs, rest), (dls, free)) = (dx.as_chunks_mut::<2>(), dl.as_chunks_mut::<2>());
                            for (((((x, p), dx), dl), g), y) in xs.iter().zip(ps).zip(dxs).zip(dls).zip(g).zip(y) {
                                for i in 0..2 {
                                    dx[i] = *g * p[i];
                                    dl[i] = dx[i] * (x[i] - *y);
                                }
                            }
                            if let ([dx], [dl], Some(g)) = (rest, free, g.last()) {
                                *dx = *g;
                                *dl = T::default();
                            }
                            continue;
                        }
                        let windows = x.chunks(self.window).zip(p.chunks(self.window)).zip(g.iter().zip(y));
                        let targets = dx.chunks_mut(self.window).zip(dl.chunks_mut(self.window));
                        for (((x, p), (g, y)), (dx, dl)) in windows.zip(targets) {
                            for (((x, p), dx), dl) in x.iter().zip(p).zip(dx).zip(dl) {
                                *dx = *g * *p;
                                *dl = *dx * (*x - *y);
                            }
                        }
                    }
                },
            );
        });
        drop((dx, dl));
        let mut results = vec![None; wanted.len()];
        if wanted[1] {
            let mut dw = vec![T::default(); s.channels * s.channels];
            for (i, (x, logits)) in x.chunks_exact(s.size()).zip(logits.chunks_exact(s.size())).enumerate() {
                let (l, x) = ((logits, Steps::rows(s.length)), (x, Steps::columns(s.length)));
                parallel_product((s.channels, s.channels, s.length), &mut dw, i > 0, l, x);
            }
            results[1] = Some(tensor(dw, &[s.channels, s.channels])?);
        }
        if wanted[0] {
            for (dx, logits) in direct.chunks_exact_mut(s.size()).zip(logits.chunks_exact(s.size())) {
                let (w, l) = ((weight, Steps::columns(s.channels)), (logits, Steps::rows(s.length)));
                parallel_product((s.channels, s.length, s.channels), dx, true, w, l);
            }
            results[0] = Some(tensor(direct, &[s.batch, s.channels, s.length])?);
        }
        Ok(results)
    }
}

impl Sizes {
    /// Values of an example, at least 1 so that slices can be cut by it.
    fn size(self) -> usize {
        (self.channels * self.length).max(1)
    }
}

impl Operation for AttentionPool {
    fn name(&self) -> &'static str {
        NAME
    }

    fn forward(&self, inputs: &[&Tensor], _: &Pass) -> Result<Forward> {
        expect_inputs(NAME, inputs, 2..=2)?;
        let s = self.sizes(inputs[0].dims(), inputs[1].dims())?;
        by_precision!(NAME, inputs[0], T => self.run::<T>(inputs, s))
    }

    fn backward(&self, kept: &Kept, gradient: &Tensor, wanted: &[bool]) -> Result<Vec<Option<Tensor>>> {
        let s = self.sizes(kept.shape(NAME, 0)?, kept.shape(NAME, 1)?)?;
        by_precision!(NAME, gradient, T => self.run_back::<T>(kept, gradient, wanted, s))
    }

    fn reads(&self) -> Reads {
        Reads {
            inputs: true,
            output: true,
        }
    }

    fn needs(&self, shapes: &[Vec<usize>], number_bytes: usize) -> Needs {
        let input = shapes[0].iter().product::<usize>() * number_bytes;
        Needs {
            saved: input,
            backward: input,
            ..Needs::default()
        }
    }
}
