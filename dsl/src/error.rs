//! What a declaration or a fit can answer instead of a value.

use cistron_data::DataError;
use cistron_declaration::Diagnostics;
use cistron_train::TrainError;

/// A declaration that cannot be used, or a fit that failed. Its text is what the cell shows; `Debug` gives the same text, because that is what
/// a program prints whose `main` returns it.
#[non_exhaustive]
pub enum Error {
    /// Mistakes in the declaration, each located in its text.
    Located(Diagnostics),
    /// What the files say.
    Data(DataError),
    /// What went wrong in training.
    Train(Box<TrainError>),
    /// A declaration that another version of the macros wrote.
    Malformed(serde_json::Error),
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Located(diagnostics) => diagnostics.fmt(f),
            Self::Data(error) => error.fmt(f),
            Self::Train(error) => error.fmt(f),
            Self::Malformed(error) => write!(
                f,
                "the macros and the library are of different versions; run `cistron install`: {error}"
            ),
        }
    }
}

impl std::fmt::Debug for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Error {}

impl From<Diagnostics> for Error {
    fn from(diagnostics: Diagnostics) -> Self {
        Self::Located(diagnostics)
    }
}

impl From<DataError> for Error {
    fn from(error: DataError) -> Self {
        Self::Data(error)
    }
}

impl From<TrainError> for Error {
    fn from(error: TrainError) -> Self {
        Self::Train(Box::new(error))
    }
}

impl From<serde_json::Error> for Error {
    fn from(error: serde_json::Error) -> Self {
        Self::Malformed(error)
    }
}
