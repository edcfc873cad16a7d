//! Guarded stretches of a cell, and what is told at its end.

use super::describe;
use super::events;
use super::fail::{Fail, Reason};
use super::interrupt::was_heard;
use super::keep;
use super::panic;
use super::sources;
use super::store::Store;
use super::trace;
use std::panic::AssertUnwindSafe;

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
        Err(payload) => Err(Fail::caught(payload)),
    }
}

/// Tells the kernel how the cell ended and which variables there are, and saves those that can be kept.
pub fn finish(store: &Store, result: Result<(), Fail>) {
    sources::report();
    events::send("variables", &store.listing());
    events::send("described", &describe::changes(store).to_string());
    let chosen = keep::choose(store);
    events::send("kept", &keep::listing(&chosen));
    tell(result);
    // The user has the answer by now; what is left to save is saved while nobody waits.
    keep::save(chosen);
}

fn tell(result: Result<(), Fail>) {
    match result.map_err(|fail| *fail.0) {
        Ok(()) => events::send("ok", ""),
        Err(Reason::Error(error)) => {
            let place = error.place.map(panic::place);
            let body = serde_json::json!({"name": error.kind, "message": error.message, "place": place, "at": trace::line()});
            events::send("error", &body.to_string());
        }
        Err(Reason::Panic(_)) if was_heard() => events::send("interrupted", ""),
        Err(Reason::Panic(payload)) => events::send("panic", &panic::report(&*payload).to_string()),
    }
}
