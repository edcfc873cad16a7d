//! What the twin's check reads: weights, a batch and the first two losses.

use crate::networks::Workload;
use crate::step::step;
use candle_core::{DType, Tensor, safetensors};
use cistron_nn::Network;
use cistron_ops::OptimizerState;
use std::collections::HashMap;
use std::error::Error;
use std::path::Path;

/// The share of the learning rate. Adam's first step moves every weight by the whole rate, however small its gradient
/// is: those that are rounding noise go either way, and the second losses would differ by that.
const CHECK_RATE: f64 = 0.1;

/// Writes `weights.safetensors` (names behind their number, so that they sort as declared), `batch.safetensors` (inputs by name,
/// targets as `target.OUTPUT`) and `losses.json`.
///
/// # Errors
/// What the network gives, and files that cannot be written.
pub(crate) fn export(work: &Workload, folder: &Path) -> Result<(), Box<dyn Error>> {
    std::fs::create_dir_all(folder)?;
    let mut network = Network::new(&work.model, 1, DType::F32)?;
    let named = |(i, weight): (usize, &cistron_nn::Weight)| (format!("{i:04}.{}", weight.name), weight.tensor.clone());
    let weights: HashMap<String, Tensor> = network.weights().iter().enumerate().map(named).collect();
    safetensors::save(&weights, folder.join("weights.safetensors"))?;
    let mut batch: HashMap<String, Tensor> = work.inputs.clone().into_iter().collect();
    let targets = work.targets.iter();
    batch.extend(targets.map(|(name, target)| (format!("target.{name}"), target.clone())));
    safetensors::save(&batch, folder.join("batch.safetensors"))?;
    let mut optimizer = OptimizerState::new(work.optimizer);
    let rate = CHECK_RATE * work.optimizer.lr();
    let losses = (0..2)
        .map(|number| step(&mut network, &mut optimizer, work, number, rate))
        .collect::<Result<Vec<f64>, _>>()?;
    let text = serde_json::json!({ "parameters": network.parameter_count(), "losses": losses, "rate": CHECK_RATE });
    std::fs::write(folder.join("losses.json"), text.to_string())?;
    Ok(())
}
