//! The table of operations in the docs is that of the harness.

use cistron_ops::check::{GRADIENT_TOLERANCE, PRECISION_TOLERANCE, cases};
use std::collections::BTreeMap;

/// Operation, number of cases and errors of each row.
fn rows() -> Vec<(String, usize, Vec<f64>)> {
    let table = include_str!("../OPERATIONS.md");
    let cells = |line: &str| -> Vec<String> {
        line.split('|')
            .map(|c| c.trim().to_string())
            .filter(|c| !c.is_empty())
            .collect()
    };
    let rows = table.lines().filter(|l| l.starts_with("| `")).map(cells);
    rows.map(|cells| {
        let number = |c: &String| c.parse::<f64>().unwrap_or_else(|e| panic!("{c}: {e}"));
        let cases = cells[1].parse().unwrap_or_else(|e| panic!("{}: {e}", cells[1]));
        (
            cells[0].trim_matches('`').to_string(),
            cases,
            cells[2..].iter().map(number).collect(),
        )
    })
    .collect()
}

#[test]
fn the_table_has_every_operation_with_its_cases() {
    let mut expected: BTreeMap<String, usize> = BTreeMap::new();
    cases()
        .iter()
        .for_each(|case| *expected.entry(case.operation.name().to_string()).or_default() += 1);
    let found: BTreeMap<String, usize> = rows().into_iter().map(|(name, cases, _)| (name, cases)).collect();
    assert_eq!(
        found, expected,
        "write it anew: cargo run --release -p cistron-ops --example operations > dsl/ops/OPERATIONS.md"
    );
}

#[test]
fn every_error_in_the_table_is_within_the_tolerances() {
    for (name, _, errors) in rows() {
        assert!(errors.len() > 1, "{name}");
        assert!(
            errors[0] <= GRADIENT_TOLERANCE && errors[1..].iter().all(|e| *e <= PRECISION_TOLERANCE),
            "{name}: {errors:?}"
        );
    }
}
