//! What is offered at a cursor, and the form in which Jupyter takes it.

use super::index::{Entry, Kind, Word};
use serde_json::{Value, json};

/// Something that may stand at the cursor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Offer {
    /// What is written.
    pub(crate) text: String,
    /// What it is, in the words of front ends.
    pub(crate) kind: &'static str,
    /// How it is declared, or the type of a variable.
    pub(crate) signature: String,
}

impl Offer {
    pub(crate) fn new(text: impl Into<String>, kind: &'static str, signature: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            kind,
            signature: signature.into(),
        }
    }

    /// A name of a library or of the session.
    pub(crate) fn entry(entry: &Entry) -> Self {
        let text = if entry.kind == Kind::Macro {
            format!("{}!", entry.name)
        } else {
            entry.name.clone()
        };
        Self::new(text, entry.kind.word(), entry.signature.clone())
    }

    /// A word of a declaration.
    pub(crate) fn word(word: &Word, kind: &'static str) -> Self {
        Self::new(word.name.clone(), kind, word.example.clone())
    }
}

/// The offers for a stretch of the cell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Offers {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) list: Vec<Offer>,
}

impl Offers {
    /// The content of `complete_reply`.
    pub(crate) fn reply(&self) -> Value {
        let matches: Vec<&str> = self.list.iter().map(|offer| offer.text.as_str()).collect();
        let types: Vec<Value> = self
            .list
            .iter()
            .map(|offer| {
                json!({
                    "start": self.start, "end": self.end, "text": offer.text, "type": offer.kind, "signature": offer.signature,
                })
            })
            .collect();
        json!({
            "status": "ok", "matches": matches, "cursor_start": self.start, "cursor_end": self.end,
            "metadata": {"_jupyter_types_experimental": types},
        })
    }
}
