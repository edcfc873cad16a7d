//! Cistron: declare a network, a loss and how several inputs combine into several outputs; train it
//! inline; draw the figure in the next cell.
//!
//! This crate is what a cell or a program imports. In a notebook everything of [`prelude`] is there
//! already; a program says `use cistron::prelude::*;`.
//!
//! | macro | gives | says |
//! |---|---|---|
//! | [`data!`] | [`Dataset`] | where inputs and outputs come from and how they are split |
//! | [`model!`] | [`Model`] | how inputs become outputs |
//! | [`blocks!`] | [`Blocks`] | parts of a network that several models share |
//! | [`objective!`] | [`Objective`] | what training minimises and what early stopping looks at |
//! | [`fit!`] | [`Run`] | train |
//! | [`compare!`] | [`Comparison`] | several models, all folds, several seeds |
//!
//! Every macro is an expression that ends in `?`: use it in a cell or in a function that returns a `Result`.

pub use candle_core;
pub use candle_nn;
pub use plotters;
pub use polars;

pub use cistron_data as data_sets;
pub use cistron_declaration as declaration;
pub use cistron_display as display;
pub use cistron_model as models;
pub use cistron_nn as nn;
pub use cistron_ops as ops;
pub use cistron_plot as plot;
pub use cistron_random as random;
pub use cistron_runs as runs;
pub use cistron_statistics as statistics;
pub use cistron_train as train;

pub use cistron_data::{Baseline, Dataset, Features, Genome, Motif, Part, Ridge, Strand, registry, simulate, stats, table};
pub use cistron_declaration::Value;
pub use cistron_display::{Bundle, Show};
pub use cistron_macros::{blocks, compare, data, fit, model, objective};
pub use cistron_model::{Blocks, Compat, Model};
pub use cistron_nn::{Memory, MemoryEstimate, Network, custom_layer};
pub use cistron_plot::Figure;
pub use cistron_train::{
    Adadelta, Adagrad, Adam, AdamW, Attribution, Average, Clip, Compare, ComparedFit, Comparison, DrgEpoch, DrgFiles, DrgMetric,
    Finetune, Fit, Gradients, Group, Halve, KerasAdam, Metrics, Mutagenesis, NAdam, Objective, Optimizer, Paired, Per, Period,
    Precision, Role, Run, Schedule, Sgd, Substitutions, Trained, Warmup,
};

// The compiler names types by their crate where it is reachable, and later cells have to read such names.
#[doc(hidden)]
pub use {
    cistron_data, cistron_declaration, cistron_display, cistron_model, cistron_nn, cistron_ops, cistron_plot, cistron_random,
    cistron_runs, cistron_statistics, cistron_train,
};

#[doc(hidden)]
pub mod __macro;
mod error;
pub mod kept;
pub mod prelude;

/// Published systems, each declared in the language itself.
pub mod zoo {
    pub use cistron_zoo::{ZooError, drg};
}

pub use error::Error;
