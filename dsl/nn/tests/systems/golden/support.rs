//! Files of golden numbers, comparison, and a graph whose parameters have the names of the original.

use crate::common::Build;
use candle_core::{DType, Device, Tensor};
use cistron_model::{Graph, GraphParameter, NodeId, Operation, Start};
use cistron_nn::{Named, Network};
use serde_json::Value;
use std::path::PathBuf;

/// The folder of golden files of a system; nothing (and a word about it) where there is none.
pub(crate) fn folder(system: &str) -> Option<PathBuf> {
    let shared = std::env::var_os("CISTRON_SHARED").map(PathBuf::from);
    let shared = shared.unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared"));
    let path = shared.join("golden").join(system);
    if path.exists() {
        return Some(path);
    }
    assert_ne!(
        std::env::var("CI").as_deref(),
        Ok("true"),
        "no shared data: {} is missing",
        path.display()
    );
    println!("skipped: no shared data");
    None
}

pub(crate) fn tensors(path: &std::path::Path) -> Named {
    let all = candle_core::safetensors::load(path, &Device::Cpu);
    all.unwrap_or_else(|e| panic!("{}: {e}", path.display()))
        .into_iter()
        .collect()
}

pub(crate) fn json(path: &std::path::Path) -> Value {
    let text = std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    serde_json::from_str(&text).expect("JSON")
}

pub(crate) fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is no number"))
}

pub(crate) fn values(tensor: &Tensor) -> Vec<f64> {
    let flat = tensor.flatten_all().and_then(|t| t.to_dtype(DType::F64));
    flat.and_then(|t| t.to_vec1()).expect("values")
}

pub(crate) fn norm(tensor: &Tensor) -> f64 {
    values(tensor).iter().map(|v| v * v).sum::<f64>().sqrt()
}

/// Compares two tensors of as many values: differences relative to the largest expected value.
pub(crate) fn close(found: &Tensor, expected: &Tensor, tolerance: f64, what: &str) {
    let (found, expected) = (values(found), values(expected));
    assert_eq!(found.len(), expected.len(), "{what}");
    let largest = expected.iter().fold(0f64, |m, v| m.max(v.abs())).max(f64::MIN_POSITIVE);
    for (i, (a, b)) in found.iter().zip(&expected).enumerate() {
        let difference = (a - b).abs() / largest;
        assert!(
            difference <= tolerance,
            "{what}[{i}]: {a} against {b}, {difference:.1e} of the largest"
        );
    }
}

/// Compares two numbers relative to the expected one.
pub(crate) fn near(found: f64, expected: f64, tolerance: f64, what: &str) {
    let difference = (found - expected).abs() / expected.abs().max(f64::MIN_POSITIVE);
    assert!(
        difference <= tolerance,
        "{what}: {found} against {expected}, relative {difference:.1e}"
    );
}

/// A graph whose parameters have the names of the original model.
#[derive(Default)]
pub(crate) struct Model {
    pub(crate) build: Build,
}

impl Model {
    pub(crate) fn sizes(&self, x: NodeId) -> Vec<usize> {
        self.build.sizes(x)
    }

    pub(crate) fn input(&mut self, port: &str, sizes: &[usize]) -> NodeId {
        self.build.input(port, sizes)
    }

    pub(crate) fn same(&mut self, name: &str, operation: Operation, inputs: &[NodeId]) -> NodeId {
        self.build.same(name, operation, inputs)
    }

    pub(crate) fn node(&mut self, name: &str, operation: Operation, inputs: &[NodeId], sizes: &[usize]) -> NodeId {
        self.build.node(name, operation, inputs, sizes, Vec::new())
    }

    /// A node with parameters: name and sizes of each; those that `running` ends are buffers.
    pub(crate) fn layer(
        &mut self,
        name: &str,
        operation: Operation,
        inputs: &[NodeId],
        sizes: &[usize],
        parameters: &[(String, Vec<usize>)],
    ) -> NodeId {
        let parameter = |(name, sizes): &(String, Vec<usize>)| GraphParameter {
            name: name.clone(),
            sizes: sizes.clone(),
            start: Start::Constant(0.0),
            trainable: !name.contains("running_"),
        };
        self.build
            .node(name, operation, inputs, sizes, parameters.iter().map(parameter).collect())
    }

    /// A convolution that keeps the length, as DRG and Keras pad: the surplus of an even width to the right.
    pub(crate) fn conv(
        &mut self,
        name: &str,
        x: NodeId,
        filters: usize,
        (width, dilation): (usize, usize),
        bias: bool,
    ) -> NodeId {
        let sizes = self.sizes(x);
        let reach = dilation * (width - 1);
        let operation = Operation::Convolution {
            filters,
            width,
            stride: 1,
            dilation,
            groups: 1,
            padding: (reach / 2, reach - reach / 2),
            bias,
        };
        let mut parameters = vec![(format!("{name}.weight"), vec![filters, sizes[0], width])];
        if bias {
            parameters.push((format!("{name}.bias"), vec![filters]));
        }
        self.layer(name, operation, &[x], &[filters, sizes[1]], &parameters)
    }

    /// A linear map of each position's channels: a convolution of width 1.
    pub(crate) fn map(&mut self, name: &str, x: NodeId, filters: usize) -> NodeId {
        self.conv(name, x, filters, (1, 1), true)
    }

    pub(crate) fn linear(&mut self, name: &str, x: NodeId, features: usize) -> NodeId {
        let inputs = self.sizes(x)[0];
        let parameters = [
            (format!("{name}.weight"), vec![features, inputs]),
            (format!("{name}.bias"), vec![features]),
        ];
        let operation = Operation::Linear { features, bias: true };
        self.layer(name, operation, &[x], &[features], &parameters)
    }

    pub(crate) fn layer_norm(&mut self, name: &str, x: NodeId) -> NodeId {
        let sizes = self.sizes(x);
        let parameters = ["weight", "bias"].map(|part| (format!("{name}.{part}"), vec![sizes[0]]));
        self.layer(name, Operation::LayerNorm { epsilon: 1e-5 }, &[x], &sizes, &parameters)
    }

    pub(crate) fn add(&mut self, name: &str, a: NodeId, b: NodeId) -> NodeId {
        self.same(name, Operation::Add, &[a, b])
    }

    pub(crate) fn gelu(&mut self, name: &str, x: NodeId) -> NodeId {
        self.same(name, Operation::Gelu(cistron_model::Gelu::Erf), &[x])
    }

    pub(crate) fn flatten(&mut self, name: &str, x: NodeId) -> NodeId {
        self.build.flatten(name, x)
    }

    /// The network with golden weights.
    pub(crate) fn network(self, outputs: &[(&str, NodeId)], weights: &Named, precision: DType) -> Network {
        let mut build = self.build;
        for (name, node) in outputs {
            build = build.output(name, *node);
        }
        network(build.graph, weights, precision)
    }
}

/// The graph of a declaration whose parameters take these names, in its order. Dropout is off, as in the golden runs.
pub(crate) fn renamed(model: &cistron_model::Model, names: &[String]) -> Graph {
    let mut graph = model.graph().clone();
    let ours: Vec<&str> = graph.parameters.iter().map(|p| p.name.as_str()).collect();
    assert_eq!(ours.len(), names.len(), "{ours:?} for {names:?}");
    for (parameter, name) in graph.parameters.iter_mut().zip(names) {
        parameter.name.clone_from(name);
    }
    for node in &mut graph.nodes {
        match &mut node.operation {
            Operation::Attention { dropout, .. } => *dropout = 0.0,
            Operation::Dropout { rate } => *rate = 0.0,
            _ => {}
        }
    }
    graph
}

/// A network with golden weights: each parameter takes the tensor of its name, in its own shape.
pub(crate) fn network(graph: Graph, weights: &Named, precision: DType) -> Network {
    let mut network = Network::from_graph(graph, 0, precision).expect("a network");
    let given: Named = network
        .weights()
        .iter()
        .map(|w| {
            let found = weights.get(&w.name).unwrap_or_else(|| panic!("no golden weight {}", w.name));
            let shaped = found.reshape(w.tensor.dims()).and_then(|t| t.to_dtype(precision));
            (w.name.clone(), shaped.expect("as many values"))
        })
        .collect();
    network.set_weights(given).expect("weights");
    network
}
