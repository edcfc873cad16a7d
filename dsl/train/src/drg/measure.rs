//! DRG's numbers of a set of examples.

use super::{summed_loss, watched, width};
use crate::Result;
use crate::evaluate::Outputs;
use crate::gather::Gathered;
use crate::objective::Objective;
use candle_core::DType;
use cistron_data::{Dataset, Named};
use cistron_nn::Network;

/// What a set of examples came to.
pub(crate) struct Measured {
    /// The objective's loss: the sum of all elements of the batches that were used, divided by the values of the whole set.
    pub(crate) loss: f64,
    /// What is watched, as a loss, divided likewise.
    pub(crate) watched: f64,
    /// Outputs and targets of the rows that were used.
    pub(crate) outputs: Outputs,
}

/// Goes over batches of a set of `rows` examples; nothing when `stop` says so in between.
pub(crate) fn measure(
    (objective, data, precision): (&Objective, &Dataset, DType),
    (batches, rows): (&[Vec<usize>], usize),
    mut forward: impl FnMut(&Named) -> Result<Named>,
    stop: &dyn Fn() -> bool,
) -> Result<Option<Measured>> {
    let mut gathered = Gathered::default();
    let mut sum = 0.0;
    for batch in batches {
        if stop() {
            return Ok(None);
        }
        let batch = data.batch(batch, precision)?;
        let outputs = forward(&batch.inputs)?;
        sum += summed_loss(objective, &outputs, &batch.targets)?.0;
        gathered.add(outputs, batch.targets);
    }
    let (outputs, targets) = gathered.join()?;
    Ok(Some(Measured {
        loss: sum / (rows as f64 * width(objective, &outputs)),
        watched: watched(objective, &outputs, &targets, rows)?,
        outputs: Outputs { outputs, targets },
    }))
}

/// The outputs in training mode without a step: dropout is drawn, batch norms use the batch and move their statistics.
pub(crate) fn in_training_mode(network: &mut Network, inputs: &Named, seed: u64, step: u64) -> Result<Named> {
    let mut found = Named::new();
    let outcome = network.step(inputs, seed, step, &mut |outputs| {
        found = outputs.clone();
        Ok((0.0, Named::new()))
    })?;
    outcome.give_back()?;
    Ok(found)
}
