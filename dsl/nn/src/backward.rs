//! The walk back.

use crate::error::{NetworkError, Result};
use crate::forward::{Towards, Walk, compute, hold};
use crate::ledger::Ledger;
use crate::network::{Named, Network};
use crate::timing::Clock;
use candle_core::Tensor;
use cistron_model::{NodeId, Operation as Declared};
use cistron_ops::buffer::add_in_place;
use cistron_ops::{Arithmetic, Operation, OpsError, Pass};
use std::collections::BTreeMap;

/// Puts a gradient where there is none, adds it where there is one: in place where one of the two is held by nobody else.
fn add(ledger: &mut Ledger, slot: &mut Option<Tensor>, gradient: Tensor) -> Result<()> {
    ledger.hold(&gradient);
    let Some(before) = slot.take() else {
        *slot = Some(gradient);
        return Ok(());
    };
    let whole = before.is_contiguous() && gradient.is_contiguous();
    let sum = if whole && ledger.is_alone(&before) {
        add_in_place(&before, &gradient)?;
        ledger.release(gradient)?;
        before
    } else if whole && ledger.is_alone(&gradient) {
        add_in_place(&gradient, &before)?;
        ledger.release(before)?;
        gradient
    } else {
        let sum = Arithmetic::Add.forward(&[&before, &gradient], &Pass::default())?.output;
        ledger.hold(&sum);
        ledger.release(before)?;
        ledger.release(gradient)?;
        sum
    };
    *slot = Some(sum);
    Ok(())
}

/// Computes a group of nodes again, and keeps what backward needs of them.
fn again(network: &Network, walk: &mut Walk, group: usize, needs: &[bool], clock: &mut Clock) -> Result<()> {
    let graph = &network.graph;
    let mut values: Vec<Option<Tensor>> = vec![None; graph.nodes.len()];
    for (id, value) in walk.borders.remove(&group).unwrap_or_default() {
        values[id] = Some(value);
    }
    let mut uses = vec![0usize; graph.nodes.len()];
    let inside = |id: &NodeId| walk.again.group(*id) == Some(group) && needs[*id];
    let members: Vec<NodeId> = (0..graph.nodes.len()).filter(inside).collect();
    members
        .iter()
        .flat_map(|id| &graph.nodes[*id].inputs)
        .for_each(|i| uses[*i] += 1);
    for id in members {
        let (value, kept, _) = clock.forward(id, || compute(network, id, &values, &walk.pass, true))?;
        walk.ledger.hold(&value);
        if let Some(kept) = &kept {
            hold(&mut walk.ledger, kept);
        }
        walk.kept[id] = kept;
        if walk.again.is_stashed(id) {
            walk.ledger.hold(&value);
            walk.stash.insert(id, value.clone());
        }
        values[id] = Some(value);
        for i in graph.nodes[id].inputs.iter().chain([&id]) {
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
    Ok(())
}

/// The gradients of the outputs, at their nodes.
fn begin(network: &Network, walk: &mut Walk, named: Named, needs: &[bool]) -> Result<Vec<Option<Tensor>>> {
    let graph = &network.graph;
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
            let gradient = gradient.to_dtype(network.precision)?.contiguous()?;
            walk.ledger.pin(&gradient);
            add(&mut walk.ledger, &mut of_nodes[*id], gradient)?;
        }
    }
    Ok(of_nodes)
}

/// What a walk back gives.
pub(crate) struct Gradients {
    /// Of the weights, where these are wanted: nothing for those that are not trained or that no output reaches.
    pub(crate) weights: Vec<Option<Tensor>>,
    /// Of the inputs by name, where these are wanted; those that no output reaches are left out.
    pub(crate) inputs: Named,
}

/// The gradients of what the walk was for, from those of the outputs.
pub(crate) fn backward(network: &Network, mut walk: Walk, named: Named, clock: &mut Clock) -> Result<Gradients> {
    let graph = &network.graph;
    let needs = std::mem::take(&mut walk.needs);
    let mut of_weights: Vec<Option<Tensor>> = vec![None; network.weights.len()];
    let mut of_inputs = Named::new();
    let mut of_nodes = begin(network, &mut walk, named, &needs)?;
    walk.outputs.clear();
    for (id, node) in graph.nodes.iter().enumerate().rev() {
        if let Declared::Input { port } = &node.operation {
            if let Some(gradient) = of_nodes[id].take() {
                // It leaves the walk, so its memory is not given back.
                walk.ledger.pin(&gradient);
                of_inputs.insert(port.clone(), gradient);
            }
            continue;
        }
        let (Some(gradient), Some(operation)) = (of_nodes[id].take(), &network.operations[id]) else {
            if let Some(kept) = walk.kept[id].take() {
                walk.let_go(kept)?;
            }
            continue;
        };
        let own = walk.again.group(id);
        let read = node.inputs.iter().filter(|_| operation.reads().inputs);
        let read = read.filter_map(|from| walk.again.refilled(*from, id));
        let missing: Vec<usize> = own.into_iter().chain(read).collect();
        for group in missing {
            if walk.borders.contains_key(&group) {
                again(network, &mut walk, group, &needs, clock)?;
            }
        }
        let Some(mut kept) = walk.kept[id].take() else { continue };
        if operation.reads().inputs {
            for (kept, from) in kept.inputs.iter_mut().zip(&node.inputs) {
                if let (Some(_), Some(value)) = (walk.again.refilled(*from, id), walk.stash.get(from)) {
                    walk.ledger.hold(value);
                    *kept = Some(value.clone());
                }
            }
        }
        let weights = walk.towards == Towards::Weights;
        let trainable = node.parameters.iter().map(|p| weights && network.weights[*p].trainable);
        let wanted: Vec<bool> = node.inputs.iter().map(|i| needs[*i]).chain(trainable).collect();
        let located = |source: OpsError| NetworkError::Layer {
            layer: node.name.clone(),
            source: Box::new(source),
        };
        let results = clock
            .backward(id, || operation.backward(&kept, &gradient, &wanted))
            .map_err(located)?;
        walk.let_go(kept)?;
        for (place, result) in results.into_iter().enumerate() {
            let Some(result) = result.filter(|_| wanted[place]) else {
                continue;
            };
            let slot = match place.checked_sub(node.inputs.len()) {
                None => &mut of_nodes[node.inputs[place]],
                Some(parameter) => &mut of_weights[node.parameters[parameter]],
            };
            clock.backward(id, || add(&mut walk.ledger, slot, result))?;
        }
        walk.ledger.release(gradient)?;
        // All that read this value come after it, so backward has been to them.
        if let Some(value) = walk.stash.remove(&id) {
            walk.ledger.release(value)?;
        }
    }
    walk.let_all_go()?;
    Ok(Gradients {
        weights: of_weights,
        inputs: of_inputs,
    })
}

impl Walk {
    /// Lets go of what is left where no gradient came by.
    fn let_all_go(&mut self) -> Result<()> {
        for kept in std::mem::take(&mut self.kept).into_iter().flatten() {
            self.let_go(kept)?;
        }
        let borders = std::mem::take(&mut self.borders)
            .into_values()
            .flat_map(BTreeMap::into_values);
        let stash = std::mem::take(&mut self.stash).into_values();
        borders.chain(stash).try_for_each(|value| self.ledger.release(value))
    }

    /// Lets go of what was kept of a node.
    fn let_go(&mut self, kept: cistron_ops::Kept) -> Result<()> {
        let cistron_ops::Kept {
            inputs, output, saved, ..
        } = kept;
        inputs
            .into_iter()
            .flatten()
            .chain(output)
            .chain(saved)
            .try_for_each(|t| self.ledger.release(t))
    }
}
