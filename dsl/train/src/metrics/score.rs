//! One value per track, one value per point.

use super::{Class, Paired};
use cistron_statistics::{pearson_of_prediction, rmse, spearman};

/// The metrics of one track over the examples, or of one example over the tracks of a class.
#[derive(Clone, Debug, PartialEq)]
pub struct Score {
    /// The output.
    pub output: String,
    /// The class of the tracks.
    pub class: String,
    /// The track or the example.
    pub name: String,
    /// Measured values that it is computed from.
    pub n: usize,
    /// Pearson's r; nothing where it does not exist.
    pub r: Option<f64>,
    /// Spearman's correlation; nothing where r is nothing.
    pub spearman: Option<f64>,
    /// Root mean squared error; nothing without a measured value.
    pub rmse: Option<f64>,
}

impl Score {
    fn of(paired: &Paired, class: &Class, name: &str, pairs: &[(f64, f64)]) -> Self {
        let (observed, predicted): (Vec<f64>, Vec<f64>) = pairs.iter().copied().unzip();
        let r = pearson_of_prediction(pairs.iter().copied()).filter(|r| r.is_finite());
        Self {
            output: paired.output.clone(),
            class: class.name.clone(),
            name: name.into(),
            n: pairs.len(),
            r,
            // Where r is 0 for a constant prediction, so is the correlation of ranks.
            spearman: r.map(|_| spearman(&observed, &predicted).unwrap_or(0.0)),
            rmse: rmse(&observed, &predicted).filter(|v| v.is_finite()),
        }
    }
}

/// One score per track of each class, over the examples.
pub(super) fn per_track(paired: &Paired, classes: &[Class]) -> Vec<Score> {
    let mut scores = Vec::new();
    for class in classes {
        for &track in &class.tracks {
            let pairs: Vec<(f64, f64)> = (0..paired.names.len()).filter_map(|row| paired.at(row, track)).collect();
            scores.push(Score::of(paired, class, &paired.tracks[track], &pairs));
        }
    }
    scores
}

/// One score per example and class, over the class's tracks.
pub(super) fn per_point(paired: &Paired, classes: &[Class]) -> Vec<Score> {
    let mut scores = Vec::new();
    for class in classes {
        for (row, name) in paired.names.iter().enumerate() {
            let pairs: Vec<(f64, f64)> = class.tracks.iter().filter_map(|&track| paired.at(row, track)).collect();
            scores.push(Score::of(paired, class, name, &pairs));
        }
    }
    scores
}
