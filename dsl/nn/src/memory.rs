//! How much memory a training step will take, from the graph alone.

use crate::again::Again;
use crate::error::{NetworkError, Result};
use crate::forward::{Towards, needs_gradient};
use crate::network::Network;
use candle_core::DType;
use cistron_display::{Bundle, Show};
use cistron_model::{Model, NodeId, Operation as Declared};
use cistron_ops::Needs;

/// Bytes of a training step, before it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemoryEstimate {
    /// Weights and buffers.
    pub weights: usize,
    /// The gradients of the weights.
    pub gradients: usize,
    /// The batch's inputs.
    pub inputs: usize,
    /// The most that activations, what is kept for backward, and gradients take at one time, those of weights included.
    pub working: usize,
}

impl MemoryEstimate {
    /// All of it, with an optimizer that holds this many numbers per weight (SGD 0, with momentum 1, Adam 2).
    pub fn peak(&self, optimizer_numbers: usize) -> usize {
        self.weights + self.inputs + self.working + optimizer_numbers * self.gradients
    }
}

impl std::fmt::Display for MemoryEstimate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mb = |bytes: usize| bytes as f64 / 1e6;
        write!(
            f,
            "{:.1} MB at most in a step, {:.1} MB of it weights, {:.1} MB inputs; an optimizer adds {:.1} MB for each number \
             that it holds per weight (Adam: 2)",
            mb(self.peak(0)),
            mb(self.weights),
            mb(self.inputs),
            mb(self.gradients)
        )
    }
}

impl Show for MemoryEstimate {
    fn bundle(&self) -> Bundle {
        Bundle::plain(self.to_string())
    }
}

/// Predicts the memory of a training step of a declared network.
pub trait Memory {
    /// The bytes of a step on this many examples, in single precision.
    ///
    /// # Errors
    /// An operation that can't run.
    fn memory(&self, batch: usize) -> Result<MemoryEstimate>;
}

impl Memory for Model {
    fn memory(&self, batch: usize) -> Result<MemoryEstimate> {
        Network::without_weights(self.graph().clone())?.memory(batch)
    }
}

/// A piece of memory: its bytes, and how many hold it.
struct Block {
    bytes: usize,
    holders: usize,
}

/// The memory of a walk that only counts.
#[derive(Default)]
struct Books {
    blocks: Vec<Block>,
    now: usize,
    most: usize,
}

impl Books {
    /// A new piece with one holder.
    fn new_block(&mut self, bytes: usize) -> usize {
        self.now += bytes;
        self.most = self.most.max(self.now);
        self.blocks.push(Block { bytes, holders: 1 });
        self.blocks.len() - 1
    }
    fn hold(&mut self, block: usize) {
        self.blocks[block].holders += 1;
    }
    fn release(&mut self, block: usize) {
        let block = &mut self.blocks[block];
        block.holders -= 1;
        if block.holders == 0 {
            self.now -= block.bytes;
        }
    }
    /// Memory that a pass needs on top for a while.
    fn passing(&mut self, bytes: usize) {
        self.most = self.most.max(self.now + bytes);
    }
}

/// What is known of each node while the books are kept.
struct Planned<'a> {
    network: &'a Network,
    batch: usize,
    number: usize,
    needs_gradient: Vec<bool>,
    again: Again,
}

impl Planned<'_> {
    fn bytes(&self, id: NodeId) -> usize {
        self.batch * self.network.graph.nodes[id].sizes().iter().product::<usize>() * self.number
    }

    fn needs(&self, id: NodeId) -> Needs {
        let node = &self.network.graph.nodes[id];
        let of_node = |i: &usize| {
            let sizes = self.network.graph.nodes[*i].sizes();
            std::iter::once(self.batch).chain(sizes).collect()
        };
        let of_parameter = |p: &usize| self.network.graph.parameters[*p].sizes.clone();
        let shapes: Vec<Vec<usize>> = node
            .inputs
            .iter()
            .map(of_node)
            .chain(node.parameters.iter().map(of_parameter))
            .collect();
        let operation = self.network.operations[id].as_ref();
        operation.map(|o| o.needs(&shapes, self.number)).unwrap_or_default()
    }

    /// Computes nodes; gives what is kept of each, and the blocks of values that are left.
    fn forward(
        &self,
        books: &mut Books,
        nodes: &[NodeId],
        values: &mut [Option<usize>],
        uses: &mut [usize],
        kept: &mut [Vec<usize>],
        again: bool,
    ) {
        let graph = &self.network.graph;
        for &id in nodes {
            let node = &graph.nodes[id];
            let needs = self.needs(id);
            books.passing(needs.forward);
            let shared = node.inputs.first().and_then(|i| values[*i]).filter(|_| needs.shares_input);
            let block = match shared {
                Some(block) => {
                    books.hold(block);
                    block
                }
                None => books.new_block(if matches!(node.operation, Declared::Input { .. }) {
                    0
                } else {
                    self.bytes(id)
                }),
            };
            books.passing(needs.forward);
            if self.needs_gradient[id] && (again || self.again.group(id).is_none()) {
                let reads = self.network.operations[id].as_ref().map(|o| o.reads()).unwrap_or_default();
                let read = node
                    .inputs
                    .iter()
                    .filter(|i| reads.inputs && self.again.refilled(**i, id).is_none());
                let read = read.filter_map(|i| values[*i]);
                let output = reads.output.then_some(block);
                let held: Vec<usize> = read.chain(output).collect();
                held.iter().for_each(|b| books.hold(*b));
                kept[id] = held;
                kept[id].push(books.new_block(needs.saved));
            } else {
                books.passing(needs.saved);
            }
            values[id] = Some(block);
            for i in node.inputs.iter().chain([&id]) {
                if *i != id {
                    uses[*i] -= 1;
                }
                if uses[*i] == 0
                    && let Some(block) = values[*i].take()
                {
                    books.release(block);
                }
            }
        }
    }
}

impl Network {
    /// The bytes of a training step on this many examples, before it runs.
    ///
    /// Loss and optimizer come on top: the gradients of the outputs are counted, an optimizer's numbers per weight are
    /// added by [`MemoryEstimate::peak`].
    ///
    /// # Errors
    /// An empty batch.
    pub fn memory(&self, batch: usize) -> Result<MemoryEstimate> {
        if batch == 0 {
            return Err(NetworkError::Graph {
                layer: "the batch".into(),
                what: "it has no examples".into(),
            });
        }
        let graph = &self.graph;
        let number = if self.precision == DType::F64 { 8 } else { 4 };
        let needs_gradient = needs_gradient(self, Towards::Weights);
        let planned = Planned {
            network: self,
            batch,
            number,
            again: Again::new(self, batch, &needs_gradient),
            needs_gradient,
        };
        let parameters = |trainable: bool| {
            let chosen = graph.parameters.iter().filter(move |p| p.trainable || !trainable);
            chosen.map(|p| p.sizes.iter().product::<usize>() * number).sum()
        };
        let is_input = |id: &NodeId| matches!(graph.nodes[*id].operation, Declared::Input { .. });
        let inputs = (0..graph.nodes.len()).filter(is_input).map(|id| planned.bytes(id)).sum();
        let mut books = Books::default();
        self.keep_books(&planned, &mut books);
        Ok(MemoryEstimate {
            weights: parameters(false),
            gradients: parameters(true),
            inputs,
            working: books.most,
        })
    }

    fn keep_books(&self, planned: &Planned, books: &mut Books) {
        let graph = &self.graph;
        let count = graph.nodes.len();
        let (mut values, mut kept) = (vec![None; count], vec![Vec::new(); count]);
        // What blocks that are computed again read from outside is held until then.
        let mut uses = self.uses.to_vec();
        let mut borders: Vec<(usize, NodeId)> = Vec::new();
        for (id, node) in graph.nodes.iter().enumerate().filter(|(id, _)| planned.needs_gradient[*id]) {
            let Some(group) = planned.again.group(id) else { continue };
            for from in &node.inputs {
                let outside = planned.again.group(*from) != Some(group) || !planned.needs_gradient[*from];
                if outside && id > *from && !borders.contains(&(group, *from)) {
                    borders.push((group, *from));
                    uses[*from] += 1;
                }
            }
        }
        let all: Vec<NodeId> = (0..count).collect();
        planned.forward(books, &all, &mut values, &mut uses, &mut kept, false);
        let mut of_nodes: Vec<Option<usize>> = vec![None; count];
        for (_, id) in graph.outputs.iter().filter(|(_, id)| planned.needs_gradient[*id]) {
            of_nodes[*id] = Some(books.new_block(planned.bytes(*id)));
            // The executor lets go of the outputs here.
            uses[*id] -= 1;
            if uses[*id] == 0
                && let Some(block) = values[*id].take()
            {
                books.release(block);
            }
        }
        let mut has_gradient = vec![false; graph.parameters.len()];
        for id in (0..count).rev() {
            let node = &graph.nodes[id];
            let own = planned.again.group(id);
            let reads = self.operations[id].as_ref().map(|o| o.reads()).unwrap_or_default();
            let read = node.inputs.iter().filter(|_| reads.inputs);
            let read = read.filter_map(|from| planned.again.refilled(*from, id));
            let missing: Vec<usize> = own.into_iter().chain(read).filter(|_| of_nodes[id].is_some()).collect();
            for group in missing {
                if !borders.iter().any(|b| b.0 == group) {
                    continue;
                }
                let members: Vec<NodeId> = (0..count)
                    .filter(|i| planned.again.group(*i) == Some(group) && planned.needs_gradient[*i])
                    .collect();
                let mut inside = vec![0; count];
                members
                    .iter()
                    .flat_map(|m| &graph.nodes[*m].inputs)
                    .for_each(|i| inside[*i] += 1);
                members
                    .iter()
                    .for_each(|m| inside[*m] += usize::from(planned.again.is_stashed(*m)));
                planned.forward(books, &members, &mut values, &mut inside, &mut kept, true);
                borders.retain(|b| b.0 != group);
            }
            let held = std::mem::take(&mut kept[id]);
            let Some(gradient) = of_nodes[id].take() else {
                held.into_iter().for_each(|b| books.release(b));
                continue;
            };
            let needs = planned.needs(id);
            let mut results = Vec::new();
            for (place, from) in node.inputs.iter().enumerate().filter(|(_, i)| planned.needs_gradient[**i]) {
                let block = if needs.passes_gradient.contains(place) {
                    books.hold(gradient);
                    gradient
                } else {
                    books.new_block(planned.bytes(*from))
                };
                results.push((*from, block));
            }
            for p in node.parameters.iter().filter(|p| graph.parameters[**p].trainable) {
                let block = books.new_block(graph.parameters[*p].sizes.iter().product::<usize>() * planned.number);
                if std::mem::replace(&mut has_gradient[*p], true) {
                    books.release(block);
                }
            }
            books.passing(needs.backward);
            held.into_iter().for_each(|b| books.release(b));
            for (from, block) in results {
                match of_nodes[from] {
                    None => of_nodes[from] = Some(block),
                    Some(before) if books.blocks[before].holders == 1 => books.release(block),
                    Some(before) if books.blocks[block].holders == 1 => {
                        books.release(before);
                        of_nodes[from] = Some(block);
                    }
                    Some(before) => {
                        let sum = books.new_block(planned.bytes(from));
                        books.release(before);
                        books.release(block);
                        of_nodes[from] = Some(sum);
                    }
                }
            }
            books.release(gradient);
            if let Some(block) = values[id].take().filter(|_| planned.again.is_stashed(id)) {
                books.release(block);
            }
        }
    }
}
