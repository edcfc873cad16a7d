//! Wilcoxon's tests: whether two groups, or pairs of values, differ.

use crate::normal::two_sided;
use crate::ranks;

/// Up to so many pairs the signed-rank test counts all signs instead of using the normal distribution.
const EXACT: usize = 50;

/// The outcome of a rank test.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RankTest {
    /// The statistic: the smaller sum of signed ranks, or the standard normal value of a rank sum.
    pub statistic: f64,
    /// The two-sided p-value.
    pub p: f64,
}

/// Wilcoxon's signed-rank test on differences of pairs. Differences of 0 are left out, equal sizes share their mean rank. Exact
/// up to 50 differences without equal sizes, otherwise the normal approximation with the correction for ties
/// (scipy's `wilcoxon` with its defaults). None without a difference or with one that is not finite.
///
/// # Example
/// ```
/// // Differences of the heights of Darwin's maize, cross- minus self-fertilised.
/// let darwin = [6., 8., 14., 16., 23., 24., 28., 29., 41., -48., 49., 56., 60., -67., 75.];
/// let test = cistron_statistics::signed_rank(&darwin).unwrap();
/// assert_eq!(test.statistic, 24.0);
/// assert!((test.p - 0.041259765625).abs() < 1e-12);
/// ```
pub fn signed_rank(differences: &[f64]) -> Option<RankTest> {
    let all: Vec<f64> = differences.iter().copied().filter(|d| *d != 0.0).collect();
    if all.is_empty() || all.iter().any(|d| !d.is_finite()) {
        return None;
    }
    let sizes: Vec<f64> = all.iter().map(|d| d.abs()).collect();
    let ranks = ranks(&sizes);
    let (mut above, mut below) = (0.0, 0.0);
    for (difference, rank) in all.iter().zip(&ranks) {
        *(if *difference > 0.0 { &mut above } else { &mut below }) += rank;
    }
    let statistic = f64::min(above, below);
    let ties = tie_sum(&sizes);
    let n = all.len() as f64;
    let p = if all.len() <= EXACT && ties == 0.0 {
        exact(all.len(), statistic)
    } else {
        let variance = n * (n + 1.0) * (2.0 * n + 1.0) / 24.0 - ties / 48.0;
        two_sided((statistic - n * (n + 1.0) / 4.0) / variance.sqrt())
    };
    Some(RankTest { statistic, p })
}

/// Twice the chance that `n` ranks with random signs have a sum of at most `statistic` on one side.
fn exact(n: usize, statistic: f64) -> f64 {
    let total = n * (n + 1) / 2;
    let mut chance = vec![0.0; total + 1];
    chance[0] = 1.0;
    for rank in 1..=n {
        for sum in (0..=total).rev() {
            let with = sum.checked_sub(rank).map_or(0.0, |rest| chance[rest]);
            chance[sum] = 0.5 * (chance[sum] + with);
        }
    }
    let tail: f64 = chance.iter().take(statistic as usize + 1).sum();
    (2.0 * tail).min(1.0)
}

/// Wilcoxon's rank-sum test of members against others by their scores, normal approximation with the correction for ties
/// (the statistic is the standard normal value, positive when members score higher). None without both groups or with NaN.
///
/// # Example
/// ```
/// let scores = [0.8, 0.9, 0.7, 0.1, 0.2, 0.3];
/// let members = [true, true, true, false, false, false];
/// let test = cistron_statistics::rank_sum(&scores, &members).unwrap();
/// // Rank sum 15 against 10.5 expected, variance 3 * 3 * 7 / 12.
/// assert!((test.statistic - 4.5 / 5.25f64.sqrt()).abs() < 1e-12);
/// ```
pub fn rank_sum(scores: &[f64], members: &[bool]) -> Option<RankTest> {
    let auroc = crate::auroc(scores, members)?;
    let inside = members.iter().filter(|m| **m).count() as f64;
    let n = scores.len() as f64;
    let outside = n - inside;
    let variance = inside * outside / 12.0 * (n + 1.0 - tie_sum(scores) / (n * (n - 1.0)));
    if variance <= 0.0 {
        return Some(RankTest { statistic: 0.0, p: 1.0 });
    }
    let statistic = (auroc - 0.5) * inside * outside / variance.sqrt();
    Some(RankTest {
        statistic,
        p: two_sided(statistic),
    })
}

/// The sum of t³ - t over groups of equal values.
fn tie_sum(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted
        .chunk_by(|a, b| a == b)
        .map(|group| group.len() as f64)
        .map(|t| t * t * t - t)
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exact_and_the_normal_tail_agree_where_both_hold() {
        let differences: Vec<f64> = (1..=40)
            .map(|i| if i % 3 == 0 { -f64::from(i) } else { f64::from(i) })
            .collect();
        let found = signed_rank(&differences).unwrap();
        let n = 40.0;
        let normal = two_sided((found.statistic - n * (n + 1.0) / 4.0) / (n * (n + 1.0) * (2.0 * n + 1.0) / 24.0f64).sqrt());
        assert!((found.p / normal - 1.0).abs() < 0.05, "{found:?} {normal}");
        // All five of one sign: 2 / 2^5.
        assert_eq!(signed_rank(&[1.0, 2.0, 3.0, 4.0, 5.0]).map(|t| t.p), Some(0.0625));
        assert_eq!(signed_rank(&[0.0, 0.0]), None);
    }

    #[test]
    fn ties_make_a_rank_sum_less_certain() {
        let members: Vec<bool> = (0..20).map(|i| i >= 10).collect();
        let distinct: Vec<f64> = (0..20).map(|i| f64::from((i * 7) % 20)).collect();
        assert!(rank_sum(&distinct, &members).unwrap().p > 0.1);
        assert_eq!(rank_sum(&[1.0; 20], &members).map(|t| t.p), Some(1.0));
        let apart: Vec<f64> = (0..20).map(f64::from).collect();
        assert!(rank_sum(&apart, &members).unwrap().p < 1e-3);
        assert_eq!(rank_sum(&[1.0, 2.0], &[true, true]), None);
    }
}
