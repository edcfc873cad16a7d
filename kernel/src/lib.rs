//! The Cistron kernel: cells of Rust, compiled in a moment and run in a process that remembers.
//!
//! [`engine`] compiles and runs cells, [`sdk`] builds what they link against, [`notebook`] reads and
//! writes notebooks, [`run`] executes one without Jupyter, [`jupyter`] is what Jupyter talks to, and
//! [`doctor`] says what is missing. The command `cistron` is a thin shell around them.

mod assist;
pub mod doctor;
pub mod engine;
pub mod jupyter;
pub mod notebook;
pub mod run;
pub mod sdk;
