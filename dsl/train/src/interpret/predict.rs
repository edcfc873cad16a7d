//! Predictions for sequences that no data set holds.

use super::given::Given;
use crate::evaluate::evaluation_rows;
use crate::trained::Trained;
use crate::{Result, TrainError};
use candle_core::{DType, Tensor};
use cistron_display::{count, note};
use polars::prelude::{Column, DataFrame};

/// The predictions of one output, as columns.
#[derive(Default)]
struct Columns {
    names: Vec<String>,
    outputs: Vec<String>,
    tracks: Vec<String>,
    predicted: Vec<f64>,
}

impl Trained {
    /// Predictions for new sequences: for each input of the model its letters, one text per example. One row per example,
    /// output and track: `name` (`sequence 1`, `sequence 2`, ..), `output`, `track`, `predicted`.
    ///
    /// Letters are read as a data set reads them: U is T, lower case is upper case, N and other ambiguous letters are unknown
    /// (the latter are counted in a note). A DNA input needs the length that the model was trained with; RNA may be shorter: it
    /// lies at the left and ends in zeros. A category is given by its name; numbers need [`Trained::predict_frame`].
    ///
    /// ```text
    /// run.predict_sequences(&[("dna", &["ACGT..", "TTGA.."]), ("rna", &["GGCA..", "AUG.."])])?
    /// ```
    ///
    /// # Errors
    /// An input that is missing, unknown or given twice; unequal numbers of sequences; a letter that is no base or a length that
    /// does not fit, with sequence and position.
    pub fn predict_sequences(&self, sequences: &[(&str, &[&str])]) -> Result<DataFrame> {
        self.predict_given(&Given::texts(self.model().signature(), sequences)?)
    }

    /// Predictions for the rows of a table: a column for each input of the model under its name (`input.track` for the tracks of
    /// an input of several numbers), and `name` for the examples' names, if there is such a column. The result is that of
    /// [`Trained::predict_sequences`]; what [`Dataset::frame`](cistron_data::Dataset::frame) gives can be used as it is.
    ///
    /// # Errors
    /// A column that is missing, an empty cell, and as [`Trained::predict_sequences`].
    pub fn predict_frame(&self, table: &DataFrame) -> Result<DataFrame> {
        self.predict_given(&Given::frame(self.model().signature(), table)?)
    }

    fn predict_given(&self, given: &Given<'_>) -> Result<DataFrame> {
        let mut ambiguous = vec![0; given.inputs().count()];
        let mut columns: Vec<Columns> = Vec::new();
        let mut start = 0;
        while start < given.names.len() {
            if cistron_display::interrupted() {
                cistron_display::clear_interrupt();
                return Err(TrainError::Impossible("the prediction was interrupted".into()));
            }
            let end = (start + evaluation_rows(self.model().signature())).min(given.names.len());
            let batch = given.batch(start..end, self.network().precision(), &mut ambiguous)?;
            let outputs = self.network().predict(&batch)?;
            for (i, output) in self.outputs().into_iter().enumerate() {
                if columns.len() <= i {
                    columns.push(Columns::default());
                }
                let tensor = outputs.get(output).ok_or_else(|| self.no_output(output))?;
                self.add(&mut columns[i], output, &given.names[start..end], tensor)?;
            }
            start = end;
        }
        for (input, ambiguous) in given.inputs().zip(ambiguous).filter(|(_, n)| *n > 0) {
            let many = count(ambiguous);
            note(&format!("input `{input}`: {many} ambiguous letters (R, Y, ..) are read as N"));
        }
        let mut joined = Columns::default();
        for one in columns {
            joined.names.extend(one.names);
            joined.outputs.extend(one.outputs);
            joined.tracks.extend(one.tracks);
            joined.predicted.extend(one.predicted);
        }
        let height = joined.names.len();
        let columns = vec![
            Column::new("name".into(), joined.names),
            Column::new("output".into(), joined.outputs),
            Column::new("track".into(), joined.tracks),
            Column::new("predicted".into(), joined.predicted),
        ];
        Ok(DataFrame::new(height, columns)?)
    }

    /// Adds the predictions of some examples to an output's columns.
    fn add(&self, columns: &mut Columns, output: &str, names: &[String], tensor: &Tensor) -> Result<()> {
        let tracks = self.track_names(output)?;
        if tensor.elem_count() != names.len() * tracks.len() {
            let message = format!(
                "output `{output}` has shape {:?}; a table needs one number per example and track",
                tensor.dims()
            );
            return Err(TrainError::Impossible(message));
        }
        let values: Vec<f64> = tensor.flatten_all()?.to_dtype(DType::F64)?.to_vec1()?;
        for (name, values) in names.iter().zip(values.chunks(tracks.len().max(1))) {
            for (track, value) in tracks.iter().zip(values) {
                columns.names.push(name.clone());
                columns.outputs.push(output.to_string());
                columns.tracks.push(track.clone());
                columns.predicted.push(*value);
            }
        }
        Ok(())
    }
}
