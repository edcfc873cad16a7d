//! The objective and the fit that the options mean.

use super::Ports;
use super::given::Given;
use super::optimizer;
use super::value::OptionValue;
use super::words::decimal;
use cistron_declaration::{DRG_LOSSES, did_you_mean};

/// A loss by its name in DRG, as terms of the language; nothing for `None`.
fn loss(given: &mut Given, option: &str, name: &str) -> Option<String> {
    Some(match name {
        "None" => return None,
        "Correlationdata" => "correlation(Tracks)".into(),
        "Correlationclass" => "correlation(Points)".into(),
        "Correlationmse" => "0.95 * correlation(Tracks) + 0.05 * mse()".into(),
        "MSECorrelation" => "0.95 * correlation(Points) + 0.05 * mse()".into(),
        "MSE" => "mse()".into(),
        "PoissonNNL" => "poisson(log = true)".into(),
        "BCELoss" => "bce()".into(),
        "DLogMSE" | "LogMSE" | "GNLL" | "NLL" => {
            given
                .impossible
                .push(format!("`{option}={name}` always crashes in the original"));
            return None;
        }
        other if DRG_LOSSES.contains(&other) => format!("drg({other})"),
        other => {
            let near = did_you_mean(other, DRG_LOSSES);
            given
                .impossible
                .push(format!("`{option}={other}`: no loss of that name; {near}"));
            return None;
        }
    })
}

fn weights(given: &mut Given, option: &str, n: usize) -> Vec<f64> {
    let each = given.each(option, n);
    each.iter().map(|w| w.number().unwrap_or(1.0)).collect()
}

/// `0.5 * a + 0.5 * b` for a sum of weighted terms.
fn weighted(weight: f64, terms: &str) -> String {
    match weight {
        1.0 => terms.to_string(),
        w if terms.contains(" + ") => format!("{} * ({terms})", decimal(w)),
        w => format!("{} * {terms}", decimal(w)),
    }
}

/// The rules of `objective!`.
pub(super) fn objective(given: &mut Given, ports: &Ports) -> Vec<String> {
    let outputs = &ports.outputs;
    let losses: Vec<String> = given
        .each("loss_function", outputs.len())
        .iter()
        .map(ToString::to_string)
        .collect();
    let watched = match given.value("validation_loss") {
        OptionValue::Nothing => losses.clone(),
        _ => {
            let each = given.each("validation_loss", outputs.len());
            each.iter().map(ToString::to_string).collect()
        }
    };
    let mut rules = Vec::new();
    for (word, option, names, weight) in [
        ("loss", "loss_function", losses, "loss_weights"),
        ("watch", "validation_loss", watched, "val_loss_weights"),
    ] {
        let weights = weights(given, weight, outputs.len());
        let mut grouped: Vec<(String, Vec<&str>)> = Vec::new();
        for ((name, weight), (output, _)) in names.iter().zip(&weights).zip(outputs) {
            let Some(terms) = loss(given, option, name) else { continue };
            if *weight <= 0.0 {
                given
                    .notes
                    .push(format!("`{option}` of `{output}` has weight {weight} and is left out"));
                continue;
            }
            let terms = weighted(*weight, &terms);
            match grouped.iter_mut().find(|(t, _)| *t == terms) {
                Some((_, outputs)) => outputs.push(output),
                None => grouped.push((terms, vec![output])),
            }
        }
        for (terms, outputs) in grouped {
            rules.push(format!("{word}({}) = {terms};", outputs.join(", ")));
        }
    }
    rules
}

/// The options of `fit!`.
pub(super) fn fit(given: &mut Given) -> Vec<String> {
    let optimizer = optimizer::optimizer(given);
    let mut options = vec![format!("optimizer = {optimizer}")];
    match given.some_whole("batchsize") {
        Some(batch) => options.push(format!("batch = {batch}")),
        None => given
            .notes
            .push("`batchsize=None` means all examples in one batch: write `batch = ..`".into()),
    }
    options.push(format!("epochs = {}", given.whole("epochs").max(1)));
    options.push(format!("patience = {}", given.whole("patience").max(1)));
    let warm = given.whole("warm_up_epochs");
    if warm > 0 {
        let factor = decimal(given.number("warm_up_lr_factor"));
        options.push(match given.text("warmup_function").as_str() {
            "Linear" => format!("warmup = Linear {{ over: Epochs({warm}) }}"),
            _ => format!("warmup = Exponential {{ over: Epochs({warm}), factor: {factor} }}"),
        });
    }
    if given.truth("finetuning") {
        let (rounds, patience) = (given.whole("finetuning_rounds"), given.whole("finetuning_patience"));
        let rate = decimal(given.number("finetuning_rate"));
        options.push(format!(
            "finetune = Rounds {{ rounds: {rounds}, rate: {rate}, patience: {patience} }}"
        ));
    }
    for (option, word) in [("init_adjust", "init_adjust"), ("restart", "restart")] {
        if given.truth(option) {
            options.push(format!("{word} = true"));
        }
    }
    options.push(format!("seed = {}", given.whole("seed")));
    options.push("compat = drg".into());
    options
}
