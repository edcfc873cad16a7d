//! Optimizers with a step counter for every parameter, and what steers them: groups, clipping, schedules, averages.

mod adam;
mod adaptive;
mod average;
mod clip;
mod groups;
mod jobs;
mod pass;
mod rule;
mod schedule;
mod sgd;
mod state;
mod step;
mod values;

pub use adam::{Adam, AdamW, KerasAdam, NAdam};
pub use adaptive::{Adadelta, Adagrad};
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
    /// Adam with Nesterov's momentum.
    NAdam(NAdam),
    /// Rates that fall with the sum of squared gradients.
    Adagrad(Adagrad),
    /// Steps as large as earlier ones.
    Adadelta(Adadelta),
}

impl Default for Optimizer {
    fn default() -> Self {
        Self::Adam(Adam::default())
    }
}

macro_rules! settings_of {
    ($($kind:ident),+) => {$(
        impl From<$kind> for Optimizer {
            fn from(settings: $kind) -> Self {
                Self::$kind(settings)
            }
        }
    )+};
}
settings_of!(Sgd, Adam, AdamW, KerasAdam, NAdam, Adagrad, Adadelta);

impl Optimizer {
    /// The learning rate of its settings.
    pub fn lr(&self) -> f64 {
        match self {
            Self::Sgd(o) => o.lr,
            Self::Adam(o) => o.lr,
            Self::AdamW(o) => o.lr,
            Self::KerasAdam(o) => o.lr,
            Self::NAdam(o) => o.lr,
            Self::Adagrad(o) => o.lr,
            Self::Adadelta(o) => o.lr,
        }
    }

    /// The weight decay of its settings.
    pub fn weight_decay(&self) -> f64 {
        match self {
            Self::Sgd(o) => o.weight_decay,
            Self::Adam(o) => o.weight_decay,
            Self::AdamW(o) => o.weight_decay,
            Self::KerasAdam(_) => 0.0,
            Self::NAdam(o) => o.weight_decay,
            Self::Adagrad(o) => o.weight_decay,
            Self::Adadelta(o) => o.weight_decay,
        }
    }

    /// The tensors that it keeps for a parameter.
    pub(crate) fn tensors(&self) -> &'static [&'static str] {
        match self {
            Self::Sgd(o) if o.momentum == 0.0 => &[],
            Self::Sgd(_) => &["momentum"],
            Self::Adam(Adam { amsgrad: true, .. }) | Self::AdamW(AdamW { amsgrad: true, .. }) => &["mean", "square", "largest"],
            Self::Adam(_) | Self::AdamW(_) | Self::KerasAdam(_) | Self::NAdam(_) => &["mean", "square"],
            Self::Adagrad(_) => &["sum"],
            Self::Adadelta(_) => &["square", "delta"],
        }
    }
}
