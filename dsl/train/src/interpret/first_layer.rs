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
    use candle_core::{DType, Device};
    use cistron_declaration::{Axis, AxisKind, Span};
    use cistron_model::{GraphParameter, Node, Start};

    /// `dna -> conv`, both strands, five filters of width 4 on 12 positions.
    fn both_strands(mean: bool) -> Graph {
        let node = |name: &str, operation, inputs: &[NodeId], parameters: &[usize], channels| Node {
            operation,
            inputs: inputs.to_vec(),
            parameters: parameters.to_vec(),
            axes: [(AxisKind::Channel, channels), (AxisKind::Position, 12)]
                .map(|(kind, size)| Axis {
                    kind,
                    size: Some(size),
                    bp: None,
                })
                .into(),
            name: name.into(),
            span: Span::default(),
            receptive_field_bp: None,
            recompute: None,
        };
        let parameter = |name: &str, sizes: &[usize]| GraphParameter {
            name: name.into(),
            sizes: sizes.to_vec(),
            start: Start::Normal(1.0),
            trainable: true,
        };
        let convolution = Operation::StrandConvolution {
            filters: 5,
            width: 4,
            padding: (1, 2),
            mean,
            bias: true,
        };
        Graph {
            nodes: vec![
                node("dna", Operation::Input { port: "dna".into() }, &[], &[], 4),
                node("conv", convolution, &[0], &[0, 1], 5),
            ],
            parameters: vec![parameter("conv.weight", &[5, 4, 4]), parameter("conv.bias", &[5])],
            outputs: vec![("y".into(), 1)],
        }
    }

    #[test]
    fn strands_of_one_node_are_told_apart() {
        let codes: [&[usize]; 2] = [&[0, 0, 1, 2, 3, 1, 1, 0, 2, 2, 3, 0], &[3, 1, 2, 0, 0, 0, 3, 2, 1, 3, 1, 2]];
        let mut values = vec![0f64; 2 * 4 * 12];
        for (example, codes) in codes.iter().enumerate() {
            for (position, base) in codes.iter().enumerate() {
                values[(example * 4 + base) * 12 + position] = 1.0;
            }
        }
        let dna = Tensor::from_vec(values, (2, 4, 12), &Device::Cpu).unwrap();
        let inputs = Named::from([("dna".to_string(), dna)]);
        for mean in [false, true] {
            let graph = both_strands(mean);
            let network = Network::from_graph(graph.clone(), 1, DType::F64).unwrap();
            let layers = first_layers(&graph, "dna");
            assert_eq!(layers.iter().map(|l| l.reverse).collect::<Vec<_>>(), [false, true]);
            let found = activations(&network, &layers, "dna", &inputs).unwrap();
            let (forward, reverse) = (&found[0], found[1].flip(&[2]).unwrap());
            let joined = match mean {
                true => ((forward + reverse).unwrap() * 0.5).unwrap(),
                false => forward.maximum(&reverse).unwrap(),
            };
            let all = |t: &Tensor| t.flatten_all().unwrap().to_vec1::<f64>().unwrap();
            let expected = network.activations(&inputs, &["conv"]).unwrap();
            for (a, b) in all(&joined).iter().zip(all(&expected["conv"])) {
                assert!((a - b).abs() < 1e-12, "{a} {b}");
            }
            // What a strand finds is the sum of the weights under the bases of its window.
            let weight = network.weights()[0].tensor.to_vec3::<f64>().unwrap();
            let bias = network.weights()[1].tensor.to_vec1::<f64>().unwrap();
            for (layer, found) in layers.iter().zip(&found) {
                let found = found.to_vec3::<f64>().unwrap();
                for (example, codes) in codes.iter().enumerate() {
                    let sequence: Vec<u8> = codes.iter().map(|&b| b as u8).collect();
                    for (filter, position) in (0..5).flat_map(|f| (0..12).map(move |p| (f, p))) {
                        let mut sum = bias[filter];
                        layer.window(&sequence, position, |tap, base| {
                            sum += weight[filter].get(usize::from(base)).map_or(0.0, |taps| taps[tap]);
                        });
                        assert!((sum - found[example][filter][position]).abs() < 1e-12, "{sum}");
                    }
                }
            }
        }
    }

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
