//! Optimizers with a step counter for every parameter, and what steers them: groups, clipping, schedules, averages.

mod adam;
mod average;
mod clip;
mod groups;
mod jobs;
mod rule;
mod schedule;
mod sgd;
mod state;
mod step;
mod values;

pub use adam::{Adam, AdamW, KerasAdam};
pub use average::{Average, AverageState};
pub use clip::Clip;
pub use groups::{Group, Role, Rules, Settings};
#[cfg(any(feature = "cuda", feature = "cuda-simulation"))]
pub(crate) use rule::Rule;
pub use schedule::{Clock, Period, Schedule, Warmup, learning_rate};
use serde::{Deserialize, Serialize};
pub use sgd::Sgd;
pub use state::OptimizerState;
pub use step::Update;

/// How weights follow their gradients.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Optimizer {
    /// Stochastic gradient descent.
    Sgd(Sgd),
    /// Adam.
    Adam(Adam),
    /// Adam with decoupled weight decay.
    AdamW(AdamW),
    /// Adam as Keras computes it.
    KerasAdam(KerasAdam),
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

impl From<KerasAdam> for Optimizer {
    fn from(settings: KerasAdam) -> Self {
        Self::KerasAdam(settings)
    }
}

impl Optimizer {
    /// The learning rate of its settings.
    pub fn lr(&self) -> f64 {
        match self {
            Self::Sgd(o) => o.lr,
            Self::Adam(o) => o.lr,
            Self::AdamW(o) => o.lr,
            Self::KerasAdam(o) => o.lr,
        }
    }

    /// The weight decay of its settings.
    pub fn weight_decay(&self) -> f64 {
        match self {
            Self::Sgd(o) => o.weight_decay,
            Self::Adam(o) => o.weight_decay,
            Self::AdamW(o) => o.weight_decay,
            Self::KerasAdam(_) => 0.0,
        }
    }

    /// The tensors that it keeps for a parameter.
    pub(crate) fn tensors(&self) -> &'static [&'static str] {
        match self {
            Self::Sgd(o) if o.momentum == 0.0 => &[],
            Self::Sgd(_) => &["momentum"],
            Self::Adam(_) | Self::AdamW(_) | Self::KerasAdam(_) => &["mean", "square"],
        }
    }
}
