//! Mean, sum and largest value over an axis.

use crate::axis::{Around, around, without};
use crate::buffer::take;
use crate::error::{OpsError, Result};
use crate::number::Number;
use crate::operation::{Forward, Kept, Needs, Operation, Pass, Reads, expect_inputs};
use crate::parallel::{fill_rows, fill_rows2, sum_of};
use crate::raw::vectorised;
use crate::view::{by_precision, tensor, view};
use candle_core::{Device, Tensor};

/// Takes an axis away (0 is the first after the batch).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reduce {
    /// The mean over the axis.
    Mean(usize),
    /// The sum over the axis.
    Sum(usize),
    /// The largest value over the axis; the gradient goes to the first of equals, as PyTorch's `max(dim)`.
    Largest(usize),
}

impl Reduce {
    pub(crate) fn axis(self) -> usize {
        match self {
            Self::Mean(axis) | Self::Sum(axis) | Self::Largest(axis) => axis,
        }
    }

    /// What a value counts in the sum.
    fn share<T: Number>(self, a: Around) -> T {
        T::of(if matches!(self, Self::Mean(_)) {
            1.0 / a.size as f64
        } else {
            1.0
        })
    }

    pub(crate) fn look(self, dims: &[usize]) -> Result<Around> {
        let a = around(self.name(), dims, self.axis())?;
        if a.size == 0 {
            return Err(OpsError::shape(
                self.name(),
                "the input",
                dims,
                "at least one value in the axis that disappears",
            ));
        }
        Ok(a)
    }
}

/// The sum over the axis, times `share`.
fn sum<T: Number>(x: &[T], a: Around, share: T) -> Vec<T> {
    let mut output = take::<T>(a.outer * a.inner);
    fill_rows(&mut output, a.inner, |first, rows| {
        vectorised(
            #[inline(always)]
            || {
                for (r, target) in rows.chunks_mut(a.inner).enumerate() {
                    let block = &x[(first + r) * a.size * a.inner..][..a.size * a.inner];
                    if a.inner == 1 {
                        target[0] = sum_of(block, |v| v) * share;
                        continue;
                    }
                    target.fill(T::default());
                    for source in block.chunks(a.inner) {
                        for (t, s) in target.iter_mut().zip(source) {
                            *t += *s;
                        }
                    }
                    target.iter_mut().for_each(|t| *t *= share);
                }
            },
        );
    });
    output
}

/// The largest values and their places.
fn largest<T: Number>(x: &[T], a: Around) -> (Vec<T>, Vec<u32>) {
    let mut values = take::<T>(a.outer * a.inner);
    let mut places = vec![0u32; a.outer * a.inner];
    fill_rows2((&mut values, a.inner), (&mut places, a.inner), |first, values, places| {
        for (r, (values, places)) in values.chunks_mut(a.inner).zip(places.chunks_mut(a.inner)).enumerate() {
            let block = &x[(first + r) * a.size * a.inner..][..a.size * a.inner];
            values.copy_from_slice(&block[..a.inner]);
            for (k, source) in block.chunks(a.inner).enumerate().skip(1) {
                for ((best, place), v) in values.iter_mut().zip(places.iter_mut()).zip(source) {
                    let known = *best;
                    // A missing value wins over a number.
                    let missing = v.partial_cmp(v).is_none() && known.partial_cmp(&known).is_some();
                    if *v > known || missing {
                        *best = *v;
                        *place = k as u32;
                    }
                }
            }
        }
    });
    (values, places)
}

impl Operation for Reduce {
    fn name(&self) -> &'static str {
        match self {
            Self::Mean(_) => "mean",
            Self::Sum(_) => "sum",
            Self::Largest(_) => "largest",
        }
    }

    fn forward(&self, inputs: &[&Tensor], _: &Pass) -> Result<Forward> {
        expect_inputs(self.name(), inputs, 1..=1)?;
        let a = self.look(inputs[0].dims())?;
        let dims = without(inputs[0].dims(), self.axis());
        by_precision!(self.name(), inputs[0], T => {
            let x = view::<T>(self.name(), inputs[0])?;
            match self {
                Self::Mean(_) | Self::Sum(_) => Ok(tensor(sum(x.slice(), a, self.share(a)), &dims)?.into()),
                Self::Largest(_) => {
                    let (values, places) = largest(x.slice(), a);
                    let saved = vec![Tensor::from_vec(places, dims.as_slice(), &Device::Cpu)?];
                    Ok(Forward { output: tensor(values, &dims)?, saved, updates: Vec::new() })
                }
            }
        })
    }

    fn backward(&self, kept: &Kept, gradient: &Tensor, _: &[bool]) -> Result<Vec<Option<Tensor>>> {
        let dims = kept.shape(self.name(), 0)?;
        let a = self.look(dims)?;
        let places = match self {
            Self::Mean(_) | Self::Sum(_) => Vec::new(),
            Self::Largest(_) => kept.saved(self.name(), 0)?.flatten_all()?.to_vec1::<u32>()?,
        };
        by_precision!(self.name(), gradient, T => {
            let g = view::<T>(self.name(), gradient)?;
            let g = g.slice();
            let share: T = self.share(a);
            let mut output = take::<T>(a.outer * a.size * a.inner);
            fill_rows(&mut output, a.size * a.inner, |first, blocks| {
                for (r, block) in blocks.chunks_mut(a.size * a.inner).enumerate() {
                    let range = (first + r) * a.inner..(first + r + 1) * a.inner;
                    if places.is_empty() {
                        for target in block.chunks_mut(a.inner) {
                            for (t, g) in target.iter_mut().zip(&g[range.clone()]) {
                                *t = *g * share;
                            }
                        }
                    } else {
                        block.fill(<T as Default>::default());
                        for (i, (g, k)) in g[range.clone()].iter().zip(&places[range]).enumerate() {
                            block[*k as usize * a.inner + i] = *g;
                        }
                    }
                }
            });
            Ok(vec![Some(tensor(output, dims)?)])
        })
    }

    fn reads(&self) -> Reads {
        Reads::NOTHING
    }

    fn needs(&self, shapes: &[Vec<usize>], _: usize) -> Needs {
        let saved = match self {
            Self::Mean(_) | Self::Sum(_) => 0,
            // The places of the largest values, as U32.
            Self::Largest(axis) => shapes[0].iter().product::<usize>() / shapes[0].get(axis + 1).copied().unwrap_or(1).max(1) * 4,
        };
        Needs {
            saved,
            ..Needs::default()
        }
    }
}
