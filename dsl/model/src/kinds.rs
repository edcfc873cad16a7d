//! The kinds of operations that come in several.

use serde::{Deserialize, Serialize};

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

/// What becomes of positions that fill no whole window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Rest {
    /// They are not read, as in PyTorch.
    #[default]
    Drop,
    /// The sequence is padded to whole windows, more before than after, with places that count for nothing: the first and
    /// the last window are shorter.
    Pad,
    /// Padded in the same way with the smallest value of the whole batch, so that what an example gives depends on the
    /// others of its batch: DRG's weighted pooling, which `compat = drg` puts in the place of `Pad`.
    Minimum,
    /// Padded in the same way with zeros: DRG's max pooling in the second path of a tower.
    Zero,
}

/// How values between positions are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Interpolation {
    /// Each value is repeated.
    Nearest,
    /// Linear (bilinear in maps) between the centres, as PyTorch without `align_corners`.
    Linear,
}

/// Whose running statistics a batch norm keeps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Convention {
    /// The unbiased variance.
    #[default]
    PyTorch,
    /// The biased variance.
    Keras,
    /// The biased variance, and averages that are divided by what they have seen (debiased), as in `sonnet.ExponentialMovingAverage`.
    Sonnet,
}

/// How Enformer's gamma features of distances are scaled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Gamma {
    /// Each by its own largest value: the published weights.
    #[default]
    PerFeature,
    /// All by the largest value of all: DeepMind's first code.
    Global,
    /// Each distance by its largest feature: enformer-pytorch.
    PerPosition,
}

/// Enformer's features of a distance: exponential decays, central masks and gamma densities, each symmetric and signed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Basis {
    /// How many; a multiple of 6.
    pub features: usize,
    /// How the gamma features are scaled.
    pub gamma: Gamma,
    /// The share of them that training zeroes.
    pub dropout: f64,
}
