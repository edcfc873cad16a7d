//! What was found when the data were read.

use crate::dataset::Contents;
use cistron_display::{Bundle, Show};

/// A line of the audit; amber ones deserve a look.
#[derive(Clone, Debug)]
pub(crate) struct Remark {
    pub(crate) text: String,
    pub(crate) amber: bool,
}

impl Remark {
    pub(crate) fn plain(text: impl Into<String>) -> Self {
        Self { text: text.into(), amber: false }
    }

    pub(crate) fn amber(text: impl Into<String>) -> Self {
        Self { text: text.into(), amber: true }
    }
}

/// What was found when the data were read.
#[derive(Clone, Debug)]
pub struct Audit {
    examples: usize,
}

impl Audit {
    pub(crate) fn of(contents: &Contents) -> Self {
        Self { examples: contents.names.len() }
    }
}

impl Show for Audit {
    fn bundle(&self) -> Bundle {
        Bundle::plain(format!("{} examples", self.examples))
    }
}
