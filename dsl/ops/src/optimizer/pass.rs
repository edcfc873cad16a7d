//! One pass over weight, gradient and moments.

use super::clip::Cut;
use super::rule::Rule;
use crate::kernel::in_pool;
use crate::number::Number;
use crate::raw::vectorised;
use rayon::prelude::*;

/// Values per piece of a large parameter.
const PIECE: usize = 16_384;

impl Rule {
    /// Changes weights and moments. All slices have the same length; `moments` are those of the optimizer.
    pub(super) fn run<T: Number>(&self, cut: Cut, w: &mut [T], g: &[T], moments: &mut [&mut [T]]) {
        match moments {
            [] => pieces(w, g, [], |w, g, []| self.piece(cut, w, g, &mut [])),
            [a] => pieces(w, g, [a], |w, g, [a]| self.piece(cut, w, g, &mut [a])),
            [a, b] => pieces(w, g, [a, b], |w, g, [a, b]| self.piece(cut, w, g, &mut [a, b])),
            [a, b, c, ..] => pieces(w, g, [a, b, c], |w, g, [a, b, c]| self.piece(cut, w, g, &mut [a, b, c])),
        }
    }

    fn piece<T: Number>(&self, cut: Cut, w: &mut [T], g: &[T], moments: &mut [&mut [T]]) {
        match moments {
            [] => self.without_moments(cut, w, g),
            [a] => self.with_one(cut, w, g, a),
            [a, b] => self.with_two(cut, w, g, a, b),
            [mean, square, largest, ..] => self.with_largest(cut, w, g, [mean, square, largest]),
        }
    }

    fn without_moments<T: Number>(&self, cut: Cut, w: &mut [T], g: &[T]) {
        let Self::Sgd { rate, decay, .. } = *self else { return };
        let (scale, limit) = (T::of(cut.scale), T::of(cut.limit));
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

    fn with_one<T: Number>(&self, cut: Cut, w: &mut [T], g: &[T], v: &mut [T]) {
        let (scale, limit) = (T::of(cut.scale), T::of(cut.limit));
        let all = w.iter_mut().zip(v.iter_mut()).zip(g);
        match *self {
            Self::Sgd {
                rate,
                decay,
                momentum,
                rest,
                nesterov,
                first,
            } => {
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
                        for ((w, v), g) in all {
                            let g = held_back(*g, scale, limit) + decay * *w;
                            *v = share * *v + rest * g;
                            *w += rate * (direct * g + along * *v);
                        }
                    },
                );
            }
            Self::Adagrad { size, eps, decay } => {
                let (size, eps, decay) = (T::of(size), T::of(eps), T::of(decay));
                vectorised(
                    #[inline(always)]
                    || {
                        for ((w, s), g) in all {
                            let g = held_back(*g, scale, limit) + decay * *w;
                            *s += g * g;
                            *w -= size * (g / (s.root() + eps));
                        }
                    },
                );
            }
            // `Optimizer::tensors` gives these two moments.
            Self::Adam { .. } | Self::NAdam { .. } | Self::Adadelta { .. } => {}
        }
    }

    fn with_two<T: Number>(&self, cut: Cut, w: &mut [T], g: &[T], m: &mut [T], s: &mut [T]) {
        let (scale, limit) = (T::of(cut.scale), T::of(cut.limit));
        let all = w.iter_mut().zip(m.iter_mut()).zip(s.iter_mut()).zip(g);
        match *self {
            Self::Adam {
                beta1,
                beta2,
                eps,
                coupled,
                shrink,
                size,
                root,
                keras,
            } => {
                let (rest1, share2, rest2) = (T::of(1.0 - beta1), T::of(beta2), T::of(1.0 - beta2));
                let (coupled, shrink, size, root, eps) = (T::of(coupled), T::of(shrink), T::of(size), T::of(root), T::of(eps));
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
            Self::NAdam {
                beta1,
                beta2,
                eps,
                decay,
                direct,
                along,
                root,
            } => {
                let (rest1, share2, rest2) = (T::of(1.0 - beta1), T::of(beta2), T::of(1.0 - beta2));
                let (decay, direct, along, root, eps) = (T::of(decay), T::of(direct), T::of(along), T::of(root), T::of(eps));
                vectorised(
                    #[inline(always)]
                    || {
                        for (((w, m), s), g) in all {
                            let g = held_back(*g, scale, limit) + decay * *w;
                            *m += rest1 * (g - *m);
                            *s = share2 * *s + rest2 * g * g;
                            *w -= (direct * g + along * *m) / (s.root() / root + eps);
                        }
                    },
                );
            }
            Self::Adadelta { rate, decay, rho, eps } => {
                let (rate, decay, share, rest, eps) = (T::of(rate), T::of(decay), T::of(rho), T::of(1.0 - rho), T::of(eps));
                vectorised(
                    #[inline(always)]
                    || {
                        // The first moment is that of the gradients, the second that of the steps.
                        for (((w, s), a), g) in all {
                            let g = held_back(*g, scale, limit) + decay * *w;
                            *s = share * *s + rest * g * g;
                            let step = (*a + eps).root() / (*s + eps).root() * g;
                            *a = share * *a + rest * step * step;
                            *w -= rate * step;
                        }
                    },
                );
            }
            // `Optimizer::tensors` gives these one moment at most.
            Self::Sgd { .. } | Self::Adagrad { .. } => {}
        }
    }

    /// Adam with the largest mean of squares so far in place of the mean.
    fn with_largest<T: Number>(&self, cut: Cut, w: &mut [T], g: &[T], [m, s, top]: [&mut [T]; 3]) {
        let Self::Adam {
            beta1,
            beta2,
            eps,
            coupled,
            shrink,
            size,
            root,
            ..
        } = *self
        else {
            return;
        };
        let (scale, limit) = (T::of(cut.scale), T::of(cut.limit));
        let (rest1, share2, rest2) = (T::of(1.0 - beta1), T::of(beta2), T::of(1.0 - beta2));
        let (coupled, shrink, size, root, eps) = (T::of(coupled), T::of(shrink), T::of(size), T::of(root), T::of(eps));
        let all = w.iter_mut().zip(m.iter_mut()).zip(s.iter_mut().zip(top.iter_mut())).zip(g);
        vectorised(
            #[inline(always)]
            || {
                for (((w, m), (s, top)), g) in all {
                    let g = held_back(*g, scale, limit) + coupled * *w;
                    *m += rest1 * (g - *m);
                    *s = share2 * *s + rest2 * g * g;
                    // A comparison that keeps a NaN.
                    *top = if *top > *s { *top } else { *s };
                    *w = shrink * *w - size * (*m / (top.root() / root + eps));
                }
            },
        );
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

/// A large parameter in pieces, on all threads.
fn pieces<T: Number, const N: usize>(
    w: &mut [T],
    g: &[T],
    moments: [&mut &mut [T]; N],
    work: impl Fn(&mut [T], &[T], [&mut [T]; N]) + Sync + Send,
) {
    let mut moments = moments.map(|m| &mut **m);
    if w.len() <= PIECE {
        return work(w, g, moments);
    }
    let mut cut = Vec::with_capacity(w.len().div_ceil(PIECE));
    for (w, g) in w.chunks_mut(PIECE).zip(g.chunks(PIECE)) {
        let part = moments.each_mut().map(|m| {
            let (part, rest) = std::mem::take(m).split_at_mut(w.len());
            *m = rest;
            part
        });
        cut.push((w, g, part));
    }
    in_pool(|| cut.into_par_iter().for_each(|(w, g, part)| work(w, g, part)));
}
