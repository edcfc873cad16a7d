//! Correlations and their uncertainty: the functions of `cistron-statistics` that a cell uses, with messages.

use crate::{DataError, Result};
use cistron_statistics::{bootstrap, interval};
pub use cistron_statistics::{mean, median, ranks, standard_deviation};

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
    cistron_statistics::pearson(x, y).ok_or_else(constant)
}

/// Spearman's correlation: Pearson's of the ranks.
///
/// # Errors
/// As [`pearson`].
pub fn spearman(x: &[f64], y: &[f64]) -> Result<f64> {
    check(x, y)?;
    cistron_statistics::spearman(x, y).ok_or_else(constant)
}

/// The 95 % bootstrap interval of Pearson's correlation: pairs are drawn with replacement `draws` times, and the
/// 2.5th and 97.5th percentiles of the correlations are given. Draws with a constant side are left out.
///
/// # Errors
/// As [`pearson`]; no draws.
pub fn bootstrap_interval(x: &[f64], y: &[f64], draws: usize, seed: u64) -> Result<(f64, f64)> {
    pearson(x, y)?;
    let of = |values: &[f64], picked: &[usize]| picked.iter().map(|&i| values[i]).collect::<Vec<f64>>();
    let found = bootstrap(x.len(), draws, seed, 0, |picked| {
        cistron_statistics::pearson(&of(x, picked), &of(y, picked))
    });
    interval(found).ok_or_else(|| DataError::Values(format!("no usable bootstrap sample in {draws} draws")))
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
    let n = values.len() as f64;
    let means = bootstrap(values.len(), draws, seed, 1, |picked| {
        Some(picked.iter().map(|&i| values[i]).sum::<f64>() / n)
    });
    let (low, high) = interval(means).ok_or_else(|| DataError::Values("the means of the bootstrap are not finite".into()))?;
    Ok((mean(values), low, high))
}

#[cfg(test)]
mod tests {
    use super::*;
    use cistron_random::{Purpose, Stream};

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
