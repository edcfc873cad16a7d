//! DRG's models as graphs whose parameters have the original's names.

use super::support::Model;
use candle_core::DType;
use cistron_model::{NodeId, Operation, Pool, Rest};
use cistron_nn::{Named, Network};

pub(crate) const TRACKS: usize = 6;
/// Widths: kernels, fully connected block, embedding of a two-sided model.
pub(crate) const KERNELS: usize = 8;
pub(crate) const DENSE: usize = 12;
const EMBEDDING: usize = 10;

fn pool(m: &mut Model, name: &str, x: NodeId, window: usize) -> NodeId {
    let sizes = m.sizes(x);
    let operation = Operation::Pool {
        kind: Pool::Weighted,
        window,
        step: None,
        rest: Rest::Minimum,
    };
    m.node(name, operation, &[x], &[sizes[0], sizes[1].div_ceil(window)])
}

fn batch_norm(m: &mut Model, name: &str, x: NodeId) -> NodeId {
    let sizes = m.sizes(x);
    let parts = ["weight", "bias", "running_mean", "running_var"];
    let parameters = parts.map(|part| (format!("{name}.{part}"), vec![sizes[0]]));
    let operation = Operation::BatchNorm {
        epsilon: 1e-5,
        momentum: 0.1,
        convention: Default::default(),
        virtual_batch: None,
    };
    m.layer(name, operation, &[x], &sizes, &parameters)
}

/// The first convolution over both strands, the larger of the two at each position.
fn both_strands(m: &mut Model, name: &str, x: NodeId) -> NodeId {
    let there = m.conv(name, x, KERNELS, (7, 1), true);
    let sizes = m.sizes(x);
    let reversed = m.node(&format!("{name}.reversed"), Operation::ReverseComplement, &[x], &sizes);
    let back = m.conv(&format!("{name}.back"), reversed, KERNELS, (7, 1), true);
    // The same weights once more.
    m.build.graph.parameters.truncate(m.build.graph.parameters.len() - 2);
    m.build.graph.nodes[back].parameters = m.build.graph.nodes[there].parameters.clone();
    let back = m.same(&format!("{name}.flip"), Operation::Flip, &[back]);
    m.same(&format!("{name}.max"), Operation::Maximum, &[there, back])
}

/// A residual tower: each layer adds what the convolution before it gave, pooled as often as the layer's input was.
fn tower(m: &mut Model, prefix: &str, x: NodeId, dilations: &[usize], bias: bool, windows: &[Option<usize>]) -> NodeId {
    let (mut x, mut residual) = (x, x);
    for (n, (dilation, window)) in dilations.iter().zip(windows).enumerate() {
        let at = |part: &str| format!("{prefix}.convlayers.{part}{n}");
        let u = batch_norm(m, &at("Bnorm"), x);
        let u = m.gelu(&at("gelu"), u);
        let channels = m.sizes(u)[0];
        let c = m.conv(&format!("{}.conv1d", at("Conv")), u, channels, (5, *dilation), bias);
        x = m.add(&at("add"), c, residual);
        residual = c;
        if let Some(window) = window {
            x = pool(m, &at("pool"), x, *window);
            if n + 1 < dilations.len() {
                residual = pool(m, &at("residual"), residual, *window);
            }
        }
    }
    x
}

/// The attention block of `transmodel`: 4 heads of 14 each over channels and a table of positions, then a feed-forward block.
fn attention(m: &mut Model, name: &str, x: NodeId, table: NodeId) -> NodeId {
    let at = |part: &str| format!("{name}.{part}");
    let (channels, length) = (m.sizes(x)[0], m.sizes(x)[1]);
    let joined = m.node(
        &at("joined"),
        Operation::Concat { axis: 0 },
        &[x, table],
        &[2 * channels, length],
    );
    let [q, k, v] = ["embed_queries", "embed_keys", "embed_values"].map(|part| m.conv(&at(part), joined, 56, (1, 1), false));
    let operation = Operation::Attention { heads: 4, dropout: 0.0 };
    let heads = m.node(&at("attention"), operation, &[q, k, v], &[56, length]);
    let combined = m.conv(&at("combine_layer"), heads, 14, (1, 1), false);
    let residual = m.conv(&at("reslayer"), x, 14, (1, 1), false);
    let sum = m.add(&at("add"), combined, residual);
    let sum = m.layer_norm(&at("layer_norm"), sum);
    let f = m.conv(&at("feedforward.0"), sum, 56, (1, 1), false);
    let f = m.gelu(&at("feedforward.gelu"), f);
    let f = m.conv(&at("feedforward.2"), f, 14, (1, 1), false);
    let sum = m.add(&at("feedforward.add"), f, sum);
    m.layer_norm(&at("feedforward_layer_norm"), sum)
}

/// A network up to its fully connected block; `locations` get the nodes whose values the golden files have.
fn trunk(m: &mut Model, prefix: &str, x: NodeId, strands: bool, table: Option<NodeId>) -> (NodeId, Vec<NodeId>) {
    let at = |part: &str| format!("{prefix}{part}");
    let mut locations = Vec::new();
    let first = at("convolutions.conv1d");
    let x = if strands {
        both_strands(m, &first, x)
    } else {
        m.conv(&first, x, KERNELS, (7, 1), true)
    };
    locations.push(x);
    let x = m.gelu(&at("gelu"), x);
    let x = pool(m, &at("pool"), x, 4);
    locations.push(x);
    let last = table.map(|_| 2);
    let x = tower(m, &at("convolution_layers"), x, &[1, 2, 4], false, &[None, None, last]);
    locations.push(x);
    let x = match table {
        Some(table) => attention(m, &at("distattention.Mheadattention0"), x, table),
        None => x,
    };
    locations.push(x);
    let x = tower(m, &at("trconvolution_layers"), x, &[1, 1], true, &[Some(3), Some(3)]);
    locations.push(x);
    let x = m.flatten(&at("flat"), x);
    locations.push(x);
    let x = m.linear(&at("nfcs.nfcs.EmbeddtoFully"), x, DENSE);
    let x = dense(m, &at("nfcs"), x, &[13, 13, DENSE]);
    locations.push(x);
    (x, locations)
}

/// Fully connected layers, each followed by GELU.
fn dense(m: &mut Model, prefix: &str, x: NodeId, widths: &[usize]) -> NodeId {
    let mut x = x;
    for (n, width) in widths.iter().enumerate() {
        let name = format!("{prefix}.nfcs.Fullyconnected{n}");
        x = m.linear(&name, x, *width);
        x = m.gelu(&format!("{name}.gelu"), x);
    }
    x
}

fn head(m: &mut Model, prefix: &str, x: NodeId, features: usize) -> NodeId {
    m.linear(&format!("{prefix}classifier.Linear"), x, features)
}

/// A trunk of one of two networks, with its prefix.
fn side(m: &mut Model, number: usize, port: NodeId) -> (NodeId, String) {
    let prefix = format!("cnns.CNN{number}.");
    let (x, _) = trunk(m, &prefix, port, number == 0, None);
    (x, prefix)
}

/// `GELU(Linear(trunk))` of both networks.
fn embeddings(m: &mut Model, ports: [NodeId; 2]) -> [NodeId; 2] {
    [0, 1].map(|number| {
        let (x, prefix) = side(m, number, ports[number]);
        let x = head(m, &format!("{prefix}classifier."), x, EMBEDDING);
        m.gelu(&format!("{prefix}embedding"), x)
    })
}

/// A network with the nodes that the files have.
pub(crate) struct Built {
    pub(crate) network: Network,
    /// Names of the nodes whose values the files have, in order.
    pub(crate) locations: Vec<String>,
}

/// A model by the name of its files.
pub(crate) fn build(name: &str, weights: &Named, precision: DType) -> Built {
    let mut m = Model::default();
    let dna = m.input("dna", &[4, 101]);
    let mut locations = Vec::new();
    let outputs = match name {
        "A_base" | "A_trans" | "B" => {
            let table = (name == "A_trans").then(|| m.input("table", &[KERNELS, 13]));
            let (x, nodes) = trunk(&mut m, "", dna, true, table);
            locations = nodes;
            if name == "B" {
                let heads = [0, 1, 2].map(|j| head(&mut m, &format!("classifier.{j}."), x, TRACKS));
                vec![("ex", heads[0]), ("kd", heads[1]), ("kt", heads[2])]
            } else {
                vec![("ex", head(&mut m, "classifier.", x, TRACKS))]
            }
        }
        _ => {
            let rna = m.input("rna", &[4, 90]);
            two_sided(&mut m, name, [dna, rna])
        }
    };
    let locations = locations.iter().map(|id| m.build.graph.nodes[*id].name.clone()).collect();
    Built {
        network: m.network(&outputs, weights, precision),
        locations,
    }
}

fn two_sided(m: &mut Model, name: &str, ports: [NodeId; 2]) -> Vec<(&'static str, NodeId)> {
    if name.starts_with('D') {
        let [(f, first), (g, second)] = [0, 1].map(|number| side(m, number, ports[number]));
        let heads = |m: &mut Model, prefix: &str, x: NodeId| -> [NodeId; 3] {
            match name {
                "D_sharedT" => [head(m, &format!("{prefix}classifier."), x, TRACKS); 3],
                _ => [0, 1, 2].map(|j| head(m, &format!("{prefix}classifier.{j}."), x, TRACKS)),
            }
        };
        let (f, g) = (heads(m, &first, f), heads(m, &second, g));
        let difference = m.same("difference", Operation::Subtract, &[f[0], g[0]]);
        return vec![("ex", difference), ("kd", g[1]), ("kt", f[2])];
    }
    let [a, b] = embeddings(m, ports);
    let joined = m.node("joined", Operation::Concat { axis: 0 }, &[a, b], &[2 * EMBEDDING]);
    if name == "C" {
        let x = dense(m, "nclayers", joined, &[22, 22, 2 * EMBEDDING]);
        return vec![("ex", head(m, "classifier.", x, TRACKS))];
    }
    let from = if name == "F_all" { [joined; 3] } else { [joined, b, a] };
    let mut outputs = Vec::new();
    for (j, (output, x)) in ["ex", "kd", "kt"].into_iter().zip(from).enumerate() {
        let width = m.sizes(x)[0];
        let x = dense(m, &format!("nclayers.{j}"), x, &[width * 11 / 10, width]);
        outputs.push((output, head(m, &format!("classifier.{j}."), x, TRACKS)));
    }
    outputs
}
