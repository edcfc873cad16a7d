//! Sums and maps along the channels of `[batch, channel, inner]`: what batch and group normalisation are made of.
//!
//! Sums are taken over parts of a fixed size in the numbers' own precision, about a value near the part's mean, and
//! joined in double precision; so they are as good as Welford's and read memory once.

use crate::buffer::take;
use crate::number::Number;
use crate::parallel::{for_each_task, map_tasks};
use crate::raw::vectorised;
use crate::raw_columns::Columns;
use std::ops::Range;

/// Rows below this length are summed side by side.
const SHORT: usize = 32;
/// Values per part of a row.
const PART: usize = 4_096;
/// Values per task.
const TASK: usize = 32_768;
/// Sums kept side by side.
const LANES: usize = 64;
/// Examples that are summed side by side before precision is left.
const BLOCK: usize = 64;
/// Columns per task where examples are summed side by side.
const COLUMNS: usize = 2_048;

/// A layout, and how many examples share their statistics.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Channels {
    /// Examples.
    pub(crate) batch: usize,
    /// Channels.
    pub(crate) channels: usize,
    /// Values of a channel in an example.
    pub(crate) inner: usize,
    /// Examples with common statistics; the last group may be smaller.
    pub(crate) group: usize,
}

/// Count, mean and sum of squared deviations of some values.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Moments {
    count: f64,
    /// The mean.
    pub(crate) mean: f64,
    square: f64,
}

impl Moments {
    /// The mean of squared deviations.
    pub(crate) fn variance(self) -> f64 {
        (self.square / self.count).max(0.0)
    }

    fn of_sums<T: Number>(count: usize, shift: T, (sum, square): (T, T)) -> Self {
        let (n, sum) = (count as f64, sum.wide());
        Self {
            count: n,
            mean: shift.wide() + sum / n,
            square: square.wide() - sum * sum / n,
        }
    }

    /// Joins the moments of parts.
    fn join(parts: impl Iterator<Item = Self> + Clone) -> Self {
        let (mut count, mut sum) = (0.0, 0.0);
        for part in parts.clone() {
            count += part.count;
            sum += part.count * part.mean;
        }
        let mean = sum / count;
        let square = parts
            .map(|part| part.square + part.count * (part.mean - mean) * (part.mean - mean))
            .sum();
        Self { count, mean, square }
    }
}

/// Sums two functions of `x - shift` and g in a fixed order.
#[inline(always)]
fn sums<T: Number>(x: &[T], g: &[T], shift: T, f: impl Fn(T, T) -> (T, T)) -> (T, T) {
    let (mut p, mut q) = ([T::default(); LANES], [T::default(); LANES]);
    let (xs, gs) = (x.chunks_exact(LANES), g.chunks_exact(LANES));
    let (xr, gr) = (xs.remainder(), gs.remainder());
    for (x, g) in xs.zip(gs) {
        for i in 0..LANES {
            let (a, b) = f(x[i] - shift, g[i]);
            p[i] += a;
            q[i] += b;
        }
    }
    for (i, (x, g)) in xr.iter().zip(gr).enumerate() {
        let (a, b) = f(*x - shift, *g);
        p[i] += a;
        q[i] += b;
    }
    (fold(p), fold(q))
}

#[inline(always)]
fn fold<T: Number>(mut partial: [T; LANES]) -> T {
    let mut width = LANES / 2;
    while width > 0 {
        for i in 0..width {
            let other = partial[i + width];
            partial[i] += other;
        }
        width /= 2;
    }
    partial[0]
}

impl Channels {
    /// How many groups of examples there are.
    pub(crate) fn groups(self) -> usize {
        self.batch.div_ceil(self.group.max(1))
    }

    /// The examples of a group.
    fn members(self, group: usize) -> Range<usize> {
        group * self.group..((group + 1) * self.group).min(self.batch)
    }

    /// How many values share the statistics of a group.
    pub(crate) fn count(self, group: usize) -> usize {
        self.members(group).len() * self.inner
    }

    fn is_small(self) -> bool {
        self.batch * self.channels * self.inner <= TASK
    }

    /// Length of the parts of a row, and how many there are.
    fn parts(self) -> (usize, usize) {
        let parts = self.inner.div_ceil(PART).max(1);
        let length = self.inner.div_ceil(parts).next_multiple_of(LANES);
        (length, self.inner.div_ceil(length.max(1)).max(1))
    }

    /// `f(statistics' index, range of values)` for every part of every row: `[batch, channel, part]`.
    fn by_parts<R: Send + Copy + Default>(self, f: impl Fn(usize, Range<usize>) -> R + Sync + Send) -> Vec<R> {
        let (length, parts) = self.parts();
        let mut table = vec![R::default(); self.batch * self.channels * parts];
        let work = |first: usize, targets: &mut [R]| {
            vectorised(
                #[inline(always)]
                || {
                    for (i, target) in targets.iter_mut().enumerate() {
                        let (row, part) = ((first + i) / parts, (first + i) % parts);
                        let start = row * self.inner + part * length;
                        let end = (row + 1) * self.inner;
                        *target = f(self.index(row), start..(start + length).min(end));
                    }
                },
            );
        };
        if self.is_small() {
            work(0, &mut table);
        } else {
            let size = (TASK / length).max(1);
            let count = table.len();
            let pieces = Columns::new(&mut table, 1, count, size);
            for_each_task(pieces.count(), |i| {
                let mut piece = pieces.block(i);
                work(piece.start, piece.row(0));
            });
        }
        table
    }

    /// The statistics of a row of `[batch, channel]`.
    #[inline(always)]
    fn index(self, row: usize) -> usize {
        row / self.channels / self.group * self.channels + row % self.channels
    }

    /// Sums `[batch, channel, part]` to `[group, channel]`.
    fn gather<R: Copy, S>(self, table: &[R], join: impl Fn(&mut dyn FnMut(usize) -> Option<R>, usize) -> S) -> Vec<S> {
        let parts = table.len() / (self.batch * self.channels).max(1);
        (0..self.groups() * self.channels)
            .map(|i| {
                let (members, channel) = (self.members(i / self.channels), i % self.channels);
                let count = members.len() * parts;
                join(
                    &mut |at| {
                        let row = (members.start + at / parts) * self.channels + channel;
                        table.get(row * parts + at % parts).copied()
                    },
                    count,
                )
            })
            .collect()
    }

    /// `f(statistics' index of the first channel, examples, channels)` for blocks of examples of a group and blocks of
    /// channels, whose results go to `[block of examples, channel]`; and the blocks of each group.
    fn by_columns<R: Send + Clone>(
        self,
        f: impl Fn(usize, Range<usize>, Range<usize>) -> Vec<R> + Sync + Send,
    ) -> (Vec<Vec<R>>, Vec<Range<usize>>) {
        let wide = (COLUMNS / self.inner.max(1)).max(1);
        let mut tasks = Vec::new();
        let mut blocks = Vec::new();
        for group in 0..self.groups() {
            let members = self.members(group);
            let first = blocks.last().map_or(0, |r: &Range<usize>| r.end);
            let starts: Vec<usize> = members.clone().step_by(BLOCK).collect();
            blocks.push(first..first + starts.len());
            for start in starts {
                for channel in (0..self.channels).step_by(wide) {
                    let channels = channel..(channel + wide).min(self.channels);
                    tasks.push((group, start..(start + BLOCK).min(members.end), channels));
                }
            }
        }
        let run = |i: usize| {
            let (group, examples, channels) = tasks[i].clone();
            f(group * self.channels + channels.start, examples, channels)
        };
        let found: Vec<Vec<R>> = if self.is_small() {
            (0..tasks.len()).map(run).collect()
        } else {
            map_tasks(tasks.len(), run)
        };
        let pieces = self.channels.div_ceil(wide).max(1);
        (found.chunks(pieces).map(<[Vec<R>]>::concat).collect(), blocks)
    }

    /// Adds two functions of `x - shift` and g over examples, column by column.
    fn add_columns<T: Number>(
        self,
        (x, g): (&[T], &[T]),
        examples: Range<usize>,
        channels: &Range<usize>,
        shift: &[T],
        f: impl Fn(T, T) -> (T, T),
    ) -> (Vec<T>, Vec<T>) {
        let width = channels.len() * self.inner;
        let (mut p, mut q) = (vec![T::default(); width], vec![T::default(); width]);
        vectorised(
            #[inline(always)]
            || {
                for example in examples {
                    let start = (example * self.channels + channels.start) * self.inner;
                    let (x, g) = (&x[start..start + width], &g[start..start + width]);
                    for ((((p, q), x), g), s) in p.iter_mut().zip(&mut q).zip(x).zip(g).zip(shift) {
                        let (a, b) = f(*x - *s, *g);
                        *p += a;
                        *q += b;
                    }
                }
            },
        );
        (p, q)
    }

    /// Mean and variance of each channel in each group of examples: `[group, channel]`.
    pub(crate) fn moments<T: Number>(self, x: &[T]) -> Vec<Moments> {
        if self.inner >= SHORT {
            let table = self.by_parts(
                #[inline(always)]
                |_, range| {
                    let x = &x[range];
                    let head = &x[..x.len().min(LANES)];
                    let shift = sums(
                        head,
                        head,
                        T::default(),
                        #[inline(always)]
                        |x, _| (x, x),
                    )
                    .0 * T::of(1.0 / head.len() as f64);
                    let found = sums(
                        x,
                        x,
                        shift,
                        #[inline(always)]
                        |d, _| (d, d * d),
                    );
                    Moments::of_sums(x.len(), shift, found)
                },
            );
            return self.gather(&table, |part, count| {
                let parts: Vec<Moments> = (0..count).filter_map(part).collect();
                Moments::join(parts.iter().copied())
            });
        }
        let (table, blocks) = self.by_columns(|_, examples, channels| {
            let start = (examples.start * self.channels + channels.start) * self.inner;
            let shift = &x[start..start + channels.len() * self.inner];
            let n = examples.len();
            let (p, q) = self.add_columns(
                (x, x),
                examples,
                &channels,
                shift,
                #[inline(always)]
                |d, _| (d, d * d),
            );
            let column = |i: usize| Moments::of_sums(n, shift[i], (p[i], q[i]));
            (0..channels.len())
                .map(|c| Moments::join((c * self.inner..(c + 1) * self.inner).map(column)))
                .collect()
        });
        blocks
            .into_iter()
            .flat_map(|blocks| {
                let table = &table[blocks];
                (0..self.channels).map(move |c| Moments::join(table.iter().map(move |block| block[c])))
            })
            .collect()
    }

    /// The sums of `g` and of `g (x - mean)` for each channel in each group; `mean` is `[group, channel]`.
    pub(crate) fn products<T: Number>(self, x: &[T], g: &[T], mean: &[T]) -> Vec<(f64, f64)> {
        if self.inner >= SHORT {
            let table = self.by_parts(
                #[inline(always)]
                |index, range| {
                    let (p, q) = sums(
                        &x[range.clone()],
                        &g[range],
                        mean[index],
                        #[inline(always)]
                        |d, g| (g, g * d),
                    );
                    (p.wide(), q.wide())
                },
            );
            return self.gather(&table, |part, count| {
                (0..count)
                    .filter_map(part)
                    .fold((0.0, 0.0), |sum, part| (sum.0 + part.0, sum.1 + part.1))
            });
        }
        let (table, blocks) = self.by_columns(|first, examples, channels| {
            let shift = self.spread(&mean[first..first + channels.len()]);
            let (p, q) = self.add_columns(
                (x, g),
                examples,
                &channels,
                &shift,
                #[inline(always)]
                |d, g| (g, g * d),
            );
            let total = |v: &[T]| v.iter().map(|v| v.wide()).sum::<f64>();
            p.chunks(self.inner.max(1))
                .zip(q.chunks(self.inner.max(1)))
                .map(|(p, q)| (total(p), total(q)))
                .collect()
        });
        blocks
            .into_iter()
            .flat_map(|blocks| {
                let table = &table[blocks];
                (0..self.channels).map(move |c| {
                    table
                        .iter()
                        .map(|block| block[c])
                        .fold((0.0, 0.0), |sum, part| (sum.0 + part.0, sum.1 + part.1))
                })
            })
            .collect()
    }

    /// Repeats the values of channels over their inner axis.
    fn spread<T: Number>(self, values: &[T]) -> Vec<T> {
        values.iter().flat_map(|v| std::iter::repeat_n(*v, self.inner)).collect()
    }

    /// Fills a new buffer by `f(factors of the channel, x, g)`; each of the factors is `[group, channel]`.
    pub(crate) fn map<T: Number, const N: usize>(
        self,
        x: &[T],
        g: &[T],
        factors: [&[T]; N],
        f: impl Fn([T; N], T, T) -> T + Sync + Send,
    ) -> Vec<T> {
        let mut output = take::<T>(x.len());
        let short = self.inner < SHORT;
        let spread = factors.map(|values| {
            if short && self.inner > 1 {
                self.spread(values)
            } else {
                Vec::new()
            }
        });
        let wide: [&[T]; N] = std::array::from_fn(|i| if self.inner == 1 { factors[i] } else { &spread[i] });
        let row = if short { self.channels * self.inner } else { self.inner };
        let work = |first: usize, targets: &mut [T]| {
            vectorised(
                #[inline(always)]
                || {
                    let mut done = 0;
                    while done < targets.len() {
                        let (at, place) = ((first + done) / row, (first + done) % row);
                        let length = (row - place).min(targets.len() - done);
                        let here = first + done..first + done + length;
                        let (x, g, target) = (&x[here.clone()], &g[here], &mut targets[done..done + length]);
                        if short {
                            let start = at / self.group * row + place;
                            let factors: [&[T]; N] = std::array::from_fn(|i| &wide[i][start..start + length]);
                            for (i, t) in target.iter_mut().enumerate() {
                                *t = f(std::array::from_fn(|n| factors[n][i]), x[i], g[i]);
                            }
                        } else {
                            let factors: [T; N] = std::array::from_fn(|i| factors[i][self.index(at)]);
                            for ((t, x), g) in target.iter_mut().zip(x).zip(g) {
                                *t = f(factors, *x, *g);
                            }
                        }
                        done += length;
                    }
                },
            );
        };
        if self.is_small() {
            work(0, &mut output);
        } else {
            let pieces = Columns::new(&mut output, 1, x.len(), TASK);
            for_each_task(pieces.count(), |i| {
                let mut piece = pieces.block(i);
                work(piece.start, piece.row(0));
            });
        }
        output
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values with a large mean, in which a naive sum of squares loses everything.
    fn values(count: usize) -> Vec<f32> {
        (0..count).map(|i| 1.0e4 + ((i * 7919) % 1000) as f32 * 1e-3).collect()
    }

    #[test]
    fn moments_keep_their_digits_in_every_layout() {
        for (batch, channels, inner, group) in [
            (3, 2, 9_000, 3),
            (5, 3, 40, 2),
            (130, 3, 1, 130),
            (70, 2, 5, 33),
            (2, 4_500, 1, 1),
        ] {
            let layout = Channels {
                batch,
                channels,
                inner,
                group,
            };
            let x = values(batch * channels * inner);
            let found = layout.moments(&x);
            assert_eq!(found.len(), layout.groups() * channels);
            for (i, found) in found.iter().enumerate() {
                let chosen: Vec<f64> = layout
                    .members(i / channels)
                    .flat_map(|b| (0..inner).map(move |p| (b * channels + i % channels) * inner + p))
                    .map(|at| f64::from(x[at]))
                    .collect();
                let mean = chosen.iter().sum::<f64>() / chosen.len() as f64;
                let variance = chosen.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / chosen.len() as f64;
                assert!((found.mean - mean).abs() < 1e-4, "{layout:?}: {} against {mean}", found.mean);
                assert!(
                    (found.variance() - variance).abs() <= 1e-4 * variance,
                    "{layout:?}: {} against {variance}",
                    found.variance()
                );
            }
        }
    }
}
