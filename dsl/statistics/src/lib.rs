//! The statistics that data, figures and metrics share, over plain slices.
//!
//! What cannot be computed (a correlation with a constant, a rank test without a second group) is `None`, never a number
//! that looks like one. Random numbers come from `cistron-random`, so the same values and seed give the same interval.

mod bootstrap;
mod classification;
mod correlation;
mod distance;
mod moments;
mod normal;
mod rank_tests;

pub use bootstrap::{Interval, bootstrap, bootstrap_pearson, interval};
pub use classification::{auprc, auroc};
pub use correlation::{is_constant, pearson, pearson_of_prediction, ranks, spearman};
pub use distance::{jensen_shannon, rmse};
pub use moments::{mean, median, quantile, standard_deviation};
pub use rank_tests::{RankTest, rank_sum, signed_rank};
