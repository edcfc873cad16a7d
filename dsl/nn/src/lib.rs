//! A declaration brought to life: weights, the executor that walks the graph forward and back, weights in and out.
//!
//! The executor computes with the operations of `cistron-ops` alone, and only with those that its harness covers.
//! Gradients are moved to their consumer and added only where a value is used twice; what backward needs of a node is
//! freed as soon as backward has passed it; without training nothing is kept beyond its last use.

mod backward;
mod error;
mod files;
mod forward;
mod network;
mod operations;
mod weights;

pub use error::{NetworkError, Result};
pub use network::{Named, Network, Step};
pub use weights::Weight;
