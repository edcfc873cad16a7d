//! Training steps and predictions of the networks that `.ci/benchmark` compares with their PyTorch twins.
//!
//! ```text
//! benchmark NAME [--steps N] [--warmup N] [--predict]    one process, one line of JSON: medians of wall and CPU time, peak memory
//! benchmark NAME --export FOLDER                          weights, a batch and the first two losses, for the twin's check
//! benchmark --list                                        the names
//! ```
//! Uses `CISTRON_THREADS` threads (2 unless set). Dropout is off in `--export`.

// `model!` expands to paths of the facade; this program stands in for it, so that it needs neither tables nor plots.
extern crate self as cistron;

mod data;
mod export;
mod facade;
mod measure;
mod networks;
mod step;

pub use cistron_declaration::Value;
pub use cistron_model::Model;
pub use facade::{__macro, Dataset};

use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (mut name, mut folder) = (None, None);
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
            "--export" => folder = Some(value()?),
            other if other.starts_with('-') => return Err(format!("unknown option `{other}`").into()),
            other => name = Some(other.to_string()),
        }
    }
    let name = name.ok_or("which network? `--list` names them")?;
    match folder {
        Some(folder) => export::export(&networks::workload(&name, 0.0)?, folder.as_ref()),
        None => measure::measure(&name, &how),
    }
}
