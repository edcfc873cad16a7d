//! Nodes that are one step to the reader: a convolution of both strands, a unit that adds its input.

use crate::describe::describe;
use crate::{Graph, Node, NodeId, Operation, ParameterId};

/// One step of the drawing.
#[derive(Clone, Debug)]
pub(crate) struct Group {
    /// What it does.
    pub(crate) text: String,
    /// Whether it may stand on the line of the step before it.
    pub(crate) light: bool,
    /// The sign of an operator between two nodes.
    pub(crate) sign: Option<&'static str>,
    /// The groups that it reads.
    pub(crate) inputs: Vec<usize>,
    /// The node that gives its result.
    pub(crate) exit: NodeId,
    /// The block's call that it belongs to.
    pub(crate) block: String,
    /// What it holds.
    pub(crate) parameters: Vec<ParameterId>,
    /// Whether an output needs it.
    pub(crate) live: bool,
}

/// The steps of a graph, in computing order.
pub(crate) fn groups(graph: &Graph) -> Vec<Group> {
    let mut readers = vec![0; graph.nodes.len()];
    for input in graph.nodes.iter().flat_map(|n| &n.inputs) {
        readers[*input] += 1;
    }
    for (_, node) in &graph.outputs {
        readers[*node] += 1;
    }
    let mut groups: Vec<Group> = Vec::with_capacity(graph.nodes.len());
    for (i, node) in graph.nodes.iter().enumerate() {
        let group = strands(graph, node)
            .or_else(|| unit(&groups, &readers, node))
            .unwrap_or_else(|| plain(node));
        groups.push(Group {
            exit: i,
            block: block_of(graph, &node.name),
            ..group
        });
    }
    for (_, node) in &graph.outputs {
        groups[*node].live = true;
    }
    for i in (0..groups.len()).rev() {
        if groups[i].live {
            for input in groups[i].inputs.clone() {
                groups[input].live = true;
            }
        }
    }
    groups
}

fn plain(node: &Node) -> Group {
    use Operation as O;
    let heavy = matches!(
        node.operation,
        O::Input { .. }
            | O::Convolution { .. }
            | O::Convolution2d { .. }
            | O::StrandConvolution { .. }
            | O::TransposedConvolution { .. }
            | O::TransposedConvolution2d { .. }
            | O::Linear { .. }
            | O::Concat { .. }
            | O::Pool { .. }
            | O::Pool2d { .. }
            | O::AttentionPool { .. }
            | O::Upsample { .. }
            | O::Upsample2d { .. }
            | O::OuterSum
            | O::Embedding { .. }
            | O::Latents { .. }
            | O::Table
            | O::Custom { .. }
    );
    let light = !heavy && node.inputs.len() == 1;
    let sign = match node.operation {
        Operation::Add => Some("+"),
        Operation::Subtract => Some("\u{2212}"),
        Operation::Multiply => Some("\u{d7}"),
        Operation::Divide => Some("\u{f7}"),
        Operation::Maximum => Some("max"),
        _ => None,
    };
    Group {
        text: describe(node),
        light,
        sign,
        inputs: node.inputs.clone(),
        exit: 0,
        block: String::new(),
        parameters: node.parameters.clone(),
        live: false,
    }
}

/// The maximum of a convolution and its twin on the other strand.
fn strands(graph: &Graph, node: &Node) -> Option<Group> {
    let (Operation::Maximum, [forward, flip]) = (&node.operation, node.inputs.as_slice()) else {
        return None;
    };
    let (forward, flip) = (&graph.nodes[*forward], &graph.nodes[*flip]);
    let reverse = (flip.operation == Operation::Flip).then(|| &graph.nodes[flip.inputs[0]])?;
    let complement = graph.nodes.get(*reverse.inputs.first()?)?;
    let twin = reverse.parameters == forward.parameters && complement.operation == Operation::ReverseComplement;
    (twin && complement.inputs == forward.inputs).then(|| Group {
        text: format!("{}, both strands", describe(forward)),
        ..plain(forward)
    })
}

/// `x + f(x)` where f is a chain that nothing else reads.
fn unit(groups: &[Group], readers: &[usize], node: &Node) -> Option<Group> {
    let (Operation::Add, [a, b]) = (&node.operation, node.inputs.as_slice()) else {
        return None;
    };
    [(*a, *b), (*b, *a)].into_iter().find_map(|(x, end)| {
        let (mut at, mut texts, mut parameters) = (end, Vec::new(), Vec::new());
        while at != x {
            let group = &groups[at];
            let [input] = group.inputs.as_slice() else { return None };
            if readers[at] != 1 || at < x || group.sign.is_some() {
                return None;
            }
            texts.push(group.text.clone());
            parameters.extend(group.parameters.iter().copied());
            at = *input;
        }
        texts.reverse();
        (!texts.is_empty()).then(|| Group {
            text: format!("residual: {}", texts.join(" \u{b7} ")),
            light: false,
            sign: None,
            inputs: vec![x],
            parameters,
            ..plain(node)
        })
    })
}

/// The block's call in a node's name: without the layer, its tower and an output's name.
fn block_of(graph: &Graph, name: &str) -> String {
    let mut parts: Vec<&str> = name.split('.').collect();
    parts.pop();
    let inner = |part: &str| {
        let stem = part.trim_end_matches(|c: char| c.is_ascii_digit());
        matches!(stem, "residual" | "dense" | "")
    };
    while parts.last().is_some_and(|p| inner(p)) {
        parts.pop();
    }
    let output = |part: &str| graph.outputs.iter().any(|(n, _)| n == part);
    if parts.last().is_some_and(|p| output(p)) {
        parts.pop();
    }
    parts.join(".")
}
