//! DRG's objective: the sum of all elements of all outputs.

use crate::objective::{Measure, Objective, Over};
use crate::{Result, TrainError};
use candle_core::{DType, Tensor};
use cistron_data::Named;
use std::collections::BTreeMap;

/// Norms below this count as this.
const SMALLEST_NORM: f64 = 1e-16;

/// The prediction of an output and what was measured.
fn pair<'a>(output: &str, outputs: &'a Named, targets: &'a Named) -> Result<(&'a Tensor, &'a Tensor)> {
    outputs
        .get(output)
        .zip(targets.get(output))
        .ok_or_else(|| TrainError::Unknown {
            what: "output",
            name: output.into(),
            hint: cistron_declaration::did_you_mean(output, outputs.keys().map(String::as_str)),
        })
}

/// A measure as a loss, the mean of its elements, with the gradient of that mean.
fn value_and_gradient(measure: Measure, prediction: &Tensor, target: &Tensor) -> Result<(f64, Tensor)> {
    match measure {
        Measure::Correlation(over) if prediction.dims().len() == 2 && prediction.dims() == target.dims() => {
            correlation(over, prediction, target)
        }
        _ => crate::loss::value_and_gradient(measure, prediction, target),
    }
}

/// One minus the cosine of the deviations from the means, whose norms are at least 1e-16: a row of equal predictions is 1 and
/// has a gradient of 1e16 (ours has none there). The mean over rows; missing targets are left out.
fn correlation(over: Over, prediction: &Tensor, target: &Tensor) -> Result<(f64, Tensor)> {
    let (rows, tracks) = prediction.dims2()?;
    let values = |t: &Tensor| -> Result<Vec<f64>> { Ok(t.flatten_all()?.to_dtype(DType::F64)?.to_vec1()?) };
    let (p, t) = (values(prediction)?, values(target)?);
    let (groups, size) = match over {
        Over::Tracks => (rows, tracks),
        Over::Points => (tracks, rows),
    };
    let mut gradient = vec![0.0; p.len()];
    let (mut sum, mut count) = (0.0, 0.0);
    for group in 0..groups {
        let at = |i: usize| match over {
            Over::Tracks => group * tracks + i,
            Over::Points => i * tracks + group,
        };
        let places: Vec<usize> = (0..size).map(at).filter(|&i| !t[i].is_nan()).collect();
        if places.len() < 2 {
            continue;
        }
        count += 1.0;
        let (x, x_norm) = direction(&places, &p);
        let (y, _) = direction(&places, &t);
        let r: f64 = x.iter().zip(&y).map(|(a, b)| a * b).sum();
        sum += 1.0 - r;
        // Where the norm is the smallest one it does not move with the predictions.
        let turned = if x_norm > SMALLEST_NORM { r } else { 0.0 };
        let slopes: Vec<f64> = x
            .iter()
            .zip(&y)
            .map(|(a, b)| (turned * a - b) / x_norm.max(SMALLEST_NORM))
            .collect();
        let mean = slopes.iter().sum::<f64>() / slopes.len() as f64;
        for (place, slope) in places.iter().zip(&slopes) {
            gradient[*place] = slope - mean;
        }
    }
    let count = f64::max(count, 1.0);
    gradient.iter_mut().for_each(|g| *g /= count);
    let gradient = Tensor::from_vec(gradient, (rows, tracks), prediction.device())?.to_dtype(prediction.dtype())?;
    Ok((sum / count, gradient))
}

/// Deviations from the mean, divided by their norm; and the norm.
fn direction(places: &[usize], values: &[f64]) -> (Vec<f64>, f64) {
    let mean = places.iter().map(|&i| values[i]).sum::<f64>() / places.len() as f64;
    let deviations = places.iter().map(|&i| values[i] - mean);
    let norm = deviations.clone().map(|d| d * d).sum::<f64>().sqrt();
    (deviations.map(|d| d / norm.max(SMALLEST_NORM)).collect(), norm)
}

/// The sum of all elements of the objective's losses, and its gradients by output.
pub(crate) fn summed_loss(objective: &Objective, outputs: &Named, targets: &Named) -> Result<(f64, Named)> {
    let mut total = 0.0;
    let mut gradients = Named::new();
    for term in objective.losses() {
        let (prediction, target) = pair(&term.output, outputs, targets)?;
        let (value, gradient) = value_and_gradient(term.measure, prediction, target)?;
        let factor = term.weight * crate::loss::drg_elements(term.measure, prediction.dims()) as f64;
        total += factor * value;
        let gradient = (gradient * factor)?;
        let sum = match gradients.remove(&term.output) {
            Some(before) => (before + gradient)?,
            None => gradient,
        };
        gradients.insert(term.output.clone(), sum);
    }
    Ok((total, gradients))
}

/// Values of one example over all outputs with a loss.
pub(crate) fn width(objective: &Objective, outputs: &Named) -> f64 {
    objective
        .outputs()
        .into_iter()
        .map(|output| per_example(output, outputs))
        .sum()
}

fn per_example(output: &str, outputs: &Named) -> f64 {
    let dims = outputs.get(output).map_or(&[][..], |t| t.dims());
    dims.iter().skip(1).product::<usize>() as f64
}

/// What early stopping watches, as a loss: the sum of its elements over the rows that were used, divided by the values of the
/// whole set of `rows` examples. All rows are measured at once, which matters for correlations over examples.
pub(crate) fn watched(objective: &Objective, outputs: &Named, targets: &Named, rows: usize) -> Result<f64> {
    let terms: Vec<(f64, Measure, &str)> = match objective.watch() {
        [] => objective
            .losses()
            .iter()
            .map(|t| (t.weight, t.measure, t.output.as_str()))
            .collect(),
        metrics => metrics.iter().map(|m| (m.weight, m.measure, m.output.as_str())).collect(),
    };
    let mut widths = BTreeMap::new();
    let mut total = 0.0;
    for (weight, measure, output) in terms {
        let (prediction, target) = pair(output, outputs, targets)?;
        let (value, _) = value_and_gradient(measure, prediction, target)?;
        total += weight * crate::loss::drg_elements(measure, prediction.dims()) as f64 * value;
        widths.insert(output, per_example(output, outputs));
    }
    Ok(total / (rows as f64 * widths.values().sum::<f64>()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::Device;
    use std::path::PathBuf;

    fn values(tensor: &Tensor) -> Vec<f64> {
        let flat = tensor.flatten_all().and_then(|t| t.to_dtype(DType::F64));
        flat.and_then(|t| t.to_vec1()).unwrap()
    }

    #[test]
    fn correlations_and_their_gradients_are_the_originals_for_equal_predictions_too() {
        let shared = std::env::var_os("CISTRON_SHARED").map(PathBuf::from);
        let shared = shared.unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared"));
        let path = shared.join("golden/drg/losses.safetensors");
        if !path.exists() {
            let in_ci = std::env::var("CI").as_deref() == Ok("true");
            assert!(!in_ci, "no shared data: {} is missing", path.display());
            println!("skipped: no shared data");
            return;
        }
        let all = candle_core::safetensors::load(path, &Device::Cpu).unwrap();
        for (name, over) in [("Correlationdata", Over::Tracks), ("Correlationclass", Over::Points)] {
            for pair in ["signed", "unit", "const_row"] {
                let prediction = &all[&format!("{pair}.pred")];
                // The file has no target of its own for the row of equal predictions.
                let target = &all[&format!("{}.target", if pair == "const_row" { "signed" } else { pair })];
                let expected = values(&all[&format!("{name}.{pair}.grad")]);
                let elements = values(&all[&format!("{name}.{pair}.value")]);
                for precision in [DType::F32, DType::F64] {
                    let convert = |t: &Tensor| t.to_dtype(precision).unwrap();
                    let measure = Measure::Correlation(over);
                    let (value, gradient) = value_and_gradient(measure, &convert(prediction), &convert(target)).unwrap();
                    let count = prediction.elem_count() as f64;
                    let sum: f64 = elements.iter().sum();
                    assert!((value * count - sum).abs() < 1e-5 * sum, "{name} {pair}: {value}");
                    let found = values(&(gradient * count).unwrap());
                    let row = prediction.dims()[1];
                    for (found, expected) in found.chunks(row).zip(expected.chunks(row)) {
                        let scale = expected.iter().fold(1.0, |m: f64, v| m.max(v.abs()));
                        let same = found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 2e-5 * scale);
                        assert!(same, "{name} {pair} {precision:?}: {found:?} against {expected:?}");
                    }
                    if pair == "const_row" {
                        // Ours says the same loss and has no gradient where there is nothing to correlate.
                        let (plain, gradient) =
                            crate::loss::value_and_gradient(measure, &convert(prediction), &convert(target)).unwrap();
                        assert!((plain - value).abs() < 1e-6, "{plain} {value}");
                        let gradient = values(&gradient);
                        assert!(gradient.iter().all(|g| g.abs() < 10.0), "{gradient:?}");
                        let flat = &gradient[2 * row..3 * row];
                        assert!(over == Over::Points || flat.iter().all(|g| *g == 0.0), "{flat:?}");
                    }
                }
            }
        }
        let largest = values(&all["Correlationdata.const_row.grad"]).into_iter().fold(0.0, f64::max);
        assert!(largest > 1e16, "the file has no row of equal predictions");
    }

    #[test]
    fn missing_targets_are_left_out() {
        let tensor = |rows: &[[f64; 3]; 2]| Tensor::new(rows, &Device::Cpu).unwrap();
        let prediction = tensor(&[[1.0, 5.0, 2.0], [1.0, 2.0, 4.0]]);
        let target = tensor(&[[2.0, f64::NAN, 4.0], [f64::NAN, f64::NAN, 1.0]]);
        let (value, gradient) = value_and_gradient(Measure::Correlation(Over::Tracks), &prediction, &target).unwrap();
        assert!(value.abs() < 1e-12, "{value}");
        assert!(values(&gradient).iter().all(|g| g.abs() < 1e-12), "{gradient}");
    }
}
