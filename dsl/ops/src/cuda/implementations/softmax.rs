//! Softmax and its logarithm along an axis.

use super::OnCuda;
use super::parts::{Site, arguments};
use crate::axis::around;
use crate::cuda::raw::Grid;
use crate::error::Result;
use crate::operation::{Forward, Kept, Operation, Pass, Reads, expect_inputs};
use crate::{LogSoftmax, Softmax};
use candle_core::Tensor;

fn forward(operation: &'static str, inputs: &[&Tensor], axis: usize, logarithm: bool) -> Result<Forward> {
    expect_inputs(operation, inputs, 1..=1)?;
    let a = around(operation, inputs[0].dims(), axis)?;
    let site = Site::of(operation, inputs[0])?;
    let (x, y) = (site.activation(inputs[0])?, site.activations(inputs[0].dims())?);
    let grid = Grid::columns(a.outer, a.size, a.inner);
    site.launch(
        "attention",
        "softmax_forward",
        grid,
        arguments![&x, &y, a.size, a.inner, logarithm],
    )?;
    Ok(y.into())
}

fn backward(
    operation: &'static str,
    kept: &Kept,
    gradient: &Tensor,
    axis: usize,
    logarithm: bool,
) -> Result<Vec<Option<Tensor>>> {
    let a = around(operation, gradient.dims(), axis)?;
    let site = Site::of(operation, gradient)?;
    let (y, g) = (site.activation(kept.output(operation)?)?, site.activation(gradient)?);
    let output = site.activations(g.dims())?;
    let grid = Grid::columns(a.outer, a.size, a.inner);
    site.launch(
        "attention",
        "softmax_backward",
        grid,
        arguments![&y, &g, &output, a.size, a.inner, logarithm],
    )?;
    Ok(vec![Some(output)])
}

macro_rules! softmax {
    ($kind:ty, $logarithm:literal) => {
        impl Operation for OnCuda<$kind> {
            fn name(&self) -> &'static str {
                self.0.name()
            }

            fn forward(&self, inputs: &[&Tensor], _: &Pass) -> Result<Forward> {
                forward(self.name(), inputs, self.0.axis, $logarithm)
            }

            fn backward(&self, kept: &Kept, gradient: &Tensor, _: &[bool]) -> Result<Vec<Option<Tensor>>> {
                backward(self.name(), kept, gradient, self.0.axis, $logarithm)
            }

            fn reads(&self) -> Reads {
                Reads::OUTPUT
            }
        }
    };
}

softmax!(Softmax, false);
softmax!(LogSoftmax, true);
