//! Normalisation of each position over its channels, by strips of positions that stay in the cache.

use crate::buffer::{take, zeroed};
use crate::linear::add_up;
use crate::number::Number;
use crate::parallel::{for_each_task, map_tasks, pieces};
use crate::raw::vectorised;
use crate::raw_columns::{Block, Columns};

/// Values of a strip, all channels together. Wide strips read memory in long runs, which counts for more than a strip
/// that fits the second cache.
const STRIP: usize = 196_608;
/// Strips that a batch is cut into, at least, unless they would be narrow.
const STRIPS: usize = 8;
/// Sums kept side by side.
const LANES: usize = 16;
/// Channels whose mean is the first guess of the mean.
const GUESS: usize = 8;
/// Values below which one thread does all.
const SMALL: usize = 16_384;

/// `[batch, channel, inner]`, and whether the mean is taken off (layer norm) or not (root mean square).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Across {
    pub(crate) batch: usize,
    pub(crate) channels: usize,
    pub(crate) inner: usize,
    pub(crate) centred: bool,
}

/// What backward gives: the gradients of input, weight and bias.
pub(crate) type Gradients<T> = (Vec<T>, Vec<T>, Vec<T>);

impl Across {
    fn width(self) -> usize {
        let each = STRIPS.div_ceil(self.batch.max(1));
        let shared = self.inner.div_ceil(each).max(64);
        (STRIP / self.channels.max(1))
            .clamp(64, 1_024)
            .min(shared)
            .next_multiple_of(LANES)
    }

    fn row(self, block: &Block<'_, impl Sized>, channel: usize) -> std::ops::Range<usize> {
        let start = (block.group * self.channels + channel) * self.inner + block.start;
        start..start + block.width
    }

    fn run(self, count: usize, task: impl Fn(usize) + Sync + Send) {
        if self.batch * self.channels * self.inner <= SMALL {
            (0..count).for_each(task);
        } else {
            for_each_task(count, task);
        }
    }

    /// The output, and mean and inverse deviation of every position: `[batch, 2, inner]`.
    pub(crate) fn forward<T: Number>(self, x: &[T], weight: &[T], bias: Option<&[T]>, epsilon: f64) -> (Vec<T>, Vec<T>) {
        let mut output = take::<T>(x.len());
        let mut statistics = take::<T>(self.batch * 2 * self.inner);
        if self.inner == 1 {
            let size = pieces(self.batch, (x.len() / SMALL).max(1))[0].1.max(1);
            let outputs = Columns::new(&mut output, 1, self.batch * self.channels, size * self.channels);
            let found = Columns::new(&mut statistics, 1, 2 * self.batch, 2 * size);
            self.run(outputs.count(), |i| {
                let (mut target, mut found) = (outputs.block(i), found.block(i));
                let x = &x[target.start..target.start + target.width];
                let (target, found) = (target.row(0), found.row(0));
                vectorised(
                    #[inline(always)]
                    || self.forward_rows(x, weight, bias, epsilon, target, found),
                );
            });
            return (output, statistics);
        }
        let outputs = Columns::new(&mut output, self.channels, self.inner, self.width());
        let found = Columns::new(&mut statistics, 2, self.inner, self.width());
        self.run(outputs.count(), |i| {
            let (mut target, mut found) = (outputs.block(i), found.block(i));
            vectorised(
                #[inline(always)]
                || self.forward_strip(x, weight, bias, epsilon, &mut target, &mut found),
            );
        });
        (output, statistics)
    }

    #[inline(always)]
    fn forward_rows<T: Number>(self, x: &[T], weight: &[T], bias: Option<&[T]>, epsilon: f64, target: &mut [T], found: &mut [T]) {
        let n = self.channels as f64;
        let rows = x.chunks_exact(self.channels).zip(target.chunks_exact_mut(self.channels));
        for ((x, target), found) in rows.zip(found.chunks_exact_mut(2)) {
            let head = &x[..x.len().min(LANES)];
            let guess = if self.centred {
                head.iter().fold(T::default(), |a, v| a + *v) * T::of(1.0 / head.len() as f64)
            } else {
                T::default()
            };
            let (mut p, mut q) = ([T::default(); LANES], [T::default(); LANES]);
            let (blocks, rest) = x.as_chunks::<LANES>();
            for block in blocks {
                for l in 0..LANES {
                    let d = block[l] - guess;
                    p[l] += d;
                    q[l] += d * d;
                }
            }
            for (l, x) in rest.iter().enumerate() {
                let d = *x - guess;
                p[l] += d;
                q[l] += d * d;
            }
            let total = |lanes: [T; LANES]| lanes.iter().map(|v| v.wide()).sum::<f64>();
            let (sum, square) = (total(p), total(q));
            let (mean, variance) = if self.centred {
                (guess + T::of(sum / n), (square / n - (sum / n) * (sum / n)).max(0.0))
            } else {
                (T::default(), square / n)
            };
            let inverse = T::of(1.0 / (variance + epsilon).sqrt());
            found[0] = mean;
            found[1] = inverse;
            match bias {
                Some(bias) => {
                    for (((t, x), w), b) in target.iter_mut().zip(x).zip(weight).zip(bias) {
                        *t = (*x - mean) * inverse * *w + *b;
                    }
                }
                None => {
                    for ((t, x), w) in target.iter_mut().zip(x).zip(weight) {
                        *t = (*x - mean) * inverse * *w;
                    }
                }
            }
        }
    }

    #[inline(always)]
    fn forward_strip<T: Number>(
        self,
        x: &[T],
        weight: &[T],
        bias: Option<&[T]>,
        epsilon: f64,
        target: &mut Block<'_, T>,
        found: &mut Block<'_, T>,
    ) {
        let width = target.width;
        let share = T::of(1.0 / self.channels as f64);
        let mut guess = vec![T::default(); width];
        let guessed = self.channels.min(GUESS);
        if self.centred {
            for c in 0..guessed {
                let x = &x[self.row(target, c)];
                guess.iter_mut().zip(x).for_each(|(m, x)| *m += *x);
            }
            guess.iter_mut().for_each(|m| *m *= T::of(1.0 / guessed as f64));
        }
        let (mut sum, mut square) = (vec![T::default(); width], vec![T::default(); width]);
        let (sum, square, guess) = (&mut sum[..width], &mut square[..width], &guess[..width]);
        // Two channels at a time, so that the sums are loaded and stored half as often.
        let mut c = 0;
        while c + 1 < self.channels {
            let (a, b) = (&x[self.row(target, c)], &x[self.row(target, c + 1)]);
            for ((((a, b), m), s), q) in a.iter().zip(b).zip(guess).zip(sum.iter_mut()).zip(square.iter_mut()) {
                let (a, b) = (*a - *m, *b - *m);
                *s += a + b;
                *q += a * a + b * b;
            }
            c += 2;
        }
        if c < self.channels {
            let a = &x[self.row(target, c)];
            for (((a, m), s), q) in a.iter().zip(guess).zip(sum.iter_mut()).zip(square.iter_mut()) {
                let a = *a - *m;
                *s += a;
                *q += a * a;
            }
        }
        let epsilon = T::of(epsilon);
        for ((s, q), m) in sum.iter_mut().zip(square.iter_mut()).zip(guess) {
            let rest = *s * share;
            let variance = *q * share;
            if self.centred {
                *s = *m + rest;
                let variance = variance - rest * rest;
                let variance = if variance < T::default() { T::default() } else { variance };
                *q = T::of(1.0) / (variance + epsilon).root();
            } else {
                *s = T::default();
                *q = T::of(1.0) / (variance + epsilon).root();
            }
        }
        found.row(0).copy_from_slice(sum);
        found.row(1).copy_from_slice(square);
        for (c, w) in weight.iter().enumerate() {
            let b = bias.map_or(T::default(), |b| b[c]);
            let x = &x[self.row(target, c)];
            for (((t, x), m), i) in target.row(c).iter_mut().zip(x).zip(sum.iter()).zip(square.iter()) {
                *t = (*x - *m) * *i * *w + b;
            }
        }
    }

    /// The gradients of input, weight and bias; those of weight and bias are empty unless `parameters`.
    pub(crate) fn backward<T: Number>(self, x: &[T], g: &[T], weight: &[T], statistics: &[T], parameters: bool) -> Gradients<T> {
        let mut output = take::<T>(x.len());
        let sums = if self.inner == 1 {
            let size = pieces(self.batch, (x.len() / SMALL).clamp(1, 32))[0].1.max(1);
            let outputs = Columns::new(&mut output, 1, self.batch * self.channels, size * self.channels);
            let work = |i: usize| {
                let mut target = outputs.block(i);
                let here = target.start..target.start + target.width;
                let first = target.start / self.channels;
                let (x, g, statistics) = (&x[here.clone()], &g[here], &statistics[2 * first..]);
                let target = target.row(0);
                vectorised(
                    #[inline(always)]
                    || self.backward_rows(x, g, weight, statistics, parameters, target),
                )
            };
            self.map(outputs.count(), work)
        } else {
            let outputs = Columns::new(&mut output, self.channels, self.inner, self.width());
            let work = |i: usize| {
                let mut target = outputs.block(i);
                vectorised(
                    #[inline(always)]
                    || self.backward_strip(x, g, weight, statistics, parameters, &mut target),
                )
            };
            self.map(outputs.count(), work)
        };
        let mut dw = if sums.is_empty() && parameters {
            zeroed::<T>(2 * self.channels)
        } else {
            add_up(sums)
        };
        let db = dw.split_off(dw.len() / 2);
        (output, dw, db)
    }

    fn map<R: Send>(self, count: usize, task: impl Fn(usize) -> R + Sync + Send) -> Vec<R> {
        if self.batch * self.channels * self.inner <= SMALL {
            (0..count).map(task).collect()
        } else {
            map_tasks(count, task)
        }
    }

    #[inline(always)]
    fn backward_rows<T: Number>(
        self,
        x: &[T],
        g: &[T],
        weight: &[T],
        statistics: &[T],
        parameters: bool,
        target: &mut [T],
    ) -> Vec<T> {
        let channels = self.channels;
        let share = T::of(1.0 / channels as f64);
        let mut sums = vec![T::default(); if parameters { 2 * channels } else { 0 }];
        let rows = x.chunks_exact(channels).zip(g.chunks_exact(channels));
        for (((x, g), target), found) in rows.zip(target.chunks_exact_mut(channels)).zip(statistics.chunks_exact(2)) {
            let (mean, inverse) = (found[0], found[1]);
            let (mut p, mut q) = ([T::default(); LANES], [T::default(); LANES]);
            let ((xs, xr), (gs, gr), (ws, wr)) = (x.as_chunks::<LANES>(), g.as_chunks::<LANES>(), weight.as_chunks::<LANES>());
            for ((x, g), w) in xs.iter().zip(gs).zip(ws) {
                for l in 0..LANES {
                    let v = g[l] * w[l];
                    p[l] += v;
                    q[l] += v * (x[l] - mean);
                }
            }
            for (l, ((x, g), w)) in xr.iter().zip(gr).zip(wr).enumerate() {
                let v = *g * *w;
                p[l] += v;
                q[l] += v * (*x - mean);
            }
            let total = |lanes: [T; LANES]| lanes.iter().fold(T::default(), |a, v| a + *v);
            let even = if self.centred {
                total(p) * share * inverse
            } else {
                T::default()
            };
            let lean = total(q) * share * inverse * inverse * inverse;
            for (((t, x), g), w) in target.iter_mut().zip(x).zip(g).zip(weight) {
                *t = *g * *w * inverse - even - (*x - mean) * lean;
            }
            if parameters {
                let (dw, db) = sums.split_at_mut(channels);
                for (((dw, db), x), g) in dw.iter_mut().zip(db).zip(x).zip(g) {
                    *dw += *g * (*x - mean) * inverse;
                    *db += *g;
                }
            }
        }
        sums
    }

    #[inline(always)]
    fn backward_strip<T: Number>(
        self,
        x: &[T],
        g: &[T],
        weight: &[T],
        statistics: &[T],
        parameters: bool,
        target: &mut Block<'_, T>,
    ) -> Vec<T> {
        let width = target.width;
        let share = T::of(1.0 / self.channels as f64);
        let at = |row: usize| (target.group * 2 + row) * self.inner + target.start;
        let (mean, inverse) = (&statistics[at(0)..at(0) + width], &statistics[at(1)..at(1) + width]);
        let (mut even, mut lean) = (vec![T::default(); width], vec![T::default(); width]);
        let mut sums = vec![T::default(); if parameters { 2 * self.channels } else { 0 }];
        for (c, w) in weight.iter().enumerate() {
            let (x, g) = (&x[self.row(target, c)], &g[self.row(target, c)]);
            if parameters {
                let (p, q) = sum_row((x, g), (mean, inverse), *w, (&mut even, &mut lean));
                sums[c] = q;
                sums[self.channels + c] = p;
            } else {
                for ((((x, g), m), e), l) in x.iter().zip(g).zip(mean).zip(&mut even).zip(&mut lean) {
                    let v = *g * *w;
                    *e += v;
                    *l += v * (*x - *m);
                }
            }
        }
        for ((e, l), i) in even.iter_mut().zip(&mut lean).zip(inverse) {
            *e = if self.centred { *e * share * *i } else { T::default() };
            *l = *l * share * *i * *i * *i;
        }
        for (c, w) in weight.iter().enumerate() {
            let (x, g) = (&x[self.row(target, c)], &g[self.row(target, c)]);
            let row = target.row(c).iter_mut().zip(x).zip(g);
            for (((((t, x), g), (m, i)), e), l) in row.zip(mean.iter().zip(inverse)).zip(&even).zip(&lean) {
                *t = *g * *w * *i - *e - (*x - *m) * *l;
            }
        }
        sums
    }
}

/// Adds `g w` and `g w (x - mean)` to every position, and gives the sums of `g` and `g (x - mean) inverse` over the row.
#[inline(always)]
fn sum_row<T: Number>((x, g): (&[T], &[T]), (mean, inverse): (&[T], &[T]), w: T, (even, lean): (&mut [T], &mut [T])) -> (T, T) {
    let (mut p, mut q) = ([T::default(); LANES], [T::default(); LANES]);
    let ((xs, xr), (gs, gr)) = (x.as_chunks::<LANES>(), g.as_chunks::<LANES>());
    let ((ms, mr), (is, ir)) = (mean.as_chunks::<LANES>(), inverse.as_chunks::<LANES>());
    let ((es, er), (ls, lr)) = (even.as_chunks_mut::<LANES>(), lean.as_chunks_mut::<LANES>());
    for (((((x, g), m), i), e), l) in xs.iter().zip(gs).zip(ms).zip(is).zip(es).zip(ls) {
        // Copies, so that the compiler sees that nothing overlaps.
        let (mut even, mut lean) = (*e, *l);
        for k in 0..LANES {
            let product = g[k] * (x[k] - m[k]);
            even[k] += g[k] * w;
            lean[k] += product * w;
            p[k] += g[k];
            q[k] += product * i[k];
        }
        (*e, *l) = (even, lean);
    }
    for (k, (((((x, g), m), i), e), l)) in xr.iter().zip(gr).zip(mr).zip(ir).zip(er).zip(lr).enumerate() {
        let product = *g * (*x - *m);
        *e += *g * w;
        *l += product * w;
        p[k] += *g;
        q[k] += product * *i;
    }
    let total = |lanes: [T; LANES]| {
        let mut lanes = lanes;
        for width in [8, 4, 2, 1] {
            for k in 0..width {
                let other = lanes[k + width];
                lanes[k] += other;
            }
        }
        lanes[0]
    };
    (total(p), total(q))
}
