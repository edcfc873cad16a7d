//! What can go wrong with data.

use cistron_declaration::Diagnostics;

/// The result of this crate's functions.
pub type Result<T> = std::result::Result<T, DataError>;

/// A mistake in a declaration, a file or a request for rows. The text says what was found, where, and what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DataError {
    /// Located mistakes of a `data!` declaration.
    #[error("{0}")]
    Declaration(Diagnostics),
    /// The declaration that a macro handed over cannot be read.
    #[error("the declaration handed over by `data!` cannot be read: {0}")]
    Malformed(String),
    /// A file that cannot be used: its name, the line when there is one, and what is wrong.
    #[error("{path}{}: {message}", line.map(|l| format!(":{l}")).unwrap_or_default())]
    File {
        /// The file.
        path: String,
        /// The line, counted from 1.
        line: Option<usize>,
        /// What is wrong, and a hint.
        message: String,
    },
    /// An input, output, column or part that does not exist.
    #[error("no {what} `{name}`: {hint}")]
    Unknown {
        /// What kind of thing was asked for.
        what: &'static str,
        /// Its name.
        name: String,
        /// The nearest name or the list of what exists.
        hint: String,
    },
    /// A fold that does not exist.
    #[error("no fold {fold}: {exist}")]
    Fold {
        /// The number asked for.
        fold: usize,
        /// What exists.
        exist: String,
    },
    /// A part without rows.
    #[error("the {part} part is empty: {reason}")]
    EmptyPart {
        /// `training`, `validation` or `test`.
        part: String,
        /// Why.
        reason: String,
    },
    /// A registered data set that is not here and cannot be fetched, or has other content than registered.
    #[error("{0}")]
    Registry(String),
    /// Values that a function cannot use.
    #[error("{0}")]
    Values(String),
    /// A table operation.
    #[error("table: {0}")]
    Table(#[from] polars::error::PolarsError),
    /// A tensor operation.
    #[error("tensor: {0}")]
    Tensor(#[from] candle_core::Error),
}

impl DataError {
    pub(crate) fn file(path: impl std::fmt::Display, line: Option<usize>, message: impl Into<String>) -> Self {
        Self::File {
            path: path.to_string(),
            line,
            message: message.into(),
        }
    }

    pub(crate) fn unknown<'a>(what: &'static str, name: &str, exist: impl IntoIterator<Item = &'a str>) -> Self {
        Self::Unknown {
            what,
            name: name.into(),
            hint: cistron_declaration::did_you_mean(name, exist),
        }
    }
}
