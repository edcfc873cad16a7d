//! Losses that the measured values themselves rule out, found before the first step.

use super::{Measure, Objective, Over};
use crate::TrainError;
use cistron_data::Dataset;
use cistron_declaration::{Diagnostic, Diagnostics};

/// Looks at the training targets of every loss.
///
/// # Errors
/// An infinite value, an output without a single measured value, a negative count under `poisson`, a value outside
/// 0 to 1 under `bce`, a constant output under a correlation: each at the loss that cannot work with it.
pub(crate) fn check_targets(objective: &Objective, data: &Dataset, rows: &[usize]) -> Result<(), TrainError> {
    let mut mistakes = Vec::new();
    for term in objective.losses() {
        let values = data.targets(&term.output)?;
        let names = data.tracks(&term.output)?;
        let tracks = names.len();
        let mut error = |message: String, help: &str| mistakes.push(Diagnostic::error(term.span, message).help(help));
        let of_rows = || {
            rows.iter()
                .flat_map(|&row| (0..tracks).map(move |track| (row, track, values[row * tracks + track])))
        };
        let measured = || of_rows().filter(|(.., value)| !value.is_nan());
        let place = |row: usize, track: usize| {
            let name = &data.names()[row];
            if tracks == 1 {
                format!("`{}` of `{name}`", term.output)
            } else {
                format!("`{}` track `{}` of `{name}`", term.output, names[track])
            }
        };
        if measured().next().is_none() {
            error(
                format!(
                    "`{}` has no measured value among the {} training examples",
                    term.output,
                    rows.len()
                ),
                "all are missing; look at the audit of `data!`",
            );
            continue;
        }
        if let Some((row, track, value)) = measured().find(|(.., value)| value.is_infinite()) {
            error(
                format!("{} is {value}", place(row, track)),
                "infinite values cannot be learned; take the logarithm of value + 1, or leave the row out",
            );
            continue;
        }
        match term.measure {
            Measure::Poisson { .. } => {
                if let Some((row, track, value)) = measured().find(|(.., value)| *value < 0.0) {
                    error(
                        format!("`poisson` needs counts, 0 or more, but {} is {value}", place(row, track)),
                        "for values on a logarithmic scale use `mse()`",
                    );
                }
            }
            Measure::Bce { .. } => {
                if let Some((row, track, value)) = measured().find(|(.., value)| !(0.0..=1.0).contains(value)) {
                    error(
                        format!("`bce` needs values from 0 to 1, but {} is {value}", place(row, track)),
                        "for measurements on other scales use `mse()`",
                    );
                }
            }
            Measure::Correlation(Over::Points) => {
                for (track, name) in names.iter().enumerate() {
                    let mut of_track = rows.iter().map(|&row| values[row * tracks + track]).filter(|v| !v.is_nan());
                    if let Some(first) = of_track.next()
                        && of_track.all(|v| v == first)
                    {
                        let which = if tracks == 1 {
                            String::new()
                        } else {
                            format!(" track `{name}`")
                        };
                        error(
                            format!(
                                "`{}`{which} is {first} in every training example: nothing correlates with a constant",
                                term.output
                            ),
                            "leave it out, or use `mse()`",
                        );
                    }
                }
            }
            Measure::Correlation(Over::Tracks) | Measure::Mse | Measure::Drg(_) => {}
        }
    }
    if mistakes.is_empty() {
        return Ok(());
    }
    Err(TrainError::Declaration(Diagnostics {
        source: objective.declaration().source.clone(),
        list: mistakes,
    }))
}
