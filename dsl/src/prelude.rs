//! What every cell and program starts with.

pub use crate::plot::{self, Figure};
pub use crate::simulate::{self, MotifGrammar, Simulation};
pub use crate::{
    Adam, AdamW, Baseline, Bundle, Compare, Comparison, Dataset, DrgFiles, DrgMetric, Features, Fit, Memory, Metrics, Model,
    Motif, Network, Objective, Optimizer, Part, Per, Precision, Run, Sgd, Show, Value, compare, custom_layer, data, fit, model,
    objective, registry, stats, table,
};
pub use candle_core::{DType, Device, Tensor};
pub use polars::prelude::DataFrame;
