//! The interrupt flag: set by a signal or a message, looked at by every loop that can take long.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

static INTERRUPT: AtomicBool = AtomicBool::new(false);

/// Whether the user asked to stop. Stays set until [`clear_interrupt`].
#[inline(always)]
pub fn interrupted() -> bool {
    INTERRUPT.load(Relaxed)
}

/// Asks running work to stop. Safe inside a signal handler.
pub fn request_interrupt() {
    INTERRUPT.store(true, Relaxed);
}

/// Takes the request back; the worker does so before each cell, and `fit!` when it has stopped.
pub fn clear_interrupt() {
    INTERRUPT.store(false, Relaxed);
}
