//! Gradients to weights.

use crate::{Options, Result, TrainError};
use candle_core::Tensor;
use cistron_data::Named;
use cistron_nn::{Network, NetworkError};
use cistron_ops::{AverageState, Clip, OptimizerState, Settings};

/// What moves the weights of a fit, with what it remembers.
#[derive(Debug)]
pub(crate) struct Stepper {
    state: OptimizerState,
    settings: Vec<Settings>,
    clip: Option<Clip>,
    average: Option<AverageState>,
}

impl Stepper {
    /// One that has done no step; frozen weights of the network take no part in training from now on.
    ///
    /// # Errors
    /// Groups that name no parameter of the network.
    pub(crate) fn new(options: &Options, network: &mut Network) -> Result<Self> {
        let settings = network.group(&options.rules(), &options.optimizer).map_err(|e| match e {
            NetworkError::Operation(e) => TrainError::Options(vec![e.to_string()]),
            other => other.into(),
        })?;
        Ok(Self {
            state: OptimizerState::new(options.optimizer),
            settings,
            clip: options.clip,
            average: options.average.map(AverageState::new),
        })
    }

    /// One that goes on from saved state: what [`Stepper::state`] and [`Stepper::average`] gave.
    ///
    /// # Errors
    /// A state that is not of these options.
    pub(crate) fn from_state(options: &Options, network: &mut Network, state: Named, average: Named) -> Result<Self> {
        let mut stepper = Self::new(options, network)?;
        stepper.state = OptimizerState::import(options.optimizer, state)?;
        if let Some(settings) = options.average {
            stepper.average = Some(AverageState::import(settings, average)?);
        }
        Ok(stepper)
    }

    /// Moves every weight that has a gradient, at this learning rate. `done` counts this step, from 1.
    ///
    /// # Errors
    /// Gradients that are not finite, where they are clipped by their norm.
    pub(crate) fn step(
        &mut self,
        network: &mut Network,
        gradients: &[Option<Tensor>],
        rate: f64,
        (done, steps_per_epoch): (u64, u64),
    ) -> Result<()> {
        network.optimize(gradients, &mut self.state, &self.settings, rate, self.clip)?;
        if let Some(average) = self.average.as_mut().filter(|a| a.average().takes(done, steps_per_epoch)) {
            network.add_to(average)?;
        }
        Ok(())
    }

    /// Forgets what the optimizer remembers and the weights that were averaged so far, for a network that begins again.
    pub(crate) fn begin_anew(&mut self, options: &Options) {
        self.state = OptimizerState::new(options.optimizer);
        self.average_anew(options);
    }

    /// Forgets the weights that were averaged so far, for a network that goes on from others.
    pub(crate) fn average_anew(&mut self, options: &Options) {
        self.average = options.average.map(AverageState::new);
    }

    /// The network that is evaluated and kept: the one given, or that of the average as soon as there is one.
    pub(crate) fn evaluated(&self, network: &Network) -> Result<Network> {
        Ok(match self.average.as_ref().filter(|a| a.count() > 0) {
            Some(average) => network.averaged(average)?,
            None => network.clone(),
        })
    }

    /// What the optimizer remembers.
    pub(crate) fn state(&self) -> Result<Named> {
        Ok(self.state.export()?)
    }

    /// What the average remembers; nothing without one.
    pub(crate) fn average(&self) -> Result<Named> {
        Ok(self
            .average
            .as_ref()
            .map(AverageState::export)
            .transpose()?
            .unwrap_or_default())
    }
}
