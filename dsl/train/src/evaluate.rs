//! A network over many rows: predictions, the loss over all of them, metrics.

use crate::gather::Gathered;
use crate::objective::{Measure, Objective, Over};
use crate::{Result, TrainError};
use candle_core::{DType, Tensor};
use cistron_data::{Dataset, Named};
use cistron_declaration::{Port, Signature};
use cistron_nn::Network;
use cistron_statistics::pearson_of_prediction;

/// Predictions and measurements of one output, row-major `[rows, tracks]`; missing measurements are NaN.
#[derive(Clone, Debug)]
pub(crate) struct Predictions {
    /// The number of tracks.
    pub(crate) tracks: usize,
    /// Measured.
    pub(crate) observed: Vec<f64>,
    /// Predicted.
    pub(crate) predicted: Vec<f64>,
}

/// Outputs and targets over all rows, by output.
pub(crate) struct Outputs {
    pub(crate) outputs: Named,
    pub(crate) targets: Named,
}

/// How many rows are evaluated at once: about four million activations of the widest input, at most 1024 rows.
pub(crate) fn evaluation_rows(signature: &Signature) -> usize {
    let size = |port: &Port| port.axes.iter().map(|a| a.size.unwrap_or(1)).product::<usize>();
    let widest = signature.inputs.iter().map(size).max();
    ((1usize << 18) / widest.unwrap_or(1).max(1)).clamp(16, 1024)
}

/// Runs the network over rows in evaluation mode; nothing when `stop` says so in between.
pub(crate) fn outputs(
    network: &Network,
    data: &Dataset,
    rows: &[usize],
    precision: DType,
    stop: &dyn Fn() -> bool,
) -> Result<Option<Outputs>> {
    let batches = rows.chunks(evaluation_rows(&data.signature()));
    outputs_of_batches(network, data, batches, precision, stop)
}

/// The same in batches of a size, where that matters.
pub(crate) fn outputs_in(
    batch: Option<usize>,
    network: &Network,
    data: &Dataset,
    rows: &[usize],
    stop: &dyn Fn() -> bool,
) -> Result<Option<Outputs>> {
    let precision = network.precision();
    match batch {
        Some(batch) => outputs_of_batches(network, data, rows.chunks(batch), precision, stop),
        None => outputs(network, data, rows, precision, stop),
    }
}

/// The same in given batches, which matters where an output depends on the others of its batch.
pub(crate) fn outputs_of_batches<'a>(
    network: &Network,
    data: &Dataset,
    batches: impl Iterator<Item = &'a [usize]>,
    precision: DType,
    stop: &dyn Fn() -> bool,
) -> Result<Option<Outputs>> {
    let mut gathered = Gathered::default();
    for rows in batches {
        if stop() {
            return Ok(None);
        }
        let batch = data.batch(rows, precision)?;
        gathered.add(network.predict(&batch.inputs)?, batch.targets);
    }
    let (outputs, targets) = gathered.join()?;
    Ok(Some(Outputs { outputs, targets }))
}

impl Outputs {
    /// Both sides of one output.
    pub(crate) fn predictions(&self, output: &str) -> Result<Predictions> {
        let (Some(predicted), Some(observed)) = (self.outputs.get(output), self.targets.get(output)) else {
            let hint = cistron_declaration::did_you_mean(output, self.outputs.keys().map(String::as_str));
            return Err(TrainError::Unknown {
                what: "output",
                name: output.into(),
                hint,
            });
        };
        let values = |t: &Tensor| -> Result<Vec<f64>> { Ok(t.flatten_all()?.to_dtype(DType::F64)?.to_vec1()?) };
        let tracks = observed.dims().get(1).copied().unwrap_or(1);
        Ok(Predictions {
            tracks,
            observed: values(observed)?,
            predicted: values(predicted)?,
        })
    }

    /// The objective's loss over all rows at once.
    pub(crate) fn loss(&self, objective: &Objective) -> Result<f64> {
        Ok(loss_and_gradients(objective, &self.outputs, &self.targets)?.0)
    }

    /// One metric over all rows at once.
    pub(crate) fn metric(&self, measure: Measure, output: &str) -> Result<f64> {
        match measure {
            Measure::Correlation(over) => Ok(self.predictions(output)?.correlation(over)),
            _ => {
                let (Some(prediction), Some(target)) = (self.outputs.get(output), self.targets.get(output)) else {
                    return self.predictions(output).map(|_| f64::NAN);
                };
                Ok(crate::loss::value_and_gradient(measure, prediction, target)?.0)
            }
        }
    }
}

impl Predictions {
    /// Pearson's r over examples or over tracks, averaged over the tracks or examples where the measurements vary.
    /// A constant prediction of varying measurements counts as 0; NaN where nothing can be correlated.
    pub(crate) fn correlation(&self, over: Over) -> f64 {
        let rows = self.observed.len() / self.tracks.max(1);
        let (groups, size) = match over {
            Over::Points => (self.tracks, rows),
            Over::Tracks => (rows, self.tracks),
        };
        let index = |group: usize, i: usize| match over {
            Over::Points => i * self.tracks + group,
            Over::Tracks => group * self.tracks + i,
        };
        let (mut sum, mut count) = (0.0, 0usize);
        for group in 0..groups {
            let pairs = (0..size)
                .map(|i| index(group, i))
                .map(|i| (self.observed[i], self.predicted[i]));
            if let Some(r) = pearson_of_prediction(pairs.filter(|(observed, _)| !observed.is_nan())) {
                sum += r;
                count += 1;
            }
        }
        if count == 0 { f64::NAN } else { sum / count as f64 }
    }
}

/// The objective's loss of a batch and its gradients by output.
pub(crate) fn loss_and_gradients(objective: &Objective, outputs: &Named, targets: &Named) -> Result<(f64, Named)> {
    let mut total = 0.0;
    let mut gradients = Named::new();
    for term in objective.losses() {
        let (Some(prediction), Some(target)) = (outputs.get(&term.output), targets.get(&term.output)) else {
            let hint = cistron_declaration::did_you_mean(&term.output, outputs.keys().map(String::as_str));
            return Err(TrainError::Unknown {
                what: "output",
                name: term.output.clone(),
                hint,
            });
        };
        let (value, gradient) = crate::loss::value_and_gradient(term.measure, prediction, target)?;
        total += term.weight * value;
        let gradient = if term.weight == 1.0 {
            gradient
        } else {
            (gradient * term.weight)?
        };
        let sum = match gradients.remove(&term.output) {
            Some(before) => (before + gradient)?,
            None => gradient,
        };
        gradients.insert(term.output.clone(), sum);
    }
    Ok((total, gradients))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn correlations_run_over_what_they_say() {
        // Two examples of three tracks: equal up to a factor within each example, opposite over the examples.
        let predictions = Predictions {
            tracks: 3,
            observed: vec![1.0, 2.0, 3.0, 10.0, 20.0, 30.0],
            predicted: vec![10.0, 20.0, 30.0, 1.0, 2.0, 3.0],
        };
        assert!((predictions.correlation(Over::Tracks) - 1.0).abs() < 1e-12);
        assert!((predictions.correlation(Over::Points) + 1.0).abs() < 1e-12);
    }

    #[test]
    fn missing_measurements_are_left_out_and_constants_are_told_apart() {
        let one = |observed: &[f64], predicted: &[f64]| {
            Predictions {
                tracks: 1,
                observed: observed.to_vec(),
                predicted: predicted.to_vec(),
            }
            .correlation(Over::Points)
        };
        assert!((one(&[1.0, f64::NAN, 2.0, 3.0], &[1.0, 99.0, 2.0, 3.0]) - 1.0).abs() < 1e-12);
        assert_eq!(one(&[1.0, 2.0, 3.0], &[0.1, 0.1, 0.1]), 0.0);
        assert!(one(&[1.0, 1.0], &[1.0, 2.0]).is_nan());
        assert!(one(&[1.0], &[1.0]).is_nan());
    }
}
