//! Chosen entries of an axis.

use crate::axis::{Around, around};
use crate::buffer::{take, zeroed};
use crate::error::{OpsError, Result};
use crate::operation::{Forward, Kept, Operation, Pass, Reads, expect_inputs};
use crate::parallel::fill_rows;
use crate::view::{by_precision, tensor, view};
use candle_core::Tensor;

/// Takes entries of an axis in a given order; an entry may be taken several times (PyTorch's `index_select`). Basenji's
/// exchange of the tracks of both strands is one of these.
///
/// # Shapes
/// `[batch, .., n, ..]` to `[batch, .., places, ..]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gather {
    /// The axis; 0 is the first after the batch.
    pub axis: usize,
    /// The entries.
    pub places: Vec<usize>,
}

impl Gather {
    fn look(&self, dims: &[usize]) -> Result<Around> {
        let a = around(self.name(), dims, self.axis)?;
        if let Some(outside) = self.places.iter().find(|place| **place >= a.size) {
            return Err(OpsError::Setting {
                operation: self.name(),
                what: "a place".into(),
                found: outside.to_string(),
                expected: format!("one of the {} entries of axis {}", a.size, self.axis),
            });
        }
        Ok(a)
    }
}

impl Operation for Gather {
    fn name(&self) -> &'static str {
        "gather"
    }

    fn forward(&self, inputs: &[&Tensor], _: &Pass) -> Result<Forward> {
        expect_inputs(self.name(), inputs, 1..=1)?;
        let a = self.look(inputs[0].dims())?;
        let mut dims = inputs[0].dims().to_vec();
        dims[self.axis + 1] = self.places.len();
        by_precision!(self.name(), inputs[0], T => {
            let x = view::<T>(self.name(), inputs[0])?;
            let x = x.slice();
            let row = self.places.len() * a.inner;
            let mut output = take::<T>(a.outer * row);
            fill_rows(&mut output, row, |first, rows| {
                for (r, target) in rows.chunks_mut(row).enumerate() {
                    let source = &x[(first + r) * a.size * a.inner..][..a.size * a.inner];
                    for (target, place) in target.chunks_mut(a.inner).zip(&self.places) {
                        target.copy_from_slice(&source[place * a.inner..][..a.inner]);
                    }
                }
            });
            Ok(tensor(output, &dims)?.into())
        })
    }

    fn backward(&self, kept: &Kept, gradient: &Tensor, _: &[bool]) -> Result<Vec<Option<Tensor>>> {
        let dims = kept.shape(self.name(), 0)?;
        let a = self.look(dims)?;
        by_precision!(self.name(), gradient, T => {
            let g = view::<T>(self.name(), gradient)?;
            let g = g.slice();
            let mut output = zeroed::<T>(dims.iter().product());
            fill_rows(&mut output, a.size * a.inner, |first, rows| {
                for (r, target) in rows.chunks_mut(a.size * a.inner).enumerate() {
                    let source = &g[(first + r) * self.places.len() * a.inner..];
                    for (source, place) in source.chunks(a.inner).zip(&self.places) {
                        for (t, s) in target[place * a.inner..][..a.inner].iter_mut().zip(source) {
                            *t += *s;
                        }
                    }
                }
            });
            Ok(vec![Some(tensor(output, dims)?)])
        })
    }

    fn reads(&self) -> Reads {
        Reads::NOTHING
    }
}
