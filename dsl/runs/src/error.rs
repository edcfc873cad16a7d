//! What can go wrong with a run's files.

use std::path::{Path, PathBuf};

/// A mistake in the files of a run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// The operating system refused.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was tried, as a verb: `read`, `create`.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// There is no such run.
    #[error("no run at {}: {found}; expected a folder that `fit!` made (with run.json in it)", path.display())]
    NoRun {
        /// Where it was looked for.
        path: PathBuf,
        /// What is there instead.
        found: String,
    },
    /// A file is not what it should be.
    #[error("{} is damaged: {found}; expected {expected}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What was found, with line or byte where there is one.
        found: String,
        /// What should stand there.
        expected: &'static str,
    },
    /// A file that is larger than anything this program writes there.
    #[error("{} has {bytes} bytes, more than the {limit} that such a file may have", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Its size.
        bytes: u64,
        /// The limit.
        limit: u64,
    },
}

impl RunError {
    /// Wraps an operating system error.
    pub fn io(action: &'static str, path: &Path, source: std::io::Error) -> Self {
        Self::Io {
            action,
            path: path.to_path_buf(),
            source,
        }
    }

    /// A damaged file.
    pub fn damaged(path: &Path, found: impl Into<String>, expected: &'static str) -> Self {
        Self::Damaged {
            path: path.to_path_buf(),
            found: found.into(),
            expected,
        }
    }
}
