//! What kernels are called with.

use super::memory::address;
use crate::error::Result;
use candle_core::Tensor;

/// An argument of a kernel.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Argument<'a> {
    /// The values of a contiguous tensor.
    Values(&'a Tensor),
    /// A null pointer.
    Nothing,
    /// A size (`Index`). Tensors on devices have fewer than 2^31 values, so all sizes fit.
    Size(usize),
    /// A number (`double`).
    Real(f64),
    /// 64 bits (`unsigned long long`).
    Bits(u64),
}

impl Argument<'_> {
    /// The argument as a word, the first bytes of which are the value.
    pub(super) fn word(self) -> Result<u64> {
        Ok(match self {
            Self::Values(tensor) => address(tensor)?,
            Self::Nothing => 0,
            Self::Size(size) => size as u64,
            Self::Real(value) => value.to_bits(),
            Self::Bits(bits) => bits,
        })
    }
}

impl<'a> From<&'a Tensor> for Argument<'a> {
    fn from(tensor: &'a Tensor) -> Self {
        Self::Values(tensor)
    }
}

impl<'a> From<Option<&'a Tensor>> for Argument<'a> {
    fn from(tensor: Option<&'a Tensor>) -> Self {
        tensor.map_or(Self::Nothing, Self::Values)
    }
}

impl From<usize> for Argument<'_> {
    fn from(size: usize) -> Self {
        Self::Size(size)
    }
}

impl From<bool> for Argument<'_> {
    fn from(flag: bool) -> Self {
        Self::Size(usize::from(flag))
    }
}

impl From<f64> for Argument<'_> {
    fn from(value: f64) -> Self {
        Self::Real(value)
    }
}

impl From<u64> for Argument<'_> {
    fn from(bits: u64) -> Self {
        Self::Bits(bits)
    }
}
