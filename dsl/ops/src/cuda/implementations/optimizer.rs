//! Optimizers on a device: one fused pass per parameter, clipping without a word to the host.

use super::parts::{Site, arguments};
use crate::cuda::raw::Grid;
use crate::error::{OpsError, Result};
use crate::optimizer::Rule;
use crate::{Clip, Optimizer, Update};
use candle_core::{Device, Tensor};
use std::collections::BTreeMap;

const NAME: &str = "optimizer";
/// Values per block of a sum of squares.
const PART: usize = 65_536;

/// An optimizer whose weights, gradients and moments lie on a device; its meaning is that of [`crate::OptimizerState`].
///
/// Weights are F32 or F64 (with BF16 activations they are F32).
#[derive(Clone, Debug)]
pub struct DeviceOptimizer {
    optimizer: Optimizer,
    slots: BTreeMap<String, Slot>,
}

#[derive(Clone, Debug)]
struct Slot {
    steps: u64,
    moments: Vec<Tensor>,
}

/// What clipping does to a gradient: the norm that is held against `most`, and the limit of values.
#[derive(Clone, Debug)]
struct Cut {
    norm: Option<Tensor>,
    most: f64,
    limit: f64,
}

impl DeviceOptimizer {
    /// An optimizer that has done no step.
    pub fn new(optimizer: impl Into<Optimizer>) -> Self {
        Self {
            optimizer: optimizer.into(),
            slots: BTreeMap::new(),
        }
    }

    /// One step of all these parameters at this learning rate. Gives the norm of all gradients where clipping needed it, as
    /// a tensor of one value that stays on the device. A norm that is not finite is not noticed here: it makes weights that
    /// are not finite.
    ///
    /// # Errors
    /// A gradient of another shape or type than the weight.
    pub fn step(&mut self, updates: Vec<Update<'_>>, rate: f64, clip: Option<Clip>) -> Result<Option<Tensor>> {
        let updates: Vec<Update<'_>> = updates.into_iter().filter(|u| !u.settings.frozen).collect();
        for update in &updates {
            let (weight, gradient) = (&*update.weight, update.gradient);
            if weight.dims() != gradient.dims() || weight.dtype() != gradient.dtype() {
                let expected = format!("{:?} {:?}, as the weight", weight.dims(), weight.dtype());
                return Err(OpsError::shape(
                    NAME,
                    format!("the gradient of `{}`", update.name),
                    gradient.dims(),
                    expected,
                ));
            }
        }
        let all = match clip {
            Some(Clip::GlobalNorm(_)) => norm(&updates.iter().map(|u| u.gradient).collect::<Vec<_>>())?,
            _ => None,
        };
        for update in updates {
            let mut cut = Cut {
                norm: None,
                most: 1.0,
                limit: f64::INFINITY,
            };
            match clip {
                None => {}
                Some(Clip::Value(limit)) => cut.limit = limit,
                Some(Clip::GlobalNorm(most)) => (cut.norm, cut.most) = (all.clone(), most),
                Some(Clip::TensorNorm(most)) => (cut.norm, cut.most) = (norm(&[update.gradient])?, most),
            }
            self.change(update, rate, &cut)?;
        }
        Ok(all)
    }

    fn change(&mut self, update: Update<'_>, rate: f64, cut: &Cut) -> Result<()> {
        let site = Site::of(NAME, update.weight)?;
        let count = update.weight.elem_count();
        if !self.slots.contains_key(update.name) {
            let moments = self.optimizer.tensors().iter().map(|_| site.zeros(update.weight.dims()));
            let moments = moments.collect::<Result<Vec<_>>>()?;
            self.slots.insert(update.name.to_string(), Slot { steps: 0, moments });
        }
        let Some(slot) = self.slots.get_mut(update.name) else {
            return Ok(());
        };
        let old = site.activation(update.weight)?;
        let new = if update.shared {
            site.activations(old.dims())?
        } else {
            old.clone()
        };
        let gradient = site.activation(update.gradient)?;
        let decay = update.settings.weight_decay.unwrap_or(self.optimizer.weight_decay());
        let grid = Grid::each(count);
        let clipped = (cut.norm.as_ref(), cut.most, cut.limit);
        match Rule::new(&self.optimizer, rate * update.settings.rate, decay, slot.steps + 1) {
            Rule::Sgd {
                rate,
                decay,
                momentum,
                rest,
                nesterov,
                first,
            } => {
                let (share, rest) = if first { (0.0, 1.0) } else { (momentum, rest) };
                let (direct, along) = if nesterov { (1.0, momentum) } else { (0.0, 1.0) };
                let given = arguments![
                    &old,
                    &gradient,
                    slot.moments.first(),
                    &new,
                    clipped.0,
                    count,
                    clipped.1,
                    clipped.2,
                    rate,
                    share,
                    rest,
                    decay,
                    direct,
                    along
                ];
                site.launch("optimizer", "sgd", grid, given)?;
            }
            Rule::Adam {
                beta1,
                beta2,
                eps,
                coupled,
                shrink,
                size,
                root,
                ..
            } => {
                let given = arguments![
                    &old,
                    &gradient,
                    slot.moments.first(),
                    slot.moments.get(1),
                    slot.moments.get(2),
                    &new,
                    clipped.0,
                    count,
                    clipped.1,
                    clipped.2,
                    size,
                    root,
                    beta1,
                    beta2,
                    eps,
                    coupled,
                    shrink
                ];
                site.launch("optimizer", "adam", grid, given)?;
            }
            Rule::NAdam {
                beta1,
                beta2,
                eps,
                decay,
                direct,
                along,
                root,
            } => {
                let given = arguments![
                    &old,
                    &gradient,
                    slot.moments.first(),
                    slot.moments.get(1),
                    &new,
                    clipped.0,
                    count,
                    clipped.1,
                    clipped.2,
                    direct,
                    along,
                    root,
                    beta1,
                    beta2,
                    eps,
                    decay
                ];
                site.launch("optimizer", "nadam", grid, given)?;
            }
            Rule::Adagrad { size, eps, decay } => {
                let given = arguments![
                    &old,
                    &gradient,
                    slot.moments.first(),
                    &new,
                    clipped.0,
                    count,
                    clipped.1,
                    clipped.2,
                    size,
                    eps,
                    decay
                ];
                site.launch("optimizer", "adagrad", grid, given)?;
            }
            Rule::Adadelta { rate, decay, rho, eps } => {
                let given = arguments![
                    &old,
                    &gradient,
                    slot.moments.first(),
                    slot.moments.get(1),
                    &new,
                    clipped.0,
                    count,
                    clipped.1,
                    clipped.2,
                    rate,
                    rho,
                    eps,
                    decay
                ];
                site.launch("optimizer", "adadelta", grid, given)?;
            }
        }
        slot.steps += 1;
        *update.weight = new;
        Ok(())
    }

    /// Everything it remembers, on the host, under the names that [`crate::OptimizerState::export`] gives.
    ///
    /// # Errors
    /// A counter that doesn't fit, what the device finds wrong.
    pub fn export(&self) -> Result<BTreeMap<String, Tensor>> {
        let mut named = BTreeMap::new();
        for (name, slot) in &self.slots {
            let steps = u32::try_from(slot.steps).unwrap_or(u32::MAX);
            named.insert(format!("{name}.steps"), Tensor::from_vec(vec![steps], 1, &Device::Cpu)?);
            for (part, moment) in self.optimizer.tensors().iter().zip(&slot.moments) {
                named.insert(format!("{name}.{part}"), moment.to_device(&Device::Cpu)?);
            }
        }
        Ok(named)
    }
}

/// The norm of all gradients together, on the device.
fn norm(gradients: &[&Tensor]) -> Result<Option<Tensor>> {
    let Some(first) = gradients.first() else {
        return Ok(None);
    };
    let site = Site::of(NAME, first)?;
    let parts: Vec<usize> = gradients.iter().map(|g| g.elem_count().div_ceil(PART).max(1)).collect();
    let total = parts.iter().sum::<usize>();
    let (partial, norm) = (site.statistics(&[total])?, site.statistics(&[1])?);
    let mut at = 0;
    for (gradient, parts) in gradients.iter().zip(parts) {
        let values = site.activation(gradient)?;
        let given = arguments![&values, &partial, values.elem_count(), at];
        site.launch("optimizer", "square_sums", Grid::blocks(parts, 1), given)?;
        at += parts;
    }
    site.launch(
        "optimizer",
        "square_root_of_sum",
        Grid::blocks(1, 1),
        arguments![&partial, &norm, total],
    )?;
    Ok(Some(norm))
}

#[cfg(all(test, feature = "cuda-simulation"))]
mod tests {
    use super::*;
    use crate::{Adadelta, Adagrad, Adam, AdamW, KerasAdam, NAdam, OptimizerState, Settings, Sgd};

    /// Three steps of two parameters on the CPU and on the simulated device.
    fn compare(optimizer: impl Into<Optimizer>, clip: Option<Clip>) {
        let optimizer = optimizer.into();
        let values = |seed: usize, dims: &[usize]| {
            let count = dims.iter().product::<usize>();
            let values: Vec<f64> = (0..count).map(|i| ((i * 31 + seed * 17) % 101) as f64 / 50.0 - 1.0).collect();
            Tensor::from_vec(values, dims, &Device::Cpu).expect("fits")
        };
        let shapes: [&[usize]; 2] = [&[7, 5], &[300]];
        let mut weights = [0, 1].map(|i| values(i, shapes[i]));
        let mut others = weights.clone();
        let (mut host, mut device) = (OptimizerState::new(optimizer), DeviceOptimizer::new(optimizer));
        for step in 0..3 {
            let gradients = [0, 1].map(|i| values(10 + 3 * step + i, shapes[i]));
            let updates = |weights: &mut [Tensor; 2], run: &mut dyn FnMut(Vec<Update<'_>>)| {
                let both = weights.iter_mut().zip(&gradients).zip(["a", "b"]);
                run(both
                    .map(|((weight, gradient), name)| Update {
                        name,
                        weight,
                        gradient,
                        shared: true,
                        settings: Settings::default(),
                    })
                    .collect());
            };
            updates(&mut weights, &mut |u| drop(host.step(u, 0.05, clip).expect("steps")));
            updates(&mut others, &mut |u| drop(device.step(u, 0.05, clip).expect("steps")));
        }
        for (a, b) in weights.iter().zip(&others) {
            let distance = (a - b).and_then(|d| d.abs()?.flatten_all()?.max(0)?.to_scalar::<f64>());
            assert!(
                distance.as_ref().is_ok_and(|d| *d < 1e-12),
                "{optimizer:?} {clip:?}: {distance:?}"
            );
        }
        let (a, b) = (host.export().expect("fits"), device.export().expect("fits"));
        assert_eq!(a.keys().collect::<Vec<_>>(), b.keys().collect::<Vec<_>>());
    }

    #[test]
    fn steps_are_those_of_the_cpu() {
        let momentum = Sgd {
            momentum: 0.9,
            dampening: 0.1,
            weight_decay: 0.01,
            ..Sgd::default()
        };
        for clip in [
            None,
            Some(Clip::GlobalNorm(1.5)),
            Some(Clip::TensorNorm(1.0)),
            Some(Clip::Value(0.3)),
        ] {
            compare(Sgd::default(), clip);
            compare(momentum, clip);
            compare(
                Sgd {
                    nesterov: true,
                    dampening: 0.0,
                    ..momentum
                },
                clip,
            );
            compare(
                Adam {
                    weight_decay: 0.02,
                    ..Adam::default()
                },
                clip,
            );
            compare(AdamW::default(), clip);
            compare(
                AdamW {
                    amsgrad: true,
                    ..AdamW::default()
                },
                clip,
            );
            compare(KerasAdam::default(), clip);
            compare(
                NAdam {
                    weight_decay: 0.02,
                    ..NAdam::default()
                },
                clip,
            );
            compare(
                Adagrad {
                    lr_decay: 0.1,
                    weight_decay: 0.02,
                    ..Adagrad::default()
                },
                clip,
            );
            compare(
                Adadelta {
                    weight_decay: 0.02,
                    ..Adadelta::default()
                },
                clip,
            );
        }
    }
}
