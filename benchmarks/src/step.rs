//! A training step as `fit!` does it: forward, loss, backward, optimizer.

use crate::networks::Workload;
use candle_core::Tensor;
use cistron_nn::{Named, Network, NetworkError};
use cistron_ops::{Loss, OptimizerState};

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
    let output = &network.graph().outputs[0].0.clone();
    let outcome = network.step(&work.inputs, 1, number, &mut |given| {
        let (value, gradient) = evaluate(&work.loss, &given[output], &work.target)?;
        Ok((value, Named::from([(output.clone(), gradient)])))
    })?;
    network.apply(|weights| {
        for (weight, gradient) in weights.iter_mut().zip(&outcome.gradients) {
            if let (true, Some(gradient)) = (weight.trainable, gradient) {
                weight.tensor = optimizer.update(&weight.name, &weight.tensor, gradient, rate)?;
            }
        }
        Ok(())
    })?;
    Ok(outcome.loss)
}

/// The weighted sum of the losses and its gradient.
fn evaluate(loss: &[(f64, Loss)], given: &Tensor, target: &Tensor) -> Result<(f64, Tensor), NetworkError> {
    let (mut total, mut sum) = (0.0, None);
    for (weight, loss) in loss {
        let (value, mut gradient) = loss.value_and_gradient(given, target, None)?;
        total += weight * value;
        if *weight != 1.0 {
            gradient = (gradient * *weight)?;
        }
        sum = Some(match sum {
            None => gradient,
            Some(before) => (before + gradient)?,
        });
    }
    Ok((total, sum.map_or_else(|| given.zeros_like(), Ok)?))
}
