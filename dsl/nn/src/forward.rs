//! The walk forward.

use crate::error::{NetworkError, Result};
use crate::network::{Named, Network};
use candle_core::Tensor;
use cistron_model::{Node, Operation as Declared};
use cistron_ops::{Kept, OpsError, Pass};

/// What a forward pass leaves.
pub(crate) struct Walk {
    /// The outputs of the network.
    pub(crate) outputs: Named,
    /// What backward needs of each node; empty without training.
    pub(crate) kept: Vec<Option<Kept>>,
    /// New values of buffers, by weight.
    pub(crate) updates: Vec<(usize, Tensor)>,
}

/// Which nodes a change of some trainable weight reaches.
pub(crate) fn needs_gradient(network: &Network) -> Vec<bool> {
    let mut needs = vec![false; network.graph.nodes.len()];
    for (id, node) in network.graph.nodes.iter().enumerate() {
        needs[id] = node.parameters.iter().any(|p| network.weights[*p].trainable) || node.inputs.iter().any(|i| needs[*i]);
    }
    needs
}

/// Walks the graph. `watch` sees every node's value as soon as it is there.
pub(crate) fn forward(
    network: &Network,
    inputs: &Named,
    pass: &Pass,
    mut watch: impl FnMut(usize, &Node, &Tensor) -> Result<()>,
) -> Result<Walk> {
    let graph = &network.graph;
    let mut uses = vec![0usize; graph.nodes.len()];
    graph
        .nodes
        .iter()
        .flat_map(|n| &n.inputs)
        .chain(graph.outputs.iter().map(|o| &o.1))
        .for_each(|i| uses[*i] += 1);
    let needs = if pass.training { needs_gradient(network) } else { Vec::new() };
    let mut values: Vec<Option<Tensor>> = vec![None; graph.nodes.len()];
    let mut kept: Vec<Option<Kept>> = Vec::with_capacity(needs.len());
    let mut updates = Vec::new();
    let mut batch = None;
    for (id, node) in graph.nodes.iter().enumerate() {
        let located = |source: OpsError| NetworkError::Layer {
            layer: node.name.clone(),
            source: Box::new(source),
        };
        let mut keep = None;
        let value = match (&network.operations[id], &node.operation) {
            (None, Declared::Input { port }) => input(network, node, port, inputs, &mut batch)?,
            (None, _) => {
                return Err(NetworkError::Graph {
                    layer: node.name.clone(),
                    what: "it has no operation".into(),
                });
            }
            (Some(operation), _) => {
                let mut read = Vec::with_capacity(node.inputs.len() + node.parameters.len());
                for i in &node.inputs {
                    let what = || format!("the value of node {i} is gone");
                    read.push(values[*i].as_ref().ok_or_else(|| NetworkError::Graph {
                        layer: node.name.clone(),
                        what: what(),
                    })?);
                }
                read.extend(node.parameters.iter().map(|p| &network.weights[*p].tensor));
                let result = operation
                    .forward(
                        &read,
                        &Pass {
                            node: id as u64,
                            ..*pass
                        },
                    )
                    .map_err(located)?;
                if pass.training && needs[id] {
                    keep = Some(Kept::new(operation.as_ref(), &read, node.inputs.len(), &result));
                }
                for (place, tensor) in result.updates {
                    if let Some(parameter) = place.checked_sub(node.inputs.len()).and_then(|p| node.parameters.get(p)) {
                        updates.push((*parameter, tensor));
                    }
                }
                result.output
            }
        };
        watch(id, node, &value)?;
        kept.push(keep);
        for i in &node.inputs {
            uses[*i] -= 1;
            if uses[*i] == 0 {
                values[*i] = None;
            }
        }
        if uses[id] > 0 {
            values[id] = Some(value);
        }
    }
    let mut outputs = Named::new();
    for (name, id) in &graph.outputs {
        if let Some(value) = &values[*id] {
            outputs.insert(name.clone(), value.clone());
        }
    }
    Ok(Walk { outputs, kept, updates })
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
