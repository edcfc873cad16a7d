//! A declaration brought to life: weights, the executor that walks the graph forward and back, weights in and out.
//!
//! The executor computes with the operations of `cistron-ops` alone, and only with those that its harness covers.
//! Gradients are moved to their consumer and added, in place, only where a value is used twice; what backward needs of a
//! node goes back to the pool of buffers as soon as backward has passed it; a block that is marked so is computed a second
//! time instead of being kept; without training nothing is kept beyond its last use.

mod again;
mod backward;
mod custom;
mod error;
mod files;
mod forward;
mod inputs;
mod ledger;
mod memory;
mod network;
mod operations;
mod statistics;
mod timing;
mod update;
mod weights;

pub use custom::custom_layer;
pub use error::{NetworkError, Result};
pub use memory::{Memory, MemoryEstimate};
pub use network::{Named, Network, Step};
pub use timing::NodeTime;
pub use weights::Weight;
