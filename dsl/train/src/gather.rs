//! Outputs and targets, batch by batch.

use crate::Result;
use candle_core::Tensor;
use cistron_data::Named;
use std::collections::BTreeMap;

/// Outputs of a network beside what was measured, of one batch after the other.
#[derive(Clone, Debug, Default)]
pub(crate) struct Gathered {
    outputs: BTreeMap<String, Vec<Tensor>>,
    targets: BTreeMap<String, Vec<Tensor>>,
}

impl Gathered {
    /// Takes in a batch.
    pub(crate) fn add(&mut self, outputs: Named, targets: Named) {
        for (into, tensors) in [(&mut self.outputs, outputs), (&mut self.targets, targets)] {
            for (name, tensor) in tensors {
                into.entry(name).or_default().push(tensor);
            }
        }
    }

    /// All batches in one: outputs and targets by name.
    pub(crate) fn join(&self) -> Result<(Named, Named)> {
        let join = |parts: &BTreeMap<String, Vec<Tensor>>| -> Result<Named> {
            let one = |(name, list): (&String, &Vec<Tensor>)| {
                let whole = match list.as_slice() {
                    [one] => one.clone(),
                    several => Tensor::cat(several, 0)?,
                };
                Ok((name.clone(), whole))
            };
            parts.iter().map(one).collect()
        };
        Ok((join(&self.outputs)?, join(&self.targets)?))
    }
}
