//! All held-out predictions of a model and a seed, each example once.

use super::ComparedFit;
use crate::Result;
use crate::metrics::{Metrics, Paired, Per, Score};
use cistron_statistics::{mean, standard_deviation};
use std::collections::{BTreeMap, HashSet};

/// The folds of one model and one seed together.
#[derive(Clone)]
pub(super) struct Pooled {
    pub(super) model: String,
    pub(super) seed: u64,
    pub(super) metrics: Metrics,
    /// The fold that held each example out.
    pub(super) folds: BTreeMap<String, Option<u64>>,
    /// Examples that several folds held out.
    pub(super) twice: usize,
}

/// Pools the fits of one model and one seed (at least one), fold by fold.
pub(super) fn pool(fits: &[&ComparedFit], classes: &[(String, String)]) -> Result<Pooled> {
    let mut folds = BTreeMap::new();
    let mut seen: HashSet<String> = HashSet::new();
    let mut twice = 0;
    let mut together: Vec<Paired> = Vec::new();
    for fit in fits {
        let mut fresh: Option<Vec<bool>> = None;
        for (number, paired) in fit.metrics.predictions().enumerate() {
            let fresh = fresh.get_or_insert_with(|| paired.names.iter().map(|name| seen.insert(name.clone())).collect());
            if number == 0 {
                twice += fresh.iter().filter(|f| !**f).count();
                for (name, _) in paired.names.iter().zip(fresh.iter()).filter(|(_, fresh)| **fresh) {
                    folds.insert(name.clone(), fit.fold);
                }
            }
            let kept = only(paired, fresh);
            match together.get_mut(number) {
                Some(all) => all.append(kept),
                None => together.push(kept),
            }
        }
    }
    let (model, seed) = fits.first().map(|f| (f.model.clone(), f.seed)).unwrap_or_default();
    Ok(Pooled {
        metrics: Metrics::new(together, classes, seed)?,
        model,
        seed,
        folds,
        twice,
    })
}

/// The examples that are marked.
fn only(paired: &Paired, marked: &[bool]) -> Paired {
    let tracks = paired.tracks.len();
    let rows = || (0..paired.names.len()).filter(|&row| marked[row]);
    let values = |all: &[f64]| {
        rows()
            .flat_map(|row| &all[row * tracks..(row + 1) * tracks])
            .copied()
            .collect()
    };
    Paired {
        output: paired.output.clone(),
        names: rows().map(|row| paired.names[row].clone()).collect(),
        tracks: paired.tracks.clone(),
        observed: values(&paired.observed),
        predicted: values(&paired.predicted),
    }
}

/// A mean over seeds and its spread.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Spread {
    pub(super) mean: f64,
    /// Standard deviation of a sample; nothing for one value.
    pub(super) sd: Option<f64>,
}

pub(super) fn spread(values: &[f64]) -> Option<Spread> {
    (!values.is_empty()).then(|| Spread {
        mean: mean(values),
        sd: (values.len() > 1).then(|| standard_deviation(values)),
    })
}

/// One model and one output over its seeds.
pub(super) struct Line {
    pub(super) model: String,
    pub(super) output: String,
    pub(super) fits: usize,
    pub(super) seeds: usize,
    pub(super) examples: usize,
    pub(super) per_point: Option<Spread>,
    pub(super) per_track: Option<Spread>,
    pub(super) rmse: Option<Spread>,
}

impl super::Comparison {
    /// Model by model and output by output.
    pub(super) fn lines(&self) -> Result<Vec<Line>> {
        let mut lines = Vec::new();
        for model in &self.labels {
            let outputs: Vec<&str> = self.of_model(model).next().map(|p| p.metrics.outputs()).unwrap_or_default();
            for output in outputs {
                let values = |value: &dyn Fn(&Metrics) -> Result<Option<f64>>| -> Result<Vec<f64>> {
                    let of_seeds: Result<Vec<Option<f64>>> = self.of_model(model).map(|p| value(&p.metrics)).collect();
                    Ok(of_seeds?.into_iter().flatten().collect())
                };
                let examples = self.of_model(model).map(|p| p.folds.len()).max().unwrap_or(0);
                lines.push(Line {
                    model: model.clone(),
                    output: output.into(),
                    fits: self.fits.iter().filter(|f| f.model == *model).count(),
                    seeds: self.of_model(model).count(),
                    examples,
                    per_point: spread(&values(&|m| m.mean_per_point(output))?),
                    per_track: spread(&values(&|m| m.mean_per_track(output))?),
                    rmse: spread(&values(&|m| m.rmse(output))?),
                });
            }
        }
        Ok(lines)
    }

    /// Pooled scores with model and seed.
    pub(super) fn scores(&self, per: Per) -> impl Iterator<Item = (&Pooled, &Score)> {
        self.pooled
            .iter()
            .flat_map(move |p| p.metrics.scores(per).map(move |score| (p, score)))
    }
}
