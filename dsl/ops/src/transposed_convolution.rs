//! Transposed convolution: the gradient of a convolution as an operation of its own.

use crate::convolution::{expect_bias, needs_of};
use crate::error::Result;
use crate::kernel::convolution::{forward, input_gradient, transposed_needs};
use crate::kernel::geometry::{Geometry, Settings};
use crate::kernel::weight::{channel_sums, weight_gradient};
use crate::operation::{Forward, Kept, Needs, Operation, Pass, Reads, expect_inputs};
use crate::view::{by_precision, tensor, view};
use candle_core::Tensor;

/// 1-D transposed convolution (as PyTorch's `conv_transpose1d`, with padding that may differ between the sides).
///
/// # Shapes
/// Inputs: x `[batch, channels, position]`, weight `[channels, filters / groups, width]`, bias `[filters]` if there is
/// one; output `[batch, filters, (position - 1) stride + dilation (width - 1) + 1 + extra - padding]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TransposedConvolution {
    /// Step between the places of two inputs in the output.
    pub stride: usize,
    /// Distance between taps.
    pub dilation: usize,
    /// Channel groups.
    pub groups: usize,
    /// Outputs left out at the beginning and at the end.
    pub padding: (usize, usize),
    /// Outputs added at the end (PyTorch's `output_padding`).
    pub extra: usize,
}

impl Default for TransposedConvolution {
    fn default() -> Self {
        Self {
            stride: 1,
            dilation: 1,
            groups: 1,
            padding: (0, 0),
            extra: 0,
        }
    }
}

/// 2-D transposed convolution (as PyTorch's `conv_transpose2d`).
///
/// # Shapes
/// Inputs: x `[batch, channels, row, column]`, weight `[channels, filters / groups, height, width]`, bias `[filters]` if
/// there is one; output `[batch, filters, row', column']` with sizes as of [`TransposedConvolution`] along each axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TransposedConvolution2d {
    /// Steps between the places of two inputs in the output, along rows and columns.
    pub stride: [usize; 2],
    /// Distances between taps.
    pub dilation: [usize; 2],
    /// Channel groups.
    pub groups: usize,
    /// Outputs left out at the first and last rows, and columns.
    pub padding: [(usize, usize); 2],
    /// Outputs added at the end.
    pub extra: [usize; 2],
}

impl Default for TransposedConvolution2d {
    fn default() -> Self {
        Self {
            stride: [1; 2],
            dilation: [1; 2],
            groups: 1,
            padding: [(0, 0); 2],
            extra: [0; 2],
        }
    }
}

impl TransposedConvolution {
    /// The convolution from the output to the input.
    pub(crate) fn geometry(&self, x: &[usize], weight: &[usize]) -> Result<Geometry> {
        let settings = Settings::line(self.stride, self.dilation, self.groups, self.padding);
        Geometry::transposed("transposed_convolution", x, weight, 1, &settings, [0, self.extra])
    }
}

impl TransposedConvolution2d {
    pub(crate) fn geometry(&self, x: &[usize], weight: &[usize]) -> Result<Geometry> {
        let settings = Settings {
            stride: self.stride,
            dilation: self.dilation,
            groups: self.groups,
            padding: self.padding,
        };
        Geometry::transposed("transposed_convolution2d", x, weight, 2, &settings, self.extra)
    }
}

fn spread(operation: &'static str, g: &Geometry, dims: &[usize], inputs: &[&Tensor]) -> Result<Forward> {
    expect_bias(operation, inputs, g.channels)?;
    by_precision!(operation, inputs[0], T => {
        let (x, w) = (view::<T>(operation, inputs[0])?, view::<T>(operation, inputs[1])?);
        let bias = inputs.get(2).map(|b| view::<T>(operation, b)).transpose()?;
        let y = input_gradient(g, x.slice(), w.slice(), bias.as_ref().map(|b| b.slice()));
        Ok(tensor(y, dims)?.into())
    })
}

fn spread_back(
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
            let dx = forward(g, dy.slice(), w.slice(), None);
            results[0] = Some(tensor(dx, kept.shape(operation, 0)?)?);
        }
        if wanted[1] {
            let x = view::<T>(operation, kept.input(operation, 0)?)?;
            let mut dw = weight_gradient(g, dy.slice(), x.slice());
            dw.truncate(g.sizes()[1]);
            results[1] = Some(tensor(dw, kept.shape(operation, 1)?)?);
        }
        if wanted.get(2) == Some(&true) {
            let db = channel_sums(dy.slice(), g.channels, g.input[0] * g.input[1]);
            results[2] = Some(tensor(db, &[g.channels])?);
        }
        Ok(results)
    })
}

impl Operation for TransposedConvolution {
    fn name(&self) -> &'static str {
        "transposed_convolution"
    }

    fn forward(&self, inputs: &[&Tensor], _: &Pass) -> Result<Forward> {
        expect_inputs(self.name(), inputs, 2..=3)?;
        let g = self.geometry(inputs[0].dims(), inputs[1].dims())?;
        spread(self.name(), &g, &[g.batch, g.channels, g.input[1]], inputs)
    }

    fn backward(&self, kept: &Kept, gradient: &Tensor, wanted: &[bool]) -> Result<Vec<Option<Tensor>>> {
        let g = self.geometry(kept.shape(self.name(), 0)?, kept.shape(self.name(), 1)?)?;
        spread_back(self.name(), &g, kept, gradient, wanted)
    }

    fn reads(&self) -> Reads {
        Reads::INPUTS
    }

    fn needs(&self, shapes: &[Vec<usize>], number_bytes: usize) -> Needs {
        needs_of(
            shapes,
            |x, weight| self.geometry(x, weight),
            |g| transposed_needs(g, number_bytes),
        )
    }
}

impl Operation for TransposedConvolution2d {
    fn name(&self) -> &'static str {
        "transposed_convolution2d"
    }

    fn forward(&self, inputs: &[&Tensor], _: &Pass) -> Result<Forward> {
        expect_inputs(self.name(), inputs, 2..=3)?;
        let g = self.geometry(inputs[0].dims(), inputs[1].dims())?;
        spread(self.name(), &g, &[g.batch, g.channels, g.input[0], g.input[1]], inputs)
    }

    fn backward(&self, kept: &Kept, gradient: &Tensor, wanted: &[bool]) -> Result<Vec<Option<Tensor>>> {
        let g = self.geometry(kept.shape(self.name(), 0)?, kept.shape(self.name(), 1)?)?;
        spread_back(self.name(), &g, kept, gradient, wanted)
    }

    fn reads(&self) -> Reads {
        Reads::INPUTS
    }

    fn needs(&self, shapes: &[Vec<usize>], number_bytes: usize) -> Needs {
        needs_of(
            shapes,
            |x, weight| self.geometry(x, weight),
            |g| transposed_needs(g, number_bytes),
        )
    }
}
