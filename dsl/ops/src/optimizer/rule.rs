//! What a step is, at one moment: all numbers that the pass over the values needs.

use super::Optimizer;

/// An optimizer's step for one parameter at one moment: all that the step number and the settings decide.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Rule {
    Sgd {
        rate: f64,
        decay: f64,
        momentum: f64,
        rest: f64,
        nesterov: bool,
        first: bool,
    },
    Adam {
        beta1: f64,
        beta2: f64,
        eps: f64,
        /// Added to the gradient.
        coupled: f64,
        /// Factor of the weight.
        shrink: f64,
        /// `rate / (1 - beta1^t)`, for Keras times `sqrt(1 - beta2^t)`.
        size: f64,
        /// `sqrt(1 - beta2^t)`, for Keras 1.
        root: f64,
        /// `s += (1 - beta2) (g² - s)`, as Keras writes it.
        keras: bool,
    },
    NAdam {
        beta1: f64,
        beta2: f64,
        eps: f64,
        decay: f64,
        /// Factor of the gradient: `rate (1 - mu) / (1 - product)`.
        direct: f64,
        /// Factor of the mean: `rate mu' / (1 - product mu')`.
        along: f64,
        /// `sqrt(1 - beta2^t)`.
        root: f64,
    },
    Adagrad {
        /// `rate / (1 + (t - 1) lr_decay)`.
        size: f64,
        eps: f64,
        decay: f64,
    },
    Adadelta {
        rate: f64,
        decay: f64,
        rho: f64,
        eps: f64,
    },
}

impl Rule {
    /// The rule of the step with this number, counted from 1, at a rate and a weight decay.
    pub(crate) fn new(optimizer: &Optimizer, rate: f64, decay: f64, step: u64) -> Self {
        let count = step as f64;
        let adam = |beta1: f64, beta2: f64, eps: f64, coupled: f64, decoupled: f64| Self::Adam {
            beta1,
            beta2,
            eps,
            coupled,
            shrink: 1.0 - rate * decoupled,
            size: rate / (1.0 - beta1.powf(count)),
            root: (1.0 - beta2.powf(count)).sqrt(),
            keras: false,
        };
        match optimizer {
            Optimizer::Sgd(o) => Self::Sgd {
                rate,
                decay,
                momentum: o.momentum,
                rest: 1.0 - o.dampening,
                nesterov: o.nesterov,
                first: step == 1,
            },
            Optimizer::Adam(o) => adam(o.beta1, o.beta2, o.eps, decay, 0.0),
            Optimizer::AdamW(o) => adam(o.beta1, o.beta2, o.eps, 0.0, decay),
            Optimizer::KerasAdam(o) => Self::Adam {
                beta1: o.beta1,
                beta2: o.beta2,
                eps: o.eps,
                coupled: 0.0,
                shrink: 1.0,
                size: rate * (1.0 - o.beta2.powf(count)).sqrt() / (1.0 - o.beta1.powf(count)),
                root: 1.0,
                keras: true,
            },
            Optimizer::NAdam(o) => {
                let (mu, next, product) = o.momenta(step);
                Self::NAdam {
                    beta1: o.beta1,
                    beta2: o.beta2,
                    eps: o.eps,
                    decay,
                    direct: rate * (1.0 - mu) / (1.0 - product),
                    along: rate * next / (1.0 - product * next),
                    root: (1.0 - o.beta2.powf(count)).sqrt(),
                }
            }
            Optimizer::Adagrad(o) => Self::Adagrad {
                size: rate / (1.0 + (count - 1.0) * o.lr_decay),
                eps: o.eps,
                decay,
            },
            Optimizer::Adadelta(o) => Self::Adadelta {
                rate,
                decay,
                rho: o.rho,
                eps: o.eps,
            },
        }
    }
}
