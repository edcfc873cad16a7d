//! What can go wrong in training.

use cistron_data::DataError;
use cistron_declaration::Diagnostics;
use cistron_runs::RunError;
use std::path::PathBuf;

/// A mistake in a fit or a run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrainError {
    /// Located mistakes of a declaration.
    #[error("{0}")]
    Declaration(Diagnostics),
    /// Options that make no sense.
    #[error("`fit!` cannot start:\n{}", .0.iter().map(|m| format!("  {m}")).collect::<Vec<_>>().join("\n"))]
    Options(Vec<String>),
    /// The parts of a fit do not belong together.
    #[error("`fit!` cannot start: {found}\n  help: {help}")]
    Unfit {
        /// What was found and what was expected.
        found: String,
        /// How to mend it.
        help: String,
    },
    /// The loss is not a number any more.
    #[error(transparent)]
    NotFinite(Box<NotFinite>),
    /// A run cannot be taken up again with what it was given now.
    #[error("{} cannot be resumed: {}\n  help: {help}", folder.display(), differences.join("; "))]
    Differs {
        /// The run.
        folder: PathBuf,
        /// What differs, each with before and now.
        differences: Vec<String>,
        /// What to do.
        help: String,
    },
    /// Something was asked of a run that it does not have.
    #[error("no {what} `{name}`: {hint}")]
    Unknown {
        /// What was asked for.
        what: &'static str,
        /// Its name.
        name: String,
        /// The nearest name, or what there is.
        hint: String,
    },
    /// Something was asked of a run that cannot be computed.
    #[error("{0}")]
    Impossible(String),
    /// A mistake in the data.
    #[error(transparent)]
    Data(#[from] DataError),
    /// A mistake with the run's files.
    #[error(transparent)]
    Files(#[from] RunError),
    /// A checkpoint that is whole but does not hold what this run needs.
    #[error("{}: {found}; expected {expected}", path.display())]
    State {
        /// The file.
        path: PathBuf,
        /// What was found.
        found: String,
        /// What was expected.
        expected: String,
    },
    /// The network cannot compute.
    #[error(transparent)]
    Network(#[from] cistron_nn::NetworkError),
    /// An operation cannot compute.
    #[error(transparent)]
    Operation(#[from] cistron_ops::OpsError),
    /// A tensor operation failed.
    #[error("tensor: {0}")]
    Tensor(#[from] candle_core::Error),
    /// A table operation failed.
    #[error("table: {0}")]
    Table(#[from] polars::error::PolarsError),
    /// A figure cannot be drawn.
    #[error(transparent)]
    Figure(#[from] cistron_plot::PlotError),
}

/// The result of this crate's functions.
pub type Result<T> = std::result::Result<T, TrainError>;

/// Where and why a loss became infinite or no number. The fit stops there; its folder keeps the last good state.
#[derive(Debug, thiserror::Error)]
#[error(
    "the loss is {loss} at step {step} (epoch {epoch}, step {step_in_epoch} of {steps_per_epoch}); {layer}; learning rate {rate}\n  \
     the last good state is in {}{}\n  \
     help: {help}",
    checkpoint.display(), best_epoch.map_or(" (no epoch was finished)".to_string(), |e| format!(" (best epoch {e})"))
)]
pub struct NotFinite {
    /// The loss.
    pub loss: f64,
    /// Steps from the run's start, this one included.
    pub step: u64,
    /// The epoch, from 1.
    pub epoch: u64,
    /// The step in it, from 1.
    pub step_in_epoch: u64,
    /// Steps of an epoch.
    pub steps_per_epoch: u64,
    /// The first layer that is not finite, in words.
    pub layer: String,
    /// The learning rate, as text.
    pub rate: String,
    /// The last good checkpoint.
    pub checkpoint: PathBuf,
    /// The best epoch so far.
    pub best_epoch: Option<u64>,
    /// What to try.
    pub help: String,
}
