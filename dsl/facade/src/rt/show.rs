//! How the last value of a cell is shown, decided by the compiler in the one pass there is.
//!
//! In this order: an inherent `evcxr_display(&self)` (the convention of evcxr's users), `Show`, a
//! table of another crate ([`Foreign`]), `Debug`, the name of the type. The first is found because
//! inherent methods win over those of a trait; the others because a method that needs fewer
//! references to be taken wins.

use super::foreign::Foreign;
use cistron_display::{Bundle, Show, show_result};
use std::any::{Any, TypeId, type_name};
use std::fmt::Debug;

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

/// Everything else.
pub trait ShownByName {
    /// Shows the value as the cell's result.
    fn show(&self);
}

impl<T: Show + ?Sized> ShownByForm for &&&Shown<'_, T> {
    fn show(&self) {
        show_result(&self.0.bundle());
    }
}

impl<T: Foreign + ?Sized> ShownByTable for &&Shown<'_, T> {
    fn show(&self) {
        if let Some(bundle) = self.0.forms() {
            show_result(&bundle);
        }
    }
}

impl<T: Debug + ?Sized> ShownByDebug for &Shown<'_, T> {
    fn show(&self) {
        show_debug(&self.0);
    }
}

impl<T: ?Sized> ShownByName for Shown<'_, T> {
    fn show(&self) {
        show_result(&Bundle::plain(type_name::<T>()));
    }
}

#[inline(never)]
fn show_debug(value: &dyn Debug) {
    let short = format!("{value:?}");
    let text = if short.len() > 100 { format!("{value:#?}") } else { short };
    show_result(&Bundle::plain(text));
}
