//! What `fit!` can ask of the controller.

use serde::{Deserialize, Serialize};

/// What comes when patience is used up: back to the best weights, on with a lower rate.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Finetune {
    /// Each round begins with the best weights so far. The first has the rate that the best epoch left, times `rate`, each later
    /// one that of the round before, times `rate`; it no longer follows warm-up or schedule.
    ///
    /// A round ends after `patience` epochs in a row without a better watched value. With `compat = drg` it ends after
    /// `patience + 1` such epochs, in a row or not.
    Rounds {
        /// How many.
        rounds: u64,
        /// What each multiplies the learning rate by.
        rate: f64,
        /// Epochs without a better watched value that end a round.
        patience: u64,
    },
}

impl Default for Finetune {
    fn default() -> Self {
        Self::Rounds {
            rounds: 2,
            rate: 0.1,
            patience: 3,
        }
    }
}

impl Finetune {
    /// The number of rounds.
    pub fn rounds(self) -> u64 {
        let Self::Rounds { rounds, .. } = self;
        rounds
    }

    /// All numbers that make no sense, one sentence each.
    pub fn mistakes(&self) -> Vec<String> {
        let Self::Rounds { rounds, rate, patience } = *self;
        let mut found = Vec::new();
        for (name, value) in [("rounds", rounds), ("patience", patience)] {
            if value == 0 {
                found.push(format!("`{name}` of `finetune` is 0; expected 1 or more"));
            }
        }
        if !(rate > 0.0 && rate < 1.0) {
            found.push(format!(
                "`rate` of `finetune` is {rate}; expected above 0 and below 1, such as 0.1"
            ));
        }
        found
    }
}

/// Whether the learning rate is halved when the training loss rises, after the warm-up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub enum Halve {
    /// It is not.
    #[default]
    Never,
    /// When an epoch loses more than `share` of what was won, `(loss - reference) / (first loss - loss) > share`, or when the
    /// loss lay above the reference in more than `epochs` epochs. The first loss is that of the untrained network; the
    /// reference is the smallest loss since, or the one at which the rate was halved last.
    OnRise {
        /// The share, above 0.
        share: f64,
        /// The epochs.
        epochs: u64,
    },
}

impl Halve {
    /// What DRG does when nothing is said.
    pub(crate) const DRG: Self = Self::OnRise { share: 0.3, epochs: 25 };

    /// All numbers that make no sense, one sentence each.
    pub fn mistakes(&self) -> Vec<String> {
        let Self::OnRise { share, epochs } = *self else {
            return Vec::new();
        };
        let mut found = Vec::new();
        if !(share.is_finite() && share > 0.0) {
            found.push(format!("`share` of `halve` is {share}; expected above 0, such as 0.3"));
        }
        if epochs == 0 {
            found.push("`epochs` of `halve` is 0; expected 1 or more".into());
        }
        found
    }
}
