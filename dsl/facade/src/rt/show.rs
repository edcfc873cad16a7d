//! How the last value of a cell is shown, decided by the compiler in the one pass there is.
//!
//! In this order: an inherent `evcxr_display(&self)` (the convention of evcxr's users), `Show`, a
//! table of another crate ([`Foreign`]), `Debug`, `Display`, the name of the type. The first is found because
//! inherent methods win over those of a trait; the others because a method that needs fewer
//! references to be taken wins.

use super::foreign::Foreign;
use cistron_display::{Bundle, Show, Sink, note, redirected, show_result, together, with_sink};
use std::any::{Any, TypeId, type_name};
use std::fmt::{Arguments, Debug, Display, Write};
use std::rc::Rc;
use std::sync::{Mutex, PoisonError};

/// What `evcxr_display` answers where the type has none.
pub struct NotShown;

/// Gives every type an `evcxr_display` that does nothing.
pub trait EvcxrFallback {
    /// Says that there was none.
    fn evcxr_display(&self) -> NotShown {
        NotShown
    }
}

impl<T: ?Sized> EvcxrFallback for T {}

/// Whether the answer of `evcxr_display` came from a method of the type itself.
pub fn was_shown(answer: &dyn Any) -> bool {
    answer.type_id() != TypeId::of::<NotShown>()
}

/// A value about to be shown.
pub struct Shown<'a, T: ?Sized>(pub &'a T);

/// Values that implement `Show`.
pub trait ShownByForm {
    /// Shows the value as the cell's result.
    fn show(&self);
}

/// Tables and tensors of other crates.
pub trait ShownByTable {
    /// Shows the value as the cell's result.
    fn show(&self);
}

/// Values that have `Debug`.
pub trait ShownByDebug {
    /// Shows the value as the cell's result.
    fn show(&self);
}

/// Values that have `Display` and no `Debug`.
pub trait ShownByDisplay {
    /// Shows the value as the cell's result.
    fn show(&self);
}

/// Everything else.
pub trait ShownByName {
    /// Shows the value as the cell's result.
    fn show(&self);
}

impl<T: Show + ?Sized> ShownByForm for &&&&Shown<'_, T> {
    fn show(&self) {
        show_result(&self.0.bundle());
    }
}

impl<T: Foreign + ?Sized> ShownByTable for &&&Shown<'_, T> {
    fn show(&self) {
        if let Some(bundle) = self.0.forms() {
            show_result(&bundle);
        }
    }
}

impl<T: Debug + ?Sized> ShownByDebug for &&Shown<'_, T> {
    fn show(&self) {
        show_debug(&self.0);
    }
}

impl<T: Display + ?Sized> ShownByDisplay for &Shown<'_, T> {
    fn show(&self) {
        show_display(&self.0);
    }
}

impl<T: ?Sized> ShownByName for Shown<'_, T> {
    fn show(&self) {
        show_name(type_name::<T>());
    }
}

/// Lines and characters that a value without a form of its own may take.
const LINES: usize = 100;
const CHARACTERS: usize = 10_000;

/// Takes text until there is enough of it, so that a list of a million values costs no more than a short one.
struct Limited {
    text: String,
    characters: usize,
    lines: usize,
}

impl Write for Limited {
    fn write_str(&mut self, piece: &str) -> std::fmt::Result {
        for c in piece.chars() {
            if self.characters == 0 || self.lines == 0 {
                return Err(std::fmt::Error);
            }
            self.characters -= 1;
            self.lines -= usize::from(c == '\n');
            self.text.push(c);
        }
        Ok(())
    }
}

/// So much of a text: the text, whether it is whole, and whether it was cut because there was no more room.
fn within(text: Arguments<'_>, characters: usize, lines: usize) -> (String, bool, bool) {
    let mut out = Limited {
        text: String::new(),
        characters,
        lines,
    };
    let whole = out.write_fmt(text).is_ok();
    (out.text, whole, out.characters == 0 || out.lines == 0)
}

/// What `dbg!` tells of a value: all of it, up to a length that nobody reads.
pub(super) fn debug_within(value: &dyn Debug) -> String {
    match within(format_args!("{value:#?}"), 100 * CHARACTERS, 100 * LINES) {
        (text, true, _) => text,
        (text, false, _) => text + "\n.. (the rest is left out)",
    }
}

fn debug_text(value: &dyn Debug) -> String {
    if let (text, true, _) = within(format_args!("{value:?}"), 101, usize::MAX) {
        return text;
    }
    let (text, whole, full) = within(format_args!("{value:#?}"), CHARACTERS, LINES);
    ended(text, whole, full, "Debug")
}

fn display_text(value: &dyn Display) -> String {
    let (text, whole, full) = within(format_args!("{value}"), CHARACTERS, LINES);
    ended(text, whole, full, "Display")
}

/// A text that is whole, or was cut because it was `full`, or because the value's own code failed.
fn ended(text: String, whole: bool, full: bool, code: &str) -> String {
    match (whole, full) {
        (true, _) => text,
        (false, true) => format!("{}\n… (the rest is left out; `println!` prints all)", text.trim_end()),
        (false, false) => format!("{text} (its `{code}` failed here)"),
    }
}

#[inline(never)]
fn show_debug(value: &dyn Debug) {
    show_result(&Bundle::plain(debug_text(value)));
}

#[inline(never)]
fn show_display(value: &dyn Display) {
    show_result(&Bundle::plain(display_text(value)));
}

#[inline(never)]
fn show_name(type_name: &str) {
    let text = if type_name.contains("{{closure}}") {
        "a closure".to_string()
    } else {
        let hint = if type_name.starts_with("polars_lazy::") {
            "a query that has not run; `.collect()?` runs it"
        } else if type_name.starts_with("cell_") {
            "with `#[derive(Debug)]` it shows what is inside"
        } else {
            "which has no text of its own"
        };
        format!("a value of type `{}` ({hint})", short(type_name).trim())
    };
    show_result(&Bundle::plain(text));
}

/// A type as people read it: without the paths.
fn short(type_name: &str) -> String {
    let mut out = String::new();
    let mut word = String::new();
    for c in type_name.chars().chain(std::iter::once(' ')) {
        match c {
            ':' => word.clear(),
            c if c.is_alphanumeric() || c == '_' => word.push(c),
            c => {
                out.push_str(&std::mem::take(&mut word));
                out.push(c);
            }
        }
    }
    out.trim_end().to_string()
}

/// Shows several values as one result: what each shows, together. Values that are plain text all stand in brackets, as
/// `Debug` writes a tuple.
pub fn show_together(show: &dyn Fn()) {
    #[derive(Default)]
    struct Results(Mutex<Vec<Bundle>>);
    impl Sink for Results {
        fn result(&self, bundle: &Bundle) {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).push(bundle.clone());
        }
        fn display(&self, bundle: &Bundle, id: Option<&str>) {
            with_sink(|sink| sink.display(bundle, id));
        }
        fn update(&self, bundle: &Bundle, id: &str, last: bool) {
            with_sink(|sink| sink.update(bundle, id, last));
        }
        fn note(&self, line: &str) {
            note(line);
        }
    }
    let results = Rc::new(Results::default());
    redirected(results.clone(), show);
    let bundles = std::mem::take(&mut *results.0.lock().unwrap_or_else(PoisonError::into_inner));
    if bundles.iter().all(|bundle| bundle.forms.len() == 1 && !bundle.failed) {
        let words: Vec<&str> = bundles.iter().map(Bundle::text).collect();
        show_result(&Bundle::plain(format!("({})", words.join(", "))));
    } else {
        show_result(&together(&bundles, bundles.len()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_values_are_cut() {
        assert_eq!(debug_text(&[1, 2]), "[1, 2]");
        let text = debug_text(&vec!["word"; 1_000_000]);
        assert_eq!(text.lines().count(), LINES + 1);
        assert!(text.ends_with("`println!` prints all)"), "{text}");
        let text = display_text(&"y\n".repeat(1000));
        assert_eq!(text.lines().count(), LINES + 1);
        let text = debug_text(&"x".repeat(20_000));
        assert!(
            text.starts_with("\"xxx") && text.chars().count() < CHARACTERS + 100,
            "{}",
            text.len()
        );
    }

    #[test]
    fn a_type_is_named_without_its_paths() {
        assert_eq!(short("alloc::vec::Vec<cell_3::Opaque>"), "Vec<Opaque>");
    }
}
