//! What an optimizer remembers of each parameter.

use super::Optimizer;
use crate::error::{OpsError, Result};
use crate::number::Number;
use crate::view::{by_precision, tensor, view};
use candle_core::{Device, Tensor};
use std::collections::BTreeMap;

/// An optimizer at work: its settings, and the steps and tensors of each parameter, by the parameter's name.
///
/// A parameter that gets no gradient in a step keeps its counter, so its bias correction stays right.
#[derive(Clone, Debug)]
pub struct OptimizerState {
    optimizer: Optimizer,
    slots: BTreeMap<String, Slot>,
}

#[derive(Clone, Debug)]
struct Slot {
    steps: u64,
    tensors: Vec<Tensor>,
}

impl OptimizerState {
    /// An optimizer that has done no step.
    pub fn new(optimizer: impl Into<Optimizer>) -> Self {
        Self {
            optimizer: optimizer.into(),
            slots: BTreeMap::new(),
        }
    }

    /// Its settings.
    pub fn optimizer(&self) -> &Optimizer {
        &self.optimizer
    }

    /// The steps that a parameter has done.
    pub fn steps(&self, name: &str) -> u64 {
        self.slots.get(name).map_or(0, |slot| slot.steps)
    }

    /// One step of one parameter at this learning rate (that of the settings, or what a schedule makes of it): the new weight.
    ///
    /// # Errors
    /// A gradient of another shape or type than the weight.
    pub fn update(&mut self, name: &str, weight: &Tensor, gradient: &Tensor, rate: f64) -> Result<Tensor> {
        const NAME: &str = "optimizer";
        if weight.dims() != gradient.dims() {
            let expected = format!("{:?}, the shape of the weight", weight.dims());
            return Err(OpsError::shape(
                NAME,
                format!("the gradient of `{name}`"),
                gradient.dims(),
                expected,
            ));
        }
        by_precision!(NAME, weight, T => {
            let (w, g) = (view::<T>(NAME, weight)?, view::<T>(NAME, gradient)?);
            let slot = self.slots.get(name);
            let steps = slot.map_or(0, |slot| slot.steps) + 1;
            let views = slot.map_or(&[][..], |slot| &slot.tensors).iter().map(|t| view::<T>(NAME, t)).collect::<Result<Vec<_>>>()?;
            let (new, tensors) = advance::<T>(&self.optimizer, rate, steps, w.slice(), g.slice(), &views.iter().map(|v| v.slice()).collect::<Vec<_>>());
            drop(views);
            let tensors = tensors.into_iter().map(|t| tensor(t, weight.dims())).collect::<Result<Vec<_>>>()?;
            self.slots.insert(name.to_string(), Slot { steps, tensors });
            tensor(new, weight.dims())
        })
    }

    /// Everything it remembers, as named tensors: `NAME.steps` (U32) and `NAME.mean`, `NAME.square` or `NAME.momentum`.
    ///
    /// # Errors
    /// A counter that doesn't fit.
    pub fn export(&self) -> Result<BTreeMap<String, Tensor>> {
        let mut named = BTreeMap::new();
        for (name, slot) in &self.slots {
            let steps = u32::try_from(slot.steps).unwrap_or(u32::MAX);
            named.insert(format!("{name}.steps"), Tensor::from_vec(vec![steps], 1, &Device::Cpu)?);
            for (part, tensor) in self.optimizer.tensors().iter().zip(&slot.tensors) {
                named.insert(format!("{name}.{part}"), tensor.clone());
            }
        }
        Ok(named)
    }

    /// An optimizer that goes on from what [`OptimizerState::export`] gave.
    ///
    /// # Errors
    /// An entry that is missing or that no parameter of this optimizer has.
    pub fn import(optimizer: impl Into<Optimizer>, mut named: BTreeMap<String, Tensor>) -> Result<Self> {
        let optimizer = optimizer.into();
        let mut slots = BTreeMap::new();
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
            let tensors = optimizer
                .tensors()
                .iter()
                .map(|part| take(part))
                .collect::<Result<Vec<_>>>()?;
            if let Some(other) = tensors.iter().find(|t| t.dims() != tensors[0].dims()) {
                let expected = format!("{:?}, the shape of `{name}.{}`", tensors[0].dims(), optimizer.tensors()[0]);
                return Err(OpsError::State {
                    what: name,
                    found: format!("{:?}", other.dims()),
                    expected,
                });
            }
            slots.insert(
                name,
                Slot {
                    steps: u64::from(steps),
                    tensors,
                },
            );
        }
        if let Some(key) = named.keys().next() {
            let expected = format!("only steps and {:?} of parameters", optimizer.tensors());
            return Err(OpsError::State {
                what: "entries".into(),
                found: format!("`{key}`"),
                expected,
            });
        }
        Ok(Self { optimizer, slots })
    }
}

fn advance<T: Number>(optimizer: &Optimizer, rate: f64, step: u64, w: &[T], g: &[T], before: &[&[T]]) -> (Vec<T>, Vec<Vec<T>>) {
    let moments = match before {
        [mean, square] => Some((*mean, *square)),
        _ => None,
    };
    match optimizer {
        Optimizer::Sgd(o) => o.update(rate, w, g, before.first().copied()),
        Optimizer::Adam(o) => super::adam::Moments::from(o).update(rate, step, w, g, moments),
        Optimizer::AdamW(o) => super::adam::Moments::from(o).update(rate, step, w, g, moments),
    }
}
