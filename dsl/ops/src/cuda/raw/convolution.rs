//! Convolutions of `[batch, channel, row, column]`; those of sequences have one row.

use super::memory::Place;
use crate::error::Result;
use candle_core::Tensor;

/// A convolution with the same padding on both sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Shape {
    pub(crate) batch: usize,
    pub(crate) channels: usize,
    pub(crate) filters: usize,
    pub(crate) input: [usize; 2],
    pub(crate) output: [usize; 2],
    pub(crate) kernel: [usize; 2],
    pub(crate) stride: [usize; 2],
    pub(crate) dilation: [usize; 2],
    pub(crate) padding: [usize; 2],
    pub(crate) groups: usize,
}

/// What is computed from the other two of input, weight and output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Direction {
    /// The output from input and weight.
    Forward,
    /// The gradient of the input from weight and gradient of the output.
    Input,
    /// The gradient of the weight from input and gradient of the output.
    Weight,
}

/// Computes one of input, weight and output, in the order of [`Direction`]'s description: `first` and `second` give
/// `target`. All have the same type.
///
/// # Errors
/// What cuDNN finds wrong.
pub(crate) fn convolve(
    place: &Place,
    shape: &Shape,
    direction: Direction,
    first: &Tensor,
    second: &Tensor,
    target: &Tensor,
) -> Result<()> {
    match place {
        #[cfg(feature = "cuda")]
        Place::Cuda(device) => super::cudnn::convolve(device, shape, direction, first, second, target),
        #[cfg(feature = "cuda-simulation")]
        Place::Simulated => super::simulated::convolve(shape, direction, first, second, target),
    }
}
