//! One step, and what is said when its loss is no number.

use super::Session;
use crate::drg;
use crate::evaluate::loss_and_gradients;
use crate::{NotFinite, Result, TrainError};
use cistron_data::Named;
use cistron_display::significant;
use cistron_nn::Network;

impl Session<'_> {
    /// One step; false when its loss is no number and the fit goes on nevertheless: with `init_adjust` the controller begins
    /// again, with `compat = drg` all weights that are trained become no numbers, as they do there.
    ///
    /// # Errors
    /// A loss that is not finite, if neither is so.
    pub(super) fn step(&mut self, rows: &[usize]) -> Result<bool> {
        let options = self.parts.options;
        let batch = self.parts.data.batch(rows, options.precision.dtype())?;
        let step = self.progress.step;
        let objective = self.parts.objective;
        let summed = options.compat.is_some();
        let mut mistake = None;
        let mut predicted = None;
        let outcome = self.network.step(&batch.inputs, options.seed, step, &mut |outputs| {
            let result = if summed {
                predicted = Some(outputs.clone());
                drg::summed_loss(objective, outputs, &batch.targets)
            } else {
                loss_and_gradients(objective, outputs, &batch.targets)
            };
            result.or_else(|e| {
                mistake = Some(e);
                // The network is told to stop by a loss without gradients; the mistake itself is returned below.
                Ok((f64::NAN, Named::new()))
            })
        });
        if let Some(mistake) = mistake {
            return Err(mistake);
        }
        let outcome = outcome?;
        if let Some(predicted) = predicted {
            self.progress.gathered.add(predicted, batch.targets.clone());
        }
        if !outcome.loss.is_finite() {
            if summed {
                not_numbers(&mut self.network)?;
            } else if !(options.init_adjust && self.progress.controller.may_reset()) {
                return Err(self.not_finite(outcome.loss, &batch.inputs, &batch.targets)?);
            }
            return Ok(false);
        }
        let (rate, steps) = (self.rate(self.progress.step_in_epoch), self.parts.steps_per_epoch());
        self.stepper
            .step(&mut self.network, &outcome.gradients, rate, (step + 1, steps))?;
        let loss = outcome.loss;
        outcome.give_back()?;
        self.progress.step += 1;
        self.progress.step_in_epoch += 1;
        self.progress.loss_sum += if summed { loss } else { loss * rows.len() as f64 };
        self.progress.loss_examples += rows.len() as u64;
        Ok(true)
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
        let steps = self.parts.steps_per_epoch();
        let rate = self.rate(self.progress.step_in_epoch);
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
                let (value, _) = crate::loss::value_and_gradient(term.measure, prediction, target)?;
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

/// Makes all weights that are trained NaN.
fn not_numbers(network: &mut Network) -> Result<()> {
    network.apply(|weights| {
        for weight in weights.iter_mut().filter(|w| w.trainable) {
            weight.tensor = weight.tensor.affine(0.0, f64::NAN)?;
        }
        Ok(())
    })?;
    Ok(())
}
