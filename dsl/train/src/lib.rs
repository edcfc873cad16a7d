//! Training: objectives, the loop, early stopping, checkpoints, and what a finished run can be asked.
//!
//! [`Fit`] (what `fit!` expands to) checks everything that can be checked before the first step, trains, shows how it
//! goes, and gives a [`Run`]. Every random number comes from the fit's seed by purpose and step, so a run that was
//! interrupted or killed and resumed equals one that never stopped, bit for bit on the CPU.

mod checkpoint;
mod compare;
mod controller;
mod drg;
mod drg_files;
mod error;
mod evaluate;
mod exact;
mod fit;
mod gather;
mod history;
mod interpret;
mod live;
mod loss;
mod metrics;
mod npz;
mod objective;
mod options;
mod predict;
mod record;
mod run;
mod save;
mod session;
mod state;
mod stepper;
mod trained;
mod training;

pub use compare::{Compare, ComparedFit, Comparison, IntoNumbers, Numbers};
pub use controller::{Finetune, Halve};
pub use drg_files::{DrgEpoch, DrgFiles, DrgMetric, write_drg_metrics};
pub use error::{NotFinite, Result, TrainError};
pub use fit::Fit;
pub use interpret::{Attribution, Gradients, Mutagenesis, Substitutions};
pub use metrics::{ClassSummary, Metrics, Paired, Per, Score, Summary};
pub use objective::{DrgLoss, LossTerm, Measure, Metric, Objective, Over};
pub use options::{Count, IntoWarmup, Options, Precision};
pub use predict::mean_predictions;
pub use run::Run;
pub use trained::Trained;
pub use training::is_training;

pub use cistron_model::Compat;
pub use cistron_ops::{
    Adadelta, Adagrad, Adam, AdamW, Average, Clip, Group, KerasAdam, NAdam, Optimizer, Period, Role, Schedule, Sgd, Warmup,
};
pub use cistron_runs::EpochRow;
