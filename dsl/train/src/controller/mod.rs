//! What happens after each epoch: a state machine of numbers alone, which the session asks and obeys.
//!
//! An ordinary fit keeps the best weights, waits `patience` epochs, fine-tunes if it was asked to, and ends. With
//! `compat = drg` it does what the original does, where that differs too: the last epoch is not kept as the best even if it is
//! ([`Kept::Last`]), and a watched value that is no number ends the fit with the weights of that moment.

mod state;
#[cfg(test)]
mod tests;
mod words;

pub(crate) use state::Controller;
pub use words::{Finetune, Halve};

use crate::Options;
use crate::state::Stop;
use cistron_model::Compat;
use serde::{Deserialize, Serialize};

/// How often a fit begins again with `init_adjust`, at most.
pub(crate) const RESETS: u64 = 15;
/// What beginning again multiplies the learning rate by.
const RESET_RATE: f64 = 0.25;

/// What the options ask of the controller.
#[derive(Clone, Debug)]
pub(crate) struct Regime {
    pub(crate) compat: Option<Compat>,
    /// The most epochs.
    pub(crate) epochs: u64,
    pub(crate) patience: u64,
    /// Whole epochs until the warm-up is over.
    pub(crate) warmup_epochs: u64,
    pub(crate) halve: Halve,
    pub(crate) init_adjust: bool,
    pub(crate) restart: bool,
    pub(crate) finetune: Option<Finetune>,
    /// The share of the watched value of training and validation that ends the fit.
    pub(crate) ratio: f64,
    /// The optimizer's learning rate.
    pub(crate) lr: f64,
}

impl Regime {
    /// That of these options.
    pub(crate) fn new(options: &Options, steps_per_epoch: u64) -> Self {
        Self {
            compat: options.compat,
            epochs: options.epochs,
            patience: options.patience,
            warmup_epochs: options.warmup.steps(steps_per_epoch).div_ceil(steps_per_epoch.max(1)),
            halve: options.halve.unwrap_or(match options.compat {
                Some(Compat::Drg) => Halve::DRG,
                None => Halve::Never,
            }),
            init_adjust: options.init_adjust,
            restart: options.restart,
            finetune: options.finetune,
            ratio: options.valtrain_ratio.unwrap_or(0.0),
            lr: options.optimizer.lr(),
        }
    }

    /// Whether the loss of the untrained network on the training examples has to be known.
    pub(crate) fn needs_first_loss(&self) -> bool {
        self.compat.is_some() || self.init_adjust || self.halve != Halve::Never
    }
}

/// What an epoch came to. All values are such that smaller is better.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen {
    /// What is watched, on the validation examples.
    pub(crate) watched: f64,
    /// The same on the training examples; nothing where it was not measured.
    pub(crate) train_watched: Option<f64>,
    /// The loss on the validation examples.
    pub(crate) valid_loss: f64,
    /// The loss on the training examples.
    pub(crate) train_loss: f64,
    /// The learning rate that warm-up and schedule give to the step after this epoch.
    pub(crate) scheduled: f64,
}

/// What is to be done now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// Whether the weights of this moment are the best so far.
    pub(crate) save: bool,
    /// What comes after that.
    pub(crate) then: Then,
}

/// What comes after an epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Then {
    /// The next epoch.
    GoOn,
    /// Back to the best weights, then the next epoch: a round of fine-tuning begins.
    BackToBest,
    /// Back to the first weights; [`Controller::was_reset`] says what comes then.
    Reset,
    /// Back to the best weights, all layers but the first convolution drawn anew; [`Controller::was_restarted`] has to be told.
    Restart,
    /// It is over; [`Controller::kept`] says which weights are kept.
    End,
}

/// Which weights a fit keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Kept {
    /// Those of the best epoch.
    Best,
    /// Those of the last epoch.
    Last,
}

/// Where a fit is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Phase {
    Training,
    /// In a round, counted from 1, with so many epochs that were not better.
    FineTuning {
        round: u64,
        fails: u64,
    },
    Over {
        stop: Stop,
        kept: Kept,
    },
}

/// Where the learning rate comes from.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
enum Rate {
    /// From warm-up and schedule, times a factor.
    Scheduled(f64),
    /// It is this one.
    Fixed(f64),
}
