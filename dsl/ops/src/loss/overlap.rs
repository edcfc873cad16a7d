//! The overlap of predicted and observed positives.

use super::observed::Observed;
use crate::buffer::take;
use crate::number::Number;
use crate::parallel::{PIECE, map_tasks, pieces};

/// `1 - (2 sum(t p) + smooth) / (sum t + sum p + smooth)` over all targets that are there, and its gradient.
pub(super) fn dice<T: Number>(p: &[T], observed: &Observed<'_, T>, smooth: f64) -> (f64, Vec<T>) {
    let parts = pieces(p.len(), p.len().div_ceil(PIECE));
    let sums = map_tasks(parts.len(), |i| {
        let (start, length) = parts[i];
        let (mut both, mut all, mut number) = (0.0, 0.0, 0usize);
        for at in (start..start + length).filter(|at| observed.counts(*at)) {
            let (p, t) = (p[at].wide(), observed.target[at].wide());
            both += p * t;
            all += p + t;
            number += 1;
        }
        (both, all, number)
    });
    let (both, all, number) = sums.into_iter().fold((0.0, 0.0, 0), |a, b| (a.0 + b.0, a.1 + b.1, a.2 + b.2));
    let mut gradient = take::<T>(p.len());
    let (above, below) = (2.0 * both + smooth, all + smooth);
    if number == 0 || below == 0.0 {
        gradient.fill(T::default());
        return (0.0, gradient);
    }
    for (at, g) in gradient.iter_mut().enumerate() {
        *g = if observed.counts(at) {
            T::of((above - 2.0 * observed.target[at].wide() * below) / (below * below))
        } else {
            T::default()
        };
    }
    (1.0 - above / below, gradient)
}
