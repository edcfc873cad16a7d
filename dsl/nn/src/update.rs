//! Weights that follow their gradients.

use crate::error::{NetworkError, Result};
use crate::network::Network;
use candle_core::Tensor;
use cistron_model::Operation as Declared;
use cistron_ops::{AverageState, Clip, Optimizer, OptimizerState, Role, Rules, Settings, Update};
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether anything outside may hold the weights' memory. A step writes only where nobody can be looking.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    /// Since the last step somebody may have taken a clone of any weight.
    seen: AtomicBool,
    /// Of each weight: a step has made its memory and nobody has seen it since.
    own: Vec<bool>,
}

impl Clone for Shared {
    /// Both networks have the same memory now.
    fn clone(&self) -> Self {
        self.mark();
        Self {
            seen: AtomicBool::new(true),
            own: self.own.clone(),
        }
    }
}

impl Shared {
    /// The weights are shown to somebody.
    pub(crate) fn mark(&self) {
        self.seen.store(true, Ordering::Relaxed);
    }

    /// Which weights nobody else can hold.
    fn owned(&mut self, count: usize) -> &mut [bool] {
        self.own.resize(count, false);
        if std::mem::take(self.seen.get_mut()) {
            self.own.fill(false);
        }
        &mut self.own
    }
}

impl Network {
    /// What each weight is to its layer, in the order of [`Network::weights`].
    pub fn roles(&self) -> Vec<Role> {
        let mut roles = vec![Role::Weight; self.graph.parameters.len()];
        for node in &self.graph.nodes {
            for (place, parameter) in node.parameters.iter().enumerate() {
                let one_axis = self.graph.parameters[*parameter].sizes.len() == 1;
                roles[*parameter] = match &node.operation {
                    Declared::BatchNorm { .. } | Declared::LayerNorm { .. } => Role::Norm,
                    _ if place > 0 && one_axis => Role::Bias,
                    _ => Role::Weight,
                };
            }
        }
        roles
    }

    /// What these groups mean for each weight, in the order of [`Network::weights`]. Frozen ones take no part in training
    /// from now on: no gradient is computed for them.
    ///
    /// # Errors
    /// As [`Rules::resolve`].
    pub fn group(&mut self, rules: &Rules, optimizer: &Optimizer) -> Result<Vec<Settings>> {
        let roles = self.roles();
        let trainable: Vec<usize> = (0..self.weights.len()).filter(|i| self.weights[*i].trainable).collect();
        let named: Vec<(&str, Role)> = trainable
            .iter()
            .map(|i| (self.weights[*i].name.as_str(), roles[*i]))
            .collect();
        let resolved = rules.resolve(&named, optimizer)?;
        let mut all = vec![Settings::default(); self.weights.len()];
        for (i, settings) in trainable.into_iter().zip(resolved) {
            all[i] = settings;
            self.weights[i].trainable = !settings.frozen;
        }
        Ok(all)
    }

    /// Moves the weights that have a gradient: clipping, weight decay, the optimizer's step. `settings` has one entry per
    /// weight, or none at all. Gives the norm of all gradients where clipping needed it.
    ///
    /// Weights change where they lie, but for those that somebody may hold a clone of: these get new memory first, so that
    /// a clone (of a tensor or of the whole network) keeps its values.
    ///
    /// # Errors
    /// As [`OptimizerState::step`]; as many gradients and settings as there are weights are expected. Nothing has changed then.
    pub fn optimize(
        &mut self,
        gradients: &[Option<Tensor>],
        optimizer: &mut OptimizerState,
        settings: &[Settings],
        rate: f64,
        clip: Option<Clip>,
    ) -> Result<Option<f64>> {
        let count = self.weights.len();
        if gradients.len() != count || !(settings.is_empty() || settings.len() == count) {
            return Err(NetworkError::Weights {
                source_name: "a step".into(),
                mistakes: vec![format!(
                    "{} gradients and {} settings were given for {count} weights",
                    gradients.len(),
                    settings.len()
                )],
            });
        }
        let own = self.shared.owned(count);
        let mut updates = Vec::with_capacity(count);
        let mut moved = Vec::with_capacity(count);
        for (i, (weight, gradient)) in self.weights.iter_mut().zip(gradients).enumerate() {
            if let (true, Some(gradient)) = (weight.trainable, gradient) {
                updates.push(Update {
                    name: &weight.name,
                    weight: &mut weight.tensor,
                    gradient,
                    shared: !own[i],
                    settings: settings.get(i).copied().unwrap_or_default(),
                });
                moved.push(i);
            }
        }
        let norm = optimizer.step(updates, rate, clip)?;
        for i in moved {
            own[i] = !settings.get(i).is_some_and(|s| s.frozen);
        }
        Ok(norm)
    }

    /// Takes the weights and buffers of this moment into an average.
    ///
    /// # Errors
    /// As [`AverageState::add`].
    pub fn add_to(&self, average: &mut AverageState) -> Result<()> {
        let weights: Vec<(&str, &Tensor)> = self.weights.iter().map(|w| (w.name.as_str(), &w.tensor)).collect();
        Ok(average.add(&weights)?)
    }

    /// A network with the weights and buffers of an average.
    ///
    /// # Errors
    /// An average that has seen no weights, or those of another network.
    pub fn averaged(&self, average: &AverageState) -> Result<Self> {
        let mut network = self.clone();
        network.set_weights(average.tensors()?)?;
        Ok(network)
    }
}
