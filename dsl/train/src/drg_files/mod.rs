//! A run's results in the files of DRG's programs, for scripts that read those.

mod columns;
mod distance;
mod number;

pub use distance::DrgMetric;

use crate::npz::Archive;
use crate::run::Run;
use crate::save::side_by_side;
use crate::trained::Trained;
use crate::{Paired, Result, TrainError};
use cistron_data::{Dataset, Part};
use cistron_runs::EpochRow;
use columns::Columns;
use number::{python, rounded};
use std::path::{Path, PathBuf};

/// One line of `_loss.txt`. Epoch 0 is before training.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DrgEpoch {
    /// The epoch; a fine-tuning round begins again behind the best one.
    pub epoch: u64,
    /// The training loss on the validation examples.
    pub loss_valid: f64,
    /// What early stopping watches, as a loss, on the validation examples.
    pub watched_valid: f64,
    /// The training loss on the training examples.
    pub loss_train: f64,
    /// What early stopping watches, as a loss, on the training examples.
    pub watched_train: f64,
}

impl Run {
    /// The lines of DRG's `_loss.txt`: with `compat = drg` the original's numbers; of an ordinary fit its own means, where the
    /// watched value on the training examples is not measured (`nan`).
    pub fn drg_epochs(&self) -> Vec<DrgEpoch> {
        let compat = self.options().compat.is_some();
        let sign = if self.objective().larger_is_better() && !compat {
            -1.0
        } else {
            1.0
        };
        let as_loss = |value: f64| if sign < 0.0 { 1.0 - value } else { value };
        let counted = |row: &EpochRow| if compat { row.counted } else { Some(row.epoch) };
        let line = |row: &EpochRow| {
            Some(DrgEpoch {
                epoch: counted(row)?,
                loss_valid: row.valid_loss,
                watched_valid: as_loss(row.watched),
                loss_train: row.train_loss,
                watched_train: row.train_watched.map_or(f64::NAN, as_loss),
            })
        };
        self.epochs().iter().filter_map(line).collect()
    }
}

/// Which of DRG's files are written, and how they are called.
#[derive(Clone, Debug, PartialEq)]
pub struct DrgFiles {
    /// What all file names begin with.
    pub stem: String,
    /// Outputs and the labels of their files (`("expression", "ex")`) in file order; when empty all outputs of the objective under their
    /// own names.
    pub outputs: Vec<(String, String)>,
    /// Metrics of each track over the examples: `STEM_clss_<metric>_tcl<class>.txt`.
    pub per_class: Vec<DrgMetric>,
    /// Metrics of each example over the tracks of a class: `STEM_pnt_<metric>_tcl<class>.txt`.
    pub per_point: Vec<DrgMetric>,
    /// The lines of `STEM_loss.txt`; no file when empty.
    pub losses: Vec<DrgEpoch>,
    /// Keys and values of `STEM_model_params.dat`; no file when empty.
    pub parameters: Vec<(String, String)>,
    /// Whether `STEM_pred.npz` is written.
    pub predictions: bool,
    /// Whether the weights are written, as `STEM_parameter.safetensors`.
    pub weights: bool,
}

impl Default for DrgFiles {
    /// Correlations both ways, predictions and weights, under the stem `cistron`.
    fn default() -> Self {
        Self {
            stem: "cistron".into(),
            outputs: Vec::new(),
            per_class: vec![DrgMetric::Correlation],
            per_point: vec![DrgMetric::Correlation],
            losses: Vec::new(),
            parameters: Vec::new(),
            predictions: true,
            weights: true,
        }
    }
}

impl Trained {
    /// Writes the results of a part (usually [`Part::Test`]) in DRG's formats and gives the files that were written.
    ///
    /// The metric files hold one line `name value` per track or example: distances rounded to 4 decimals, such as 1 - r with 2.0
    /// where one side is constant and `nan` where both are; `STEM_loss.txt` has TABs and 6 decimals, `STEM_pred.npz` the arrays `names`,
    /// `values` (float32) and `columns`. As in the original, a class with columns of several files is one class per file
    /// (`Bfoex`), tracks that several files share carry the file's label (`Bfo_PBS_ex`), and the lines per track are called
    /// after the examples when there are as many of them as tracks of the class. The weights are
    /// written as safetensors, by the names of the declaration; `write_pth` of the zoo's `drg` writes the original's
    /// `_parameter.pth`.
    ///
    /// # Errors
    /// As [`Trained::predict`]; an output that does not exist or is named twice, a stem with a folder in it, missing measurements, a folder that
    /// cannot be written.
    pub fn write_drg(&self, data: &Dataset, part: Part, folder: impl AsRef<Path>, files: &DrgFiles) -> Result<Vec<PathBuf>> {
        self.put_drg(data, part, folder.as_ref(), files)
    }

    // Not generic: what is compiled in a notebook's cell cannot reach the compression of archives.
    fn put_drg(&self, data: &Dataset, part: Part, folder: &Path, files: &DrgFiles) -> Result<Vec<PathBuf>> {
        let predictions = self.predictions(data, part)?;
        let mut written = put_metrics(&predictions, data.classes(), folder, files)?;
        if files.weights {
            let path = folder.join(format!("{}_parameter.safetensors", files.stem));
            cistron_runs::write_atomically(&path, &self.network().to_safetensors()?)?;
            written.push(path);
        }
        Ok(written)
    }
}

/// The files of [`Trained::write_drg`] but the weights, from predictions that come from anywhere; `classes` are pairs of track and
/// class, or nothing.
///
/// # Errors
/// As [`Trained::write_drg`].
pub fn write_drg_metrics(
    predictions: &[Paired],
    classes: &[(String, String)],
    folder: impl AsRef<Path>,
    files: &DrgFiles,
) -> Result<Vec<PathBuf>> {
    put_metrics(predictions, classes, folder.as_ref(), files)
}

fn put_metrics(predictions: &[Paired], classes: &[(String, String)], folder: &Path, files: &DrgFiles) -> Result<Vec<PathBuf>> {
    if files.stem.is_empty() || files.stem.contains(['/', '\\']) {
        return Err(TrainError::Impossible(format!(
            "the stem `{}` cannot begin a file name; expected a name without `/`, the folder is given by itself",
            files.stem
        )));
    }
    let chosen = chosen(predictions, &files.outputs)?;
    for (_, paired) in &chosen {
        paired.check()?;
        complete(paired)?;
    }
    let columns = Columns::new(&chosen, classes)?;
    let failed = |error| cistron_runs::RunError::io("create", folder, error);
    std::fs::create_dir_all(folder).map_err(failed)?;
    let mut written = Vec::new();
    let mut write = |suffix: String, text: String| -> Result<()> {
        let path = folder.join(format!("{}{suffix}", files.stem));
        cistron_runs::write_atomically(&path, text.as_bytes())?;
        written.push(path);
        Ok(())
    };
    let names = chosen.first().map(|(_, p)| p.names.as_slice()).unwrap_or_default();
    for (class, members) in &columns.classes {
        for &metric in &files.per_class {
            let values = members.iter().map(|&column| {
                let pairs = (0..names.len()).map(|row| value_at(&chosen, columns.places[column], row));
                value(metric, pairs)
            });
            // The original tells rows from columns by their number alone.
            let labels: Vec<&str> = if names.len() == members.len() {
                names.iter().map(String::as_str).collect()
            } else {
                members.iter().map(|&column| columns.names[column].as_str()).collect()
            };
            write(format!("_clss_{}_tcl{class}.txt", metric.tag()), lines(&labels, values))?;
        }
        for &metric in &files.per_point {
            let values = (0..names.len()).map(|row| {
                let pairs = members.iter().map(|&column| value_at(&chosen, columns.places[column], row));
                value(metric, pairs)
            });
            let labels: Vec<&str> = names.iter().map(String::as_str).collect();
            write(format!("_pnt_{}_tcl{class}.txt", metric.tag()), lines(&labels, values))?;
        }
    }
    if !files.losses.is_empty() {
        write("_loss.txt".into(), losses(&files.losses))?;
    }
    if !files.parameters.is_empty() {
        let text = files.parameters.iter().map(|(key, value)| format!("{key} : {value}\n"));
        write("_model_params.dat".into(), text.collect())?;
    }
    if files.predictions {
        let path = folder.join(format!("{}_pred.npz", files.stem));
        let in_order: Vec<Paired> = chosen.iter().map(|(_, p)| (*p).clone()).collect();
        let mut archive = Archive::new(&path)?;
        archive.texts("names", names.iter().map(String::as_str))?;
        archive.numbers("values", &[names.len(), columns.names.len()], side_by_side(&in_order))?;
        // The original makes room for its labels when there are several files.
        let least = if chosen.len() > 1 { 200 } else { 1 };
        archive.wide_texts("columns", least, columns.names.iter().map(String::as_str))?;
        archive.finish()?;
        written.push(path);
    }
    Ok(written)
}

/// The outputs in file order with their labels.
fn chosen<'a>(predictions: &'a [Paired], outputs: &'a [(String, String)]) -> Result<Vec<(&'a str, &'a Paired)>> {
    if outputs.is_empty() {
        return Ok(predictions.iter().map(|p| (p.output.as_str(), p)).collect());
    }
    let mut found: Vec<(&str, &Paired)> = Vec::new();
    for (output, label) in outputs {
        let Some(paired) = predictions.iter().find(|p| p.output == *output) else {
            return Err(TrainError::Unknown {
                what: "output",
                name: output.clone(),
                hint: cistron_declaration::did_you_mean(output, predictions.iter().map(|p| p.output.as_str())),
            });
        };
        if found.iter().any(|(known, other)| known == label || other.output == *output) {
            return Err(TrainError::Impossible(format!(
                "`outputs` of the files names `{output}` or the label `{label}` twice; each output and each label stands once"
            )));
        }
        found.push((label, paired));
    }
    Ok(found)
}

/// DRG's formats have no missing values.
fn complete(paired: &Paired) -> Result<()> {
    let Some(at) = paired.observed.iter().position(|v| v.is_nan()) else {
        return Ok(());
    };
    let (row, track) = (at / paired.tracks.len(), at % paired.tracks.len());
    let missing = paired.observed.iter().filter(|v| v.is_nan()).count();
    Err(TrainError::Impossible(format!(
        "{missing} measurements of output `{}` are missing, the first for `{}` in track `{}`; DRG's metric files have no missing values, \
         `run.metrics(..)` leaves them out",
        paired.output, paired.names[row], paired.tracks[track]
    )))
}

fn value_at(files: &[(&str, &Paired)], (file, track): (usize, usize), row: usize) -> (f64, f64) {
    let paired = files[file].1;
    let i = row * paired.tracks.len() + track;
    (paired.observed[i], paired.predicted[i])
}

fn value(metric: DrgMetric, pairs: impl Iterator<Item = (f64, f64)>) -> f64 {
    let (measured, predicted): (Vec<f64>, Vec<f64>) = pairs.unzip();
    metric.value(&measured, &predicted)
}

fn lines(labels: &[&str], values: impl Iterator<Item = f64>) -> String {
    let line = |(label, value): (&&str, f64)| format!("{label} {}\n", python(rounded(value, 4)));
    labels.iter().zip(values).map(line).collect()
}

fn losses(rows: &[DrgEpoch]) -> String {
    let line = |row: &DrgEpoch| {
        let numbers = [row.loss_valid, row.watched_valid, row.loss_train, row.watched_train];
        let numbers = numbers.map(|value| python(rounded(value, 6)));
        format!("{}\t{}\n", row.epoch, numbers.join("\t"))
    };
    rows.iter().map(line).collect()
}
