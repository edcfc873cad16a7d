//! Convolution over maps.

use crate::convolution::{convolve, convolve_back, needs_of};
use crate::error::Result;
use crate::kernel::convolution::needs;
use crate::kernel::geometry::{Geometry, Settings};
use crate::operation::{Forward, Kept, Needs, Operation, Pass, Reads, expect_inputs};
use candle_core::Tensor;

/// 2-D convolution (cross-correlation, as PyTorch's `conv2d`).
///
/// # Shapes
/// Inputs: x `[batch, channels, row, column]`, weight `[filters, channels / groups, height, width]`, bias `[filters]` if
/// there is one; output `[batch, filters, row', column']` with sizes as of [`crate::Convolution`] along each axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Convolution2d {
    /// Steps between outputs, along rows and columns.
    pub stride: [usize; 2],
    /// Distances between taps.
    pub dilation: [usize; 2],
    /// Channel groups.
    pub groups: usize,
    /// Zeros before the first and after the last row, and column.
    pub padding: [(usize, usize); 2],
}

impl Default for Convolution2d {
    fn default() -> Self {
        Self {
            stride: [1; 2],
            dilation: [1; 2],
            groups: 1,
            padding: [(0, 0); 2],
        }
    }
}

impl Convolution2d {
    pub(crate) fn geometry(&self, x: &[usize], weight: &[usize]) -> Result<Geometry> {
        let settings = Settings {
            stride: self.stride,
            dilation: self.dilation,
            groups: self.groups,
            padding: self.padding,
        };
        Geometry::new("convolution2d", x, weight, 2, &settings)
    }
}

impl Operation for Convolution2d {
    fn name(&self) -> &'static str {
        "convolution2d"
    }

    fn forward(&self, inputs: &[&Tensor], _: &Pass) -> Result<Forward> {
        expect_inputs(self.name(), inputs, 2..=3)?;
        let g = self.geometry(inputs[0].dims(), inputs[1].dims())?;
        convolve(self.name(), &g, &[g.batch, g.filters, g.output[0], g.output[1]], inputs)
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
