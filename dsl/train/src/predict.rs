//! What a network predicts: tables, correlations, figures, ensembles.

use crate::evaluate::{self, Outputs, Predictions};
use crate::metrics::Paired;
use crate::objective::Over;
use crate::run::Run;
use crate::trained::Trained;
use crate::{Result, TrainError};
use cistron_data::{Dataset, Part};
use cistron_plot::{Figure, scatter};
use polars::prelude::{Column, DataFrame};

impl Trained {
    pub(crate) fn rows(&self, data: &Dataset, part: Part) -> Result<Vec<usize>> {
        Ok(data.rows(part, self.held_out())?)
    }

    fn evaluated(&self, data: &Dataset, part: Part) -> Result<(Vec<usize>, Outputs)> {
        crate::record::fits_together(self.model(), &self.outputs(), data)?;
        let rows = self.rows(data, part)?;
        let stop = &cistron_display::interrupted;
        match evaluate::outputs_in(self.batch_size(), self.network(), data, &rows, stop)? {
            Some(outputs) => Ok((rows, outputs)),
            None => {
                cistron_display::clear_interrupt();
                Err(TrainError::Impossible("the prediction was interrupted".into()))
            }
        }
    }

    /// Predictions of a part beside the measurements, output by output, as plain numbers: what metrics, files and comparisons are
    /// made of. With folds it is the part of the run's own fold.
    ///
    /// # Errors
    /// As [`Trained::predict`].
    pub fn predictions(&self, data: &Dataset, part: Part) -> Result<Vec<Paired>> {
        let (rows, outputs) = self.evaluated(data, part)?;
        let names: Vec<String> = rows.iter().map(|&row| data.names()[row].clone()).collect();
        let of = |output: &str| {
            let Predictions { observed, predicted, .. } = outputs.predictions(output)?;
            Ok(Paired {
                output: output.into(),
                names: names.clone(),
                tracks: data.tracks(output)?.to_vec(),
                observed,
                predicted,
            })
        };
        self.outputs().into_iter().map(of).collect()
    }

    /// Predictions of a part beside the measurements, one row per example, output and track: `name`, `output`, `track`,
    /// `observed` (null where not measured), `predicted`. With folds it is the part of the run's own fold.
    ///
    /// # Errors
    /// Data of other inputs or outputs than the model's, an empty part, an interrupt.
    pub fn predict(&self, data: &Dataset, part: Part) -> Result<DataFrame> {
        let (rows, outputs) = self.evaluated(data, part)?;
        let predicted = self.outputs().into_iter().map(|o| Ok((o, outputs.predictions(o)?)));
        long_frame(data, &rows, &predicted.collect::<Result<Vec<_>>>()?)
    }

    /// Pearson's r of one output over the examples of a part; the mean over its tracks where it has several. 0 when the
    /// predictions are constant, NaN when the measurements are.
    ///
    /// # Errors
    /// No output of this name, and as [`Trained::predict`].
    pub fn correlation(&self, data: &Dataset, part: Part, output: &str) -> Result<f64> {
        let (_, outputs) = self.evaluated(data, part)?;
        Ok(outputs.predictions(output)?.correlation(Over::Points))
    }

    /// Observed against predicted of every output side by side: density, the identity line, r with its bootstrap interval, n.
    ///
    /// # Errors
    /// As [`Trained::predict`]; nothing that can be drawn.
    pub fn scatter(&self, data: &Dataset, part: Part) -> Result<Figure> {
        let (_, outputs) = self.evaluated(data, part)?;
        let mut panels = Vec::new();
        for output in self.outputs() {
            let predictions = outputs.predictions(output)?;
            let figure = scatter(&predictions.observed, &predictions.predicted)
                .title(output)
                .x_label("observed")
                .y_label("predicted")
                .seed(self.random_seed());
            panels.push(figure.draw()?);
        }
        match panels.len() {
            1 => Ok(panels.remove(0)),
            n => Ok(Figure::grid(&panels, n.min(3))?),
        }
    }
}

fn long_frame(data: &Dataset, rows: &[usize], outputs: &[(&str, Predictions)]) -> Result<DataFrame> {
    let mut names: Vec<&str> = Vec::new();
    let mut output_names: Vec<&str> = Vec::new();
    let mut track_names: Vec<&str> = Vec::new();
    let (mut observed, mut predicted) = (Vec::new(), Vec::new());
    for (output, predictions) in outputs {
        let tracks = data.tracks(output)?;
        for (i, row) in rows.iter().enumerate() {
            for (track, track_name) in tracks.iter().enumerate() {
                names.push(&data.names()[*row]);
                output_names.push(output);
                track_names.push(track_name);
                let value = predictions.observed[i * predictions.tracks + track];
                observed.push(Some(value).filter(|v| !v.is_nan()));
                predicted.push(predictions.predicted[i * predictions.tracks + track]);
            }
        }
    }
    let columns = vec![
        Column::new("name".into(), &names),
        Column::new("output".into(), &output_names),
        Column::new("track".into(), &track_names),
        Column::new("observed".into(), &observed),
        Column::new("predicted".into(), &predicted),
    ];
    Ok(DataFrame::new(names.len(), columns)?)
}

/// The mean prediction of several runs over a part, in the form of [`Trained::predict`]. Runs of other folds than the
/// first's are refused: their held-out examples differ.
///
/// # Errors
/// No run, runs of different folds or outputs, and as [`Trained::predict`].
pub fn mean_predictions(runs: &[Run], data: &Dataset, part: Part) -> Result<DataFrame> {
    let Some(first) = runs.first() else {
        return Err(TrainError::Impossible(
            "a mean of predictions needs at least one run, found none".into(),
        ));
    };
    let outputs = first.objective().outputs();
    let mut sums: Vec<(&str, Predictions)> = Vec::new();
    let mut rows = Vec::new();
    for run in runs {
        if run.options().fold != first.options().fold {
            let fold = |r: &Run| r.options().fold.map_or("none".into(), |f| f.to_string());
            let message = format!(
                "`{}` was fitted with fold {}, `{}` with fold {}",
                first.name(),
                fold(first),
                run.name(),
                fold(run)
            );
            return Err(TrainError::Impossible(format!("{message}; a mean needs runs of one fold")));
        }
        let (of_run, found) = run.evaluated(data, part)?;
        rows = of_run;
        for (i, output) in outputs.iter().enumerate() {
            let predictions = found.predictions(output)?;
            match sums.get_mut(i) {
                Some((_, sum)) => sum
                    .predicted
                    .iter_mut()
                    .zip(&predictions.predicted)
                    .for_each(|(s, p)| *s += p),
                None => sums.push((output, predictions)),
            }
        }
    }
    for (_, sum) in &mut sums {
        sum.predicted.iter_mut().for_each(|p| *p /= runs.len() as f64);
    }
    long_frame(data, &rows, &sums)
}
