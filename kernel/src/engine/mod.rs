//! The engine: one `rustc` call per cell, variables that live on in one worker process.
//!
//! A cell is read with syn, put into generated source (`generate`) and compiled against the prebuilt
//! facade (`compile`); the same call reports the types of its variables and its mistakes
//! (`diagnostics`). The worker loads the result and runs it (`worker`). [`Engine`] holds it together.

mod aside;
mod attributes;
mod binding;
mod cache;
pub(crate) mod cell;
mod checks;
mod command;
mod compile;
mod compiling;
mod content;
pub(crate) mod dependency;
mod described;
mod diagnostics;
mod ending;
mod extent;
pub(crate) mod extra;
mod failure;
mod fragment;
mod generate;
mod identifiers;
pub(crate) mod imports;
mod input;
mod interrupt;
pub(crate) mod item;
mod item_macro;
mod keep;
mod kept;
pub(crate) mod lifetime;
mod notes;
mod recursion;
mod redefinition;
mod refusals;
pub(crate) mod rewrite;
mod runtime;
mod session;
mod short;
mod sources;
pub(crate) mod state;
mod strides;
mod symbols;
mod twins;
mod types;
mod wording;
mod worker;

pub mod link;
pub mod show;

pub use aside::Aside;
pub(crate) use cell::split_commands;
pub use described::Described;
pub use failure::Failure;
pub use input::{Answer, Question};
pub use interrupt::Interrupter;
pub use session::Engine;
pub use sources::Sources;
pub use state::Variable;
pub(crate) use types::short;
pub use worker::Output;
