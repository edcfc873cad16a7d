//! Cistron: declare a network, a loss and how several inputs combine into several outputs; train it
//! inline; draw the figure in the next cell.
//!
//! This crate is what a cell or a program imports. In a notebook everything of [`prelude`] is there
//! already; a program says `use cistron::prelude::*;`.

pub use candle_core;
pub use candle_nn;
pub use plotters;
pub use polars;

pub use cistron_declaration as declaration;
pub use cistron_display as display;
pub use cistron_random as random;

pub use cistron_declaration::Value;
pub use cistron_display::{Bundle, Show};

pub mod prelude;
