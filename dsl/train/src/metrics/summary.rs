//! Scores pooled by output and class, with bootstrap intervals.

use super::{Class, Metrics, OfOutput, Per};
use cistron_statistics::{bootstrap, interval, mean, median, pearson_of_prediction};

/// The class name of the row over all classes.
pub(crate) const ALL_CLASSES: &str = "mean of classes";

/// Scores of one kind, pooled.
#[derive(Clone, Debug, PartialEq)]
pub struct Summary {
    /// Values that exist.
    pub n: usize,
    /// Values that do not exist: fewer than two measured values, or constant measurements.
    pub undefined: usize,
    /// The mean of Pearson's r.
    pub mean: Option<f64>,
    /// Its 95 % bootstrap interval over the examples.
    pub interval: Option<(f64, f64)>,
    /// The median of Pearson's r.
    pub median: Option<f64>,
    /// The mean of Spearman's correlation.
    pub spearman: Option<f64>,
}

/// One output and one class; the last of an output with several classes is the mean over them.
#[derive(Clone, Debug, PartialEq)]
pub struct ClassSummary {
    /// The output.
    pub output: String,
    /// The class.
    pub class: String,
    /// Its tracks.
    pub tracks: usize,
    /// Examples.
    pub examples: usize,
    /// r of each example over the tracks.
    pub per_point: Summary,
    /// r of each track over the examples.
    pub per_track: Summary,
    /// Root mean squared error over all measured values.
    pub rmse: Option<f64>,
}

impl Metrics {
    /// Output by output and class by class: mean and median r, both ways, with the 95 % bootstrap interval of the mean. Examples
    /// are what is resampled, for r per track too; 1,000 times, fewer (at least 100) for large tables.
    pub fn summaries(&self) -> Vec<ClassSummary> {
        let mut found = Vec::new();
        for of in &self.outputs {
            for (number, class) in of.classes.iter().enumerate() {
                found.push(of.summary(&class.name, &[number], self.seed));
            }
            if of.classes.len() > 1 {
                let all: Vec<usize> = (0..of.classes.len()).collect();
                found.push(of.summary(ALL_CLASSES, &all, self.seed));
            }
        }
        found
    }
}

impl OfOutput {
    /// The scores of each of these classes.
    fn by_class(&self, per: Per, classes: &[usize]) -> Vec<&[super::Score]> {
        let size = |class: &Class| match per {
            Per::Point => self.paired.names.len(),
            Per::Track => class.tracks.len(),
        };
        let mut rest = self.scores(per);
        let mut found = Vec::new();
        for (number, class) in self.classes.iter().enumerate() {
            let (of_class, behind) = rest.split_at(size(class));
            if classes.contains(&number) {
                found.push(of_class);
            }
            rest = behind;
        }
        found
    }

    /// The mean r of each class, averaged over classes.
    pub(super) fn mean(&self, per: Per) -> Option<f64> {
        let all: Vec<usize> = (0..self.classes.len()).collect();
        self.pooled(per, &all, |scores| mean_of(scores.iter().filter_map(|s| s.r)))
    }

    fn pooled(&self, per: Per, classes: &[usize], of: impl Fn(&[super::Score]) -> Option<f64>) -> Option<f64> {
        mean_of(self.by_class(per, classes).into_iter().filter_map(of))
    }

    fn summary(&self, class: &str, classes: &[usize], seed: u64) -> ClassSummary {
        let tracks: Vec<usize> = classes.iter().flat_map(|&c| self.classes[c].tracks.iter().copied()).collect();
        let of = |per: Per| {
            let scores = self.by_class(per, classes);
            let (n, all) = scores.iter().fold((0, 0), |(n, all), scores| {
                (n + scores.iter().filter(|s| s.r.is_some()).count(), all + scores.len())
            });
            let median_of = |scores: &[super::Score]| median(&scores.iter().filter_map(|s| s.r).collect::<Vec<_>>());
            Summary {
                n,
                undefined: all - n,
                mean: self.pooled(per, classes, |s| mean_of(s.iter().filter_map(|s| s.r))),
                interval: self.interval(per, classes, seed),
                median: self.pooled(per, classes, median_of),
                spearman: self.pooled(per, classes, |s| mean_of(s.iter().filter_map(|s| s.spearman))),
            }
        };
        ClassSummary {
            output: self.paired.output.clone(),
            class: class.into(),
            tracks: tracks.len(),
            examples: self.paired.names.len(),
            per_point: of(Per::Point),
            per_track: of(Per::Track),
            rmse: self.rmse(&tracks),
        }
    }

    /// Over all measured values of some tracks.
    pub(super) fn rmse(&self, tracks: &[usize]) -> Option<f64> {
        let rows = 0..self.paired.names.len();
        let squares = rows.flat_map(|row| tracks.iter().filter_map(move |&track| self.paired.at(row, track)));
        mean_of(squares.map(|(observed, predicted)| (observed - predicted).powi(2))).map(f64::sqrt)
    }

    /// The interval of the mean r when examples are drawn with replacement.
    fn interval(&self, per: Per, classes: &[usize], seed: u64) -> Option<(f64, f64)> {
        let examples = self.paired.names.len();
        self.pooled(per, classes, |s| mean_of(s.iter().filter_map(|s| s.r)))?;
        if examples < 2 {
            return None;
        }
        let values = examples * self.paired.tracks.len();
        let draws = (40_000_000 / values.max(1)).clamp(100, 1000);
        let found = match per {
            Per::Point => {
                let scores = self.by_class(per, classes);
                bootstrap(examples, draws, seed, 0, |picked| {
                    mean_of(
                        scores
                            .iter()
                            .filter_map(|of_class| mean_of(picked.iter().filter_map(|&i| of_class[i].r))),
                    )
                })
            }
            Per::Track => bootstrap(examples, draws, seed, 0, |picked| {
                let r = |track: usize| {
                    let pairs = picked.iter().filter_map(move |&row| self.paired.at(row, track));
                    pearson_of_prediction(pairs).filter(|r| r.is_finite())
                };
                mean_of(
                    classes
                        .iter()
                        .filter_map(|&c| mean_of(self.classes[c].tracks.iter().filter_map(|&track| r(track)))),
                )
            }),
        };
        interval(found)
    }
}

/// The mean of some values; nothing for none.
pub(crate) fn mean_of(values: impl Iterator<Item = f64>) -> Option<f64> {
    let values: Vec<f64> = values.collect();
    (!values.is_empty()).then(|| mean(&values))
}
