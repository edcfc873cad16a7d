//! Nodes as they are added: names, shapes, what they see.

use super::Elaborator;
use super::start::Rule;
use crate::shape::{Shape, Widths};
use crate::{Interpolation, Operation};
use cistron_declaration::{Diagnostic, Span};
use std::collections::{HashMap, HashSet};

/// The most nodes of one declaration.
pub(crate) const MOST_NODES: usize = 100_000;

/// A node before its widths are known.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    pub(crate) operation: Operation,
    pub(crate) inputs: Vec<usize>,
    pub(crate) shape: Shape,
    pub(crate) name: String,
    /// The name under which its weights are kept; nodes with the same name share them.
    pub(crate) weights: String,
    pub(crate) span: Span,
    /// Receptive field in base pairs.
    pub(crate) sees_bp: Option<f64>,
    /// How its weights begin.
    pub(crate) rule: Rule,
    /// The call of a `recompute block` that it belongs to.
    pub(crate) recompute: Option<usize>,
    /// Whether it is its input by other axes, and no node of the graph.
    pub(crate) alias: bool,
}

/// Where names are made: a block's call, an output, the body.
#[derive(Clone, Debug, Default)]
pub(crate) struct Path {
    pub(crate) nodes: String,
    pub(crate) weights: String,
    /// Whether it names an output: blocks that are called there are not named after it.
    pub(crate) output: bool,
    counts: HashMap<String, usize>,
}

/// All drafts with their names and open widths.
#[derive(Clone, Debug, Default)]
pub(crate) struct Drafts {
    pub(crate) list: Vec<Draft>,
    pub(crate) widths: Widths,
    names: HashSet<String>,
    prefixes: HashSet<String>,
    pub(crate) paths: Vec<Path>,
}

/// `a.b`, or `b` at the top.
fn join(path: &str, name: &str) -> String {
    if path.is_empty() {
        name.to_string()
    } else {
        format!("{path}.{name}")
    }
}

impl Drafts {
    /// A fresh name for a layer at the current place, and that of its weights.
    fn names(&mut self, word: &str) -> (String, String) {
        loop {
            let Some(path) = self.paths.last_mut() else {
                return (word.into(), word.into());
            };
            let count = path.counts.entry(word.to_string()).or_insert(0);
            *count += 1;
            let local = if *count == 1 {
                word.to_string()
            } else {
                format!("{word}{count}")
            };
            let (node, weights) = (join(&path.nodes, &local), join(&path.weights, &local));
            if self.names.insert(node.clone()) {
                return (node, weights);
            }
        }
    }

    /// Goes down one level: a tower, a unit of it, an output.
    pub(crate) fn enter(&mut self, word: &str, output: bool) {
        let (nodes, weights) = self.prefix(word, None, false);
        self.paths.push(Path {
            nodes,
            weights,
            output,
            counts: HashMap::new(),
        });
    }

    /// Goes into a block, with the weights of an earlier call if it is shared. Returns where its weights are.
    pub(crate) fn enter_block(&mut self, name: &str, shared: Option<&str>) -> String {
        let (nodes, weights) = self.prefix(name, shared, true);
        self.paths.push(Path {
            nodes,
            weights: weights.clone(),
            output: false,
            counts: HashMap::new(),
        });
        weights
    }

    /// Goes up again.
    pub(crate) fn leave(&mut self) {
        self.paths.pop();
    }

    fn prefix(&mut self, word: &str, shared: Option<&str>, block: bool) -> (String, String) {
        let place = self.paths.iter().rposition(|p| !(block && p.output));
        loop {
            let Some(path) = place.and_then(|i| self.paths.get_mut(i)) else {
                return (word.into(), word.into());
            };
            let count = path.counts.entry(format!("{word}.")).or_insert(0);
            *count += 1;
            let local = if *count == 1 {
                word.to_string()
            } else {
                format!("{word}{count}")
            };
            let nodes = join(&path.nodes, &local);
            let weights = shared.map_or_else(|| join(&path.weights, &local), str::to_string);
            if self.prefixes.insert(nodes.clone()) {
                return (nodes, weights);
            }
        }
    }
}

impl Elaborator<'_> {
    /// Adds a node and gives its place.
    pub(crate) fn push(&mut self, word: &str, operation: Operation, inputs: &[usize], shape: Shape, span: Span) -> usize {
        let (name, weights) = self.drafts.names(word);
        let sees = self.seen(&operation, inputs, &shape);
        self.keep(Draft {
            operation,
            inputs: inputs.to_vec(),
            shape,
            name,
            weights,
            span,
            sees_bp: sees,
            rule: self.start,
            recompute: self.recompute,
            alias: false,
        })
    }

    /// Adds a node whose weights begin in a way of their own.
    pub(crate) fn push_with(
        &mut self,
        word: &str,
        operation: Operation,
        inputs: &[usize],
        shape: Shape,
        (rule, span): (Rule, Span),
    ) -> usize {
        let node = self.push(word, operation, inputs, shape, span);
        if let Some(draft) = self.drafts.list.get_mut(node) {
            draft.rule = rule;
        }
        node
    }

    /// The same values by other axes.
    pub(crate) fn alias(&mut self, word: &str, input: usize, shape: Shape, span: Span) -> usize {
        let node = self.push(word, Operation::Flatten, &[input], shape, span);
        if let Some(draft) = self.drafts.list.get_mut(node) {
            draft.alias = true;
        }
        node
    }

    /// Adds a node named at the top, wherever it is first read: an input.
    pub(crate) fn push_input(&mut self, name: &str, shape: Shape, span: Span) -> usize {
        let inner = self.drafts.paths.split_off(1.min(self.drafts.paths.len()));
        let outside = self.recompute.take();
        let node = self.push(name, Operation::Input { port: name.into() }, &[], shape, span);
        self.recompute = outside;
        self.drafts.paths.extend(inner);
        node
    }

    /// Adds a node that uses the weights of another.
    pub(crate) fn push_twin(&mut self, of: usize, input: usize, shape: Shape) -> usize {
        let twin = self.drafts.list[of].clone();
        let (name, _) = self.drafts.names("reverse");
        let sees = self.seen(&twin.operation, &[input], &shape);
        self.keep(Draft {
            inputs: vec![input],
            shape,
            name,
            sees_bp: sees,
            ..twin
        })
    }

    fn keep(&mut self, draft: Draft) -> usize {
        if self.drafts.list.len() == MOST_NODES && !self.halted {
            self.halted = true;
            self.report(
                Diagnostic::error(draft.span, "the declaration has more than 100,000 nodes")
                    .help("a loop or a tower repeats more often than was meant"),
            );
        }
        if self.halted {
            return self.drafts.list.len().saturating_sub(1);
        }
        self.drafts.list.push(draft);
        self.drafts.list.len() - 1
    }

    /// Base pairs that one position of a new node sees.
    fn seen(&self, operation: &Operation, inputs: &[usize], shape: &Shape) -> Option<f64> {
        let here = shape.positions()?;
        if let Operation::Input { .. } = operation {
            return Some(here.bp.unwrap_or(1.0));
        }
        let widest = inputs.iter().filter_map(|i| self.drafts.list[*i].sees_bp).reduce(f64::max)?;
        let step = inputs
            .first()
            .and_then(|i| self.drafts.list[*i].shape.positions())
            .and_then(|d| d.bp)
            .unwrap_or(1.0);
        let more = |positions: f64| widest + positions * step;
        Some(match operation {
            Operation::Convolution { width, dilation, .. } | Operation::Convolution2d { width, dilation, .. } => {
                more(width.saturating_sub(1) as f64 * *dilation as f64)
            }
            Operation::StrandConvolution { width, .. } => more(width.saturating_sub(1) as f64),
            Operation::TransposedConvolution {
                width, stride, dilation, ..
            }
            | Operation::TransposedConvolution2d {
                width, stride, dilation, ..
            } => more((width.saturating_sub(1).saturating_mul(*dilation) / (*stride).max(1)) as f64),
            Operation::Pool { window, .. } | Operation::Pool2d { window, .. } | Operation::AttentionPool { window } => {
                more(window.saturating_sub(1) as f64)
            }
            Operation::Upsample {
                kind: Interpolation::Linear,
                ..
            }
            | Operation::Upsample2d {
                kind: Interpolation::Linear,
                ..
            } => more(1.0),
            Operation::Attention { .. } | Operation::RelativeAttention { .. } => {
                let over = inputs.get(1).and_then(|i| self.drafts.list[*i].shape.positions())?;
                widest + over.size.known()?.saturating_sub(1) as f64 * over.bp?
            }
            Operation::Custom { .. } => return None,
            _ => widest,
        })
    }

    /// The lengths from the input to a node, each once: `40000 -> 10000 -> 8`.
    pub(crate) fn lengths(&self, node: usize) -> String {
        let mut lengths = Vec::new();
        let mut at = Some(node);
        while let Some(draft) = at.and_then(|i| self.drafts.list.get(i)) {
            if let Some(length) = draft.shape.positions().and_then(|d| d.size.known())
                && lengths.last() != Some(&length)
            {
                lengths.push(length);
            }
            at = draft.inputs.first().copied();
        }
        lengths.reverse();
        lengths.iter().map(usize::to_string).collect::<Vec<_>>().join(" -> ")
    }
}
