//! Gradients to weights.

use crate::Result;
use candle_core::Tensor;
use cistron_data::Named;
use cistron_nn::Network;
use cistron_ops::{Optimizer, OptimizerState};

/// The optimizer of a fit with what it remembers.
#[derive(Debug)]
pub(crate) struct Stepper {
    state: OptimizerState,
}

impl Stepper {
    /// One that has done no step.
    pub(crate) fn new(optimizer: &Optimizer) -> Self {
        Self {
            state: OptimizerState::new(*optimizer),
        }
    }

    /// One that goes on from saved state.
    ///
    /// # Errors
    /// A state that is not this optimizer's.
    pub(crate) fn from_state(optimizer: &Optimizer, state: Named) -> Result<Self> {
        Ok(Self {
            state: OptimizerState::import(*optimizer, state)?,
        })
    }

    /// Moves every weight that has a gradient, at this learning rate.
    pub(crate) fn step(&mut self, network: &mut Network, gradients: &[Option<Tensor>], rate: f64) -> Result<()> {
        let state = &mut self.state;
        network.apply(|weights| {
            for (weight, gradient) in weights.iter_mut().zip(gradients) {
                if let (true, Some(gradient)) = (weight.trainable, gradient) {
                    weight.tensor = state.update(&weight.name, &weight.tensor, gradient, rate)?;
                }
            }
            Ok(())
        })?;
        Ok(())
    }

    /// What it remembers.
    pub(crate) fn state(&self) -> Result<Named> {
        Ok(self.state.export()?)
    }
}
