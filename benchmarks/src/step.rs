//! A training step as `fit!` does it: forward, loss, backward, optimizer.

use crate::networks::Workload;
use candle_core::Tensor;
use cistron_nn::{Named, Network, NetworkError, Step};
use cistron_ops::OptimizerState;

/// Does one step at this learning rate and gives its loss.
///
/// # Errors
/// What the network gives.
pub(crate) fn step(
    network: &mut Network,
    optimizer: &mut OptimizerState,
    work: &Workload,
    number: u64,
    rate: f64,
) -> Result<f64, NetworkError> {
    let outcome = network.step(&work.inputs, 1, number, &mut |given| evaluated(work, given))?;
    let loss = outcome.loss;
    updated(network, optimizer, outcome, rate)?;
    Ok(loss)
}

/// The sum over outputs of the weighted losses, and its gradient by the output's name.
///
/// # Errors
/// An output without a target, and what the losses give.
pub(crate) fn evaluated(work: &Workload, given: &Named) -> Result<(f64, Named), NetworkError> {
    let mut total = 0.0;
    let mut gradients = Named::new();
    for (name, output) in given {
        let target = work.targets.get(name).ok_or_else(|| NetworkError::Gradient {
            name: name.clone(),
            found: "no target".into(),
            expected: "a target for every output".into(),
        })?;
        let mut sum: Option<Tensor> = None;
        for (weight, loss) in &work.loss {
            let (value, mut gradient) = loss.value_and_gradient(output, target, None)?;
            total += weight * value;
            if *weight != 1.0 {
                gradient = (gradient * *weight)?;
            }
            sum = Some(match sum {
                None => gradient,
                Some(before) => (before + gradient)?,
            });
        }
        gradients.extend(sum.map(|sum| (name.clone(), sum)));
    }
    Ok((total, gradients))
}

/// Moves the weights.
///
/// # Errors
/// What the optimizer gives.
pub(crate) fn updated(
    network: &mut Network,
    optimizer: &mut OptimizerState,
    outcome: Step,
    rate: f64,
) -> Result<(), NetworkError> {
    network.optimize(&outcome.gradients, optimizer, &[], rate, None)?;
    outcome.give_back()
}
