//! Means, spreads, quantiles.

/// The arithmetic mean; NaN for none.
pub fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// The standard deviation of a sample (divisor n - 1); NaN for fewer than two values.
pub fn standard_deviation(values: &[f64]) -> f64 {
    let m = mean(values);
    (values.iter().map(|v| (v - m) * (v - m)).sum::<f64>() / (values.len() as f64 - 1.0)).sqrt()
}

/// The quantile of sorted values, linear between them (numpy's default); none without values.
///
/// ```
/// assert_eq!(cistron_statistics::quantile(&[0.0, 10.0, 20.0], 0.25), Some(5.0));
/// ```
pub fn quantile(sorted: &[f64], at: f64) -> Option<f64> {
    let place = at.clamp(0.0, 1.0) * sorted.len().checked_sub(1)? as f64;
    let (low, high) = (sorted[place.floor() as usize], sorted[place.ceil() as usize]);
    Some(low + (high - low) * place.fract())
}

/// The median; none without values.
pub fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    quantile(&sorted, 0.5)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_equal_values_by_hand() {
        assert_eq!(mean(&[1.0, 2.0, 6.0]), 3.0);
        assert!((standard_deviation(&[1.0, 2.0, 6.0]) - 7f64.sqrt()).abs() < 1e-12);
        assert!(mean(&[]).is_nan() && standard_deviation(&[1.0]).is_nan());
        assert_eq!((median(&[5.0, 1.0, 2.0, 4.0]), median(&[])), (Some(3.0), None));
        assert_eq!(quantile(&[1.0], 0.9), Some(1.0));
    }
}
