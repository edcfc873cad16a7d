//! Training steps and predictions of the networks that `.ci/benchmark` compares with their PyTorch twins.
//!
//! ```text
//! benchmark NAME [--steps N] [--warmup N] [--predict]    one process, one line of JSON: medians of wall and CPU time, peak memory
//! benchmark NAME --export FOLDER                          weights, a batch and the first two losses, for the twin's check
//! benchmark NAME --profile [--steps N]                    where the time of a training step goes, node by node
//! benchmark --list                                        the names
//! ```
//! Dropout is off in `--export`. `benchmark_mimalloc` is the same program with the allocator that notebooks have.

// `model!` expands to paths of the facade; this crate stands in for it, so that a data set can be shapes without files.
extern crate self as cistron;

mod data;
mod export;
mod facade;
mod measure;
mod networks;
mod profile;
mod step;

pub use cistron_declaration::Value;
pub use cistron_model::Model;
pub use facade::{__macro, Dataset};

use std::error::Error;

/// Does what the arguments ask for.
///
/// # Errors
/// Unknown arguments, and what the networks give.
pub fn run(mut arguments: impl Iterator<Item = String>) -> Result<(), Box<dyn Error>> {
    let (mut name, mut folder, mut profiled) = (None, None, false);
    let mut how = measure::How::default();
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or_else(|| format!("`{argument}` needs a value"));
        match argument.as_str() {
            "--list" => {
                println!("{}", networks::NAMES.join("\n"));
                return Ok(());
            }
            "--steps" => how.steps = value()?.parse()?,
            "--warmup" => how.warmup = value()?.parse()?,
            "--predict" => how.predict = true,
            "--profile" => profiled = true,
            "--export" => folder = Some(value()?),
            other if other.starts_with('-') => return Err(format!("unknown option `{other}`").into()),
            other => name = Some(other.to_string()),
        }
    }
    let name = name.ok_or("which network? `--list` names them")?;
    match folder {
        None if profiled => profile::profile(&networks::workload(&name, 0.1)?, how.steps),
        Some(folder) => export::export(&networks::workload(&name, 0.0)?, folder.as_ref()),
        None => measure::measure(&name, &how),
    }
}
