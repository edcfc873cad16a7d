//! The Cistron kernel: cells of Rust, compiled in a moment and run in a process that remembers.
//!
//! [`engine`] compiles and runs cells, [`sdk`] builds what they link against, [`notebook`] reads and
//! writes notebooks, [`run`] executes one without Jupyter, [`record`] says with what it ran, [`verify`] runs it again and
//! compares, [`export`] makes a program of it, [`png`] pixels of its figures, [`jupyter`] is what Jupyter talks to, and [`doctor`] says what is missing. The command
//! `cistron` is a thin shell around them.

mod assist;
pub mod doctor;
pub mod engine;
pub mod export;
mod html;
pub mod jupyter;
pub mod notebook;
mod offspring;
pub mod png;
pub mod record;
pub mod run;
pub mod sdk;
pub mod verify;
