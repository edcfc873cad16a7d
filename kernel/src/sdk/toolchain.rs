//! The toolchain that builds cells: the one the workspace asks for.

use super::error::SdkError;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A Rust toolchain.
#[derive(Clone, Debug)]
pub struct Toolchain {
    /// Its root.
    pub sysroot: PathBuf,
    /// What `rustc -vV` says.
    pub version: String,
    /// The machine it builds for.
    pub triple: String,
}

impl Toolchain {
    /// The toolchain that rustup chooses in a folder (or the only one there is).
    ///
    /// # Errors
    /// When there is none.
    pub fn find(folder: &Path) -> Result<Self, SdkError> {
        Self::at(PathBuf::from(
            answer("rustc".as_ref(), &["--print", "sysroot"], folder)?.trim(),
        ))
    }

    /// The toolchain with this root.
    ///
    /// # Errors
    /// When its compiler does not answer.
    pub(super) fn at(sysroot: PathBuf) -> Result<Self, SdkError> {
        let mut toolchain = Self {
            sysroot,
            version: String::new(),
            triple: String::new(),
        };
        toolchain.version = answer(&toolchain.rustc(), &["-vV"], Path::new("."))?.trim().to_string();
        toolchain.triple = toolchain
            .version
            .lines()
            .find_map(|l| l.strip_prefix("host: "))
            .unwrap_or_default()
            .to_string();
        Ok(toolchain)
    }

    /// Its compiler.
    pub fn rustc(&self) -> PathBuf {
        self.sysroot.join("bin/rustc")
    }

    /// The standard library's folder.
    pub(super) fn libraries(&self) -> PathBuf {
        self.sysroot.join("lib/rustlib").join(&self.triple).join("lib")
    }

    /// First line of its version.
    pub fn short_version(&self) -> &str {
        self.version.lines().next().unwrap_or_default()
    }
}

/// What a program prints.
pub(super) fn answer(program: &Path, arguments: &[&str], folder: &Path) -> Result<String, SdkError> {
    let failed = |why: String| SdkError::NoRust(format!("`{} {}` {why}", program.display(), arguments.join(" ")));
    let output = Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .env_remove("RUST_BACKTRACE")
        .output()
        .map_err(|e| failed(format!("did not start: {e}")))?;
    if !output.status.success() {
        return Err(failed(format!("failed: {}", String::from_utf8_lossy(&output.stderr).trim())));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
