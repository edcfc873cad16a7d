//! An installation as one file: what one machine built runs cells on another that has neither the source nor the build.

mod support;

use std::path::Path;
use std::process::{Command, Output};

fn cistron(command: &Path, cache: &Path, arguments: &[&str], folder: &Path) -> Output {
    Command::new(command)
        .args(arguments)
        .current_dir(folder)
        .env("CISTRON_CACHE", cache)
        .env("CISTRON_SOURCE", "/nowhere")
        .env("HOME", cache)
        .output()
        .expect("the command starts")
}

#[test]
fn a_packed_installation_runs_elsewhere() {
    let folder = tempfile::tempdir().expect("a folder");
    let sdk = support::sdk();
    let file = folder.path().join("made.cistron");
    let size = cistron_kernel::sdk::pack(&sdk, support::command(), &file, false).expect("a pack");
    println!("a pack takes {} MB", size / 1_000_000);
    let cache = folder.path().join("other machine");
    let nothing = cistron(support::command(), &cache, &["doctor"], folder.path());
    assert!(!nothing.status.success(), "nothing is installed there yet");
    let prefix = folder.path().join("prefix");
    let arguments = ["install", "--from", "made.cistron", "--prefix", &prefix.display().to_string()];
    let installed = cistron(support::command(), &cache, &arguments, folder.path());
    let said = String::from_utf8_lossy(&installed.stderr);
    assert!(installed.status.success(), "{said}");
    let command = said
        .lines()
        .find_map(|l| l.strip_prefix("command: "))
        .expect("a command")
        .to_string();
    assert!(Path::new(&command).starts_with(&cache), "{command}");
    let doctor = cistron(Path::new(&command), &cache, &["doctor"], folder.path());
    let found = String::from_utf8_lossy(&doctor.stdout);
    assert!(doctor.status.success() && found.contains("toolchain"), "{found}");
    let spec = std::fs::read_to_string(prefix.join("share/jupyter/kernels/cistron/kernel.json")).expect("a kernelspec");
    assert!(spec.contains(&command), "{spec}");
    let notebook = r#"{"cells": [{"cell_type": "code", "id": "a", "metadata": {}, "execution_count": null, "outputs": [],
        "source": "fn double(x: u64) -> u64 { 2 * x }\ndouble(21)"}], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}"#;
    std::fs::write(folder.path().join("n.ipynb"), notebook).expect("a notebook");
    let run = cistron(
        Path::new(&command),
        &cache,
        &["run", "n.ipynb", "-o", "out.ipynb"],
        folder.path(),
    );
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let out = std::fs::read_to_string(folder.path().join("out.ipynb")).expect("an executed notebook");
    assert!(out.contains("\"42\""), "{out}");
}
