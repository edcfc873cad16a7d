//! The walk forward.

use crate::again::Again;
use crate::error::{NetworkError, Result};
use crate::ledger::Ledger;
use crate::network::{Named, Network};
use crate::timing::Clock;
use candle_core::Tensor;
use cistron_model::{Node, NodeId, Operation as Declared};
use cistron_ops::{Kept, OpsError, Pass};
use std::collections::BTreeMap;

/// What a forward pass leaves.
pub(crate) struct Walk {
    /// The circumstances, for what is computed again.
    pub(crate) pass: Pass,
    /// The outputs of the network.
    pub(crate) outputs: Named,
    /// What backward needs of each node.
    pub(crate) kept: Vec<Option<Kept>>,
    /// Of each group of nodes that backward computes again: the values that it reads from outside.
    pub(crate) borders: BTreeMap<usize, BTreeMap<NodeId, Tensor>>,
    /// Which nodes these are.
    pub(crate) again: Again,
    /// Values that were computed again, for all that read them.
    pub(crate) stash: BTreeMap<NodeId, Tensor>,
    /// New values of buffers, by weight.
    pub(crate) updates: Vec<(usize, Tensor)>,
    /// Who holds what.
    pub(crate) ledger: Ledger,
    /// What backward is for.
    pub(crate) towards: Towards,
    /// Which nodes backward passes; empty without one.
    pub(crate) needs: Vec<bool>,
}

/// What gradients are wanted of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Towards {
    /// Of nothing: forward is all.
    Nothing,
    /// Of the weights that are trained.
    Weights,
    /// Of the inputs.
    Inputs,
}

/// Which nodes a change of what gradients are wanted of reaches.
pub(crate) fn needs_gradient(network: &Network, towards: Towards) -> Vec<bool> {
    let mut needs = vec![false; network.graph.nodes.len()];
    for (id, node) in network.graph.nodes.iter().enumerate() {
        let own = match towards {
            Towards::Nothing => false,
            Towards::Weights => node.parameters.iter().any(|p| network.is_trained(*p)),
            Towards::Inputs => matches!(node.operation, Declared::Input { .. }),
        };
        needs[id] = own || node.inputs.iter().any(|i| needs[*i]);
    }
    needs
}

/// Holds all that was kept of a node.
pub(crate) fn hold(ledger: &mut Ledger, kept: &Kept) {
    kept.inputs
        .iter()
        .flatten()
        .chain(&kept.output)
        .chain(&kept.saved)
        .for_each(|t| ledger.hold(t));
}

/// Walks the graph. `watch` sees every node's value as soon as it is there, and says whether it goes on holding it.
pub(crate) fn forward(
    network: &Network,
    inputs: &Named,
    pass: &Pass,
    towards: Towards,
    clock: &mut Clock,
    mut watch: impl FnMut(usize, &Node, &Tensor) -> Result<bool>,
) -> Result<Walk> {
    let graph = &network.graph;
    let mut uses = network.uses.to_vec();
    let needs = match towards {
        Towards::Nothing => Vec::new(),
        _ => needs_gradient(network, towards),
    };
    let ports = graph.nodes.iter().filter_map(|node| match &node.operation {
        Declared::Input { port } => inputs.get(port).and_then(|t| t.dims().first()),
        _ => None,
    });
    let again = match ports.copied().next().filter(|_| towards != Towards::Nothing) {
        Some(batch) => Again::new(network, batch, &needs),
        None => Again::default(),
    };
    let mut values: Vec<Option<Tensor>> = vec![None; graph.nodes.len()];
    let mut walk = Walk {
        pass: *pass,
        outputs: Named::new(),
        kept: Vec::with_capacity(needs.len()),
        borders: BTreeMap::new(),
        again,
        stash: BTreeMap::new(),
        updates: Vec::new(),
        ledger: Ledger::default(),
        towards,
        needs: Vec::new(),
    };
    inputs.values().for_each(|t| walk.ledger.pin(t));
    network.weights.iter().for_each(|w| walk.ledger.pin(&w.tensor));
    let mut batch = None;
    for (id, node) in graph.nodes.iter().enumerate() {
        let mut keep = None;
        let value = if let Declared::Input { port } = &node.operation {
            input(network, node, port, inputs, &mut batch)?
        } else {
            let passed = needs.get(id) == Some(&true);
            let again = walk.again.group(id).filter(|_| passed);
            let (value, kept, updates) = clock.forward(id, || compute(network, id, &values, pass, passed && again.is_none()))?;
            keep = kept;
            if let Some(keep) = &mut keep {
                for (kept, from) in keep.inputs.iter_mut().zip(&node.inputs) {
                    if walk.again.refilled(*from, id).is_some() {
                        *kept = None;
                    }
                }
            }
            walk.updates.extend(updates);
            if let Some(group) = again {
                let border = walk.borders.entry(group).or_default();
                let groups = &walk.again;
                let outside = |i: &&NodeId| groups.group(**i) != Some(group) || !needs[**i];
                for from in node.inputs.iter().filter(outside) {
                    if let (Some(value), false) = (&values[*from], border.contains_key(from)) {
                        walk.ledger.hold(value);
                        border.insert(*from, value.clone());
                    }
                }
            }
            value
        };
        walk.ledger.hold(&value);
        if let Some(kept) = &keep {
            hold(&mut walk.ledger, kept);
        }
        if watch(id, node, &value)? {
            walk.ledger.pin(&value);
        }
        walk.kept.push(keep);
        values[id] = Some(value);
        for i in node.inputs.iter().chain([&id]) {
            if *i != id {
                uses[*i] -= 1;
            }
            if uses[*i] == 0
                && let Some(value) = values[*i].take()
            {
                walk.ledger.release(value)?;
            }
        }
    }
    for (name, id) in &graph.outputs {
        if let Some(value) = &values[*id] {
            walk.ledger.pin(value);
            walk.outputs.insert(name.clone(), value.clone());
        }
    }
    walk.needs = needs;
    Ok(walk)
}

/// Values that a node gave, what backward needs of it, and new values of buffers by weight.
type Computed = (Tensor, Option<Kept>, Vec<(usize, Tensor)>);

/// Computes a node from the values before it.
pub(crate) fn compute(network: &Network, id: NodeId, values: &[Option<Tensor>], pass: &Pass, keep: bool) -> Result<Computed> {
    let node = &network.graph.nodes[id];
    let mistake = |what: String| NetworkError::Graph {
        layer: node.name.clone(),
        what,
    };
    let operation = network.operations[id]
        .as_ref()
        .ok_or_else(|| mistake("it has no operation".into()))?;
    let mut read = Vec::with_capacity(node.inputs.len() + node.parameters.len());
    for i in &node.inputs {
        read.push(
            values[*i]
                .as_ref()
                .ok_or_else(|| mistake(format!("the value of node {i} is gone")))?,
        );
    }
    read.extend(node.parameters.iter().map(|p| &network.weights[*p].tensor));
    let here = Pass {
        node: id as u64,
        ..*pass
    };
    let located = |source: OpsError| NetworkError::Layer {
        layer: node.name.clone(),
        source: Box::new(source),
    };
    let result = operation.forward(&read, &here).map_err(located)?;
    let sizes = node.axes.iter().map(|a| a.size.unwrap_or(0));
    if !result.output.dims().iter().skip(1).copied().eq(sizes) {
        let (found, declared) = (result.output.dims(), node.sizes());
        return Err(mistake(format!(
            "it gives {found:?}, but [batch, ..] of {declared:?} is declared"
        )));
    }
    let kept = keep.then(|| Kept::new(operation.as_ref(), &read, node.inputs.len(), &result));
    let weight = |place: usize| place.checked_sub(node.inputs.len()).and_then(|p| node.parameters.get(p));
    let updates = result
        .updates
        .into_iter()
        .filter_map(|(place, tensor)| weight(place).map(|w| (*w, tensor)))
        .collect();
    Ok((result.output, kept, updates))
}

/// The value of an input, checked against its declaration.
fn input(network: &Network, node: &Node, port: &str, inputs: &Named, batch: &mut Option<(String, usize)>) -> Result<Tensor> {
    let sizes = node.sizes();
    let wanted = || {
        let sizes: Vec<String> = sizes.iter().map(usize::to_string).collect();
        format!("[batch, {}]", sizes.join(", "))
    };
    let mistake = |found: String, expected: String| NetworkError::Input {
        name: port.to_string(),
        found,
        expected,
    };
    let Some(tensor) = inputs.get(port) else {
        let there: Vec<String> = inputs.keys().map(|k| format!("`{k}`")).collect();
        let found = if there.is_empty() {
            "no inputs".to_string()
        } else {
            format!("only {}", there.join(", "))
        };
        return Err(mistake(found, format!("a tensor {}", wanted())));
    };
    let dims = tensor.dims();
    if dims.len() != sizes.len() + 1 || dims[0] == 0 || dims[1..] != sizes[..] {
        return Err(mistake(format!("shape {dims:?}"), wanted()));
    }
    match batch {
        None => *batch = Some((port.to_string(), dims[0])),
        Some((first, size)) if *size != dims[0] => {
            return Err(mistake(
                format!("{} examples", dims[0]),
                format!("{size}, as many as input `{first}` has"),
            ));
        }
        Some(_) => {}
    }
    Ok(tensor.to_dtype(network.precision)?.contiguous()?)
}
