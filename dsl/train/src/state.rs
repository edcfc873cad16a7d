//! Where a fit stands between two steps.

use cistron_data::Named;
use cistron_runs::EpochRow;

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
#[derive(Clone, Debug, Default)]
pub(crate) struct Progress {
    /// Whole epochs done.
    pub(crate) epoch: u64,
    /// Steps done of the epoch that has begun.
    pub(crate) step_in_epoch: u64,
    /// Steps done since the run began.
    pub(crate) step: u64,
    /// Sum over the examples of the begun epoch of their step's loss.
    pub(crate) loss_sum: f64,
    /// Those examples.
    pub(crate) loss_examples: u64,
    /// Epochs since the best one.
    pub(crate) since_best: u64,
    /// Wall time of the begun epoch in earlier sittings, in seconds.
    pub(crate) epoch_s: f64,
    /// Wall time of earlier sittings, in seconds.
    pub(crate) wall_s: f64,
    /// The finished epochs.
    pub(crate) rows: Vec<EpochRow>,
    /// The best of them.
    pub(crate) best: Option<Best>,
}

impl Progress {
    /// Whether a watched value beats the best so far; a value that is not a number beats nothing.
    pub(crate) fn improves(&self, watched: f64, larger_is_better: bool) -> bool {
        match &self.best {
            _ if watched.is_nan() => false,
            None => true,
            Some(best) if larger_is_better => watched > best.watched,
            Some(best) => watched < best.watched,
        }
    }
}

/// Why a fit stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// All epochs are done.
    Epochs,
    /// No better value for as many epochs as `patience` says.
    Patience,
    /// The user asked.
    Interrupted,
}

impl Stop {
    /// One word for `run.json`.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Epochs => "epochs",
            Self::Patience => "patience",
            Self::Interrupted => "interrupted",
        }
    }
}

/// Where the batches of an epoch begin and end: as few batches as hold at most `batch` rows each, equal in size
/// up to one row, so that no small batch is left over at the end.
pub(crate) fn batch_bounds(rows: usize, batch: usize, index: usize) -> (usize, usize) {
    let count = batch_count(rows, batch);
    (index * rows / count, (index + 1) * rows / count)
}

/// The number of batches of an epoch.
pub(crate) fn batch_count(rows: usize, batch: usize) -> usize {
    rows.div_ceil(batch.max(1)).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_cover_all_rows_and_none_is_small() {
        for (rows, batch) in [(1, 64), (64, 64), (65, 64), (1000, 64), (129, 64), (7, 3)] {
            let bounds: Vec<_> = (0..batch_count(rows, batch)).map(|i| batch_bounds(rows, batch, i)).collect();
            assert_eq!((bounds[0].0, bounds[bounds.len() - 1].1), (0, rows));
            assert!(bounds.windows(2).all(|w| w[0].1 == w[1].0));
            let sizes: Vec<usize> = bounds.iter().map(|b| b.1 - b.0).collect();
            let (small, large) = (sizes.iter().min().unwrap(), sizes.iter().max().unwrap());
            assert!(*large <= batch && large - small <= 1, "{rows} {batch}: {sizes:?}");
        }
    }

    #[test]
    fn a_value_that_is_no_number_is_never_the_best() {
        let mut progress = Progress::default();
        assert!(!progress.improves(f64::NAN, true));
        assert!(progress.improves(-1.0, true));
        progress.best = Some(Best {
            epoch: 1,
            watched: 0.5,
            weights: Named::new(),
        });
        assert!(progress.improves(0.6, true) && !progress.improves(0.5, true) && !progress.improves(f64::NAN, true));
        assert!(progress.improves(0.4, false) && !progress.improves(0.6, false));
    }
}
