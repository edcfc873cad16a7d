//! Dropout: the mask is drawn again in backward instead of being kept.

use super::OnCuda;
use super::parts::{Site, arguments};
use crate::Dropout;
use crate::cuda::raw::Grid;
use crate::dropout::{BLOCK, bound};
use crate::error::Result;
use crate::operation::{Forward, Kept, Operation, Pass, Reads, expect_inputs};
use candle_core::{Device, Tensor};

impl OnCuda<Dropout> {
    fn dropped(&self, input: &Tensor, seed: u64, step: u64, node: u64) -> Result<Tensor> {
        let site = Site::of(self.name(), input)?;
        let (x, y, count) = (site.activation(input)?, site.activations(input.dims())?, input.elem_count());
        let pieces = count.div_ceil(BLOCK).max(1);
        let grid = Grid::rows(pieces, (count / pieces + 16) / 16);
        let keep = 1.0 / (1.0 - self.0.rate);
        let bound = bound(self.0.rate) as usize;
        site.launch(
            "dropout",
            "dropout",
            grid,
            arguments![&x, &y, count, pieces, seed, step, node, bound, keep],
        )?;
        Ok(y)
    }
}

impl Operation for OnCuda<Dropout> {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn forward(&self, inputs: &[&Tensor], pass: &Pass) -> Result<Forward> {
        expect_inputs(self.name(), inputs, 1..=1)?;
        self.0.check()?;
        if !pass.training || self.0.rate == 0.0 {
            return Ok(inputs[0].clone().into());
        }
        // The key of the streams, kept on the host.
        let key = [pass.seed, pass.step, pass.node].map(|k| k as i64);
        Ok(Forward {
            output: self.dropped(inputs[0], pass.seed, pass.step, pass.node)?,
            saved: vec![Tensor::from_slice(&key, 3, &Device::Cpu)?],
            updates: Vec::new(),
        })
    }

    fn backward(&self, kept: &Kept, gradient: &Tensor, _: &[bool]) -> Result<Vec<Option<Tensor>>> {
        if kept.saved.is_empty() {
            return Ok(vec![Some(gradient.clone())]);
        }
        let key = kept.saved(self.name(), 0)?.to_vec1::<i64>()?;
        Ok(vec![Some(self.dropped(
            gradient,
            key[0] as u64,
            key[1] as u64,
            key[2] as u64,
        )?)])
    }

    fn reads(&self) -> Reads {
        Reads::NOTHING
    }
}
