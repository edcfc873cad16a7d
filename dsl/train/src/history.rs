//! The epochs of a run as a data frame and as a table.

use crate::Result;
use cistron_display::{Align, Table, significant};
use cistron_runs::EpochRow;
use polars::prelude::{Column, DataFrame};

/// The names of all metrics, in the order of the first epoch.
fn metric_names(rows: &[EpochRow]) -> Vec<String> {
    rows.first()
        .map(|row| row.metrics.keys().cloned().collect())
        .unwrap_or_default()
}

/// One row per epoch: epoch, step, train loss, valid loss, every metric, rate, seconds, best; and, where a run has them, what is
/// watched on both parts and the round of fine-tuning.
pub(crate) fn frame(rows: &[EpochRow]) -> Result<DataFrame> {
    fn column<T>(name: &str, rows: &[EpochRow], value: impl Fn(&EpochRow) -> T) -> Column
    where
        polars::prelude::Series: polars::prelude::NamedFrom<Vec<T>, [T]>,
    {
        use polars::prelude::{IntoColumn, NamedFrom, Series};
        Series::new(name.into(), rows.iter().map(value).collect::<Vec<T>>()).into_column()
    }
    let mut columns = vec![
        column("epoch", rows, |r| r.epoch as i64),
        column("step", rows, |r| r.step as i64),
        column("train loss", rows, |r| r.train_loss),
        column("valid loss", rows, |r| r.valid_loss),
    ];
    for name in metric_names(rows) {
        columns.push(column(&name, rows, |r| r.metrics.get(&name).copied().unwrap_or(f64::NAN)));
    }
    columns.push(column("rate", rows, |r| r.rate));
    columns.push(column("seconds", rows, |r| r.seconds));
    columns.push(column("best", rows, |r| r.best));
    if rows.iter().any(|r| r.train_watched.is_some()) {
        columns.push(column("watched", rows, |r| r.watched));
        columns.push(column("train watched", rows, |r| r.train_watched.unwrap_or(f64::NAN)));
    }
    if rows.iter().any(|r| r.round > 0) {
        columns.push(column("round", rows, |r| r.round as i64));
    }
    Ok(DataFrame::new(rows.len(), columns)?)
}

/// The same for reading; the epoch that was kept has a mark, those of fine-tuning say their round.
pub(crate) fn table(rows: &[EpochRow], best_epoch: Option<u64>) -> Table {
    let mut table = Table::new("", &[">epoch", ">train loss", ">valid loss"]);
    let names = metric_names(rows);
    table.columns.extend(names.iter().map(|n| (n.clone(), Align::Right)));
    table.columns.extend([
        ("rate".to_string(), Align::Right),
        ("seconds".to_string(), Align::Right),
        (String::new(), Align::Left),
    ]);
    for row in rows {
        let mut cells = vec![
            row.epoch.to_string(),
            significant(row.train_loss, 4),
            significant(row.valid_loss, 4),
        ];
        cells.extend(names.iter().map(|n| row.metrics.get(n).map_or(String::new(), |v| r(*v))));
        cells.extend([significant(row.rate, 3), significant(row.seconds, 2)]);
        let round = (row.round > 0).then(|| format!("round {}", row.round));
        // With `compat = drg` the weights that are kept need not be the best.
        let word = if row.best { "best" } else { "kept" };
        let kept = (Some(row.epoch) == best_epoch).then(|| word.to_string());
        cells.push(kept.into_iter().chain(round).collect::<Vec<_>>().join(", "));
        table.row(cells);
    }
    table
}

/// A correlation or another metric, with three decimals where that says enough.
pub(crate) fn r(value: f64) -> String {
    if value.is_nan() {
        "–".into()
    } else if value.abs() < 10.0 {
        format!("{value:.3}")
    } else {
        significant(value, 4)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn rows() -> Vec<EpochRow> {
        let row = |epoch: u64, valid_loss: f64, r: f64| EpochRow {
            epoch,
            step: epoch * 10,
            train_loss: 0.5 / epoch as f64,
            valid_loss,
            watched: valid_loss,
            metrics: BTreeMap::from([("r y".to_string(), r)]),
            rate: 1e-3,
            seconds: 0.25,
            best: epoch == 2,
            ..EpochRow::default()
        };
        vec![row(1, 0.75, f64::NAN), row(2, 0.5, 0.8125)]
    }

    #[test]
    fn the_table_reads_well_as_text() {
        let expected = "epoch  train loss  valid loss    r y     rate  seconds\n    \
                            1      0.5000      0.7500      –  0.00100     0.25\n    \
                            2      0.2500      0.5000  0.812  0.00100     0.25  best";
        assert_eq!(table(&rows(), Some(2)).text(), expected);
    }

    #[test]
    fn rounds_of_fine_tuning_are_marked() {
        let mut rows = rows();
        rows[1].round = 1;
        rows[1].train_watched = Some(0.25);
        let text = table(&rows, Some(2)).text();
        assert!(text.ends_with("best, round 1"), "{text}");
        let frame = frame(&rows).unwrap();
        assert_eq!(frame.column("round").unwrap().i64().unwrap().get(1), Some(1));
        let watched = frame.column("train watched").unwrap().f64().unwrap();
        assert!(watched.get(0).unwrap().is_nan());
        assert_eq!(watched.get(1), Some(0.25));
    }

    #[test]
    fn the_frame_has_a_column_per_metric() {
        let frame = frame(&rows()).unwrap();
        let names: Vec<String> = frame.get_column_names().iter().map(|n| n.to_string()).collect();
        assert_eq!(
            names,
            ["epoch", "step", "train loss", "valid loss", "r y", "rate", "seconds", "best"]
        );
        assert_eq!(frame.column("r y").unwrap().f64().unwrap().get(1), Some(0.8125));
    }
}
