//! What an optimizer remembers of each parameter.

use super::Optimizer;
use super::values::Values;
use crate::error::{OpsError, Result};
use candle_core::{Device, Tensor};
use std::collections::BTreeMap;

/// An optimizer at work: its settings, and the steps and moments of each parameter, by the parameter's name.
///
/// A parameter that gets no gradient in a step keeps its counter, so its bias correction stays right.
#[derive(Clone, Debug)]
pub struct OptimizerState {
    pub(super) optimizer: Optimizer,
    /// Where a parameter's slot is.
    pub(super) places: BTreeMap<String, usize>,
    pub(super) slots: Vec<Slot>,
}

/// What is kept of one parameter.
#[derive(Clone, Debug)]
pub(super) struct Slot {
    pub(super) steps: u64,
    pub(super) dims: Vec<usize>,
    pub(super) moments: Vec<Values>,
}

impl OptimizerState {
    /// An optimizer that has done no step.
    pub fn new(optimizer: impl Into<Optimizer>) -> Self {
        Self {
            optimizer: optimizer.into(),
            places: BTreeMap::new(),
            slots: Vec::new(),
        }
    }

    /// Its settings.
    pub fn optimizer(&self) -> &Optimizer {
        &self.optimizer
    }

    /// The steps that a parameter has done.
    pub fn steps(&self, name: &str) -> u64 {
        self.places.get(name).map_or(0, |place| self.slots[*place].steps)
    }

    /// Everything it remembers, as named tensors: `NAME.steps` (U32) and what the optimizer keeps: `NAME.momentum` of `Sgd`,
    /// `NAME.mean` and `NAME.square` of Adam and its kin (`NAME.largest` too with `amsgrad`), `NAME.sum` of `Adagrad`,
    /// `NAME.square` and `NAME.delta` of `Adadelta`.
    ///
    /// # Errors
    /// A counter that doesn't fit.
    pub fn export(&self) -> Result<BTreeMap<String, Tensor>> {
        let mut named = BTreeMap::new();
        for (name, place) in &self.places {
            let slot = &self.slots[*place];
            let steps = u32::try_from(slot.steps).unwrap_or(u32::MAX);
            named.insert(format!("{name}.steps"), Tensor::from_vec(vec![steps], 1, &Device::Cpu)?);
            for (part, values) in self.optimizer.tensors().iter().zip(&slot.moments) {
                named.insert(format!("{name}.{part}"), values.tensor(&slot.dims)?);
            }
        }
        Ok(named)
    }

    /// An optimizer that goes on from what [`OptimizerState::export`] gave.
    ///
    /// # Errors
    /// An entry that is missing or that no parameter of this optimizer has.
    pub fn import(optimizer: impl Into<Optimizer>, mut named: BTreeMap<String, Tensor>) -> Result<Self> {
        let mut state = Self::new(optimizer);
        let parts = state.optimizer.tensors();
        let names: Vec<String> = named
            .keys()
            .filter_map(|k| k.strip_suffix(".steps"))
            .map(str::to_string)
            .collect();
        for name in names {
            let mut take = |part: &str| {
                let key = format!("{name}.{part}");
                named.remove(&key).ok_or_else(|| OpsError::State {
                    what: key,
                    found: "nothing".into(),
                    expected: "a tensor".into(),
                })
            };
            let steps = take("steps")?.to_vec1::<u32>()?;
            let [steps] = steps[..] else {
                let (what, found) = (format!("{name}.steps"), format!("{} values", steps.len()));
                return Err(OpsError::State {
                    what,
                    found,
                    expected: "one value".into(),
                });
            };
            let tensors = parts.iter().map(|part| take(part)).collect::<Result<Vec<_>>>()?;
            if let Some(other) = tensors.iter().find(|t| t.dims() != tensors[0].dims()) {
                let expected = format!("{:?}, the shape of `{name}.{}`", tensors[0].dims(), parts[0]);
                return Err(OpsError::State {
                    what: name,
                    found: format!("{:?}", other.dims()),
                    expected,
                });
            }
            state.places.insert(name, state.slots.len());
            state.slots.push(Slot {
                steps: u64::from(steps),
                dims: tensors.first().map(|t| t.dims().to_vec()).unwrap_or_default(),
                moments: tensors.iter().map(Values::from_tensor).collect::<Result<_>>()?,
            });
        }
        if let Some(key) = named.keys().next() {
            let expected = format!("only steps and {parts:?} of parameters");
            return Err(OpsError::State {
                what: "entries".into(),
                found: format!("`{key}`"),
                expected,
            });
        }
        Ok(state)
    }
}
