//! What every cell and program starts with.

pub use crate::{Bundle, Show, Value};
pub use candle_core::{DType, Device, Tensor};
pub use polars::prelude::DataFrame;
