//! The stable fingerprint of a declared network.

use crate::{Graph, Operation};
use serde::Serialize;
use sha2::{Digest, Sha256};

/// What of a node counts: everything that changes numbers or the names in weight files.
#[derive(Serialize)]
struct Counted<'a> {
    operation: &'a Operation,
    inputs: &'a [usize],
    parameters: &'a [usize],
    sizes: Vec<usize>,
    name: &'a str,
}

/// SHA-256, as 64 hexadecimal digits, over the canonical JSON of the graph: operations with their settings,
/// wiring, sizes, names of nodes and parameters, how parameters start, and outputs. Spans, source text, units
/// and receptive fields do not count, so moving or commenting a declaration keeps its hash.
pub(crate) fn hash(graph: &Graph) -> String {
    let nodes: Vec<Counted<'_>> = graph
        .nodes
        .iter()
        .map(|n| Counted {
            operation: &n.operation,
            inputs: &n.inputs,
            parameters: &n.parameters,
            sizes: n.sizes(),
            name: &n.name,
        })
        .collect();
    let all = ("cistron-graph-1", nodes, &graph.parameters, &graph.outputs);
    // A value without maps or foreign types always serializes; an empty text would still be hashed the same way.
    let text = serde_json::to_vec(&all).unwrap_or_default();
    Sha256::digest(&text).iter().map(|b| format!("{b:02x}")).collect()
}
