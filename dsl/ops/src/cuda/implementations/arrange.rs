//! Copies in another arrangement.

use super::OnCuda;
use super::parts::{Site, arguments};
use crate::axis::{Around, around};
use crate::crop::kept_dims;
use crate::cuda::raw::Grid;
use crate::error::Result;
use crate::operation::{Forward, Kept, Operation, Pass, Reads, expect_inputs};
use crate::{Concat, Crop, Flatten, Narrow, Reverse, Token};
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

/// Keeps a stretch of an axis.
fn keep(operation: &'static str, input: &Tensor, a: Around, axis: usize, start: usize, length: usize) -> Result<Tensor> {
    let dims = kept_dims(operation, input.dims(), a, axis, start, length)?;
    let site = Site::of(operation, input)?;
    let x = site.activation(input)?;
    shifted(&site, &x, &dims, [a.size * a.inner, length * a.inner], start * a.inner, 0)
}

/// The gradient of [`keep`]: 0 around what was kept.
fn keep_back(operation: &'static str, gradient: &Tensor, dims: &[usize], a: Around, start: usize) -> Result<Tensor> {
    let site = Site::of(operation, gradient)?;
    let g = site.activation(gradient)?;
    let row = g.elem_count().checked_div(a.outer).unwrap_or(0);
    shifted(&site, &g, dims, [row, a.size * a.inner], 0, start * a.inner)
}

impl Operation for OnCuda<Crop> {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn forward(&self, inputs: &[&Tensor], _: &Pass) -> Result<Forward> {
        expect_inputs(self.name(), inputs, 1..=1)?;
        let (a, axis) = self.0.look(inputs[0].dims())?;
        Ok(keep(self.name(), inputs[0], a, axis, self.0.start, self.0.length)?.into())
    }

    fn backward(&self, kept: &Kept, gradient: &Tensor, _: &[bool]) -> Result<Vec<Option<Tensor>>> {
        let dims = kept.shape(self.name(), 0)?;
        let (a, _) = self.0.look(dims)?;
        Ok(vec![Some(keep_back(self.name(), gradient, dims, a, self.0.start)?)])
    }

    fn reads(&self) -> Reads {
        Reads::NOTHING
    }
}

impl Operation for OnCuda<Narrow> {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn forward(&self, inputs: &[&Tensor], _: &Pass) -> Result<Forward> {
        expect_inputs(self.name(), inputs, 1..=1)?;
        let a = around(self.name(), inputs[0].dims(), self.0.axis)?;
        Ok(keep(self.name(), inputs[0], a, self.0.axis, self.0.start, self.0.length)?.into())
    }

    fn backward(&self, kept: &Kept, gradient: &Tensor, _: &[bool]) -> Result<Vec<Option<Tensor>>> {
        let dims = kept.shape(self.name(), 0)?;
        let a = around(self.name(), dims, self.0.axis)?;
        Ok(vec![Some(keep_back(self.name(), gradient, dims, a, self.0.start)?)])
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

macro_rules! views {
    ($($kind:ty),*) => {
        $(
            /// Nothing is computed; Candle copies on the device where strides ask for it.
            impl Operation for OnCuda<$kind> {
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
        )*
    };
}

views!(Flatten, Token);
