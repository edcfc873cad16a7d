//! Pooling over positions by windows next to each other.

use crate::buffer::{take, zeroed};
use crate::error::{OpsError, Result};
use crate::number::Number;
use crate::operation::{Forward, Kept, Operation, Pass, Reads, expect_inputs};
use crate::parallel::fill_rows;
use crate::raw::vectorised;
use crate::view::{by_precision, tensor, view};
use candle_core::Tensor;

/// What is made of a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PoolKind {
    /// The largest value; the first of equals takes the gradient.
    Max,
    /// The mean.
    Mean,
    /// The mean weighted by the softmax of the values themselves (DRG).
    Weighted,
}

/// Pools the last axis; positions left over at its end are dropped.
///
/// # Shapes
/// `[.., position]` to `[.., position / window]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pooling {
    /// Which.
    pub kind: PoolKind,
    /// Window and step.
    pub window: usize,
}

/// The largest value of a window; a missing value before any number.
#[inline(always)]
fn largest<T: Number>(window: &[T]) -> T {
    window[1..]
        .iter()
        .fold(window[0], |m, v| if *v > m || v.partial_cmp(v).is_none() { *v } else { m })
}

/// Gives the gradient to the first of the largest values.
#[inline(always)]
fn largest_gradient<T: Number>(window: &[T], g: T, target: &mut [T]) {
    let top = largest(window);
    let mut free = true;
    for (t, v) in target.iter_mut().zip(window) {
        let here = free & (*v == top);
        *t = if here { g } else { T::default() };
        free &= !here;
    }
}

/// The softmax-weighted mean of a window.
#[inline(always)]
fn weighted<T: Number>(window: &[T]) -> T {
    let top = largest(window);
    let (mut sum, mut total) = (T::default(), T::default());
    for v in window {
        let e = (*v - top).exponential();
        sum += e;
        total += e * *v;
    }
    total / sum
}

/// The gradient of [`weighted`]: `p (1 + x - y) g` with the softmax p and the output y.
#[inline(always)]
fn weighted_gradient<T: Number>(window: &[T], y: T, g: T, target: &mut [T]) {
    let top = largest(window);
    let mut sum = T::default();
    for (t, v) in target.iter_mut().zip(window) {
        *t = (*v - top).exponential();
        sum += *t;
    }
    for (t, v) in target.iter_mut().zip(window) {
        *t = g * (*t / sum) * (T::of(1.0) + *v - y);
    }
}

/// Calls a body with the window as a constant for the usual sizes, so that the loops over it unroll.
macro_rules! with_window {
    ($window:expr, $w:ident => $body:expr) => {
        match $window {
            2 => {
                let $w = 2usize;
                $body
            }
            3 => {
                let $w = 3usize;
                $body
            }
            4 => {
                let $w = 4usize;
                $body
            }
            other => {
                let $w = other;
                $body
            }
        }
    };
}

impl Pooling {
    fn lengths(&self, dims: &[usize]) -> Result<(usize, usize, Vec<usize>)> {
        if self.window == 0 {
            let (what, found) = ("window".into(), "0".into());
            return Err(OpsError::Setting {
                operation: self.name(),
                what,
                found,
                expected: "at least 1".into(),
            });
        }
        let mut pooled = dims.to_vec();
        let Some(last) = pooled.last_mut().filter(|last| **last >= self.window) else {
            let expected = format!("at least {} positions, one window", self.window);
            return Err(OpsError::shape(self.name(), "the input", dims, expected));
        };
        let row = *last;
        *last = row / self.window;
        Ok((row, row / self.window, pooled))
    }

    fn forward_rows<T: Number>(&self, x: &[T], row: usize, pooled: usize) -> Vec<T> {
        let window = self.window;
        let share = T::of(1.0 / window as f64);
        let rows = x.len() / row;
        let mut output = take::<T>(rows * pooled);
        let kind = self.kind;
        fill_rows(&mut output, pooled, |first, piece| {
            vectorised(
                #[inline(always)]
                || {
                    for (r, target) in piece.chunks_mut(pooled).enumerate() {
                        let source = &x[(first + r) * row..][..pooled * window];
                        with_window!(window, w => match kind {
                            PoolKind::Max => target.iter_mut().zip(source.chunks_exact(w)).for_each(|(t, s)| *t = largest(&s[..w])),
                            PoolKind::Mean => target.iter_mut().zip(source.chunks_exact(w)).for_each(|(t, s)| {
                                *t = s[1..w].iter().fold(s[0], |a, v| a + *v) * share;
                            }),
                            PoolKind::Weighted => {
                                target.iter_mut().zip(source.chunks_exact(w)).for_each(|(t, s)| *t = weighted(&s[..w]));
                            }
                        });
                    }
                },
            );
        });
        output
    }

    fn backward_rows<T: Number>(&self, known: Option<(&[T], &[T])>, g: &[T], row: usize, pooled: usize) -> Vec<T> {
        let window = self.window;
        let share = T::of(1.0 / window as f64);
        let mut output = zeroed::<T>(g.len() / pooled * row);
        fill_rows(&mut output, row, |first, piece| {
            vectorised(
                #[inline(always)]
                || {
                    for (r, target) in piece.chunks_mut(row).enumerate() {
                        let here = (first + r) * pooled..(first + r + 1) * pooled;
                        let g = &g[here.clone()];
                        let target = &mut target[..pooled * window];
                        let Some((x, y)) = known else {
                            with_window!(window, w => target.chunks_exact_mut(w).zip(g).for_each(|(t, g)| t.fill(*g * share)));
                            continue;
                        };
                        let source = &x[(first + r) * row..][..pooled * window];
                        if self.kind == PoolKind::Max {
                            with_window!(window, w => {
                                for ((t, s), g) in target.chunks_exact_mut(w).zip(source.chunks_exact(w)).zip(g) {
                                    largest_gradient(&s[..w], *g, &mut t[..w]);
                                }
                            });
                        } else {
                            let y = &y[here];
                            with_window!(window, w => {
                                for (((t, s), g), y) in target.chunks_exact_mut(w).zip(source.chunks_exact(w)).zip(g).zip(y) {
                                    weighted_gradient(&s[..w], *y, *g, &mut t[..w]);
                                }
                            });
                        }
                    }
                },
            );
        });
        output
    }
}

impl Operation for Pooling {
    fn name(&self) -> &'static str {
        match self.kind {
            PoolKind::Max => "pool(max)",
            PoolKind::Mean => "pool(mean)",
            PoolKind::Weighted => "pool(weighted)",
        }
    }

    fn forward(&self, inputs: &[&Tensor], _: &Pass) -> Result<Forward> {
        expect_inputs(self.name(), inputs, 1..=1)?;
        let (row, pooled, dims) = self.lengths(inputs[0].dims())?;
        by_precision!(self.name(), inputs[0], T => {
            let x = view::<T>(self.name(), inputs[0])?;
            Ok(tensor(self.forward_rows(x.slice(), row, pooled), &dims)?.into())
        })
    }

    fn backward(&self, kept: &Kept, gradient: &Tensor, _: &[bool]) -> Result<Vec<Option<Tensor>>> {
        let dims = kept.shape(self.name(), 0)?;
        let (row, pooled, _) = self.lengths(dims)?;
        by_precision!(self.name(), gradient, T => {
            let g = view::<T>(self.name(), gradient)?;
            let x = if self.kind == PoolKind::Mean { None } else { Some(view::<T>(self.name(), kept.input(self.name(), 0)?)?) };
            let y = if self.kind == PoolKind::Weighted { Some(view::<T>(self.name(), kept.output(self.name())?)?) } else { None };
            let known = x.as_ref().map(|x| (x.slice(), y.as_ref().map_or(&[][..], |y| y.slice())));
            Ok(vec![Some(tensor(self.backward_rows(known, g.slice(), row, pooled), dims)?)])
        })
    }

    fn reads(&self) -> Reads {
        match self.kind {
            PoolKind::Max => Reads::INPUTS,
            PoolKind::Mean => Reads::NOTHING,
            PoolKind::Weighted => Reads {
                inputs: true,
                output: true,
            },
        }
    }
}
