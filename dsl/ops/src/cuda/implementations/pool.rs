//! Pooling by windows next to each other.

use super::OnCuda;
use super::parts::{Site, arguments};
use crate::cuda::raw::Grid;
use crate::error::Result;
use crate::operation::{Forward, Kept, Operation, Pass, Reads, expect_inputs};
use crate::{PoolKind, Pooling};
use candle_core::Tensor;

fn kernel(kind: PoolKind, direction: &str) -> String {
    let kind = match kind {
        PoolKind::Max => "max",
        PoolKind::Mean => "mean",
        PoolKind::Weighted => "weighted",
    };
    format!("pool_{kind}_{direction}")
}

impl Operation for OnCuda<Pooling> {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn forward(&self, inputs: &[&Tensor], _: &Pass) -> Result<Forward> {
        expect_inputs(self.name(), inputs, 1..=1)?;
        let (row, pooled, dims) = self.0.lengths(inputs[0].dims())?;
        let site = Site::of(self.name(), inputs[0])?;
        let (x, y) = (site.activation(inputs[0])?, site.activations(&dims)?);
        let rows = x.elem_count() / row;
        site.launch(
            "pool",
            &kernel(self.0.kind, "forward"),
            Grid::rows(rows, pooled),
            arguments![&x, &y, rows, row, pooled, self.0.window],
        )?;
        Ok(y.into())
    }

    fn backward(&self, kept: &Kept, gradient: &Tensor, _: &[bool]) -> Result<Vec<Option<Tensor>>> {
        let dims = kept.shape(self.name(), 0)?;
        let (row, pooled, _) = self.0.lengths(dims)?;
        let site = Site::of(self.name(), gradient)?;
        let (g, output) = (site.activation(gradient)?, site.activations(dims)?);
        let (rows, window) = (output.elem_count() / row, self.0.window);
        let (name, grid) = (kernel(self.0.kind, "backward"), Grid::rows(rows, pooled + 1));
        let input = || site.activation(kept.input(self.name(), 0)?);
        match self.0.kind {
            PoolKind::Mean => site.launch("pool", &name, grid, arguments![&g, &output, rows, row, pooled, window])?,
            PoolKind::Max => site.launch(
                "pool",
                &name,
                grid,
                arguments![&input()?, &g, &output, rows, row, pooled, window],
            )?,
            PoolKind::Weighted => {
                let y = site.activation(kept.output(self.name())?)?;
                site.launch(
                    "pool",
                    &name,
                    grid,
                    arguments![&input()?, &y, &g, &output, rows, row, pooled, window],
                )?;
            }
        }
        Ok(vec![Some(output)])
    }

    fn reads(&self) -> Reads {
        match self.0.kind {
            PoolKind::Max => Reads::INPUTS,
            PoolKind::Mean => Reads::NOTHING,
            PoolKind::Weighted => Reads {
                inputs: true,
                output: true,
            },
        }
    }
}
