//! Correlations and their uncertainty.

use crate::{DataError, Result};
use cistron_random::{Purpose, Stream};

fn check(x: &[f64], y: &[f64]) -> Result<()> {
    if x.len() != y.len() {
        return Err(DataError::Values(format!(
            "a correlation needs pairs: {} values against {}",
            x.len(),
            y.len()
        )));
    }
    if x.len() < 2 {
        return Err(DataError::Values(format!(
            "a correlation needs at least 2 pairs, found {}",
            x.len()
        )));
    }
    match x.iter().chain(y).position(|v| !v.is_finite()) {
        Some(i) => Err(DataError::Values(format!(
            "pair {} holds a value that is not finite",
            i % x.len() + 1
        ))),
        None => Ok(()),
    }
}

/// Pearson's correlation; nothing where one side is constant.
fn correlation(pairs: impl Iterator<Item = (f64, f64)> + Clone) -> Option<f64> {
    let (mut n, mut sx, mut sy) = (0.0, 0.0, 0.0);
    for (x, y) in pairs.clone() {
        n += 1.0;
        sx += x;
        sy += y;
    }
    let (mx, my) = (sx / n, sy / n);
    let (mut xx, mut yy, mut xy) = (0.0, 0.0, 0.0);
    for (x, y) in pairs {
        xx += (x - mx) * (x - mx);
        yy += (y - my) * (y - my);
        xy += (x - mx) * (y - my);
    }
    let r = xy / (xx.sqrt() * yy.sqrt());
    r.is_finite().then(|| r.clamp(-1.0, 1.0))
}

fn constant() -> DataError {
    DataError::Values("one side of the correlation is constant, so that it has none".into())
}

/// Pearson's correlation of pairs.
///
/// # Errors
/// Unequal numbers, fewer than two pairs, values that are not finite, a constant side.
///
/// # Example
/// ```
/// let r = cistron_data::stats::pearson(&[1.0, 2.0, 3.0, 4.0], &[1.0, 3.0, 2.0, 4.0])?;
/// assert!((r - 0.8).abs() < 1e-12);
/// # Ok::<(), cistron_data::DataError>(())
/// ```
pub fn pearson(x: &[f64], y: &[f64]) -> Result<f64> {
    check(x, y)?;
    correlation(x.iter().copied().zip(y.iter().copied())).ok_or_else(constant)
}

/// Ranks from 1; equal values share the mean of their ranks.
pub fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
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

/// Spearman's correlation: Pearson's of the ranks.
///
/// # Errors
/// As [`pearson`].
pub fn spearman(x: &[f64], y: &[f64]) -> Result<f64> {
    check(x, y)?;
    pearson(&ranks(x), &ranks(y))
}

/// The 95 % bootstrap interval of Pearson's correlation: pairs are drawn with replacement `draws` times, and the
/// 2.5th and 97.5th percentiles of the correlations are given. Draws with a constant side are left out.
///
/// # Errors
/// As [`pearson`]; no draws.
pub fn bootstrap_interval(x: &[f64], y: &[f64], draws: usize, seed: u64) -> Result<(f64, f64)> {
    pearson(x, y)?;
    let mut found = Vec::with_capacity(draws);
    let mut picked = vec![0usize; x.len()];
    for draw in 0..draws {
        let mut stream = Stream::new(seed, Purpose::Statistics, draw as u64, 0);
        picked.iter_mut().for_each(|p| *p = stream.below(x.len() as u64) as usize);
        found.extend(correlation(picked.iter().map(|&i| (x[i], y[i]))));
    }
    if found.is_empty() {
        return Err(DataError::Values(format!("no usable bootstrap sample in {draws} draws")));
    }
    found.sort_by(f64::total_cmp);
    Ok((percentile(&found, 0.025), percentile(&found, 0.975)))
}

/// The mean and its 95 % bootstrap interval: `(mean, low, high)`.
///
/// # Errors
/// No values, values that are not finite, or no draws.
pub fn bootstrap_mean(values: &[f64], draws: usize, seed: u64) -> Result<(f64, f64, f64)> {
    if values.is_empty() || draws == 0 || values.iter().any(|v| !v.is_finite()) {
        return Err(DataError::Values(
            "a bootstrap needs finite values and at least one draw".into(),
        ));
    }
    let n = values.len();
    let mut means: Vec<f64> = (0..draws)
        .map(|draw| {
            let mut stream = Stream::new(seed, Purpose::Statistics, draw as u64, 1);
            (0..n).map(|_| values[stream.below(n as u64) as usize]).sum::<f64>() / n as f64
        })
        .collect();
    means.sort_by(f64::total_cmp);
    Ok((mean(values), percentile(&means, 0.025), percentile(&means, 0.975)))
}

/// The arithmetic mean; NaN for none.
pub fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// The standard deviation of a sample (divisor n - 1); NaN for fewer than two values.
pub fn standard_deviation(values: &[f64]) -> f64 {
    let m = mean(values);
    (values.iter().map(|v| (v - m) * (v - m)).sum::<f64>() / (values.len() as f64 - 1.0)).sqrt()
}

/// Linear interpolation between sorted values.
fn percentile(sorted: &[f64], at: f64) -> f64 {
    let place = at * (sorted.len() - 1) as f64;
    let (low, part) = (place.floor() as usize, place.fract());
    let high = (low + 1).min(sorted.len() - 1);
    sorted[low] + part * (sorted[high] - sorted[low])
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
        assert_eq!(ranks(&[3.0, 1.0, 3.0, 2.0]), [3.5, 1.0, 3.5, 2.0]);
        // ranks 1.5 1.5 3 against 1 2 3: 1.5 / sqrt(1.5 * 2)
        assert!((spearman(&[5.0, 5.0, 9.0], &[1.0, 2.0, 3.0]).unwrap() - 1.5 / 3f64.sqrt()).abs() < 1e-12);
    }

    #[test]
    fn moments_equal_values_by_hand() {
        assert_eq!(mean(&[1.0, 2.0, 6.0]), 3.0);
        assert!((standard_deviation(&[1.0, 2.0, 6.0]) - 7f64.sqrt()).abs() < 1e-12);
        assert!((percentile(&[0.0, 10.0, 20.0], 0.25) - 5.0).abs() < 1e-12);
    }

    #[test]
    fn the_interval_holds_the_truth_and_shrinks_with_more_pairs() {
        let mut stream = Stream::new(1, Purpose::Statistics, 0, 9);
        let x: Vec<f64> = (0..2000).map(|_| stream.normal()).collect();
        let y: Vec<f64> = x.iter().map(|v| v + stream.normal()).collect();
        let (low, high) = bootstrap_interval(&x, &y, 200, 3).unwrap();
        assert!(low < 0.707 && 0.707 < high && high - low < 0.08, "{low} {high}");
        let (few_low, few_high) = bootstrap_interval(&x[..100], &y[..100], 200, 3).unwrap();
        assert!(few_high - few_low > 2.0 * (high - low));
        assert_eq!(
            bootstrap_interval(&x, &y, 50, 3).unwrap(),
            bootstrap_interval(&x, &y, 50, 3).unwrap()
        );
    }

    #[test]
    fn bad_pairs_are_named() {
        let message = |x: &[f64], y: &[f64]| pearson(x, y).unwrap_err().to_string();
        assert!(message(&[1.0], &[1.0, 2.0]).contains("1 values against 2"));
        assert!(message(&[1.0, 1.0], &[1.0, 2.0]).contains("constant"));
        assert!(message(&[1.0, f64::NAN], &[1.0, 2.0]).contains("pair 2"));
    }
}
