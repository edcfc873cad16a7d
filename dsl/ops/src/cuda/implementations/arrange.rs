//! Copies in another arrangement.

use super::OnCuda;
use super::parts::{Site, arguments};
use crate::axis::around;
use crate::cuda::raw::Grid;
use crate::error::Result;
use crate::operation::{Forward, Kept, Operation, Pass, Reads, expect_inputs};
use crate::{Concat, Crop, Flatten, Reverse};
use candle_core::Tensor;

/// Row by row `output[p] = input[p + forward - back]`, 0 where that lies outside.
pub(super) fn shifted(
    site: &Site,
    input: &Tensor,
    dims: &[usize],
    rows: [usize; 2],
    forward: usize,
    back: usize,
) -> Result<Tensor> {
    let output = site.activations(dims)?;
    let [from, to] = rows;
    let count = output.elem_count().checked_div(to).unwrap_or(0);
    site.launch(
        "arrange",
        "shift_rows",
        Grid::rows(count, to),
        arguments![input, &output, count, from, to, forward, back],
    )?;
    Ok(output)
}

impl Operation for OnCuda<Crop> {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn forward(&self, inputs: &[&Tensor], _: &Pass) -> Result<Forward> {
        expect_inputs(self.name(), inputs, 1..=1)?;
        let (row, dims) = self.0.cropped(inputs[0].dims())?;
        let site = Site::of(self.name(), inputs[0])?;
        let x = site.activation(inputs[0])?;
        Ok(shifted(&site, &x, &dims, [row, self.0.length], self.0.start, 0)?.into())
    }

    fn backward(&self, kept: &Kept, gradient: &Tensor, _: &[bool]) -> Result<Vec<Option<Tensor>>> {
        let dims = kept.shape(self.name(), 0)?;
        let site = Site::of(self.name(), gradient)?;
        let g = site.activation(gradient)?;
        let row = dims.last().copied().unwrap_or(0);
        Ok(vec![Some(shifted(&site, &g, dims, [self.0.length, row], 0, self.0.start)?)])
    }

    fn reads(&self) -> Reads {
        Reads::NOTHING
    }
}

impl Operation for OnCuda<Concat> {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn forward(&self, inputs: &[&Tensor], _: &Pass) -> Result<Forward> {
        expect_inputs(self.name(), inputs, 1..=usize::MAX)?;
        let dims = self.0.joined(inputs)?;
        let site = Site::of(self.name(), inputs[0])?;
        let all = around(self.name(), &dims, self.0.axis)?;
        let output = site.activations(&dims)?;
        let mut at = 0;
        for input in inputs {
            let (x, length) = (site.activation(input)?, input.dims()[self.0.axis + 1] * all.inner);
            site.launch(
                "arrange",
                "copy_rows",
                Grid::rows(all.outer, length),
                arguments![&x, &output, all.outer, length, length, 0usize, all.size * all.inner, at],
            )?;
            at += length;
        }
        Ok(output.into())
    }

    fn backward(&self, kept: &Kept, gradient: &Tensor, wanted: &[bool]) -> Result<Vec<Option<Tensor>>> {
        let site = Site::of(self.name(), gradient)?;
        let all = around(self.name(), gradient.dims(), self.0.axis)?;
        let g = site.activation(gradient)?;
        let mut at = 0;
        let mut results = Vec::with_capacity(wanted.len());
        for (i, wanted) in wanted.iter().enumerate() {
            let dims = kept.shape(self.name(), i)?;
            let length = dims[self.0.axis + 1] * all.inner;
            results.push(if *wanted {
                let output = site.activations(dims)?;
                site.launch(
                    "arrange",
                    "copy_rows",
                    Grid::rows(all.outer, length),
                    arguments![&g, &output, all.outer, length, all.size * all.inner, at, length, 0usize],
                )?;
                Some(output)
            } else {
                None
            });
            at += length;
        }
        Ok(results)
    }

    fn reads(&self) -> Reads {
        Reads::NOTHING
    }
}

impl OnCuda<Reverse> {
    fn apply(&self, input: &Tensor) -> Result<Tensor> {
        let dims = input.dims();
        let (row, channels) = self.0.sizes(dims)?;
        let site = Site::of(self.name(), input)?;
        let (x, y) = (site.activation(input)?, site.activations(dims)?);
        let rows = x.elem_count().checked_div(row).unwrap_or(0);
        site.launch(
            "arrange",
            "reverse",
            Grid::rows(rows, row),
            arguments![&x, &y, rows, row, channels],
        )?;
        Ok(y)
    }
}

impl Operation for OnCuda<Reverse> {
    fn name(&self) -> &'static str {
        self.0.name()
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

/// Nothing is computed; Candle copies on the device where strides ask for it.
impl Operation for OnCuda<Flatten> {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn forward(&self, inputs: &[&Tensor], pass: &Pass) -> Result<Forward> {
        self.0.forward(inputs, pass)
    }

    fn backward(&self, kept: &Kept, gradient: &Tensor, wanted: &[bool]) -> Result<Vec<Option<Tensor>>> {
        self.0.backward(kept, gradient, wanted)
    }

    fn reads(&self) -> Reads {
        self.0.reads()
    }
}
