//! What can go wrong before the first cell.

use std::path::{Path, PathBuf};

/// Why there is nothing to link cells against.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SdkError {
    /// A file or folder could not be used.
    #[error("{path}: {error}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why not.
        error: std::io::Error,
    },
    /// The source of the DSL is not where it was when this command was built.
    #[error(
        "the source of Cistron is not at {0}: no Cargo.toml with dsl/facade there.\nhint: give its place with `--source` or in CISTRON_SOURCE"
    )]
    NoSource(PathBuf),
    /// Rust is missing or doesn't answer.
    #[error("Rust could not be used: {0}\nhint: install it from https://rustup.rs; Cistron needs rustc, cargo and a C compiler")]
    NoRust(String),
    /// No program that links.
    #[error(
        "no linker was found: neither `ld.bfd` on the PATH nor `rust-lld` in {0}\nhint: reinstall the toolchain with rustup, or install binutils"
    )]
    NoLinker(PathBuf),
    /// The build failed.
    #[error("{what} could not be built:\n{output}")]
    Build {
        /// What was built.
        what: String,
        /// What the compiler said.
        output: String,
    },
    /// An installation that came as a file is for other machines.
    #[error(
        "{path} was made for another {what}\n  made for {made}\n  this is  {here}\nhint: `cistron pack` on a machine like this one makes one that fits"
    )]
    OtherMachine {
        /// The file.
        path: PathBuf,
        /// What differs.
        what: &'static str,
        /// There.
        made: String,
        /// Here.
        here: String,
    },
    /// An installation that came as a file can't be read.
    #[error(
        "{path} is no installation that can be used: {reason}\nhint: `cistron pack FILE` writes one; was it copied to its end?"
    )]
    DamagedPack {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The user stopped a build.
    #[error("the build of {0} was stopped; what was compiled so far is kept")]
    Stopped(String),
    /// A crate can't be had.
    #[error(
        "{line} can't be had: there is no way to the registry and cargo has not kept it\nhint: build it once with a network (`:dep {line}`), or say a version that was used before; cargo said:\n{output}"
    )]
    Offline {
        /// What was asked for.
        line: String,
        /// What cargo said.
        output: String,
    },
    /// No version of a crate fits.
    #[error(
        "no version of a crate fits what is asked for: {line}\nhint: `:dep NAME` without a version takes the newest; cargo said:\n{output}"
    )]
    Version {
        /// What was asked for.
        line: String,
        /// What cargo said.
        output: String,
    },
    /// Nothing is installed.
    #[error("nothing is installed in {0} yet\nhint: run `cistron install`")]
    NotInstalled(PathBuf),
    /// The toolchain is another one than the libraries were built with.
    #[error(
        "the libraries for cells were built with\n  {built}\nbut {rustc} is now\n  {found}\nhint: run `cistron install` again"
    )]
    OtherToolchain {
        /// The compiler.
        rustc: PathBuf,
        /// Its version then.
        built: String,
        /// Its version now.
        found: String,
    },
    /// A file in the cache can't be read.
    #[error("{path} is damaged: {reason}\nhint: run `cistron install` again")]
    Damaged {
        /// Which.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
}

impl SdkError {
    pub(crate) fn file(path: &Path) -> impl Fn(std::io::Error) -> Self {
        let path = path.to_path_buf();
        move |error| Self::File {
            path: path.clone(),
            error,
        }
    }
}
