//! A display that redraws in place.

use crate::{Bundle, sink::with_sink};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

static NEXT: AtomicU64 = AtomicU64::new(1);

/// A display that is updated while work goes on and leaves one final form in the saved notebook.
#[derive(Debug)]
pub struct Live {
    id: String,
    shown: bool,
    last_update: Option<Instant>,
}

impl Default for Live {
    fn default() -> Self {
        Self::new()
    }
}

impl Live {
    /// A display that is not on the screen before its first update.
    pub fn new() -> Self {
        let number = NEXT.fetch_add(1, Relaxed);
        Self {
            id: format!("cistron-{}-{number}", std::process::id()),
            shown: false,
            last_update: None,
        }
    }

    /// Whether at least `every` has passed since the last update, so that redrawing is worth it.
    pub fn is_due(&self, every: Duration) -> bool {
        self.last_update.is_none_or(|at| at.elapsed() >= every)
    }

    /// Draws it again.
    pub fn update(&mut self, bundle: &Bundle) {
        self.send(bundle, false);
    }

    /// Draws it for the last time.
    pub fn finish(mut self, bundle: &Bundle) {
        self.send(bundle, true);
    }

    fn send(&mut self, bundle: &Bundle, last: bool) {
        with_sink(|sink| {
            if !self.shown {
                sink.display(bundle, Some(&self.id));
            }
            if self.shown || last {
                sink.update(bundle, &self.id, last);
            }
        });
        self.shown = true;
        self.last_update = Some(Instant::now());
    }
}
