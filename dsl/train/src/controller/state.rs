//! The controller's state and its rules.

use super::{Finetune, Halve, Kept, Phase, RESET_RATE, RESETS, Rate, Regime, Seen, Then, Verdict};
use crate::state::Stop;
use serde::{Deserialize, Serialize};

/// Decides after each epoch. What it remembers travels in the checkpoint; values that are not known yet are NaN.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Controller {
    /// Epochs as they are counted: 0 again after a reset; with `compat = drg` fine-tuning counts on from the best epoch.
    epoch: u64,
    /// The count at which warm-up and schedule began.
    origin: u64,
    /// Epochs that a restart added to the most.
    extra: u64,
    /// Whether the values before the first epoch are known, where they are needed.
    begun: bool,
    phase: Phase,
    rate: Rate,
    /// What resets left of the optimizer's learning rate.
    reduction: f64,
    /// The best watched value.
    #[serde(with = "crate::exact")]
    best: f64,
    /// Its epoch as counted.
    best_epoch: u64,
    /// The learning rate after it.
    best_rate: f64,
    /// The best value since patience began to count (`compat = drg`).
    #[serde(with = "crate::exact")]
    patience_from: f64,
    /// Epochs without a better one.
    since_best: u64,
    /// The training loss of the untrained network.
    #[serde(with = "crate::exact")]
    first_loss: f64,
    /// The training loss that rises are measured from.
    #[serde(with = "crate::exact")]
    reference: f64,
    /// Epochs with a larger training loss than that.
    rises: u64,
    resets: u64,
    restarted: bool,
}

const GO_ON: Verdict = Verdict {
    save: false,
    then: Then::GoOn,
};

impl Controller {
    /// One before the first epoch.
    pub(crate) fn new(regime: &Regime) -> Self {
        Self {
            epoch: 0,
            origin: 0,
            extra: 0,
            begun: !regime.needs_first_loss(),
            phase: Phase::Training,
            rate: Rate::Scheduled(1.0),
            reduction: 1.0,
            best: f64::NAN,
            best_epoch: 0,
            best_rate: regime.lr,
            patience_from: f64::NAN,
            since_best: 0,
            first_loss: f64::NAN,
            reference: f64::NAN,
            rises: 0,
            resets: 0,
            restarted: false,
        }
    }

    /// One of a checkpoint that has none yet; `best` is such that smaller is better.
    pub(crate) fn of_earlier_version(regime: &Regime, epoch: u64, best: Option<f64>, since_best: u64) -> Self {
        let mut controller = Self::new(regime);
        controller.begun = true;
        controller.epoch = epoch;
        controller.best = best.unwrap_or(f64::NAN);
        controller.best_epoch = epoch.saturating_sub(since_best);
        controller.since_best = since_best;
        if since_best >= regime.patience {
            controller.over(false, Stop::Patience, Kept::Best);
        }
        controller
    }

    /// What is known of the untrained network: its training loss, and what is watched where it can be the best.
    pub(crate) fn begin(&mut self, first_loss: f64, watched: Option<f64>) {
        self.begun = true;
        self.first_loss = first_loss;
        self.reference = first_loss;
        if let Some(watched) = watched {
            self.best = watched;
            self.patience_from = watched;
        }
    }

    /// Whether [`Controller::begin`] was called, or need not be.
    pub(crate) fn has_begun(&self) -> bool {
        self.begun
    }

    /// Epochs as they are counted.
    pub(crate) fn epoch(&self) -> u64 {
        self.epoch
    }

    /// Epochs since warm-up and schedule began.
    pub(crate) fn scheduled_epochs(&self) -> u64 {
        self.epoch - self.origin
    }

    /// Epochs since the best one.
    pub(crate) fn since_best(&self) -> u64 {
        self.since_best
    }

    /// The round of fine-tuning, from 1; 0 before it.
    pub(crate) fn round(&self) -> u64 {
        match self.phase {
            Phase::FineTuning { round, .. } => round,
            _ => 0,
        }
    }

    /// The most epochs, as counted, where the options allow so many.
    pub(crate) fn limit(&self, epochs: u64) -> u64 {
        epochs.saturating_add(self.extra)
    }

    /// How often it began again.
    pub(crate) fn resets(&self) -> u64 {
        self.resets
    }

    /// Whether it could begin again after this epoch.
    pub(crate) fn may_reset(&self) -> bool {
        self.phase == Phase::Training && self.resets < RESETS
    }

    /// The learning rate where warm-up and schedule give this one.
    pub(crate) fn rate(&self, scheduled: f64) -> f64 {
        match self.rate {
            Rate::Scheduled(factor) => scheduled * factor,
            Rate::Fixed(rate) => rate,
        }
    }

    /// Why it is over; nothing while it is not.
    pub(crate) fn ended(&self, regime: &Regime) -> Option<Stop> {
        if regime.compat.is_none() && self.epoch >= self.limit(regime.epochs) {
            // Not remembered: a resumed run may have more epochs.
            return Some(Stop::Epochs);
        }
        match self.phase {
            Phase::Over { stop, .. } => Some(stop),
            _ => None,
        }
    }

    /// Which weights are kept if it ends now.
    pub(crate) fn kept(&self) -> Kept {
        match self.phase {
            Phase::Over { kept, .. } => kept,
            _ => Kept::Best,
        }
    }

    /// Takes in what an epoch came to.
    pub(crate) fn observe(&mut self, regime: &Regime, seen: &Seen) -> Verdict {
        self.epoch += 1;
        match self.phase {
            Phase::Training => self.training(regime, seen),
            Phase::FineTuning { round, fails } => match regime.finetune {
                Some(finetune) => self.fine_tuning(regime, finetune, (round, fails), seen),
                None => self.over(false, Stop::Patience, Kept::Best),
            },
            Phase::Over { stop, kept } => self.over(false, stop, kept),
        }
    }

    fn training(&mut self, regime: &Regime, seen: &Seen) -> Verdict {
        let stop = match regime.compat {
            Some(_) => self.criterion(regime, seen.watched, seen.train_watched),
            None => None,
        };
        let loss = seen.train_loss;
        let losses_are_nan = loss.is_nan() || seen.valid_loss.is_nan();
        let watched_is_nan = seen.watched.is_nan() || seen.train_watched.is_some_and(f64::is_nan);
        if losses_are_nan || regime.compat.is_some() && watched_is_nan || loss > self.first_loss {
            if regime.init_adjust {
                return self.reset(regime);
            }
        } else if self.rose(regime, loss) {
            match &mut self.rate {
                Rate::Scheduled(factor) => *factor *= 0.5,
                Rate::Fixed(rate) => *rate *= 0.5,
            }
            (self.rises, self.reference) = (0, loss);
        } else if loss > self.reference {
            self.rises += 1;
        } else if loss < self.reference {
            (self.rises, self.reference) = (0, loss);
        }
        self.judge(regime, seen.watched, seen.scheduled, stop)
    }

    /// Whether the training loss rose so much, or for so long, that the rate is halved.
    fn rose(&self, regime: &Regime, loss: f64) -> bool {
        let Halve::OnRise { share, epochs } = regime.halve else {
            return false;
        };
        let lost = (loss - self.reference) / (1e-8 + self.first_loss - loss);
        self.epoch > regime.warmup_epochs && (lost > share || self.rises > epochs)
    }

    /// DRG's early stopping.
    fn criterion(&mut self, regime: &Regime, watched: f64, train_watched: Option<f64>) -> Option<Stop> {
        if watched.is_nan() || train_watched.is_some_and(f64::is_nan) {
            return Some(Stop::NotANumber);
        }
        if self.patience_from.is_nan() {
            (self.patience_from, self.since_best) = (watched, 0);
            return None;
        }
        if watched < self.patience_from {
            (self.patience_from, self.since_best) = (watched, 0);
        } else {
            self.since_best += 1;
        }
        if self.since_best == regime.patience {
            return Some(Stop::Patience);
        }
        train_watched
            .is_some_and(|train| train / watched <= regime.ratio)
            .then_some(Stop::Ratio)
    }

    /// The best is remembered, and the fit ends, fine-tunes, restarts or goes on.
    fn judge(&mut self, regime: &Regime, watched: f64, scheduled: f64, stop: Option<Stop>) -> Verdict {
        let better = !watched.is_nan() && (self.best.is_nan() || watched < self.best);
        if regime.compat.is_none() {
            if better {
                self.keep(watched, scheduled);
                self.since_best = 0;
            } else {
                self.since_best += 1;
            }
            if self.since_best < regime.patience {
                return Verdict { save: better, ..GO_ON };
            }
            if regime.restart && !self.restarted {
                return Verdict {
                    save: better,
                    then: Then::Restart,
                };
            }
            return match regime.finetune.filter(|_| !self.best.is_nan()) {
                Some(finetune) => self.fine_tune(regime, finetune),
                None => self.over(better, Stop::Patience, Kept::Best),
            };
        }
        let stop = stop.or((self.epoch == self.limit(regime.epochs)).then_some(Stop::Epochs));
        let Some(stop) = stop else {
            if better {
                self.keep(watched, scheduled);
            }
            return Verdict { save: better, ..GO_ON };
        };
        if regime.restart && !self.restarted {
            return Verdict {
                save: false,
                then: Then::Restart,
            };
        }
        // Nor is it the last one that is kept where the best is no number: nothing is larger than that.
        if watched > self.best {
            return match regime.finetune {
                Some(finetune) => self.fine_tune(regime, finetune),
                None => self.over(false, stop, Kept::Best),
            };
        }
        self.over(false, stop, Kept::Last)
    }

    fn keep(&mut self, watched: f64, scheduled: f64) {
        (self.best, self.best_epoch) = (watched, self.epoch);
        self.best_rate = self.rate(scheduled);
    }

    fn over(&mut self, save: bool, stop: Stop, kept: Kept) -> Verdict {
        self.phase = Phase::Over { stop, kept };
        Verdict { save, then: Then::End }
    }

    /// The first round begins.
    fn fine_tune(&mut self, regime: &Regime, Finetune::Rounds { rate, .. }: Finetune) -> Verdict {
        if regime.compat.is_some() {
            self.epoch = self.best_epoch;
        }
        self.rate = Rate::Fixed(self.best_rate * rate);
        self.phase = Phase::FineTuning { round: 1, fails: 0 };
        Verdict {
            save: false,
            then: Then::BackToBest,
        }
    }

    fn fine_tuning(&mut self, regime: &Regime, finetune: Finetune, (round, fails): (u64, u64), seen: &Seen) -> Verdict {
        let Finetune::Rounds { rounds, rate, patience } = finetune;
        let compat = regime.compat.is_some();
        // DRG takes a value that is no number for a better one here.
        let better = seen.watched < self.best || compat && (seen.watched.is_nan() || self.best.is_nan());
        let fails = match better {
            true if compat => fails,
            true => 0,
            false => fails + 1,
        };
        if better {
            self.keep(seen.watched, seen.scheduled);
        }
        let used_up = if compat { fails > patience } else { fails >= patience };
        if used_up && round >= rounds {
            return self.over(better, Stop::Finetuned, Kept::Best);
        }
        if compat && self.epoch > self.limit(regime.epochs) {
            return self.over(better, Stop::Epochs, Kept::Best);
        }
        if !used_up {
            self.phase = Phase::FineTuning { round, fails };
            return Verdict { save: better, ..GO_ON };
        }
        self.rate = Rate::Fixed(self.rate(seen.scheduled) * rate);
        self.phase = Phase::FineTuning {
            round: round + 1,
            fails: 0,
        };
        Verdict {
            save: better,
            then: Then::BackToBest,
        }
    }

    fn reset(&mut self, regime: &Regime) -> Verdict {
        if self.resets == RESETS {
            let kept = if regime.compat.is_some() { Kept::Last } else { Kept::Best };
            return self.over(false, Stop::Resets, kept);
        }
        self.resets += 1;
        self.reduction *= RESET_RATE;
        self.rate = Rate::Scheduled(self.reduction);
        (self.epoch, self.origin) = (0, 0);
        (self.patience_from, self.since_best) = (f64::NAN, 0);
        (self.reference, self.rises) = (self.first_loss, 0);
        Verdict {
            save: false,
            then: Then::Reset,
        }
    }

    /// What is watched after a reset, measured once more with `compat = drg`; then what comes.
    pub(crate) fn was_reset(&mut self, regime: &Regime, watched: Option<f64>, scheduled: f64) -> Verdict {
        let Some(watched) = watched else { return GO_ON };
        self.patience_from = watched;
        let stop = watched.is_nan().then_some(Stop::NotANumber);
        self.judge(regime, watched, scheduled, stop)
    }

    /// Layers were drawn anew: their training loss where it is needed, and what is watched with `compat = drg`. As many epochs
    /// as before may follow.
    pub(crate) fn was_restarted(&mut self, regime: &Regime, first_loss: Option<f64>, watched: Option<f64>) {
        self.restarted = true;
        self.extra = self.epoch;
        self.resets = 0;
        self.first_loss = first_loss.unwrap_or(f64::NAN);
        self.reference = self.first_loss;
        self.patience_from = watched.unwrap_or(f64::NAN);
        self.since_best = 0;
        if regime.compat.is_some() {
            self.rate = Rate::Fixed(regime.lr * self.reduction);
        } else {
            (self.rate, self.origin) = (Rate::Scheduled(self.reduction), self.epoch);
        }
    }
}
