//! Where bundles go.

use crate::Bundle;
use std::cell::RefCell;
use std::io::{IsTerminal, Write};
use std::rc::Rc;
use std::sync::{OnceLock, RwLock};

/// A place that shows bundles.
pub trait Sink: Send + Sync {
    /// The value of a cell.
    fn result(&self, bundle: &Bundle);
    /// A display of its own; with an id it can be updated later.
    fn display(&self, bundle: &Bundle, id: Option<&str>);
    /// Replaces the display with this id. `last` is the form that stays in the saved notebook.
    fn update(&self, bundle: &Bundle, id: &str, last: bool);
    /// A line for the user that is not a result: what was skipped, filled in, resumed.
    fn note(&self, line: &str);
}

static SINK: OnceLock<RwLock<Box<dyn Sink>>> = OnceLock::new();

fn default_sink() -> Box<dyn Sink> {
    if std::env::var_os("EVCXR_IS_RUNTIME").is_some() {
        Box::new(Evcxr)
    } else {
        Box::new(Terminal)
    }
}

thread_local! {
    /// What stands before the sink on this thread.
    static BEFORE: RefCell<Option<Rc<dyn Sink>>> = const { RefCell::new(None) };
}

/// Puts back what stood before the sink, also when the work panics.
struct Restore(Option<Rc<dyn Sink>>);

impl Drop for Restore {
    fn drop(&mut self) {
        BEFORE.set(self.0.take());
    }
}

/// Runs `work` with `sink` in place of the process's sink on this thread, so that work made of many parts can show them as one.
/// What `sink` shows itself goes to the process's sink.
///
/// # Example
/// ```
/// use cistron_display::{Bundle, Sink, note, redirected};
/// use std::rc::Rc;
/// use std::sync::Mutex;
/// #[derive(Default)]
/// struct Notes(Mutex<Vec<String>>);
/// impl Sink for Notes {
///     fn result(&self, _: &Bundle) {}
///     fn display(&self, _: &Bundle, _: Option<&str>) {}
///     fn update(&self, _: &Bundle, _: &str, _: bool) {}
///     fn note(&self, line: &str) {
///         self.0.lock().unwrap().push(line.to_string());
///     }
/// }
/// let notes = Rc::new(Notes::default());
/// redirected(notes.clone(), || note("inside"));
/// assert_eq!(*notes.0.lock().unwrap(), ["inside"]);
/// ```
pub fn redirected<T>(sink: Rc<dyn Sink>, work: impl FnOnce() -> T) -> T {
    let _restore = Restore(BEFORE.replace(Some(sink)));
    work()
}

/// Lets `f` speak to what shows bundles on this thread now.
pub fn with_sink(f: impl FnOnce(&dyn Sink)) {
    if let Some(before) = BEFORE.take() {
        let _restore = Restore(Some(before.clone()));
        return f(&*before);
    }
    let lock = SINK.get_or_init(|| RwLock::new(default_sink()));
    f(&**lock.read().unwrap_or_else(std::sync::PoisonError::into_inner));
}

/// Replaces the sink of this process (the worker does so at start; tests may).
pub fn set_sink(sink: Box<dyn Sink>) {
    let lock = SINK.get_or_init(|| RwLock::new(default_sink()));
    *lock.write().unwrap_or_else(std::sync::PoisonError::into_inner) = sink;
}

/// Shows a value as the result of the cell.
pub fn show_result(bundle: &Bundle) {
    with_sink(|s| s.result(bundle));
}

/// Shows a bundle now.
pub fn display(bundle: &Bundle) {
    with_sink(|s| s.display(bundle, None));
}

/// Tells the user one line.
pub fn note(line: &str) {
    with_sink(|s| s.note(line));
}

/// Plain text on stdout; live displays redraw one line on a terminal's stderr and stay quiet elsewhere until the last.
struct Terminal;

impl Sink for Terminal {
    fn result(&self, bundle: &Bundle) {
        println!("{}", bundle.text());
    }

    fn display(&self, bundle: &Bundle, id: Option<&str>) {
        if id.is_none() {
            println!("{}", bundle.text());
        }
    }

    fn update(&self, bundle: &Bundle, _id: &str, last: bool) {
        if last {
            if std::io::stderr().is_terminal() {
                eprint!("\r\x1b[2K");
            }
            println!("{}", bundle.text());
        } else if std::io::stderr().is_terminal() {
            let line = bundle.text().lines().last().unwrap_or_default();
            eprint!("\r\x1b[2K{line}");
            let _ = std::io::stderr().flush();
        }
    }

    fn note(&self, line: &str) {
        eprintln!("{line}");
    }
}

/// The content protocol of stock evcxr: every form between two marker lines on stdout.
struct Evcxr;

impl Sink for Evcxr {
    fn result(&self, bundle: &Bundle) {
        let mut text = String::new();
        for (media_type, content) in &bundle.forms {
            text.push_str(&format!("EVCXR_BEGIN_CONTENT {media_type}\n{content}\nEVCXR_END_CONTENT\n"));
        }
        print!("{text}");
        let _ = std::io::stdout().flush();
    }

    fn display(&self, bundle: &Bundle, id: Option<&str>) {
        if id.is_none() {
            self.result(bundle);
        }
    }

    fn update(&self, bundle: &Bundle, _id: &str, last: bool) {
        if last {
            self.result(bundle);
        }
    }

    fn note(&self, line: &str) {
        eprintln!("{line}");
    }
}
