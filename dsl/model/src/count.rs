//! What a network costs: parameters and multiply-adds.

use crate::{Graph, Operation};

/// Numbers that training changes.
pub(crate) fn parameters(graph: &Graph) -> usize {
    graph
        .parameters
        .iter()
        .filter(|p| p.trainable)
        .map(|p| p.sizes.iter().product::<usize>())
        .fold(0, usize::saturating_add)
}

/// Trainable numbers of each node; weights that several nodes share count at the first of them.
pub(crate) fn parameters_of_nodes(graph: &Graph) -> Vec<usize> {
    let mut seen = vec![false; graph.parameters.len()];
    let mut one = |id: usize| {
        let parameter = &graph.parameters[id];
        let first = !std::mem::replace(&mut seen[id], true);
        if first && parameter.trainable {
            parameter.sizes.iter().product()
        } else {
            0
        }
    };
    graph
        .nodes
        .iter()
        .map(|n| n.parameters.iter().map(|p| one(*p)).sum())
        .collect()
}

/// Multiply-adds of one node for one example: one per weight and position of convolutions and linear layers, one per
/// value of norms, products and scalings, none for the rest.
pub(crate) fn multiply_adds(graph: &Graph, node: usize) -> u64 {
    let node = &graph.nodes[node];
    let values = node.sizes().iter().map(|n| *n as u64).fold(1, u64::saturating_mul);
    let channels = || {
        node.inputs
            .first()
            .and_then(|i| graph.nodes[*i].sizes().first().copied())
            .unwrap_or(0) as u64
    };
    match &node.operation {
        Operation::Convolution { width, groups, .. } => values
            .saturating_mul(channels() / (*groups).max(1) as u64)
            .saturating_mul(*width as u64),
        Operation::Linear { .. } => values.saturating_mul(channels()),
        Operation::BatchNorm { .. } | Operation::LayerNorm { .. } | Operation::Multiply | Operation::Affine { .. } => values,
        _ => 0,
    }
}
