//! What nodes do.

use crate::{Basis, Convention, Gelu, Interpolation, Pool, Rest};
use serde::{Deserialize, Serialize};

/// Whether a field may be left out of JSON, so that graphs of earlier versions keep their hash.
fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// What a node does. Layouts: sequences `[batch, channel, position]`, maps `[batch, channel, row, column]`, features `[batch, feature]`.
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
    /// The same filters over both strands of a DNA sequence, the results of the reverse turned round, and the larger or the mean of both kept. Parameters as of a convolution: weight `[filters, 4, width]`, then bias `[filters]` if there is one.
    StrandConvolution {
        /// Output channels.
        filters: usize,
        /// Taps.
        width: usize,
        /// Zeros before the first and after the last position, of each strand as it is read.
        padding: (usize, usize),
        /// Whether the mean is kept instead of the larger.
        mean: bool,
        /// Whether it has a bias.
        bias: bool,
    },
    /// 2-D convolution of maps `[batch, channel, row, column]`. Parameters: weight `[filters, channels / groups, width, width]`, then bias `[filters]` if there is one.
    Convolution2d {
        /// Output channels.
        filters: usize,
        /// Taps along each axis.
        width: usize,
        /// Step between outputs.
        stride: usize,
        /// Distance between taps.
        dilation: usize,
        /// Channel groups.
        groups: usize,
        /// Zeros before the first and after the last row and column.
        padding: (usize, usize),
        /// Whether it has a bias.
        bias: bool,
    },
    /// The transpose of a convolution: each position spreads over `width` outputs. Parameters: weight `[channels, filters / groups, width]`, then bias `[filters]` if there is one.
    TransposedConvolution {
        /// Output channels.
        filters: usize,
        /// Taps.
        width: usize,
        /// Outputs from one position to the next.
        stride: usize,
        /// Distance between taps.
        dilation: usize,
        /// Channel groups.
        groups: usize,
        /// Outputs that are cut off before and after.
        padding: (usize, usize),
        /// Outputs that are added at the end (PyTorch's `output_padding`).
        extra: usize,
        /// Whether it has a bias.
        bias: bool,
    },
    /// The same for maps, along both axes. Parameters: weight `[channels, filters / groups, width, width]`, then bias.
    TransposedConvolution2d {
        /// Output channels.
        filters: usize,
        /// Taps along each axis.
        width: usize,
        /// Outputs from one row or column to the next.
        stride: usize,
        /// Distance between taps.
        dilation: usize,
        /// Channel groups.
        groups: usize,
        /// Rows and columns that are cut off before and after.
        padding: (usize, usize),
        /// Rows and columns that are added at the end.
        extra: usize,
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
    /// With Sonnet's convention, one more buffer: the number of updates `[1]`.
    BatchNorm {
        /// Added to the variance.
        epsilon: f64,
        /// Share of the new batch in the running statistics, in every convention.
        momentum: f64,
        /// Whose running statistics.
        #[serde(default, skip_serializing_if = "is_default")]
        convention: Convention,
        /// Examples that are normalised together, where that is less than the batch (virtual or "ghost" batch, Hoffer et al. 2017).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        virtual_batch: Option<usize>,
    },
    /// Layer normalisation over the channel (or feature) axis. Parameters: weight, bias.
    LayerNorm {
        /// Added to the variance.
        epsilon: f64,
    },
    /// Normalisation over groups of channels and all positions of each example. Parameters: weight, bias.
    GroupNorm {
        /// How many groups.
        groups: usize,
        /// Added to the variance.
        epsilon: f64,
    },
    /// Division by the root of the mean square over the channel (or feature) axis. Parameter: weight.
    RmsNorm {
        /// Added to the mean square.
        epsilon: f64,
    },
    /// `exp(x) / sum exp(x)` over an axis (0 is the first after the batch).
    Softmax {
        /// The axis.
        axis: usize,
    },
    /// Its logarithm, stable.
    LogSoftmax {
        /// The axis.
        axis: usize,
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
    /// Natural logarithm.
    Log,
    /// `ln(1 + x)`.
    Log1p,
    /// Square root.
    SquareRoot,
    /// Absolute value.
    Abs,
    /// `x^exponent`.
    Power {
        /// The exponent.
        exponent: f64,
    },
    /// Zeroes a share of values in training and scales the rest by `1 / (1 - rate)`.
    Dropout {
        /// The share.
        rate: f64,
    },
    /// Pooling over positions by windows.
    Pool {
        /// Which.
        kind: Pool,
        /// Positions of a window.
        window: usize,
        /// Positions between the beginnings of windows; the window if nothing.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        step: Option<usize>,
        /// What becomes of positions that fill no window.
        #[serde(default, skip_serializing_if = "is_default")]
        rest: Rest,
    },
    /// Pooling over rows and columns of a map by square windows.
    Pool2d {
        /// Which.
        kind: Pool,
        /// Rows and columns of a window.
        window: usize,
        /// Rows and columns between the beginnings of windows.
        step: usize,
        /// What becomes of rows and columns that fill no window.
        rest: Rest,
    },
    /// Enformer's pooling: a mean weighted by the softmax, over each window, of a linear map of the channels; what is left over at the end is a window of its own. Parameter: weight `[channels, channels]`.
    AttentionPool {
        /// Window and step.
        window: usize,
    },
    /// More positions than before.
    Upsample {
        /// How.
        kind: Interpolation,
        /// How many for one.
        factor: usize,
    },
    /// More rows and columns than before.
    Upsample2d {
        /// How.
        kind: Interpolation,
        /// How many for one.
        factor: usize,
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
    /// Entries of the first axis after the batch in another order, or some of them: tracks aligned by name.
    Pick {
        /// The entries.
        places: Vec<usize>,
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
    /// Sum over an axis (0 is the first after the batch), which disappears.
    Sum {
        /// The axis.
        axis: usize,
    },
    /// `[channel, position]` (or a map) to `[feature]`, channel by channel.
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
    /// Keeps a square in the middle of a map.
    Crop2d {
        /// First row and column kept.
        start: usize,
        /// How many.
        length: usize,
    },
    /// Reverses rows and columns of a map.
    Flip2d,
    /// Scaled dot-product attention. Inputs: queries `[heads * key, n]`, keys `[heads * key, m]`, values `[heads * value, m]`; gives `[heads * value, n]`.
    Attention {
        /// Heads.
        heads: usize,
        /// Share of the attention weights that training zeroes.
        dropout: f64,
    },
    /// Attention with Enformer's relative positions (Dai et al. 2019). Inputs: queries, keys, values over the same positions.
    /// Parameters: content bias `[heads * key]`, position bias `[heads * key]`, and the weight `[heads * key, features]` that makes keys of distances.
    RelativeAttention {
        /// Heads.
        heads: usize,
        /// Share of the attention weights that training zeroes.
        dropout: f64,
        /// The features of distances.
        basis: Basis,
    },
    /// The number of the bin of each value: `count` bins of equal width, open on the left and closed on the right, from `minimum` to `maximum`; values beyond go to the first and last (LSFG).
    Bins {
        /// How many.
        count: usize,
        /// Lower edge of the first.
        minimum: f64,
        /// Upper edge of the last.
        maximum: f64,
    },
    /// Rows of a table by number: `[position]` to `[width, position]`. Parameter: weight `[count, width]`.
    Embedding {
        /// Numbers that there are.
        count: usize,
        /// Channels of each.
        width: usize,
    },
    /// `m[c, i, j] = x[c, i] + y[c, j]`; y is x if there is no second input (Orca).
    OuterSum,
    /// The mean of a map and its transpose.
    Symmetric,
    /// Features to one token: `[feature]` to `[channel, 1]`.
    Token,
    /// The same learned tokens for each example; its input is read for the batch alone. Parameter: weight `[count, width]`.
    Latents {
        /// How many.
        count: usize,
        /// Channels of each.
        width: usize,
    },
    /// Adds a learned vector for each position. Parameter: weight `[positions, channels]`.
    Positions,
    /// The same numbers for each example; its input is read for the batch alone. Parameter: values, of the node's own sizes (a buffer).
    Table,
    /// `scale * x + shift`, both `[channel]`, at each position (feature-wise linear modulation, Perez et al. 2018). Inputs: x, scale, shift.
    Film,
    /// A function of the user's own, handed over when the network is made; its output has the sizes that the declaration says.
    Custom {
        /// The name under which it is handed over.
        name: String,
    },
}
