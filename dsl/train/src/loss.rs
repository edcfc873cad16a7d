//! A measure of the language as a loss with its gradient.

use crate::objective::{Measure, Over};
use cistron_ops::{Along, Loss};

/// The loss that a measure means; correlations as 1 - r.
pub(crate) fn loss(measure: Measure) -> Loss {
    match measure {
        Measure::Mse => Loss::Mse,
        Measure::Poisson { log } => Loss::Poisson { log_input: log },
        Measure::Bce { logits: false } => Loss::Bce,
        Measure::Bce { logits: true } => Loss::BceLogits,
        Measure::Correlation(Over::Tracks) => Loss::Correlation { along: Along::Tracks },
        Measure::Correlation(Over::Points) => Loss::Correlation { along: Along::Examples },
    }
}
