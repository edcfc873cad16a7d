//! `fit!`: a model, an objective, data and options become a run.

mod setters;

use crate::checkpoint::{State, weights_checkpoint};
use crate::controller::{Controller, Regime};
use crate::evaluate;
use crate::history;
use crate::live::{Screen, Summary};
use crate::objective::{Measure, Objective, Over, check_targets};
use crate::options::Options;
use crate::record;
use crate::run::{Record, Run};
use crate::session::{Finished, Parts, Session};
use crate::state::{Loader, Progress, Stop};
use crate::stepper::Stepper;
use crate::trained::Trained;
use crate::{Result, TrainError};
use cistron_data::{DataError, Dataset, Part};
use cistron_display::{Show, clear_interrupt, duration};
use cistron_model::Model;
use cistron_nn::Network;
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
            cistron_display::note(
                "compat = drg: losses are sums over all values of a batch, so learning rates mean something else than without it; what is \
                 watched is a loss (1 - r), and losses are divided by all examples of a part though its last small batch is left out",
            );
        }
        if let Some((part, note)) = record::cut_down(&self.model, &self.objective) {
            self.objective = part;
            cistron_display::note(&note);
        }
        record::fits_together(&self.model, &self.objective.outputs(), &self.data)?;
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
        record::check_bounds(&self.model, &self.objective)?;
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
            trained: Trained::of_fit(network, self.model, &self.objective, &self.options),
            objective: self.objective,
            options: self.options,
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
        let Some(outputs) = evaluate::outputs_in(self.options.evaluation_batch(), network, &self.data, rows, &|| false)? else {
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
