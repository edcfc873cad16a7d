//! `fit!`: a model, an objective, data and options become a run.

use crate::checkpoint::{State, weights_checkpoint};
use crate::controller::{Controller, Finetune, Halve, Regime};
use crate::evaluate;
use crate::history;
use crate::live::{Screen, Summary};
use crate::objective::{Measure, Objective, Over, check_targets};
use crate::options::{Count, IntoWarmup, Options, Precision};
use crate::record;
use crate::run::{Record, Run};
use crate::session::{Finished, Parts, Session};
use crate::state::{Loader, Progress, Stop};
use crate::stepper::Stepper;
use crate::{Result, TrainError};
use cistron_data::{DataError, Dataset, Part};
use cistron_display::{Show, clear_interrupt, duration};
use cistron_model::{Compat, Model};
use cistron_nn::Network;
use cistron_ops::{Average, Clip, Group, Optimizer, Role, Schedule};
use cistron_runs::{Ending, RunFolder};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

/// A fit before it runs: what to train, towards what, on what, and how. `fit!` expands to it.
///
/// One epoch goes over the training examples in an order that seed and epoch decide, in batches of equal size (up to
/// one example) and at most `batch`. After it the validation examples are evaluated; the weights of the epoch with
/// the best watched value are what the run keeps. It stops after `epochs`, or when `patience` epochs brought nothing
/// better (with `finetune` it goes back to the best weights then, and on with a lower rate), or when it is interrupted:
/// then at the end of the step, with what was learned so far.
#[derive(Clone, Debug)]
pub struct Fit {
    model: Model,
    objective: Objective,
    data: Dataset,
    options: Options,
    resume: Option<PathBuf>,
    root: Option<PathBuf>,
    quiet: bool,
    mistakes: Vec<String>,
}

impl Fit {
    /// A fit with the default options: 100 epochs, batches of 64, seed 0, patience 10, no warm-up, Adam at 1e-3.
    pub fn new(model: &Model, objective: &Objective, data: &Dataset) -> Self {
        Self {
            model: model.clone(),
            objective: objective.clone(),
            data: data.clone(),
            options: Options::default(),
            resume: None,
            root: None,
            quiet: false,
            mistakes: Vec::new(),
        }
    }

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

    /// Trains. The audit of data that nobody has seen yet is shown first.
    ///
    /// # Errors
    /// Options that make no sense, all at once; a model, objective and data that do not belong together; an empty part
    /// or a fold that does not exist; targets that a loss cannot work with; a loss that is not finite any more
    /// ([`TrainError::NotFinite`]: the run's folder keeps the last good state); files that cannot be written.
    pub fn run(mut self) -> Result<Run> {
        if !self.mistakes.is_empty() {
            return Err(TrainError::Options(self.mistakes));
        }
        self.options.check()?;
        if let Some(compat) = self.options.compat {
            self.model = self.model.compat(compat);
        }
        record::fits_together(&self.model, &self.objective, &self.data)?;
        if !self.data.audit().is_shown() {
            cistron_display::display(&self.data.audit().bundle());
        }
        let fold = self.options.fold.map(|f| f as usize);
        let train_rows = self.data.rows(Part::Train, fold)?;
        let valid_rows = self.data.rows(Part::Valid, fold)?;
        let test_rows = match self.data.rows(Part::Test, fold) {
            Err(DataError::EmptyPart { .. }) => Vec::new(),
            rows => rows?,
        };
        check_targets(&self.objective, &self.data, &train_rows)?;
        let sets = BTreeMap::from([("training", &train_rows), ("validation", &valid_rows), ("test", &test_rows)]);
        let identity = record::identity(&self.model, &self.objective, &self.data, &self.options, &sets)?;
        let steps_per_epoch = self.steps_per_epoch(train_rows.len())?;
        let mut network = Network::new(&self.model, self.options.seed, self.options.precision.dtype())?;
        let name = self.options.name.clone().unwrap_or_else(|| self.model.name().to_string());
        let (folder, mut manifest, progress, stepper) = match &self.resume {
            Some(path) => {
                let folder = RunFolder::open(path)?;
                let mut manifest = folder.manifest()?;
                let checkpoint = folder.last()?.ok_or_else(|| record::no_state(&folder))?;
                let state = State::from_checkpoint(&checkpoint, &folder.last_path())?;
                record::same(&folder, &state.identity, &identity)?;
                network.set_weights(state.weights)?;
                let stepper = Stepper::from_state(&self.options, &mut network, state.optimizer, state.average)?;
                manifest.resumed.push(record::resumption(&state.progress));
                cistron_display::note(&format!(
                    "{} goes on after epoch {}, step {}",
                    folder.path().display(),
                    state.progress.epoch,
                    state.progress.step
                ));
                (folder, manifest, state.progress, stepper)
            }
            None => {
                let stepper = Stepper::new(&self.options, &mut network)?;
                let folder = RunFolder::create(
                    &self.root.clone().unwrap_or_else(cistron_runs::root),
                    &name,
                    &record::run_hash(&identity),
                )?;
                (
                    folder,
                    record::manifest(&name, &identity, &self.data, &sets),
                    Progress::new(Controller::new(&Regime::new(&self.options, steps_per_epoch))),
                    stepper,
                )
            }
        };
        manifest.ending = None;
        manifest.options = record::json(&self.options)?;
        manifest.write(&folder.manifest_path())?;
        let shown_folder = folder.path().display().to_string();
        let parts = Parts {
            objective: &self.objective,
            data: &self.data,
            options: &self.options,
            identity: &identity,
            folder: &folder,
            train_rows: &train_rows,
            valid_rows: &valid_rows,
        };
        let first_step = progress.step;
        let session = Session::new(parts, network, stepper, progress)?;
        let mut screen = Screen::new(
            &name,
            record::watched_name(&self.options, &self.objective),
            steps_per_epoch,
            first_step,
            &shown_folder,
        )
        .quiet(self.quiet);
        let finished = match session.run(&mut screen) {
            Ok(finished) => finished,
            Err(error) => {
                let reason = if matches!(error, TrainError::NotFinite { .. }) {
                    "not finite"
                } else {
                    "error"
                };
                let ending = Ending {
                    why: error.to_string(),
                    reason: reason.into(),
                    at: record::now(),
                    ..record::no_ending()
                };
                manifest.ending = Some(ending);
                // The error that ended the fit matters more than one of writing it down.
                let _ = manifest.write(&folder.manifest_path());
                return Err(error);
            }
        };
        if finished.stop == Stop::Interrupted {
            clear_interrupt();
        }
        let test = if finished.stop == Stop::Interrupted {
            BTreeMap::new()
        } else {
            self.held_out(&finished.network, &test_rows)?
        };
        let Finished {
            network,
            progress,
            stop,
            kept,
        } = finished;
        let why = record::why(stop, &progress, kept, (&self.options, &self.objective));
        manifest.ending = Some(Ending {
            why: why.clone(),
            reason: stop.word().into(),
            at: record::now(),
            wall_s: progress.wall_s,
            best_epoch: progress.best.as_ref().map(|b| b.epoch),
            metrics: test
                .iter()
                .map(|(name, value)| (format!("test {name}"), *value))
                .filter(|(_, v)| v.is_finite())
                .collect(),
        });
        let best_epoch = kept;
        let weights = network.weights().iter().map(|w| (w.name.clone(), w.tensor.clone())).collect();
        weights_checkpoint(&weights, &identity, best_epoch)?.write(&folder.weights_path())?;
        manifest.write(&folder.manifest_path())?;
        let lines = summary(&why, &progress, &test, test_rows.len());
        screen.finish(&Summary {
            rows: &progress.rows,
            best_epoch,
            lines: &lines,
        });
        Ok(Run::new(Record {
            name,
            model: self.model,
            objective: self.objective,
            options: self.options,
            network,
            rows: progress.rows,
            best_epoch,
            stopped: why,
            lines,
            folder,
        }))
    }

    /// Steps of an epoch.
    ///
    /// # Errors
    /// [`TrainError::Unfit`] when all training examples would be dropped (`compat = drg`).
    fn steps_per_epoch(&self, rows: usize) -> Result<u64> {
        let loader = Loader {
            rows,
            batch: self.options.batch as usize,
            drg: self.options.compat.is_some(),
        };
        match loader.count() {
            0 => Err(TrainError::Unfit {
                found: format!(
                    "with `compat = drg` a last batch of fewer than 10 examples is dropped, and the {rows} training examples are no \
                     whole batch of {}",
                    self.options.batch
                ),
                help: format!("`batch = {rows}` or less"),
            }),
            steps => Ok(steps as u64),
        }
    }

    /// r of every output, and what is watched and reported, on the test examples.
    fn held_out(&self, network: &Network, rows: &[usize]) -> Result<BTreeMap<String, f64>> {
        let mut found = BTreeMap::new();
        if rows.is_empty() {
            return Ok(found);
        }
        let (precision, never) = (self.options.precision.dtype(), || false);
        let outputs = match self.options.compat {
            // There the batch of an example matters, so it is the one that it has in the original.
            Some(Compat::Drg) => {
                let batches = rows.chunks(self.options.batch as usize);
                evaluate::outputs_of_batches(network, &self.data, batches, precision, &never)?
            }
            None => evaluate::outputs(network, &self.data, rows, precision, &never)?,
        };
        let Some(outputs) = outputs else {
            return Ok(found);
        };
        for output in self.objective.outputs() {
            found.insert(
                format!("r {output}"),
                outputs.metric(Measure::Correlation(Over::Points), output)?,
            );
        }
        for metric in self.objective.watch().iter().chain(self.objective.reports()) {
            found.insert(metric.column(), outputs.metric(metric.measure, &metric.output)?);
        }
        Ok(found)
    }
}

/// What a comparison changes from fit to fit.
impl Fit {
    /// Objective, data, options and the folder of runs.
    ///
    /// # Errors
    /// Options that make no sense, all at once.
    pub(crate) fn parts(&self) -> Result<(&Objective, &Dataset, &Options, PathBuf)> {
        if !self.mistakes.is_empty() {
            return Err(TrainError::Options(self.mistakes.clone()));
        }
        self.options.check()?;
        let root = self.root.clone().unwrap_or_else(cistron_runs::root);
        Ok((&self.objective, &self.data, &self.options, root))
    }

    /// The same fit of another model and objective with other options.
    pub(crate) fn variant(&self, model: &Model, objective: &Objective, options: Options) -> Self {
        Self {
            model: model.clone(),
            objective: objective.clone(),
            options,
            ..self.clone()
        }
    }
}

/// Why it stopped, what was kept, and what that is worth on held-out examples.
fn summary(why: &str, progress: &Progress, test: &BTreeMap<String, f64>, test_rows: usize) -> Vec<String> {
    let mut lines = vec![format!(
        "{why}, after {}",
        duration(Duration::from_secs_f64(progress.wall_s.max(0.0)))
    )];
    if !test.is_empty() {
        let values: Vec<String> = test
            .iter()
            .map(|(name, value)| format!("{name} {}", history::r(*value)))
            .collect();
        lines.push(format!(
            "on {} held-out examples: {}",
            cistron_display::count(test_rows),
            values.join(", ")
        ));
    }
    lines
}
