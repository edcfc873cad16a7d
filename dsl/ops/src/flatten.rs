//! All axes after the batch in one.

use crate::error::{OpsError, Result};
use crate::operation::{Forward, Kept, Needs, Operation, Pass, Reads, expect_inputs};
use candle_core::Tensor;

/// `[batch, channel, position]` to `[batch, feature]`, channel by channel. Nothing is copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flatten;

impl Operation for Flatten {
    fn name(&self) -> &'static str {
        "flatten"
    }

    fn forward(&self, inputs: &[&Tensor], _: &Pass) -> Result<Forward> {
        expect_inputs(self.name(), inputs, 1..=1)?;
        let dims = inputs[0].dims();
        if dims.is_empty() {
            return Err(OpsError::shape(self.name(), "the input", dims, "[batch, ..]"));
        }
        Ok(inputs[0]
            .contiguous()?
            .reshape((dims[0], dims[1..].iter().product::<usize>()))?
            .into())
    }

    fn backward(&self, kept: &Kept, gradient: &Tensor, _: &[bool]) -> Result<Vec<Option<Tensor>>> {
        Ok(vec![Some(gradient.contiguous()?.reshape(kept.shape(self.name(), 0)?)?)])
    }

    fn reads(&self) -> Reads {
        Reads::NOTHING
    }

    fn needs(&self, _: &[Vec<usize>], _: usize) -> Needs {
        Needs::VIEW
    }
}
