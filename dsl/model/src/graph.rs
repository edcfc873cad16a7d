//! The declared network, unrolled: nodes with named axes, parameters, inputs and outputs.

use crate::{Operation, Start};
use cistron_declaration::{Axis, Span};
use serde::{Deserialize, Serialize};

/// A node's place in [`Graph::nodes`]; nodes are stored in an order in which they can be computed.
pub type NodeId = usize;
/// A parameter's place in [`Graph::parameters`].
pub type ParameterId = usize;

/// The unrolled network.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Graph {
    /// Nodes in computing order.
    pub nodes: Vec<Node>,
    /// Weights and buffers, each named once even when several nodes use it.
    pub parameters: Vec<GraphParameter>,
    /// Output name and the node that gives it, in the order of the data's outputs.
    pub outputs: Vec<(String, NodeId)>,
}

/// One operation on earlier nodes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Node {
    /// What it does.
    pub operation: Operation,
    /// The nodes that it reads.
    pub inputs: Vec<NodeId>,
    /// The parameters that it reads, in the order that [`Operation`] documents.
    pub parameters: Vec<ParameterId>,
    /// Its axes without the batch axis.
    pub axes: Vec<Axis>,
    /// A readable name, unique in the graph: `trunk.conv`, `trunk.residual.2.conv`.
    pub name: String,
    /// The token that declared it.
    pub span: Span,
    /// Base pairs of input that one position of it sees; nothing where the axis of positions is gone and all of it is seen.
    pub receptive_field_bp: Option<f64>,
    /// The block that it belongs to, where backward computes that block again instead of keeping its values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recompute: Option<usize>,
}

impl Node {
    /// Its sizes without the batch axis; unknown sizes are 0 (only inside the macro).
    pub fn sizes(&self) -> Vec<usize> {
        self.axes.iter().map(|a| a.size.unwrap_or(0)).collect()
    }
}

/// A weight or a buffer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GraphParameter {
    /// Its name in files: `trunk.conv.weight`.
    pub name: String,
    /// Its sizes.
    pub sizes: Vec<usize>,
    /// How it begins.
    pub start: Start,
    /// Whether an optimizer changes it (buffers such as running statistics are not).
    pub trainable: bool,
}
