//! Declarations as data: the graph of a network, its axes, its checks, its table and its drawing. Knows no tensors.
//!
//! [`Model::declare`] elaborates the syntax of a `model!` (loops, blocks, closures, choices) into a
//! [`Graph`] of operations with named axes and named parameters; [`check_declaration`] does the same inside
//! the macro, where the data set is not known yet, and reports what can be told from the text alone.

mod check;
mod count;
mod diagram;
mod elaborate;
mod graph;
mod hash;
mod model;
mod shape;
mod table;

pub use check::check_declaration;
pub use graph::{Gelu, Graph, GraphParameter, Node, NodeId, Operation, ParameterId, Pool, Start};
pub use model::Model;
