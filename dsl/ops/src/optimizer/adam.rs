//! Adam and its kin.

use serde::{Deserialize, Serialize};

/// Adam (Kingma and Ba 2015), as PyTorch's `Adam`: `eps` stands outside the root, weight decay is added to the gradient.
///
/// `m += (1 - beta1) (g - m)`; `s = beta2 s + (1 - beta2) g²`; `w -= lr m' / (sqrt(s') + eps)` with `m' = m / (1 - beta1^t)`,
/// `s' = s / (1 - beta2^t)`; t counts the steps of that parameter alone.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Adam {
    /// Learning rate.
    pub lr: f64,
    /// Decay of the mean of gradients.
    pub beta1: f64,
    /// Decay of the mean of their squares.
    pub beta2: f64,
    /// Added to the root of the mean of squares.
    pub eps: f64,
    /// Factor of the weights that is added to their gradients.
    pub weight_decay: f64,
}

impl Default for Adam {
    fn default() -> Self {
        Self {
            lr: 1e-3,
            beta1: 0.9,
            beta2: 0.999,
            eps: 1e-8,
            weight_decay: 0.0,
        }
    }
}

/// Adam with decoupled weight decay (Loshchilov and Hutter 2019), as PyTorch's `AdamW`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct AdamW {
    /// Learning rate.
    pub lr: f64,
    /// Decay of the mean of gradients.
    pub beta1: f64,
    /// Decay of the mean of their squares.
    pub beta2: f64,
    /// Added to the root of the mean of squares.
    pub eps: f64,
    /// Each step shrinks weights by the factor `1 - lr weight_decay`.
    pub weight_decay: f64,
}

impl Default for AdamW {
    fn default() -> Self {
        Self {
            lr: 1e-3,
            beta1: 0.9,
            beta2: 0.999,
            eps: 1e-8,
            weight_decay: 0.01,
        }
    }
}

/// Adam as Keras and TensorFlow compute it: `eps` is outside the bias correction.
///
/// `m += (1 - beta1) (g - m)`; `s += (1 - beta2) (g² - s)`; `w -= lr sqrt(1 - beta2^t) / (1 - beta1^t) m / (sqrt(s) + eps)`.
/// In the first steps that `eps` counts `1 / sqrt(1 - beta2^t)` times as much as PyTorch's, and its default is 1e-7.
///
/// Keras's `decay` is the schedule [`Schedule::Inverse`](crate::Schedule::Inverse). t counts the steps of that parameter
/// alone, where Keras counts those of the optimizer; the two differ only for parameters that get no gradient in some steps.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct KerasAdam {
    /// Learning rate.
    pub lr: f64,
    /// Decay of the mean of gradients.
    pub beta1: f64,
    /// Decay of the mean of their squares.
    pub beta2: f64,
    /// Added to the root of the mean of squares.
    pub eps: f64,
}

impl Default for KerasAdam {
    fn default() -> Self {
        Self {
            lr: 1e-3,
            beta1: 0.9,
            beta2: 0.999,
            eps: 1e-7,
        }
    }
}
