//! What is known of a panic: its message and the line it came from, without a backtrace.

use serde_json::{Value, json};
use std::any::Any;
use std::cell::RefCell;
use std::panic::Location;

thread_local! {
    static LAST_PLACE: RefCell<Option<Value>> = const { RefCell::new(None) };
}

pub(super) fn place(location: &Location<'_>) -> Value {
    json!({"file": location.file(), "line": location.line(), "column": location.column()})
}

/// Remembers where the panic came from; on threads other than the cell's own it also says so on
/// stderr, because nobody else will.
pub(super) fn install_hook() {
    let cell_thread = std::thread::current().id();
    std::panic::set_hook(Box::new(move |info| {
        LAST_PLACE.with(|last| *last.borrow_mut() = info.location().map(place));
        if std::thread::current().id() != cell_thread {
            let name = std::thread::current().name().unwrap_or("unnamed").to_string();
            let line = info
                .location()
                .map(|l| format!(" at {}:{}", l.file(), l.line()))
                .unwrap_or_default();
            eprintln!("thread `{name}` panicked{line}: {}", message(info.payload()));
        }
    }));
}

pub(super) fn report(payload: &(dyn Any + Send)) -> Value {
    let place = LAST_PLACE.with(|last| last.borrow_mut().take());
    json!({"message": message(payload), "place": place})
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
