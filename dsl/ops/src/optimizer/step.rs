//! A step of many parameters at once.

use super::clip::{Clip, Cut};
use super::groups::Settings;
use super::jobs;
use super::rule::Rule;
use super::state::{OptimizerState, Slot};
use super::values::{Held, Values};
use crate::buffer::{take, zeroed};
use crate::error::{OpsError, Result};
use crate::view::{by_precision, tensor, view};
use candle_core::{CpuStorage, InplaceOp1, Layout, Tensor};
use std::cell::RefCell;
use std::marker::PhantomData;

const NAME: &str = "optimizer";

/// A parameter with its gradient.
#[derive(Debug)]
pub struct Update<'a> {
    /// The parameter's name; its counter and moments are found by it.
    pub name: &'a str,
    /// The weight, which is changed where it lies, or replaced.
    pub weight: &'a mut Tensor,
    /// Its gradient.
    pub gradient: &'a Tensor,
    /// Whether anything else may hold the weight's memory: then the weight is copied first, and whoever holds the old one
    /// keeps its values. Say `false` only of a tensor that has no clone and no view.
    pub shared: bool,
    /// What its group says.
    pub settings: Settings,
}

/// What a thread needs to change one parameter.
struct Work<'a> {
    weight: &'a mut Tensor,
    gradient: &'a Tensor,
    shared: bool,
    slot: &'a mut Slot,
    rule: Rule,
    cut: Cut,
}

impl OptimizerState {
    /// One step of all these parameters at this learning rate (that of the settings, or what a schedule makes of it); frozen
    /// ones are left out. Gives the norm of all gradients where clipping needed it.
    ///
    /// Weights and moments are changed where they lie, in one pass, several small parameters to a thread; after the first
    /// step nothing is allocated for them. Gradients are clipped first, then weight decay is added.
    ///
    /// # Errors
    /// A gradient of another shape or type than the weight, a parameter given twice, a norm that is not finite: nothing has
    /// changed then.
    pub fn step(&mut self, updates: Vec<Update<'_>>, rate: f64, clip: Option<Clip>) -> Result<Option<f64>> {
        let mut updates: Vec<Update<'_>> = updates.into_iter().filter(|u| !u.settings.frozen).collect();
        let mut places = Vec::with_capacity(updates.len());
        for update in &updates {
            self.check(update)?;
        }
        let (cuts, norm) = match clip {
            None => (vec![Cut::NONE; updates.len()], None),
            Some(clip) => clip.cuts(&updates.iter().map(|u| (u.name, u.gradient)).collect::<Vec<_>>())?,
        };
        for update in &updates {
            places.push(self.place(update)?);
        }
        let mut free: Vec<Option<&mut Slot>> = self.slots.iter_mut().map(Some).collect();
        let mut works = Vec::with_capacity(updates.len());
        for ((update, place), cut) in updates.iter_mut().zip(places).zip(cuts) {
            let Some(slot) = free[place].take() else {
                return Err(OpsError::State {
                    what: update.name.to_string(),
                    found: "it twice in one step".into(),
                    expected: "each parameter once".into(),
                });
            };
            let decay = update.settings.weight_decay.unwrap_or(self.optimizer.weight_decay());
            works.push(Work {
                rule: Rule::new(&self.optimizer, rate * update.settings.rate, decay, slot.steps + 1),
                weight: &mut *update.weight,
                gradient: update.gradient,
                shared: update.shared,
                slot,
                cut,
            });
        }
        jobs::run(works, |w| w.gradient.elem_count(), Work::run)?;
        Ok(norm)
    }

    /// One step of one parameter: the new weight. The weight given stays as it is.
    ///
    /// # Errors
    /// As [`OptimizerState::step`].
    pub fn update(&mut self, name: &str, weight: &Tensor, gradient: &Tensor, rate: f64) -> Result<Tensor> {
        let mut weight = weight.clone();
        let update = Update {
            name,
            weight: &mut weight,
            gradient,
            shared: true,
            settings: Settings::default(),
        };
        self.step(vec![update], rate, None)?;
        Ok(weight)
    }

    fn check(&self, update: &Update<'_>) -> Result<()> {
        let (weight, gradient) = (&*update.weight, update.gradient);
        if weight.dims() != gradient.dims() {
            let expected = format!("{:?}, the shape of the weight", weight.dims());
            let what = format!("the gradient of `{}`", update.name);
            return Err(OpsError::shape(NAME, what, gradient.dims(), expected));
        }
        if weight.dtype() != gradient.dtype() {
            return Err(OpsError::Setting {
                operation: NAME,
                what: format!("the type of the gradient of `{}`", update.name),
                found: format!("{:?}", gradient.dtype()),
                expected: format!("{:?}, the type of the weight", weight.dtype()),
            });
        }
        let precision = by_precision!(NAME, weight, T => Ok(match self.places.get(update.name) {
            None => true,
            Some(place) => self.slots[*place].moments.iter().all(|m| <T as Held>::fits(m, weight.elem_count())),
        }))?;
        if precision {
            return Ok(());
        }
        Err(OpsError::State {
            what: update.name.to_string(),
            found: format!("moments of another shape or type than the weight's {:?}", weight.dims()),
            expected: "the weight that it had in earlier steps".into(),
        })
    }

    /// The place of a parameter's slot, which is made when it has none.
    fn place(&mut self, update: &Update<'_>) -> Result<usize> {
        if let Some(place) = self.places.get(update.name) {
            return Ok(*place);
        }
        let count = update.weight.elem_count();
        let moments = by_precision!(NAME, update.weight, T => {
            Ok(self.optimizer.tensors().iter().map(|_| T::held(zeroed(count))).collect::<Vec<Values>>())
        })?;
        self.places.insert(update.name.to_string(), self.slots.len());
        self.slots.push(Slot {
            steps: 0,
            dims: update.weight.dims().to_vec(),
            moments,
        });
        Ok(self.slots.len() - 1)
    }
}

impl Work<'_> {
    fn run(self) -> Result<()> {
        by_precision!(NAME, self.weight, T => self.run_as::<T>())
    }

    fn run_as<T: Held>(self) -> Result<()> {
        let Self {
            weight,
            gradient,
            shared,
            slot,
            rule,
            cut,
        } = self;
        if shared || !weight.is_contiguous() {
            let mut own = take::<T>(weight.elem_count());
            own.copy_from_slice(view::<T>(NAME, weight)?.slice());
            *weight = tensor(own, weight.dims())?;
        }
        let g = view::<T>(NAME, gradient)?;
        let mut moments: Vec<&mut [T]> = slot
            .moments
            .iter_mut()
            .filter_map(|m| T::of_values(m).map(Vec::as_mut_slice))
            .collect();
        let change = |w: &mut [T]| rule.run(cut, w, g.slice(), &mut moments);
        weight.inplace_op1(&Change(RefCell::new(change), PhantomData))?;
        slot.steps += 1;
        Ok(())
    }
}

/// Changes a tensor's values where they lie.
struct Change<F, T>(RefCell<F>, PhantomData<T>);

impl<T: Held, F: FnMut(&mut [T])> InplaceOp1 for Change<F, T> {
    fn name(&self) -> &'static str {
        NAME
    }

    fn cpu_fwd(&self, storage: &mut CpuStorage, layout: &Layout) -> candle_core::Result<()> {
        if let (Some(values), Some((start, end))) = (T::of_storage(storage), layout.contiguous_offsets()) {
            (self.0.borrow_mut())(&mut values[start..end]);
        }
        Ok(())
    }
}
