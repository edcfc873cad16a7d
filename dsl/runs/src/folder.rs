//! Where runs lie and what their files are called.

use crate::{Checkpoint, EpochRow, Manifest, Metrics, RunError, files, read_metrics};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

static MADE: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// The folders of runs that this process has begun since the last call, in order.
pub fn take_made() -> Vec<PathBuf> {
    std::mem::take(&mut *MADE.lock().unwrap_or_else(PoisonError::into_inner))
}

/// The folder that runs are made in: `CISTRON_RUNS`, or `runs` under the current directory.
pub fn root() -> PathBuf {
    std::env::var_os("CISTRON_RUNS")
        .filter(|v| !v.is_empty())
        .map_or_else(|| PathBuf::from("runs"), PathBuf::from)
}

/// The folder of one run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunFolder {
    path: PathBuf,
}

impl RunFolder {
    /// Makes `<root>/<date>-<time>-<name>-<hash8>`; a second run in the same second gets a number after it.
    ///
    /// # Errors
    /// [`RunError::Io`] when the folder cannot be made.
    pub fn create(root: &Path, name: &str, hash: &str) -> Result<Self, RunError> {
        let stamp = jiff::Zoned::now().strftime("%Y%m%d-%H%M%S").to_string();
        let clean: String = name
            .chars()
            .map(|c| if c.is_alphanumeric() || c == '_' || c == '.' { c } else { '-' })
            .take(60)
            .collect();
        let clean = clean.trim_start_matches('.').to_lowercase();
        let hash: String = hash.chars().take(8).collect();
        let stem = format!("{stamp}-{}-{hash}", if clean.is_empty() { "run" } else { &clean });
        fs::create_dir_all(root).map_err(|e| RunError::io("create", root, e))?;
        for number in 1..10_000 {
            let path = root.join(if number == 1 {
                stem.clone()
            } else {
                format!("{stem}-{number}")
            });
            match fs::create_dir(&path) {
                Ok(()) => {
                    let checkpoints = path.join("checkpoints");
                    fs::create_dir(&checkpoints).map_err(|e| RunError::io("create", &checkpoints, e))?;
                    files::sync_folder(&path)?;
                    MADE.lock().unwrap_or_else(PoisonError::into_inner).push(path.clone());
                    return Ok(Self { path });
                }
                Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => {}
                Err(e) => return Err(RunError::io("create", &path, e)),
            }
        }
        let taken = std::io::Error::new(
            std::io::ErrorKind::AlreadyExists,
            "ten thousand runs of this name began in this second",
        );
        Err(RunError::io("create", &root.join(stem), taken))
    }

    /// Opens a run by its folder, by its `run.json` or by one of its checkpoints.
    ///
    /// # Errors
    /// [`RunError::NoRun`] when there is no `run.json`.
    pub fn open(path: &Path) -> Result<Self, RunError> {
        let no_run = |found: &str| RunError::NoRun {
            path: path.to_path_buf(),
            found: found.to_string(),
        };
        if !path.exists() {
            return Err(no_run("nothing is there"));
        }
        let folder = if path.is_dir() {
            Some(path)
        } else {
            let parent = path.parent().unwrap_or(Path::new("."));
            if parent.file_name().is_some_and(|n| n == "checkpoints") {
                parent.parent()
            } else {
                Some(parent)
            }
        };
        match folder
            .map(|f| Self { path: f.to_path_buf() })
            .filter(|f| f.manifest_path().is_file())
        {
            Some(folder) => Ok(folder),
            None if path.is_dir() => Err(no_run("the folder has no run.json")),
            None => Err(no_run("the file lies in no run's folder")),
        }
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// `run.json`.
    pub fn manifest_path(&self) -> PathBuf {
        self.path.join("run.json")
    }

    /// `metrics.jsonl`.
    pub fn metrics_path(&self) -> PathBuf {
        self.path.join("metrics.jsonl")
    }

    /// The weights that the fit returned.
    pub fn weights_path(&self) -> PathBuf {
        self.path.join("weights.safetensors")
    }

    /// The state after the best epoch so far.
    pub fn best_path(&self) -> PathBuf {
        self.path.join("checkpoints").join("best.safetensors")
    }

    /// The newest state.
    pub fn last_path(&self) -> PathBuf {
        self.path.join("checkpoints").join("last.safetensors")
    }

    /// Reads `run.json`.
    ///
    /// # Errors
    /// As [`Manifest::read`].
    pub fn manifest(&self) -> Result<Manifest, RunError> {
        Manifest::read(&self.manifest_path())
    }

    /// Reads the epochs.
    ///
    /// # Errors
    /// As [`read_metrics`].
    pub fn epochs(&self) -> Result<Vec<EpochRow>, RunError> {
        read_metrics(&self.metrics_path())
    }

    /// Opens `metrics.jsonl` for appending after `rows`.
    ///
    /// # Errors
    /// As [`Metrics::open`].
    pub fn metrics(&self, rows: &[EpochRow]) -> Result<Metrics, RunError> {
        Metrics::open(&self.metrics_path(), rows)
    }

    /// The newest state, if there is one already.
    ///
    /// # Errors
    /// As [`Checkpoint::read`].
    pub fn last(&self) -> Result<Option<Checkpoint>, RunError> {
        read_if_there(&self.last_path())
    }

    /// The best state, if there is one already.
    ///
    /// # Errors
    /// As [`Checkpoint::read`].
    pub fn best(&self) -> Result<Option<Checkpoint>, RunError> {
        read_if_there(&self.best_path())
    }

    /// The weights that the run returned, if it has ended.
    ///
    /// # Errors
    /// As [`Checkpoint::read`].
    pub fn weights(&self) -> Result<Option<Checkpoint>, RunError> {
        read_if_there(&self.weights_path())
    }
}

fn read_if_there(path: &Path) -> Result<Option<Checkpoint>, RunError> {
    path.exists().then(|| Checkpoint::read(path)).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_of_one_second_get_folders_of_their_own() {
        let root = tempfile::tempdir().unwrap();
        let a = RunFolder::create(&root.path().join("runs"), "Two sided/x", "1f3a9c0455").unwrap();
        let b = RunFolder::create(&root.path().join("runs"), "Two sided/x", "1f3a9c0455").unwrap();
        assert_ne!(a, b);
        let made = take_made();
        assert!(made.iter().any(|p| p == a.path()) && made.iter().any(|p| p == b.path()));
        let name = a.path().file_name().unwrap().to_string_lossy().into_owned();
        assert!(name.contains("-two-sided-x-1f3a9c04"), "{name}");
        assert!(a.best_path().parent().unwrap().is_dir());
    }

    #[test]
    fn what_is_no_run_is_said() {
        let root = tempfile::tempdir().unwrap();
        let message = |path: &Path| RunFolder::open(path).unwrap_err().to_string();
        assert!(message(&root.path().join("nowhere")).contains("nothing is there"));
        assert!(message(root.path()).contains("the folder has no run.json"));
        let file = root.path().join("x.safetensors");
        fs::write(&file, b"x").unwrap();
        assert!(message(&file).contains("the file lies in no run's folder"));
    }

    #[test]
    fn a_run_opens_by_any_of_its_files() {
        let root = tempfile::tempdir().unwrap();
        let run = RunFolder::create(root.path(), "a", "00000000").unwrap();
        fs::write(run.manifest_path(), b"{}").unwrap();
        fs::write(run.last_path(), b"").unwrap();
        for path in [run.path().to_path_buf(), run.manifest_path(), run.last_path()] {
            assert_eq!(RunFolder::open(&path).unwrap(), run);
        }
        let message = run.manifest().unwrap_err().to_string();
        assert!(
            message.contains("run.json is damaged: missing field `format` at line 1 column 2"),
            "{message}"
        );
    }
}
