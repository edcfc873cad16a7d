//! The walk back.

use crate::error::{NetworkError, Result};
use crate::forward::{Walk, needs_gradient};
use crate::network::{Named, Network};
use candle_core::Tensor;
use cistron_ops::{Arithmetic, Operation, OpsError, Pass};

/// Puts a gradient where there is none, adds it where there is one.
fn add(slot: &mut Option<Tensor>, gradient: Tensor) -> Result<()> {
    *slot = Some(match slot.take() {
        None => gradient,
        Some(before) => Arithmetic::Add.forward(&[&before, &gradient], &Pass::default())?.output,
    });
    Ok(())
}

/// The gradients of all trainable weights, by weight, from those of the outputs.
pub(crate) fn backward(network: &Network, mut walk: Walk, named: Named) -> Result<Vec<Option<Tensor>>> {
    let graph = &network.graph;
    let needs = needs_gradient(network);
    let mut of_weights: Vec<Option<Tensor>> = vec![None; network.weights.len()];
    let mut of_nodes: Vec<Option<Tensor>> = vec![None; graph.nodes.len()];
    for (name, gradient) in named {
        let mistake = |found: String, expected: String| NetworkError::Gradient {
            name: name.clone(),
            found,
            expected,
        };
        let Some((_, id)) = graph.outputs.iter().find(|(output, _)| *output == name) else {
            let names: Vec<&str> = graph.outputs.iter().map(|(n, _)| n.as_str()).collect();
            return Err(mistake("no such output".into(), format!("one of {names:?}")));
        };
        if let Some(output) = walk.outputs.get(&name).filter(|o| o.dims() != gradient.dims()) {
            return Err(mistake(
                format!("shape {:?}", gradient.dims()),
                format!("{:?}", output.dims()),
            ));
        }
        if needs[*id] {
            add(&mut of_nodes[*id], gradient.to_dtype(network.precision)?.contiguous()?)?;
        }
    }
    walk.outputs.clear();
    for (id, node) in graph.nodes.iter().enumerate().rev() {
        // Taken out, so that both are freed when this node is done.
        let kept = walk.kept[id].take();
        let (Some(gradient), Some(kept), Some(operation)) = (of_nodes[id].take(), kept, &network.operations[id]) else {
            continue;
        };
        let trainable = node.parameters.iter().map(|p| network.weights[*p].trainable);
        let wanted: Vec<bool> = node.inputs.iter().map(|i| needs[*i]).chain(trainable).collect();
        let located = |source: OpsError| NetworkError::Layer {
            layer: node.name.clone(),
            source: Box::new(source),
        };
        let results = operation.backward(&kept, &gradient, &wanted).map_err(located)?;
        drop((kept, gradient));
        for (place, result) in results.into_iter().enumerate() {
            let Some(result) = result.filter(|_| wanted[place]) else {
                continue;
            };
            match place.checked_sub(node.inputs.len()) {
                None => add(&mut of_nodes[node.inputs[place]], result)?,
                Some(parameter) => add(&mut of_weights[node.parameters[parameter]], result)?,
            }
        }
    }
    Ok(of_weights)
}
