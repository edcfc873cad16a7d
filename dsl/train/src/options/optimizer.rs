//! What makes no sense as a setting of an optimizer.

use cistron_ops::{Adadelta, Adagrad, Adam, AdamW, KerasAdam, NAdam, Optimizer};

/// What a setting must be.
enum Wanted {
    /// 0 or more, below 1.
    Share,
    /// Above 0.
    Positive,
    /// 0 or more.
    NotNegative,
}

impl Wanted {
    fn fits(&self, value: f64) -> bool {
        match self {
            Self::Share => (0.0..1.0).contains(&value),
            Self::Positive => value.is_finite() && value > 0.0,
            Self::NotNegative => value.is_finite() && value >= 0.0,
        }
    }

    fn words(&self, name: &str) -> &'static str {
        match self {
            Self::Positive if name == "lr" => "a learning rate above 0, such as 1e-3",
            Self::Share => "0 or more and below 1",
            Self::Positive => "above 0",
            Self::NotNegative => "0 or more",
        }
    }
}

/// All settings that make no sense, one sentence each.
pub(super) fn mistakes(optimizer: &Optimizer) -> Vec<String> {
    use Wanted::{NotNegative, Positive, Share};
    let adam = |beta1, beta2, eps| vec![("beta1", beta1, Share), ("beta2", beta2, Share), ("eps", eps, Positive)];
    let mut settings = vec![("lr", optimizer.lr(), Positive)];
    settings.extend(match *optimizer {
        Optimizer::Sgd(o) => vec![("momentum", o.momentum, Share), ("dampening", o.dampening, Share)],
        Optimizer::Adam(Adam { beta1, beta2, eps, .. })
        | Optimizer::AdamW(AdamW { beta1, beta2, eps, .. })
        | Optimizer::KerasAdam(KerasAdam { beta1, beta2, eps, .. }) => adam(beta1, beta2, eps),
        Optimizer::NAdam(NAdam {
            beta1,
            beta2,
            eps,
            momentum_decay,
            ..
        }) => {
            let mut settings = adam(beta1, beta2, eps);
            settings.push(("momentum_decay", momentum_decay, NotNegative));
            settings
        }
        Optimizer::Adagrad(Adagrad { lr_decay, eps, .. }) => vec![("lr_decay", lr_decay, NotNegative), ("eps", eps, Positive)],
        Optimizer::Adadelta(Adadelta { rho, eps, .. }) => vec![("rho", rho, Share), ("eps", eps, Positive)],
    });
    settings.push(("weight_decay", optimizer.weight_decay(), NotNegative));
    let wrong = settings.iter().filter(|(_, value, wanted)| !wanted.fits(*value));
    let mut mistakes: Vec<String> = wrong
        .map(|(name, value, wanted)| format!("`{name}` of the optimizer is {value}; expected {}", wanted.words(name)))
        .collect();
    if let Optimizer::Sgd(o) = optimizer
        && o.nesterov
        && o.momentum == 0.0
    {
        mistakes.push("`nesterov` needs a `momentum` above 0".into());
    }
    mistakes
}
