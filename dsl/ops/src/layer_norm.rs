//! Layer normalisation, and the same by the root of the mean square.

use crate::across::Across;
use crate::error::{OpsError, Result};
use crate::number::Number;
use crate::operation::{Forward, Kept, Needs, Operation, Pass, Reads, expect_inputs};
use crate::view::{by_precision, tensor, view};
use candle_core::Tensor;

/// Normalises each position over its channels (Ba, Kiros and Hinton 2016), by the biased variance as PyTorch does.
///
/// # Shapes
/// Inputs: x `[batch, channel, ..]`, then weight and bias, both `[channel]`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LayerNorm {
    /// Added to the variance.
    pub epsilon: f64,
}

/// Divides each position by the root of its channels' mean square (Zhang and Sennrich 2019); there is no bias.
///
/// # Shapes
/// Inputs: x `[batch, channel, ..]`, then weight `[channel]`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RmsNorm {
    /// Added to the mean square.
    pub epsilon: f64,
}

fn layout(operation: &'static str, dims: &[usize], parameters: &[&[usize]], centred: bool) -> Result<Across> {
    if dims.len() < 2 || dims[1] == 0 {
        return Err(OpsError::shape(operation, "the input", dims, "[batch, channel, ..]"));
    }
    for (found, what) in parameters.iter().zip(["the weight", "the bias"]) {
        if **found != [dims[1]] {
            return Err(OpsError::shape(operation, what, found, format!("[{}]", dims[1])));
        }
    }
    Ok(Across {
        batch: dims[0],
        channels: dims[1],
        inner: dims[2..].iter().product(),
        centred,
    })
}

fn forward<T: Number>(operation: &'static str, inputs: &[&Tensor], layout: Across, epsilon: f64) -> Result<Forward> {
    let (x, weight) = (view::<T>(operation, inputs[0])?, view::<T>(operation, inputs[1])?);
    let bias = inputs.get(2).map(|b| view::<T>(operation, b)).transpose()?;
    let bias = bias.as_ref().map(|b| b.slice());
    let (output, statistics) = layout.forward(x.slice(), weight.slice(), bias, epsilon);
    let saved = vec![tensor(statistics, &[layout.batch, 2, layout.inner])?];
    Ok(Forward {
        output: tensor(output, inputs[0].dims())?,
        saved,
        updates: Vec::new(),
    })
}

fn backward<T: Number>(
    operation: &'static str,
    kept: &Kept,
    gradient: &Tensor,
    wanted: &[bool],
    layout: Across,
) -> Result<Vec<Option<Tensor>>> {
    let (x, weight) = (
        view::<T>(operation, kept.input(operation, 0)?)?,
        view::<T>(operation, kept.input(operation, 1)?)?,
    );
    let (g, statistics) = (
        view::<T>(operation, gradient)?,
        view::<T>(operation, kept.saved(operation, 0)?)?,
    );
    let parameters = wanted[1..].contains(&true);
    let (dx, dw, db) = layout.backward(x.slice(), g.slice(), weight.slice(), statistics.slice(), parameters);
    let mut results = vec![None; wanted.len()];
    if wanted[0] {
        results[0] = Some(tensor(dx, gradient.dims())?);
    }
    for (i, values) in [(1, dw), (2, db)] {
        if wanted.get(i) == Some(&true) {
            results[i] = Some(tensor(values, &[layout.channels])?);
        }
    }
    Ok(results)
}

/// Mean and inverse deviation of every position.
fn needs(dims: &[usize], number_bytes: usize) -> Needs {
    let channels = dims.get(1).copied().unwrap_or(1).max(1);
    Needs {
        saved: 2 * dims.iter().product::<usize>() / channels * number_bytes,
        ..Needs::default()
    }
}

impl Operation for LayerNorm {
    fn name(&self) -> &'static str {
        "layer_norm"
    }

    fn forward(&self, inputs: &[&Tensor], _: &Pass) -> Result<Forward> {
        expect_inputs(self.name(), inputs, 3..=3)?;
        let layout = layout(self.name(), inputs[0].dims(), &[inputs[1].dims(), inputs[2].dims()], true)?;
        by_precision!(self.name(), inputs[0], T => forward::<T>(self.name(), inputs, layout, self.epsilon))
    }

    fn backward(&self, kept: &Kept, gradient: &Tensor, wanted: &[bool]) -> Result<Vec<Option<Tensor>>> {
        let layout = layout(self.name(), kept.shape(self.name(), 0)?, &[], true)?;
        by_precision!(self.name(), gradient, T => backward::<T>(self.name(), kept, gradient, wanted, layout))
    }

    fn is_cheap(&self) -> bool {
        true
    }

    fn reads(&self) -> Reads {
        Reads::INPUTS
    }

    fn needs(&self, shapes: &[Vec<usize>], number_bytes: usize) -> Needs {
        needs(&shapes[0], number_bytes)
    }
}

impl Operation for RmsNorm {
    fn name(&self) -> &'static str {
        "rms_norm"
    }

    fn forward(&self, inputs: &[&Tensor], _: &Pass) -> Result<Forward> {
        expect_inputs(self.name(), inputs, 2..=2)?;
        let layout = layout(self.name(), inputs[0].dims(), &[inputs[1].dims()], false)?;
        by_precision!(self.name(), inputs[0], T => forward::<T>(self.name(), inputs, layout, self.epsilon))
    }

    fn backward(&self, kept: &Kept, gradient: &Tensor, wanted: &[bool]) -> Result<Vec<Option<Tensor>>> {
        let layout = layout(self.name(), kept.shape(self.name(), 0)?, &[], false)?;
        by_precision!(self.name(), gradient, T => backward::<T>(self.name(), kept, gradient, wanted, layout))
    }

    fn is_cheap(&self) -> bool {
        true
    }

    fn reads(&self) -> Reads {
        Reads::INPUTS
    }

    fn needs(&self, shapes: &[Vec<usize>], number_bytes: usize) -> Needs {
        needs(&shapes[0], number_bytes)
    }
}
