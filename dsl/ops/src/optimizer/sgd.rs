//! Stochastic gradient descent.

use crate::number::Number;
use crate::parallel::map2;

/// Stochastic gradient descent with momentum, as PyTorch's `SGD`.
///
/// `g += weight_decay w`; `v = g` in the first step, then `v = momentum v + (1 - dampening) g`; `w -= lr v`, with
/// Nesterov's form `w -= lr (g + momentum v)`.
#[derive(Clone, Copy, Debug, PartialEq)]
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

impl Sgd {
    /// The new weight and momentum.
    pub(super) fn update<T: Number>(&self, rate: f64, w: &[T], g: &[T], momentum: Option<&[T]>) -> (Vec<T>, Vec<Vec<T>>) {
        let (decay, share, rest) = (T::of(self.weight_decay), T::of(self.momentum), T::of(1.0 - self.dampening));
        let step = T::of(-rate);
        let decayed;
        let g = if self.weight_decay == 0.0 {
            g
        } else {
            decayed = map2(
                g,
                w,
                #[inline(always)]
                move |g, w| g + decay * w,
            );
            &decayed
        };
        let walk = |direction: &[T]| {
            map2(
                w,
                direction,
                #[inline(always)]
                move |w, d| w + step * d,
            )
        };
        if self.momentum == 0.0 {
            return (walk(g), Vec::new());
        }
        let velocity = match momentum {
            None => g.to_vec(),
            Some(v) => map2(
                v,
                g,
                #[inline(always)]
                move |v, g| share * v + rest * g,
            ),
        };
        let new = if self.nesterov {
            walk(&map2(
                g,
                &velocity,
                #[inline(always)]
                move |g, v| g + share * v,
            ))
        } else {
            walk(&velocity)
        };
        (new, vec![velocity])
    }
}
