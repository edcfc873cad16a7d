//! Runs the harness with every instruction set that this machine has and writes the table of operations.
//!
//! `cargo run --release -p cistron-ops --example operations > dsl/ops/OPERATIONS.md`

use cistron_ops::check::{GRADIENT_TOLERANCE, PRECISION_TOLERANCE, cases};
use std::collections::BTreeMap;
use std::error::Error;
use std::process::Command;

/// What the cases of an operation gave: their number, largest gradient error and largest precision error.
type Summary = BTreeMap<String, (usize, f64, f64)>;

const SETS: [&str; 3] = ["avx512", "avx2", "portable"];

fn main() -> Result<(), Box<dyn Error>> {
    if std::env::args().nth(1).as_deref() == Some("--this-set") {
        return this_set();
    }
    let summaries: Vec<(&str, Option<Summary>)> = SETS
        .iter()
        .map(|set| Ok((*set, of_set(set)?)))
        .collect::<Result<_, Box<dyn Error>>>()?;
    print!("{}", table(&summaries));
    Ok(())
}

/// Runs all cases in this process and prints one line for each operation.
fn this_set() -> Result<(), Box<dyn Error>> {
    let mut found = Summary::new();
    for case in cases() {
        let outcome = case.check()?;
        let row = found.entry(outcome.operation.to_string()).or_default();
        *row = (
            row.0 + 1,
            row.1.max(outcome.gradient_error),
            row.2.max(outcome.precision_error),
        );
    }
    println!("{}", cistron_ops::instructions());
    for (operation, (cases, gradient, precision)) in found {
        println!("{operation}\t{cases}\t{gradient:e}\t{precision:e}");
    }
    Ok(())
}

/// Runs all cases in a process that uses this set; nothing where the machine lacks it.
fn of_set(set: &str) -> Result<Option<Summary>, Box<dyn Error>> {
    let output = Command::new(std::env::current_exe()?)
        .arg("--this-set")
        .env("CISTRON_INSTRUCTIONS", set)
        .output()?;
    if !output.status.success() {
        return Err(format!("the harness failed with {set}: {}", String::from_utf8_lossy(&output.stderr)).into());
    }
    let text = String::from_utf8(output.stdout)?;
    let mut lines = text.lines();
    if lines.next() != Some(set) {
        return Ok(None);
    }
    let mut found = Summary::new();
    for line in lines {
        let fields: Vec<&str> = line.split('\t').collect();
        let [operation, cases, gradient, precision] = fields[..] else {
            return Err(format!("a line that is no result: {line}").into());
        };
        found.insert(operation.to_string(), (cases.parse()?, gradient.parse()?, precision.parse()?));
    }
    Ok(Some(found))
}

fn table(summaries: &[(&str, Option<Summary>)]) -> String {
    let mut text = format!(
        "# Checked operations\n\n\
         Written by `cargo run --release -p cistron-ops --example operations`; a test compares it with the harness. An operation\n\
         that is not here can't be reached from a declaration. Every case is run in double precision against five-point central\n\
         differences (`gradient`: largest difference relative to the tensor's largest value, at most {GRADIENT_TOLERANCE:e}) and in single\n\
         against double precision (at most {PRECISION_TOLERANCE:e}), with each instruction set in turn. Device: CPU; types: F32 and F64.\n\n"
    );
    let present: Vec<(&str, &Summary)> = summaries.iter().filter_map(|(n, s)| s.as_ref().map(|s| (*n, s))).collect();
    for (name, _) in summaries.iter().filter(|(_, s)| s.is_none()) {
        text.push_str(&format!(
            "The machine that wrote this table has no {name}: that set was not run.\n\n"
        ));
    }
    let Some((_, first)) = present.first() else { return text };
    text.push_str("| operation | cases | gradient |");
    present.iter().for_each(|(name, _)| text.push_str(&format!(" F32, {name} |")));
    text.push_str("\n|---|--:|--:|");
    present.iter().for_each(|_| text.push_str("--:|"));
    text.push('\n');
    for (operation, (cases, ..)) in *first {
        let of = |summary: &Summary| summary.get(operation).copied().unwrap_or_default();
        let gradient = present.iter().map(|(_, s)| of(s).1).fold(0.0, f64::max);
        text.push_str(&format!("| `{operation}` | {cases} | {gradient:.1e} |"));
        present
            .iter()
            .for_each(|(_, s)| text.push_str(&format!(" {:.1e} |", of(s).2)));
        text.push('\n');
    }
    text
}
