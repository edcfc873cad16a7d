//! Adam and AdamW.

use crate::number::Number;
use crate::parallel::{map2, map3};

/// Adam (Kingma and Ba 2015), as PyTorch's `Adam`: `eps` stands outside the root, weight decay is added to the gradient.
#[derive(Clone, Copy, Debug, PartialEq)]
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
#[derive(Clone, Copy, Debug, PartialEq)]
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

/// What both have in common.
pub(super) struct Moments {
    pub(super) beta1: f64,
    pub(super) beta2: f64,
    pub(super) eps: f64,
    /// Added to the gradient.
    pub(super) coupled: f64,
    /// Taken off the weight.
    pub(super) decoupled: f64,
}

impl From<&Adam> for Moments {
    fn from(o: &Adam) -> Self {
        Self {
            beta1: o.beta1,
            beta2: o.beta2,
            eps: o.eps,
            coupled: o.weight_decay,
            decoupled: 0.0,
        }
    }
}

impl From<&AdamW> for Moments {
    fn from(o: &AdamW) -> Self {
        Self {
            beta1: o.beta1,
            beta2: o.beta2,
            eps: o.eps,
            coupled: 0.0,
            decoupled: o.weight_decay,
        }
    }
}

impl Moments {
    /// The new weight, mean and square in the step with this number, counted from 1.
    pub(super) fn update<T: Number>(
        &self,
        rate: f64,
        step: u64,
        w: &[T],
        g: &[T],
        before: Option<(&[T], &[T])>,
    ) -> (Vec<T>, Vec<Vec<T>>) {
        let coupled = T::of(self.coupled);
        let decayed;
        let g = if self.coupled == 0.0 {
            g
        } else {
            decayed = map2(
                g,
                w,
                #[inline(always)]
                move |g, w| g + coupled * w,
            );
            &decayed
        };
        let zeros;
        let (mean, square) = match before {
            Some(both) => both,
            None => {
                zeros = vec![T::default(); w.len()];
                (zeros.as_slice(), zeros.as_slice())
            }
        };
        let (rest1, share2, rest2) = (T::of(1.0 - self.beta1), T::of(self.beta2), T::of(1.0 - self.beta2));
        let mean = map2(
            mean,
            g,
            #[inline(always)]
            move |m, g| m + rest1 * (g - m),
        );
        let square = map2(
            square,
            g,
            #[inline(always)]
            move |s, g| share2 * s + rest2 * g * g,
        );
        let count = step as f64;
        let size = T::of(rate / (1.0 - self.beta1.powf(count)));
        let root = T::of((1.0 - self.beta2.powf(count)).sqrt());
        let (eps, shrink) = (T::of(self.eps), T::of(1.0 - rate * self.decoupled));
        let new = map3(
            w,
            &mean,
            &square,
            #[inline(always)]
            move |w, m, s| shrink * w - size * (m / (s.root() / root + eps)),
        );
        (new, vec![mean, square])
    }
}
