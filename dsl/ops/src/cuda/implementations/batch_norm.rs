//! Batch normalisation.

use super::OnCuda;
use super::parts::{Site, arguments};
use super::sums::splits;
use crate::cuda::raw::Grid;
use crate::error::{OpsError, Result};
use crate::operation::{Forward, Kept, Operation, Pass, Reads, expect_inputs};
use crate::{BatchNorm, Running};
use candle_core::{Device, Tensor};

const NAME: &str = "batch_norm";

/// Batch, channels and what is inside a channel.
fn sizes(dims: &[usize]) -> Result<(usize, usize, usize)> {
    if dims.len() < 2 {
        return Err(OpsError::shape(NAME, "the input", dims, "[batch, channel, ..]"));
    }
    Ok((dims[0], dims[1], dims[2..].iter().product()))
}

impl Operation for OnCuda<BatchNorm> {
    fn name(&self) -> &'static str {
        NAME
    }

    fn forward(&self, inputs: &[&Tensor], pass: &Pass) -> Result<Forward> {
        let sonnet = self.0.running == Running::Sonnet;
        expect_inputs(NAME, inputs, if sonnet { 6..=6 } else { 5..=5 })?;
        let (batch, channels, inner) = sizes(inputs[0].dims())?;
        for (parameter, what) in inputs[1..5]
            .iter()
            .zip(["weight", "bias", "running mean", "running variance"])
        {
            if parameter.dims() != [channels] {
                let expected = format!("[{channels}]");
                return Err(OpsError::shape(NAME, format!("the {what}"), parameter.dims(), expected));
            }
        }
        let count = batch * inner;
        if pass.training && count < 2 {
            let expected = "more than one value per channel in training";
            return Err(OpsError::shape(NAME, "the input", inputs[0].dims(), expected));
        }
        let site = Site::of(NAME, inputs[0])?;
        let x = site.activation(inputs[0])?;
        let parameters = inputs[1..].iter().map(|p| site.statistic(p)).collect::<Result<Vec<_>>>()?;
        let [weight, bias, running_mean, running_variance] = [0, 1, 2, 3].map(|i| &parameters[i]);
        let (mean, inverse) = (site.statistics(&[channels])?, site.statistics(&[channels])?);
        let mut updates = Vec::new();
        if pass.training {
            let splits = splits(channels, count);
            let partial = site.statistics(&[channels, splits, 3])?;
            let grid = Grid::blocks(channels, splits);
            let measured = arguments![&x, &partial, batch, channels, inner, splits];
            site.launch(NAME, "batch_norm_measure", grid, measured)?;
            let (new_mean, new_variance) = (site.statistics(&[channels])?, site.statistics(&[channels])?);
            site.launch(
                NAME,
                "batch_norm_finish",
                Grid::each(channels),
                arguments![
                    &partial,
                    running_mean,
                    running_variance,
                    &mean,
                    &inverse,
                    &new_mean,
                    &new_variance,
                    channels,
                    splits,
                    self.0.epsilon,
                    self.0.momentum,
                    self.0.running == Running::PyTorch,
                ],
            )?;
            updates = vec![(3, new_mean), (4, new_variance)];
            if let Some(counter) = parameters.get(4) {
                let next = site.statistics(counter.dims())?;
                let given = arguments![counter, &next, 1usize, 1.0, 1.0];
                site.wide().launch("activation", "affine", Grid::each(1), given)?;
                updates.push((5, next));
            }
        } else {
            site.launch(
                NAME,
                "batch_norm_evaluate",
                Grid::each(channels),
                arguments![
                    running_mean,
                    running_variance,
                    parameters.get(4),
                    &mean,
                    &inverse,
                    channels,
                    self.0.epsilon,
                    1.0 - self.0.momentum
                ],
            )?;
        }
        let y = site.activations(x.dims())?;
        site.launch(
            NAME,
            "batch_norm_apply",
            Grid::rows(batch * channels, inner),
            arguments![&x, weight, bias, &mean, &inverse, &y, batch * channels, channels, inner],
        )?;
        // What backward asks without a word to the device.
        let measured = Tensor::from_vec(vec![u8::from(pass.training)], 1, &Device::Cpu)?;
        Ok(Forward {
            output: y,
            saved: vec![mean, inverse, measured],
            updates,
        })
    }

    fn backward(&self, kept: &Kept, gradient: &Tensor, wanted: &[bool]) -> Result<Vec<Option<Tensor>>> {
        let (batch, channels, inner) = sizes(kept.shape(NAME, 0)?)?;
        let count = batch * inner;
        let site = Site::of(NAME, gradient)?;
        let (x, g) = (site.activation(kept.input(NAME, 0)?)?, site.activation(gradient)?);
        let weight = site.statistic(kept.input(NAME, 1)?)?;
        let (mean, inverse) = (kept.saved(NAME, 0)?, kept.saved(NAME, 1)?);
        let measured = kept.saved(NAME, 2)?.to_vec1::<u8>()? == [1];
        let splits = splits(channels, count);
        let partial = site.statistics(&[channels, splits, 2])?;
        site.launch(
            NAME,
            "batch_norm_measure_back",
            Grid::blocks(channels, splits),
            arguments![&x, &g, mean, &partial, batch, channels, inner, splits],
        )?;
        let (of_weight, of_bias) = (site.statistics(&[channels])?, site.statistics(&[channels])?);
        site.launch(
            NAME,
            "batch_norm_finish_back",
            Grid::each(channels),
            arguments![&partial, inverse, &of_weight, &of_bias, channels, splits],
        )?;
        let mut results = vec![None; wanted.len()];
        if wanted[0] {
            let output = site.activations(g.dims())?;
            let share = if measured { 1.0 / count as f64 } else { 0.0 };
            site.launch(
                NAME,
                "batch_norm_apply_back",
                Grid::rows(batch * channels, inner),
                arguments![
                    &x,
                    &g,
                    &weight,
                    mean,
                    inverse,
                    &of_weight,
                    &of_bias,
                    &output,
                    batch * channels,
                    channels,
                    inner,
                    share,
                ],
            )?;
            results[0] = Some(output);
        }
        results[1] = wanted[1].then_some(of_weight);
        results[2] = wanted[2].then_some(of_bias);
        Ok(results)
    }

    fn reads(&self) -> Reads {
        Reads::INPUTS
    }
}
