//! The arithmetic of a step: one pass over weight, gradient and moments.

use super::Optimizer;
use super::clip::Cut;
use crate::kernel::in_pool;
use crate::number::Number;
use crate::raw::vectorised;
use rayon::prelude::*;

/// Values per piece of a large parameter.
const PIECE: usize = 16_384;

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
        }
    }

    /// Changes weights and moments. All slices have the same length; `moments` are those of the optimizer.
    pub(super) fn run<T: Number>(&self, cut: Cut, w: &mut [T], g: &[T], moments: &mut [&mut [T]]) {
        match moments {
            [] => run0(w, g, |w, g| self.piece(cut, w, g, &mut [])),
            [a] => run1(w, g, a, |w, g, a| self.piece(cut, w, g, &mut [a])),
            [a, b, ..] => run2(w, g, a, b, |w, g, a, b| self.piece(cut, w, g, &mut [a, b])),
        }
    }

    fn piece<T: Number>(&self, cut: Cut, w: &mut [T], g: &[T], moments: &mut [&mut [T]]) {
        let (scale, limit) = (T::of(cut.scale), T::of(cut.limit));
        match (*self, moments) {
            (Self::Sgd { rate, decay, .. }, []) => {
                let (rate, decay) = (T::of(-rate), T::of(decay));
                vectorised(
                    #[inline(always)]
                    || {
                        for (w, g) in w.iter_mut().zip(g) {
                            *w += rate * (held_back(*g, scale, limit) + decay * *w);
                        }
                    },
                );
            }
            (
                Self::Sgd {
                    rate,
                    decay,
                    momentum,
                    rest,
                    nesterov,
                    first,
                },
                [v, ..],
            ) => {
                let (rate, decay) = (T::of(-rate), T::of(decay));
                // The first step's momentum is the gradient itself.
                let (share, rest) = if first {
                    (T::default(), T::of(1.0))
                } else {
                    (T::of(momentum), T::of(rest))
                };
                let ahead = if nesterov { T::of(momentum) } else { T::default() };
                let direct = if nesterov { T::of(1.0) } else { T::default() };
                let along = if nesterov { ahead } else { T::of(1.0) };
                vectorised(
                    #[inline(always)]
                    || {
                        for ((w, v), g) in w.iter_mut().zip(v.iter_mut()).zip(g) {
                            let g = held_back(*g, scale, limit) + decay * *w;
                            *v = share * *v + rest * g;
                            *w += rate * (direct * g + along * *v);
                        }
                    },
                );
            }
            (
                Self::Adam {
                    beta1,
                    beta2,
                    eps,
                    coupled,
                    shrink,
                    size,
                    root,
                    keras,
                },
                [m, s, ..],
            ) => {
                let (rest1, share2, rest2) = (T::of(1.0 - beta1), T::of(beta2), T::of(1.0 - beta2));
                let (coupled, shrink, size, root, eps) = (T::of(coupled), T::of(shrink), T::of(size), T::of(root), T::of(eps));
                let all = w.iter_mut().zip(m.iter_mut()).zip(s.iter_mut()).zip(g);
                if keras {
                    vectorised(
                        #[inline(always)]
                        || {
                            for (((w, m), s), g) in all {
                                let g = held_back(*g, scale, limit);
                                *m += rest1 * (g - *m);
                                *s += rest2 * (g * g - *s);
                                *w -= size * *m / (s.root() + eps);
                            }
                        },
                    );
                } else {
                    vectorised(
                        #[inline(always)]
                        || {
                            for (((w, m), s), g) in all {
                                let g = held_back(*g, scale, limit) + coupled * *w;
                                *m += rest1 * (g - *m);
                                *s = share2 * *s + rest2 * g * g;
                                *w = shrink * *w - size * (*m / (s.root() / root + eps));
                            }
                        },
                    );
                }
            }
            // Not reached: `OptimizerState` keeps two moments for these.
            (Self::Adam { .. }, _) => {}
        }
    }
}

/// Scaled and limited; comparisons, so that a NaN stays one.
#[inline(always)]
fn held_back<T: Number>(g: T, scale: T, limit: T) -> T {
    let g = g * scale;
    if g > limit {
        limit
    } else if g < -limit {
        -limit
    } else {
        g
    }
}

fn run0<T: Number>(w: &mut [T], g: &[T], work: impl Fn(&mut [T], &[T]) + Sync + Send) {
    if w.len() <= PIECE {
        return work(w, g);
    }
    in_pool(|| w.par_chunks_mut(PIECE).zip(g.par_chunks(PIECE)).for_each(|(w, g)| work(w, g)));
}

fn run1<T: Number>(w: &mut [T], g: &[T], a: &mut [T], work: impl Fn(&mut [T], &[T], &mut [T]) + Sync + Send) {
    if w.len() <= PIECE {
        return work(w, g, a);
    }
    let pieces = w.par_chunks_mut(PIECE).zip(g.par_chunks(PIECE)).zip(a.par_chunks_mut(PIECE));
    in_pool(|| pieces.for_each(|((w, g), a)| work(w, g, a)));
}

fn run2<T: Number>(
    w: &mut [T],
    g: &[T],
    a: &mut [T],
    b: &mut [T],
    work: impl Fn(&mut [T], &[T], &mut [T], &mut [T]) + Sync + Send,
) {
    if w.len() <= PIECE {
        return work(w, g, a, b);
    }
    let pieces = w.par_chunks_mut(PIECE).zip(g.par_chunks(PIECE)).zip(a.par_chunks_mut(PIECE));
    let pieces = pieces.zip(b.par_chunks_mut(PIECE));
    in_pool(|| pieces.for_each(|(((w, g), a), b)| work(w, g, a, b)));
}
