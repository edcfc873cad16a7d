//! The manifest and the lock file of an exported program: the crates of the notebook, at its versions.

use super::ExportError;
use super::program::Program;
use crate::engine::dependency::from_here;
use crate::sdk::{Sdk, cache_folder};
use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Stdio};

/// A name that cargo takes, made of a notebook's.
pub(super) fn package_name(stem: &str) -> String {
    let plain = |c: char| {
        if c.is_ascii_alphanumeric() || c == '_' || c == '-' {
            c.to_ascii_lowercase()
        } else {
            '-'
        }
    };
    let name: String = stem.chars().map(plain).collect();
    let name = name.trim_matches('-');
    let letter = name.starts_with(|c: char| c.is_ascii_alphabetic());
    let reserved = matches!(name, "cistron" | "test" | "core" | "std" | "alloc" | "proc_macro" | "main");
    if letter && !reserved {
        name.into()
    } else {
        format!("notebook-{name}").trim_end_matches('-').into()
    }
}

/// `Cargo.toml`. `folder` is the notebook's, where `path` dependencies begin.
pub(super) fn manifest(name: &str, sdk: &Sdk, program: &Program, folder: &Path) -> String {
    let at = |part: &str| toml_text(&sdk.source.join(part).display().to_string());
    let mut lines = String::new();
    for extra in &program.extras {
        let (krate, part) = extra.package();
        lines.push_str(&format!("{krate} = {{ path = {} }}\n", at(part)));
    }
    for (name, requirement) in &program.dependencies {
        lines.push_str(&format!("{name} = {}\n", from_here(requirement, folder)));
    }
    let source = at("dsl");
    format!(
        "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\npublish = false\n\n\
         [dependencies]\ncistron = {{ path = {source} }}\n{lines}\n\
         [workspace]\n\n[profile.release]\nopt-level = 3\ndebug = false\nstrip = \"debuginfo\"\npanic = \"unwind\"\n"
    )
}

fn toml_text(text: &str) -> String {
    let escaped: String = text
        .chars()
        .flat_map(|c| if matches!(c, '"' | '\\') { vec!['\\', c] } else { vec![c] })
        .collect();
    format!("\"{escaped}\"")
}

/// The versions that the libraries for cells were built with, and those of the `:dep` crates.
pub(super) fn lock(sdk: &Sdk, dependencies: &[(String, String)]) -> String {
    let mut lock = std::fs::read_to_string(sdk.source.join("Cargo.lock")).unwrap_or_default();
    for (name, _) in dependencies {
        let start = format!("dep_{}_", name.replace('-', "_"));
        let built = std::fs::read_dir(cache_folder().join("dependencies"))
            .into_iter()
            .flatten()
            .flatten();
        let ours = built.filter(|entry| entry.file_name().to_string_lossy().starts_with(&start));
        for entry in ours {
            let other = std::fs::read_to_string(entry.path().join("Cargo.lock")).unwrap_or_default();
            lock = merged(&lock, &other);
        }
    }
    lock
}

/// A lock file with the packages of another one that it does not have.
fn merged(lock: &str, other: &str) -> String {
    let identity = |block: &str| -> Option<String> {
        let line = |key: &str| block.lines().find(|line| line.starts_with(key));
        // Crates of the workspace and the wrapper around a crate have no source: they are not for others.
        line("source = ")?;
        Some(format!("{} {}", line("name = ")?, line("version = ")?))
    };
    let blocks = |text: &str| -> Vec<String> {
        let parts = text.split("[[package]]").skip(1);
        parts.map(|block| block.trim().to_string()).collect()
    };
    let known: BTreeSet<String> = blocks(lock).iter().filter_map(|block| identity(block)).collect();
    let mut out = lock.trim_end().to_string();
    for block in blocks(other) {
        if identity(&block).is_some_and(|identity| !known.contains(&identity)) {
            out.push_str(&format!("\n\n[[package]]\n{block}"));
        }
    }
    out + "\n"
}

/// Lets cargo read the project: a mistake in the manifest shows now, and the lock file gets the project's own name. First
/// without the network: all that the notebook ran with is on this machine.
pub(super) fn settle(folder: &Path) -> Result<(), ExportError> {
    let cargo = |offline: &[&str]| {
        let mut command = Command::new("cargo");
        command.args(["metadata", "--format-version", "1"]).args(offline);
        command
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        // A cargo inside a cargo must not see what the outer one set for itself.
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("CARGO_PKG_") || name == "CARGO_MANIFEST_DIR" {
                command.env_remove(name);
            }
        }
        command
            .output()
            .map_err(|e| ExportError::Cargo(format!("`cargo` did not start: {e}")))
    };
    if cargo(&["--offline"])?.status.success() {
        return Ok(());
    }
    let output = cargo(&[])?;
    if output.status.success() {
        return Ok(());
    }
    Err(ExportError::Cargo(String::from_utf8_lossy(&output.stderr).trim().into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_ones_that_cargo_takes() {
        assert_eq!(package_name("Figure 2 (ä)"), "figure-2");
        assert_eq!(package_name("2nd"), "notebook-2nd");
        assert_eq!(package_name("ä"), "notebook");
        assert_eq!(package_name("core"), "notebook-core");
    }

    #[test]
    fn locks_are_merged_package_by_package() {
        let package = |name: &str, version: &str, source: &str| {
            format!("[[package]]\nname = \"{name}\"\nversion = \"{version}\"\n{source}")
        };
        let registry = "source = \"registry\"\n";
        let ours = format!("version = 4\n\n{}\n{}", package("a", "1", registry), package("own", "0", ""));
        let theirs = format!(
            "version = 4\n\n{}\n{}\n{}",
            package("a", "1", registry),
            package("a", "2", registry),
            package("w", "0", "")
        );
        let merged = merged(&ours, &theirs);
        assert_eq!(merged.matches("name = \"a\"").count(), 2, "{merged}");
        assert!(!merged.contains("\"w\""), "{merged}");
        assert_eq!(merged.matches("version = 4").count(), 1, "{merged}");
    }
}
