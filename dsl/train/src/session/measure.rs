//! What an epoch came to: losses and metrics, on the validation examples and of the steps.

use super::{Session, order};
use crate::Result;
use crate::drg::{self, Measured};
use crate::evaluate::{self, Outputs, loss_and_gradients};
use crate::objective::{Measure, Metric, Over};
use cistron_data::Named;
use cistron_display::interrupted;
use cistron_nn::Network;
use cistron_runs::EpochRow;
use std::collections::BTreeMap;

/// Steps that are none have their random numbers beyond all real ones.
const BEYOND: u64 = 1 << 63;

/// What an epoch, or the network before the first one, came to.
#[derive(Debug, Default)]
pub(super) struct Shown {
    pub(super) train_loss: f64,
    pub(super) valid_loss: f64,
    /// What early stopping looks at, as the objective means it; a loss with `compat = drg`.
    pub(super) watched: f64,
    /// The same on the training examples, where it is measured.
    pub(super) train_watched: Option<f64>,
    pub(super) metrics: BTreeMap<String, f64>,
}

impl Session<'_> {
    /// The end of an epoch; nothing when the user asked to stop meanwhile.
    pub(super) fn evaluate(&self) -> Result<Option<Shown>> {
        if self.parts.options.compat.is_some() {
            return self.evaluate_as_drg();
        }
        let precision = self.parts.options.precision.dtype();
        let network = self.stepper.evaluated(&self.network)?;
        let rows = self.parts.valid_rows;
        let Some(outputs) = evaluate::outputs(&network, self.parts.data, rows, precision, &interrupted)? else {
            return Ok(None);
        };
        let valid_loss = outputs.loss(self.parts.objective)?;
        let metrics = self.metrics_of(&outputs)?;
        let watched = match self.parts.objective.watch() {
            [] => valid_loss,
            watch => {
                let value = |m: &Metric| m.weight * metrics.get(&m.column()).copied().unwrap_or(f64::NAN);
                watch.iter().map(|m| value(m) / watch.len() as f64).sum()
            }
        };
        let progress = &self.progress;
        Ok(Some(Shown {
            train_loss: progress.loss_sum / progress.loss_examples.max(1) as f64,
            valid_loss,
            watched,
            train_watched: None,
            metrics,
        }))
    }

    /// r of every output, and what is watched and reported.
    fn metrics_of(&self, outputs: &Outputs) -> Result<BTreeMap<String, f64>> {
        let objective = self.parts.objective;
        let mut metrics = BTreeMap::new();
        for output in objective.outputs() {
            metrics.insert(
                format!("r {output}"),
                outputs.metric(Measure::Correlation(Over::Points), output)?,
            );
        }
        for metric in objective.watch().iter().chain(objective.reports()) {
            metrics.insert(metric.column(), outputs.metric(metric.measure, &metric.output)?);
        }
        Ok(metrics)
    }

    /// Part of the validation examples in batches, and the predictions that the steps made.
    fn evaluate_as_drg(&self) -> Result<Option<Shown>> {
        let network = self.stepper.evaluated(&self.network)?;
        let Some(valid) = self.validation(order::VALIDATION, &interrupted, |inputs| Ok(network.predict(inputs)?))? else {
            return Ok(None);
        };
        let rows = self.parts.train_rows.len();
        let (outputs, targets) = self.progress.gathered.join()?;
        let objective = self.parts.objective;
        let lost = self.progress.loss_sum.is_nan();
        let train_watched = if lost {
            f64::NAN
        } else {
            drg::watched(objective, &outputs, &targets, rows)?
        };
        Ok(Some(Shown {
            train_loss: self.progress.loss_sum / (rows as f64 * drg::width(objective, &outputs)),
            valid_loss: valid.loss,
            watched: valid.watched,
            train_watched: Some(train_watched),
            metrics: self.metrics_of(&valid.outputs)?,
        }))
    }

    /// DRG's numbers of the validation examples, in the order of one use of this epoch.
    fn validation(
        &self,
        part: u64,
        stop: &dyn Fn() -> bool,
        forward: impl FnMut(&Named) -> Result<Named>,
    ) -> Result<Option<Measured>> {
        let rows = self.parts.valid_rows;
        let batch = drg::validation_batch(rows.len(), self.parts.options.batch as usize);
        self.measured(rows, batch, part, stop, forward)
    }

    fn measured(
        &self,
        rows: &[usize],
        batch: usize,
        part: u64,
        stop: &dyn Fn() -> bool,
        forward: impl FnMut(&Named) -> Result<Named>,
    ) -> Result<Option<Measured>> {
        let options = self.parts.options;
        let batches = drg::shuffled(rows, batch, (options.seed, self.progress.epoch, part));
        drg::measure(
            (self.parts.objective, self.parts.data, options.precision.dtype()),
            (&batches, rows.len()),
            forward,
            stop,
        )
    }

    /// DRG's numbers of the validation examples in training mode, which moves the network's statistics; nothing when `stop` says
    /// so in between.
    pub(super) fn validation_in_training_mode(&self, network: &mut Network, stop: &dyn Fn() -> bool) -> Result<Option<Measured>> {
        let (seed, mut step) = (self.parts.options.seed, BEYOND + self.progress.step);
        self.validation(order::VALIDATION_BEFORE, stop, |inputs| {
            step += 1;
            drg::in_training_mode(network, inputs, seed, step)
        })
    }

    /// The same of the training examples.
    pub(super) fn training_in_training_mode(&self, network: &mut Network, stop: &dyn Fn() -> bool) -> Result<Option<Measured>> {
        let (seed, mut step) = (self.parts.options.seed, BEYOND + self.progress.step);
        let batch = self.parts.options.batch as usize;
        self.measured(self.parts.train_rows, batch, order::TRAINING_BEFORE, stop, |inputs| {
            step += 1;
            drg::in_training_mode(network, inputs, seed, step)
        })
    }

    /// The loss of a network on the training examples as steps would see it; the network stays as it is. Nothing when `stop`
    /// says so in between.
    pub(super) fn loss_before(&self, network: &Network, stop: &dyn Fn() -> bool) -> Result<Option<f64>> {
        let mut network = network.clone();
        let (options, loader) = (self.parts.options, self.parts.loader());
        let (mut sum, mut count) = (0.0, 0.0);
        for index in 0..loader.count() {
            if stop() {
                return Ok(None);
            }
            let (from, to) = loader.bounds(index);
            let batch = self
                .parts
                .data
                .batch(&self.parts.train_rows[from..to], options.precision.dtype())?;
            let step = BEYOND + self.progress.step + index as u64;
            let outputs = drg::in_training_mode(&mut network, &batch.inputs, options.seed, step)?;
            let rows = (to - from) as f64;
            sum += rows * loss_and_gradients(self.parts.objective, &outputs, &batch.targets)?.0;
            count += rows;
        }
        Ok(Some(sum / f64::max(count, 1.0)))
    }

    /// The row of the epoch that ends, or of the untrained network; best, round and count are the controller's to say.
    pub(super) fn row(&self, epoch: u64, shown: Shown) -> EpochRow {
        EpochRow {
            epoch,
            step: self.progress.step,
            train_loss: shown.train_loss,
            valid_loss: shown.valid_loss,
            watched: shown.watched,
            metrics: shown.metrics,
            rate: self.rate(self.progress.step_in_epoch.saturating_sub(1)),
            seconds: self.progress.epoch_s + self.epoch_began.elapsed().as_secs_f64(),
            train_watched: shown.train_watched,
            ..EpochRow::default()
        }
    }

    /// What is measured of the untrained network with `compat = drg`: validation examples first, then training examples, both
    /// in training mode. Nothing when the user asked to stop meanwhile.
    pub(super) fn before_as_drg(&self, network: &mut Network) -> Result<Option<Shown>> {
        let Some(valid) = self.validation_in_training_mode(network, &interrupted)? else {
            return Ok(None);
        };
        let Some(train) = self.training_in_training_mode(network, &interrupted)? else {
            return Ok(None);
        };
        Ok(Some(Shown {
            train_loss: train.loss,
            valid_loss: valid.loss,
            watched: valid.watched,
            train_watched: Some(train.watched),
            metrics: self.metrics_of(&valid.outputs)?,
        }))
    }
}
