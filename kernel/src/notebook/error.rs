//! What can be wrong with a notebook.

use std::path::PathBuf;

/// Why a notebook can't be read, changed or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NotebookError {
    /// The file could not be read or written.
    #[error("{path}: {error}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why not.
        error: std::io::Error,
    },
    /// It is no notebook.
    #[error("{path} is no notebook: {reason}")]
    Format {
        /// Which.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// It is written in another language.
    #[error("{path} can't be run: {reason}")]
    Language {
        /// Which.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// There is nothing in it to compare with, or a tag says how in a way that can't be read.
    #[error("{path} can't be verified: {reason}")]
    Verify {
        /// Which.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A parameter on the command line that can't be used.
    #[error("-p {given}: {reason}")]
    Parameter {
        /// As given.
        given: String,
        /// What is wrong.
        reason: String,
    },
}
