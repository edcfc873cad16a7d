//! How good predictions are: per track over the examples, per example over the tracks of a class, and pooled.

mod frames;
mod paired;
mod score;
mod shown;
mod summary;

pub(crate) use frames::score_columns;
pub use paired::Paired;
pub(crate) use paired::{Class, classes_of};
pub use score::Score;
pub use summary::{ClassSummary, Summary};

use crate::trained::Trained;
use crate::{Result, TrainError};
use cistron_data::{Dataset, Part};
use score::{per_point, per_track};

/// What one value of a metric is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Per {
    /// One value per example (gene), over the tracks of a class.
    Point,
    /// One value per track, over the examples.
    Track,
}

impl std::fmt::Display for Per {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Point => "point",
            Self::Track => "track",
        })
    }
}

/// One output's metrics.
#[derive(Clone, Debug)]
struct OfOutput {
    paired: Paired,
    classes: Vec<Class>,
    per_track: Vec<Score>,
    per_point: Vec<Score>,
}

/// Metrics of predictions, made by [`Trained::metrics`]: correlations and errors per track and per point, and pooled by class.
///
/// Tracks are grouped by the class table of `data!`; without one all tracks are the class `all`. A correlation that does not
/// exist (a class with one track, constant measurements) is null in the tables and counted; a constant prediction of
/// varying measurements has r = 0. DRG gives 1 - r instead, and 2 for such a constant (`write_drg`).
#[derive(Clone, Debug)]
pub struct Metrics {
    outputs: Vec<OfOutput>,
    seed: u64,
}

impl Metrics {
    /// Metrics of predictions that come from anywhere. `classes` are pairs of track and class, or nothing; `seed` is for the
    /// bootstrap.
    ///
    /// # Errors
    /// No predictions, values that do not fit names and tracks, a track without a class.
    ///
    /// # Example
    /// ```
    /// use cistron_train::{Metrics, Paired};
    /// let paired = Paired {
    ///     output: "ex".into(),
    ///     names: vec!["gene1".into(), "gene2".into()],
    ///     tracks: vec!["a".into(), "b".into(), "c".into()],
    ///     observed: vec![1.0, 2.0, 3.0, 3.0, 2.0, 1.0],
    ///     predicted: vec![0.1, 0.2, 0.3, 0.1, 0.2, 0.3],
    /// };
    /// let metrics = Metrics::new(vec![paired], &[], 0)?;
    /// assert!(metrics.mean_per_point("ex")?.unwrap().abs() < 1e-12); // r = 1 and r = -1
    /// # Ok::<(), cistron_train::TrainError>(())
    /// ```
    pub fn new(predictions: Vec<Paired>, classes: &[(String, String)], seed: u64) -> Result<Self> {
        if predictions.is_empty() {
            return Err(TrainError::Impossible(
                "metrics need the predictions of at least one output".into(),
            ));
        }
        let mut outputs = Vec::new();
        for paired in predictions {
            paired.check()?;
            let classes = classes_of(&paired.tracks, classes)?;
            outputs.push(OfOutput {
                per_track: per_track(&paired, &classes),
                per_point: per_point(&paired, &classes),
                classes,
                paired,
            });
        }
        Ok(Self { outputs, seed })
    }

    /// The outputs, in order.
    pub fn outputs(&self) -> Vec<&str> {
        self.outputs.iter().map(|o| o.paired.output.as_str()).collect()
    }

    /// The predictions that were measured.
    pub fn predictions(&self) -> impl Iterator<Item = &Paired> {
        self.outputs.iter().map(|o| &o.paired)
    }

    /// The values one by one: for each output, class by class, one per example or one per track.
    pub fn scores(&self, per: Per) -> impl Iterator<Item = &Score> {
        self.outputs.iter().flat_map(move |o| o.scores(per))
    }

    /// Pearson's r per point: the mean over the examples of each class, then over classes; nothing where no r exists.
    ///
    /// # Errors
    /// No output of this name.
    pub fn mean_per_point(&self, output: &str) -> Result<Option<f64>> {
        self.mean(output, Per::Point)
    }

    /// Pearson's r per track: the mean over the tracks of each class, then over classes; nothing where no r exists.
    ///
    /// # Errors
    /// No output of this name.
    pub fn mean_per_track(&self, output: &str) -> Result<Option<f64>> {
        self.mean(output, Per::Track)
    }

    pub(crate) fn mean(&self, output: &str, per: Per) -> Result<Option<f64>> {
        Ok(self.of(output)?.mean(per))
    }

    /// Root mean squared error of an output over all its measured values; nothing without one.
    ///
    /// # Errors
    /// No output of this name.
    pub fn rmse(&self, output: &str) -> Result<Option<f64>> {
        let of = self.of(output)?;
        Ok(of.rmse(&(0..of.paired.tracks.len()).collect::<Vec<_>>()))
    }

    fn of(&self, output: &str) -> Result<&OfOutput> {
        let found = self.outputs.iter().find(|o| o.paired.output == output);
        found.ok_or_else(|| TrainError::Unknown {
            what: "output",
            name: output.into(),
            hint: cistron_declaration::did_you_mean(output, self.outputs()),
        })
    }
}

impl OfOutput {
    fn scores(&self, per: Per) -> &[Score] {
        match per {
            Per::Point => &self.per_point,
            Per::Track => &self.per_track,
        }
    }
}

impl Trained {
    /// Metrics of the predictions of a part, per track, per point and pooled by class. With folds it is the part of the run's
    /// own fold.
    ///
    /// # Errors
    /// As [`Trained::predict`]; a track without a class.
    pub fn metrics(&self, data: &Dataset, part: Part) -> Result<Metrics> {
        Metrics::new(self.predictions(data, part)?, data.classes(), self.random_seed())
    }
}
