//! The unsafe code of the device implementations: memory, launches, cuDNN and cuBLASLt. Each function is safe to call with
//! tensors of the shapes that it names; callers have checked those.
#![allow(unsafe_code)]

mod argument;
#[cfg(feature = "cuda")]
mod blas;
mod convolution;
#[cfg(feature = "cuda")]
mod cudnn;
#[cfg(feature = "cuda")]
mod handles;
mod launch;
mod matmul;
mod memory;
#[cfg(feature = "cuda")]
mod open;
#[cfg(feature = "cuda-simulation")]
mod simulated;

pub(crate) use argument::Argument;
pub(crate) use convolution::{Direction, Shape, convolve};
pub(crate) use launch::{Grid, launch};
pub(crate) use matmul::{Product, Stack, product};
pub(crate) use memory::{Place, contiguous, created};
#[cfg(feature = "cuda")]
pub(super) use open::{open, probe};
