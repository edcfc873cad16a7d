//! One minus Pearson's correlation, and one minus the cosine, of a row.

/// A row whose spread is below this share of its size has no correlation: its term is 1 and its gradient 0.
const FLAT: f64 = 1e-7;

/// `1 - r` of the deviations from the means.
pub(super) fn correlation(p: &[f64], t: &[f64], slopes: &mut [f64]) -> f64 {
    let (x, x_norm) = centred(p);
    let (y, y_norm) = centred(t);
    angle(&x, x_norm, &y, y_norm, slopes)
}

/// `1 - cos`, without centring.
pub(super) fn cosine(p: &[f64], t: &[f64], slopes: &mut [f64]) -> f64 {
    angle(p, norm(p), t, norm(t), slopes)
}

fn norm(values: &[f64]) -> f64 {
    values.iter().map(|v| v * v).sum::<f64>().sqrt()
}

/// One minus the cosine of the angle between two vectors; 1 without gradient where one of them has no length.
fn angle(x: &[f64], x_norm: f64, y: &[f64], y_norm: f64, slopes: &mut [f64]) -> f64 {
    if x_norm == 0.0 || y_norm == 0.0 {
        return 1.0;
    }
    let r = x.iter().zip(y).map(|(a, b)| a * b).sum::<f64>() / (x_norm * y_norm);
    for ((slope, a), b) in slopes.iter_mut().zip(x).zip(y) {
        *slope = r * a / (x_norm * x_norm) - b / (x_norm * y_norm);
    }
    1.0 - r
}

/// Deviations from the mean and their norm; 0 for a flat row.
fn centred(values: &[f64]) -> (Vec<f64>, f64) {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let deviations: Vec<f64> = values.iter().map(|v| v - mean).collect();
    let length = norm(&deviations);
    let size = values.iter().map(|v| v.abs()).fold(0.0, f64::max);
    let flat = length <= FLAT * size * (values.len() as f64).sqrt();
    (deviations, if flat { 0.0 } else { length })
}
