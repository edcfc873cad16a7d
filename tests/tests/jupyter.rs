//! The kernel as a real Jupyter client sees it. With `--nocapture` it also says how long an interrupt takes.

use cistron_tests::{cistron, python_with_jupyter};
use std::path::Path;
use std::process::Command;

#[test]
fn a_real_client_runs_interrupts_and_recovers() {
    let Some(python) = python_with_jupyter() else { return };
    let folder = tempfile::tempdir().unwrap();
    let installed = Command::new(cistron())
        .args(["install", "--prefix"])
        .arg(folder.path())
        .output()
        .unwrap();
    assert!(installed.status.success(), "{}", String::from_utf8_lossy(&installed.stderr));
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("python/client.py");
    let output = Command::new(python)
        .arg(script)
        .current_dir(folder.path())
        .env("JUPYTER_PATH", folder.path().join("share/jupyter"))
        .env("JUPYTER_PREFER_ENV_PATH", "0")
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
    assert!(text.contains("all checks passed"), "{text}");
}
