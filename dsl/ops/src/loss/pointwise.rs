//! Losses that are a mean of terms, one per value. Each term gives its value and slope in double precision.

use super::observed::Observed;
use crate::buffer::take;
use crate::number::Number;
use crate::parallel::{PIECE, map_pieces, map_tasks, pieces};

/// What a mean is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Over {
    /// The targets that are there.
    Observed,
    /// All values; a missing one counts as 0.
    All,
}

/// How many targets count.
pub(super) fn count<T: Number>(observed: &Observed<'_, T>) -> usize {
    let length = observed.target.len();
    let parts = pieces(length, length.div_ceil(PIECE));
    map_tasks(parts.len(), |i| {
        let (start, length) = parts[i];
        (start..start + length).filter(|at| observed.counts(*at)).count()
    })
    .into_iter()
    .sum()
}

/// The mean of a term over all values that count, and its gradient.
pub(super) fn evaluate<T: Number>(
    p: &[T],
    observed: &Observed<'_, T>,
    over: Over,
    term: impl Fn(f64, f64) -> (f64, f64) + Sync,
) -> (f64, Vec<T>) {
    let counted = match over {
        Over::All => p.len(),
        Over::Observed => count(observed),
    };
    let share = 1.0 / counted.max(1) as f64;
    let mut gradient = take::<T>(p.len());
    let sums = map_pieces(&mut gradient, PIECE, |number, piece| {
        let start = number * PIECE;
        let mut total = 0.0;
        for (i, g) in piece.iter_mut().enumerate() {
            let at = start + i;
            *g = if observed.counts(at) {
                let (value, slope) = term(p[at].wide(), observed.target[at].wide());
                total += value;
                T::of(slope * share)
            } else {
                T::default()
            };
        }
        total
    });
    (sums.into_iter().sum::<f64>() * share, gradient)
}

/// `(p - t)^2`.
pub(super) fn squared(p: f64, t: f64) -> (f64, f64) {
    ((p - t) * (p - t), 2.0 * (p - t))
}

/// `|p - t|`, slope 0 where they are equal.
pub(super) fn absolute(p: f64, t: f64) -> (f64, f64) {
    ((p - t).abs(), sign(p - t))
}

/// -1, 0 or 1, as PyTorch's `sign`.
pub(super) fn sign(x: f64) -> f64 {
    if x > 0.0 {
        1.0
    } else if x < 0.0 {
        -1.0
    } else {
        0.0
    }
}

/// `p - t ln(p + epsilon)`.
pub(super) fn poisson(p: f64, t: f64, epsilon: f64) -> (f64, f64) {
    (p - t * (p + epsilon).ln(), 1.0 - t / (p + epsilon))
}

/// `exp(p) - t p`.
pub(super) fn poisson_of_logarithms(p: f64, t: f64) -> (f64, f64) {
    (p.exp() - t * p, p.exp() - t)
}

/// `-(t ln p + (1 - t) ln(1 - p))`, logarithms at least -100, the slope's denominator at least 1e-12.
pub(super) fn cross_entropy(p: f64, t: f64) -> (f64, f64) {
    // `max` would turn a prediction that is no number into -100.
    let bounded = |x: f64| if x < -100.0 { -100.0 } else { x };
    let value = -(t * bounded(p.ln()) + (1.0 - t) * bounded((1.0 - p).ln()));
    let spread = p * (1.0 - p);
    (value, (p - t) / if spread < 1e-12 { 1e-12 } else { spread })
}

/// The same with the prediction kept between `epsilon` and `1 - epsilon`, where the slope is 0 (Keras).
pub(super) fn clipped_cross_entropy(p: f64, t: f64, epsilon: f64) -> (f64, f64) {
    let inside = !(p < epsilon || p > 1.0 - epsilon);
    let q = if inside { p } else { p.clamp(epsilon, 1.0 - epsilon) };
    let value = -(t * q.ln() + (1.0 - t) * (1.0 - q).ln());
    (value, if inside { (q - t) / (q * (1.0 - q)) } else { 0.0 })
}

/// `(1 - t) z + ln(1 + exp(-z))`, stable for any z.
pub(super) fn cross_entropy_of_logits(z: f64, t: f64) -> (f64, f64) {
    ((1.0 - t) * z + Number::soft_plus(-z), Number::logistic(z) - t)
}

/// `t (ln t - p)` with a prediction that is a logarithm; without the first part where t is 0.
pub(super) fn divergence(p: f64, t: f64) -> (f64, f64) {
    let entropy = if t == 0.0 { 0.0 } else { t * t.ln() };
    (entropy - t * p, -t)
}
