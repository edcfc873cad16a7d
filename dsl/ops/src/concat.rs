//! Joining tensors along an axis.

use crate::axis::around;
use crate::buffer::take;
use crate::error::{OpsError, Result};
use crate::number::Number;
use crate::operation::{Forward, Kept, Operation, Pass, Reads, expect_inputs};
use crate::parallel::fill_rows;
use crate::view::{by_precision, tensor, view};
use candle_core::Tensor;

/// Joins tensors along an axis (0 is the first after the batch); the other axes agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Concat {
    /// The axis.
    pub axis: usize,
}

impl Concat {
    /// The shape of the output.
    pub(crate) fn joined(&self, inputs: &[&Tensor]) -> Result<Vec<usize>> {
        let first = inputs[0].dims();
        around(self.name(), first, self.axis)?;
        let mut dims = first.to_vec();
        dims[self.axis + 1] = 0;
        for (i, input) in inputs.iter().enumerate() {
            let found = input.dims();
            let fits = found.len() == first.len() && (0..first.len()).all(|a| a == self.axis + 1 || found[a] == first[a]);
            if !fits {
                let expected = format!("{first:?} except in axis {}", self.axis + 1);
                return Err(OpsError::shape(self.name(), format!("input {i}"), found, expected));
            }
            dims[self.axis + 1] += found[self.axis + 1];
        }
        Ok(dims)
    }
}

impl Operation for Concat {
    fn name(&self) -> &'static str {
        "concat"
    }

    fn forward(&self, inputs: &[&Tensor], _: &Pass) -> Result<Forward> {
        expect_inputs(self.name(), inputs, 1..=usize::MAX)?;
        let dims = self.joined(inputs)?;
        by_precision!(self.name(), inputs[0], T => {
            let views = inputs.iter().map(|t| view::<T>(self.name(), t)).collect::<Result<Vec<_>>>()?;
            let all = around(self.name(), &dims, self.axis)?;
            let lengths: Vec<usize> = inputs.iter().map(|t| t.dims()[self.axis + 1] * all.inner).collect();
            let row = all.size * all.inner;
            let mut output = take::<T>(all.outer * row);
            let slices: Vec<&[T]> = views.iter().map(|v| v.slice()).collect();
            fill_rows(&mut output, row, |first, rows| {
                for (r, target) in rows.chunks_mut(row).enumerate() {
                    let mut at = 0;
                    for (source, length) in slices.iter().zip(&lengths) {
                        target[at..at + length].copy_from_slice(&source[(first + r) * length..][..*length]);
                        at += length;
                    }
                }
            });
            Ok(tensor(output, &dims)?.into())
        })
    }

    fn backward(&self, kept: &Kept, gradient: &Tensor, wanted: &[bool]) -> Result<Vec<Option<Tensor>>> {
        by_precision!(self.name(), gradient, T => {
            let all = around(self.name(), gradient.dims(), self.axis)?;
            let g = view::<T>(self.name(), gradient)?;
            let mut at = 0;
            let mut results = Vec::with_capacity(wanted.len());
            for (i, wanted) in wanted.iter().enumerate() {
                let dims = kept.shape(self.name(), i)?;
                let length = dims[self.axis + 1] * all.inner;
                results.push(if *wanted {
                    Some(tensor(cut::<T>(g.slice(), all.size * all.inner, at, length), dims)?)
                } else {
                    None
                });
                at += length;
            }
            Ok(results)
        })
    }

    fn reads(&self) -> Reads {
        Reads::NOTHING
    }
}

/// Of every row of `row` values, `length` from `start` on.
pub(crate) fn cut<T: Number>(values: &[T], row: usize, start: usize, length: usize) -> Vec<T> {
    let rows = values.len().checked_div(row).unwrap_or(0);
    let mut output = take::<T>(rows * length);
    fill_rows(&mut output, length, |first, piece| {
        for (r, target) in piece.chunks_mut(length).enumerate() {
            target.copy_from_slice(&values[(first + r) * row + start..][..length]);
        }
    });
    output
}
