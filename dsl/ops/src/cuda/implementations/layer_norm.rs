//! Layer normalisation over channels.

use super::OnCuda;
use super::parts::{Site, arguments};
use super::sums::{added, splits};
use crate::cuda::raw::Grid;
use crate::error::{OpsError, Result};
use crate::operation::{Forward, Kept, Operation, Pass, Reads, expect_inputs};
use crate::{LayerNorm, RmsNorm};
use candle_core::Tensor;

/// Batch, channels and what is inside a channel.
fn sizes(operation: &'static str, dims: &[usize], parameters: &[&[usize]]) -> Result<(usize, usize, usize)> {
    if dims.len() < 2 || dims[1] == 0 {
        return Err(OpsError::shape(operation, "the input", dims, "[batch, channel, ..]"));
    }
    for (found, what) in parameters.iter().zip(["the weight", "the bias"]) {
        if *found != [dims[1]] {
            return Err(OpsError::shape(operation, what, found, format!("[{}]", dims[1])));
        }
    }
    Ok((dims[0], dims[1], dims[2..].iter().product()))
}

/// The forward pass of layer norm, or of RMS norm where nothing is `centred`; the bias may be missing.
fn forward(operation: &'static str, inputs: &[&Tensor], epsilon: f64, centred: bool) -> Result<Forward> {
    let parameters: Vec<&[usize]> = inputs[1..].iter().map(|p| p.dims()).collect();
    let (batch, channels, inner) = sizes(operation, inputs[0].dims(), &parameters)?;
    let site = Site::of(operation, inputs[0])?;
    let (x, weight) = (site.activation(inputs[0])?, site.statistic(inputs[1])?);
    let bias = inputs.get(2).map(|b| site.statistic(b)).transpose()?;
    let (y, statistics) = (site.activations(x.dims())?, site.statistics(&[batch, 2, inner])?);
    site.launch(
        "layer_norm",
        "layer_norm_forward",
        Grid::columns(batch, channels, inner),
        arguments![&x, &weight, bias.as_ref(), &y, &statistics, channels, inner, centred, epsilon],
    )?;
    Ok(Forward {
        output: y,
        saved: vec![statistics],
        updates: Vec::new(),
    })
}

fn backward(
    operation: &'static str,
    kept: &Kept,
    gradient: &Tensor,
    wanted: &[bool],
    centred: bool,
) -> Result<Vec<Option<Tensor>>> {
    let (batch, channels, inner) = sizes(operation, kept.shape(operation, 0)?, &[])?;
    let site = Site::of(operation, gradient)?;
    let (x, g) = (site.activation(kept.input(operation, 0)?)?, site.activation(gradient)?);
    let weight = site.statistic(kept.input(operation, 1)?)?;
    let statistics = kept.saved(operation, 0)?;
    let mut results = vec![None; wanted.len()];
    if wanted[0] {
        let output = site.activations(g.dims())?;
        site.launch(
            "layer_norm",
            "layer_norm_backward",
            Grid::columns(batch, channels, inner),
            arguments![&x, &g, &weight, statistics, &output, channels, inner, centred],
        )?;
        results[0] = Some(output);
    }
    if wanted[1..].contains(&true) {
        let splits = splits(channels, batch * inner);
        let (of_weight, of_bias) = (site.statistics(&[channels, splits])?, site.statistics(&[channels, splits])?);
        site.launch(
            "layer_norm",
            "layer_norm_parameters",
            Grid::blocks(channels, splits),
            arguments![&x, &g, statistics, &of_weight, &of_bias, batch, channels, inner, splits],
        )?;
        for (i, partial) in [of_weight, of_bias].iter().enumerate() {
            if wanted.get(i + 1) == Some(&true) {
                results[i + 1] = Some(added(&site, partial, channels, splits)?);
            }
        }
    }
    Ok(results)
}

impl Operation for OnCuda<LayerNorm> {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn forward(&self, inputs: &[&Tensor], _: &Pass) -> Result<Forward> {
        expect_inputs(self.name(), inputs, 3..=3)?;
        forward(self.name(), inputs, self.0.epsilon, true)
    }

    fn backward(&self, kept: &Kept, gradient: &Tensor, wanted: &[bool]) -> Result<Vec<Option<Tensor>>> {
        backward(self.name(), kept, gradient, wanted, true)
    }

    fn reads(&self) -> Reads {
        Reads::INPUTS
    }
}

impl Operation for OnCuda<RmsNorm> {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn forward(&self, inputs: &[&Tensor], _: &Pass) -> Result<Forward> {
        expect_inputs(self.name(), inputs, 2..=2)?;
        forward(self.name(), inputs, self.0.epsilon, false)
    }

    fn backward(&self, kept: &Kept, gradient: &Tensor, wanted: &[bool]) -> Result<Vec<Option<Tensor>>> {
        backward(self.name(), kept, gradient, wanted, false)
    }

    fn reads(&self) -> Reads {
        Reads::INPUTS
    }
}
