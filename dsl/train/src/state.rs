//! Where a fit stands between two steps.

use crate::controller::Controller;
use crate::drg;
use crate::gather::Gathered;
use cistron_data::Named;
use cistron_runs::EpochRow;
use serde::{Deserialize, Serialize};

/// The best epoch so far.
#[derive(Clone, Debug)]
pub(crate) struct Best {
    /// The epoch, from 1.
    pub(crate) epoch: u64,
    /// Its watched value.
    pub(crate) watched: f64,
    /// The weights and buffers after it.
    pub(crate) weights: Named,
}

/// Everything besides weights and the optimizer that decides what the next step does.
#[derive(Clone, Debug)]
pub(crate) struct Progress {
    /// Whole epochs done.
    pub(crate) epoch: u64,
    /// Steps done of the epoch that has begun.
    pub(crate) step_in_epoch: u64,
    /// Steps done since the run began.
    pub(crate) step: u64,
    /// Sum over the examples of the begun epoch of their step's loss; with `compat = drg` the sum of its steps' losses.
    pub(crate) loss_sum: f64,
    /// Those examples.
    pub(crate) loss_examples: u64,
    /// Wall time of the begun epoch in earlier sittings, in seconds.
    pub(crate) epoch_s: f64,
    /// Wall time of earlier sittings, in seconds.
    pub(crate) wall_s: f64,
    /// The finished epochs.
    pub(crate) rows: Vec<EpochRow>,
    /// The best of them.
    pub(crate) best: Option<Best>,
    /// What decides after each epoch.
    pub(crate) controller: Controller,
    /// What the steps of the begun epoch predicted, where it is measured.
    pub(crate) gathered: Gathered,
    /// The weights that `init_adjust` goes back to.
    pub(crate) initial: Option<Named>,
}

impl Progress {
    /// Before the first step.
    pub(crate) fn new(controller: Controller) -> Self {
        Self {
            epoch: 0,
            step_in_epoch: 0,
            step: 0,
            loss_sum: 0.0,
            loss_examples: 0,
            epoch_s: 0.0,
            wall_s: 0.0,
            rows: Vec::new(),
            best: None,
            controller,
            gathered: Gathered::default(),
            initial: None,
        }
    }
}

/// Why a fit stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Stop {
    /// All epochs are done.
    Epochs,
    /// No better value for as many epochs as `patience` says.
    Patience,
    /// The rounds of fine-tuning are used up.
    Finetuned,
    /// The watched value is no number (`compat = drg`; else this is an error).
    NotANumber,
    /// The watched value of the training examples fell to the share of that of the validation examples that ends a fit.
    Ratio,
    /// It began again as often as it may.
    Resets,
    /// The user asked.
    Interrupted,
}

impl Stop {
    /// One word for `run.json`.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Epochs => "epochs",
            Self::Patience => "patience",
            Self::Finetuned => "finetuned",
            Self::NotANumber => "not a number",
            Self::Ratio => "ratio",
            Self::Resets => "resets",
            Self::Interrupted => "interrupted",
        }
    }
}

/// How the training examples are cut into batches.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Loader {
    /// The number of examples.
    pub(crate) rows: usize,
    /// The most in a batch.
    pub(crate) batch: usize,
    /// Whether as DRG does: whole batches, and a small last one dropped. Else there are as few batches as hold all of them,
    /// equal in size up to one row, so that no small batch is left over at the end.
    pub(crate) drg: bool,
}

impl Loader {
    /// The number of batches of an epoch.
    pub(crate) fn count(self) -> usize {
        if self.drg {
            drg::count(self.rows, self.batch)
        } else {
            self.rows.div_ceil(self.batch.max(1)).max(1)
        }
    }

    /// Where a batch begins and ends.
    pub(crate) fn bounds(self, index: usize) -> (usize, usize) {
        if self.drg {
            return drg::bounds(self.rows, self.batch, index);
        }
        let count = self.count();
        (index * self.rows / count, (index + 1) * self.rows / count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_cover_all_rows_and_none_is_small() {
        for (rows, batch) in [(1, 64), (64, 64), (65, 64), (1000, 64), (129, 64), (7, 3)] {
            let loader = Loader { rows, batch, drg: false };
            let bounds: Vec<_> = (0..loader.count()).map(|i| loader.bounds(i)).collect();
            assert_eq!((bounds[0].0, bounds[bounds.len() - 1].1), (0, rows));
            assert!(bounds.windows(2).all(|w| w[0].1 == w[1].0));
            let sizes: Vec<usize> = bounds.iter().map(|b| b.1 - b.0).collect();
            let (small, large) = (sizes.iter().min().unwrap(), sizes.iter().max().unwrap());
            assert!(*large <= batch && large - small <= 1, "{rows} {batch}: {sizes:?}");
        }
    }
}
