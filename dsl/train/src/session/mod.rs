//! The loop: steps, epochs, evaluation, and what the controller says after each; checkpoints.

mod measure;
mod renew;
mod step;
mod turn;

use crate::checkpoint::Identity;
use crate::controller::{Kept, Regime};
use crate::live::{Screen, Standing};
use crate::objective::Objective;
use crate::state::{Loader, Progress, Stop};
use crate::stepper::Stepper;
use crate::training::Training;
use crate::{Options, Result};
use cistron_data::{Dataset, Named};
use cistron_display::interrupted;
use cistron_nn::Network;
use cistron_ops::Clock;
use cistron_random::{Purpose, Stream};
use cistron_runs::{Metrics, RunFolder};
use std::time::Instant;

/// What a stream of row orders is for; the epoch chooses the stream.
mod order {
    /// The training examples of an epoch.
    pub(super) const TRAINING: u64 = 0;
    /// The validation examples of an epoch (`compat = drg`; else their order is that of the data).
    pub(super) const VALIDATION: u64 = 1;
    /// The validation examples in training mode (`compat = drg`).
    pub(super) const VALIDATION_BEFORE: u64 = 2;
    /// The training examples without steps.
    pub(super) const TRAINING_BEFORE: u64 = 3;
}

/// One sitting of a fit.
pub(crate) struct Session<'a> {
    parts: Parts<'a>,
    regime: Regime,
    pub(crate) network: Network,
    pub(crate) stepper: Stepper,
    pub(crate) progress: Progress,
    metrics: Metrics,
    began: Instant,
    epoch_began: Instant,
    saved: Option<Instant>,
    best_is_saved: bool,
}

/// What a finished sitting leaves.
pub(crate) struct Finished {
    /// With the weights that are kept.
    pub(crate) network: Network,
    pub(crate) progress: Progress,
    pub(crate) stop: Stop,
    /// The epoch of the kept weights; nothing when none was finished.
    pub(crate) kept: Option<u64>,
}

/// What a session is made of.
pub(crate) struct Parts<'a> {
    pub(crate) objective: &'a Objective,
    pub(crate) data: &'a Dataset,
    pub(crate) options: &'a Options,
    pub(crate) identity: &'a Identity,
    pub(crate) folder: &'a RunFolder,
    pub(crate) train_rows: &'a [usize],
    pub(crate) valid_rows: &'a [usize],
}

impl Parts<'_> {
    fn loader(&self) -> Loader {
        Loader {
            rows: self.train_rows.len(),
            batch: self.options.batch as usize,
            drg: self.options.compat.is_some(),
        }
    }

    /// Steps of an epoch.
    fn steps_per_epoch(&self) -> u64 {
        self.loader().count() as u64
    }

    /// What its options ask of the controller.
    fn regime(&self) -> Regime {
        Regime::new(self.options, self.steps_per_epoch())
    }
}

impl<'a> Session<'a> {
    /// A session at a state: a fresh one or one that was read from a checkpoint.
    pub(crate) fn new(parts: Parts<'a>, network: Network, stepper: Stepper, progress: Progress) -> Result<Self> {
        let metrics = parts.folder.metrics(&progress.rows)?;
        let now = Instant::now();
        Ok(Self {
            regime: parts.regime(),
            parts,
            network,
            stepper,
            progress,
            metrics,
            began: now,
            epoch_began: now,
            saved: None,
            best_is_saved: false,
        })
    }

    /// Trains until it stops; the network then has the weights that are kept.
    pub(crate) fn run(mut self, screen: &mut Screen) -> Result<Finished> {
        let _training = Training::begin();
        // A state to go back to exists from the first moment.
        self.save()?;
        let stop = loop {
            if !self.progress.controller.has_begun() && !self.begin()? {
                break Stop::Interrupted;
            }
            if let Some(stop) = self.progress.controller.ended(&self.regime) {
                break stop;
            }
            if !self.epoch(screen)? {
                break Stop::Interrupted;
            }
        };
        self.progress.wall_s += self.began.elapsed().as_secs_f64();
        self.began = Instant::now();
        self.progress.epoch_s += self.epoch_began.elapsed().as_secs_f64();
        self.save()?;
        let kept = match (&self.progress.best, self.progress.controller.kept()) {
            (Some(best), Kept::Best) => {
                self.network.set_weights(best.weights.clone())?;
                Some(best.epoch)
            }
            (_, kept) => {
                self.network = self.stepper.evaluated(&self.network)?;
                (kept == Kept::Last).then_some(self.progress.epoch)
            }
        };
        Ok(Finished {
            network: self.network,
            progress: self.progress,
            stop,
            kept,
        })
    }

    /// The rest of an epoch; false when the user asked to stop.
    fn epoch(&mut self, screen: &mut Screen) -> Result<bool> {
        self.epoch_began = Instant::now();
        let loader = self.parts.loader();
        let steps = loader.count() as u64;
        let mut order = self.parts.train_rows.to_vec();
        Stream::new(
            self.parts.options.seed,
            Purpose::Sampling,
            self.progress.epoch,
            order::TRAINING,
        )
        .shuffle(&mut order);
        while self.progress.step_in_epoch < steps {
            if interrupted() {
                return Ok(false);
            }
            let (from, to) = loader.bounds(self.progress.step_in_epoch as usize);
            if !self.step(&order[from..to])? {
                // What is left of this epoch would change nothing any more.
                self.progress.loss_sum = f64::NAN;
                self.progress.step_in_epoch = steps;
            }
            screen.update(&self.standing());
        }
        let Some(shown) = self.evaluate()? else { return Ok(false) };
        self.close_epoch(shown)?;
        Ok(true)
    }

    /// Whether a larger watched value is better; with `compat = drg` all of them are losses.
    fn larger_is_better(&self) -> bool {
        self.parts.options.compat.is_none() && self.parts.objective.larger_is_better()
    }

    /// The learning rate that warm-up and schedule give to a step, counted from 0, of the epoch that comes after so many.
    fn scheduled(&self, epochs: u64, step: u64) -> f64 {
        let steps_per_epoch = self.parts.steps_per_epoch();
        let rows = &self.progress.rows[self.progress.rows.len().saturating_sub(epochs as usize)..];
        let watched: Vec<f64> = rows.iter().map(|row| row.watched).collect();
        self.parts.options.rate(&Clock {
            step: epochs * steps_per_epoch + step,
            steps_per_epoch,
            watched: &watched,
            larger_is_better: self.larger_is_better(),
        })
    }

    /// The learning rate of a step of this epoch, counted from 0.
    fn rate(&self, step: u64) -> f64 {
        let controller = &self.progress.controller;
        controller.rate(self.scheduled(controller.scheduled_epochs(), step))
    }

    fn standing(&self) -> Standing<'_> {
        let progress = &self.progress;
        let controller = &progress.controller;
        Standing {
            epoch: controller.epoch(),
            epochs: controller.limit(self.regime.epochs),
            round: controller.round(),
            step_in_epoch: progress.step_in_epoch,
            step: progress.step,
            rows: &progress.rows,
            best: progress.best.as_ref().map(|b| (b.epoch, b.watched)),
        }
    }
}

/// All weights and buffers; the network gives those that it changes new memory, so these stay as they are.
fn snapshot(network: &Network) -> Named {
    network.weights().iter().map(|w| (w.name.clone(), w.tensor.clone())).collect()
}
