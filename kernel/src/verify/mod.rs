//! `cistron verify`: a notebook runs again, and what comes out is compared with what is stored in it.
//!
//! Text and tables are compared as words and numbers, figures and HTML as elements, attributes and numbers; a figure
//! that differs is also drawn, and the share of pixels that look different is said. What may differ from run to run is
//! listed in the file `rules.rs`; cells say more with tags: `tolerance=1e-3`, `pixels=0.001`, `volatile`.

mod lines;
mod markup;
mod outputs;
mod page;
mod picture;
mod rules;
mod tables;
mod tags;
mod words;

pub(crate) use markup::depth;
pub use outputs::Difference;

use crate::notebook::{Notebook, NotebookError, cell_source};
use crate::record::{differences, stored};
use crate::run::{RunError, describe, execute, prepared, runs};
use crate::sdk::Sdk;
use rules::LeftOut;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// What to verify.
#[derive(Clone, Debug)]
pub struct Request {
    /// The notebook with the stored outputs.
    pub notebook: PathBuf,
    /// Where the report goes; `NAME.verify.html` beside the notebook, if not said.
    pub report: Option<PathBuf>,
    /// Where the notebook as it ran goes, if anywhere.
    pub output: Option<PathBuf>,
    /// How far numbers may be apart in cells that do not say it themselves.
    pub tolerance: f64,
}

impl Request {
    /// Where the report goes.
    pub fn report(&self) -> PathBuf {
        let stem = self.notebook.file_stem().unwrap_or_default().to_string_lossy();
        self.report
            .clone()
            .unwrap_or_else(|| self.notebook.with_file_name(format!("{stem}.verify.html")))
    }
}

/// What came of a cell.
#[derive(Clone, Debug)]
pub enum Verdict {
    /// The same; the largest distance between two numbers that was let pass.
    Same(f64),
    /// Tagged `volatile`: not compared.
    Volatile,
    /// Not run, because a cell before it failed.
    NotRun,
    /// Not the same.
    Differs(Vec<Difference>),
}

/// A cell and its verdict.
#[derive(Clone, Debug)]
pub struct Verified {
    /// Its number among the code cells, from 1.
    pub number: usize,
    /// Its source.
    pub source: String,
    /// What came of it.
    pub verdict: Verdict,
}

/// What came of a notebook.
#[derive(Clone, Debug)]
pub struct Report {
    /// The notebook's file name.
    pub name: String,
    /// Its code cells.
    pub cells: Vec<Verified>,
    /// How often each rule left something out.
    pub left_out: Vec<(String, usize)>,
    /// What is otherwise than when the outputs were stored: versions, data, seeds.
    pub conditions: Vec<String>,
}

impl Report {
    /// Whether every cell that was compared shows the same.
    pub fn is_same(&self) -> bool {
        self.count(|v| matches!(v, Verdict::Differs(_) | Verdict::NotRun)) == 0
    }

    fn count(&self, which: impl Fn(&Verdict) -> bool) -> usize {
        self.cells.iter().filter(|cell| which(&cell.verdict)).count()
    }

    /// The last line: how many cells are the same, differ, were left out.
    pub fn summary(&self) -> String {
        let same = self.count(|v| matches!(v, Verdict::Same(_)));
        let mut parts = vec![format!("{same} cell{} the same", if same == 1 { "" } else { "s" })];
        for (count, what) in [
            (self.count(|v| matches!(v, Verdict::Differs(_))), "differ"),
            (self.count(|v| matches!(v, Verdict::NotRun)), "not run"),
            (self.count(|v| matches!(v, Verdict::Volatile)), "left out (volatile)"),
        ] {
            if count > 0 {
                parts.push(format!("{count} {what}"));
            }
        }
        for (what, count) in &self.left_out {
            parts.push(format!("{count} {what} not compared"));
        }
        parts.join(", ")
    }

    /// What differs, in a few lines a cell.
    pub fn text(&self) -> String {
        let mut out = String::new();
        for cell in &self.cells {
            let head: String = lines::title(&cell.source);
            match &cell.verdict {
                Verdict::Same(_) | Verdict::Volatile => {}
                Verdict::NotRun => out.push_str(&format!("cell {}  {head}\n  not run: a cell before it failed\n", cell.number)),
                Verdict::Differs(found) => {
                    out.push_str(&format!("cell {}  {head}\n", cell.number));
                    for difference in found {
                        out.push_str(&lines::short(difference));
                    }
                }
            }
        }
        for line in &self.conditions {
            out.push_str(&format!("not as when the outputs were stored: {line}\n"));
        }
        out
    }
}

/// Looks at what can be wrong before anything runs.
///
/// # Errors
/// When the notebook can't be read, has no stored outputs, or has a tag that can't be read.
pub fn check(request: &Request) -> Result<(), RunError> {
    let notebook = prepared(&request.notebook, &[])?;
    let never = |cell: &Value| cell["execution_count"].is_null() && cell["outputs"].as_array().is_none_or(Vec::is_empty);
    let code: Vec<&Value> = notebook.cells().iter().filter(|cell| runs(cell)).collect();
    let refused = |reason: String| {
        let path = request.notebook.clone();
        RunError::Notebook(NotebookError::Verify { path, reason })
    };
    if code.iter().all(|cell| never(cell)) {
        let hint = "hint: `cistron run NOTEBOOK -o NOTEBOOK` stores them";
        return Err(refused(format!("it has no stored outputs to compare with\n{hint}")));
    }
    if !(request.tolerance >= 0.0 && request.tolerance.is_finite()) {
        let reason = format!("`--tolerance {}` is no number from 0 upwards", request.tolerance);
        return Err(refused(reason));
    }
    for (index, cell) in code.iter().enumerate() {
        tags::allowed(cell, request.tolerance).map_err(|why| refused(format!("cell {}: {why}", index + 1)))?;
    }
    Ok(())
}

/// Runs a notebook, compares, and writes the report. The notebook's own file stays as it is.
///
/// # Errors
/// When the notebook could not be run at all, or was interrupted. A cell that fails where it did not before is a difference.
pub fn verify(request: &Request, sdk: Sdk, command: &Path) -> Result<Report, RunError> {
    check(request)?;
    let before = prepared(&request.notebook, &[])?;
    let mut notebook = before.clone();
    let executed = execute(&mut notebook, &request.notebook, sdk, command, None)?;
    if let Some(output) = &request.output {
        describe(&mut notebook, &request.notebook, output, &[], &executed);
        notebook.write(output)?;
    }
    if let Some((cell, failure)) = executed.failed
        && failure.name == "KeyboardInterrupt"
    {
        return Err(RunError::Interrupted {
            cell,
            cells: executed.cells,
        });
    }
    let conditions = stored(&before.document).map(|record| differences(record, &executed.record));
    let mut report = compared(&before, &notebook, request.tolerance);
    report.name = request
        .notebook
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    report.conditions = conditions.unwrap_or_default();
    let path = request.report();
    std::fs::write(&path, page::page(&report)).map_err(|error| NotebookError::File { path, error })?;
    Ok(report)
}

/// Two executions of one notebook side by side.
fn compared(before: &Notebook, now: &Notebook, tolerance: f64) -> Report {
    let mut left_out = LeftOut::new();
    let pairs = before.cells().iter().zip(now.cells()).filter(|(cell, _)| runs(cell));
    let cells = pairs.enumerate().map(|(index, (old, new))| Verified {
        number: index + 1,
        source: cell_source(old),
        verdict: verdict(old, new, tolerance, &mut left_out),
    });
    Report {
        cells: cells.collect(),
        name: String::new(),
        conditions: Vec::new(),
        left_out: left_out.into_iter().map(|(what, count)| (what.to_string(), count)).collect(),
    }
}

fn verdict(old: &Value, new: &Value, tolerance: f64, left_out: &mut LeftOut) -> Verdict {
    if tags::is_volatile(old) {
        return Verdict::Volatile;
    }
    if new["execution_count"].is_null() {
        return Verdict::NotRun;
    }
    // Tags were read before anything ran.
    let allowed = tags::allowed(old, tolerance).unwrap_or_default();
    let mut largest = 0.0;
    let found = outputs::compare(&old["outputs"], &new["outputs"], &allowed, &mut largest, left_out);
    if found.is_empty() {
        Verdict::Same(largest)
    } else {
        Verdict::Differs(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn notebook(cells: &[(&str, &[&str], Option<u32>)]) -> Notebook {
        let cell = |(text, tags, count): &(&str, &[&str], Option<u32>)| {
            let outputs = if text.is_empty() {
                json!([])
            } else {
                json!([{"output_type": "execute_result", "data": {"text/plain": text}}])
            };
            json!({"cell_type": "code", "source": "f()", "metadata": {"tags": tags}, "outputs": outputs, "execution_count": count})
        };
        let cells: Vec<Value> = cells.iter().map(cell).collect();
        Notebook {
            document: json!({"nbformat": 4, "metadata": {}, "cells": cells}),
        }
    }

    #[test]
    fn cells_are_judged_one_by_one() {
        let before = notebook(&[
            ("1", &[], Some(1)),
            ("2", &["volatile"], Some(2)),
            ("0.5", &["tolerance=0.1"], Some(3)),
            ("4", &[], Some(4)),
        ]);
        let now = notebook(&[
            ("1", &[], Some(1)),
            ("3", &[], Some(2)),
            ("0.55", &[], Some(3)),
            ("", &[], None),
        ]);
        let report = compared(&before, &now, 0.0);
        assert_eq!(report.summary(), "2 cells the same, 1 not run, 1 left out (volatile)");
        assert!(!report.is_same());
        let same = compared(&before, &before, 0.0);
        assert!(same.is_same());
        assert_eq!(same.summary(), "3 cells the same, 1 left out (volatile)");
        // What a stored failure kept from running is not verified by failing again.
        let failed = notebook(&[("1", &[], Some(1)), ("", &[], None)]);
        let report = compared(&failed, &failed, 0.0);
        assert_eq!(
            (report.summary().as_str(), report.is_same()),
            ("1 cell the same, 1 not run", false)
        );
    }

    #[test]
    fn what_differs_is_shown_stored_and_now() {
        let (before, now) = (notebook(&[("a\nr 1", &[], Some(1))]), notebook(&[("a\nr 2", &[], Some(1))]));
        let text = compared(&before, &now, 0.0).text();
        assert!(
            text.contains("cell 1  f()\n  output 1, text/plain: line 2\n    stored | r 1\n    now    | r 2\n"),
            "{text}"
        );
    }
}
