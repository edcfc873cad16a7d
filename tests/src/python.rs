//! A Python with a real Jupyter client, in a virtual environment of its own in the cache.

use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

fn cache() -> Option<PathBuf> {
    std::env::var_os("CISTRON_CACHE")
        .map(PathBuf::from)
        .or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache/cistron")))
}

/// The interpreter of the virtual environment, which is made on first use. Without `python3`, or without a way to install
/// the client, it says so and gives nothing; with `CI=true` that is a failure.
///
/// # Panics
/// With `CI=true`, when there is no client.
pub fn python_with_jupyter() -> Option<PathBuf> {
    // The tests of one program begin together, and two installations into one environment spoil each other.
    static MADE: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let made = MADE.get_or_init(make);
    if let Err(why) = made {
        assert!(std::env::var("CI").as_deref() != Ok("true"), "no Jupyter client: {why}");
        eprintln!("skipped: no Jupyter client: {why}");
    }
    made.clone().ok()
}

fn make() -> Result<PathBuf, String> {
    let folder = cache().ok_or("neither CISTRON_CACHE nor HOME is set")?.join("venv");
    let python = folder.join("bin/python");
    let has_client = |python: &PathBuf| {
        let check = Command::new(python)
            .args(["-c", "import jupyter_client, nbclient, jupyter_kernel_test, nbconvert"])
            .output();
        check.is_ok_and(|output| output.status.success())
    };
    if has_client(&python) {
        return Ok(python);
    }
    let run = |command: &mut Command| {
        let output = command.output().map_err(|e| format!("{command:?}: {e}"))?;
        if output.status.success() {
            Ok(())
        } else {
            Err(String::from_utf8_lossy(&output.stderr).into_owned())
        }
    };
    run(Command::new("python3").args(["-m", "venv"]).arg(&folder))?;
    let packages = ["jupyter_client", "nbclient", "ipykernel", "jupyter_kernel_test", "nbconvert"];
    run(Command::new(&python).args(["-m", "pip", "install", "--quiet"]).args(packages))?;
    Ok(python)
}
