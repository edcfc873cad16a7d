//! The engine: one `rustc` call per cell, variables that live on in one worker process.
//!
//! A cell is read with syn, put into generated source (`generate`) and compiled against the prebuilt
//! facade (`compile`); the same call reports the types of its variables and its mistakes
//! (`diagnostics`). The worker loads the result and runs it (`worker`). [`Engine`] holds it together.

mod binding;
pub(crate) mod cell;
mod command;
mod compile;
mod compiling;
mod content;
mod dependency;
mod diagnostics;
mod failure;
mod fragment;
mod generate;
mod identifiers;
pub(crate) mod imports;
mod interrupt;
pub(crate) mod item;
mod lifetime;
mod loops;
mod session;
mod sources;
pub(crate) mod state;
mod types;
mod worker;

pub mod link;

pub use failure::Failure;
pub use interrupt::Interrupter;
pub use session::Engine;
pub use sources::Sources;
pub use state::Variable;
pub use worker::Output;
