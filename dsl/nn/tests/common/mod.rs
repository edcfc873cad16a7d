//! Graphs written by hand, and tensors of fixed random values.
#![allow(dead_code)]

use candle_core::{DType, Device, Tensor};
use cistron_declaration::{Axis, AxisKind, Span};
use cistron_model::{Convention, Gelu, Graph, GraphParameter, Node, NodeId, Operation, Pool, Rest, Start};
use cistron_random::{Purpose, Stream};

/// A graph that grows node by node.
#[derive(Default)]
pub(crate) struct Build {
    pub(crate) graph: Graph,
}

impl Build {
    /// Adds a node and gives its place. `parameters`: name, sizes, start, trainable.
    pub(crate) fn node(
        &mut self,
        name: &str,
        operation: Operation,
        inputs: &[NodeId],
        sizes: &[usize],
        parameters: Vec<GraphParameter>,
    ) -> NodeId {
        let axis = |size: &usize| Axis {
            kind: AxisKind::Feature,
            size: Some(*size),
            bp: None,
        };
        let first = self.graph.parameters.len();
        let count = parameters.len();
        self.graph.parameters.extend(parameters);
        self.graph.nodes.push(Node {
            operation,
            inputs: inputs.to_vec(),
            parameters: (first..first + count).collect(),
            axes: sizes.iter().map(axis).collect(),
            name: name.to_string(),
            span: Span::default(),
            receptive_field_bp: None,
            recompute: None,
        });
        self.graph.nodes.len() - 1
    }

    pub(crate) fn sizes(&self, node: NodeId) -> Vec<usize> {
        self.graph.nodes[node].sizes()
    }

    pub(crate) fn input(&mut self, port: &str, sizes: &[usize]) -> NodeId {
        self.node(port, Operation::Input { port: port.to_string() }, &[], sizes, Vec::new())
    }

    /// A convolution with "same" padding and bias.
    pub(crate) fn conv(&mut self, name: &str, x: NodeId, filters: usize, width: usize) -> NodeId {
        let sizes = self.sizes(x);
        let fan = sizes[0] * width;
        let padding = ((width - 1) / 2, width / 2);
        let operation = Operation::Convolution {
            filters,
            width,
            stride: 1,
            dilation: 1,
            groups: 1,
            padding,
            bias: true,
        };
        let parameters = vec![
            weight(name, "weight", &[filters, sizes[0], width], fan),
            weight(name, "bias", &[filters], fan),
        ];
        self.node(name, operation, &[x], &[filters, sizes[1]], parameters)
    }

    pub(crate) fn linear(&mut self, name: &str, x: NodeId, features: usize) -> NodeId {
        let mut sizes = self.sizes(x);
        let inputs = sizes.pop().expect("an axis");
        sizes.push(features);
        let parameters = vec![
            weight(name, "weight", &[features, inputs], inputs),
            weight(name, "bias", &[features], inputs),
        ];
        self.node(name, Operation::Linear { features, bias: true }, &[x], &sizes, parameters)
    }

    pub(crate) fn batch_norm(&mut self, name: &str, x: NodeId) -> NodeId {
        let sizes = self.sizes(x);
        let one = |part: &str, value: f64, trainable| GraphParameter {
            name: format!("{name}.{part}"),
            sizes: vec![sizes[0]],
            start: Start::Constant(value),
            trainable,
        };
        let parameters = vec![
            one("weight", 1.0, true),
            one("bias", 0.0, true),
            one("running_mean", 0.0, false),
            one("running_var", 1.0, false),
        ];
        self.node(
            name,
            Operation::BatchNorm {
                epsilon: 1e-5,
                momentum: 0.1,
                convention: Convention::PyTorch,
                virtual_batch: None,
            },
            &[x],
            &sizes,
            parameters,
        )
    }

    /// A node of the same shape as its first input.
    pub(crate) fn same(&mut self, name: &str, operation: Operation, inputs: &[NodeId]) -> NodeId {
        let sizes = self.sizes(inputs[0]);
        self.node(name, operation, inputs, &sizes, Vec::new())
    }

    pub(crate) fn pool(&mut self, name: &str, x: NodeId, kind: cistron_model::Pool, window: usize) -> NodeId {
        let sizes = self.sizes(x);
        self.node(
            name,
            Operation::Pool {
                kind,
                window,
                step: None,
                rest: Rest::Drop,
            },
            &[x],
            &[sizes[0], sizes[1] / window],
            Vec::new(),
        )
    }

    pub(crate) fn flatten(&mut self, name: &str, x: NodeId) -> NodeId {
        let count = self.sizes(x).iter().product();
        self.node(name, Operation::Flatten, &[x], &[count], Vec::new())
    }

    pub(crate) fn output(mut self, name: &str, node: NodeId) -> Self {
        self.graph.outputs.push((name.to_string(), node));
        self
    }
}

fn weight(layer: &str, part: &str, sizes: &[usize], fan: usize) -> GraphParameter {
    GraphParameter {
        name: format!("{layer}.{part}"),
        sizes: sizes.to_vec(),
        start: Start::FanIn(fan),
        trainable: true,
    }
}

/// Normal values from a fixed stream.
pub(crate) fn random(shape: &[usize], number: u64, precision: DType) -> Tensor {
    let mut stream = Stream::new(1, Purpose::Simulation, number, 0);
    let values: Vec<f64> = (0..shape.iter().product()).map(|_| stream.normal()).collect();
    Tensor::from_vec(values, shape, &Device::Cpu)
        .and_then(|t| t.to_dtype(precision))
        .expect("a tensor")
}

/// One-hot sequences `[batch, 4, length]`.
pub(crate) fn one_hot(batch: usize, length: usize, precision: DType) -> Tensor {
    let mut stream = Stream::new(2, Purpose::Simulation, 0, 0);
    let mut values = vec![0f32; batch * 4 * length];
    for b in 0..batch {
        for p in 0..length {
            values[(b * 4 + stream.below(4) as usize) * length + p] = 1.0;
        }
    }
    Tensor::from_vec(values, (batch, 4, length), &Device::Cpu)
        .and_then(|t| t.to_dtype(precision))
        .expect("a tensor")
}

/// Four blocks of norm, GELU, convolution and dropout with skips; `recompute` declares them as blocks to compute again.
pub(crate) fn tower(recompute: bool) -> Graph {
    let mut b = Build::default();
    let dna = b.input("dna", &[4, 4000]);
    let mut x = b.conv("stem", dna, 32, 9);
    x = b.pool("stem.pool", x, Pool::Max, 2);
    for i in 0..4 {
        let began = b.graph.nodes.len();
        let mut h = b.batch_norm(&format!("norm{i}"), x);
        h = b.same(&format!("gelu{i}"), Operation::Gelu(Gelu::Erf), &[h]);
        h = b.conv(&format!("conv{i}"), h, 32, 5);
        h = b.same(&format!("drop{i}"), Operation::Dropout { rate: 0.1 }, &[h]);
        if recompute {
            b.graph.nodes[began..].iter_mut().for_each(|n| n.recompute = Some(i));
        }
        x = b.same(&format!("add{i}"), Operation::Add, &[h, x]);
    }
    x = b.pool("pool", x, Pool::Mean, 50);
    x = b.flatten("flat", x);
    x = b.linear("head", x, 8);
    b.output("y", x).graph
}
