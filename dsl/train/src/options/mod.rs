//! How a fit is done: epochs, batch, rates, seed.

mod optimizer;
#[cfg(test)]
mod tests;
mod values;

pub use values::{Count, IntoWarmup, Precision};

use crate::TrainError;
use crate::controller::{Finetune, Halve};
use cistron_model::Compat;
use cistron_ops::{Average, Clip, Clock, Group, Optimizer, Period, Role, Rules, Schedule, Warmup, learning_rate};
use serde::{Deserialize, Serialize};

/// The options of a fit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Options {
    /// The most epochs that are done.
    pub epochs: u64,
    /// Examples per step.
    pub batch: u64,
    /// What every random number of the fit comes from.
    pub seed: u64,
    /// Epochs without a better watched value after which it stops, or fine-tunes.
    pub patience: u64,
    /// What comes when patience is used up; nothing ends the fit.
    #[serde(default)]
    pub finetune: Option<Finetune>,
    /// Whether the rate is halved when the training loss rises; nothing means never, with `compat = drg` `OnRise { share: 0.3,
    /// epochs: 25 }`.
    #[serde(default)]
    pub halve: Option<Halve>,
    /// Whether the fit begins again, with the first weights and a quarter of the rate, after an epoch whose loss is no number or
    /// lies above that of the untrained network: 15 times at most, each time for as many epochs as `epochs` says.
    #[serde(default)]
    pub init_adjust: bool,
    /// Whether the fit goes on from the best weights with all layers but the first convolution drawn anew when it would end for
    /// the first time, for as many more epochs as `epochs` says.
    #[serde(default)]
    pub restart: bool,
    /// Ends the fit when the watched loss of the training examples falls to this share of that of the validation examples (0
    /// when nothing is said); with `compat = drg` alone, which measures both.
    #[serde(default)]
    pub valtrain_ratio: Option<f64>,
    /// Whose numbers are wanted where they are not what is right.
    #[serde(default)]
    pub compat: Option<Compat>,
    /// How the learning rate comes up to its value.
    #[serde(deserialize_with = "values::warmup_of_any_age")]
    pub warmup: Warmup,
    /// What becomes of the learning rate after that.
    #[serde(default)]
    pub schedule: Schedule,
    /// How gradients are held back.
    #[serde(default)]
    pub clip: Option<Clip>,
    /// Parameters with their own rate or decay; the first group that names a parameter has it.
    #[serde(default)]
    pub groups: Vec<Group>,
    /// What is never decayed.
    #[serde(default)]
    pub no_decay: Vec<Role>,
    /// Which average of the weights is evaluated and kept instead of the last weights.
    #[serde(default)]
    pub average: Option<Average>,
    /// The fold that is held out, when the data have folds.
    pub fold: Option<u64>,
    /// How weights follow their gradients.
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
            finetune: None,
            halve: None,
            init_adjust: false,
            restart: false,
            valtrain_ratio: None,
            compat: None,
            warmup: Warmup::None,
            schedule: Schedule::Constant,
            clip: None,
            groups: Vec::new(),
            no_decay: Vec::new(),
            average: None,
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
        mistakes.extend(optimizer::mistakes(&self.optimizer));
        mistakes.extend(self.warmup.mistakes());
        mistakes.extend(self.schedule.mistakes());
        if let Some(limit) = self.clip.map(|c| c.limit()).filter(|l| !(l.is_finite() && *l > 0.0)) {
            mistakes.push(format!("the limit of `clip` is {limit}; expected a number above 0"));
        }
        mistakes.extend(self.rules().mistakes(&self.optimizer));
        mistakes.extend(self.average.iter().flat_map(Average::mistakes));
        mistakes.extend(self.finetune.iter().flat_map(Finetune::mistakes));
        mistakes.extend(self.halve.iter().flat_map(Halve::mistakes));
        match (self.valtrain_ratio, self.compat) {
            (Some(ratio), _) if !(ratio.is_finite() && ratio >= 0.0) => {
                mistakes.push(format!("`valtrain_ratio` is {ratio}; expected 0 or more"));
            }
            (Some(_), None) => mistakes.push("`valtrain_ratio` needs `compat = drg`, which measures both parts".into()),
            _ => {}
        }
        if mistakes.is_empty() {
            Ok(())
        } else {
            Err(TrainError::Options(mistakes))
        }
    }

    /// The learning rate that warm-up and schedule give to the step that comes next. With `compat = drg` a linear warm-up over
    /// epochs begins where the exponential one of factor 4 does and grows by the same amount after each.
    pub(crate) fn rate(&self, clock: &Clock<'_>) -> f64 {
        let lr = self.optimizer.lr();
        match (self.compat, self.warmup) {
            (
                Some(Compat::Drg),
                Warmup::Linear {
                    over: over @ Period::Epochs(epochs),
                },
            ) if clock.step < over.steps(clock.steps_per_epoch) => {
                let first = lr / 4f64.powf(epochs as f64);
                let done = clock.step / clock.steps_per_epoch.max(1);
                first + (lr - first) * done as f64 / epochs as f64
            }
            _ => learning_rate(lr, &self.warmup, &self.schedule, clock),
        }
    }

    /// What holds for which parameters.
    pub(crate) fn rules(&self) -> Rules {
        Rules {
            groups: self.groups.clone(),
            no_decay: self.no_decay.clone(),
        }
    }

    /// What a resumed run may not change, as pairs that differ: name, before, now. More epochs are allowed, except with `compat =
    /// drg`, where the last epoch is treated otherwise than those before it.
    pub(crate) fn differences(&self, now: &Self) -> Vec<(&'static str, String, String)> {
        let fold = |o: &Self| o.fold.map_or("none".to_string(), |f| f.to_string());
        let epochs = |o: &Self| self.compat.map_or(String::new(), |_| o.epochs.to_string());
        let pairs = [
            ("compat", format!("{:?}", self.compat), format!("{:?}", now.compat)),
            ("epochs", epochs(self), epochs(now)),
            ("finetune", format!("{:?}", self.finetune), format!("{:?}", now.finetune)),
            ("halve", format!("{:?}", self.halve), format!("{:?}", now.halve)),
            ("init_adjust", self.init_adjust.to_string(), now.init_adjust.to_string()),
            ("restart", self.restart.to_string(), now.restart.to_string()),
            (
                "valtrain_ratio",
                format!("{:?}", self.valtrain_ratio),
                format!("{:?}", now.valtrain_ratio),
            ),
            ("batch", self.batch.to_string(), now.batch.to_string()),
            ("seed", self.seed.to_string(), now.seed.to_string()),
            ("patience", self.patience.to_string(), now.patience.to_string()),
            ("warmup", format!("{:?}", self.warmup), format!("{:?}", now.warmup)),
            ("schedule", format!("{:?}", self.schedule), format!("{:?}", now.schedule)),
            ("clip", format!("{:?}", self.clip), format!("{:?}", now.clip)),
            ("groups", format!("{:?}", self.groups), format!("{:?}", now.groups)),
            ("no_decay", format!("{:?}", self.no_decay), format!("{:?}", now.no_decay)),
            ("average", format!("{:?}", self.average), format!("{:?}", now.average)),
            ("fold", fold(self), fold(now)),
            ("optimizer", format!("{:?}", self.optimizer), format!("{:?}", now.optimizer)),
            ("precision", format!("{:?}", self.precision), format!("{:?}", now.precision)),
        ];
        pairs.into_iter().filter(|(_, before, now)| before != now).collect()
    }
}
