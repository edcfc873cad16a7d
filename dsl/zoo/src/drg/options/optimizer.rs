//! The optimizer that the options mean.

use super::given::Given;
use super::value::OptionValue;
use super::words::decimal;
use cistron_declaration::did_you_mean;

/// DRG's names.
const NAMES: [&str; 8] = ["SGD", "NAG", "Adagrad", "Adadelta", "Adam", "NAdam", "AdamW", "Amsgrad"];

/// The one number that `optim_params` is for this optimizer; nothing when it is not given.
fn number(given: &mut Given, name: &str, meaning: &str) -> Option<f64> {
    let params = given.value("optim_params");
    let number = params.number();
    if number.is_none() && params != OptionValue::Nothing {
        given.impossible.push(format!(
            "`optim_params={params}` is for another optimizer: {name} takes {meaning}"
        ));
    }
    number
}

/// The fields of the two betas that `optim_params` is for this optimizer; none when it is not given.
fn betas(given: &mut Given, name: &str) -> Vec<String> {
    let params = given.value("optim_params");
    match &params {
        OptionValue::Nothing => return Vec::new(),
        OptionValue::List(betas) => {
            if let [Some(first), Some(second)] = betas.iter().map(OptionValue::number).collect::<Vec<_>>()[..] {
                return vec![format!("beta1: {}", decimal(first)), format!("beta2: {}", decimal(second))];
            }
        }
        _ => {}
    }
    given.notes.push(format!(
        "`optim_params={params}` is for another optimizer: {name} takes two betas"
    ));
    Vec::new()
}

/// The value of `optimizer` in `fit!`.
pub(super) fn optimizer(given: &mut Given) -> String {
    let name = given.text("optimizer");
    let mut fields = vec![format!("lr: {}", decimal(given.number("lr")))];
    let word = match name.as_str() {
        "SGD" => {
            let momentum = number(given, &name, "one momentum");
            fields.extend(momentum.map(|m| format!("momentum: {}", decimal(m))));
            "Sgd"
        }
        "NAG" => {
            let momentum = number(given, &name, "one momentum").unwrap_or(0.7);
            fields.push(format!("momentum: {}, nesterov: true", decimal(momentum)));
            "Sgd"
        }
        "Adagrad" => {
            let decay = number(given, &name, "one decay of the learning rate");
            fields.extend(decay.map(|d| format!("lr_decay: {}", decimal(d))));
            "Adagrad"
        }
        "Adadelta" => {
            let rho = number(given, &name, "one rho").unwrap_or(0.9);
            fields.push(format!("rho: {}", decimal(rho)));
            "Adadelta"
        }
        "Adam" | "NAdam" | "AdamW" => {
            fields.extend(betas(given, &name));
            name.as_str()
        }
        "Amsgrad" => {
            fields.extend(betas(given, &name));
            fields.push("amsgrad: true".into());
            given.notes.push(
                "`optimizer=Amsgrad` is AdamW with amsgrad in the original, without weight decay unless it is given".into(),
            );
            "AdamW"
        }
        other => {
            given.impossible.push(format!(
                "`optimizer={other}` is none in the original; {}",
                did_you_mean(other, NAMES)
            ));
            "Adam"
        }
    };
    // Only the original's AdamW has a weight decay without being given one.
    let decay = given.value("optim_weight_decay").number();
    let standard = match name.as_str() {
        "AdamW" => Some(0.01),
        "Amsgrad" => Some(0.0),
        _ => None,
    };
    fields.extend(decay.or(standard).map(|d| format!("weight_decay: {}", decimal(d))));
    format!("{word} {{ {} }}", fields.join(", "))
}
