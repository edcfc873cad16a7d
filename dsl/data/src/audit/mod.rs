//! What was found when the data were read: counted once, shown as a card.

mod card;
mod histogram;
mod shown;
mod text;

use crate::alphabet::PAD;
use crate::codes::Codes;
use crate::dataset::{Content, Contents};
use crate::part::Part;
use cistron_display::{Bundle, Show};
use histogram::Histogram;
use serde::{Deserialize, Serialize};
pub(crate) use shown::Shown;
use std::collections::HashMap;

/// A line of the audit; amber ones deserve a look.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Remark {
    pub(crate) text: String,
    pub(crate) amber: bool,
}

impl Remark {
    pub(crate) fn plain(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            amber: false,
        }
    }

    pub(crate) fn amber(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            amber: true,
        }
    }
}

/// What an input looks like.
#[derive(Clone, Debug)]
pub(crate) struct InputAudit {
    pub(crate) name: String,
    pub(crate) kind: &'static str,
    /// Shortest and longest sequence in bp; (0, 0) for other inputs.
    pub(crate) lengths: (usize, usize),
    /// Shares of A, C, G, T among known bases.
    pub(crate) composition: [f64; 4],
    /// The share of positions that are N.
    pub(crate) unknown: f64,
    /// GC content per sequence.
    pub(crate) gc: Option<Histogram>,
    /// In words, for inputs that are no sequences.
    pub(crate) words: String,
}

/// What an output looks like.
#[derive(Clone, Debug)]
pub(crate) struct OutputAudit {
    pub(crate) name: String,
    pub(crate) tracks: usize,
    pub(crate) histogram: Histogram,
    pub(crate) missing: usize,
}

/// What was found when the data were read: sizes, distributions, duplicates, what was dropped or filled in.
#[derive(Clone, Debug)]
pub struct Audit {
    pub(crate) examples: usize,
    pub(crate) inputs: Vec<InputAudit>,
    pub(crate) outputs: Vec<OutputAudit>,
    /// Part and rows, when a split is declared.
    pub(crate) parts: Vec<(String, usize)>,
    pub(crate) how: String,
    pub(crate) duplicated_names: usize,
    pub(crate) identical: usize,
    pub(crate) identical_across: usize,
    pub(crate) remarks: Vec<Remark>,
    pub(crate) shown: Shown,
}

impl Audit {
    pub(crate) fn of(contents: &Contents, shown: Shown) -> Self {
        let (identical, identical_across) = identical(contents);
        let mut seen: HashMap<&str, usize> = HashMap::new();
        contents.names.iter().for_each(|n| *seen.entry(n).or_default() += 1);
        let duplicated_names = seen.values().filter(|n| **n > 1).map(|n| n - 1).sum();
        let (parts, how) = parts(contents);
        let mut audit = Self {
            examples: contents.names.len(),
            inputs: contents.inputs.iter().map(|i| input(&i.name, &i.content)).collect(),
            outputs: contents.outputs.iter().map(output).collect(),
            parts,
            how,
            duplicated_names,
            identical,
            identical_across,
            remarks: contents.notes.clone(),
            shown,
        };
        if audit.how.is_empty() {
            audit
                .remarks
                .push(Remark::amber("no split is declared: every example is for training"));
        }
        for (part, rows) in audit.parts.clone() {
            if rows == 0 {
                audit.remarks.push(Remark::amber(format!("the {part} part is empty")));
            }
        }
        audit
    }

    /// The number of examples.
    pub fn examples(&self) -> usize {
        self.examples
    }

    /// How many examples have a name that stands before.
    pub fn duplicated_names(&self) -> usize {
        self.duplicated_names
    }

    /// How many examples have the same sequences as an earlier one.
    pub fn identical_sequences(&self) -> usize {
        self.identical
    }

    /// How many distinct sequences stand in more than one part of the split.
    pub fn identical_across_parts(&self) -> usize {
        self.identical_across
    }

    /// How many values of the outputs are missing.
    pub fn missing_values(&self) -> usize {
        self.outputs.iter().map(|o| o.missing).sum()
    }

    /// What was skipped, filled in or deserves a look, one line each.
    pub fn remarks(&self) -> Vec<&str> {
        self.remarks.iter().map(|r| r.text.as_str()).collect()
    }

    /// Whether the card was shown: that of these data, or that of the data which they are a control of.
    pub fn is_shown(&self) -> bool {
        self.shown.is_set()
    }

    /// Shows the card as the value of a cell.
    pub fn evcxr_display(&self) {
        cistron_display::show_result(&self.bundle());
    }
}

impl Show for Audit {
    fn bundle(&self) -> Bundle {
        self.shown.set();
        Bundle::plain(text::text(self)).html(card::html(self))
    }
}

/// Examples whose sequences repeat earlier ones, and distinct sequences that stand in several parts.
fn identical(contents: &Contents) -> (usize, usize) {
    let sequences: Vec<&Codes> = contents
        .inputs
        .iter()
        .filter_map(|i| match &i.content {
            Content::Sequence { codes, .. } => Some(codes),
            _ => None,
        })
        .collect();
    if sequences.is_empty() {
        return (0, 0);
    }
    let mut rows_of: HashMap<Vec<&[u8]>, Vec<usize>> = HashMap::new();
    for row in 0..contents.names.len() {
        let key = sequences.iter().map(|codes| codes.row(row)).collect();
        rows_of.entry(key).or_default().push(row);
    }
    let again = rows_of.values().map(|rows| rows.len() - 1).sum();
    let set = contents.folds.as_ref().map(|folds| folds.first_sets(contents.names.len()));
    let part_of = |row: usize| -> Option<usize> {
        match (&contents.split, &set) {
            (Some(split), _) => split.parts[row].map(|p| p as usize),
            (None, Some(set)) => set[row],
            _ => None,
        }
    };
    let across = rows_of.values().filter(|rows| {
        let mut parts = rows.iter().filter_map(|&r| part_of(r));
        parts.next().is_some_and(|first| parts.any(|p| p != first))
    });
    (again, across.count())
}

fn parts(contents: &Contents) -> (Vec<(String, usize)>, String) {
    if let Some(split) = &contents.split {
        let size = |part: Option<Part>| split.parts.iter().filter(|p| **p == part).count();
        let mut parts: Vec<(String, usize)> = [Part::Train, Part::Valid, Part::Test]
            .into_iter()
            .map(|p| (p.to_string(), size(Some(p))))
            .collect();
        if size(None) > 0 {
            parts.push(("unused".into(), size(None)));
        }
        return (parts, split.how.clone());
    }
    if let Some(folds) = &contents.folds {
        let mut parts: Vec<(String, usize)> = folds.sets.iter().cloned().zip(folds.members.iter().map(Vec::len)).collect();
        let loose = folds.in_no_set(contents.names.len()).len();
        if loose > 0 {
            parts.push(("in no set".into(), loose));
        }
        return (parts, format!("{} folds from {}", folds.sets.len(), folds.how));
    }
    (Vec::new(), String::new())
}

fn input(name: &str, content: &Content) -> InputAudit {
    let mut audit = InputAudit {
        name: name.into(),
        kind: "",
        lengths: (0, 0),
        composition: [0.0; 4],
        unknown: 0.0,
        gc: None,
        words: String::new(),
    };
    match content {
        Content::Sequence { codes, rna } => {
            audit.kind = if *rna { "Rna" } else { "Dna" };
            let (mut counts, mut gc, mut lengths) = ([0usize; 6], Vec::new(), (usize::MAX, 0));
            for row in codes.iter() {
                let mut here = [0usize; 6];
                row.iter().for_each(|&c| here[usize::from(c.min(PAD))] += 1);
                counts.iter_mut().zip(here).for_each(|(all, n)| *all += n);
                let used = row.len() - here[usize::from(PAD)];
                lengths = (lengths.0.min(used), lengths.1.max(used));
                let known: usize = here[..4].iter().sum();
                if known > 0 {
                    gc.push((here[1] + here[2]) as f64 / known as f64);
                }
            }
            let known = counts[..4].iter().sum::<usize>().max(1) as f64;
            audit.composition = std::array::from_fn(|b| counts[b] as f64 / known);
            audit.unknown = counts[4] as f64 / counts[..5].iter().sum::<usize>().max(1) as f64;
            audit.lengths = (lengths.0.min(lengths.1), lengths.1);
            audit.gc = Some(Histogram::of(gc.into_iter()));
        }
        Content::Category { levels, .. } => {
            audit.kind = "Category";
            let few: Vec<&str> = levels.iter().take(5).map(String::as_str).collect();
            audit.words = format!(
                "{} categories: {}{}",
                levels.len(),
                few.join(", "),
                if levels.len() > 5 { ", .." } else { "" }
            );
        }
        Content::Scalar { tracks, .. } => {
            audit.kind = "Scalar";
            audit.words = format!("{} numbers per example", tracks.len());
        }
    }
    audit
}

fn output(output: &crate::dataset::Output) -> OutputAudit {
    OutputAudit {
        name: output.name.clone(),
        tracks: output.tracks.len(),
        histogram: Histogram::of(output.values.iter().map(|&v| f64::from(v))),
        missing: output.values.iter().filter(|v| !v.is_finite()).count(),
    }
}
