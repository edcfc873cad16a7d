//! Running statistics computed anew.

use crate::error::{NetworkError, Result};
use crate::forward::{Towards, forward};
use crate::network::{Named, Network};
use crate::timing::Clock;
use candle_core::{DType, Tensor};
use cistron_model::{Convention, Operation as Declared};
use cistron_ops::Pass;
use std::collections::BTreeMap;

impl Network {
    /// Replaces the running statistics of all batch norms by the means over these batches of what each batch has, for
    /// weights that were averaged or loaded: PyTorch's `update_bn`. It runs in training mode, dropout included, and keeps
    /// nothing for a backward pass. Gives the number of batches; without any, nothing changes.
    ///
    /// # Errors
    /// A batch that is an error or doesn't fit; a batch norm of momentum 0, which shows no statistics.
    pub fn recompute_statistics(&mut self, batches: impl IntoIterator<Item = Result<Named>>, seed: u64) -> Result<u64> {
        // Of each buffer with statistics: the share of a batch, and whether it is Sonnet's hidden sum.
        let mut shares: BTreeMap<usize, f64> = BTreeMap::new();
        let mut counters = Vec::new();
        for node in &self.graph.nodes {
            if let Declared::BatchNorm {
                momentum, convention, ..
            } = &node.operation
            {
                if *momentum == 0.0 {
                    return Err(NetworkError::Graph {
                        layer: node.name.clone(),
                        what: "its momentum is 0, so its statistics never change".into(),
                    });
                }
                shares.extend(node.parameters.iter().skip(2).take(2).map(|p| (*p, *momentum)));
                if *convention == Convention::Sonnet {
                    counters.extend(node.parameters.get(4));
                }
            }
        }
        let mut walker = self.clone();
        for (index, weight) in walker.weights.iter_mut().enumerate() {
            if shares.contains_key(&index) || counters.contains(&index) {
                weight.tensor = weight.tensor.zeros_like()?;
            }
        }
        let mut sums: BTreeMap<usize, Tensor> = BTreeMap::new();
        let mut count = 0;
        for batch in batches {
            let pass = Pass {
                training: true,
                seed,
                step: count,
                node: 0,
            };
            let walk = forward(&walker, &batch?, &pass, Towards::Nothing, &mut Clock::default(), |_, _, _| {
                Ok(false)
            })?;
            for (index, tensor) in walk.updates.into_iter().filter(|(i, _)| shares.contains_key(i)) {
                // From a running value of 0, what comes is the share of the batch.
                let tensor = tensor.to_dtype(DType::F64)?;
                let sum = match sums.remove(&index) {
                    Some(sum) => (sum + tensor)?,
                    None => tensor,
                };
                sums.insert(index, sum);
            }
            count += 1;
        }
        if count == 0 {
            return Ok(0);
        }
        let sonnet = !counters.is_empty();
        for (index, sum) in sums {
            // Sonnet divides a hidden sum of one update by that share itself.
            let share = if sonnet { 1.0 } else { shares[&index] };
            self.weights[index].tensor = (sum / (count as f64 * share))?.to_dtype(self.precision)?;
        }
        for index in counters {
            self.weights[index].tensor = self.weights[index].tensor.ones_like()?;
        }
        Ok(count)
    }
}
