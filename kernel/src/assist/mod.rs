//! What can be said of a cell while somebody writes it: what may stand at the cursor, and what stands there.
//!
//! `reader` makes an index of the libraries when they are installed, from their sources and from the tables that the
//! parser of the declarations uses. `place` finds out what the cursor stands in, `chain` follows the types of
//! `a.b(..)?.c`, `complete` and `inspect` answer. Nothing here waits for a cell that runs.

mod chain;
mod complete;
mod declarations;
mod index;
mod inspect;
mod offer;
mod overview;
mod place;
mod reader;
mod scan;
mod session;
mod types;

#[cfg(test)]
mod tests;

pub(crate) use complete::Desk;
pub(crate) use index::Index;
pub(crate) use reader::{Source, wanted, write};
pub(crate) use scan::{Inside, scan};
pub(crate) use session::Session;
