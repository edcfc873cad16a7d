//! The negative log-likelihood of a normal distribution whose mean and variance are both predicted.

use super::observed::Observed;
use super::pointwise::count;
use crate::buffer::take;
use crate::number::Number;

/// The mean of `(s + (t - m)^2 exp(-s)) / 2` with the mean m and the logarithm s of the variance.
///
/// `p` holds, for every example, all means and then all logarithms; `row` is the number of means of an example.
pub(super) fn evaluate<T: Number>(p: &[T], observed: &Observed<'_, T>, row: usize) -> (f64, Vec<T>) {
    let share = 1.0 / count(observed).max(1) as f64;
    let mut gradient = take::<T>(p.len());
    let mut total = 0.0;
    for (example, (p, gradient)) in p.chunks(2 * row).zip(gradient.chunks_mut(2 * row)).enumerate() {
        for i in 0..row {
            let at = example * row + i;
            if !observed.counts(at) {
                gradient[i] = T::default();
                gradient[row + i] = T::default();
                continue;
            }
            let (mean, log) = (p[i].wide(), p[row + i].wide());
            let (apart, precision) = (mean - observed.target[at].wide(), (-log).exp());
            total += 0.5 * (log + apart * apart * precision);
            gradient[i] = T::of(share * apart * precision);
            gradient[row + i] = T::of(share * 0.5 * (1.0 - apart * apart * precision));
        }
    }
    (total * share, gradient)
}
