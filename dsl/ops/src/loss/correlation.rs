//! One minus Pearson's correlation along an axis.

use crate::number::Number;

/// Along what a correlation runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Along {
    /// Across the tracks, for every example (DRG's `Correlationdata`).
    Tracks,
    /// Across the examples, for every track (DRG's `Correlationclass`).
    Examples,
}

/// A row whose spread is below this share of its size has no correlation: its term is 1 and its gradient 0.
const FLAT: f64 = 1e-7;

/// The mean over rows of `1 - r`, and its gradient. Rows with fewer than two targets don't count.
pub(super) fn evaluate<T: Number>(p: &[T], t: &[T], mask: Option<&[T]>, dims: &[usize], along: Along) -> (f64, Vec<T>) {
    let (axis, inner) = match along {
        Along::Tracks => (dims[1], dims[2..].iter().product::<usize>()),
        Along::Examples => (dims[0], dims[1..].iter().product()),
    };
    let rows = p.len().checked_div(axis).unwrap_or(0);
    let counts = |i: usize| !t[i].wide().is_nan() && mask.is_none_or(|m| m[i].wide() != 0.0);
    let mut terms = Vec::with_capacity(rows);
    for row in 0..rows {
        let start = row / inner * axis * inner + row % inner;
        let places: Vec<usize> = (0..axis).map(|k| start + k * inner).filter(|i| counts(*i)).collect();
        if places.len() >= 2 {
            terms.push(places);
        }
    }
    let mut gradient = vec![T::default(); p.len()];
    let (mut total, share) = (0.0, 1.0 / terms.len().max(1) as f64);
    for places in &terms {
        let (x, x_size) = centred(p, places);
        let (y, y_size) = centred(t, places);
        if x_size == 0.0 || y_size == 0.0 {
            total += 1.0;
            continue;
        }
        let r = x.iter().zip(&y).map(|(a, b)| a * b).sum::<f64>() / (x_size * y_size);
        total += 1.0 - r;
        for ((i, a), b) in places.iter().zip(&x).zip(&y) {
            gradient[*i] = T::of(share * (r * a / (x_size * x_size) - b / (x_size * y_size)));
        }
    }
    (total * share, gradient)
}

/// Deviations from the mean and their norm; 0 for a flat row.
fn centred<T: Number>(values: &[T], places: &[usize]) -> (Vec<f64>, f64) {
    let mean = places.iter().map(|i| values[*i].wide()).sum::<f64>() / places.len() as f64;
    let deviations: Vec<f64> = places.iter().map(|i| values[*i].wide() - mean).collect();
    let norm = deviations.iter().map(|d| d * d).sum::<f64>().sqrt();
    let size = places.iter().map(|i| values[*i].wide().abs()).fold(0.0, f64::max);
    let flat = norm <= FLAT * size * (places.len() as f64).sqrt();
    (deviations, if flat { 0.0 } else { norm })
}
