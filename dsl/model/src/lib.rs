//! Declarations as data: the graph of a network, its axes, its checks, its table and its drawing. Knows no tensors.
//!
//! [`Model::declare`] elaborates the syntax of a `model!` (loops, blocks, closures, choices) into a
//! [`Graph`] of operations with named axes and named parameters; [`check_declaration`] does the same inside
//! the macro, where the data set is not known yet, and reports what can be told from the text alone.

mod blocks;
mod check;
mod compat;
mod count;
mod describe;
mod diagram;
mod elaborate;
mod graph;
mod hash;
mod kinds;
mod model;
mod operation;
mod shape;
mod start;
mod table;

pub use blocks::Blocks;
pub use check::{check_blocks, check_declaration};
pub use compat::Compat;
pub use graph::{Graph, GraphParameter, Node, NodeId, ParameterId};
pub use kinds::{Basis, Convention, Gamma, Gelu, Interpolation, Pool, Rest};
pub use model::Model;
pub use operation::Operation;
pub use start::Start;
