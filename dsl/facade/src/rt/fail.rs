//! How a stretch of a cell can end badly.

use std::any::Any;
use std::fmt::Display;
use std::panic::{Location, resume_unwind};

/// An error that left a cell through `?`.
#[derive(Debug)]
pub(super) struct CellError {
    /// Name of the error's type, without its path.
    pub(super) kind: String,
    /// What the error says.
    pub(super) message: String,
    /// Where the `?` stands, as the compiler sees it, if it was one.
    pub(super) place: Option<&'static Location<'static>>,
}

/// Why a stretch of a cell ended early. A box, and no enum, so that what drops it is compiled once and not in each cell.
pub struct Fail(pub(super) Box<Reason>);

/// Ends the cell as an error does that leaves it through `?`.
pub(super) fn leave(message: &str) -> ! {
    resume_unwind(Box::new(CellError {
        kind: "Error".into(),
        message: message.into(),
        place: None,
    }))
}

/// What is in a [`Fail`].
pub(super) enum Reason {
    /// An error left it through `?`.
    Error(CellError),
    /// It panicked or was interrupted; the payload says which.
    Panic(Box<dyn Any + Send>),
}

impl Fail {
    /// What unwound a stretch of a cell.
    pub(super) fn caught(payload: Box<dyn Any + Send>) -> Self {
        Self(Box::new(match payload.downcast() {
            Ok(error) => Reason::Error(*error),
            Err(payload) => Reason::Panic(payload),
        }))
    }
}

impl<E: Display> From<E> for Fail {
    #[track_caller]
    fn from(error: E) -> Self {
        from_display(&error, std::any::type_name::<E>(), Location::caller())
    }
}

#[inline(never)]
fn from_display(error: &dyn Display, type_name: &str, place: &'static Location<'static>) -> Fail {
    Fail(Box::new(Reason::Error(CellError {
        kind: short_name(type_name),
        message: format!("{error:#}"),
        place: Some(place),
    })))
}

/// The last name of a type's path; `Error` where the type says nothing.
fn short_name(type_name: &str) -> String {
    let path = type_name.split('<').next().unwrap_or_default();
    let name = path.rsplit("::").next().unwrap_or_default();
    let plain = name.starts_with(|c: char| c.is_ascii_uppercase()) && !matches!(name, "String" | "Box");
    if plain { name.to_string() } else { "Error".into() }
}
