//! What every cell and program starts with.

pub use crate::plot::{self, Figure};
pub use crate::simulate::{self, MotifGrammar, Simulation};
pub use crate::{
    Adam, AdamW, Baseline, Blocks, Bundle, Compat, Dataset, Features, Fit, Memory, Model, Motif, Network, Objective, Optimizer,
    Part, Precision, Run, Sgd, Show, Value, blocks, custom_layer, data, fit, model, objective, registry, stats, table, zoo,
};
pub use candle_core::{DType, Device, Tensor};
pub use polars::prelude::DataFrame;
