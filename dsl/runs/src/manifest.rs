//! `run.json`: everything that is needed to say what a run was, and to make it again.

use crate::{RunError, files};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

/// The largest `run.json` that is read.
const LIMIT: u64 = 256 << 20;

/// One file that the data came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataFile {
    /// Where it lay.
    pub path: String,
    /// Its SHA-256.
    pub sha256: String,
    /// Its size.
    pub bytes: u64,
}

/// What the run was made with.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Versions {
    /// The version of the Cistron crates.
    pub cistron: String,
    /// The compiler, where it is known.
    pub rustc: Option<String>,
    /// Operating system and processor.
    pub platform: String,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ending {
    /// Why it stopped, as a sentence.
    pub why: String,
    /// One word for programs: `patience`, `epochs`, `interrupted`, `not finite`.
    pub reason: String,
    /// When, as RFC 3339.
    pub at: String,
    /// Wall time of all sittings, in seconds.
    pub wall_s: f64,
    /// The epoch whose weights were kept.
    pub best_epoch: Option<u64>,
    /// Metrics of the kept weights by part and output, such as `test r expression`.
    pub metrics: BTreeMap<String, f64>,
}

/// A time at which the run was taken up again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resumption {
    /// When, as RFC 3339.
    pub at: String,
    /// Whole epochs done by then.
    pub epoch: u64,
    /// Steps done by then.
    pub step: u64,
}

/// The content of `run.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// The version of this file's form.
    pub format: u32,
    /// The run's name.
    pub name: String,
    /// The model: declaration with source text, parameters and graph.
    pub model: Value,
    /// SHA-256 of the model's graph.
    pub model_hash: String,
    /// The objective's declaration with its source text.
    pub objective: Value,
    /// The data, resolved.
    pub data: Value,
    /// The files behind the data.
    pub files: Vec<DataFile>,
    /// SHA-256 over the data: description, files, names, targets.
    pub data_hash: String,
    /// Options of the fit, the seed among them.
    pub options: Value,
    /// Number of examples per part.
    pub examples: BTreeMap<String, usize>,
    /// What it was computed on.
    pub device: String,
    /// What it was made with.
    pub versions: Versions,
    /// When it began, as RFC 3339.
    pub started: String,
    /// When it was taken up again.
    pub resumed: Vec<Resumption>,
    /// How it ended; nothing while it runs, and after a kill.
    pub ending: Option<Ending>,
}

impl Manifest {
    /// The form this version writes.
    pub const FORMAT: u32 = 1;

    /// Writes it.
    ///
    /// # Errors
    /// [`RunError::Io`].
    pub fn write(&self, path: &Path) -> Result<(), RunError> {
        let mut text = serde_json::to_string_pretty(self)
            .map_err(|e| RunError::damaged(path, e.to_string(), "values that JSON can hold"))?;
        text.push('\n');
        files::write_atomically(path, text.as_bytes())
    }

    /// Reads it.
    ///
    /// # Errors
    /// [`RunError::Damaged`] with line and column of what does not belong there.
    pub fn read(path: &Path) -> Result<Self, RunError> {
        const EXPECTED: &str = "the run.json of a fit";
        let bytes = files::read_limited(path, LIMIT)?;
        let manifest: Self = serde_json::from_slice(&bytes).map_err(|e| RunError::damaged(path, e.to_string(), EXPECTED))?;
        if manifest.format != Self::FORMAT {
            let found = format!(
                "format {} was written by another version of Cistron ({})",
                manifest.format, manifest.versions.cistron
            );
            return Err(RunError::damaged(path, found, "format 1"));
        }
        Ok(manifest)
    }
}
