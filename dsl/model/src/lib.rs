//! Declarations as data: the graph of a network, its axes, its checks, its table and its drawing. Knows no tensors.

mod graph;

pub use graph::{Gelu, Graph, GraphParameter, Node, NodeId, Operation, ParameterId, Pool, Start};
