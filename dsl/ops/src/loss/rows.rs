//! Losses that are a mean of one term per row, whichever axis the rows run along.

use super::observed::Observed;
use crate::axis::Around;
use crate::buffer::take;
use crate::number::Number;
use crate::parallel::{fill_rows, map_pieces, rows_per_piece};

/// Along what a row of values runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Along {
    /// Across the tracks, for every example (DRG's `...data` on two axes).
    Tracks,
    /// Across the examples, for every track (DRG's `...class`).
    Examples,
    /// Along the last axis: the bins of a profile, or the tracks where there are only two axes (DRG's `...data`).
    Positions,
    /// All values in one row.
    Everything,
    /// The mean of [`Along::Tracks`] and [`Along::Examples`] (DRG's `...both`).
    Both,
}

impl Along {
    /// The shape seen from the axis, each with its weight.
    pub(super) fn views(self, dims: &[usize]) -> Vec<(f64, Around)> {
        let axis = |at: usize| Around {
            outer: dims[..at].iter().product(),
            size: dims[at],
            inner: dims[at + 1..].iter().product(),
        };
        match self {
            Self::Tracks => vec![(1.0, axis(1))],
            Self::Examples => vec![(1.0, axis(0))],
            Self::Positions => vec![(1.0, axis(dims.len() - 1))],
            Self::Everything => {
                let size = dims.iter().product();
                vec![(
                    1.0,
                    Around {
                        outer: 1,
                        size,
                        inner: 1,
                    },
                )]
            }
            Self::Both => vec![(0.5, axis(1)), (0.5, axis(0))],
        }
    }
}

/// Where the values of a row lie: they are `step` apart.
fn place(a: Around, row: usize) -> (usize, usize) {
    (row / a.inner * a.size * a.inner + row % a.inner, a.inner)
}

/// The mean over rows of a term, and its gradient.
///
/// The term gets the predictions and targets of a row that count, writes the slopes of its predictions (there are zeros)
/// and gives its value. Rows with fewer than `least` targets that count are left out.
pub(super) fn evaluate<T: Number>(
    p: &[T],
    observed: &Observed<'_, T>,
    a: Around,
    least: usize,
    term: impl Fn(&[f64], &[f64], &mut [f64]) -> f64 + Sync,
) -> (f64, Vec<T>) {
    if p.is_empty() {
        return (0.0, Vec::new());
    }
    let mut by_row = take::<T>(p.len());
    let piece = rows_per_piece(a.size);
    // The sum of a piece's terms and how many rows count in it.
    let sums = map_pieces(&mut by_row, piece * a.size, |number, gradients| {
        let (mut total, mut counted) = (0.0, 0usize);
        let (mut x, mut y, mut slopes, mut places) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for (r, gradient) in gradients.chunks_mut(a.size).enumerate() {
            let (start, step) = place(a, number * piece + r);
            x.clear();
            y.clear();
            places.clear();
            for k in 0..a.size {
                let at = start + k * step;
                if observed.counts(at) {
                    x.push(p[at].wide());
                    y.push(observed.target[at].wide());
                    places.push(k);
                }
            }
            gradient.fill(T::default());
            if places.len() < least.max(1) {
                continue;
            }
            slopes.clear();
            slopes.resize(places.len(), 0.0);
            total += term(&x, &y, &mut slopes);
            counted += 1;
            for (k, slope) in places.iter().zip(&slopes) {
                gradient[*k] = T::of(*slope);
            }
        }
        (total, counted)
    });
    let (total, counted) = sums.into_iter().fold((0.0, 0), |a, b| (a.0 + b.0, a.1 + b.1));
    let share = 1.0 / counted.max(1) as f64;
    let factor = T::of(share);
    let mut gradient = take::<T>(p.len());
    fill_rows(&mut gradient, a.inner, |first, piece| {
        for (r, target) in piece.chunks_mut(a.inner).enumerate() {
            let (outer, k) = ((first + r) / a.size, (first + r) % a.size);
            for (i, target) in target.iter_mut().enumerate() {
                *target = by_row[(outer * a.inner + i) * a.size + k] * factor;
            }
        }
    });
    (total * share, gradient)
}

/// [`evaluate`] along an axis of a tensor, or along two.
pub(super) fn along<T: Number>(
    p: &[T],
    observed: &Observed<'_, T>,
    dims: &[usize],
    along: Along,
    least: usize,
    term: impl Fn(&[f64], &[f64], &mut [f64]) -> f64 + Sync,
) -> (f64, Vec<T>) {
    let mut views = along.views(dims).into_iter();
    let mut result = (0.0, Vec::new());
    if let Some((weight, a)) = views.next() {
        result = evaluate(p, observed, a, least, &term);
        if weight != 1.0 {
            result.0 *= weight;
            result.1.iter_mut().for_each(|g| *g *= T::of(weight));
        }
    }
    for (weight, a) in views {
        let (value, gradient) = evaluate(p, observed, a, least, &term);
        result.0 += weight * value;
        for (sum, g) in result.1.iter_mut().zip(gradient) {
            *sum += T::of(weight) * g;
        }
    }
    result
}
