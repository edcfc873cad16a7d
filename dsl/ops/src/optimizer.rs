//! Optimizers with PyTorch's semantics and a step counter for every parameter.

mod adam;
mod sgd;
mod state;

pub use adam::{Adam, AdamW};
pub use sgd::Sgd;
pub use state::OptimizerState;

/// How weights follow their gradients.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Optimizer {
    /// Stochastic gradient descent.
    Sgd(Sgd),
    /// Adam.
    Adam(Adam),
    /// Adam with decoupled weight decay.
    AdamW(AdamW),
}

impl Default for Optimizer {
    fn default() -> Self {
        Self::Adam(Adam::default())
    }
}

impl From<Sgd> for Optimizer {
    fn from(settings: Sgd) -> Self {
        Self::Sgd(settings)
    }
}

impl From<Adam> for Optimizer {
    fn from(settings: Adam) -> Self {
        Self::Adam(settings)
    }
}

impl From<AdamW> for Optimizer {
    fn from(settings: AdamW) -> Self {
        Self::AdamW(settings)
    }
}

impl Optimizer {
    /// The learning rate of its settings.
    pub fn lr(&self) -> f64 {
        match self {
            Self::Sgd(o) => o.lr,
            Self::Adam(o) => o.lr,
            Self::AdamW(o) => o.lr,
        }
    }

    /// The tensors that it keeps for a parameter.
    pub(crate) fn tensors(&self) -> &'static [&'static str] {
        match self {
            Self::Sgd(o) if o.momentum == 0.0 => &[],
            Self::Sgd(_) => &["momentum"],
            Self::Adam(_) | Self::AdamW(_) => &["mean", "square"],
        }
    }
}
