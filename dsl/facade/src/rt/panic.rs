//! What is known of a panic: its message, the line it came from, and the functions of cells that led to it.

use super::{events, trace};
use serde_json::{Value, json};
use std::any::Any;
use std::cell::RefCell;
use std::panic::{Location, PanicHookInfo};

/// A panic that has not ended anything yet.
struct Raised {
    place: Option<Value>,
    calls: Vec<trace::Call>,
    message: String,
}

thread_local! {
    /// The last panic of the cell's thread, and how it got there. Names and lines are looked up only for a panic that ends the
    /// cell.
    static LAST: RefCell<Option<Raised>> = const { RefCell::new(None) };
}

pub(super) fn place(location: &Location<'_>) -> Value {
    json!({"file": location.file(), "line": location.line(), "column": location.column()})
}

/// Remembers where the panic came from. One on another thread than the cell's own is told at once, because nobody else
/// will; so is one that ends the process.
pub(super) fn install_hook() {
    let cell_thread = std::thread::current().id();
    std::panic::set_hook(Box::new(move |info| {
        let raised = Raised {
            place: info.location().map(place),
            calls: trace::capture(),
            message: message(info.payload()),
        };
        let own = std::thread::current().id() == cell_thread;
        if !unwinds(info) {
            tell_end(raised, own);
        } else if own {
            LAST.set(Some(raised));
        } else {
            events::send("thread_panic", &told(&raised, Some(&thread())).to_string());
        }
    }));
}

/// Whether the panic can be caught. The standard library keeps this to itself, except here; a test has a panic that can't.
fn unwinds(info: &PanicHookInfo<'_>) -> bool {
    !format!("{info:?}").contains("can_unwind: false")
}

/// Tells of a panic that ends the process. One that came to a border which no panic passes is told as what it was.
fn tell_end(end: Raised, own: bool) {
    let border = end.message.starts_with("panic in a ");
    let thread = (!own).then(thread);
    let earlier = if own && border { LAST.take() } else { None };
    let (raised, why) = match earlier {
        Some(raised) => (raised, Some(end.message)),
        None => (end, None),
    };
    let mut body = told(&raised, thread.as_deref());
    body["why"] = why.into();
    events::send("fatal", &body.to_string());
}

fn thread() -> String {
    std::thread::current().name().unwrap_or("unnamed").to_string()
}

fn told(raised: &Raised, thread: Option<&str>) -> Value {
    let at = thread.is_none().then(trace::line);
    json!({"thread": thread, "message": raised.message, "place": raised.place, "frames": trace::told(&raised.calls), "at": at})
}

/// A cell begins: what panicked before it is none of its concern.
pub(super) fn begin() {
    LAST.take();
}

pub(super) fn report(payload: &(dyn Any + Send)) -> Value {
    let message = message(payload);
    // A panic that was caught, or that another thread passed on, is not where this one came from.
    let raised = LAST.take().filter(|raised| raised.message == message);
    let (place, calls) = raised.map_or_else(Default::default, |raised| (raised.place, raised.calls));
    told(&Raised { place, calls, message }, None)
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
