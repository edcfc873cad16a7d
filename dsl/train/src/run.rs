//! A finished run: what it learned, how it went, where it lies.

use crate::checkpoint::{State, weights_of};
use crate::history;
use crate::live::{self, Summary};
use crate::objective::Objective;
use crate::trained::Trained;
use crate::{Fit, Options, Result, TrainError};
use cistron_data::Dataset;
use cistron_display::{Bundle, Show};
use cistron_model::Model;
use cistron_nn::Network;
use cistron_plot::Figure;
use cistron_runs::{EpochRow, RunFolder};
use polars::prelude::DataFrame;
use serde::de::DeserializeOwned;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What a run is made of.
pub(crate) struct Record {
    pub(crate) name: String,
    pub(crate) objective: Objective,
    pub(crate) options: Options,
    pub(crate) trained: Trained,
    pub(crate) rows: Vec<EpochRow>,
    pub(crate) best_epoch: Option<u64>,
    pub(crate) stopped: String,
    /// What the final display says.
    pub(crate) lines: Vec<String>,
    pub(crate) folder: RunFolder,
}

/// The value of `fit!`: the network with the weights of its best epoch, the history, the folder. Cloning is cheap.
///
/// What its network can be asked (`predict`, `metrics`, `mutagenesis`, `gradients`, `filters`, ..) are the methods of [`Trained`],
/// which it has by `Deref`.
#[derive(Clone)]
pub struct Run {
    pub(crate) record: Arc<Record>,
}

impl Run {
    pub(crate) fn new(record: Record) -> Self {
        Self {
            record: Arc::new(record),
        }
    }

    /// Reads a run from its folder (or from a file in it): the best weights where an epoch was finished, else the newest; with
    /// `compat = drg` those that the fit returned, which need not be the best.
    ///
    /// # Errors
    /// No run there, a damaged file (named, with what is wrong), a run of another version.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let folder = RunFolder::open(path.as_ref())?;
        let manifest = folder.manifest()?;
        let model: Model = from_json(&folder, "model", manifest.model)?;
        let objective: Objective = from_json(&folder, "objective", manifest.objective)?;
        let options: Options = from_json(&folder, "options", manifest.options)?;
        let mut network = Network::new(&model, options.seed, options.precision.dtype())?;
        let kept = match &manifest.ending {
            // There the weights that are kept need not be the best.
            Some(_) if options.compat.is_some() => folder.weights()?,
            _ => None,
        };
        let kept = match kept {
            None => folder.best()?,
            kept => kept,
        };
        let (weights, best_epoch) = match kept {
            Some(kept) => (
                weights_of(&kept)?,
                serde_json::from_str::<serde_json::Value>(&kept.header)
                    .ok()
                    .and_then(|h| h["epoch"].as_u64()),
            ),
            None => {
                let last = folder.last()?.ok_or_else(|| crate::record::no_state(&folder))?;
                (State::from_checkpoint(&last, &folder.last_path())?.weights, None)
            }
        };
        network.set_weights(weights)?;
        let rows = if folder.metrics_path().exists() {
            folder.epochs()?
        } else {
            Vec::new()
        };
        let stopped = match manifest.ending {
            Some(ending) => ending.why,
            None => "ended without a word (killed, or still running)".into(),
        };
        let lines = vec![stopped.clone()];
        let trained = Trained::of_fit(network, model, &objective, &options);
        Ok(Self::new(Record {
            name: manifest.name,
            trained,
            objective,
            options,
            rows,
            best_epoch,
            stopped,
            lines,
            folder,
        }))
    }

    /// Goes on with a run that was interrupted or killed, with the model, objective and options that it was begun
    /// with; on the CPU the result equals an uninterrupted run's bit for bit.
    ///
    /// # Errors
    /// As [`Run::open`] and [`Fit::run`]; [`TrainError::Differs`] when the data are not those of the run.
    pub fn resume(path: impl Into<PathBuf>, data: &Dataset) -> Result<Self> {
        let path = path.into();
        let folder = RunFolder::open(&path)?;
        let manifest = folder.manifest()?;
        let model: Model = from_json(&folder, "model", manifest.model)?;
        let objective: Objective = from_json(&folder, "objective", manifest.objective)?;
        let options: Options = from_json(&folder, "options", manifest.options)?;
        Fit::new(&model, &objective, data).options(options).resume(path).run()
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.record.name
    }

    /// What it was trained towards.
    pub fn objective(&self) -> &Objective {
        &self.record.objective
    }

    /// How it was trained.
    pub fn options(&self) -> &Options {
        &self.record.options
    }

    /// The folder it was saved in.
    pub fn folder(&self) -> &Path {
        self.record.folder.path()
    }

    /// Why it stopped and what was kept, as a sentence.
    pub fn stopped(&self) -> &str {
        &self.record.stopped
    }

    /// The epoch whose weights were kept, with its losses and metrics; nothing when no epoch was finished.
    pub fn best(&self) -> Option<&EpochRow> {
        self.record.rows.iter().find(|row| Some(row.epoch) == self.record.best_epoch)
    }

    /// The finished epochs.
    pub fn epochs(&self) -> &[EpochRow] {
        &self.record.rows
    }

    /// One row per epoch: epoch, step, train loss, valid loss, r of every output, what is watched and reported, rate, seconds.
    ///
    /// # Errors
    /// None in practice; Polars may refuse.
    pub fn history(&self) -> Result<DataFrame> {
        history::frame(&self.record.rows)
    }

    /// The loss of both parts by epoch, and r on the validation part by output.
    ///
    /// # Errors
    /// No epoch was finished.
    pub fn curve(&self) -> Result<Figure> {
        live::curves(&self.record.rows, self.record.best_epoch)
            .ok_or_else(|| TrainError::Impossible(format!("no epoch of `{}` was finished, so there is no curve", self.name())))
    }

    /// Shows it as the value of a cell.
    pub fn evcxr_display(&self) {
        cistron_display::show_result(&self.bundle());
    }
}

fn from_json<T: DeserializeOwned>(folder: &RunFolder, what: &str, value: serde_json::Value) -> Result<T> {
    serde_json::from_value(value).map_err(|e| TrainError::State {
        path: folder.manifest_path(),
        found: format!("its `{what}` does not read: {e}"),
        expected: format!("{what} as this version of Cistron writes it"),
    })
}

impl std::ops::Deref for Run {
    type Target = Trained;
    fn deref(&self) -> &Trained {
        &self.record.trained
    }
}

impl std::fmt::Debug for Run {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Run({}: {}; {})", self.name(), self.stopped(), self.folder().display())
    }
}

impl std::fmt::Display for Run {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.bundle().text())
    }
}

impl Show for Run {
    fn bundle(&self) -> Bundle {
        let record = &self.record;
        let summary = Summary {
            rows: &record.rows,
            best_epoch: record.best_epoch,
            lines: &record.lines,
        };
        live::final_form(&record.name, &record.folder.path().display().to_string(), &summary)
    }
}
