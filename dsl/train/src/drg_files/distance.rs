//! What DRG's metric files hold per track or per gene.

use cistron_statistics::{auprc, auroc, is_constant, jensen_shannon, pearson, rank_sum, rmse};

/// A metric of DRG's files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DrgMetric {
    /// `corr`: 1 - Pearson's r; 2 where one side is constant, NaN where both are.
    Correlation,
    /// `mse`: the **root** of the mean squared error, which the original calls mse.
    Mse,
    /// `auroc`: area under the ROC curve; measured values above 0.5 are members.
    Auroc,
    /// `auprc`: area under precision against recall; measured values above 0.5 are members.
    Auprc,
    /// `rnksm`: two-sided p-value of Wilcoxon's rank-sum test of the predictions; measured values above 0.5 are members.
    RankSum,
    /// `js`: Jensen-Shannon distance (root, bits) of both sides divided by their sums.
    JensenShannon,
    /// `spearman`: 1 - Spearman's correlation with ties ranked in the order in which they stand, so that the value of a constant row is
    /// arbitrary, as the original computes it (it writes no such file).
    Spearman,
}

impl DrgMetric {
    /// The metric's part of a file name.
    pub fn tag(self) -> &'static str {
        match self {
            Self::Correlation => "corr",
            Self::Mse => "mse",
            Self::Auroc => "auroc",
            Self::Auprc => "auprc",
            Self::RankSum => "rnksm",
            Self::JensenShannon => "js",
            Self::Spearman => "spearman",
        }
    }

    /// The value of one row or column, not rounded; NaN where there is none.
    ///
    /// # Example
    /// ```
    /// use cistron_train::DrgMetric::Correlation;
    /// assert_eq!(Correlation.value(&[1.0, 1.0, 1.0], &[0.3, 0.1, 0.2]), 2.0);
    /// assert!(Correlation.value(&[1.0, 1.0, 1.0], &[0.3, 0.3, 0.3]).is_nan());
    /// ```
    pub fn value(self, measured: &[f64], predicted: &[f64]) -> f64 {
        let members = || measured.iter().map(|v| *v > 0.5).collect::<Vec<bool>>();
        let found = match self {
            Self::Correlation => return distance(measured, predicted),
            Self::Spearman => return distance(&places(measured), &places(predicted)),
            Self::Mse => rmse(measured, predicted),
            Self::Auroc => auroc(predicted, &members()),
            Self::Auprc => auprc(predicted, &members()),
            Self::RankSum => rank_sum(predicted, &members()).map(|test| test.p),
            Self::JensenShannon => jensen_shannon(measured, predicted),
        };
        found.unwrap_or(f64::NAN)
    }
}

fn distance(measured: &[f64], predicted: &[f64]) -> f64 {
    match (is_constant(measured), is_constant(predicted)) {
        (true, true) => f64::NAN,
        (true, false) | (false, true) => 2.0,
        (false, false) => pearson(measured, predicted).map_or(f64::NAN, |r| 1.0 - r),
    }
}

/// Ranks without ties: equal values in the order in which they stand.
fn places(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
    let mut places = vec![0.0; values.len()];
    for (place, &i) in order.iter().enumerate() {
        places[i] = place as f64;
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_told_apart_by_one_half() {
        let (measured, predicted) = ([0.0, 1.0, 0.0, 1.0], [0.1, 0.35, 0.4, 0.8]);
        assert_eq!(DrgMetric::Auroc.value(&measured, &predicted), 0.75);
        assert!((DrgMetric::Auprc.value(&measured, &predicted) - (0.5 + 0.5 * 2.0 / 3.0)).abs() < 1e-12);
        assert!(DrgMetric::RankSum.value(&measured, &predicted) > 0.3);
        assert!(DrgMetric::Auroc.value(&[0.0, 0.1], &[0.5, 0.6]).is_nan());
        assert_eq!(DrgMetric::JensenShannon.value(&[1.0, 0.0], &[0.0, 1.0]), 1.0);
    }
}
