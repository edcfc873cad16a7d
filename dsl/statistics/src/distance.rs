//! Distances between measured and predicted values.

/// The root of the mean squared difference; none without pairs or when the lengths differ.
///
/// ```
/// assert_eq!(cistron_statistics::rmse(&[0.0, 0.0], &[3.0, -3.0]), Some(3.0));
/// ```
pub fn rmse(a: &[f64], b: &[f64]) -> Option<f64> {
    if a.len() != b.len() || a.is_empty() {
        return None;
    }
    let sum: f64 = a.iter().zip(b).map(|(x, y)| (x - y) * (x - y)).sum();
    Some((sum / a.len() as f64).sqrt())
}

/// The Jensen-Shannon distance of two profiles: both are divided by their sum; the root of the divergence in bits, 0 for equal
/// and 1 for disjoint profiles. None for negative values, a profile that sums to 0 or profiles of unequal length.
///
/// ```
/// assert_eq!(cistron_statistics::jensen_shannon(&[1.0, 0.0], &[0.0, 2.0]), Some(1.0));
/// assert_eq!(cistron_statistics::jensen_shannon(&[1.0, 3.0], &[2.0, 6.0]), Some(0.0));
/// ```
pub fn jensen_shannon(a: &[f64], b: &[f64]) -> Option<f64> {
    let (sum_a, sum_b) = (a.iter().sum::<f64>(), b.iter().sum::<f64>());
    let usable = |values: &[f64], sum: f64| sum > 0.0 && sum.is_finite() && values.iter().all(|v| *v >= 0.0);
    if a.len() != b.len() || !usable(a, sum_a) || !usable(b, sum_b) {
        return None;
    }
    let term = |p: f64, m: f64| if p > 0.0 { p * (p / m).log2() } else { 0.0 };
    let divergence: f64 = a
        .iter()
        .zip(b)
        .map(|(x, y)| {
            let (p, q) = (x / sum_a, y / sum_b);
            let middle = (p + q) / 2.0;
            (term(p, middle) + term(q, middle)) / 2.0
        })
        .sum();
    Some(divergence.max(0.0).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_equal_values_by_hand() {
        assert!((rmse(&[1.0, 2.0, 3.0], &[1.0, 2.0, 6.0]).unwrap() - 3f64.sqrt()).abs() < 1e-12);
        assert_eq!((rmse(&[], &[]), rmse(&[1.0], &[])), (None, None));
        // Half and half against all in one: H(3/4, 1/4) - 1/2 bits.
        let entropy = -(0.75 * 0.75f64.log2() + 0.25 * 0.25f64.log2());
        let found = jensen_shannon(&[0.5, 0.5], &[1.0, 0.0]).unwrap();
        assert!((found - (entropy - 0.5).sqrt()).abs() < 1e-12);
        assert_eq!(jensen_shannon(&[0.0, 0.0], &[1.0, 1.0]), None);
        assert_eq!(jensen_shannon(&[-1.0, 2.0], &[1.0, 1.0]), None);
    }
}
