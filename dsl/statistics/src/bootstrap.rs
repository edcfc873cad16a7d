//! Intervals by resampling.

use crate::{pearson, quantile};
use cistron_random::{Purpose, Stream};

/// An estimate with its interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// The estimate on all values.
    pub value: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// A statistic of resampled things: `draws` times `n` of the numbers `0..n` are drawn with replacement and handed over.
/// Draws for which it gives nothing, or nothing finite, are left out. `part` tells apart several uses of one seed.
///
/// # Example
/// ```
/// let values = [1.0, 2.0, 3.0, 4.0];
/// let mean = |picked: &[usize]| Some(picked.iter().map(|&i| values[i]).sum::<f64>() / 4.0);
/// let means = cistron_statistics::bootstrap(4, 100, 1, 0, mean);
/// assert!(means.len() == 100 && means.iter().all(|m| (1.0..=4.0).contains(m)));
/// ```
pub fn bootstrap(n: usize, draws: usize, seed: u64, part: u64, mut statistic: impl FnMut(&[usize]) -> Option<f64>) -> Vec<f64> {
    let mut picked = vec![0usize; n];
    let mut found = Vec::with_capacity(draws);
    for draw in 0..draws {
        let mut stream = Stream::new(seed, Purpose::Statistics, draw as u64, part);
        picked.iter_mut().for_each(|p| *p = stream.below(n as u64) as usize);
        found.extend(statistic(&picked).filter(|v| v.is_finite()));
    }
    found
}

/// The 95 % percentile interval of resampled values: the 2.5th and the 97.5th percentile; none without values.
pub fn interval(mut resampled: Vec<f64>) -> Option<(f64, f64)> {
    resampled.sort_by(f64::total_cmp);
    Some((quantile(&resampled, 0.025)?, quantile(&resampled, 0.975)?))
}

/// Pearson's correlation with its 95 % percentile interval over resampled pairs.
///
/// 1,000 resamples, fewer (at least 200) above 30,000 pairs; the same values and seed give the same interval.
pub fn bootstrap_pearson(a: &[f64], b: &[f64], seed: u64) -> Option<Interval> {
    let value = pearson(a, b)?;
    let n = a.len();
    let replicates = (30_000_000 / n).clamp(200, 1_000);
    // Sums around the means, so that one pass per resample is exact enough.
    let (mean_a, mean_b) = (a.iter().sum::<f64>() / n as f64, b.iter().sum::<f64>() / n as f64);
    let pairs: Vec<(f64, f64)> = a.iter().zip(b).map(|(x, y)| (x - mean_a, y - mean_b)).collect();
    let mut stream = Stream::new(seed, Purpose::Statistics, 0, 0);
    let mut found = Vec::with_capacity(replicates);
    for _ in 0..replicates {
        let (mut sx, mut sy, mut xx, mut yy, mut xy) = (0.0, 0.0, 0.0, 0.0, 0.0);
        for _ in 0..n {
            let (x, y) = pairs[stream.below(n as u64) as usize];
            sx += x;
            sy += y;
            xx += x * x;
            yy += y * y;
            xy += x * y;
        }
        let n = n as f64;
        let r = (xy - sx * sy / n) / ((xx - sx * sx / n) * (yy - sy * sy / n)).sqrt();
        if r.is_finite() {
            found.push(r.clamp(-1.0, 1.0));
        }
    }
    let (low, high) = interval(found)?;
    Some(Interval { value, low, high })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_has_the_width_that_theory_gives() {
        let mut stream = Stream::new(5, Purpose::Simulation, 0, 0);
        let a: Vec<f64> = (0..1000).map(|_| stream.normal()).collect();
        let b: Vec<f64> = a.iter().map(|x| 0.8 * x + 0.6 * stream.normal()).collect();
        let interval = bootstrap_pearson(&a, &b, 0).unwrap();
        assert!(interval.low < interval.value && interval.value < interval.high);
        // Normal theory: standard error (1 - r^2) / sqrt(n), both sides 1.96 of it.
        let expected = 2.0 * 1.96 * (1.0 - interval.value.powi(2)) / 1000f64.sqrt();
        let width = interval.high - interval.low;
        assert!((width / expected - 1.0).abs() < 0.15, "width {width}, theory {expected}");
        assert_eq!(bootstrap_pearson(&a, &b, 0), Some(interval));
        assert_ne!(bootstrap_pearson(&a, &b, 1), Some(interval));
    }

    #[test]
    fn a_resampled_mean_spreads_by_its_standard_error() {
        let values: Vec<f64> = (0..400).map(|i| f64::from(i % 2)).collect();
        let mean = |picked: &[usize]| Some(picked.iter().map(|&i| values[i]).sum::<f64>() / 400.0);
        let (low, high) = interval(bootstrap(400, 1000, 2, 0, mean)).unwrap();
        let expected = 2.0 * 1.96 * 0.5 / 20.0;
        assert!(((high - low) / expected - 1.0).abs() < 0.15, "{low} {high}");
        assert_eq!(bootstrap(3, 5, 1, 0, |_| None), Vec::<f64>::new());
        assert_eq!(interval(Vec::new()), None);
    }
}
