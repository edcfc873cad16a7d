//! Convolution along positions.

use crate::error::{OpsError, Result};
use crate::kernel::convolution::{forward, input_gradient, needs};
use crate::kernel::geometry::{Geometry, Settings};
use crate::kernel::weight::weight_gradient;
use crate::operation::{Forward, Kept, Needs, Operation, Pass, Reads, expect_inputs};
use crate::view::{by_precision, tensor, view};
use candle_core::Tensor;

/// 1-D convolution (cross-correlation, as PyTorch's `conv1d`).
///
/// Nothing is unfolded: tiles of the input are walked over from tap to tap.
///
/// # Shapes
/// Inputs: x `[batch, channels, position]`, weight `[filters, channels / groups, width]`, bias `[filters]` if there is
/// one; output `[batch, filters, (position + padding - dilation (width - 1) - 1) / stride + 1]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Convolution {
    /// Step between outputs.
    pub stride: usize,
    /// Distance between taps.
    pub dilation: usize,
    /// Channel groups.
    pub groups: usize,
    /// Zeros before the first and after the last position.
    pub padding: (usize, usize),
}

impl Default for Convolution {
    fn default() -> Self {
        Self {
            stride: 1,
            dilation: 1,
            groups: 1,
            padding: (0, 0),
        }
    }
}

impl Convolution {
    pub(crate) fn geometry(&self, x: &[usize], weight: &[usize]) -> Result<Geometry> {
        let settings = Settings::line(self.stride, self.dilation, self.groups, self.padding);
        Geometry::new("convolution", x, weight, 1, &settings)
    }
}

/// Computes the output of a convolution of one or two dimensions.
pub(crate) fn convolve(operation: &'static str, g: &Geometry, dims: &[usize], inputs: &[&Tensor]) -> Result<Forward> {
    expect_bias(operation, inputs, g.filters)?;
    by_precision!(operation, inputs[0], T => {
        let (x, w) = (view::<T>(operation, inputs[0])?, view::<T>(operation, inputs[1])?);
        let bias = inputs.get(2).map(|b| view::<T>(operation, b)).transpose()?;
        let y = forward(g, x.slice(), w.slice(), bias.as_ref().map(|b| b.slice()));
        Ok(tensor(y, dims)?.into())
    })
}

/// Checks the shape of the third input, if there is one.
pub(crate) fn expect_bias(operation: &'static str, inputs: &[&Tensor], filters: usize) -> Result<()> {
    match inputs.get(2).filter(|b| b.dims() != [filters]) {
        Some(bias) => Err(OpsError::shape(operation, "the bias", bias.dims(), format!("[{filters}]"))),
        None => Ok(()),
    }
}

/// Computes the gradients of a convolution of one or two dimensions.
pub(crate) fn convolve_back(
    operation: &'static str,
    g: &Geometry,
    kept: &Kept,
    gradient: &Tensor,
    wanted: &[bool],
) -> Result<Vec<Option<Tensor>>> {
    let mut results = vec![None; wanted.len()];
    by_precision!(operation, gradient, T => {
        let dy = view::<T>(operation, gradient)?;
        if wanted[0] {
            let w = view::<T>(operation, kept.input(operation, 1)?)?;
            let dx = input_gradient(g, dy.slice(), w.slice(), None);
            results[0] = Some(tensor(dx, kept.shape(operation, 0)?)?);
        }
        if wanted[1..].contains(&true) {
            let x = view::<T>(operation, kept.input(operation, 0)?)?;
            let mut dw = weight_gradient(g, x.slice(), dy.slice());
            let db = dw.split_off(g.filters * g.taps());
            results[1] = if wanted[1] { Some(tensor(dw, kept.shape(operation, 1)?)?) } else { None };
            if wanted.get(2) == Some(&true) {
                results[2] = Some(tensor(db, &[g.filters])?);
            }
        }
        Ok(results)
    })
}

/// What a convolution of inputs of these shapes needs; nothing where they don't fit, which the pass itself reports.
pub(crate) fn needs_of(
    shapes: &[Vec<usize>],
    geometry: impl Fn(&[usize], &[usize]) -> Result<Geometry>,
    needs: impl Fn(&Geometry) -> Needs,
) -> Needs {
    match shapes {
        [x, weight, ..] => geometry(x, weight).map(|g| needs(&g)).unwrap_or_default(),
        _ => Needs::default(),
    }
}

impl Operation for Convolution {
    fn name(&self) -> &'static str {
        "convolution"
    }

    fn forward(&self, inputs: &[&Tensor], _: &Pass) -> Result<Forward> {
        expect_inputs(self.name(), inputs, 2..=3)?;
        let g = self.geometry(inputs[0].dims(), inputs[1].dims())?;
        convolve(self.name(), &g, &[g.batch, g.filters, g.output[1]], inputs)
    }

    fn backward(&self, kept: &Kept, gradient: &Tensor, wanted: &[bool]) -> Result<Vec<Option<Tensor>>> {
        let g = self.geometry(kept.shape(self.name(), 0)?, kept.shape(self.name(), 1)?)?;
        convolve_back(self.name(), &g, kept, gradient, wanted)
    }

    fn reads(&self) -> Reads {
        Reads::INPUTS
    }

    fn needs(&self, shapes: &[Vec<usize>], number_bytes: usize) -> Needs {
        needs_of(shapes, |x, weight| self.geometry(x, weight), |g| needs(g, number_bytes))
    }
}
