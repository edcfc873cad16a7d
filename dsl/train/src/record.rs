//! What a run says about itself, and whether two descriptions are of the same run.

use crate::checkpoint::Identity;
use crate::controller::{Finetune, RESETS};
use crate::drg;
use crate::history;
use crate::objective::{Measure, Objective};
use crate::options::Options;
use crate::state::{Best, Progress, Stop};
use crate::{Result, TrainError};
use cistron_data::Dataset;
use cistron_declaration::{Axis, Diagnostic, Diagnostics, Port};
use cistron_display::count;
use cistron_model::{Compat, Model, Operation};
use cistron_runs::{DataFile, Ending, Manifest, Resumption, RunFolder, Versions, sha256_hex};
use serde::Serialize;
use std::collections::BTreeMap;

pub(crate) fn json<T: Serialize>(value: &T) -> Result<serde_json::Value> {
    serde_json::to_value(value).map_err(|e| TrainError::Impossible(format!("a declaration cannot be written as JSON: {e}")))
}

/// Checks that the model was declared on data like these and gives the outputs that are asked for (by the objective).
pub(crate) fn fits_together(model: &Model, asked: &[&str], data: &Dataset) -> Result<()> {
    let unfit = |found: String, help: &str| {
        Err(TrainError::Unfit {
            found,
            help: help.into(),
        })
    };
    let (declared, given) = (model.signature(), data.signature());
    for (what, ports, found) in [
        ("input", &declared.inputs, &given.inputs),
        ("output", &declared.outputs, &given.outputs),
    ] {
        for port in ports {
            match found.iter().find(|p| p.name == port.name) {
                None => {
                    let names: Vec<&str> = found.iter().map(|p| p.name.as_str()).collect();
                    let message = format!("the model has the {what} `{}`, the data have {}", port.name, names.join(", "));
                    return unfit(
                        message,
                        "declare the model on this data set: `model! { Name on data { .. } }`",
                    );
                }
                Some(other) if sizes(other) != sizes(port) => {
                    let message = format!(
                        "{what} `{}` is {} in the model and {} in the data",
                        port.name,
                        shape(port),
                        shape(other)
                    );
                    return unfit(message, "run the cell with `model!` again, on these data");
                }
                Some(_) => {}
            }
        }
    }
    let outputs = &model.graph().outputs;
    for output in asked {
        if !outputs.iter().any(|(name, _)| name == *output) {
            let names: Vec<&str> = outputs.iter().map(|(name, _)| name.as_str()).collect();
            let message = format!(
                "the objective has a loss for `{output}`; the model gives {}",
                names.join(", ")
            );
            return unfit(message, "declare objective and model on the same data");
        }
    }
    Ok(())
}

/// The objective of a model that says which outputs it leaves out (`without(..)`): what is left of it, and that in words.
pub(crate) fn cut_down(model: &Model, objective: &Objective) -> Option<(Objective, String)> {
    let given: Vec<&str> = model.graph().outputs.iter().map(|(name, _)| name.as_str()).collect();
    let declared = |output: &str| model.signature().outputs.iter().any(|p| p.name == output);
    let lacking: Vec<&str> = objective
        .outputs()
        .into_iter()
        .filter(|o| !given.contains(o) && declared(o))
        .collect();
    if lacking.is_empty() {
        return None;
    }
    let note = format!(
        "`{}` leaves out {}: their losses and metrics do not count",
        model.name(),
        lacking.join(", ")
    );
    Some((objective.for_outputs(&given)?, note))
}

/// Refuses losses of values that cannot be negative on outputs that can.
///
/// # Errors
/// Each at its loss.
pub(crate) fn check_bounds(model: &Model, objective: &Objective) -> Result<()> {
    let graph = model.graph();
    let mut mistakes = Vec::new();
    for term in objective.losses() {
        let help = match term.measure {
            Measure::Poisson { log: false } => "end with `.softplus()` or `.exp()`, or say `poisson(log = true)`",
            Measure::Bce { logits: false } => "end with `.sigmoid()`, or say `bce(logits = true)`",
            _ => continue,
        };
        let Some((_, node)) = graph.outputs.iter().find(|(name, _)| *name == term.output) else {
            continue;
        };
        let mut node = &graph.nodes[*node];
        while let (Operation::Dropout { .. } | Operation::Pick { .. }, [input]) = (&node.operation, node.inputs.as_slice()) {
            node = &graph.nodes[*input];
        }
        let free = matches!(
            node.operation,
            Operation::Linear { .. }
                | Operation::Convolution { .. }
                | Operation::Convolution2d { .. }
                | Operation::Subtract
                | Operation::Gelu(_)
                | Operation::Silu
                | Operation::Tanh
                | Operation::Log
        );
        if free {
            let message = format!(
                "`{}` of `{}`: this output ends in `{}`, which gives negative values too",
                term.measure, term.output, node.name
            );
            mistakes.push(Diagnostic::error(term.span, message).help(help));
        }
    }
    if mistakes.is_empty() {
        return Ok(());
    }
    Err(TrainError::Declaration(Diagnostics {
        source: objective.declaration().source.clone(),
        list: mistakes,
    }))
}

fn sizes(port: &Port) -> Vec<Option<usize>> {
    port.axes.iter().map(|a| a.size).collect()
}

fn shape(port: &Port) -> String {
    let axis = |a: &Axis| format!("{} {}", a.kind, a.size.map_or("?".into(), count));
    port.axes.iter().map(axis).collect::<Vec<_>>().join(" x ")
}

/// What going on with a run depends on.
pub(crate) fn identity(
    model: &Model,
    objective: &Objective,
    data: &Dataset,
    options: &Options,
    parts: &BTreeMap<&str, &Vec<usize>>,
) -> Result<Identity> {
    let mut text = data.content_hash();
    for (part, rows) in parts {
        let bytes: Vec<u8> = rows.iter().flat_map(|r| (*r as u64).to_le_bytes()).collect();
        text.push_str(&format!("\n{part} {}", sha256_hex(&bytes)));
    }
    Ok(Identity {
        model_hash: model.hash(),
        data_hash: sha256_hex(text.as_bytes()),
        model: json(model)?,
        objective: json(objective)?,
        options: options.clone(),
    })
}

/// A hash of all that decides the numbers of a run.
pub(crate) fn run_hash(identity: &Identity) -> String {
    let text = format!(
        "{}\n{}\n{}\n{:?}",
        identity.model_hash, identity.data_hash, identity.objective, identity.options
    );
    sha256_hex(text.as_bytes())
}

/// Whether a run may be taken up again.
///
/// # Errors
/// [`TrainError::Differs`] with everything that is not as it was.
pub(crate) fn same(folder: &RunFolder, before: &Identity, now: &Identity) -> Result<()> {
    let short = |hash: &str| hash.chars().take(8).collect::<String>();
    let mut differences = Vec::new();
    if before.model_hash != now.model_hash {
        differences.push(format!(
            "the model was {} and is {}",
            short(&before.model_hash),
            short(&now.model_hash)
        ));
    }
    if before.data_hash != now.data_hash {
        differences.push(format!(
            "the data (or their split) were {} and are {}",
            short(&before.data_hash),
            short(&now.data_hash)
        ));
    }
    let rules = |identity: &Identity| {
        let objective: Option<Objective> = serde_json::from_value(identity.objective.clone()).ok();
        objective.map(|o| o.table().text())
    };
    if rules(before) != rules(now) {
        differences.push("the objective has other rules".into());
    }
    for (name, before, now) in before.options.differences(&now.options) {
        differences.push(format!("`{name}` was {before} and is {now}"));
    }
    let (was, is) = (before.options.epochs, now.options.epochs);
    if is < was && now.options.compat.is_none() {
        differences.push(format!("`epochs` was {was} and is {is}, which may only grow"));
    }
    if differences.is_empty() {
        return Ok(());
    }
    let help = "go on with what the run was made with (run.json has it), or fit anew without `resume`".into();
    Err(TrainError::Differs {
        folder: folder.path().to_path_buf(),
        differences,
        help,
    })
}

pub(crate) fn no_state(folder: &RunFolder) -> TrainError {
    let expected = "the checkpoint that `fit!` writes before its first step".to_string();
    TrainError::State {
        path: folder.last_path(),
        found: "there is no such file".into(),
        expected,
    }
}

/// The `run.json` of a run that begins.
pub(crate) fn manifest(name: &str, identity: &Identity, data: &Dataset, parts: &BTreeMap<&str, &Vec<usize>>) -> Manifest {
    Manifest {
        format: Manifest::FORMAT,
        name: name.into(),
        model: identity.model.clone(),
        model_hash: identity.model_hash.clone(),
        objective: identity.objective.clone(),
        data: data.describe(),
        files: data
            .fingerprint()
            .into_iter()
            .map(|(path, sha256, bytes)| DataFile { path, sha256, bytes })
            .collect(),
        data_hash: identity.data_hash.clone(),
        options: serde_json::Value::Null,
        examples: parts.iter().map(|(part, rows)| ((*part).to_string(), rows.len())).collect(),
        device: format!("cpu, {} threads", rayon::current_num_threads()),
        versions: Versions {
            cistron: env!("CARGO_PKG_VERSION").into(),
            rustc: std::env::var("CISTRON_RUSTC").ok(),
            platform: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
        },
        started: now(),
        resumed: Vec::new(),
        ending: None,
    }
}

pub(crate) fn resumption(progress: &Progress) -> Resumption {
    Resumption {
        at: now(),
        epoch: progress.epoch,
        step: progress.step,
    }
}

/// An ending without anything to say yet.
pub(crate) fn no_ending() -> Ending {
    Ending {
        why: String::new(),
        reason: String::new(),
        at: String::new(),
        wall_s: 0.0,
        best_epoch: None,
        metrics: BTreeMap::new(),
    }
}

/// Now, as RFC 3339 in UTC.
pub(crate) fn now() -> String {
    jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// What early stopping looks at, by name.
pub(crate) fn watched_name(options: &Options, objective: &Objective) -> String {
    match options.compat {
        Some(Compat::Drg) => drg::watched_name(objective),
        None => objective.watched_name(),
    }
}

/// Why it stopped and what was kept, as a sentence without its full stop.
pub(crate) fn why(stop: Stop, progress: &Progress, kept: Option<u64>, (options, objective): (&Options, &Objective)) -> String {
    let watched = watched_name(options, objective);
    let count = |n: u64, thing: &str| format!("{n} {thing}{}", if n == 1 { "" } else { "s" });
    let epochs = count(progress.epoch, "epoch");
    let best = |best: &Best| format!("epoch {} ({watched} {})", best.epoch, history::r(best.watched));
    let kept = match &progress.best {
        Some(of) if kept == Some(of.epoch) => format!("kept {}", best(of)),
        Some(of) => format!(
            "kept the weights of epoch {}, as DRG does; the best was {}",
            progress.epoch,
            best(of)
        ),
        None if progress.epoch > 0 => format!("no epoch was worth keeping: kept the weights of step {}", progress.step),
        None => format!("no epoch was finished: kept the weights of step {}", progress.step),
    };
    let reason = match stop {
        Stop::Epochs => {
            let all = format!(
                "stopped after all {}",
                count(progress.controller.limit(options.epochs), "epoch")
            );
            match progress.controller.round() {
                0 => all,
                round => format!("{all}, in round {round} of fine-tuning"),
            }
        }
        Stop::Patience => format!(
            "stopped after {epochs}: {} without a better {watched}",
            count(options.patience, "epoch")
        ),
        Stop::Finetuned => format!(
            "stopped after {epochs}: {} of fine-tuning used up",
            count(options.finetune.map_or(0, Finetune::rounds), "round")
        ),
        Stop::NotANumber => format!("stopped after {epochs}: the {watched} is no number"),
        Stop::Ratio => format!(
            "stopped after {epochs}: what is watched fell, on the training examples, to {} of the {watched}",
            options.valtrain_ratio.unwrap_or(0.0)
        ),
        Stop::Resets => {
            format!(
                "stopped after {epochs}: began again {RESETS} times, and the training loss still rose above that of the untrained network"
            )
        }
        Stop::Interrupted => format!("interrupted in epoch {} (step {})", progress.epoch + 1, progress.step),
    };
    format!("{reason}; {kept}")
}
