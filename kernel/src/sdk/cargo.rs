//! A build with cargo, watched.

use super::error::SdkError;
use super::progress::read_progress;
use crate::offspring::ends_with_us;
use serde_json::Value;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// Whoever waits for a build.
pub trait Watch {
    /// The build runs as this process group; false if nobody wants it any more.
    fn started(&mut self, process: i32) -> bool;
    /// How many crates are built, of how many, and which is being built now.
    fn progress(&mut self, built: u64, all: u64, name: &str);
    /// The build has ended; true if it was stopped.
    fn ended(&mut self) -> bool;
}

/// What cargo made of one crate.
pub(super) struct Artifact {
    pub(super) name: String,
    pub(super) files: Vec<PathBuf>,
    /// The root file of its source.
    pub(super) source: PathBuf,
    pub(super) is_macro: bool,
    pub(super) is_external: bool,
}

/// Where cargo works.
pub(super) struct Cargo<'a> {
    pub(super) folder: &'a Path,
    pub(super) target: PathBuf,
}

/// What cargo sets for programs that it runs.
const INHERITED: [&str; 6] = [
    "CARGO_MANIFEST_DIR",
    "CARGO_MANIFEST_PATH",
    "CARGO_CRATE_NAME",
    "CARGO_BIN_NAME",
    "OUT_DIR",
    "RUSTC_BOOTSTRAP",
];

impl Cargo<'_> {
    /// Builds in release mode.
    pub(super) fn build(&self, what: &str, arguments: &[&str], watch: &mut dyn Watch) -> Result<Vec<Artifact>, SdkError> {
        let mut child = self.start(arguments)?;
        let (Some(stdout), Some(stderr)) = (child.stdout.take(), child.stderr.take()) else {
            return Err(SdkError::NoRust("`cargo` has no output".into()));
        };
        let process = child.id() as i32;
        if !watch.started(process) {
            // SAFETY: a plain system call; the group is that of a child that has not been waited for.
            unsafe { libc::kill(-process, libc::SIGKILL) };
        }
        let reader = std::thread::spawn(move || artifacts(stdout));
        let output = follow(stderr, watch);
        let artifacts = reader.join().unwrap_or_default();
        let stopped = watch.ended();
        let status = child.wait().map_err(|e| SdkError::NoRust(e.to_string()))?;
        if stopped {
            return Err(SdkError::Stopped(what.into()));
        }
        if status.success() {
            return Ok(artifacts);
        }
        Err(SdkError::Build {
            what: what.into(),
            output: essence(&output),
        })
    }

    fn start(&self, arguments: &[&str]) -> Result<Child, SdkError> {
        let mut command = Command::new("cargo");
        command
            .args(["build", "--release", "--message-format=json-render-diagnostics"])
            .args(arguments);
        command.args([
            "--config",
            "term.progress.when='always'",
            "--config",
            "term.progress.width=100",
        ]);
        command.current_dir(self.folder).env("CARGO_TARGET_DIR", &self.target);
        // A build inside a build must not see what the outer one set for itself.
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            if text.starts_with("CARGO_PKG_") || INHERITED.contains(&text.as_ref()) {
                command.env_remove(&name);
            }
        }
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        ends_with_us(&mut command);
        command
            .process_group(0)
            .spawn()
            .map_err(|e| SdkError::NoRust(format!("`cargo` did not start: {e}")))
    }
}

fn artifacts(stdout: impl Read) -> Vec<Artifact> {
    let mut out = Vec::new();
    for line in BufReader::new(stdout).lines().map_while(Result::ok) {
        let message: Value = serde_json::from_str(&line).unwrap_or_default();
        if message["reason"] == "compiler-artifact" {
            let texts = |value: &Value| -> Vec<String> {
                value
                    .as_array()
                    .into_iter()
                    .flatten()
                    .filter_map(|v| v.as_str().map(String::from))
                    .collect()
            };
            let package = message["package_id"].as_str().unwrap_or_default();
            out.push(Artifact {
                name: message["target"]["name"].as_str().unwrap_or_default().into(),
                files: texts(&message["filenames"]).into_iter().map(PathBuf::from).collect(),
                source: message["target"]["src_path"].as_str().unwrap_or_default().into(),
                is_macro: texts(&message["target"]["kind"]).iter().any(|kind| kind == "proc-macro"),
                is_external: package.starts_with("registry+"),
            });
        }
    }
    out
}

/// Passes on progress and answers everything else that cargo said.
fn follow(stderr: impl Read, watch: &mut dyn Watch) -> String {
    let mut output = String::new();
    let mut reader = BufReader::new(stderr);
    let mut line = Vec::new();
    loop {
        line.clear();
        let mut byte = [0];
        while let Ok(1) = reader.read(&mut byte) {
            if matches!(byte[0], b'\r' | b'\n') {
                break;
            }
            line.push(byte[0]);
        }
        let ended = byte[0] == 0;
        let text = String::from_utf8_lossy(&line).replace("\u{1b}[K", "");
        match read_progress(&text) {
            Some((built, all, name)) => watch.progress(built, all, name),
            None if text.trim().is_empty() => {}
            None => {
                output.push_str(text.trim_end());
                output.push('\n');
            }
        }
        if ended && line.is_empty() {
            break;
        }
    }
    output
}

/// What cargo said, from its first error on: what went well before is of no interest.
fn essence(output: &str) -> String {
    let lines: Vec<&str> = output.lines().collect();
    let first = lines.iter().position(|line| line.trim_start().starts_with("error"));
    lines[first.unwrap_or(0)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_went_well_is_left_out_of_a_failure() {
        let said = "    Updating index\n   Compiling a v1.0.0\nerror: failed to select a version\n  needed by b";
        assert_eq!(essence(said), "error: failed to select a version\n  needed by b");
        assert_eq!(essence("no error here"), "no error here");
    }
}
