//! Stochastic gradient descent.

use serde::{Deserialize, Serialize};

/// Stochastic gradient descent with momentum, as PyTorch's `SGD`.
///
/// `g += weight_decay w`; `v = g` in the first step, then `v = momentum v + (1 - dampening) g`; `w -= lr v`, with
/// Nesterov's form `w -= lr (g + momentum v)`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sgd {
    /// Learning rate.
    pub lr: f64,
    /// Share of the last step that goes on, 0 for none.
    pub momentum: f64,
    /// Share of the gradient that is left out of the momentum.
    pub dampening: f64,
    /// Factor of the weights that is added to their gradients.
    pub weight_decay: f64,
    /// Nesterov's form of momentum.
    pub nesterov: bool,
}

impl Default for Sgd {
    fn default() -> Self {
        Self {
            lr: 1e-3,
            momentum: 0.0,
            dampening: 0.0,
            weight_decay: 0.0,
            nesterov: false,
        }
    }
}
