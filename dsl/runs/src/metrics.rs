//! `metrics.jsonl`: one line per epoch, written as soon as the epoch is over.

use crate::{RunError, files};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

/// The largest `metrics.jsonl` that is read.
const LIMIT: u64 = 1 << 30;

/// What one epoch came to. JSON has no NaN: a number that is not finite is `null` there and NaN here.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct EpochRow {
    /// The epoch, from 1; 0 is the untrained network, which `compat = drg` measures too.
    pub epoch: u64,
    /// Steps done at its end, from the run's start.
    pub step: u64,
    /// Mean loss of its training steps, weighted by examples.
    #[serde(with = "finite")]
    pub train_loss: f64,
    /// Loss on the validation examples at its end.
    #[serde(with = "finite")]
    pub valid_loss: f64,
    /// What early stopping looks at.
    #[serde(with = "finite")]
    pub watched: f64,
    /// Metrics on the validation examples by name, such as `r expression`.
    #[serde(with = "finite_map")]
    pub metrics: BTreeMap<String, f64>,
    /// The learning rate of its last step.
    pub rate: f64,
    /// Its wall time in seconds, evaluation included.
    pub seconds: f64,
    /// Whether it was the best so far.
    pub best: bool,
    /// What early stopping looks at, on the training examples; nothing where it was not measured.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "finite_option")]
    pub train_watched: Option<f64>,
    /// The round of fine-tuning it belongs to, from 1; 0 before fine-tuning.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub round: u64,
    /// Its number in DRG's loss file, where fine-tuning counts on from the best epoch; nothing without `compat = drg`, and for
    /// epochs that the file lacks because the fit began again after them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counted: Option<u64>,
}

fn is_zero(n: &u64) -> bool {
    *n == 0
}

mod finite {
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(x: &f64, s: S) -> Result<S::Ok, S::Error> {
        if x.is_finite() {
            s.serialize_some(x)
        } else {
            s.serialize_none()
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<f64, D::Error> {
        Ok(Option::<f64>::deserialize(d)?.unwrap_or(f64::NAN))
    }
}

/// A field that is there or not; `null` is NaN.
mod finite_option {
    use serde::{Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(x: &Option<f64>, s: S) -> Result<S::Ok, S::Error> {
        super::finite::serialize(&x.unwrap_or(f64::NAN), s)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Option<f64>, D::Error> {
        super::finite::deserialize(d).map(Some)
    }
}

mod finite_map {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};
    use std::collections::BTreeMap;

    pub(super) fn serialize<S: Serializer>(map: &BTreeMap<String, f64>, s: S) -> Result<S::Ok, S::Error> {
        let map: BTreeMap<&String, Option<f64>> = map.iter().map(|(k, v)| (k, Some(*v).filter(|v| v.is_finite()))).collect();
        map.serialize(s)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<BTreeMap<String, f64>, D::Error> {
        let map = BTreeMap::<String, Option<f64>>::deserialize(d)?;
        Ok(map.into_iter().map(|(k, v)| (k, v.unwrap_or(f64::NAN))).collect())
    }
}

/// The file that epochs are appended to.
#[derive(Debug)]
pub struct Metrics {
    path: PathBuf,
    file: File,
}

impl Metrics {
    /// Opens it, holding exactly `rows`: a resumed run drops the lines of epochs that no checkpoint has.
    ///
    /// # Errors
    /// [`RunError::Io`].
    pub fn open(path: &Path, rows: &[EpochRow]) -> Result<Self, RunError> {
        let mut text = String::new();
        for row in rows {
            text.push_str(&line(path, row)?);
        }
        files::write_atomically(path, text.as_bytes())?;
        let file = OpenOptions::new()
            .append(true)
            .open(path)
            .map_err(|e| RunError::io("open", path, e))?;
        Ok(Self {
            path: path.to_path_buf(),
            file,
        })
    }

    /// Appends one epoch.
    ///
    /// # Errors
    /// [`RunError::Io`].
    pub fn append(&mut self, row: &EpochRow) -> Result<(), RunError> {
        let text = line(&self.path, row)?;
        self.file
            .write_all(text.as_bytes())
            .and_then(|()| self.file.flush())
            .map_err(|e| RunError::io("write", &self.path, e))
    }
}

fn line(path: &Path, row: &EpochRow) -> Result<String, RunError> {
    let text = serde_json::to_string(row).map_err(|e| RunError::damaged(path, e.to_string(), "values that JSON can hold"))?;
    Ok(text + "\n")
}

/// Reads all epochs. A last line without its end (the process was killed while it wrote) is left out.
///
/// # Errors
/// [`RunError::Damaged`] with the line's number.
pub fn read_metrics(path: &Path) -> Result<Vec<EpochRow>, RunError> {
    let bytes = files::read_limited(path, LIMIT)?;
    let whole = bytes.iter().rposition(|b| *b == b'\n').map_or(0, |end| end + 1);
    let text = std::str::from_utf8(&bytes[..whole])
        .map_err(|e| RunError::damaged(path, format!("no text at byte {}", e.valid_up_to()), "lines of JSON"))?;
    let parse = |(i, line): (usize, &str)| {
        serde_json::from_str(line).map_err(|e| {
            RunError::damaged(
                path,
                format!("line {}, column {}: {e}", i + 1, e.column()),
                "one JSON object per epoch",
            )
        })
    };
    text.lines().enumerate().map(parse).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(epoch: u64, valid_loss: f64) -> EpochRow {
        let metrics = BTreeMap::from([("r y".to_string(), f64::NAN)]);
        EpochRow {
            epoch,
            step: epoch * 7,
            train_loss: 1.5,
            valid_loss,
            watched: valid_loss,
            metrics,
            rate: 1e-3,
            seconds: 0.1,
            best: true,
            ..EpochRow::default()
        }
    }

    #[test]
    fn what_was_not_measured_is_told_from_what_is_no_number() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("metrics.jsonl");
        let with = |train_watched| EpochRow {
            train_watched,
            round: 2,
            counted: Some(1),
            ..row(1, 0.5)
        };
        Metrics::open(&path, &[row(1, 0.5), with(Some(f64::NAN)), with(Some(0.25))]).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        let first = text.lines().next().unwrap();
        assert!(!first.contains("round") && !first.contains("train_watched"), "{first}");
        let rows = read_metrics(&path).unwrap();
        assert_eq!((rows[0].train_watched, rows[0].round, rows[0].counted), (None, 0, None));
        assert!(rows[1].train_watched.is_some_and(f64::is_nan));
        assert_eq!(
            (rows[2].train_watched, rows[2].round, rows[2].counted),
            (Some(0.25), 2, Some(1))
        );
    }

    #[test]
    fn lines_come_back_and_a_torn_last_line_is_left_out() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("metrics.jsonl");
        let mut metrics = Metrics::open(&path, &[row(1, 0.5)]).unwrap();
        metrics.append(&row(2, f64::NAN)).unwrap();
        let mut bytes = std::fs::read(&path).unwrap();
        bytes.extend_from_slice(b"{\"epoch\":3,");
        std::fs::write(&path, bytes).unwrap();
        let rows = read_metrics(&path).unwrap();
        assert_eq!(rows.len(), 2);
        assert_eq!((rows[0].epoch, rows[0].valid_loss), (1, 0.5));
        assert!(rows[1].valid_loss.is_nan() && rows[1].metrics["r y"].is_nan());
    }

    #[test]
    fn a_damaged_line_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("metrics.jsonl");
        Metrics::open(&path, &[row(1, 0.5)]).unwrap();
        let text = std::fs::read_to_string(&path).unwrap() + "{\"epoch\": x}\n";
        std::fs::write(&path, text).unwrap();
        let message = read_metrics(&path).unwrap_err().to_string();
        assert!(message.contains("metrics.jsonl is damaged: line 2, column 11"), "{message}");
    }
}
