//! What can be wrong with a figure's input.

use std::path::PathBuf;

/// Why a figure could not be drawn or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PlotError {
    /// Nothing to draw.
    #[error("{plot}: nothing to draw: {what}")]
    Empty {
        /// The kind of figure.
        plot: &'static str,
        /// What was empty, and what to give.
        what: String,
    },
    /// Two slices that belong together differ in length.
    #[error("{plot}: {first} has {first_length} values, {second} has {second_length}; both need the same number")]
    Length {
        /// The kind of figure.
        plot: &'static str,
        /// Name of the first slice.
        first: String,
        /// Its length.
        first_length: usize,
        /// Name of the second slice.
        second: String,
        /// Its length.
        second_length: usize,
    },
    /// A value that has no place on an axis.
    #[error("{plot}: {what} is {value}; expected {expected}")]
    Value {
        /// The kind of figure.
        plot: &'static str,
        /// Where the value was found.
        what: String,
        /// The value.
        value: String,
        /// What would be fine.
        expected: &'static str,
    },
    /// A file name that is not `.svg`.
    #[error(
        "{path}: figures are written as SVG, found {found}; expected a name that ends in .svg (rsvg-convert or Inkscape make PNG and PDF of it)"
    )]
    Extension {
        /// The file asked for.
        path: PathBuf,
        /// Its ending, in words.
        found: String,
    },
    /// The file could not be written.
    #[error("{path}: the figure could not be written: {source}")]
    Write {
        /// The file asked for.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Plotters refused to draw.
    #[error("plotters could not draw: {0}")]
    Plotters(String),
}

impl PlotError {
    pub(crate) fn empty(plot: &'static str, what: impl Into<String>) -> Self {
        Self::Empty { plot, what: what.into() }
    }

    pub(crate) fn value(plot: &'static str, what: impl Into<String>, value: impl ToString, expected: &'static str) -> Self {
        Self::Value {
            plot,
            what: what.into(),
            value: value.to_string(),
            expected,
        }
    }
}
