//! The kernel as a real Jupyter client sees it. With `--nocapture` it also says how long an interrupt takes.

use cistron_tests::{cistron, python_with_jupyter};
use std::path::Path;
use std::process::Command;

/// Runs a script of `tests/python` with the kernel installed under a folder of its own. Answers what it printed.
fn script(name: &str) -> Option<String> {
    let python = python_with_jupyter()?;
    let folder = tempfile::tempdir().unwrap();
    let installed = Command::new(cistron())
        .args(["install", "--prefix"])
        .arg(folder.path())
        .output()
        .unwrap();
    assert!(installed.status.success(), "{}", String::from_utf8_lossy(&installed.stderr));
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("python").join(name);
    let output = Command::new(python)
        .arg(script)
        .current_dir(folder.path())
        .env("JUPYTER_PATH", folder.path().join("share/jupyter"))
        .env("JUPYTER_PREFER_ENV_PATH", "0")
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("CISTRON_RUNS", folder.path().join("runs"))
        .output()
        .unwrap();
    let text = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    println!("{text}");
    assert!(output.status.success(), "{text}");
    Some(text)
}

#[test]
fn a_real_client_runs_interrupts_and_recovers() {
    let Some(text) = script("client.py") else { return };
    assert!(text.contains("all checks passed"), "{text}");
}

#[test]
fn the_public_conformance_test_passes_and_skips_nothing() {
    let Some(text) = script("conformance.py") else { return };
    assert!(text.contains("\nOK\n"), "{text}");
    assert!(!text.contains("skipped"), "{text}");
}

#[test]
fn questions_subshells_unknown_requests_and_forged_messages() {
    let Some(text) = script("protocol.py") else { return };
    assert!(text.contains("all checks passed"), "{text}");
}

#[test]
fn notebooks_run_and_are_converted() {
    let Some(text) = script("convert.py") else { return };
    assert!(text.contains("all checks passed"), "{text}");
}

#[test]
fn other_front_ends_start_it_themselves() {
    let Some(text) = script("starts.py") else { return };
    assert!(text.contains("all checks passed"), "{text}");
}
