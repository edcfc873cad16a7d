//! Where a token stands in its declaration.

use serde::{Deserialize, Serialize};

/// A stretch of one line of a declaration's text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Span {
    /// Line, counted from 1.
    pub line: u32,
    /// Column in characters, counted from 0.
    pub column: u32,
    /// Length in characters (at least 1 when it points at a token).
    pub length: u32,
}

/// The text of a declaration as it was written, with the name of the macro that held it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// `model!`, `data!`, `objective!` or `fit!`.
    pub macro_name: String,
    /// The text between the macro's delimiters; spans count lines from its first line.
    pub text: String,
}

impl Source {
    /// The line with this number (from 1), or nothing.
    pub fn line(&self, number: u32) -> Option<&str> {
        self.text.lines().nth(number.checked_sub(1)? as usize)
    }
}
