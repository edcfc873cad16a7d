//! What a declaration of the zoo can answer instead of a model.

use cistron_declaration::Diagnostics;
use std::path::PathBuf;

/// A result of this crate.
pub type Result<T> = std::result::Result<T, ZooError>;

/// A model that does not fit the data, or a file of another program that cannot be used.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum ZooError {
    /// Mistakes in a declaration, located in its text; of a model of this crate: what the data lack for it.
    #[error("{0}")]
    Located(#[from] Diagnostics),
    /// A file of another program.
    #[error("{path}: {found}; expected {expected}")]
    File {
        /// The file.
        path: PathBuf,
        /// What was found there.
        found: String,
        /// What was expected.
        expected: String,
    },
    /// An option string that cannot be read.
    #[error("option {number}, `{text}`: {found}; expected {expected}")]
    Option {
        /// Its place in the string, from 1.
        number: usize,
        /// The option as it was written.
        text: String,
        /// What is wrong with it.
        found: String,
        /// What was expected.
        expected: String,
    },
    /// Options that together mean a network that cannot be declared.
    #[error("the options mean no network that can be declared: {}", .0.join("; "))]
    Impossible(Vec<String>),
    /// A network that cannot be made, or weights that do not fit it.
    #[error(transparent)]
    Network(#[from] cistron_nn::NetworkError),
    /// Data that cannot be read.
    #[error(transparent)]
    Data(#[from] cistron_data::DataError),
    /// A declaration that another version of the macros wrote.
    #[error("the macros and the library are of different versions: {0}")]
    Malformed(#[from] serde_json::Error),
    /// Candle's own.
    #[error(transparent)]
    Tensor(#[from] candle_core::Error),
}

/// The text of the message: it is what a program prints whose `main` returns it.
impl std::fmt::Debug for ZooError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
    }
}
