//! Losses that are a mean of terms, one per value. Each term gives its value and slope in double precision.

use crate::number::Number;

/// The mean of a term over all values that count, and its gradient.
pub(super) fn evaluate<T: Number>(p: &[T], t: &[T], mask: Option<&[T]>, term: impl Fn(f64, f64) -> (f64, f64)) -> (f64, Vec<T>) {
    let counts = |i: usize| !t[i].wide().is_nan() && mask.is_none_or(|m| m[i].wide() != 0.0);
    let observed = (0..t.len()).filter(|i| counts(*i)).count();
    let mut gradient = vec![T::default(); p.len()];
    if observed == 0 {
        return (0.0, gradient);
    }
    let share = 1.0 / observed as f64;
    let mut total = 0.0;
    for (i, g) in gradient.iter_mut().enumerate().filter(|(i, _)| counts(*i)) {
        let (value, slope) = term(p[i].wide(), t[i].wide());
        total += value;
        *g = T::of(slope * share);
    }
    (total * share, gradient)
}

/// `(p - t)^2`.
pub(super) fn squared(p: f64, t: f64) -> (f64, f64) {
    ((p - t) * (p - t), 2.0 * (p - t))
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

/// `(1 - t) z + ln(1 + exp(-z))`, stable for any z.
pub(super) fn cross_entropy_of_logits(z: f64, t: f64) -> (f64, f64) {
    ((1.0 - t) * z + Number::soft_plus(-z), Number::logistic(z) - t)
}
