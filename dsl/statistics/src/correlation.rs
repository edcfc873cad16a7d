//! Correlations and ranks.

/// Pearson's correlation; none when fewer than two pairs are given, the lengths differ, a value is not finite or a side is constant.
///
/// ```
/// let r = cistron_statistics::pearson(&[1.0, 2.0, 3.0, 4.0], &[2.0, 1.0, 4.0, 3.0]);
/// assert!((r.unwrap() - 0.6).abs() < 1e-12);
/// ```
pub fn pearson(a: &[f64], b: &[f64]) -> Option<f64> {
    if a.len() != b.len() || a.len() < 2 {
        return None;
    }
    let n = a.len() as f64;
    let (mean_a, mean_b) = (a.iter().sum::<f64>() / n, b.iter().sum::<f64>() / n);
    let (mut aa, mut bb, mut ab) = (0.0, 0.0, 0.0);
    for (x, y) in a.iter().zip(b) {
        let (x, y) = (x - mean_a, y - mean_b);
        aa += x * x;
        bb += y * y;
        ab += x * y;
    }
    let r = ab / (aa * bb).sqrt();
    r.is_finite().then(|| r.clamp(-1.0, 1.0))
}

/// Pearson's correlation of (measured, predicted), as a metric of a prediction: none where fewer than two pairs or constant
/// measurements are given, 0 where the prediction is constant (up to rounding), NaN where a value is NaN.
///
/// ```
/// let r = |pairs: &[(f64, f64)]| cistron_statistics::pearson_of_prediction(pairs.iter().copied());
/// assert_eq!(r(&[(1.0, 0.1), (2.0, 0.1), (3.0, 0.1)]), Some(0.0));
/// assert_eq!(r(&[(1.0, 0.1), (1.0, 0.2)]), None);
/// ```
pub fn pearson_of_prediction(pairs: impl Iterator<Item = (f64, f64)> + Clone) -> Option<f64> {
    let (mut n, mut x_sum, mut y_sum) = (0.0, 0.0, 0.0);
    for (x, y) in pairs.clone() {
        n += 1.0;
        x_sum += x;
        y_sum += y;
    }
    if n < 2.0 {
        return None;
    }
    let (x_mean, y_mean) = (x_sum / n, y_sum / n);
    let (mut xx, mut yy, mut xy) = (0.0, 0.0, 0.0);
    for (x, y) in pairs {
        let (dx, dy) = (x - x_mean, y - y_mean);
        xx += dx * dx;
        yy += dy * dy;
        xy += dx * dy;
    }
    if xx <= n * (x_mean.abs() * 1e-12).powi(2) {
        return None;
    }
    // Constant predictions differ from their mean by rounding only.
    if yy <= n * (y_mean.abs() * 1e-12).powi(2) {
        return Some(0.0);
    }
    Some(xy / (xx.sqrt() * yy.sqrt()))
}

/// Spearman's correlation, ties with their mean rank; none where [`pearson`] gives none.
///
/// ```
/// assert_eq!(cistron_statistics::spearman(&[1.0, 2.0, 3.0], &[1.0, 8.0, 27.0]), Some(1.0));
/// ```
pub fn spearman(a: &[f64], b: &[f64]) -> Option<f64> {
    if a.iter().chain(b).any(|v| v.is_nan()) {
        return None;
    }
    pearson(&ranks(a), &ranks(b))
}

/// Ranks from 1; equal values share the mean of their ranks.
pub fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&i, &j| values[i].total_cmp(&values[j]));
    let mut ranks = vec![0.0; values.len()];
    let mut start = 0;
    while start < order.len() {
        let mut end = start;
        while end + 1 < order.len() && values[order[end + 1]] == values[order[start]] {
            end += 1;
        }
        for &i in &order[start..=end] {
            ranks[i] = (start + end) as f64 / 2.0 + 1.0;
        }
        start = end + 1;
    }
    ranks
}

/// Whether all values are the same.
pub fn is_constant(values: &[f64]) -> bool {
    values.windows(2).all(|pair| pair[0] == pair[1])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn correlations_equal_values_by_hand() {
        // deviations x: -2 -1 0 1 2; y: 1 3 2 5 4, deviations -2 0 -1 2 1: 8 / 10
        let (x, y) = ([1.0, 2.0, 3.0, 4.0, 5.0], [1.0, 3.0, 2.0, 5.0, 4.0]);
        assert!((pearson(&x, &y).unwrap() - 0.8).abs() < 1e-12);
        assert!((spearman(&x, &y.map(f64::exp)).unwrap() - 0.8).abs() < 1e-12);
        // ranks 1.5 1.5 3 against 1 2 3: 1.5 / sqrt(1.5 * 2)
        assert!((spearman(&[5.0, 5.0, 9.0], &[1.0, 2.0, 3.0]).unwrap() - 1.5 / 3f64.sqrt()).abs() < 1e-12);
        assert!((pearson_of_prediction(x.into_iter().zip(y)).unwrap() - 0.8).abs() < 1e-12);
    }

    #[test]
    fn what_has_no_correlation_has_none() {
        assert_eq!(pearson(&[1.0, 1.0], &[1.0, 2.0]), None);
        assert_eq!(pearson(&[1.0], &[1.0]), None);
        assert_eq!(pearson(&[1.0, 2.0], &[1.0]), None);
        assert_eq!(pearson(&[1.0, f64::NAN], &[1.0, 2.0]), None);
        assert_eq!(spearman(&[1.0, f64::NAN, 2.0], &[1.0, 2.0, 3.0]), None);
        assert_eq!(pearson_of_prediction([(1.0, 2.0)].into_iter()), None);
        assert!(
            pearson_of_prediction([(1.0, f64::NAN), (2.0, 1.0)].into_iter())
                .unwrap()
                .is_nan()
        );
    }

    #[test]
    fn a_constant_has_no_correlation_whatever_its_digits() {
        let constant = std::iter::repeat_n(0.1, 1000).enumerate();
        assert_eq!(pearson_of_prediction(constant.clone().map(|(i, c)| (c, i as f64))), None);
        assert_eq!(pearson_of_prediction(constant.map(|(i, c)| (i as f64, c))), Some(0.0));
    }

    #[test]
    fn ties_share_a_rank() {
        assert_eq!(ranks(&[3.0, 1.0, 3.0, 0.0]), [3.5, 2.0, 3.5, 1.0]);
        assert!(is_constant(&[2.0, 2.0]) && is_constant(&[]) && !is_constant(&[2.0, 2.0, 1.0]));
    }
}
