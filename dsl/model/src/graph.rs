//! The declared network, unrolled: nodes with named axes, parameters, inputs and outputs.

use cistron_declaration::{Axis, Span};
use serde::{Deserialize, Serialize};

/// A node's place in [`Graph::nodes`]; nodes are stored in an order in which they can be computed.
pub type NodeId = usize;
/// A parameter's place in [`Graph::parameters`].
pub type ParameterId = usize;

/// The unrolled network.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Graph {
    /// Nodes in computing order.
    pub nodes: Vec<Node>,
    /// Weights and buffers, each named once even when several nodes use it.
    pub parameters: Vec<GraphParameter>,
    /// Output name and the node that gives it, in the order of the data's outputs.
    pub outputs: Vec<(String, NodeId)>,
}

/// One operation on earlier nodes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Node {
    /// What it does.
    pub operation: Operation,
    /// The nodes that it reads.
    pub inputs: Vec<NodeId>,
    /// The parameters that it reads, in the order that [`Operation`] documents.
    pub parameters: Vec<ParameterId>,
    /// Its axes without the batch axis.
    pub axes: Vec<Axis>,
    /// A readable name, unique in the graph: `trunk.conv`, `trunk.residual.2.conv`.
    pub name: String,
    /// The token that declared it.
    pub span: Span,
    /// Base pairs of input that one position of it sees; nothing where the axis of positions is gone and all of it is seen.
    pub receptive_field_bp: Option<f64>,
    /// The block that it belongs to, where backward computes that block again instead of keeping its values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recompute: Option<usize>,
}

impl Node {
    /// Its sizes without the batch axis; unknown sizes are 0 (only inside the macro).
    pub fn sizes(&self) -> Vec<usize> {
        self.axes.iter().map(|a| a.size.unwrap_or(0)).collect()
    }
}

/// A weight or a buffer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GraphParameter {
    /// Its name in files: `trunk.conv.weight`.
    pub name: String,
    /// Its sizes.
    pub sizes: Vec<usize>,
    /// How it begins.
    pub start: Start,
    /// Whether an optimizer changes it (buffers such as running statistics are not).
    pub trainable: bool,
}

/// How a parameter begins.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Start {
    /// All the same.
    Constant(f64),
    /// Uniform in ±1/sqrt(fan_in): PyTorch's default for convolutions and linear layers, weights and biases.
    FanIn(usize),
}

/// What a node does. Layouts: sequences `[batch, channel, position]`, features `[batch, feature]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Operation {
    /// An input of the data set.
    Input {
        /// Its name.
        port: String,
    },
    /// 1-D convolution (cross-correlation). Parameters: weight `[filters, channels / groups, width]`, then bias `[filters]` if there is one.
    Convolution {
        /// Output channels.
        filters: usize,
        /// Taps.
        width: usize,
        /// Step between outputs.
        stride: usize,
        /// Distance between taps.
        dilation: usize,
        /// Channel groups.
        groups: usize,
        /// Zeros before the first and after the last position (`same` for even widths pads one more after).
        padding: (usize, usize),
        /// Whether it has a bias.
        bias: bool,
    },
    /// `y = x w^T + b` over the last axis. Parameters: weight `[features, inputs]`, then bias `[features]` if there is one.
    Linear {
        /// Output features.
        features: usize,
        /// Whether it has a bias.
        bias: bool,
    },
    /// Batch normalisation over batch and positions. Parameters: weight, bias, running mean, running variance (the last two are buffers), all `[channels]`.
    /// Running statistics follow PyTorch: `running = (1 - momentum) * running + momentum * batch`, unbiased variance.
    BatchNorm {
        /// Added to the variance.
        epsilon: f64,
        /// Share of the new batch.
        momentum: f64,
    },
    /// Layer normalisation over the channel (or feature) axis. Parameters: weight, bias.
    LayerNorm {
        /// Added to the variance.
        epsilon: f64,
    },
    /// `max(x, 0)`, gradient 0 at 0.
    Relu,
    /// Gaussian error linear unit.
    Gelu(Gelu),
    /// `x * sigmoid(x)`.
    Silu,
    /// `ln(1 + exp(x))`, stable.
    Softplus,
    /// `1 / (1 + exp(-x))`.
    Sigmoid,
    /// Hyperbolic tangent.
    Tanh,
    /// `exp(x)`.
    Exp,
    /// Zeroes a share of values in training and scales the rest by `1 / (1 - rate)`.
    Dropout {
        /// The share.
        rate: f64,
    },
    /// Pooling over positions by windows next to each other; positions left over at the end are dropped.
    Pool {
        /// Which.
        kind: Pool,
        /// Window and step.
        window: usize,
    },
    /// Sum of two nodes of the same shape.
    Add,
    /// Difference.
    Subtract,
    /// Product.
    Multiply,
    /// Quotient.
    Divide,
    /// Elementwise larger of two nodes (the first where they are equal takes half of the gradient, as PyTorch's `maximum`).
    Maximum,
    /// `scale * x + offset` with constants.
    Affine {
        /// Factor.
        scale: f64,
        /// Summand.
        offset: f64,
    },
    /// Joins nodes along an axis (0 is the first after the batch).
    Concat {
        /// The axis.
        axis: usize,
    },
    /// Mean over an axis (0 is the first after the batch), which disappears.
    Mean {
        /// The axis.
        axis: usize,
    },
    /// Largest value over an axis, which disappears (the gradient goes to the first of equals, as PyTorch's `max(dim)`).
    Largest {
        /// The axis.
        axis: usize,
    },
    /// `[channel, position]` to `[feature]`, channel by channel.
    Flatten,
    /// Reverses the positions and swaps A with T and C with G (reverses the channel order).
    ReverseComplement,
    /// Reverses the positions.
    Flip,
    /// Keeps positions `start..start + length`.
    Crop {
        /// First position kept.
        start: usize,
        /// How many.
        length: usize,
    },
}

/// The forms of GELU.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Gelu {
    /// Exact, by the error function.
    Erf,
    /// The approximation by tanh.
    Tanh,
    /// `x * sigmoid(1.702 x)`.
    Sigmoid,
}

/// The kinds of pooling.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Pool {
    /// Largest value (the first of equals takes the gradient).
    Max,
    /// Mean.
    Mean,
    /// Mean weighted by the softmax of the values themselves (DRG).
    Weighted,
}
