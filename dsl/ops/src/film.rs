//! Channels scaled and shifted by what else is known of an example.

use crate::buffer::take;
use crate::error::{OpsError, Result};
use crate::operation::{Forward, Kept, Operation, Pass, Reads, expect_inputs};
use crate::parallel::{fill_rows, sum_of, sum_of2};
use crate::raw::vectorised;
use crate::view::{by_precision, tensor, view};
use candle_core::Tensor;

/// `scale * x + shift` with one scale and one shift per example and channel (FiLM, Perez et al. 2018).
///
/// # Shapes
/// x `[batch, channel, ..]`, scale and shift `[batch, channel]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Film;

impl Film {
    /// Batch times channels, and what lies inside of a channel.
    fn sizes(&self, x: &[usize], scale: &[usize], shift: &[usize]) -> Result<(usize, usize)> {
        if x.len() < 2 {
            return Err(OpsError::shape(self.name(), "the input", x, "[batch, channel, ..]"));
        }
        for (found, what) in [(scale, "the scale"), (shift, "the shift")] {
            if found != &x[..2] {
                let expected = format!("{:?}, batch and channels of the input", &x[..2]);
                return Err(OpsError::shape(self.name(), what, found, expected));
            }
        }
        Ok((x[0] * x[1], x[2..].iter().product()))
    }
}

impl Operation for Film {
    fn name(&self) -> &'static str {
        "film"
    }

    fn forward(&self, inputs: &[&Tensor], _: &Pass) -> Result<Forward> {
        expect_inputs(self.name(), inputs, 3..=3)?;
        let (rows, row) = self.sizes(inputs[0].dims(), inputs[1].dims(), inputs[2].dims())?;
        by_precision!(self.name(), inputs[0], T => {
            let views = inputs.iter().map(|t| view::<T>(self.name(), t)).collect::<Result<Vec<_>>>()?;
            let (x, scale, shift) = (views[0].slice(), views[1].slice(), views[2].slice());
            let mut output = take::<T>(rows * row);
            fill_rows(&mut output, row, |first, piece| {
                vectorised(
                    #[inline(always)]
                    || {
                        for (r, target) in piece.chunks_mut(row).enumerate() {
                            let (a, b) = (scale[first + r], shift[first + r]);
                            let x = &x[(first + r) * row..][..row];
                            target.iter_mut().zip(x).for_each(|(t, x)| *t = a * *x + b);
                        }
                    },
                );
            });
            Ok(tensor(output, inputs[0].dims())?.into())
        })
    }

    fn backward(&self, kept: &Kept, gradient: &Tensor, wanted: &[bool]) -> Result<Vec<Option<Tensor>>> {
        let dims = kept.shape(self.name(), 0)?;
        let (rows, row) = self.sizes(dims, kept.shape(self.name(), 1)?, kept.shape(self.name(), 2)?)?;
        by_precision!(self.name(), gradient, T => {
            let g = view::<T>(self.name(), gradient)?;
            let g = g.slice();
            let mut results = vec![None, None, None];
            if wanted[0] {
                let scale = view::<T>(self.name(), kept.input(self.name(), 1)?)?;
                let scale = scale.slice();
                let mut dx = take::<T>(rows * row);
                fill_rows(&mut dx, row, |first, piece| {
                    vectorised(
                        #[inline(always)]
                        || {
                            for (r, target) in piece.chunks_mut(row).enumerate() {
                                let a = scale[first + r];
                                let g = &g[(first + r) * row..][..row];
                                target.iter_mut().zip(g).for_each(|(t, g)| *t = a * *g);
                            }
                        },
                    );
                });
                results[0] = Some(tensor(dx, dims)?);
            }
            if wanted[1] {
                let x = view::<T>(self.name(), kept.input(self.name(), 0)?)?;
                let x = x.slice();
                let mut of_scale = take::<T>(rows);
                fill_rows(&mut of_scale, 1, |first, piece| {
                    for (r, target) in piece.iter_mut().enumerate() {
                        let here = (first + r) * row..(first + r + 1) * row;
                        *target = vectorised(#[inline(always)] || sum_of2(&x[here.clone()], &g[here], |x, g| x * g));
                    }
                });
                results[1] = Some(tensor(of_scale, &dims[..2])?);
            }
            if wanted[2] {
                let mut of_shift = take::<T>(rows);
                fill_rows(&mut of_shift, 1, |first, piece| {
                    for (r, target) in piece.iter_mut().enumerate() {
                        let here = (first + r) * row..(first + r + 1) * row;
                        *target = vectorised(#[inline(always)] || sum_of(&g[here], |g| g));
                    }
                });
                results[2] = Some(tensor(of_shift, &dims[..2])?);
            }
            Ok(results)
        })
    }

    fn reads(&self) -> Reads {
        Reads::INPUTS
    }
}
