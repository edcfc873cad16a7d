//! Predictions, embeddings and filters as NumPy archives.

use crate::evaluate::evaluation_rows;
use crate::npz::Archive;
use crate::trained::Trained;
use crate::{Paired, Result, TrainError};
use candle_core::DType;
use cistron_data::{Dataset, Part};
use std::path::Path;

/// The values of several outputs side by side: names of the columns and rows of single precision numbers.
pub(crate) fn side_by_side(predictions: &[Paired]) -> Vec<f32> {
    let rows = predictions.first().map_or(0, |p| p.names.len());
    let mut values = Vec::new();
    for row in 0..rows {
        for paired in predictions {
            let tracks = paired.tracks.len();
            values.extend(paired.predicted[row * tracks..(row + 1) * tracks].iter().map(|v| *v as f32));
        }
    }
    values
}

/// Column names as `Dataset::frame` has them: the track; with several outputs `output.track`, or `output` for its only track.
fn column_names(predictions: &[Paired]) -> Vec<String> {
    let several = predictions.len() > 1;
    let of = |paired: &Paired| -> Vec<String> {
        match paired.tracks.as_slice() {
            [_] if several => vec![paired.output.clone()],
            tracks if several => tracks.iter().map(|track| format!("{}.{track}", paired.output)).collect(),
            tracks => tracks.to_vec(),
        }
    };
    predictions.iter().flat_map(of).collect()
}

impl Trained {
    /// Writes the predictions of a part: arrays `names`, `values` (float32, `[names, columns]`) and `columns` (tracks; `output.track`
    /// with several outputs).
    ///
    /// # Errors
    /// As [`Trained::predict`]; a name that does not end in `.npz`, a folder that cannot be written.
    pub fn save_predictions(&self, data: &Dataset, part: Part, path: impl AsRef<Path>) -> Result<()> {
        self.put_predictions(data, part, path.as_ref())
    }

    // Not generic: what is compiled in a notebook's cell cannot reach the compression of archives.
    fn put_predictions(&self, data: &Dataset, part: Part, path: &Path) -> Result<()> {
        let mut archive = Archive::new(path)?;
        let predictions = self.predictions(data, part)?;
        let columns = column_names(&predictions);
        let names = predictions.first().map(|p| p.names.as_slice()).unwrap_or_default();
        archive.texts("names", names.iter().map(String::as_str))?;
        archive.numbers("values", &[names.len(), columns.len()], side_by_side(&predictions))?;
        archive.texts("columns", columns.iter().map(String::as_str))?;
        archive.finish()
    }

    /// Writes the activations of a layer for a part, in evaluation mode: arrays `names`, `values` (float32, `[names, ..]` with the axes
    /// of the layer as `model.table()` shows them) and `layer`.
    ///
    /// # Errors
    /// A layer that does not exist (with the nearest name); as [`Trained::predict`]; a name that does not end in `.npz`, a folder that cannot be
    /// written.
    pub fn save_embeddings(&self, data: &Dataset, part: Part, layer: &str, path: impl AsRef<Path>) -> Result<()> {
        self.put_embeddings(data, part, layer, path.as_ref())
    }

    // Not generic: what is compiled in a notebook's cell cannot reach the compression of archives.
    fn put_embeddings(&self, data: &Dataset, part: Part, layer: &str, path: &Path) -> Result<()> {
        let mut archive = Archive::new(path)?;
        crate::record::fits_together(self.model(), &self.outputs(), data)?;
        let rows = self.rows(data, part)?;
        let (mut shape, mut values) = (Vec::new(), Vec::new());
        for chunk in rows.chunks(evaluation_rows(&data.signature())) {
            if cistron_display::interrupted() {
                cistron_display::clear_interrupt();
                return Err(TrainError::Impossible("writing embeddings was interrupted".into()));
            }
            let batch = data.batch(chunk, self.network().precision())?;
            let found = self.network().activations(&batch.inputs, &[layer])?;
            let Some(tensor) = found.get(layer).filter(|t| t.dims().first() == Some(&chunk.len())) else {
                return Err(TrainError::Impossible(format!(
                    "layer `{layer}` of `{}` has no value per example",
                    self.model().name()
                )));
            };
            shape = tensor.dims().to_vec();
            values.extend(tensor.flatten_all()?.to_dtype(DType::F32)?.to_vec1::<f32>()?);
        }
        if let Some(examples) = shape.first_mut() {
            *examples = rows.len();
        }
        archive.texts("names", rows.iter().map(|&row| data.names()[row].as_str()))?;
        archive.numbers("values", &shape, values)?;
        archive.texts("layer", [layer])?;
        archive.finish()
    }

    /// Writes what the filters of the first convolution on an input look for ([`Trained::filters`]): arrays `names`, `values` (float32
    /// frequencies, `[filters, width, 4]`) and `columns` (`A`, `C`, `G`, `T`).
    ///
    /// # Errors
    /// As [`Trained::filters`]; no filter was ever active; a name that does not end in `.npz`, a folder that cannot be written.
    pub fn save_filters(&self, data: &Dataset, input: &str, path: impl AsRef<Path>) -> Result<()> {
        self.put_filters(data, input, path.as_ref())
    }

    // Not generic: what is compiled in a notebook's cell cannot reach the compression of archives.
    fn put_filters(&self, data: &Dataset, input: &str, path: &Path) -> Result<()> {
        let mut archive = Archive::new(path)?;
        let filters = self.filters(data, input)?;
        let Some(width) = filters.first().map(|f| f.matrix.len()) else {
            return Err(TrainError::Impossible(format!(
                "no filter of the first convolution on `{input}` was ever active, so there is none to write"
            )));
        };
        let values = filters
            .iter()
            .flat_map(|f| f.matrix.iter().flatten().map(|share| *share as f32))
            .collect::<Vec<f32>>();
        archive.texts("names", filters.iter().map(|f| f.name.as_str()))?;
        archive.numbers("values", &[filters.len(), width, 4], values)?;
        archive.texts("columns", ["A", "C", "G", "T"])?;
        archive.finish()
    }
}
