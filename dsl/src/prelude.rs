//! What every cell and program starts with.

pub use crate::plot::{self, Figure};
pub use crate::simulate::{self, MotifGrammar, RegulationLogic, Simulation};
pub use crate::{
    Adam, AdamW, Baseline, Blocks, Bundle, Compare, Comparison, Compat, Dataset, DrgFiles, DrgMetric, Features, Fit, Genome,
    Memory, Metrics, Model, Motif, Network, Objective, Optimizer, Part, Per, Precision, Ridge, Run, Sgd, Show, Strand, Trained,
    Value, blocks, compare, custom_layer, data, fit, keep, model, objective, registry, stats, table, zoo,
};
pub use candle_core::{self, DType, Device, Tensor};
pub use polars::df;
pub use polars::prelude::DataFrame;
pub use {candle_nn, plotters, polars};
