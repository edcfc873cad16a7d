//! Mean and largest value over an axis.

use crate::axis::{Around, around, without};
use crate::error::{OpsError, Result};
use crate::number::Number;
use crate::operation::{Forward, Kept, Needs, Operation, Pass, Reads, expect_inputs};
use crate::parallel::{fill_rows, sum_of};
use crate::view::{by_precision, tensor, view};
use candle_core::{Device, Tensor};

/// Takes an axis away (0 is the first after the batch).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reduce {
    /// The mean over the axis.
    Mean(usize),
    /// The largest value over the axis; the gradient goes to the first of equals, as PyTorch's `max(dim)`.
    Largest(usize),
}

impl Reduce {
    fn axis(self) -> usize {
        match self {
            Self::Mean(axis) | Self::Largest(axis) => axis,
        }
    }

    fn look(self, dims: &[usize]) -> Result<Around> {
        let a = around(self.name(), dims, self.axis())?;
        if a.size == 0 {
            return Err(OpsError::shape(
                self.name(),
                "the input",
                dims,
                "at least one value in the axis that disappears",
            ));
        }
        Ok(a)
    }
}

fn mean<T: Number>(x: &[T], a: Around) -> Vec<T> {
    let share = T::of(1.0 / a.size as f64);
    let mut output = vec![T::default(); a.outer * a.inner];
    fill_rows(&mut output, a.inner, |first, rows| {
        for (r, target) in rows.chunks_mut(a.inner).enumerate() {
            let block = &x[(first + r) * a.size * a.inner..][..a.size * a.inner];
            if a.inner == 1 {
                target[0] = sum_of(block, |v| v) * share;
                continue;
            }
            for source in block.chunks(a.inner) {
                for (t, s) in target.iter_mut().zip(source) {
                    *t += *s;
                }
            }
            target.iter_mut().for_each(|t| *t *= share);
        }
    });
    output
}

fn largest<T: Number>(x: &[T], a: Around) -> (Vec<T>, Vec<u32>) {
    let places: Vec<u32> = (0..a.outer * a.inner)
        .map(|i| {
            let base = (i / a.inner) * a.size * a.inner + i % a.inner;
            let mut best = 0;
            for k in 1..a.size {
                let (value, current) = (x[base + k * a.inner], x[base + best * a.inner]);
                // A missing value wins over a number.
                let missing = value.partial_cmp(&value).is_none() && current.partial_cmp(&current).is_some();
                if value > current || missing {
                    best = k;
                }
            }
            best as u32
        })
        .collect();
    let values = places
        .iter()
        .enumerate()
        .map(|(i, k)| x[(i / a.inner) * a.size * a.inner + *k as usize * a.inner + i % a.inner])
        .collect();
    (values, places)
}

impl Operation for Reduce {
    fn name(&self) -> &'static str {
        match self {
            Self::Mean(_) => "mean",
            Self::Largest(_) => "largest",
        }
    }

    fn forward(&self, inputs: &[&Tensor], _: &Pass) -> Result<Forward> {
        expect_inputs(self.name(), inputs, 1..=1)?;
        let a = self.look(inputs[0].dims())?;
        let dims = without(inputs[0].dims(), self.axis());
        by_precision!(self.name(), inputs[0], T => {
            let x = view::<T>(self.name(), inputs[0])?;
            match self {
                Self::Mean(_) => Ok(tensor(mean(x.slice(), a), &dims)?.into()),
                Self::Largest(_) => {
                    let (values, places) = largest(x.slice(), a);
                    let saved = vec![Tensor::from_vec(places, dims.as_slice(), &Device::Cpu)?];
                    Ok(Forward { output: tensor(values, &dims)?, saved, updates: Vec::new() })
                }
            }
        })
    }

    fn backward(&self, kept: &Kept, gradient: &Tensor, _: &[bool]) -> Result<Vec<Option<Tensor>>> {
        let dims = kept.shape(self.name(), 0)?;
        let a = self.look(dims)?;
        let places = match self {
            Self::Mean(_) => Vec::new(),
            Self::Largest(_) => kept.saved(self.name(), 0)?.flatten_all()?.to_vec1::<u32>()?,
        };
        by_precision!(self.name(), gradient, T => {
            let g = view::<T>(self.name(), gradient)?;
            let g = g.slice();
            let share = <T as Number>::of(1.0 / a.size as f64);
            let mut output = vec![<T as Default>::default(); a.outer * a.size * a.inner];
            fill_rows(&mut output, a.size * a.inner, |first, blocks| {
                for (r, block) in blocks.chunks_mut(a.size * a.inner).enumerate() {
                    let range = (first + r) * a.inner..(first + r + 1) * a.inner;
                    if places.is_empty() {
                        for target in block.chunks_mut(a.inner) {
                            for (t, g) in target.iter_mut().zip(&g[range.clone()]) {
                                *t = *g * share;
                            }
                        }
                    } else {
                        for (i, (g, k)) in g[range.clone()].iter().zip(&places[range]).enumerate() {
                            block[*k as usize * a.inner + i] = *g;
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

    fn needs(&self, shapes: &[Vec<usize>], _: usize) -> Needs {
        let saved = match self {
            Self::Mean(_) => 0,
            // The places of the largest values, as U32.
            Self::Largest(axis) => shapes[0].iter().product::<usize>() / shapes[0].get(axis + 1).copied().unwrap_or(1).max(1) * 4,
        };
        Needs {
            saved,
            ..Needs::default()
        }
    }
}
