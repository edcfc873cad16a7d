//! The engine: one `rustc` call per cell, variables that live on in one worker process.
//!
//! A cell is read with syn, put into generated source (`generate`) and compiled against the prebuilt
//! facade (`compile`); the same call reports the types of its variables and its mistakes
//! (`diagnostics`). The worker loads the result and runs it (`worker`). [`Engine`] holds it together.

mod binding;
mod cell;
mod checks;
mod command;
mod compile;
mod compiling;
mod content;
mod dependency;
mod diagnostics;
mod ending;
mod failure;
mod fragment;
mod generate;
mod identifiers;
mod imports;
mod interrupt;
mod item;
mod kept;
mod lifetime;
mod recursion;
mod session;
mod short;
mod state;
mod strides;
mod types;
mod worker;

pub mod link;

pub use failure::Failure;
pub use interrupt::Interrupter;
pub use session::Engine;
pub use state::Variable;
pub use worker::Output;
