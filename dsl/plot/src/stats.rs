//! The correlations that figures show, with a bootstrap interval.

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

/// Pearson's correlation; none when fewer than two pairs are given, the lengths differ, a value is not finite or a side is constant.
///
/// ```
/// let r = cistron_plot::pearson(&[1.0, 2.0, 3.0, 4.0], &[2.0, 1.0, 4.0, 3.0]);
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

/// Spearman's correlation, ties with their mean rank; none where [`pearson`] gives none.
///
/// ```
/// assert_eq!(cistron_plot::spearman(&[1.0, 2.0, 3.0], &[1.0, 8.0, 27.0]), Some(1.0));
/// ```
pub fn spearman(a: &[f64], b: &[f64]) -> Option<f64> {
    pearson(&ranks(a), &ranks(b))
}

fn ranks(values: &[f64]) -> Vec<f64> {
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
    found.sort_by(f64::total_cmp);
    Some(Interval {
        value,
        low: quantile(&found, 0.025)?,
        high: quantile(&found, 0.975)?,
    })
}

/// Linear between the sorted values, as numpy's default.
fn quantile(sorted: &[f64], q: f64) -> Option<f64> {
    let at = q * sorted.len().checked_sub(1)? as f64;
    let (low, high) = (sorted[at.floor() as usize], sorted[at.ceil() as usize]);
    Some(low + (high - low) * at.fract())
}

/// Mean of finite values; none without any.
pub(crate) fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_correlation_has_none() {
        assert_eq!(pearson(&[1.0, 1.0], &[1.0, 2.0]), None);
        assert_eq!(pearson(&[1.0], &[1.0]), None);
        assert_eq!(pearson(&[1.0, 2.0], &[1.0]), None);
        assert_eq!(pearson(&[1.0, f64::NAN], &[1.0, 2.0]), None);
    }

    #[test]
    fn ties_share_a_rank() {
        assert_eq!(ranks(&[3.0, 1.0, 3.0, 0.0]), [3.5, 2.0, 3.5, 1.0]);
    }

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
}
