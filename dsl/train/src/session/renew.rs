//! Layers drawn anew.

use super::snapshot;
use crate::Result;
use cistron_model::{Graph, Operation};
use cistron_nn::Network;
use cistron_random::{Purpose, Stream};
use std::collections::BTreeSet;

/// Draws all weights and buffers anew but those of the first convolutions, the ones that read an input before anything with
/// weights does.
pub(super) fn all_but_first_convolutions(network: &mut Network, seed: u64) -> Result<()> {
    let another = Stream::new(seed, Purpose::Initialisation, 1, 0).bits();
    let fresh = Network::from_graph(network.graph().clone(), another, network.precision())?;
    let kept = first_convolutions(network.graph());
    let mut weights = snapshot(network);
    for (index, weight) in fresh.weights().iter().enumerate() {
        if !kept.contains(&index) {
            weights.insert(weight.name.clone(), weight.tensor.clone());
        }
    }
    Ok(network.set_weights(weights)?)
}

/// The parameters of the first convolutions.
fn first_convolutions(graph: &Graph) -> BTreeSet<usize> {
    let mut behind: Vec<bool> = Vec::with_capacity(graph.nodes.len());
    let mut found = BTreeSet::new();
    for node in &graph.nodes {
        let after = node.inputs.iter().any(|&from| behind.get(from).copied().unwrap_or(true));
        let convolution = match node.operation {
            // A linear map is a convolution of width 1.
            Operation::Convolution { width, .. } | Operation::StrandConvolution { width, .. } => width > 1,
            _ => false,
        };
        if convolution && !after {
            found.extend(node.parameters.iter().copied());
        }
        behind.push(after || !node.parameters.is_empty());
    }
    found
}
