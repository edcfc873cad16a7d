//! What a prediction is measured by, as a loss or as a metric.

use cistron_declaration::DRG_LOSSES;
use serde::{Deserialize, Serialize};

/// What a correlation runs over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Over {
    /// Over the tracks of each example; then the mean over examples.
    Tracks,
    /// Over the examples for each track; then the mean over tracks.
    Points,
}

/// A way to compare predictions with measurements. Missing measurements (NaN) are left out by all of them.
///
/// As a loss each is a mean, so that its size does not grow with the batch: `mse`, `poisson` and `bce` over all
/// measured values, `correlation` is 1 - r averaged over examples ([`Over::Tracks`]) or tracks ([`Over::Points`]).
/// DRG (whose `Correlationmse` is `0.95 * correlation(Tracks) + 0.05 * mse()`) sums instead of averaging; its
/// learning rates differ from ours by the number of values in a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Measure {
    /// Mean squared error.
    Mse,
    /// Poisson negative log likelihood without the constant term: `p - y ln p`, or `exp(p) - y p` with `log = true`.
    Poisson {
        /// Whether the prediction is the logarithm of the rate.
        log: bool,
    },
    /// Binary cross entropy of a probability, or of a logit with `logits = true`.
    Bce {
        /// Whether the prediction is a logit.
        logits: bool,
    },
    /// Pearson correlation.
    Correlation(Over),
    /// A loss of DRG by its name there, as the mean of its elements.
    Drg(DrgLoss),
}

/// One of [`DRG_LOSSES`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DrgLoss(usize);

impl DrgLoss {
    /// The loss of this name; nothing if there is none.
    pub fn of(name: &str) -> Option<Self> {
        DRG_LOSSES.iter().position(|n| *n == name).map(Self)
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        DRG_LOSSES[self.0]
    }
}

impl TryFrom<String> for DrgLoss {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        Self::of(&name).ok_or_else(|| format!("DRG has no loss `{name}`"))
    }
}

impl From<DrgLoss> for String {
    fn from(loss: DrgLoss) -> Self {
        loss.name().into()
    }
}

impl Measure {
    /// The words of the language that name one.
    pub const WORDS: [&'static str; 5] = ["mse", "poisson", "bce", "correlation", "drg"];

    /// Whether a larger value is better when it is watched or reported (a correlation) or a smaller one.
    pub fn larger_is_better(self) -> bool {
        matches!(self, Self::Correlation(_))
    }

    /// A short name for tables: `r` for correlations.
    pub fn short_name(self) -> &'static str {
        match self {
            Self::Mse => "mse",
            Self::Poisson { .. } => "poisson",
            Self::Bce { .. } => "bce",
            Self::Correlation(Over::Tracks) => "r over tracks",
            Self::Correlation(Over::Points) => "r",
            Self::Drg(loss) => loss.name(),
        }
    }

    /// What it is averaged over, in words.
    pub fn reduction(self) -> &'static str {
        match self {
            Self::Mse | Self::Poisson { .. } | Self::Bce { .. } => "mean over measured values",
            Self::Drg(_) => "mean over its elements",
            Self::Correlation(Over::Tracks) => "1 - r over the tracks of an example, mean over examples",
            Self::Correlation(Over::Points) => "1 - r over examples of a batch, mean over tracks",
        }
    }
}

impl std::fmt::Display for Measure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Drg(loss) => return write!(f, "drg({})", loss.name()),
            Self::Mse => "mse()",
            Self::Poisson { log: false } => "poisson()",
            Self::Poisson { log: true } => "poisson(log = true)",
            Self::Bce { logits: false } => "bce()",
            Self::Bce { logits: true } => "bce(logits = true)",
            Self::Correlation(Over::Tracks) => "correlation(Tracks)",
            Self::Correlation(Over::Points) => "correlation(Points)",
        })
    }
}
