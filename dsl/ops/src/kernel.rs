//! The kernels that matrix products and convolutions share: instruction sets chosen at run time, register-blocked inner
//! loops, and the walks that lead them over tiles of memory. All unsafe code of convolutions is here.
#![allow(unsafe_code)]

pub(crate) mod convolution;
pub(crate) mod geometry;
mod instructions;
mod matrix;

mod micro;
mod pack;
mod scratch;
mod table;
mod threads;
mod vector;
pub(crate) mod weight;
mod winograd;
#[cfg(target_arch = "x86_64")]
mod x86;

pub use instructions::instructions;
pub(crate) use instructions::{InstructionSet, chosen};
pub(crate) use matrix::{Bias, Steps, parallel_product, product, product_with_bias};

pub(crate) use table::{Kernels, double, single};
pub(crate) use threads::in_pool;
pub use threads::{threads, with_threads};
