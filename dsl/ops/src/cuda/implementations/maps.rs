//! Maps: from tracks, and symmetric ones.

use super::OnCuda;
use super::parts::{Site, arguments};
use crate::cuda::raw::Grid;
use crate::error::{OpsError, Result};
use crate::operation::{Forward, Kept, Operation, Pass, Reads, expect_inputs};
use crate::{OuterSum, Symmetric};
use candle_core::Tensor;

/// The sum of `[outer, size, inner]` over the middle axis.
fn summed(site: &Site, x: &Tensor, dims: &[usize], [outer, size, inner]: [usize; 3]) -> Result<Tensor> {
    let output = site.activations(dims)?;
    let given = arguments![x, &output, size, inner, 1.0];
    site.launch("reduce", "sum_forward", Grid::columns(outer, size, inner), given)?;
    Ok(output)
}

impl Operation for OnCuda<OuterSum> {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn forward(&self, inputs: &[&Tensor], _: &Pass) -> Result<Forward> {
        expect_inputs(self.name(), inputs, 1..=2)?;
        let (first, second) = (inputs[0].dims(), inputs[inputs.len() - 1].dims());
        let (&[batch, channels, n], &[other, same, m]) = (first, second) else {
            return Err(OpsError::shape(self.name(), "an input", first, "[batch, channel, position]"));
        };
        if [other, same] != [batch, channels] {
            let expected = format!("[{batch}, {channels}, position], as the first");
            return Err(OpsError::shape(self.name(), "the second input", second, expected));
        }
        let site = Site::of(self.name(), inputs[0])?;
        let (a, b) = (site.activation(inputs[0])?, site.activation(inputs[inputs.len() - 1])?);
        let output = site.activations(&[batch, channels, n, m])?;
        let lines = batch * channels * n;
        site.launch(
            "arrange",
            "outer_sum",
            Grid::rows(lines, m),
            arguments![&a, &b, &output, lines, n, m],
        )?;
        Ok(output.into())
    }

    fn backward(&self, kept: &Kept, gradient: &Tensor, wanted: &[bool]) -> Result<Vec<Option<Tensor>>> {
        let &[batch, channels, n, m] = gradient.dims() else {
            return Err(OpsError::shape(
                self.name(),
                "the gradient",
                gradient.dims(),
                "[batch, channel, n, m]",
            ));
        };
        let site = Site::of(self.name(), gradient)?;
        let (g, rows) = (site.activation(gradient)?, batch * channels);
        let left = || summed(&site, &g, &[batch, channels, n], [rows * n, m, 1]);
        let right = || summed(&site, &g, &[batch, channels, m], [rows, n, m]);
        if kept.shapes.len() == 1 {
            let (a, b, output, count) = (left()?, right()?, site.activations(&[batch, channels, n])?, rows * n);
            site.launch(
                "arithmetic",
                "add_forward",
                Grid::each(count),
                arguments![&a, &b, &output, count],
            )?;
            return Ok(vec![Some(output)]);
        }
        let first = wanted[0].then(left).transpose()?;
        Ok(vec![first, wanted[1].then(right).transpose()?])
    }

    fn reads(&self) -> Reads {
        Reads::NOTHING
    }
}

impl OnCuda<Symmetric> {
    fn apply(&self, input: &Tensor) -> Result<Tensor> {
        let dims = input.dims();
        let n = match *dims {
            [_, .., n, m] if n == m => n,
            _ => return Err(OpsError::shape(self.name(), "the input", dims, "[batch, .., n, n]")),
        };
        let site = Site::of(self.name(), input)?;
        let (x, y) = (site.activation(input)?, site.activations(dims)?);
        let rows = x.elem_count().checked_div(n * n).unwrap_or(0);
        site.launch("arrange", "symmetric", Grid::rows(rows * n, n), arguments![&x, &y, rows, n])?;
        Ok(y)
    }
}

impl Operation for OnCuda<Symmetric> {
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
