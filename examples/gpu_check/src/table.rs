//! The report as markdown.

use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write as _;

const PARTS: [&str; 3] = ["forward", "input", "parameters"];

/// The report as two tables.
pub(crate) fn markdown(report: &Value) -> String {
    if report["ran"] != true {
        return format!(
            "No CUDA device: nothing was run ({}).\n",
            report["reason"].as_str().unwrap_or_default()
        );
    }
    let mut text = format!("Device: {}.\n\n", report["device"].as_str().unwrap_or_default());
    checks(&mut text, &report["checks"]);
    timings(&mut text, report);
    text
}

fn rows(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// An operation's row: cases, failures, the largest error in double and in single precision.
#[derive(Default)]
struct Checked {
    cases: usize,
    failed: Vec<String>,
    missing: bool,
    double: f64,
    single: f64,
}

fn checks(text: &mut String, checks: &Value) {
    let mut operations = BTreeMap::<&str, Checked>::new();
    for check in rows(checks) {
        let row = operations.entry(check["operation"].as_str().unwrap_or_default()).or_default();
        row.missing |= check["missing"] == true;
        row.cases += 1;
        row.double = row.double.max(check["double"].as_f64().unwrap_or(0.0));
        row.single = row.single.max(check["single"].as_f64().unwrap_or(0.0));
        if check["passes"] == false {
            let case = check["case"].as_str().unwrap_or_default();
            row.failed
                .push(format!("{case} {}", check["error"].as_str().unwrap_or_default()));
        }
    }
    text.push_str("Against the CPU's double precision, relative to the largest value of each tensor:\n\n");
    text.push_str("| operation | cases | double | single | |\n|---|---|---|---|---|\n");
    for (name, row) in operations {
        let verdict = if row.missing {
            "no implementation yet".to_string()
        } else if row.failed.is_empty() {
            "passes".to_string()
        } else {
            format!("FAILS: {}", row.failed.join("; "))
        };
        let _ = writeln!(
            text,
            "| {name} | {} | {:.1e} | {:.1e} | {verdict} |",
            row.cases, row.double, row.single
        );
    }
}

fn timings(text: &mut String, report: &Value) {
    let torch = &report["torch"];
    let _ = match torch["version"].as_str() {
        Some(version) => writeln!(
            text,
            "\nMicroseconds, ours / PyTorch {version} (ratio; above 1 we are quicker):\n"
        ),
        None => writeln!(
            text,
            "\nMicroseconds (PyTorch was not run: {}):\n",
            torch["missing"].as_str().unwrap_or_default()
        ),
    };
    text.push_str("| operation | arithmetic | forward | TFLOP/s | input gradient | parameters |\n|---|---|---|---|---|---|\n");
    for row in rows(&report["timings"]) {
        let same = |other: &&Value| other["name"] == row["name"] && other["arithmetic"] == row["arithmetic"];
        let theirs = rows(&torch["timings"]).iter().find(same);
        let cell = |part: &str| {
            let Some(ours) = row["seconds"][part].as_f64() else {
                return String::new();
            };
            match theirs.and_then(|t| t["seconds"][part].as_f64()) {
                Some(theirs) => format!("{:.1} / {:.1} ({:.2})", ours * 1e6, theirs * 1e6, theirs / ours),
                None => format!("{:.1}", ours * 1e6),
            }
        };
        let [forward, input, parameters] = PARTS.map(cell);
        let rate = row["operations"].as_f64().zip(row["seconds"]["forward"].as_f64());
        let rate = rate.map_or(String::new(), |(operations, seconds)| {
            format!("{:.1}", operations / seconds / 1e12)
        });
        let (name, arithmetic) = (
            row["name"].as_str().unwrap_or_default(),
            row["arithmetic"].as_str().unwrap_or_default(),
        );
        let error = row["seconds"]["error"].as_str().unwrap_or_default();
        let _ = writeln!(
            text,
            "| {name} | {arithmetic} | {forward}{error} | {rate} | {input} | {parameters} |"
        );
    }
}
