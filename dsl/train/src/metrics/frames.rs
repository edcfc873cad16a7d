//! Metrics as data frames.

use super::{Metrics, Per, Score, Summary};
use crate::Result;
use polars::prelude::{Column, DataFrame};

impl Metrics {
    /// One row per output, class and track, over the examples: `output`, `class`, `track`, `n` (measured values), `r`,
    /// `spearman`, `rmse`; null where a value does not exist.
    ///
    /// # Errors
    /// None in practice; Polars may refuse.
    pub fn per_track(&self) -> Result<DataFrame> {
        frame(self.scores(Per::Track).collect(), "track")
    }

    /// One row per output, class and example, over the tracks of the class: `output`, `class`, `name`, `n` (measured
    /// values), `r`, `spearman`, `rmse`; null where a value does not exist.
    ///
    /// # Errors
    /// None in practice; Polars may refuse.
    pub fn per_point(&self) -> Result<DataFrame> {
        frame(self.scores(Per::Point).collect(), "name")
    }

    /// Pooled: one row per output, class and `per` (`point` or `track`): `n` values that exist, `undefined` that do not,
    /// `mean_r` with its 95 % bootstrap interval `low` to `high`, `median_r`, `mean_spearman`, `rmse` over all measured values.
    /// An output with several classes has one more row each, with class `mean of classes`.
    ///
    /// # Errors
    /// None in practice; Polars may refuse.
    pub fn per_class(&self) -> Result<DataFrame> {
        let summaries = self.summaries();
        let rows: Vec<(&super::ClassSummary, Per, &Summary)> = summaries
            .iter()
            .flat_map(|s| [(s, Per::Point, &s.per_point), (s, Per::Track, &s.per_track)])
            .collect();
        let numbers = |value: &dyn Fn(&Summary) -> Option<f64>| rows.iter().map(|r| value(r.2)).collect::<Vec<_>>();
        let columns = vec![
            Column::new("output".into(), rows.iter().map(|r| r.0.output.as_str()).collect::<Vec<_>>()),
            Column::new("class".into(), rows.iter().map(|r| r.0.class.as_str()).collect::<Vec<_>>()),
            Column::new("per".into(), rows.iter().map(|r| r.1.to_string()).collect::<Vec<_>>()),
            Column::new("n".into(), rows.iter().map(|r| r.2.n as i64).collect::<Vec<_>>()),
            Column::new(
                "undefined".into(),
                rows.iter().map(|r| r.2.undefined as i64).collect::<Vec<_>>(),
            ),
            Column::new("mean_r".into(), numbers(&|s| s.mean)),
            Column::new("low".into(), numbers(&|s| s.interval.map(|i| i.0))),
            Column::new("high".into(), numbers(&|s| s.interval.map(|i| i.1))),
            Column::new("median_r".into(), numbers(&|s| s.median)),
            Column::new("mean_spearman".into(), numbers(&|s| s.spearman)),
            Column::new("rmse".into(), rows.iter().map(|r| r.0.rmse).collect::<Vec<_>>()),
        ];
        Ok(DataFrame::new(rows.len(), columns)?)
    }
}

fn frame(scores: Vec<&Score>, name: &str) -> Result<DataFrame> {
    let rows = scores.len();
    Ok(DataFrame::new(rows, score_columns(&scores, name))?)
}

/// The columns that scores have in all tables.
pub(crate) fn score_columns(scores: &[&Score], name: &str) -> Vec<Column> {
    let texts = |value: fn(&Score) -> &str| scores.iter().map(|s| value(s)).collect::<Vec<&str>>();
    let numbers = |value: fn(&Score) -> Option<f64>| scores.iter().map(|s| value(s)).collect::<Vec<_>>();
    vec![
        Column::new("output".into(), texts(|s| &s.output)),
        Column::new("class".into(), texts(|s| &s.class)),
        Column::new(name.into(), texts(|s| &s.name)),
        Column::new("n".into(), scores.iter().map(|s| s.n as i64).collect::<Vec<_>>()),
        Column::new("r".into(), numbers(|s| s.r)),
        Column::new("spearman".into(), numbers(|s| s.spearman)),
        Column::new("rmse".into(), numbers(|s| s.rmse)),
    ]
}
