//! Between two epochs: what the controller says is done, and the state is written.

use super::measure::Shown;
use super::{Session, renew, snapshot};
use crate::Result;
use crate::checkpoint::{State, weights_checkpoint};
use crate::controller::{RESETS, Seen, Then, Verdict};
use crate::gather::Gathered;
use crate::state::Best;
use cistron_display::{interrupted, note};
use cistron_runs::EpochRow;
use std::time::{Duration, Instant};

/// Checkpoints of quick epochs are written at most this often; the last of a sitting always is.
const SAVE_EVERY: Duration = Duration::from_secs(1);

/// What is measured between two epochs is not interrupted: half of it would be no state to go on from.
fn never() -> bool {
    false
}

impl Session<'_> {
    /// Measures what has to be known of the untrained network; false when the user asked to stop meanwhile.
    pub(super) fn begin(&mut self) -> Result<bool> {
        if self.parts.options.compat.is_some() {
            // Until all is known the network stays as it is.
            let mut network = self.network.clone();
            let Some(shown) = self.before_as_drg(&mut network)? else {
                return Ok(false);
            };
            self.network = network;
            self.progress.controller.begin(shown.train_loss, Some(shown.watched));
            let mut row = self.row(0, shown);
            (row.best, row.counted) = (true, Some(0));
            self.progress.best = Some(Best {
                epoch: 0,
                watched: row.watched,
                weights: snapshot(&self.network),
            });
            self.metrics.append(&row)?;
            self.progress.rows.push(row);
        } else {
            let Some(loss) = self.loss_before(&self.network, &interrupted)? else {
                return Ok(false);
            };
            self.progress.controller.begin(loss, None);
        }
        if self.regime.init_adjust {
            self.progress.initial = Some(snapshot(&self.network));
        }
        self.save()?;
        Ok(true)
    }

    /// The controller takes in an epoch, and what it says is done.
    pub(super) fn close_epoch(&mut self, shown: Shown) -> Result<()> {
        let sign = if self.larger_is_better() { -1.0 } else { 1.0 };
        let seen = Seen {
            watched: sign * shown.watched,
            train_watched: shown.train_watched,
            valid_loss: shown.valid_loss,
            train_loss: shown.train_loss,
            scheduled: self.scheduled_after(shown.watched),
        };
        let mut row = self.row(self.progress.epoch + 1, shown);
        row.round = self.progress.controller.round();
        row.counted = self.parts.options.compat.map(|_| self.progress.controller.epoch() + 1);
        let verdict = self.progress.controller.observe(&self.regime, &seen);
        row.best = verdict.save;
        self.progress.epoch += 1;
        self.progress.step_in_epoch = 0;
        self.progress.loss_sum = 0.0;
        self.progress.loss_examples = 0;
        self.progress.epoch_s = 0.0;
        self.progress.gathered = Gathered::default();
        self.epoch_began = Instant::now();
        self.metrics.append(&row)?;
        let watched = row.watched;
        self.progress.rows.push(row);
        self.obey(verdict, watched)?;
        if self.saved.is_none_or(|at| at.elapsed() >= SAVE_EVERY) || self.progress.epoch == 1 {
            self.save()?;
        }
        Ok(())
    }

    /// The learning rate that warm-up and schedule give to the first step of the next epoch, when this one came to a value.
    fn scheduled_after(&mut self, watched: f64) -> f64 {
        // A plateau is seen in the rows, of which this epoch's is not there yet.
        self.progress.rows.push(EpochRow {
            watched,
            ..EpochRow::default()
        });
        let rate = self.scheduled(self.progress.controller.scheduled_epochs() + 1, 0);
        self.progress.rows.pop();
        rate
    }

    fn obey(&mut self, verdict: Verdict, watched: f64) -> Result<()> {
        if verdict.save {
            self.progress.best = Some(Best {
                epoch: self.progress.epoch,
                watched,
                weights: snapshot(&self.stepper.evaluated(&self.network)?),
            });
            self.best_is_saved = false;
        }
        match verdict.then {
            Then::GoOn | Then::End => Ok(()),
            Then::BackToBest => self.back_to_best(),
            Then::Reset => self.reset(),
            Then::Restart => self.restart(),
        }
    }

    fn back_to_best(&mut self) -> Result<()> {
        if let Some(best) = &self.progress.best {
            self.network.set_weights(best.weights.clone())?;
        }
        self.stepper.average_anew(self.parts.options);
        Ok(())
    }

    /// The first weights again, at a lower rate. What the optimizer remembers is forgotten, but for `compat = drg`.
    fn reset(&mut self) -> Result<()> {
        if let Some(initial) = &self.progress.initial {
            self.network.set_weights(initial.clone())?;
        }
        note(&format!(
            "epoch {}: the training loss is no number or above that of the untrained network; begins again at a quarter of the \
             rate ({} of {RESETS} times)",
            self.progress.epoch,
            self.progress.controller.resets()
        ));
        if self.parts.options.compat.is_none() {
            self.stepper.begin_anew(self.parts.options);
            return Ok(());
        }
        self.stepper.average_anew(self.parts.options);
        // The original's loss file begins anew too.
        for row in self.progress.rows.iter_mut().filter(|row| row.epoch > 0) {
            row.counted = None;
        }
        self.metrics = self.parts.folder.metrics(&self.progress.rows)?;
        let mut network = self.network.clone();
        let measured = self.validation_in_training_mode(&mut network, &never)?;
        self.network = network;
        let watched = measured.map(|m| m.watched);
        let rate = self.scheduled(0, 0);
        let verdict = self.progress.controller.was_reset(&self.regime, watched, rate);
        self.obey(verdict, watched.unwrap_or(f64::NAN))
    }

    /// The best weights, with all layers but the first convolution drawn anew.
    fn restart(&mut self) -> Result<()> {
        self.back_to_best()?;
        renew::all_but_first_convolutions(&mut self.network, self.parts.options.seed)?;
        note(&format!(
            "epoch {}: goes on from the best weights with all layers but the first convolution drawn anew",
            self.progress.epoch
        ));
        let (loss, watched) = if self.parts.options.compat.is_some() {
            let mut network = self.network.clone();
            let train = self.training_in_training_mode(&mut network, &never)?;
            let valid = self.validation_in_training_mode(&mut network, &never)?;
            if self.regime.init_adjust {
                self.progress.initial = Some(snapshot(&self.network));
            }
            self.network = network;
            (train.map(|m| m.loss), valid.map(|m| m.watched))
        } else {
            self.stepper.begin_anew(self.parts.options);
            if self.regime.init_adjust {
                self.progress.initial = Some(snapshot(&self.network));
            }
            let loss = if self.regime.needs_first_loss() {
                self.loss_before(&self.network, &never)?
            } else {
                None
            };
            (loss, None)
        };
        self.progress.controller.was_restarted(&self.regime, loss, watched);
        Ok(())
    }

    /// Writes `last`, and `best` if it is newer than what lies there.
    pub(super) fn save(&mut self) -> Result<()> {
        let mut progress = self.progress.clone();
        progress.wall_s += self.began.elapsed().as_secs_f64();
        let state = State {
            identity: self.parts.identity.clone(),
            progress,
            weights: snapshot(&self.network),
            optimizer: self.stepper.state()?,
            average: self.stepper.average()?,
        };
        state.to_checkpoint()?.write(&self.parts.folder.last_path())?;
        if let (false, Some(best)) = (self.best_is_saved, &self.progress.best) {
            let file = weights_checkpoint(&best.weights, self.parts.identity, Some(best.epoch))?;
            file.write(&self.parts.folder.best_path())?;
            self.best_is_saved = true;
        }
        self.saved = Some(Instant::now());
        Ok(())
    }
}
