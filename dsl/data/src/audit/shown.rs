//! Whether somebody has seen the audit.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

/// Set when the card is made for showing. Clones share it; a control has its own and asks that of its origin too.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shown {
    own: Arc<AtomicBool>,
    origin: Option<Box<Shown>>,
}

impl Shown {
    /// For data that were derived from others.
    pub(crate) fn derived(origin: &Self) -> Self {
        Self {
            own: Arc::default(),
            origin: Some(Box::new(origin.clone())),
        }
    }

    pub(crate) fn set(&self) {
        self.own.store(true, Relaxed);
    }

    pub(crate) fn is_set(&self) -> bool {
        self.own.load(Relaxed) || self.origin.as_ref().is_some_and(|origin| origin.is_set())
    }
}
