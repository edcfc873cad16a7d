//! The symmetric part of a map.

use crate::buffer::take;
use crate::error::{OpsError, Result};
use crate::number::Number;
use crate::operation::{Forward, Kept, Operation, Pass, Reads, expect_inputs};
use crate::parallel::fill_rows;
use crate::transpose::tiles;
use crate::view::{by_precision, tensor, view};
use candle_core::Tensor;

/// The mean of a map and its transpose. Backward is the same as forward.
///
/// # Shapes
/// `[.., n, n]`, kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Symmetric;

fn symmetric<T: Number>(x: &[T], n: usize) -> Vec<T> {
    let half = T::of(0.5);
    let mut output = take::<T>(x.len());
    fill_rows(&mut output, n * n, |first, piece| {
        for (p, target) in piece.chunks_mut(n * n).enumerate() {
            let x = &x[(first + p) * n * n..][..n * n];
            tiles(n, n, |down, across| {
                for i in down {
                    for j in across.clone() {
                        target[i * n + j] = half * (x[i * n + j] + x[j * n + i]);
                    }
                }
            });
        }
    });
    output
}

impl Symmetric {
    fn apply(&self, input: &Tensor) -> Result<Tensor> {
        let dims = input.dims();
        let n = dims.last().copied().unwrap_or(0);
        if dims.len() < 3 || dims[dims.len() - 2] != n {
            return Err(OpsError::shape(self.name(), "the input", dims, "[batch, .., n, n]"));
        }
        by_precision!(self.name(), input, T => {
            Ok(tensor(symmetric(view::<T>(self.name(), input)?.slice(), n), dims)?)
        })
    }
}

impl Operation for Symmetric {
    fn name(&self) -> &'static str {
        "symmetric"
    }

    fn forward(&self, inputs: &[&Tensor], _: &Pass) -> Result<Forward> {
        expect_inputs(self.name(), inputs, 1..=1)?;
        Ok(self.apply(inputs[0])?.into())
    }

    fn backward(&self, _: &Kept, gradient: &Tensor, _: &[bool]) -> Result<Vec<Option<Tensor>>> {
        Ok(vec![Some(self.apply(gradient)?)])
    }

    fn reads(&self) -> Reads {
        Reads::NOTHING
    }
}
