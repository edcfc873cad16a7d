//! `cistron verify` and the record of an execution, as a user meets them.

mod support;

use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;

fn cistron(arguments: &[&str], folder: &Path) -> (Option<i32>, String) {
    support::sdk();
    let output = Command::new(support::command())
        .args(arguments)
        .current_dir(folder)
        .output()
        .expect("the command starts");
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

fn write(path: &Path, cells: &[(&str, &[&str])]) {
    let cell = |(source, tags): &(&str, &[&str])| json!({"cell_type": "code", "metadata": {"tags": tags}, "source": source, "outputs": [], "execution_count": null});
    let cells: Vec<Value> = cells.iter().map(cell).collect();
    let document = json!({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells});
    std::fs::write(path, document.to_string()).expect("a file");
}

fn read(path: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(path).expect("a notebook")).expect("JSON")
}

/// What changes with every run, in a display as Cistron writes them.
const CLOCK: &str = "let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?.subsec_nanos();\n";

#[test]
fn a_notebook_is_the_same_until_a_number_changes() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.ipynb");
    let shown =
        format!("{CLOCK}cistron::display::display(&cistron::display::Bundle::plain(format!(\"done, after {{}}.25 s\", now)));");
    let volatile = format!("{CLOCK}now");
    let cells: &[(&str, &[&str])] = &[
        ("let scale = 0.5;\nprintln!(\"r = {scale}\");", &["parameters"]),
        (&shown, &[]),
        (&volatile, &["volatile"]),
        ("let missing = nothing;", &["raises-exception"]),
        ("vec![scale, 2.0 * scale]", &["tolerance=1e-2"]),
        (":record", &[]),
    ];
    write(&path, cells);
    let (code, said) = cistron(&["verify", "a.ipynb"], folder.path());
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("a.ipynb can't be verified: it has no stored outputs"), "{said}");
    let (code, said) = cistron(&["run", "a.ipynb", "-o", "a.ipynb"], folder.path());
    assert_eq!(code, Some(0), "{said}");

    let (code, said) = cistron(&["verify", "a.ipynb"], folder.path());
    assert_eq!(code, Some(0), "{said}");
    let summary = "5 cells the same, 1 left out (volatile), 1 records not compared, 1 time spans not compared";
    assert!(said.contains(summary), "{said}");

    let mut stored = read(&path);
    stored["cells"][0]["outputs"][0]["text"] = json!(["r = 0.6\n"]);
    stored["cells"][3]["outputs"][0]["evalue"] = json!("<script>");
    stored["cells"][4]["outputs"][0]["data"]["text/plain"] = json!("[0.501, 1.0]");
    stored["metadata"]["cistron"]["rustc"] = json!("rustc 1.0.0");
    std::fs::write(&path, stored.to_string()).expect("a file");
    let (code, said) = cistron(&["verify", "a.ipynb", "--report", "report.html"], folder.path());
    assert_eq!(code, Some(1), "{said}");
    assert!(
        said.contains("  stdout: line 1\n    stored | r = 0.6\n    now    | r = 0.5\n"),
        "{said}"
    );
    assert!(
        said.contains("cell 4  let missing = nothing;\n  output 1, error: line 1"),
        "{said}"
    );
    assert!(said.contains("3 cells the same, 2 differ"), "{said}");
    assert!(said.contains("compiler: rustc 1.0.0 then, rustc 1."), "{said}");
    let page = std::fs::read_to_string(folder.path().join("report.html")).expect("the report");
    assert!(page.contains("r = 0.6") && page.contains("the same within 1.0e-3"), "{page}");
    assert!(!page.contains("<script>"), "{page}");
    assert_eq!(read(&path), stored, "the notebook was changed");
}

#[test]
fn a_cell_that_fails_now_differs_and_what_is_behind_it_did_not_run() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.ipynb");
    write(&path, &[("std::fs::read_to_string(\"data.txt\")?", &[]), ("1 + 1", &[])]);
    std::fs::write(folder.path().join("data.txt"), "x").expect("a file");
    assert_eq!(cistron(&["run", "a.ipynb", "-o", "a.ipynb"], folder.path()).0, Some(0));
    std::fs::remove_file(folder.path().join("data.txt")).expect("the file");
    let (code, said) = cistron(&["verify", "a.ipynb"], folder.path());
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("0 cells the same, 1 differ, 1 not run"), "{said}");
    let bad = [("1", &["tolerance=much"] as &[&str])];
    write(&path, &bad);
    let mut document = read(&path);
    document["cells"][0]["execution_count"] = json!(1);
    std::fs::write(&path, document.to_string()).expect("a file");
    let (code, said) = cistron(&["verify", "a.ipynb"], folder.path());
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("cell 1: its tag `tolerance=much` needs a number"), "{said}");
}

#[test]
fn the_record_names_data_and_device_and_a_run_warns_of_another_content() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.ipynb");
    std::fs::write(folder.path().join("t.tsv"), "name\tv\na\t1\n").expect("a file");
    write(
        &path,
        &[
            ("let seed: u64 = 4;", &["parameters"]),
            ("table::text(\"t.tsv\")?.len()", &[]),
        ],
    );
    let (code, said) = cistron(&["run", "a.ipynb", "-o", "a.ipynb", "-p", "seed=5"], folder.path());
    assert_eq!(code, Some(0), "{said}");
    assert!(!said.contains("warning"), "{said}");
    let done = read(&path);
    let record = &done["metadata"]["cistron"];
    assert_eq!(record["data"][0]["path"], "t.tsv", "{record}");
    assert_eq!(record["data"][0]["bytes"], 11, "{record}");
    assert_eq!(record["parameters"]["seed"], "5", "{record}");
    assert_eq!(record["lock_sha256"].as_str().map(str::len), Some(64), "{record}");
    assert!(record["device"].as_str().is_some_and(|d| d.starts_with("cpu")), "{record}");
    assert!(
        record["rustc"].as_str().is_some_and(|r| r.starts_with("rustc 1.")),
        "{record}"
    );
    assert!(
        record["libraries"].as_str().is_some_and(|l| l.starts_with("sdk-")),
        "{record}"
    );
    assert!(record["wall_s"].as_f64().is_some_and(|s| s > 0.0), "{record}");
    let whole = folder.path().canonicalize().expect("a folder").display().to_string();
    assert!(
        !done.to_string().contains(&whole),
        "a path of the machine in {}",
        done["metadata"]
    );

    std::fs::write(folder.path().join("t.tsv"), "name\tv\na\t2\n").expect("a file");
    let absolute = path.display().to_string();
    let (code, said) = cistron(&["run", &absolute, "-o", "b.ipynb"], folder.path());
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("data: t.tsv has another content"), "{said}");
    assert_eq!(
        read(&folder.path().join("b.ipynb"))["metadata"]["papermill"]["output_path"],
        "b.ipynb"
    );
    let (code, said) = cistron(&["run", "a.ipynb", "-p", "sed=5"], folder.path());
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("the notebook has no parameter `sed`; it has seed"), "{said}");
}
