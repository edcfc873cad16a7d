//! What cells link against: everything of the crate `cistron` and the runtime of a cell. `cistron install` makes one shared
//! library of it (`dylib/lib.rs`) that is built once and loaded once.
//!
//! Cells name it `cistron`, so that a line of a notebook is also a line of a program. It holds the
//! only copy of the standard library, the allocator, Candle and Polars in the worker process:
//! statics, thread pools and types are the same in every cell.

pub use cistron::*;
pub use serde_json;

pub mod rt;

// Compiled into the shared library; here only so that lints and tests see it.
#[cfg(any(test, clippy))]
#[path = "../dylib/instances.rs"]
mod instances;
/// What every cell starts with: the prelude of a program, and what only a notebook has.
pub mod prelude {
    pub use crate::rt::{input, password};
    pub use cistron::prelude::*;
}

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
