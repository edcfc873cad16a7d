//! What `compat = drg` does differently in training: its loaders, its summed loss, its reported numbers.

mod loader;
mod loss;
mod measure;

pub(crate) use loader::{bounds, count, shuffled, validation_batch};
pub(crate) use loss::{summed_loss, watched, width};
pub(crate) use measure::{Measured, in_training_mode, measure};

use crate::objective::{Metric, Objective};

/// What is watched, as the loss that it is here.
pub(crate) fn watched_name(objective: &Objective) -> String {
    let name = |metric: &Metric| {
        if metric.measure.larger_is_better() {
            format!("1 - {}", metric.column())
        } else {
            metric.column()
        }
    };
    match objective.watch() {
        [] => "validation loss".into(),
        metrics => format!("validation {}", metrics.iter().map(name).collect::<Vec<_>>().join(" and ")),
    }
}
