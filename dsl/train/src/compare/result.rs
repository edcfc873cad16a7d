//! What a comparison gives.

use super::pooled::{Pooled, pool};
use crate::metrics::Metrics;
use crate::{Result, Run, TrainError};
use cistron_data::{Dataset, Part};
use cistron_declaration::did_you_mean;

/// One fit of a comparison.
#[derive(Clone)]
pub struct ComparedFit {
    /// The model's label.
    pub model: String,
    /// The fold that was held out.
    pub fold: Option<u64>,
    /// The seed.
    pub seed: u64,
    /// The run.
    pub run: Run,
    /// Its metrics on the test part of its fold.
    pub metrics: Metrics,
}

/// The value of `compare!`: the runs, and what they come to together.
///
/// **Pooled** means: each example is predicted once per model and seed, by the run whose fold held it out, and the metrics are
/// computed over all these predictions at once.
#[derive(Clone)]
pub struct Comparison {
    pub(super) labels: Vec<String>,
    pub(super) fits: Vec<ComparedFit>,
    pub(super) pooled: Vec<Pooled>,
    pub(super) classes: Vec<(String, String)>,
    pub(super) notes: Vec<String>,
    pub(super) total: usize,
    pub(super) reused: usize,
    pub(super) interrupted: bool,
}

impl Comparison {
    /// A comparison without fits yet.
    pub(super) fn new(labels: Vec<String>, data: &Dataset, total: usize) -> Self {
        Self {
            labels,
            fits: Vec::new(),
            pooled: Vec::new(),
            classes: data.classes().to_vec(),
            notes: Vec::new(),
            total,
            reused: 0,
            interrupted: false,
        }
    }

    pub(super) fn add(&mut self, model: &str, fold: Option<u64>, seed: u64, run: Run, data: &Dataset) -> Result<()> {
        self.fits.push(ComparedFit {
            model: model.into(),
            fold,
            seed,
            metrics: run.metrics(data, Part::Test)?,
            run,
        });
        Ok(())
    }

    /// Pools the fits.
    pub(super) fn finish(mut self) -> Result<Self> {
        for label in &self.labels {
            let of_model = || self.fits.iter().filter(|fit| fit.model == *label);
            let mut seeds: Vec<u64> = Vec::new();
            for fit in of_model() {
                if !seeds.contains(&fit.seed) {
                    seeds.push(fit.seed);
                }
            }
            for seed in seeds {
                let fits: Vec<&ComparedFit> = of_model().filter(|fit| fit.seed == seed).collect();
                self.pooled.push(pool(&fits, &self.classes)?);
            }
        }
        let twice = self.pooled.iter().map(|p| p.twice).max().unwrap_or(0);
        if twice > 0 {
            self.notes.push(format!(
                "{twice} examples are held out by several folds; the first prediction of each counts"
            ));
        }
        if self.fits.len() < self.total {
            let why = if self.interrupted { " (interrupted)" } else { "" };
            self.notes
                .push(format!("{} of {} fits are done{why}", self.fits.len(), self.total));
        }
        Ok(self)
    }

    /// The fits, in the order in which they were done.
    pub fn fits(&self) -> &[ComparedFit] {
        &self.fits
    }

    /// The labels of the models, in the order in which they were given.
    pub fn models(&self) -> &[String] {
        &self.labels
    }

    /// Whether it was interrupted; it then holds the fits that were done.
    pub fn was_interrupted(&self) -> bool {
        self.interrupted
    }

    /// The fits that were taken from earlier runs (`resume = true`).
    pub fn reused(&self) -> usize {
        self.reused
    }

    /// What was left out, cut down or taken from elsewhere, in words.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// The pooled metrics of a model and a seed, with bootstrap intervals over all held-out examples.
    ///
    /// # Errors
    /// No model of this label, no finished fit of this seed.
    pub fn pooled(&self, model: &str, seed: u64) -> Result<&Metrics> {
        self.check_model(model)?;
        let found = self.pooled.iter().find(|p| p.model == model && p.seed == seed);
        found.map(|p| &p.metrics).ok_or_else(|| {
            let seeds: Vec<String> = self.of_model(model).map(|p| p.seed.to_string()).collect();
            TrainError::Unknown {
                what: "seed",
                name: seed.to_string(),
                hint: format!("`{model}` has {}", seeds.join(", ")),
            }
        })
    }

    pub(super) fn of_model<'a>(&'a self, model: &'a str) -> impl Iterator<Item = &'a Pooled> {
        self.pooled.iter().filter(move |p| p.model == model)
    }

    fn check_model(&self, model: &str) -> Result<()> {
        if self.labels.iter().any(|label| label == model) {
            return Ok(());
        }
        Err(TrainError::Unknown {
            what: "model",
            name: model.into(),
            hint: did_you_mean(model, self.labels.iter().map(String::as_str)),
        })
    }

    /// The outputs that any of the models gives: those that most models give first.
    pub fn outputs(&self) -> Vec<String> {
        let mut found: Vec<(String, usize)> = Vec::new();
        for label in &self.labels {
            for output in self.of_model(label).next().map(|p| p.metrics.outputs()).unwrap_or_default() {
                match found.iter_mut().find(|(known, _)| known == output) {
                    Some((_, models)) => *models += 1,
                    None => found.push((output.to_string(), 1)),
                }
            }
        }
        found.sort_by_key(|(_, models)| std::cmp::Reverse(*models));
        found.into_iter().map(|(output, _)| output).collect()
    }

    pub(super) fn check_output(&self, output: &str) -> Result<()> {
        let outputs = self.outputs();
        if outputs.iter().any(|known| known == output) {
            return Ok(());
        }
        Err(TrainError::Unknown {
            what: "output",
            name: output.into(),
            hint: did_you_mean(output, outputs.iter().map(String::as_str)),
        })
    }
}
