//! The data set: names, inputs, outputs and how they are split.

use crate::alphabet::decode;
use crate::audit::Shown;
use crate::batch::{input_tensor, matrix};
use crate::captured::Captured;
use crate::codes::Codes;
use crate::fingerprint::FilePrint;
use crate::folds::Folds;
use crate::part::{self, Split};
use crate::{Audit, Batch, DataError, Part, Result};
use candle_core::DType;
use cistron_declaration::{Axis, AxisKind, DataDeclaration, Port, PortKind, Signature};
use cistron_display::{Bundle, Show};
use polars::prelude::{Column, DataFrame};
use serde::{Deserialize, Serialize};
use std::sync::{Arc, OnceLock};

/// What an input holds, row by row.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Content {
    /// One byte per base, `[rows, length]`.
    Sequence { codes: Codes, rna: bool },
    /// The number of each row's category.
    Category { levels: Vec<String>, codes: Vec<usize> },
    /// Numbers, `[rows, tracks]`.
    Scalar { tracks: Vec<String>, values: Vec<f32> },
}

/// One input.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Input {
    pub(crate) name: String,
    pub(crate) content: Content,
}

/// One output: `[rows, tracks]`, NaN where a value is missing.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Output {
    pub(crate) name: String,
    pub(crate) tracks: Vec<String>,
    pub(crate) values: Vec<f32>,
}

/// Everything a declaration gave, before it is audited.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Contents {
    pub(crate) declaration: DataDeclaration,
    pub(crate) names: Vec<String>,
    pub(crate) inputs: Vec<Input>,
    pub(crate) outputs: Vec<Output>,
    pub(crate) split: Option<Split>,
    pub(crate) folds: Option<Folds>,
    /// Track and class.
    pub(crate) classes: Vec<(String, String)>,
    pub(crate) files: Vec<FilePrint>,
    /// What was skipped or filled in, in words, for the audit.
    pub(crate) notes: Vec<crate::audit::Remark>,
}

/// Examples with named inputs and outputs, split into parts; the value of `data!`. Cloning is cheap.
#[derive(Clone, Debug)]
pub struct Dataset {
    pub(crate) contents: Arc<Contents>,
    audit: Arc<Audit>,
    hash: Arc<OnceLock<String>>,
}

impl Dataset {
    /// Reads what a declaration names, joins it by name and audits it.
    ///
    /// # Errors
    /// All mistakes of the declaration and of the files it names, located in the declaration's text.
    pub fn declare(declaration: DataDeclaration, captures: Vec<Captured>) -> Result<Self> {
        crate::declare::declare(declaration, captures).map(|contents| Self::from_contents(contents, Shown::default()))
    }

    /// A changed copy of these data.
    pub(crate) fn control(&self, contents: Contents) -> Self {
        Self::from_contents(contents, Shown::derived(&self.audit.shown))
    }

    pub(crate) fn from_contents(contents: Contents, shown: Shown) -> Self {
        let audit = Audit::of(&contents, shown);
        Self {
            contents: Arc::new(contents),
            audit: Arc::new(audit),
            hash: Arc::default(),
        }
    }

    /// The inputs and outputs by name, kind and axes.
    pub fn signature(&self) -> Signature {
        let inputs = self.contents.inputs.iter().map(Input::port).collect();
        let track = |o: &Output| Axis {
            kind: AxisKind::Track,
            size: Some(o.tracks.len()),
            bp: None,
        };
        let port = |o: &Output| Port {
            name: o.name.clone(),
            kind: PortKind::Scalar,
            axes: vec![track(o)],
            tracks: o.tracks.clone(),
        };
        Signature {
            name: "data".into(),
            inputs,
            outputs: self.contents.outputs.iter().map(port).collect(),
        }
    }

    /// What was found when the data were read: counts, distributions, duplicates, what was dropped.
    pub fn audit(&self) -> &Audit {
        &self.audit
    }

    /// The number of examples.
    pub fn len(&self) -> usize {
        self.contents.names.len()
    }

    /// Whether there is no example; a declared data set never is empty.
    pub fn is_empty(&self) -> bool {
        self.contents.names.is_empty()
    }

    /// The names of the examples, in row order.
    pub fn names(&self) -> &[String] {
        &self.contents.names
    }

    /// The rows of a part, in order. Without a fold the declared `split` decides. With a fold, validation is that
    /// set, test is the set after it (the first after the last) and training is the rest, as DRG does. Of `folds
    /// count(..)` the fold's own set is tested and the set before it (the last before the first) is for validation,
    /// which is DRG's other rule.
    ///
    /// # Errors
    /// A fold that does not exist, or a part without rows; the message lists what there is.
    pub fn rows(&self, part: Part, fold: Option<usize>) -> Result<Vec<usize>> {
        part::rows(
            self.len(),
            self.contents.split.as_ref(),
            self.contents.folds.as_ref(),
            part,
            fold,
        )
    }

    /// The number of folds (0 when none are declared).
    pub fn fold_count(&self) -> usize {
        self.contents.folds.as_ref().map_or(0, |f| f.sets.len())
    }

    /// Rows as tensors of one precision on the CPU; one-hot sequences are made here.
    ///
    /// # Errors
    /// A row that does not exist, or a tensor that cannot be made.
    pub fn batch(&self, rows: &[usize], precision: DType) -> Result<Batch> {
        if let Some(&row) = rows.iter().find(|&&row| row >= self.len()) {
            return Err(DataError::Values(format!(
                "row {row} does not exist: the data have {} rows",
                self.len()
            )));
        }
        let mut batch = Batch {
            inputs: Default::default(),
            targets: Default::default(),
            rows: rows.to_vec(),
        };
        for input in &self.contents.inputs {
            batch.inputs.insert(input.name.clone(), input_tensor(input, rows, precision)?);
        }
        for output in &self.contents.outputs {
            let tensor = matrix(&output.values, output.tracks.len(), rows, precision)?;
            batch.targets.insert(output.name.clone(), tensor);
        }
        Ok(batch)
    }

    /// The values of an output, row-major `[rows, tracks]`; NaN where a value is missing.
    ///
    /// # Errors
    /// No output of this name.
    pub fn targets(&self, output: &str) -> Result<&[f32]> {
        self.output(output).map(|o| o.values.as_slice())
    }

    /// The names of an output's tracks.
    ///
    /// # Errors
    /// No output of this name.
    pub fn tracks(&self, output: &str) -> Result<&[String]> {
        self.output(output).map(|o| o.tracks.as_slice())
    }

    /// The class of each track, as the class table gives it.
    pub fn classes(&self) -> &[(String, String)] {
        &self.contents.classes
    }

    /// The letters of one row of a sequence input, without padding.
    ///
    /// # Errors
    /// No sequence input of this name, or no such row.
    pub fn sequence(&self, input: &str, row: usize) -> Result<String> {
        let (codes, rna) = self.codes(input)?;
        if row >= self.len() {
            return Err(DataError::Values(format!(
                "row {row} does not exist: the data have {} rows",
                self.len()
            )));
        }
        Ok(decode(codes.row(row), rna))
    }

    /// The letters of all rows of a sequence input, without padding.
    ///
    /// # Errors
    /// No sequence input of this name.
    pub fn sequences(&self, input: &str) -> Result<Vec<String>> {
        let (codes, rna) = self.codes(input)?;
        Ok(codes.iter().map(|row| decode(row, rna)).collect())
    }

    /// A part as a data frame: `name`, the sequences and other inputs, every track of every output
    /// (`output`, or `output.track` when an output has several).
    ///
    /// # Errors
    /// A part without rows.
    pub fn frame(&self, part: Part) -> Result<DataFrame> {
        let rows = self.rows(part, None)?;
        let pick = |all: &[String]| rows.iter().map(|&r| all[r].clone()).collect::<Vec<String>>();
        let mut columns = vec![Column::new("name".into(), pick(self.names()))];
        for input in &self.contents.inputs {
            match &input.content {
                Content::Sequence { codes, rna } => {
                    let letters: Vec<String> = rows.iter().map(|&r| decode(codes.row(r), *rna)).collect();
                    columns.push(Column::new(input.name.as_str().into(), letters));
                }
                Content::Category { levels, codes } => {
                    let values: Vec<String> = rows.iter().map(|&r| levels[codes[r]].clone()).collect();
                    columns.push(Column::new(input.name.as_str().into(), values));
                }
                Content::Scalar { tracks, values } => columns.extend(track_columns(&input.name, tracks, values, &rows)),
            }
        }
        for output in &self.contents.outputs {
            columns.extend(track_columns(&output.name, &output.tracks, &output.values, &rows));
        }
        Ok(DataFrame::new(rows.len(), columns)?)
    }

    /// The files that were read: path, SHA-256 (64 hexadecimal digits) and size in bytes.
    pub fn fingerprint(&self) -> Vec<(String, String, u64)> {
        self.contents
            .files
            .iter()
            .map(|f| (f.path.clone(), f.sha256.clone(), f.bytes))
            .collect()
    }

    /// What the declaration became, for the record of a run: its text, sizes, files with hashes, and how it was split.
    pub fn describe(&self) -> serde_json::Value {
        let contents = &self.contents;
        let files: Vec<serde_json::Value> = contents
            .files
            .iter()
            .map(|f| serde_json::json!({"path": f.path, "sha256": f.sha256, "bytes": f.bytes}))
            .collect();
        serde_json::json!({
            "source": contents.declaration.source.text,
            "declaration": contents.declaration,
            "signature": self.signature(),
            "examples": self.len(),
            "content_sha256": self.content_hash(),
            "files": files,
            "split": contents.split.as_ref().map(|s| s.how.clone()),
            "folds": contents.folds.as_ref().map(|f| serde_json::json!({"how": f.how, "sets": f.sets})),
            "remarks": contents.notes.iter().map(|n| n.text.clone()).collect::<Vec<_>>(),
        })
    }

    /// SHA-256 over names, inputs and targets: equal for equal examples, whatever file they came from.
    pub fn content_hash(&self) -> String {
        self.hash.get_or_init(|| self.hash_content()).clone()
    }

    fn hash_content(&self) -> String {
        use sha2::{Digest, Sha256};
        let mut hash = Sha256::new();
        for name in self.names() {
            hash.update(name.as_bytes());
            hash.update([0]);
        }
        for input in &self.contents.inputs {
            hash.update(input.name.as_bytes());
            match &input.content {
                Content::Sequence { codes, .. } => codes.iter().for_each(|row| hash.update(row)),
                Content::Category { levels, codes } => codes.iter().for_each(|&c| hash.update(levels[c].as_bytes())),
                Content::Scalar { values, .. } => values.iter().for_each(|v| hash.update(v.to_le_bytes())),
            }
        }
        for output in &self.contents.outputs {
            hash.update(output.name.as_bytes());
            output.values.iter().for_each(|v| hash.update(v.to_le_bytes()));
        }
        crate::fingerprint::hex(&hash.finalize())
    }

    /// Shows the audit as the value of a cell.
    pub fn evcxr_display(&self) {
        cistron_display::show_result(&self.bundle());
    }

    fn output(&self, name: &str) -> Result<&Output> {
        let outputs = &self.contents.outputs;
        let exist = || outputs.iter().map(|o| o.name.as_str());
        outputs
            .iter()
            .find(|o| o.name == name)
            .ok_or_else(|| DataError::unknown("output", name, exist()))
    }

    /// The codes of a sequence input, and whether it is RNA.
    pub(crate) fn codes(&self, input: &str) -> Result<(&Codes, bool)> {
        let sequences = self.contents.inputs.iter().filter_map(|i| match &i.content {
            Content::Sequence { codes, rna } => Some((i.name.as_str(), codes, *rna)),
            _ => None,
        });
        let all: Vec<_> = sequences.collect();
        let found = all
            .iter()
            .find(|(name, ..)| *name == input)
            .map(|&(_, codes, rna)| (codes, rna));
        found.ok_or_else(|| DataError::unknown("sequence input", input, all.iter().map(|(name, ..)| *name)))
    }
}

impl Input {
    fn port(&self) -> Port {
        let axis = |kind, size| Axis {
            kind,
            size: Some(size),
            bp: None,
        };
        let (kind, axes, tracks) = match &self.content {
            Content::Sequence { codes, rna } => {
                let position = Axis {
                    kind: AxisKind::Position,
                    size: Some(codes.length()),
                    bp: Some(1.0),
                };
                let kind = if *rna { PortKind::Rna } else { PortKind::Dna };
                (kind, vec![axis(AxisKind::Channel, 4), position], Vec::new())
            }
            Content::Category { levels, .. } => (
                PortKind::Category,
                vec![axis(AxisKind::Category, levels.len())],
                levels.clone(),
            ),
            Content::Scalar { tracks, .. } => (PortKind::Scalar, vec![axis(AxisKind::Track, tracks.len())], tracks.clone()),
        };
        Port {
            name: self.name.clone(),
            kind,
            axes,
            tracks,
        }
    }
}

fn track_columns(name: &str, tracks: &[String], values: &[f32], rows: &[usize]) -> Vec<Column> {
    let column = |(i, track): (usize, &String)| {
        let title = if tracks.len() == 1 {
            name.to_string()
        } else {
            format!("{name}.{track}")
        };
        let picked: Vec<f32> = rows.iter().map(|&r| values[r * tracks.len() + i]).collect();
        Column::new(title.into(), picked)
    };
    tracks.iter().enumerate().map(column).collect()
}

impl Show for Dataset {
    fn bundle(&self) -> Bundle {
        self.audit.bundle()
    }
}

impl std::fmt::Display for Dataset {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.bundle().text())
    }
}
