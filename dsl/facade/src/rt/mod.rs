//! The runtime of a cell: its variables, its guarded stretches, how its last value is shown, and the
//! loop of the worker process that runs one cell after the other.
//!
//! Generated code calls what is here; nobody writes these calls by hand. Everything that a cell
//! would otherwise instantiate (`catch_unwind`, formatting, boxes) is behind a function that is not
//! generic, because generic code is what makes a cell slow to compile.

mod debugged;
mod describe;
mod events;
mod fail;
mod foreign;
mod frame;
#[cfg(target_os = "linux")]
mod hashing;
mod input;
mod interrupt;
mod keep;
mod numbers;
mod panic;
mod segment;
mod serve;
mod show;
mod sources;
mod store;
mod tensor;
mod trace;
mod waiting;

pub use debugged::debugged;
pub use describe::{Description, describe};
pub use events::{clear_output, display_json};
pub use fail::Fail;
pub use foreign::Foreign;
pub use input::{InputError, input, password};
pub use interrupt::{sleep, tick};
pub use segment::{finish, segment, segment_dyn};
pub use serve::serve;
pub use show::{
    EvcxrFallback, NotShown, Shown, ShownByDebug, ShownByDisplay, ShownByForm, ShownByName, ShownByTable, show_together,
    was_shown,
};
pub use store::Store;
pub use trace::at;
pub use waiting::block_on;
