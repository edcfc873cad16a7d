//! What is known of a panic: its message, the line it came from, and the functions of cells that led to it.

use super::{events, trace};
use serde_json::{Value, json};
use std::any::Any;
use std::backtrace::Backtrace;
use std::cell::RefCell;
use std::panic::Location;

thread_local! {
    /// Where the last panic of this thread came from, and how it got there. Names and lines are looked up only for a
    /// panic that ends the cell.
    static LAST: RefCell<Option<(Option<Value>, Option<Backtrace>)>> = const { RefCell::new(None) };
}

pub(super) fn place(location: &Location<'_>) -> Value {
    json!({"file": location.file(), "line": location.line(), "column": location.column()})
}

/// Remembers where the panic came from; one on another thread than the cell's own is told at once, because nobody else
/// will.
pub(super) fn install_hook() {
    let cell_thread = std::thread::current().id();
    std::panic::set_hook(Box::new(move |info| {
        let place = info.location().map(place);
        let trace = trace::capture();
        if std::thread::current().id() == cell_thread {
            LAST.set(Some((place, trace)));
        } else {
            let name = std::thread::current().name().unwrap_or("unnamed").to_string();
            let told = json!({"thread": name, "message": message(info.payload()), "place": place, "frames": trace.as_ref().map(trace::frames)});
            events::send("thread_panic", &told.to_string());
        }
    }));
}

pub(super) fn report(payload: &(dyn Any + Send)) -> Value {
    let (place, frames) = LAST
        .take()
        .map_or((None, None), |(place, trace)| (place, trace.as_ref().map(trace::frames)));
    json!({"message": message(payload), "place": place, "frames": frames, "at": trace::line()})
}

fn message(payload: &(dyn Any + Send)) -> String {
    if let Some(text) = payload.downcast_ref::<&str>() {
        return (*text).to_string();
    }
    payload
        .downcast_ref::<String>()
        .cloned()
        .unwrap_or_else(|| "a panic with a value that is no text".into())
}
