//! What Jupyter talks to: messages of protocol 5.4 over ZeroMQ.
//!
//! Three parts: `shell` answers requests, `executor` runs cells on a thread of its own so that
//! everything else is answered while one runs, and `iopub` publishes what they show.

mod comms;
mod complete;
mod connection;
mod control;
mod execution;
mod executor;
mod expressions;
mod guard;
mod history;
mod info;
mod iopub;
mod seen;
mod shell;
mod stdin;
mod subshells;
mod wire;

pub use info::language_info;
pub use shell::serve;
pub use wire::accepts;
