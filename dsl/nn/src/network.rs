//! The network: a graph with weights.

use crate::backward::backward;
use crate::error::{NetworkError, Result};
use crate::forward::{Towards, Walk, forward};
use crate::operations::operations;
use crate::timing::{Clock, NodeTime};
use crate::update::Shared;
use crate::weights::{Weight, initial, replace};
use candle_core::{DType, Tensor};
use cistron_declaration::nearest;
use cistron_model::{Graph, Model, Node};
use cistron_ops::{Operation, Pass};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Tensors by name.
pub type Named = BTreeMap<String, Tensor>;

/// A declared network with its weights. Cloning is cheap: tensors are shared until one of the two is trained.
#[derive(Clone)]
pub struct Network {
    model: Option<Model>,
    pub(crate) graph: Arc<Graph>,
    pub(crate) operations: Arc<Vec<Option<Box<dyn Operation>>>>,
    /// How often each node is read, as an output too.
    pub(crate) uses: Arc<Vec<usize>>,
    pub(crate) weights: Vec<Weight>,
    pub(crate) shared: Shared,
    pub(crate) precision: DType,
    /// Bytes from which on norms and activations are computed again for backward.
    pub(crate) recomputed_from: usize,
}

/// What a training step gives.
#[derive(Clone, Debug)]
pub struct Step {
    /// The loss.
    pub loss: f64,
    /// The gradients by weight; nothing for buffers and for weights that the loss does not reach.
    pub gradients: Vec<Option<Tensor>>,
}

impl Step {
    /// Gives the memory of the gradients to the next step. Tensors that share it become unreadable.
    ///
    /// # Errors
    /// Candle's own.
    pub fn give_back(self) -> Result<()> {
        let mut gradients = self.gradients.iter().flatten();
        Ok(gradients.try_for_each(cistron_ops::buffer::give_back)?)
    }
}

impl Network {
    /// A network with first values drawn from the seed.
    ///
    /// # Errors
    /// A precision other than F32 and F64, or an operation that the harness of gradients does not cover.
    pub fn new(model: &Model, seed: u64, precision: DType) -> Result<Self> {
        Ok(Self {
            model: Some(model.clone()),
            ..Self::from_graph(model.graph().clone(), seed, precision)?
        })
    }

    /// A network from a graph alone.
    ///
    /// # Errors
    /// As [`Network::new`]; also nodes that are out of order.
    pub fn from_graph(graph: Graph, seed: u64, precision: DType) -> Result<Self> {
        if !matches!(precision, DType::F32 | DType::F64) {
            return Err(NetworkError::Precision(precision));
        }
        if let Some((name, id)) = graph.outputs.iter().find(|(_, id)| *id >= graph.nodes.len()) {
            return Err(NetworkError::Graph {
                layer: name.clone(),
                what: format!("output of node {id}, which does not exist"),
            });
        }
        let mut network = Self::without_weights(graph)?;
        network.weights = initial(&network.graph, seed, precision)?;
        network.precision = precision;
        Ok(network)
    }

    /// A network that only knows its operations.
    pub(crate) fn without_weights(graph: Graph) -> Result<Self> {
        let operations = Arc::new(operations(&graph)?);
        let mut uses = vec![0; graph.nodes.len()];
        let read = graph.nodes.iter().flat_map(|n| &n.inputs);
        read.chain(graph.outputs.iter().map(|o| &o.1)).for_each(|i| uses[*i] += 1);
        Ok(Self {
            model: None,
            uses: Arc::new(uses),
            graph: Arc::new(graph),
            operations,
            weights: Vec::new(),
            shared: Shared::default(),
            precision: DType::F32,
            recomputed_from: crate::again::WORTH,
        })
    }

    /// From how many bytes on (7 MiB at first) the value of a norm or an activation is computed again for backward
    /// instead of being kept, where its input is kept anyway: memory for a few percent of the time. 0 computes all of
    /// them again, `usize::MAX` none. Results are the same bits.
    pub fn recompute_from(&mut self, bytes: usize) {
        self.recomputed_from = bytes;
    }

    /// The declaration, unless the network was made from a graph alone.
    pub fn model(&self) -> Option<&Model> {
        self.model.as_ref()
    }

    /// The graph.
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// What it computes in.
    pub fn precision(&self) -> DType {
        self.precision
    }

    /// Whether an optimizer changes a parameter: as its weight says, or the declaration where there are no weights.
    pub(crate) fn is_trained(&self, parameter: usize) -> bool {
        match self.weights.get(parameter) {
            Some(weight) => weight.trainable,
            None => self.graph.parameters[parameter].trainable,
        }
    }

    /// All weights and buffers, in the graph's order.
    pub fn weights(&self) -> &[Weight] {
        self.shared.mark();
        &self.weights
    }

    /// How many numbers training changes.
    pub fn parameter_count(&self) -> usize {
        self.weights
            .iter()
            .filter(|w| w.trainable)
            .map(|w| w.tensor.elem_count())
            .sum()
    }

    /// Replaces all weights and buffers.
    ///
    /// # Errors
    /// All that is missing, unexpected or of another shape, at once; nothing is replaced then.
    pub fn set_weights(&mut self, weights: Named) -> Result<()> {
        self.shared.mark();
        replace(&mut self.weights, weights, self.precision, "the given weights")
    }

    /// Lets an optimizer change the weights.
    ///
    /// # Errors
    /// What the change gives, and a weight whose shape it changed; the weights stay as they were then.
    pub fn apply<R>(&mut self, change: impl FnOnce(&mut [Weight]) -> Result<R>) -> Result<R> {
        self.shared.mark();
        let mut changed = self.weights.clone();
        let result = change(&mut changed)?;
        let odd = |(before, after): (&Weight, &Weight)| {
            let same = before.tensor.dims() == after.tensor.dims() && before.tensor.dtype() == after.tensor.dtype();
            let (found, expected) = (after.tensor.dims(), before.tensor.dims());
            (!same).then(|| {
                format!(
                    "`{}` became {found:?} {:?}, it was {expected:?}",
                    before.name,
                    after.tensor.dtype()
                )
            })
        };
        let mistakes: Vec<String> = self.weights.iter().zip(&changed).filter_map(odd).collect();
        if !mistakes.is_empty() {
            return Err(NetworkError::Weights {
                source_name: "the changed weights".into(),
                mistakes,
            });
        }
        self.weights = changed;
        Ok(result)
    }

    /// The outputs in evaluation mode. Activations are freed after their last use.
    ///
    /// # Errors
    /// An input that is missing or has another shape than declared.
    pub fn predict(&self, inputs: &Named) -> Result<Named> {
        let walk = self.evaluated(inputs, |_, _| Ok(false))?;
        self.shown(&walk.outputs);
        cistron_ops::buffer::end_step();
        Ok(walk.outputs)
    }

    /// A walk forward in evaluation mode that keeps nothing; `watch` as in [`forward`].
    fn evaluated(&self, inputs: &Named, mut watch: impl FnMut(&Node, &Tensor) -> Result<bool>) -> Result<Walk> {
        let watch = |_: usize, node: &Node, value: &Tensor| watch(node, value);
        forward(self, inputs, &Pass::default(), Towards::Nothing, &mut Clock::default(), watch)
    }

    /// The values of nodes, by name, in evaluation mode.
    ///
    /// # Errors
    /// A node that doesn't exist (with the nearest name), an input that doesn't fit.
    pub fn activations(&self, inputs: &Named, nodes: &[&str]) -> Result<Named> {
        for name in nodes {
            if !self.graph.nodes.iter().any(|n| n.name == *name) {
                let hint = nearest(name, self.graph.nodes.iter().map(|n| n.name.as_str())).map(str::to_string);
                return Err(NetworkError::UnknownLayer {
                    name: (*name).to_string(),
                    hint,
                });
            }
        }
        let mut found = Named::new();
        self.evaluated(inputs, |node, value| {
            let named = nodes.contains(&node.name.as_str());
            if named {
                found.insert(node.name.clone(), value.clone());
            }
            Ok(named)
        })?;
        self.shown(&found);
        Ok(found)
    }

    /// A forward and a backward pass in training mode. `loss` gets the outputs and gives the loss with the gradients of
    /// those outputs that it reaches. Buffers (running statistics) are updated; weights are not.
    ///
    /// A loss that is not finite ends the step: there are no gradients then, and buffers stay as they were.
    ///
    /// # Errors
    /// Inputs or gradients that don't fit, and what `loss` gives.
    pub fn step(
        &mut self,
        inputs: &Named,
        seed: u64,
        step: u64,
        loss: &mut dyn FnMut(&Named) -> Result<(f64, Named)>,
    ) -> Result<Step> {
        self.walk(inputs, (seed, step), loss, &mut Clock::default())
    }

    /// [`Network::step`], with the time that each node took.
    ///
    /// # Errors
    /// As [`Network::step`].
    pub fn timed_step(
        &mut self,
        inputs: &Named,
        seed: u64,
        step: u64,
        loss: &mut dyn FnMut(&Named) -> Result<(f64, Named)>,
    ) -> Result<(Step, Vec<NodeTime>)> {
        let mut clock = Clock::of(self.graph.nodes.len());
        let step = self.walk(inputs, (seed, step), loss, &mut clock)?;
        Ok((step, clock.times(self.graph.nodes.iter().map(|n| n.name.as_str()))))
    }

    fn walk(
        &mut self,
        inputs: &Named,
        (seed, step): (u64, u64),
        loss: &mut dyn FnMut(&Named) -> Result<(f64, Named)>,
        clock: &mut Clock,
    ) -> Result<Step> {
        let pass = Pass {
            training: true,
            seed,
            step,
            node: 0,
        };
        let mut walk = forward(self, inputs, &pass, Towards::Weights, clock, |_, _, _| Ok(false))?;
        self.shown(&walk.outputs);
        let (loss, gradients) = loss(&walk.outputs)?;
        if !loss.is_finite() {
            return Ok(Step {
                loss,
                gradients: vec![None; self.weights.len()],
            });
        }
        let updates = std::mem::take(&mut walk.updates);
        let gradients = backward(self, walk, gradients, clock)?.weights;
        for (weight, tensor) in updates {
            self.weights[weight].tensor = tensor;
        }
        cistron_ops::buffer::end_step();
        Ok(Step { loss, gradients })
    }

    /// The first layer whose weights or output are not all finite, in evaluation mode.
    ///
    /// # Errors
    /// As [`Network::predict`].
    pub fn find_non_finite(&self, inputs: &Named) -> Result<Option<String>> {
        let mut first = None;
        self.evaluated(inputs, |node, value| {
            if first.is_none() {
                let weights = node.parameters.iter().map(|p| &self.weights[*p].tensor);
                for tensor in weights.chain([value]) {
                    if !all_finite(tensor)? {
                        first = Some(node.name.clone());
                    }
                }
            }
            Ok(false)
        })?;
        Ok(first)
    }
}

fn all_finite(tensor: &Tensor) -> Result<bool> {
    // 0 x is 0 for a finite x and NaN otherwise, and a sum keeps a NaN.
    let sum = (tensor.flatten_all()? * 0.0)?
        .sum_all()?
        .to_dtype(DType::F64)?
        .to_scalar::<f64>()?;
    Ok(sum == 0.0)
}

impl std::fmt::Debug for Network {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let name = self.model.as_ref().map_or("a graph", |model| model.name());
        let (nodes, parameters) = (self.graph.nodes.len(), self.parameter_count());
        write!(
            f,
            "Network({name}: {nodes} nodes, {parameters} parameters, {:?})",
            self.precision
        )
    }
}
