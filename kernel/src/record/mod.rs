//! The record of an execution: with what a notebook's outputs were made.
//!
//! `cistron run` writes it into the notebook's metadata (`metadata.cistron`). In Jupyter the front end owns the file, so a
//! kernel can't: there the command `:record` shows it as an output, which is saved with the notebook.

mod compare;
mod paths;

pub use compare::{differences, stored};
pub use paths::shown;

use crate::engine::Engine;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;
use std::time::Duration;

/// The media type of a record as an output.
pub const MEDIA_TYPE: &str = "application/vnd.cistron.record+json";

/// The largest `run.json` that is read.
const LARGEST_RUN: u64 = 64 << 20;

/// With what outputs were made.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Record {
    /// Version of Cistron.
    pub version: String,
    /// The commit that the libraries were built from.
    pub commit: String,
    /// The compiler's name and version.
    pub rustc: String,
    /// The build of the libraries that cells link: a hash of the facade, the compiler and the source.
    pub libraries: String,
    /// SHA-256 of the lock file: which versions of all crates.
    pub lock_sha256: String,
    /// Crates that `:dep` added.
    pub dependencies: Vec<String>,
    /// The device, with the instruction set, on which the last digits depend.
    pub device: Option<String>,
    /// The files that were read: path, size, hash.
    pub data: Vec<Value>,
    /// The runs that were begun: name, seed, hashes of model and data.
    pub runs: Vec<Value>,
    /// Values of the notebook's parameters.
    pub parameters: BTreeMap<String, String>,
    /// Wall time in seconds.
    pub wall_s: f64,
}

impl Record {
    /// The record of a session so far.
    pub fn of(engine: &Engine, elapsed: Duration) -> Self {
        let (sdk, sources) = (engine.sdk(), engine.sources());
        let folder = engine.folder();
        let data = sources.files.iter().map(|(path, file)| {
            let mut file = file.clone();
            file["path"] = json!(shown(Path::new(path), folder));
            file
        });
        Self {
            version: sdk.version.clone(),
            commit: sdk.commit.clone(),
            rustc: sdk.rustc_version.lines().next().unwrap_or_default().into(),
            libraries: sdk.folder.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            lock_sha256: sdk.lock.clone(),
            dependencies: engine.dependencies().into_iter().map(String::from).collect(),
            device: sources.device.clone(),
            data: data.collect(),
            runs: sources.runs.iter().map(|run| about_run(Path::new(run), folder)).collect(),
            parameters: BTreeMap::new(),
            wall_s: crate::notebook::rounded(elapsed),
        }
    }

    /// As it stands in a notebook.
    pub fn json(&self) -> Value {
        json!({
            "format": 1, "version": self.version, "commit": self.commit, "rustc": self.rustc, "libraries": self.libraries,
            "lock_sha256": self.lock_sha256, "dependencies": self.dependencies, "device": self.device, "data": self.data,
            "runs": self.runs, "parameters": self.parameters, "wall_s": self.wall_s,
        })
    }

    /// As the output of `:record`.
    pub fn forms(&self) -> Value {
        let mut forms = Map::new();
        forms.insert("text/plain".into(), json!(self.text()));
        forms.insert(MEDIA_TYPE.into(), self.json());
        Value::Object(forms)
    }

    /// A few lines for a reader.
    pub fn text(&self) -> String {
        let mut lines = vec![
            format!("Cistron       {}, commit {}", self.version, self.commit),
            format!("rustc         {}", self.rustc),
            format!("libraries     {}, lock file {}", self.libraries, short(&self.lock_sha256)),
            format!("device        {}", self.device.as_deref().unwrap_or("no cell has run yet")),
            format!("wall time     {:.1} s", self.wall_s),
        ];
        if !self.dependencies.is_empty() {
            lines.push(format!("dependencies  {}", self.dependencies.join(", ")));
        }
        for file in &self.data {
            let (kind, hash) = compare::hash(file);
            let path = file["path"].as_str().unwrap_or_default();
            lines.push(format!(
                "data          {path}, {} bytes, {kind} {}",
                file["bytes"],
                short(hash)
            ));
        }
        for run in &self.runs {
            let name = run["name"].as_str().or(run["folder"].as_str()).unwrap_or_default();
            lines.push(format!("run           {name}, seed {}", run["seed"]));
        }
        lines.join("\n")
    }
}

fn short(hash: &str) -> &str {
    hash.get(..12).unwrap_or(hash)
}

/// What a run's own `run.json` says of it.
fn about_run(run: &Path, folder: &Path) -> Value {
    let mut about = json!({"folder": shown(run, folder)});
    let read = |path: &Path| -> Option<Value> {
        let mut bytes = Vec::new();
        let file = std::fs::File::open(path).ok()?;
        file.take(LARGEST_RUN).read_to_end(&mut bytes).ok()?;
        serde_json::from_slice(&bytes).ok()
    };
    match read(&folder.join(run).join("run.json")) {
        Some(manifest) => {
            about["name"] = manifest["name"].clone();
            about["seed"] = manifest["options"]["seed"].clone();
            about["model_hash"] = manifest["model_hash"].clone();
            about["data_hash"] = manifest["data_hash"].clone();
        }
        None => about["note"] = json!("its run.json can't be read any more"),
    }
    about
}
