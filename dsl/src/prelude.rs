//! What every cell and program starts with.

pub use crate::plot::{self, Figure};
pub use crate::simulate::{self, MotifGrammar, Simulation};
pub use crate::{
    Adam, AdamW, Baseline, Bundle, Dataset, Features, Fit, Memory, Model, Motif, Network, Objective, Optimizer, Part, Precision,
    Run, Sgd, Show, Value, custom_layer, data, fit, model, objective, registry, stats, table,
};
pub use candle_core::{DType, Device, Tensor};
pub use polars::prelude::DataFrame;
