//! `cistron run` on small notebooks, as a user calls it.

mod support;

use serde_json::{Value, json};
use std::path::Path;
use std::process::{Command, Output};

fn notebook(folder: &Path, cells: &[(&str, &[&str])]) -> std::path::PathBuf {
    let cell = |(source, tags): &(&str, &[&str])| json!({"cell_type": "code", "metadata": {"tags": tags}, "source": source, "outputs": [], "execution_count": null});
    let cells: Vec<Value> = cells.iter().map(cell).collect();
    let path = folder.join("small.ipynb");
    let document = json!({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells});
    std::fs::write(&path, document.to_string()).expect("a file");
    path
}

fn cistron(arguments: &[&str], folder: &Path) -> Output {
    support::sdk();
    Command::new(support::command())
        .args(arguments)
        .current_dir(folder)
        .output()
        .expect("the command starts")
}

fn read(path: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(path).expect("the executed notebook")).expect("JSON")
}

#[test]
fn a_notebook_runs_with_parameters_and_keeps_its_outputs() {
    let folder = tempfile::tempdir().expect("a folder");
    let cells: &[(&str, &[&str])] = &[
        ("let seed: u64 = 1;\nlet name = \"a\";", &["parameters"]),
        (
            "std::fs::write(\"here.txt\", name)?;\nprintln!(\"one\"); println!(\"two\");\nseed * 2",
            &[],
        ),
        ("let missing = nothing;", &["raises-exception"]),
        (
            "let mut live = cistron::display::Live::new();\nlive.update(&cistron::display::Bundle::plain(\"half\"));\nlive.finish(&cistron::display::Bundle::plain(\"whole\"));",
            &[],
        ),
        (
            "let form = cistron::display::Bundle::plain(\"final\");\ncistron::display::Live::new().finish(&form);\ncistron::display::show_result(&form);",
            &[],
        ),
        ("cistron::display::show_result(&form);", &[]),
    ];
    notebook(folder.path(), cells);
    let output = cistron(
        &["run", "small.ipynb", "-p", "seed=21", "-p", "name=b c", "-o", "done.ipynb"],
        folder.path(),
    );
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
    assert!(said.contains("cell 7 of 7"), "{said}");
    let done = read(&folder.path().join("done.ipynb"));
    assert_eq!(done["cells"][1]["metadata"]["tags"], json!(["injected-parameters"]));
    let outputs = &done["cells"][2]["outputs"];
    assert_eq!(outputs[0]["text"], json!(["one\n", "two\n"]));
    assert_eq!(outputs[1]["data"]["text/plain"], json!(["42"]));
    assert_eq!(done["cells"][2]["execution_count"], 3);
    assert!(done["cells"][2]["metadata"]["execution"]["shell.execute_reply"].is_string());
    assert_eq!(done["cells"][3]["outputs"][0]["ename"], "CompileError");
    assert_eq!(done["cells"][4]["outputs"][0]["data"]["text/plain"], json!(["whole"]));
    // A value in the form of the display that its cell has just finished is not shown twice; in another cell it is shown.
    for (cell, kind) in [(5, "display_data"), (6, "execute_result")] {
        let outputs = &done["cells"][cell]["outputs"];
        assert_eq!(outputs.as_array().map(Vec::len), Some(1), "{outputs}");
        assert_eq!(outputs[0]["output_type"], kind);
        assert_eq!(outputs[0]["data"]["text/plain"], json!(["final"]));
    }
    assert_eq!(
        done["metadata"]["papermill"]["parameters"],
        json!({"seed": 21, "name": "b c"})
    );
    assert_eq!(
        std::fs::read_to_string(folder.path().join("here.txt")).expect("written beside the notebook"),
        "b c"
    );
}

#[test]
fn a_failing_cell_ends_the_run_and_what_ran_is_kept() {
    let folder = tempfile::tempdir().expect("a folder");
    notebook(folder.path(), &[("1 + 1", &[]), ("let v = vec![1];\nv[3]", &[]), ("3", &[])]);
    let output = cistron(&["run", "small.ipynb"], folder.path());
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(
        said.contains("cell 2 of 3 failed") && said.contains("index out of bounds") && said.contains("2 | v[3]"),
        "{said}"
    );
    assert!(!said.contains('\u{1b}'), "colours in a file: {said}");
    let done = read(&folder.path().join("small.out.ipynb"));
    assert_eq!(done["cells"][0]["outputs"][0]["data"]["text/plain"], json!(["2"]));
    assert_eq!(done["cells"][1]["outputs"][0]["output_type"], "error");
    assert_eq!(done["cells"][2]["outputs"], json!([]));
}

#[test]
fn bad_input_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let said = |arguments: &[&str]| String::from_utf8_lossy(&cistron(arguments, folder.path()).stderr).into_owned();
    assert!(
        said(&["run", "absent.ipynb"]).contains("absent.ipynb: No such file"),
        "{}",
        said(&["run", "absent.ipynb"])
    );
    let python = json!({"nbformat": 4, "nbformat_minor": 5, "cells": [], "metadata": {"kernelspec": {"name": "python3", "display_name": "x", "language": "python"}}});
    std::fs::write(folder.path().join("python.ipynb"), python.to_string()).expect("a file");
    let text = said(&["run", "python.ipynb"]);
    assert!(
        text.contains("python.ipynb can't be run: its language is python, expected rust"),
        "{text}"
    );
    notebook(folder.path(), &[("let seed: u64 = 1;", &["parameters"])]);
    assert!(!said(&["run", "small.ipynb", "-o", "new/folder/out.ipynb"]).contains("error"));
    assert_eq!(read(&folder.path().join("new/folder/out.ipynb"))["nbformat"], 4);
    let text = said(&["run", "small.ipynb", "-p", "seed=x"]);
    assert!(text.contains("-p seed=x: the notebook declares it as `u64`"), "{text}");
}

#[test]
fn an_installation_is_quick_the_second_time_and_writes_the_kernel() {
    let folder = tempfile::tempdir().expect("a folder");
    let prefix = folder.path().to_string_lossy().into_owned();
    for _ in 0..2 {
        let output = cistron(&["install", "--prefix", &prefix], folder.path());
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success() && said.contains("already there"), "{said}");
    }
    let spec = read(&folder.path().join("share/jupyter/kernels/cistron/kernel.json"));
    assert_eq!(spec["argv"][1], "kernel");
    assert_eq!(spec["interrupt_mode"], "message");
    assert!(folder.path().join("share/jupyter/kernels/cistron/logo-64x64.png").is_file());
}
