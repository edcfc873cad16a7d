//! The same numbers for each example.

use crate::buffer::take;
use crate::error::{OpsError, Result};
use crate::number::Number;
use crate::operation::{Forward, Kept, Operation, Pass, Reads, expect_inputs};
use crate::parallel::fill_rows;
use crate::raw::vectorised;
use crate::view::{by_precision, tensor, view};
use candle_core::Tensor;

/// Repeats a parameter for each example: a table of positions, an encoding of distances. Of its input only the size of
/// the batch counts.
///
/// # Shapes
/// Inputs: `[batch, ..]`, then the values, of any shape; output `[batch, ..values]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Table;

const NAME: &str = "table";

fn repeated<T: Number>(values: &[T], batch: usize) -> Vec<T> {
    let mut output = take::<T>(values.len() * batch);
    fill_rows(&mut output, values.len(), |_, piece| {
        piece.chunks_mut(values.len()).for_each(|row| row.copy_from_slice(values));
    });
    output
}

/// The sum over the batch, in its order.
fn sums<T: Number>(gradient: &[T], size: usize) -> Vec<T> {
    let mut output = take::<T>(size);
    fill_rows(&mut output, 1, |first, piece| {
        vectorised(
            #[inline(always)]
            || {
                piece.fill(T::default());
                for example in gradient.chunks(size) {
                    let part = &example[first..][..piece.len()];
                    piece.iter_mut().zip(part).for_each(|(sum, g)| *sum += *g);
                }
            },
        );
    });
    output
}

impl Operation for Table {
    fn name(&self) -> &'static str {
        NAME
    }

    fn forward(&self, inputs: &[&Tensor], _: &Pass) -> Result<Forward> {
        expect_inputs(NAME, inputs, 2..=2)?;
        let first = inputs[0].dims().first();
        let batch = *first.ok_or_else(|| OpsError::shape(NAME, "the input", &[], "[batch, ..]"))?;
        let mut dims = vec![batch];
        dims.extend(inputs[1].dims());
        by_precision!(NAME, inputs[1], T => {
            let values = view::<T>(NAME, inputs[1])?;
            Ok(tensor(repeated(values.slice(), batch), &dims)?.into())
        })
    }

    fn backward(&self, kept: &Kept, gradient: &Tensor, wanted: &[bool]) -> Result<Vec<Option<Tensor>>> {
        let dims = kept.shape(NAME, 1)?;
        if !wanted.get(1).copied().unwrap_or(false) {
            return Ok(vec![None, None]);
        }
        by_precision!(NAME, gradient, T => {
            let g = view::<T>(NAME, gradient)?;
            Ok(vec![None, Some(tensor(sums(g.slice(), dims.iter().product()), dims)?)])
        })
    }

    fn reads(&self) -> Reads {
        Reads::NOTHING
    }
}
