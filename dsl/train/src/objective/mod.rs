//! What a network is trained towards: losses, what early stopping watches, what is reported.

mod declare;
mod measure;
mod parse;
mod targets;
#[cfg(test)]
mod tests;

pub use measure::{DrgLoss, Measure, Over};
pub(crate) use targets::check_targets;

use cistron_declaration::{ObjectiveDeclaration, Span};
use cistron_display::{Bundle, Show, Table};
use serde::{Deserialize, Serialize};

/// One weighted loss of one output.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LossTerm {
    /// Its factor.
    pub weight: f64,
    /// The loss.
    pub measure: Measure,
    /// The output it is about.
    pub output: String,
    /// The token that declared it.
    pub span: Span,
}

/// One metric of one output, watched or reported.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Metric {
    /// Its factor in what is watched.
    pub weight: f64,
    /// The metric.
    pub measure: Measure,
    /// The output it is about.
    pub output: String,
}

impl Metric {
    /// Its column in tables: `r expression`.
    pub fn column(&self) -> String {
        format!("{} {}", self.measure.short_name(), self.output)
    }
}

/// The value of `objective!`: the sum of weighted losses over all rules and their outputs, what early stopping
/// watches (without a `watch` rule: this sum on the validation examples) and what is reported besides.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Objective {
    declaration: ObjectiveDeclaration,
    losses: Vec<LossTerm>,
    watch: Vec<Metric>,
    reports: Vec<Metric>,
}

impl Objective {
    /// The terms of the loss; `loss(a, b) = mse()` has one per output, and all add up.
    pub fn losses(&self) -> &[LossTerm] {
        &self.losses
    }

    /// What early stopping looks at: the mean over its outputs; empty when it is the validation loss.
    pub fn watch(&self) -> &[Metric] {
        &self.watch
    }

    /// What is reported besides.
    pub fn reports(&self) -> &[Metric] {
        &self.reports
    }

    /// The declaration with its text.
    pub fn declaration(&self) -> &ObjectiveDeclaration {
        &self.declaration
    }

    /// Whether a larger watched value is better.
    pub fn larger_is_better(&self) -> bool {
        self.watch.first().is_some_and(|m| m.measure.larger_is_better())
    }

    /// The name of what is watched, for tables and curves.
    pub fn watched_name(&self) -> String {
        match self.watch.as_slice() {
            [] => "validation loss".into(),
            [one] => format!("validation {}", one.column()),
            several => {
                let outputs: Vec<&str> = several.iter().map(|m| m.output.as_str()).collect();
                format!(
                    "validation {} (mean of {})",
                    several[0].measure.short_name(),
                    outputs.join(", ")
                )
            }
        }
    }

    /// The outputs that have a loss, each once, in order.
    pub fn outputs(&self) -> Vec<&str> {
        let mut outputs: Vec<&str> = Vec::new();
        for term in &self.losses {
            if !outputs.contains(&term.output.as_str()) {
                outputs.push(&term.output);
            }
        }
        outputs
    }

    /// What is left of it for a model that gives only some of its outputs: their losses, what is watched and reported of them;
    /// nothing when no loss is left. Without anything left to watch it is the validation loss that is watched.
    #[must_use]
    pub fn for_outputs(&self, outputs: &[&str]) -> Option<Self> {
        let kept = |output: &str| outputs.contains(&output);
        let metrics = |all: &[Metric]| all.iter().filter(|m| kept(&m.output)).cloned().collect::<Vec<_>>();
        let losses: Vec<LossTerm> = self.losses.iter().filter(|t| kept(&t.output)).cloned().collect();
        (!losses.is_empty()).then(|| Self {
            declaration: self.declaration.clone(),
            losses,
            watch: metrics(&self.watch),
            reports: metrics(&self.reports),
        })
    }

    /// The rules as a table.
    pub fn table(&self) -> Table {
        let mut table = Table::new("objective", &["rule", "output", ">weight", "measure", "reduction"]);
        for term in &self.losses {
            table.row([
                "loss",
                &term.output,
                &term.weight.to_string(),
                &term.measure.to_string(),
                term.measure.reduction(),
            ]);
        }
        for (word, metrics) in [("watch", &self.watch), ("report", &self.reports)] {
            for metric in metrics {
                let reduction = if metric.measure.larger_is_better() {
                    "over the validation part; larger is better"
                } else {
                    "over the validation part; smaller is better"
                };
                table.row([
                    word,
                    &metric.output,
                    &metric.weight.to_string(),
                    &metric.measure.to_string(),
                    reduction,
                ]);
            }
        }
        if self.watch.is_empty() {
            table.notes.push("early stopping watches the validation loss".into());
        }
        table
    }

    /// Shows it as the value of a cell.
    pub fn evcxr_display(&self) {
        cistron_display::show_result(&self.bundle());
    }
}

impl std::fmt::Display for Objective {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.table().text())
    }
}

impl Show for Objective {
    fn bundle(&self) -> Bundle {
        self.table().bundle()
    }
}
