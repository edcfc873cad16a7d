//! The loop: steps, epochs, evaluation, early stopping, checkpoints.

use crate::checkpoint::{Identity, State};
use crate::evaluate::{self, loss_and_gradients};
use crate::live::{Screen, Standing};
use crate::objective::{Measure, Objective, Over};
use crate::state::{Best, Progress, Stop, batch_bounds, batch_count};
use crate::stepper::Stepper;
use crate::{NotFinite, Options, Result, TrainError};
use cistron_data::{Dataset, Named};
use cistron_display::{interrupted, significant};
use cistron_nn::Network;
use cistron_ops::Clock;
use cistron_random::{Purpose, Stream};
use cistron_runs::{EpochRow, Metrics, RunFolder};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Checkpoints of quick epochs are written at most this often; the last of a sitting always is.
const SAVE_EVERY: Duration = Duration::from_secs(1);

/// One sitting of a fit.
pub(crate) struct Session<'a> {
    parts: Parts<'a>,
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
    pub(crate) network: Network,
    pub(crate) progress: Progress,
    pub(crate) stop: Stop,
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

impl<'a> Session<'a> {
    /// A session at a state: a fresh one or one that was read from a checkpoint.
    pub(crate) fn new(parts: Parts<'a>, network: Network, stepper: Stepper, progress: Progress) -> Result<Self> {
        let metrics = parts.folder.metrics(&progress.rows)?;
        let now = Instant::now();
        Ok(Self {
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

    pub(crate) fn steps_per_epoch(&self) -> u64 {
        batch_count(self.parts.train_rows.len(), self.parts.options.batch as usize) as u64
    }

    /// Trains until it stops; the network then has the best weights.
    pub(crate) fn run(mut self, screen: &mut Screen) -> Result<Finished> {
        // A state to go back to exists from the first moment.
        self.save()?;
        let stop = loop {
            if self.progress.epoch >= self.parts.options.epochs {
                break Stop::Epochs;
            }
            if self.progress.since_best >= self.parts.options.patience {
                break Stop::Patience;
            }
            if !self.epoch(screen)? {
                break Stop::Interrupted;
            }
        };
        self.progress.wall_s += self.began.elapsed().as_secs_f64();
        self.began = Instant::now();
        self.progress.epoch_s += self.epoch_began.elapsed().as_secs_f64();
        self.save()?;
        match &self.progress.best {
            Some(best) => self.network.set_weights(best.weights.clone())?,
            None => self.network = self.stepper.evaluated(&self.network)?,
        }
        Ok(Finished {
            network: self.network,
            progress: self.progress,
            stop,
        })
    }

    /// The rest of an epoch; false when the user asked to stop.
    fn epoch(&mut self, screen: &mut Screen) -> Result<bool> {
        self.epoch_began = Instant::now();
        let steps = self.steps_per_epoch();
        let mut order = self.parts.train_rows.to_vec();
        Stream::new(self.parts.options.seed, Purpose::Sampling, self.progress.epoch, 0).shuffle(&mut order);
        while self.progress.step_in_epoch < steps {
            if interrupted() {
                return Ok(false);
            }
            let index = self.progress.step_in_epoch as usize;
            let (from, to) = batch_bounds(order.len(), self.parts.options.batch as usize, index);
            self.step(&order[from..to])?;
            screen.update(&self.standing());
        }
        let Some(row) = self.evaluate()? else { return Ok(false) };
        self.close_epoch(row)?;
        Ok(true)
    }

    /// The learning rate of a step, counted from 0, that comes after the finished epochs.
    fn rate(&self, step: u64) -> f64 {
        let watched: Vec<f64> = self.progress.rows.iter().map(|row| row.watched).collect();
        self.parts.options.rate(&Clock {
            step,
            steps_per_epoch: self.steps_per_epoch(),
            watched: &watched,
            larger_is_better: self.parts.objective.larger_is_better(),
        })
    }

    fn step(&mut self, rows: &[usize]) -> Result<()> {
        let batch = self.parts.data.batch(rows, self.parts.options.precision.dtype())?;
        let step = self.progress.step;
        let objective = self.parts.objective;
        let mut mistake = None;
        let outcome = self
            .network
            .step(&batch.inputs, self.parts.options.seed, step, &mut |outputs| {
                loss_and_gradients(objective, outputs, &batch.targets).or_else(|e| {
                    mistake = Some(e);
                    // The network is told to stop by a loss without gradients; the mistake itself is returned below.
                    Ok((f64::NAN, Named::new()))
                })
            });
        if let Some(mistake) = mistake {
            return Err(mistake);
        }
        let outcome = outcome?;
        if !outcome.loss.is_finite() {
            return Err(self.not_finite(outcome.loss, &batch.inputs, &batch.targets)?);
        }
        let (rate, steps) = (self.rate(step), self.steps_per_epoch());
        self.stepper
            .step(&mut self.network, &outcome.gradients, rate, (step + 1, steps))?;
        let loss = outcome.loss;
        outcome.give_back()?;
        self.progress.step += 1;
        self.progress.step_in_epoch += 1;
        self.progress.loss_sum += loss * rows.len() as f64;
        self.progress.loss_examples += rows.len() as u64;
        Ok(())
    }

    /// The validation part at the end of an epoch; nothing when the user asked to stop meanwhile.
    fn evaluate(&self) -> Result<Option<EpochRow>> {
        let precision = self.parts.options.precision.dtype();
        let network = self.stepper.evaluated(&self.network)?;
        let Some(outputs) = evaluate::outputs(&network, self.parts.data, self.parts.valid_rows, precision, &interrupted)? else {
            return Ok(None);
        };
        let valid_loss = outputs.loss(self.parts.objective)?;
        let mut metrics = BTreeMap::new();
        for output in self.parts.objective.outputs() {
            metrics.insert(
                format!("r {output}"),
                outputs.metric(Measure::Correlation(Over::Points), output)?,
            );
        }
        let mut watched = valid_loss;
        if !self.parts.objective.watch().is_empty() {
            let count = self.parts.objective.watch().len() as f64;
            watched = 0.0;
            for metric in self.parts.objective.watch() {
                let value = outputs.metric(metric.measure, &metric.output)?;
                metrics.insert(metric.column(), value);
                watched += metric.weight * value / count;
            }
        }
        for metric in self.parts.objective.reports() {
            metrics.insert(metric.column(), outputs.metric(metric.measure, &metric.output)?);
        }
        let progress = &self.progress;
        Ok(Some(EpochRow {
            epoch: progress.epoch + 1,
            step: progress.step,
            train_loss: progress.loss_sum / progress.loss_examples.max(1) as f64,
            valid_loss,
            watched,
            metrics,
            rate: self.rate(progress.step.saturating_sub(1)),
            seconds: progress.epoch_s + self.epoch_began.elapsed().as_secs_f64(),
            best: progress.improves(watched, self.parts.objective.larger_is_better()),
        }))
    }

    fn close_epoch(&mut self, row: EpochRow) -> Result<()> {
        if row.best {
            self.progress.best = Some(Best {
                epoch: row.epoch,
                watched: row.watched,
                weights: snapshot(&self.stepper.evaluated(&self.network)?),
            });
            self.progress.since_best = 0;
            self.best_is_saved = false;
        } else {
            self.progress.since_best += 1;
        }
        self.metrics.append(&row)?;
        self.progress.rows.push(row);
        self.progress.epoch += 1;
        self.progress.step_in_epoch = 0;
        self.progress.loss_sum = 0.0;
        self.progress.loss_examples = 0;
        self.progress.epoch_s = 0.0;
        self.epoch_began = Instant::now();
        if self.saved.is_none_or(|at| at.elapsed() >= SAVE_EVERY) || self.progress.epoch == 1 {
            self.save()?;
        }
        Ok(())
    }

    /// Writes `last`, and `best` if it is newer than what lies there.
    fn save(&mut self) -> Result<()> {
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
            let file = crate::checkpoint::weights_checkpoint(&best.weights, self.parts.identity, Some(best.epoch))?;
            file.write(&self.parts.folder.best_path())?;
            self.best_is_saved = true;
        }
        self.saved = Some(Instant::now());
        Ok(())
    }

    fn standing(&self) -> Standing<'_> {
        let progress = &self.progress;
        Standing {
            epoch: progress.epoch,
            step_in_epoch: progress.step_in_epoch,
            step: progress.step,
            rows: &progress.rows,
            best: progress.best.as_ref().map(|b| (b.epoch, b.watched)),
        }
    }

    /// The error for a loss that is no number: which step, which layer, and where the last good state is.
    fn not_finite(&mut self, loss: f64, inputs: &Named, targets: &Named) -> Result<TrainError> {
        // What lies on disk may be some epochs old; the weights of the best epoch are good and go there now.
        let best_epoch = self.progress.best.as_ref().map(|b| b.epoch);
        if let Some(best) = &self.progress.best {
            crate::checkpoint::weights_checkpoint(&best.weights, self.parts.identity, Some(best.epoch))?
                .write(&self.parts.folder.best_path())?;
        }
        let layer = match self.network.find_non_finite(inputs)? {
            Some(name) => format!("the first layer that is not finite is `{name}`"),
            None => self.loss_that_is_not_finite(inputs, targets)?,
        };
        let steps = self.steps_per_epoch();
        let rate = self.rate(self.progress.step);
        let help = if self.progress.step == 0 {
            "the very first step fails: look for enormous values in inputs and targets".to_string()
        } else {
            format!(
                "a smaller learning rate, such as {}, or `warmup = 2`",
                significant(self.parts.options.optimizer.lr() / 10.0, 1)
            )
        };
        Ok(TrainError::NotFinite(Box::new(NotFinite {
            loss,
            step: self.progress.step + 1,
            epoch: self.progress.epoch + 1,
            step_in_epoch: self.progress.step_in_epoch + 1,
            steps_per_epoch: steps,
            layer,
            rate: significant(rate, 3),
            checkpoint: if best_epoch.is_some() {
                self.parts.folder.best_path()
            } else {
                self.parts.folder.last_path()
            },
            best_epoch,
            help,
        })))
    }

    /// All layers are finite, so the loss itself overflows.
    fn loss_that_is_not_finite(&self, inputs: &Named, targets: &Named) -> Result<String> {
        let outputs = self.network.predict(inputs)?;
        for term in self.parts.objective.losses() {
            if let (Some(prediction), Some(target)) = (outputs.get(&term.output), targets.get(&term.output)) {
                let (value, _) = crate::loss::loss(term.measure).value_and_gradient(prediction, target, None)?;
                if !value.is_finite() {
                    return Ok(format!(
                        "all layers are finite, `{}` of output `{}` is not",
                        term.measure, term.output
                    ));
                }
            }
        }
        Ok("all layers are finite in evaluation mode, so it comes from dropout or the statistics of this batch".into())
    }
}

/// All weights and buffers; the network gives those that it changes new memory, so these stay as they are.
fn snapshot(network: &Network) -> Named {
    network.weights().iter().map(|w| (w.name.clone(), w.tensor.clone())).collect()
}
