//! `cistron export`: a notebook as a cargo project.
//!
//! `main.rs` is the notebook's cells in order; the project depends on the crates that the cells ran with, at the versions
//! of the same lock file. Parameters are options of the program, displays become files.

mod body;
mod manifest;
mod program;

use crate::notebook::NotebookError;
use crate::run::{RunError, prepared};
use crate::sdk::Sdk;
use std::path::{Path, PathBuf};

/// What the program needs beside the cells: options, and files in place of displays.
const SUPPORT: &str = include_str!("template/notebook.rs");

/// What to export.
#[derive(Clone, Debug)]
pub struct Request {
    /// The notebook.
    pub notebook: PathBuf,
    /// The folder of the project.
    pub folder: PathBuf,
    /// Whether files of an earlier export may be written over.
    pub force: bool,
}

/// What an export did.
#[derive(Clone, Debug)]
pub struct Exported {
    /// The program's name.
    pub name: String,
    /// What was left out and why.
    pub notes: Vec<String>,
}

/// Why a notebook could not be exported.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExportError {
    /// The notebook can't be read.
    #[error(transparent)]
    Notebook(#[from] Box<RunError>),
    /// A cell is no Rust.
    #[error(
        "cell {cell}, line {line}: {reason}\nhint: a cell that fails on purpose is tagged `raises-exception` and is left out"
    )]
    Cell {
        /// Its number among the code cells, from 1.
        cell: usize,
        /// The line in it, from 1.
        line: usize,
        /// What the parser says.
        reason: String,
    },
    /// The installation came as a file, without the source that a project is built from.
    #[error(
        "this installation came as a file (`cistron install --from`) and has no source that a project could be built from\n\
         hint: export on a machine that has it; the project then builds on any"
    )]
    NoSource,
    /// A parameter has the name of an option that every program has.
    #[error(
        "the parameter `{0}` can't be an option of the program: `--{0}` means something else there\nhint: give it another name"
    )]
    Reserved(String),
    /// The folder has something in it.
    #[error("{0} is not empty\nhint: name a new folder, or write over an earlier export with `--force`")]
    NotEmpty(PathBuf),
    /// A file could not be written.
    #[error("{path}: {error}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why not.
        error: std::io::Error,
    },
    /// Cargo can't read the project.
    #[error("the project was written, but cargo can't read it:\n{0}")]
    Cargo(String),
}

/// Writes the project.
///
/// # Errors
/// When the notebook can't be read, a cell is no Rust, or the folder can't be written.
pub fn export(request: &Request, sdk: &Sdk) -> Result<Exported, ExportError> {
    let notebook = prepared(&request.notebook, &[]).map_err(Box::new)?;
    let program = program::program(&notebook)?;
    if let Some((name, _)) = program
        .parameters
        .iter()
        .find(|(name, _)| matches!(name.as_str(), "output" | "help"))
    {
        return Err(ExportError::Reserved(name.clone()));
    }
    let folder = &request.folder;
    let file = |path: &Path| {
        let path = path.to_path_buf();
        move |error| ExportError::File { path, error }
    };
    if !sdk.source.join("dsl").is_dir() {
        return Err(ExportError::NoSource);
    }
    std::fs::create_dir_all(folder.join("src")).map_err(file(folder))?;
    let there: Vec<_> = std::fs::read_dir(folder).map_err(file(folder))?.flatten().collect();
    let sources = std::fs::read_dir(folder.join("src")).map_err(file(folder))?.count();
    if !request.force && (there.len() > 1 || sources > 0) {
        return Err(ExportError::NotEmpty(folder.clone()));
    }
    let stem = request
        .notebook
        .file_stem()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let name = manifest::package_name(&stem);
    let beside = request
        .notebook
        .parent()
        .filter(|f| !f.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    let beside = beside.canonicalize().map_err(|error| {
        let path = beside.into();
        ExportError::Notebook(Box::new(NotebookError::File { path, error }.into()))
    })?;
    let write = |name: &str, text: &str| {
        let path = folder.join(name);
        std::fs::write(&path, text).map_err(file(&path))
    };
    write("Cargo.toml", &manifest::manifest(&name, sdk, &program, &beside))?;
    write("Cargo.lock", &manifest::lock(sdk, &program.dependencies))?;
    if let Ok(toolchain) = std::fs::read_to_string(sdk.source.join("rust-toolchain.toml")) {
        write("rust-toolchain.toml", &toolchain)?;
    }
    write("src/notebook.rs", SUPPORT)?;
    let head = format!(
        "//! The notebook `{stem}` as a program, written by Cistron {} (commit {}).\n//!\n\
         //! ```text\n//! cargo build --release\n//! target/release/{name} --output results\n//! ```\n//!\n\
         //! Paths begin where the program is started: start it in the notebook's folder. `--help` lists its options.\n\n",
        sdk.version, sdk.commit
    );
    write("src/main.rs", &(head + &program.text))?;
    manifest::settle(folder)?;
    Ok(Exported {
        name,
        notes: program.notes,
    })
}
