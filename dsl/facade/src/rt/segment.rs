//! Guarded stretches of a cell, and the check that an interrupt makes in every loop.

use super::describe;
use super::events;
use super::fail::{Fail, Reason};
use super::panic;
use super::sources;
use super::store::Store;
use super::trace;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

/// Set with the signal, looked at by loops of the user's own code. Apart from
/// `cistron_display::interrupted`, which a training loop takes back when it has stopped, so that a
/// loop of several fits ends too.
static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// What an interrupted cell unwinds with.
pub(super) struct Interrupted;

/// Runs one stretch of a cell; what was bound before it survives whatever happens in it.
#[inline(always)]
pub fn segment<F: FnOnce() -> Result<(), Fail>>(stretch: F) -> Result<(), Fail> {
    let mut stretch = Some(stretch);
    segment_dyn(&mut || match stretch.take() {
        Some(stretch) => stretch(),
        None => Ok(()),
    })
}

/// [`segment`] with `catch_unwind` instantiated here, once, and not in every cell.
#[inline(never)]
pub fn segment_dyn(stretch: &mut dyn FnMut() -> Result<(), Fail>) -> Result<(), Fail> {
    match std::panic::catch_unwind(AssertUnwindSafe(stretch)) {
        Ok(result) => result,
        Err(payload) => Err(Fail(Box::new(Reason::Panic(payload)))),
    }
}

/// Ends the cell here if the user asked for it. The kernel puts it at the top of loops.
#[inline(always)]
pub fn tick() {
    if INTERRUPTED.load(Relaxed) {
        stop();
    }
}

#[cold]
#[inline(never)]
fn stop() -> ! {
    std::panic::resume_unwind(Box::new(Interrupted))
}

/// Ends the cell because the user asked for it while it waited for somebody else.
pub(super) fn interrupted() -> ! {
    stop()
}

pub(super) fn request_interrupt() {
    INTERRUPTED.store(true, Relaxed);
    cistron_display::request_interrupt();
}

pub(super) fn clear_interrupt() {
    INTERRUPTED.store(false, Relaxed);
    cistron_display::clear_interrupt();
}

/// Tells the kernel how the cell ended and which variables there are.
pub fn finish(store: &Store, result: Result<(), Fail>) {
    sources::report();
    events::send("variables", &store.listing());
    events::send("described", &describe::changes(store).to_string());
    match result.map_err(|fail| *fail.0) {
        Ok(()) => events::send("ok", ""),
        Err(Reason::Error(error)) => {
            let place = panic::place(error.place);
            let body = serde_json::json!({"name": error.kind, "message": error.message, "place": place, "at": trace::line()});
            events::send("error", &body.to_string());
        }
        Err(Reason::Panic(payload)) if payload.is::<Interrupted>() => events::send("interrupted", ""),
        Err(Reason::Panic(payload)) => events::send("panic", &panic::report(&*payload).to_string()),
    }
}
