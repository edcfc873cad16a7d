//! Real cells through the engine: what survives what, and what is said when it does not.

#[path = "../support/mod.rs"]
mod support;

mod commands;
mod deaths;
mod display;
mod failures;
mod interrupts;
mod items;
mod lazy;
mod places;
mod variables;

use support::{failure, shown};
