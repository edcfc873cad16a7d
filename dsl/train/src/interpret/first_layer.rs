//! The first convolution on an input: where it reads each strand, and what it finds there.

use crate::Result;
use candle_core::Tensor;
use cistron_data::Named;
use cistron_model::{Graph, NodeId, Operation};
use cistron_nn::Network;
use cistron_ops::{Convolution, Operation as _, Pass, Reverse};

/// A first convolution on one strand of an input.
pub(super) struct FirstLayer<'a> {
    name: &'a str,
    reverse: bool,
    pub(super) width: usize,
    dilation: usize,
    stride: usize,
    padding: (usize, usize),
    pub(super) filters: usize,
    /// Weight and bias, where its node stores the values of no strand.
    apart: Option<&'a [usize]>,
}

impl FirstLayer<'_> {
    /// The base under each tap of the window of a position; 4 outside of the sequence.
    pub(super) fn window(&self, sequence: &[u8], position: usize, mut use_base: impl FnMut(usize, u8)) {
        for tap in 0..self.width {
            let at = (position * self.stride + tap * self.dilation)
                .checked_sub(self.padding.0)
                .filter(|&at| at < sequence.len());
            // On the other strand the same place is counted from the end, and the bases pair: A with T, C with G.
            let base = match at {
                Some(at) if self.reverse => match sequence[sequence.len() - 1 - at] {
                    b @ 0..4 => 3 - b,
                    unknown => unknown,
                },
                Some(at) => sequence[at],
                None => 4,
            };
            use_base(tap, base);
        }
    }

    /// The convolution of this strand alone, with the weights of the node that joins both.
    fn alone(&self, network: &Network, sequences: &Tensor, parameters: &[usize]) -> Result<Tensor> {
        let pass = Pass {
            training: false,
            seed: 0,
            step: 0,
            node: 0,
        };
        let mut inputs = vec![match self.reverse {
            true => Reverse::ReverseComplement.forward(&[sequences], &pass)?.output,
            false => sequences.clone(),
        }];
        let weights = network.weights();
        inputs.extend(parameters.iter().filter_map(|&p| weights.get(p)).map(|w| w.tensor.clone()));
        let convolution = Convolution {
            stride: self.stride,
            dilation: self.dilation,
            groups: 1,
            padding: self.padding,
        };
        let inputs: Vec<&Tensor> = inputs.iter().collect();
        Ok(convolution.forward(&inputs, &pass)?.output)
    }
}

/// Whether a node is the input itself, or its reverse complement.
fn strand_of(graph: &Graph, node: NodeId, input: &str) -> Option<bool> {
    match &graph.nodes[node].operation {
        Operation::Input { port } if port == input => Some(false),
        Operation::ReverseComplement => strand_of(graph, graph.nodes[node].inputs[0], input).map(|reverse| !reverse),
        _ => None,
    }
}

/// The first convolutions that read an input with the same weights: one, or one per strand.
pub(super) fn first_layers<'a>(graph: &'a Graph, input: &str) -> Vec<FirstLayer<'a>> {
    let mut weights = None;
    let mut layers = Vec::new();
    for node in &graph.nodes {
        let Some(reverse) = node.inputs.first().and_then(|&n| strand_of(graph, n, input)) else {
            continue;
        };
        let on = |reverse, (filters, width), (stride, dilation), padding, apart| FirstLayer {
            name: &node.name,
            reverse,
            width,
            dilation,
            stride,
            padding,
            filters,
            apart,
        };
        let found = match node.operation {
            Operation::Convolution {
                filters,
                width,
                stride,
                dilation,
                groups: 1,
                padding,
                ..
            } => vec![on(reverse, (filters, width), (stride, dilation), padding, None)],
            Operation::StrandConvolution {
                filters, width, padding, ..
            } => [reverse, !reverse]
                .map(|reverse| on(reverse, (filters, width), (1, 1), padding, Some(&node.parameters[..])))
                .into(),
            _ => continue,
        };
        if *weights.get_or_insert(node.parameters[0]) == node.parameters[0] {
            layers.extend(found);
        }
    }
    layers
}

/// The activations of each layer on a batch: `[examples, filters, positions]`, positions as its strand is read.
pub(super) fn activations(network: &Network, layers: &[FirstLayer<'_>], input: &str, inputs: &Named) -> Result<Vec<Tensor>> {
    let stored: Vec<&str> = layers.iter().filter(|l| l.apart.is_none()).map(|l| l.name).collect();
    let found = match stored.is_empty() {
        true => Named::new(),
        false => network.activations(inputs, &stored)?,
    };
    let missing = || crate::TrainError::Impossible(format!("a batch without input `{input}`"));
    layers
        .iter()
        .map(|layer| match layer.apart {
            Some(parameters) => layer.alone(network, inputs.get(input).ok_or_else(missing)?, parameters),
            None => found.get(layer.name).cloned().ok_or_else(missing),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_read_both_strands_and_stop_at_the_ends() {
        let layer = |reverse| FirstLayer {
            name: "c",
            reverse,
            width: 3,
            dilation: 1,
            stride: 1,
            padding: (1, 1),
            filters: 1,
            apart: None,
        };
        let read = |reverse, position| {
            let mut found = Vec::new();
            layer(reverse).window(&[0, 0, 1, 2], position, |_, base| found.push(base));
            found
        };
        // AACG; its other strand is CGTT.
        assert_eq!(read(false, 0), [4, 0, 0]);
        assert_eq!(read(false, 2), [0, 1, 2]);
        assert_eq!(read(true, 1), [1, 2, 3]);
        assert_eq!(read(true, 3), [3, 3, 4]);
    }
}
