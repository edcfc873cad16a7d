//! The options of a fit, one by one.

use super::Fit;
use crate::controller::{Finetune, Halve};
use crate::options::{Count, IntoWarmup, Options, Precision};
use cistron_model::Compat;
use cistron_ops::{Average, Clip, Group, Optimizer, Role, Schedule};
use std::path::PathBuf;

impl Fit {
    fn count(&mut self, name: &str, count: impl Count) -> u64 {
        count.to_count().unwrap_or_else(|| {
            self.mistakes
                .push(format!("`{name}` is negative or too large for a number of things"));
            1
        })
    }

    /// The most epochs.
    #[must_use]
    pub fn epochs(mut self, epochs: impl Count) -> Self {
        self.options.epochs = self.count("epochs", epochs);
        self
    }

    /// The most examples per step.
    #[must_use]
    pub fn batch(mut self, batch: impl Count) -> Self {
        self.options.batch = self.count("batch", batch);
        self
    }

    /// What every random number comes from.
    #[must_use]
    pub fn seed(mut self, seed: impl Count) -> Self {
        self.options.seed = self.count("seed", seed);
        self
    }

    /// Epochs without a better watched value after which it stops, or fine-tunes.
    #[must_use]
    pub fn patience(mut self, patience: impl Count) -> Self {
        self.options.patience = self.count("patience", patience);
        self
    }

    /// What comes when patience is used up: rounds from the best weights at lower rates. Without it the fit ends there.
    #[must_use]
    pub fn finetune(mut self, finetune: impl Into<Option<Finetune>>) -> Self {
        self.options.finetune = finetune.into();
        self
    }

    /// Whether the learning rate is halved when the training loss rises.
    #[must_use]
    pub fn halve(mut self, halve: Halve) -> Self {
        self.options.halve = Some(halve);
        self
    }

    /// Begins again with the first weights and a quarter of the rate after an epoch whose loss is no number or lies above that of
    /// the untrained network, 15 times at most.
    #[must_use]
    pub fn init_adjust(mut self, init_adjust: bool) -> Self {
        self.options.init_adjust = init_adjust;
        self
    }

    /// Goes on once, where the fit would end, from the best weights with all layers but the first convolution drawn anew, for
    /// as many more epochs as it may have. Without `compat = drg` it would end where patience is used up, not at the last epoch.
    #[must_use]
    pub fn restart(mut self, restart: bool) -> Self {
        self.options.restart = restart;
        self
    }

    /// Ends the fit when the watched loss of the training examples falls to this share of that of the validation examples; with
    /// `compat = drg` alone.
    #[must_use]
    pub fn valtrain_ratio(mut self, ratio: f64) -> Self {
        self.options.valtrain_ratio = Some(ratio);
        self
    }

    /// Computes what another program computes, where that differs from what is right: in the network ([`Compat`]), and here.
    ///
    /// `Drg` sums the loss over all values of a batch instead of taking means (so its learning rates are smaller), shuffles
    /// validation examples, drops a last batch of fewer than ten examples in both parts, divides by the whole part nevertheless,
    /// and watches losses: `1 - r` for a correlation. It measures both parts in training mode before the first epoch, which
    /// moves the statistics of batch norms; the untrained network is epoch 0 and the first best. An improvement in the last
    /// epoch is kept without being the best on disk, and a loss that is no number ends the fit with the network of that moment.
    /// A gene with equal predictions for all tracks has a gradient of 1e16 under a correlation.
    #[must_use]
    pub fn compat(mut self, compat: impl Into<Option<Compat>>) -> Self {
        self.options.compat = compat.into();
        self
    }

    /// How the learning rate comes up to its value: a number of epochs in which it grows linearly from nearly 0, or a
    /// [`Warmup`](crate::Warmup).
    #[must_use]
    pub fn warmup(mut self, warmup: impl IntoWarmup) -> Self {
        match warmup.into_warmup() {
            Some(warmup) => self.options.warmup = warmup,
            None => _ = self.count("warmup", -1),
        }
        self
    }

    /// What becomes of the learning rate after the warm-up.
    #[must_use]
    pub fn schedule(mut self, schedule: Schedule) -> Self {
        self.options.schedule = schedule;
        self
    }

    /// How gradients are held back, before weight decay is added.
    #[must_use]
    pub fn clip(mut self, clip: Clip) -> Self {
        self.options.clip = Some(clip);
        self
    }

    /// Parameters with their own rate factor or weight decay, or frozen; the first group that names a parameter has it.
    #[must_use]
    pub fn groups(mut self, groups: impl Into<Vec<Group>>) -> Self {
        self.options.groups = groups.into();
        self
    }

    /// What weight decay never reaches, whatever a group says.
    #[must_use]
    pub fn no_decay(mut self, roles: impl Into<Vec<Role>>) -> Self {
        self.options.no_decay = roles.into();
        self
    }

    /// An average of the weights (and of the running statistics of batch norms) that is evaluated, watched and kept instead
    /// of the last weights.
    #[must_use]
    pub fn average(mut self, average: Average) -> Self {
        self.options.average = Some(average);
        self
    }

    /// The fold that is held out.
    #[must_use]
    pub fn fold(mut self, fold: impl Count) -> Self {
        self.options.fold = Some(self.count("fold", fold));
        self
    }

    /// How weights follow their gradients.
    #[must_use]
    pub fn optimizer(mut self, optimizer: impl Into<Optimizer>) -> Self {
        self.options.optimizer = optimizer.into();
        self
    }

    /// The run's name in its folder and in figures; the model's without it.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.options.name = Some(name.into());
        self
    }

    /// The numbers it is computed in.
    #[must_use]
    pub fn precision(mut self, precision: Precision) -> Self {
        self.options.precision = precision;
        self
    }

    /// All options at once.
    #[must_use]
    pub fn options(mut self, options: Options) -> Self {
        self.options = options;
        self
    }

    /// Goes on with an earlier run: its folder, or a file in it. Model, objective, data and options must be the same; only
    /// `epochs` may have grown. On the CPU the result equals an uninterrupted run's bit for bit.
    #[must_use]
    pub fn resume(mut self, run: impl Into<PathBuf>) -> Self {
        self.resume = Some(run.into());
        self
    }

    /// The folder that the run's own folder is made in: `CISTRON_RUNS`, or `runs` under the current directory, without it.
    #[must_use]
    pub fn runs_in(mut self, folder: impl Into<PathBuf>) -> Self {
        self.root = Some(folder.into());
        self
    }

    /// Shows one progress line while it runs and one line at the end instead of curves, for many fits in one cell.
    #[must_use]
    pub fn quiet(mut self, quiet: bool) -> Self {
        self.quiet = quiet;
        self
    }
}
