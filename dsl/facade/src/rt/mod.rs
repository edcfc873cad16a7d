//! The runtime of a cell: its variables, its guarded stretches, how its last value is shown, and the
//! loop of the worker process that runs one cell after the other.
//!
//! Generated code calls what is here; nobody writes these calls by hand. Everything that a cell
//! would otherwise instantiate (`catch_unwind`, formatting, boxes) is behind a function that is not
//! generic, because generic code is what makes a cell slow to compile.

mod events;
mod fail;
mod foreign;
mod frame;
mod interrupt;
mod keep;
mod panic;
mod segment;
mod serve;
mod show;
mod store;
mod tensor;

pub use events::{clear_output, display_json};
pub use fail::{CellError, Fail};
pub use foreign::Foreign;
pub use interrupt::{sleep, tick};
pub use segment::{finish, segment, segment_dyn};
pub use serve::serve;
pub use show::{EvcxrFallback, NotShown, Shown, ShownByDebug, ShownByForm, ShownByName, ShownByTable, was_shown};
pub use store::Store;
