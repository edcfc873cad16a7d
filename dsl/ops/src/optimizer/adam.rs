//! Adam and its kin.

use serde::{Deserialize, Serialize};

/// Adam (Kingma and Ba 2015), as PyTorch's `Adam`: `eps` stands outside the root, weight decay is added to the gradient.
///
/// `m += (1 - beta1) (g - m)`; `s = beta2 s + (1 - beta2) g²`; `w -= lr m' / (sqrt(s') + eps)` with `m' = m / (1 - beta1^t)`,
/// `s' = s / (1 - beta2^t)`; t counts the steps of that parameter alone. With `amsgrad` (Reddi et al. 2018) the largest s so far
/// stands in place of s.
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
    /// Whether the mean of squares never falls.
    #[serde(default)]
    pub amsgrad: bool,
}

impl Default for Adam {
    fn default() -> Self {
        Self {
            lr: 1e-3,
            beta1: 0.9,
            beta2: 0.999,
            eps: 1e-8,
            weight_decay: 0.0,
            amsgrad: false,
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
    /// Whether the mean of squares never falls.
    #[serde(default)]
    pub amsgrad: bool,
}

impl Default for AdamW {
    fn default() -> Self {
        Self {
            lr: 1e-3,
            beta1: 0.9,
            beta2: 0.999,
            eps: 1e-8,
            weight_decay: 0.01,
            amsgrad: false,
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

/// Adam with Nesterov's momentum (Dozat 2016), as PyTorch's `NAdam`.
///
/// m and s are those of [`Adam`]; `w -= lr ((1 - mu) / (1 - p) g + mu' / (1 - p mu') m) / (sqrt(s') + eps)` with
/// `mu = beta1 (1 - 0.96^(t momentum_decay) / 2)`, mu' that of the next step and p the product of all mu so far.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct NAdam {
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
    /// How fast mu rises from half of `beta1` to all of it.
    pub momentum_decay: f64,
}

impl Default for NAdam {
    fn default() -> Self {
        Self {
            lr: 2e-3,
            beta1: 0.9,
            beta2: 0.999,
            eps: 1e-8,
            weight_decay: 0.0,
            momentum_decay: 4e-3,
        }
    }
}

impl NAdam {
    /// mu of the step with this number, mu of the next one, and the product of all mu up to this step.
    ///
    /// The product is a matter of the step alone, so nothing has to be kept for it. Once 1 minus the product is 1 in double
    /// precision, further factors change nothing.
    pub(crate) fn momenta(&self, step: u64) -> (f64, f64, f64) {
        let mu = |t: u64| self.beta1 * (1.0 - 0.5 * 0.96f64.powf(t as f64 * self.momentum_decay));
        let mut product = 1.0;
        for t in 1..=step {
            product *= mu(t);
            if product < f64::EPSILON / 4.0 {
                break;
            }
        }
        (mu(step), mu(step + 1), product)
    }
}
