//! How a fit is done: epochs, batch, rates, seed.

use crate::TrainError;
use candle_core::DType;
use cistron_ops::{Adam, AdamW, Optimizer};
use serde::{Deserialize, Serialize};

/// Whole numbers of any integer type, as options take them.
pub trait Count {
    /// As a `u64`; nothing for negative numbers.
    fn to_count(self) -> Option<u64>;
}

macro_rules! count { ($($t:ty)*) => { $(impl Count for $t { fn to_count(self) -> Option<u64> { u64::try_from(self).ok() } })* } }
count!(i8 i16 i32 i64 i128 isize u8 u16 u32 u64 u128 usize);

/// The numbers that weights and activations are computed in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Precision {
    /// 32-bit floating point.
    #[default]
    F32,
    /// 64-bit floating point, for checks.
    F64,
}

impl Precision {
    /// Candle's name for it.
    pub fn dtype(self) -> DType {
        match self {
            Self::F32 => DType::F32,
            Self::F64 => DType::F64,
        }
    }
}

/// All settings of an optimizer that make no sense.
fn check_optimizer(optimizer: &Optimizer, mistakes: &mut Vec<String>) {
    let mut number = |name: &str, value: f64, valid: bool, expected: &str| {
        if !valid || !value.is_finite() {
            mistakes.push(format!("`{name}` of the optimizer is {value}; expected {expected}"));
        }
    };
    number(
        "lr",
        optimizer.lr(),
        optimizer.lr() > 0.0,
        "a learning rate above 0, such as 1e-3",
    );
    let share = |x: f64| (0.0..1.0).contains(&x);
    match *optimizer {
        Optimizer::Sgd(o) => {
            number("momentum", o.momentum, share(o.momentum), "0 or more and below 1");
            number("dampening", o.dampening, share(o.dampening), "0 or more and below 1");
            number("weight_decay", o.weight_decay, o.weight_decay >= 0.0, "0 or more");
            if o.nesterov && o.momentum == 0.0 {
                mistakes.push("`nesterov` needs a `momentum` above 0".into());
            }
        }
        Optimizer::Adam(Adam {
            beta1,
            beta2,
            eps,
            weight_decay,
            ..
        })
        | Optimizer::AdamW(AdamW {
            beta1,
            beta2,
            eps,
            weight_decay,
            ..
        }) => {
            number("beta1", beta1, share(beta1), "0 or more and below 1");
            number("beta2", beta2, share(beta2), "0 or more and below 1");
            number("eps", eps, eps > 0.0, "above 0");
            number("weight_decay", weight_decay, weight_decay >= 0.0, "0 or more");
        }
    }
}

/// The options of a fit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Options {
    /// The most epochs that are done.
    pub epochs: u64,
    /// Examples per step.
    pub batch: u64,
    /// What every random number of the fit comes from.
    pub seed: u64,
    /// Epochs without a better watched value after which it stops.
    pub patience: u64,
    /// Epochs in which the learning rate grows linearly to its value.
    pub warmup: u64,
    /// The fold that is held out, when the data have folds.
    pub fold: Option<u64>,
    /// How weights follow their gradients.
    #[serde(with = "crate::stored_optimizer")]
    pub optimizer: Optimizer,
    /// The numbers it is computed in.
    pub precision: Precision,
    /// The run's name; the model's when not given.
    pub name: Option<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            epochs: 100,
            batch: 64,
            seed: 0,
            patience: 10,
            warmup: 0,
            fold: None,
            optimizer: Optimizer::default(),
            precision: Precision::default(),
            name: None,
        }
    }
}

impl Options {
    /// All values that make no sense, at once.
    ///
    /// # Errors
    /// [`TrainError::Options`] with one line per value.
    pub fn check(&self) -> Result<(), TrainError> {
        let mut mistakes = Vec::new();
        for (name, value) in [("epochs", self.epochs), ("batch", self.batch), ("patience", self.patience)] {
            if value == 0 {
                mistakes.push(format!("`{name}` is 0; expected 1 or more"));
            }
        }
        check_optimizer(&self.optimizer, &mut mistakes);
        if mistakes.is_empty() {
            Ok(())
        } else {
            Err(TrainError::Options(mistakes))
        }
    }

    /// The learning rate of a step, counted from 0.
    pub(crate) fn rate(&self, step: u64, steps_per_epoch: u64) -> f64 {
        let steps = self.warmup * steps_per_epoch;
        let lr = self.optimizer.lr();
        if step + 1 >= steps {
            lr
        } else {
            lr * (step + 1) as f64 / steps as f64
        }
    }

    /// What a resumed run may not change, as pairs that differ: name, before, now. More epochs are allowed.
    pub(crate) fn differences(&self, now: &Self) -> Vec<(&'static str, String, String)> {
        let fold = |o: &Self| o.fold.map_or("none".to_string(), |f| f.to_string());
        let pairs = [
            ("batch", self.batch.to_string(), now.batch.to_string()),
            ("seed", self.seed.to_string(), now.seed.to_string()),
            ("patience", self.patience.to_string(), now.patience.to_string()),
            ("warmup", self.warmup.to_string(), now.warmup.to_string()),
            ("fold", fold(self), fold(now)),
            ("optimizer", format!("{:?}", self.optimizer), format!("{:?}", now.optimizer)),
            ("precision", format!("{:?}", self.precision), format!("{:?}", now.precision)),
        ];
        pairs.into_iter().filter(|(_, before, now)| before != now).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cistron_ops::Sgd;

    #[test]
    fn all_wrong_options_are_reported_at_once() {
        let sgd = Sgd {
            lr: -1.0,
            momentum: 1.0,
            ..Sgd::default()
        };
        let options = Options {
            epochs: 0,
            optimizer: sgd.into(),
            ..Options::default()
        };
        let message = options.check().unwrap_err().to_string();
        assert!(message.contains("`epochs` is 0; expected 1 or more"), "{message}");
        assert!(
            message.contains("`lr` of the optimizer is -1; expected a learning rate above 0"),
            "{message}"
        );
        assert!(
            message.contains("`momentum` of the optimizer is 1; expected 0 or more and below 1"),
            "{message}"
        );
        assert!(Options::default().check().is_ok());
    }

    #[test]
    fn warm_up_is_linear_and_ends() {
        let options = Options {
            warmup: 2,
            optimizer: Sgd {
                lr: 0.4,
                ..Sgd::default()
            }
            .into(),
            ..Options::default()
        };
        let rates: Vec<f64> = (0..6).map(|step| options.rate(step, 2)).collect();
        assert_eq!(rates, [0.1, 0.2, 0.30000000000000004, 0.4, 0.4, 0.4]);
        assert_eq!(Options { warmup: 0, ..options }.rate(0, 2), 0.4);
    }

    #[test]
    fn counts_are_not_negative() {
        assert_eq!(3i32.to_count(), Some(3));
        assert_eq!((-3i32).to_count(), None);
        assert_eq!(3usize.to_count(), Some(3));
    }
}
