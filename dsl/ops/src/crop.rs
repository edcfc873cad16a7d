//! Keeping a stretch of positions.

use crate::concat::cut;
use crate::error::{OpsError, Result};
use crate::operation::{Forward, Kept, Operation, Pass, Reads, expect_inputs};
use crate::parallel::fill_rows;
use crate::view::{by_precision, tensor, view};
use candle_core::Tensor;

/// Keeps positions `start..start + length` of the last axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Crop {
    /// First position kept.
    pub start: usize,
    /// How many.
    pub length: usize,
}

impl Operation for Crop {
    fn name(&self) -> &'static str {
        "crop"
    }

    fn forward(&self, inputs: &[&Tensor], _: &Pass) -> Result<Forward> {
        expect_inputs(self.name(), inputs, 1..=1)?;
        let mut dims = inputs[0].dims().to_vec();
        let Some(last) = dims.last_mut().filter(|last| self.start + self.length <= **last) else {
            let expected = format!("at least {} positions", self.start + self.length);
            return Err(OpsError::shape(self.name(), "the input", inputs[0].dims(), expected));
        };
        let row = std::mem::replace(last, self.length);
        by_precision!(self.name(), inputs[0], T => {
            let x = view::<T>(self.name(), inputs[0])?;
            Ok(tensor(cut::<T>(x.slice(), row, self.start, self.length), &dims)?.into())
        })
    }

    fn backward(&self, kept: &Kept, gradient: &Tensor, _: &[bool]) -> Result<Vec<Option<Tensor>>> {
        let dims = kept.shape(self.name(), 0)?;
        let row = dims.last().copied().unwrap_or(0);
        by_precision!(self.name(), gradient, T => {
            let g = view::<T>(self.name(), gradient)?;
            let g = g.slice();
            let mut output = vec![<T as Default>::default(); dims.iter().product()];
            fill_rows(&mut output, row, |first, rows| {
                for (r, target) in rows.chunks_mut(row).enumerate() {
                    target[self.start..self.start + self.length].copy_from_slice(&g[(first + r) * self.length..][..self.length]);
                }
            });
            Ok(vec![Some(tensor(output, dims)?)])
        })
    }

    fn reads(&self) -> Reads {
        Reads::NOTHING
    }
}
