//! Which values are computed again for backward instead of being kept.
//!
//! Blocks that a declaration calls `recompute` are groups of their own. Besides them, norms and activations are computed
//! again where their input is kept anyway and the operation after them would keep their output: one pass over memory
//! instead of a copy of an activation (Chen et al. 2016). Results are the same bits.

use crate::network::Network;
use candle_core::DType;
use cistron_model::NodeId;

/// Bytes from which on a value is worth being computed again.
pub(crate) const WORTH: usize = 7 << 20;

/// Whether a node's value lies in the memory of its input: who keeps it keeps that.
fn is_view(network: &Network, id: NodeId, batch: usize) -> bool {
    let node = &network.graph.nodes[id];
    let of_node = |i: &NodeId| {
        let sizes = network.graph.nodes[*i].sizes();
        std::iter::once(batch).chain(sizes).collect()
    };
    let of_parameter = |p: &usize| network.graph.parameters[*p].sizes.clone();
    let activations = node.inputs.iter().map(of_node);
    let shapes: Vec<Vec<usize>> = activations.chain(node.parameters.iter().map(of_parameter)).collect();
    let operation = network.operations[id].as_ref();
    operation.is_some_and(|o| o.needs(&shapes, 4).shares_input)
}

/// The groups of nodes that backward computes again.
#[derive(Debug, Default)]
pub(crate) struct Again {
    groups: Vec<Option<usize>>,
    /// Groups from this number on are not declared.
    cheap: usize,
    /// Nodes whose value others read in backward when it was computed again.
    stashed: Vec<bool>,
}

impl Again {
    /// The groups of a training step on so many examples.
    pub(crate) fn new(network: &Network, batch: usize, needs: &[bool]) -> Self {
        let graph = &network.graph;
        let declared: Vec<Option<usize>> = graph.nodes.iter().map(|n| n.recompute).collect();
        let cheap = declared.iter().flatten().max().map_or(0, |g| g + 1);
        let reads = |id: NodeId| network.operations[id].as_ref().map(|o| o.reads()).unwrap_or_default();
        let number = if network.precision == DType::F64 { 8 } else { 4 };
        let mut users: Vec<Vec<NodeId>> = vec![Vec::new(); graph.nodes.len()];
        for (id, node) in graph.nodes.iter().enumerate() {
            node.inputs.iter().for_each(|i| users[*i].push(id));
        }
        let mut member = vec![false; graph.nodes.len()];
        for (id, node) in graph.nodes.iter().enumerate() {
            let (Some(operation), [from]) = (&network.operations[id], &node.inputs[..]) else {
                continue;
            };
            member[id] = operation.is_cheap()
                && needs[id]
                && declared[id].is_none()
                && batch * node.sizes().iter().product::<usize>() * number >= network.recomputed_from
                && (reads(id).inputs || member[*from])
                && !graph.outputs.iter().any(|o| o.1 == id)
                && users[id]
                    .iter()
                    .all(|u| declared[*u].is_none() && !is_view(network, *u, batch));
        }
        // Without those that nobody would keep.
        for id in (0..member.len()).rev() {
            let kept = |u: &NodeId| member[*u] || (needs[*u] && reads(*u).inputs);
            member[id] = member[id] && (reads(id).output || users[id].iter().any(kept));
        }
        let mut groups = declared;
        for (id, node) in graph.nodes.iter().enumerate().filter(|(id, _)| member[*id]) {
            groups[id] = Some(match node.inputs.first() {
                Some(from) if member[*from] => groups[*from].unwrap_or(cheap + id),
                _ => cheap + id,
            });
        }
        let outside = |id: NodeId, u: &NodeId| groups[*u] != groups[id] && needs[*u] && reads(*u).inputs;
        let stashed = (0..member.len())
            .map(|id| member[id] && users[id].iter().any(|u| outside(id, u)))
            .collect();
        Self { groups, cheap, stashed }
    }

    /// The group of a node.
    pub(crate) fn group(&self, id: NodeId) -> Option<usize> {
        self.groups.get(id).copied().flatten()
    }

    /// The group whose value `from` node `by` does not keep, but gets when it is computed again.
    pub(crate) fn refilled(&self, from: NodeId, by: NodeId) -> Option<usize> {
        let group = self.group(from).filter(|g| *g >= self.cheap)?;
        (self.group(by) != Some(group)).then_some(group)
    }

    /// Whether nodes outside its group wait for this node's value in backward.
    pub(crate) fn is_stashed(&self, id: NodeId) -> bool {
        self.stashed.get(id) == Some(&true)
    }
}
