//! What can be wrong with a comparison before its first fit.

use super::{Entry, Place};
use crate::objective::Objective;
use crate::{Result, TrainError, record};
use cistron_data::Dataset;
use cistron_declaration::{Diagnostic, Diagnostics, Source, Span};

/// Seeds are there, and none twice.
pub(super) fn check_seeds(seeds: &[u64]) -> Result<()> {
    if let Some((_, twice)) = seeds.iter().enumerate().find(|(i, s)| seeds[..*i].contains(s)) {
        return Err(TrainError::Options(vec![format!("seed {twice} stands twice in `seeds`")]));
    }
    if seeds.is_empty() {
        return Err(TrainError::Options(vec!["`seeds` is 0 or empty; expected 1 or more".into()]));
    }
    Ok(())
}

/// The place of the first of these options that was given.
fn place_of<'a>(place: Option<&'a Place>, options: &[&str]) -> Option<(&'a Source, Span)> {
    let place = place?;
    let of = |option: &&str| place.options.iter().find(|(name, _)| name == option);
    options.iter().find_map(of).map(|(_, span)| (&place.source, *span))
}

/// What is wrong with an option, at its place where the declaration is known.
pub(super) fn at(place: Option<&Place>, options: &[&str], error: TrainError) -> TrainError {
    let Some((source, span)) = place_of(place, options) else {
        return error;
    };
    let list = match error {
        TrainError::Options(messages) => messages.into_iter().map(|m| Diagnostic::error(span, m)).collect(),
        TrainError::Unfit { found, help } => vec![Diagnostic::error(span, found).help(help)],
        TrainError::Data(error) => vec![Diagnostic::error(span, error.to_string())],
        other => return other,
    };
    TrainError::Declaration(Diagnostics {
        source: source.clone(),
        list,
    })
}

/// Nothing, or the options that make no sense, each at its place where the declaration is known.
pub(super) fn check_options(place: Option<&Place>, mistakes: &[(&'static str, String)]) -> Result<()> {
    let placed = |(option, message): &(&'static str, String)| {
        let (source, span) = place_of(place, &[option])?;
        Some((source.clone(), Diagnostic::error(span, message)))
    };
    match mistakes.iter().map(placed).collect::<Option<Vec<_>>>() {
        Some(placed) => match placed.first() {
            Some((source, _)) => located(source.clone(), placed.iter().map(|(_, mistake)| mistake.clone()).collect()),
            None => Ok(()),
        },
        None => Err(TrainError::Options(
            mistakes.iter().map(|(_, message)| message.clone()).collect(),
        )),
    }
}

/// Nothing, or the mistakes at their places.
pub(super) fn located(source: Source, list: Vec<Diagnostic>) -> Result<()> {
    if list.is_empty() {
        return Ok(());
    }
    Err(TrainError::Declaration(Diagnostics { source, list }))
}

/// The objective of each model: cut down to the outputs that it gives.
pub(super) fn objectives(source: &Source, entries: &[Entry], objective: &Objective, data: &Dataset) -> Result<Vec<Objective>> {
    let (mut found, mut mistakes) = (Vec::new(), Vec::new());
    for entry in entries {
        let outputs: Vec<&str> = entry.model.graph().outputs.iter().map(|(name, _)| name.as_str()).collect();
        let Some(part) = objective.for_outputs(&outputs) else {
            let message = format!(
                "`{}` gives {}; the objective has losses for {}",
                entry.label,
                outputs.join(", "),
                objective.outputs().join(", ")
            );
            mistakes.push(Diagnostic::error(entry.span, message).help("declare a loss for an output of this model"));
            continue;
        };
        match record::fits_together(&entry.model, &part.outputs(), data) {
            Ok(()) => found.push(part),
            Err(TrainError::Unfit { found, help }) => mistakes.push(Diagnostic::error(entry.span, found).help(help)),
            Err(other) => return Err(other),
        }
    }
    located(source.clone(), mistakes)?;
    Ok(found)
}

/// What of the objective does not concern a model, in words.
pub(super) fn left_out(entries: &[Entry], whole: &Objective, parts: &[Objective]) -> Vec<String> {
    let mut notes = Vec::new();
    for (entry, part) in entries.iter().zip(parts) {
        let kept = part.outputs();
        let lacking: Vec<&str> = whole.outputs().into_iter().filter(|o| !kept.contains(o)).collect();
        if !lacking.is_empty() {
            let watches = if part.watch().is_empty() && !whole.watch().is_empty() {
                "; early stopping watches its validation loss"
            } else {
                ""
            };
            notes.push(format!(
                "{} does not give {}: its losses are those of {}{watches}",
                entry.label,
                lacking.join(", "),
                kept.join(", ")
            ));
        }
    }
    notes
}
