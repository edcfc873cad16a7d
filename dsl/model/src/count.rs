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

/// Multiply-adds of one node for one example: one per weight and position of convolutions and linear maps, one per pair
/// and channel of attention, one per value of norms, products and scalings, none for the rest.
pub(crate) fn multiply_adds(graph: &Graph, node: usize) -> u64 {
    let node = &graph.nodes[node];
    let product = |sizes: &[usize]| sizes.iter().map(|n| *n as u64).fold(1, u64::saturating_mul);
    let values = product(&node.sizes());
    let input = |i: usize| node.inputs.get(i).map(|n| graph.nodes[*n].sizes()).unwrap_or_default();
    let channels = || input(0).first().copied().unwrap_or(0) as u64;
    let square = |width: usize| (width as u64).saturating_mul(width as u64);
    let each = |n: u64, groups: usize| n / (groups as u64).max(1);
    match &node.operation {
        Operation::Convolution { width, groups, .. } => {
            values.saturating_mul(each(channels(), *groups)).saturating_mul(*width as u64)
        }
        Operation::StrandConvolution { width, .. } => values.saturating_mul(8).saturating_mul(*width as u64),
        Operation::Convolution2d { width, groups, .. } => values
            .saturating_mul(each(channels(), *groups))
            .saturating_mul(square(*width)),
        Operation::TransposedConvolution {
            filters, width, groups, ..
        } => product(&input(0))
            .saturating_mul(each(*filters as u64, *groups))
            .saturating_mul(*width as u64),
        Operation::TransposedConvolution2d {
            filters, width, groups, ..
        } => product(&input(0))
            .saturating_mul(each(*filters as u64, *groups))
            .saturating_mul(square(*width)),
        Operation::Linear { .. } => values.saturating_mul(channels()),
        Operation::AttentionPool { .. } => product(&input(0)).saturating_mul(channels()),
        Operation::Attention { .. } => attention(&input(0), &input(1), &input(2)),
        Operation::RelativeAttention { basis, .. } => {
            let (key, positions) = (channels(), input(0).get(1).copied().unwrap_or(0) as u64);
            let distances = positions.saturating_mul(2).saturating_sub(1);
            attention(&input(0), &input(1), &input(2))
                .saturating_add(positions.saturating_mul(positions).saturating_mul(key))
                .saturating_add(distances.saturating_mul(key).saturating_mul(basis.features as u64))
        }
        Operation::BatchNorm { .. }
        | Operation::LayerNorm { .. }
        | Operation::GroupNorm { .. }
        | Operation::RmsNorm { .. }
        | Operation::Film
        | Operation::Multiply
        | Operation::Affine { .. } => values,
        _ => 0,
    }
}

/// Each query with each key, and each of those weights with each value.
fn attention(queries: &[usize], keys: &[usize], values: &[usize]) -> u64 {
    let at = |sizes: &[usize], axis: usize| sizes.get(axis).copied().unwrap_or(0) as u64;
    let pairs = at(queries, 1).saturating_mul(at(keys, 1));
    pairs.saturating_mul(at(queries, 0).saturating_add(at(values, 0)))
}
