//! Rates that follow the gradients of the past: Adagrad and Adadelta.

use serde::{Deserialize, Serialize};

/// Adagrad (Duchi et al. 2011), as PyTorch's `Adagrad`: the rate of each weight falls with the squares of all its gradients.
///
/// `g += weight_decay w`; `s += g²`; `w -= lr / (1 + (t - 1) lr_decay) g / (sqrt(s) + eps)`; t counts the steps of that
/// parameter alone, and s begins at 0.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Adagrad {
    /// Learning rate.
    pub lr: f64,
    /// How fast the learning rate itself falls, 0 for not at all.
    pub lr_decay: f64,
    /// Added to the root of the sum of squares.
    pub eps: f64,
    /// Factor of the weights that is added to their gradients.
    pub weight_decay: f64,
}

impl Default for Adagrad {
    fn default() -> Self {
        Self {
            lr: 1e-2,
            lr_decay: 0.0,
            eps: 1e-10,
            weight_decay: 0.0,
        }
    }
}

/// Adadelta (Zeiler 2012), as PyTorch's `Adadelta`: a step is as large as earlier ones were, so its rate is 1 by default.
///
/// `g += weight_decay w`; `s = rho s + (1 - rho) g²`; `d = sqrt(a + eps) / sqrt(s + eps) g`; `a = rho a + (1 - rho) d²`;
/// `w -= lr d`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Adadelta {
    /// Learning rate.
    pub lr: f64,
    /// Decay of the means of squares, of gradients and of steps.
    pub rho: f64,
    /// Added to both means before their roots are taken.
    pub eps: f64,
    /// Factor of the weights that is added to their gradients.
    pub weight_decay: f64,
}

impl Default for Adadelta {
    fn default() -> Self {
        Self {
            lr: 1.0,
            rho: 0.9,
            eps: 1e-6,
            weight_decay: 0.0,
        }
    }
}
