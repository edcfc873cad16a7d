//! Mean, sum and largest value over an axis.

use super::OnCuda;
use super::parts::{Site, arguments};
use crate::Reduce;
use crate::axis::without;
use crate::cuda::raw::Grid;
use crate::error::Result;
use crate::operation::{Forward, Kept, Operation, Pass, Reads, expect_inputs};
use candle_core::Tensor;

/// What a value counts in the sum.
fn share(reduce: Reduce, size: usize) -> f64 {
    if matches!(reduce, Reduce::Mean(_)) {
        1.0 / size as f64
    } else {
        1.0
    }
}

impl Operation for OnCuda<Reduce> {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn forward(&self, inputs: &[&Tensor], _: &Pass) -> Result<Forward> {
        expect_inputs(self.name(), inputs, 1..=1)?;
        let a = self.0.look(inputs[0].dims())?;
        let dims = without(inputs[0].dims(), self.0.axis());
        let site = Site::of(self.name(), inputs[0])?;
        let (x, y) = (site.activation(inputs[0])?, site.activations(&dims)?);
        let grid = Grid::columns(a.outer, a.size, a.inner);
        match self.0 {
            Reduce::Mean(_) | Reduce::Sum(_) => {
                let given = arguments![&x, &y, a.size, a.inner, share(self.0, a.size)];
                site.launch("reduce", "sum_forward", grid, given)?;
                Ok(y.into())
            }
            Reduce::Largest(_) => {
                let places = site.places(&dims)?;
                site.launch(
                    "reduce",
                    "largest_forward",
                    grid,
                    arguments![&x, &y, &places, a.size, a.inner],
                )?;
                Ok(Forward {
                    output: y,
                    saved: vec![places],
                    updates: Vec::new(),
                })
            }
        }
    }

    fn backward(&self, kept: &Kept, gradient: &Tensor, _: &[bool]) -> Result<Vec<Option<Tensor>>> {
        let dims = kept.shape(self.name(), 0)?;
        let a = self.0.look(dims)?;
        let site = Site::of(self.name(), gradient)?;
        let (g, output) = (site.activation(gradient)?, site.activations(dims)?);
        let rows = a.outer * a.size;
        let grid = Grid::rows(rows, a.inner);
        match self.0 {
            Reduce::Mean(_) | Reduce::Sum(_) => {
                let given = arguments![&g, &output, rows, a.size, a.inner, share(self.0, a.size)];
                site.launch("reduce", "sum_backward", grid, given)?;
            }
            Reduce::Largest(_) => {
                let places = kept.saved(self.name(), 0)?;
                site.launch(
                    "reduce",
                    "largest_backward",
                    grid,
                    arguments![&g, places, &output, rows, a.size, a.inner],
                )?;
            }
        }
        Ok(vec![Some(output)])
    }

    fn reads(&self) -> Reads {
        self.0.reads()
    }
}
