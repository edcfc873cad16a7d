//! A comparison as data frames.

use super::Comparison;
use super::pooled::{Line, Spread};
use crate::Result;
use crate::metrics::{Per, score_columns};
use cistron_statistics::{mean, signed_rank};
use polars::prelude::{Column, DataFrame};
use std::collections::BTreeMap;

/// A column of a table and the value that stands in it.
type Value = (&'static str, fn(&Line) -> Option<Spread>);
/// r per point by class and example.
pub(super) type PointScores<'a> = BTreeMap<(&'a str, &'a str), f64>;

impl Comparison {
    /// Pooled, one row per model and output: `model`, `output`, `fits`, `seeds`, `examples` (held out, each once), `r_per_point` and
    /// `r_per_track` (means over classes, then over seeds) with `_sd` over seeds (null with one seed), `rmse` with `rmse_sd`.
    ///
    /// # Errors
    /// None in practice; Polars may refuse.
    pub fn table(&self) -> Result<DataFrame> {
        let lines = self.lines()?;
        let mut columns = vec![
            Column::new("model".into(), lines.iter().map(|l| l.model.as_str()).collect::<Vec<_>>()),
            Column::new("output".into(), lines.iter().map(|l| l.output.as_str()).collect::<Vec<_>>()),
            Column::new("fits".into(), lines.iter().map(|l| l.fits as i64).collect::<Vec<_>>()),
            Column::new("seeds".into(), lines.iter().map(|l| l.seeds as i64).collect::<Vec<_>>()),
            Column::new("examples".into(), lines.iter().map(|l| l.examples as i64).collect::<Vec<_>>()),
        ];
        let values: [Value; 3] = [
            ("r_per_point", |l| l.per_point),
            ("r_per_track", |l| l.per_track),
            ("rmse", |l| l.rmse),
        ];
        for (name, of) in values {
            let means: Vec<Option<f64>> = lines.iter().map(|l| of(l).map(|s| s.mean)).collect();
            let spreads: Vec<Option<f64>> = lines.iter().map(|l| of(l).and_then(|s| s.sd)).collect();
            columns.push(Column::new(name.into(), means));
            columns.push(Column::new(format!("{name}_sd").into(), spreads));
        }
        Ok(DataFrame::new(lines.len(), columns)?)
    }

    /// Pooled, one row per model, seed, output, class and example: `model`, `seed`, `fold` (that held it out), then the columns of
    /// [`Metrics::per_point`](crate::Metrics::per_point).
    ///
    /// # Errors
    /// None in practice; Polars may refuse.
    pub fn per_point(&self) -> Result<DataFrame> {
        self.scores_frame(Per::Point, "name")
    }

    /// Pooled, one row per model, seed, output, class and track: `model`, `seed`, then the columns of
    /// [`Metrics::per_track`](crate::Metrics::per_track).
    ///
    /// # Errors
    /// None in practice; Polars may refuse.
    pub fn per_track(&self) -> Result<DataFrame> {
        self.scores_frame(Per::Track, "track")
    }

    fn scores_frame(&self, per: Per, name: &str) -> Result<DataFrame> {
        let rows: Vec<_> = self.scores(per).collect();
        let mut columns = vec![
            Column::new("model".into(), rows.iter().map(|(p, _)| p.model.as_str()).collect::<Vec<_>>()),
            Column::new("seed".into(), rows.iter().map(|(p, _)| p.seed).collect::<Vec<u64>>()),
        ];
        if per == Per::Point {
            let fold = |(p, score): &(&super::pooled::Pooled, &crate::Score)| p.folds.get(&score.name).copied().flatten();
            columns.push(Column::new(
                "fold".into(),
                rows.iter().map(fold).collect::<Vec<Option<u64>>>(),
            ));
        }
        let scores: Vec<&crate::Score> = rows.iter().map(|(_, score)| *score).collect();
        columns.extend(score_columns(&scores, name));
        Ok(DataFrame::new(rows.len(), columns)?)
    }

    /// One row per fit and output: `model`, `fold` (null for the declared split), `seed`, `output`, `examples`, `r_per_point`,
    /// `r_per_track`, `rmse` on the fit's own test part, `best_epoch`, `epochs`, `run` (its folder).
    ///
    /// # Errors
    /// None in practice; Polars may refuse.
    pub fn folds(&self) -> Result<DataFrame> {
        let rows: Vec<_> = self
            .fits
            .iter()
            .flat_map(|fit| fit.metrics.predictions().map(move |paired| (fit, paired)))
            .collect();
        let value = |of: &dyn Fn(&crate::Metrics, &str) -> Result<Option<f64>>| -> Result<Vec<Option<f64>>> {
            rows.iter().map(|(fit, paired)| of(&fit.metrics, &paired.output)).collect()
        };
        let numbers = |of: &dyn Fn(&super::ComparedFit) -> Option<u64>| rows.iter().map(|(fit, _)| of(fit)).collect::<Vec<_>>();
        let columns = vec![
            Column::new("model".into(), rows.iter().map(|(f, _)| f.model.as_str()).collect::<Vec<_>>()),
            Column::new("fold".into(), numbers(&|f| f.fold)),
            Column::new("seed".into(), rows.iter().map(|(f, _)| f.seed).collect::<Vec<u64>>()),
            Column::new(
                "output".into(),
                rows.iter().map(|(_, p)| p.output.as_str()).collect::<Vec<_>>(),
            ),
            Column::new(
                "examples".into(),
                rows.iter().map(|(_, p)| p.names.len() as i64).collect::<Vec<_>>(),
            ),
            Column::new("r_per_point".into(), value(&|m, o| m.mean_per_point(o))?),
            Column::new("r_per_track".into(), value(&|m, o| m.mean_per_track(o))?),
            Column::new("rmse".into(), value(&|m, o| m.rmse(o))?),
            Column::new("best_epoch".into(), numbers(&|f| f.run.best().map(|row| row.epoch))),
            Column::new(
                "epochs".into(),
                rows.iter().map(|(f, _)| f.run.epochs().len() as i64).collect::<Vec<_>>(),
            ),
            Column::new(
                "run".into(),
                rows.iter()
                    .map(|(f, _)| f.run.folder().display().to_string())
                    .collect::<Vec<_>>(),
            ),
        ];
        Ok(DataFrame::new(rows.len(), columns)?)
    }

    /// The pooled predictions, one row per model, seed, example and track of an output: `model`, `seed`, `fold`, `name`, `output`,
    /// `track`, `observed` (null where not measured), `predicted`.
    ///
    /// # Errors
    /// No output of this name.
    pub fn predictions(&self, output: &str) -> Result<DataFrame> {
        self.check_output(output)?;
        let (mut models, mut seeds, mut folds) = (Vec::new(), Vec::new(), Vec::new());
        let (mut names, mut tracks) = (Vec::new(), Vec::new());
        let (mut observed, mut predicted) = (Vec::new(), Vec::new());
        for pooled in &self.pooled {
            for paired in pooled.metrics.predictions().filter(|p| p.output == output) {
                for (i, name) in paired.names.iter().enumerate() {
                    for (j, track) in paired.tracks.iter().enumerate() {
                        let at = i * paired.tracks.len() + j;
                        models.push(pooled.model.as_str());
                        seeds.push(pooled.seed);
                        folds.push(pooled.folds.get(name).copied().flatten());
                        names.push(name.as_str());
                        tracks.push(track.as_str());
                        observed.push(Some(paired.observed[at]).filter(|v| !v.is_nan()));
                        predicted.push(paired.predicted[at]);
                    }
                }
            }
        }
        let rows = names.len();
        let columns = vec![
            Column::new("model".into(), models),
            Column::new("seed".into(), seeds),
            Column::new("fold".into(), folds),
            Column::new("name".into(), names),
            Column::new("output".into(), vec![output; rows]),
            Column::new("track".into(), tracks),
            Column::new("observed".into(), observed),
            Column::new("predicted".into(), predicted),
        ];
        Ok(DataFrame::new(rows, columns)?)
    }

    /// Whether one model predicts better than another: for each pair of models that give the output, over the examples that both
    /// predict, with r per point averaged over seeds and classes: `model`, `than`, `n`, `difference` (mean of r of the first minus r of the
    /// second) and `p` (Wilcoxon's signed-rank test, two-sided, not corrected for the number of pairs; null where all are equal).
    ///
    /// # Errors
    /// No output of this name.
    pub fn differences(&self, output: &str) -> Result<DataFrame> {
        self.check_output(output)?;
        let by_point: Vec<(&str, PointScores<'_>)> = self
            .labels
            .iter()
            .map(|model| (model.as_str(), self.mean_scores(model, output)))
            .filter(|(_, scores)| !scores.is_empty())
            .collect();
        let (mut models, mut than, mut n) = (Vec::new(), Vec::new(), Vec::new());
        let (mut difference, mut p) = (Vec::new(), Vec::new());
        for (i, (first, scores)) in by_point.iter().enumerate() {
            for (second, others) in &by_point[i + 1..] {
                let mut of_example: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
                for ((class, name), r) in scores {
                    if let Some(other) = others.get(&(*class, *name)) {
                        of_example.entry(name).or_default().push(r - other);
                    }
                }
                let pairs: Vec<f64> = of_example.values().map(|of_classes| mean(of_classes)).collect();
                models.push(*first);
                than.push(*second);
                n.push(pairs.len() as i64);
                difference.push((!pairs.is_empty()).then(|| mean(&pairs)));
                p.push(signed_rank(&pairs).map(|test| test.p));
            }
        }
        let columns = vec![
            Column::new("model".into(), &models),
            Column::new("than".into(), &than),
            Column::new("n".into(), n),
            Column::new("difference".into(), difference),
            Column::new("p".into(), p),
        ];
        Ok(DataFrame::new(models.len(), columns)?)
    }

    /// r per point of a model by class and example, averaged over seeds.
    pub(super) fn mean_scores(&self, model: &str, output: &str) -> PointScores<'_> {
        let mut found: BTreeMap<(&str, &str), Vec<f64>> = BTreeMap::new();
        for (_, score) in self
            .scores(Per::Point)
            .filter(|(p, s)| p.model == model && s.output == output)
        {
            if let Some(r) = score.r {
                found.entry((&score.class, &score.name)).or_default().push(r);
            }
        }
        found.into_iter().map(|(key, values)| (key, mean(&values))).collect()
    }
}
