//! Dense layers.

use crate::buffer::take;
use crate::error::{OpsError, Result};
use crate::kernel::{Bias, Steps, parallel_product, product_with_bias};
use crate::number::Number;
use crate::operation::{Forward, Kept, Operation, Pass, Reads, expect_inputs};
use crate::parallel::{map_tasks, pieces};
use crate::raw::vectorised;
use crate::view::{by_precision, tensor, view};
use candle_core::Tensor;

/// `y = x w^T + b` over the last axis.
///
/// # Shapes
/// Inputs: x `[.., inputs]`, weight `[features, inputs]`, bias `[features]` if there is one; output `[.., features]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Linear;

/// Sums of the columns of `[rows, width]`, in a fixed order.
pub(crate) fn column_sums<T: Number>(x: &[T], width: usize) -> Vec<T> {
    let rows = x.len().checked_div(width).unwrap_or(0);
    let parts = pieces(rows, (x.len() / 65_536).clamp(1, 16));
    let sums = map_tasks(parts.len(), |i| {
        let (start, length) = parts[i];
        let mut sum = vec![T::default(); width];
        vectorised(
            #[inline(always)]
            || {
                for row in x[start * width..(start + length) * width].chunks_exact(width.max(1)) {
                    for (s, v) in sum.iter_mut().zip(row) {
                        *s += *v;
                    }
                }
            },
        );
        sum
    });
    add_up(sums)
}

/// Adds vectors of the same length, first to last.
pub(crate) fn add_up<T: Number>(parts: Vec<Vec<T>>) -> Vec<T> {
    let mut parts = parts.into_iter();
    let mut sum = parts.next().unwrap_or_default();
    for part in parts {
        for (s, v) in sum.iter_mut().zip(&part) {
            *s += *v;
        }
    }
    sum
}

impl Linear {
    fn sizes(x: &[usize], weight: &[usize], bias: Option<&[usize]>) -> Result<(usize, usize, usize)> {
        let &[features, inputs] = weight else {
            return Err(OpsError::shape("linear", "the weight", weight, "[features, inputs]"));
        };
        if x.last() != Some(&inputs) {
            return Err(OpsError::shape(
                "linear",
                "the input",
                x,
                format!("[.., {inputs}] for the weight {weight:?}"),
            ));
        }
        if let Some(bias) = bias.filter(|b| *b != [features]) {
            return Err(OpsError::shape("linear", "the bias", bias, format!("[{features}]")));
        }
        Ok((x[..x.len() - 1].iter().product(), inputs, features))
    }
}

impl Operation for Linear {
    fn name(&self) -> &'static str {
        "linear"
    }

    fn forward(&self, inputs: &[&Tensor], _: &Pass) -> Result<Forward> {
        expect_inputs(self.name(), inputs, 2..=3)?;
        let (rows, width, features) = Self::sizes(inputs[0].dims(), inputs[1].dims(), inputs.get(2).map(|b| b.dims()))?;
        by_precision!(self.name(), inputs[0], T => {
            let (x, w) = (view::<T>(self.name(), inputs[0])?, view::<T>(self.name(), inputs[1])?);
            let bias = inputs.get(2).map(|b| view::<T>(self.name(), b)).transpose()?;
            // From the buffers in any case: what backward gives back and nobody takes would pile up there.
            let mut y = take::<T>(rows * features);
            let (xs, ws) = ((x.slice(), Steps::rows(width)), (w.slice(), Steps::columns(width)));
            let bias = Bias::columns(bias.as_ref().map(|b| b.slice()));
            product_with_bias((rows, features, width), &mut y, false, xs, ws, bias);
            let mut dims = inputs[0].dims().to_vec();
            dims.pop();
            dims.push(features);
            Ok(tensor(y, &dims)?.into())
        })
    }

    fn backward(&self, kept: &Kept, gradient: &Tensor, wanted: &[bool]) -> Result<Vec<Option<Tensor>>> {
        let dims = kept.shape(self.name(), 0)?;
        let (rows, width, features) = Self::sizes(dims, kept.shape(self.name(), 1)?, None)?;
        let mut results = vec![None; wanted.len()];
        by_precision!(self.name(), gradient, T => {
            let g = view::<T>(self.name(), gradient)?;
            if wanted[0] {
                let w = view::<T>(self.name(), kept.input(self.name(), 1)?)?;
                let mut dx = take::<T>(rows * width);
                let (gs, ws) = ((g.slice(), Steps::rows(features)), (w.slice(), Steps::rows(width)));
                parallel_product((rows, width, features), &mut dx, false, gs, ws);
                results[0] = Some(tensor(dx, dims)?);
            }
            if wanted[1] {
                let x = view::<T>(self.name(), kept.input(self.name(), 0)?)?;
                let mut dw = take::<T>(features * width);
                let (gs, xs) = ((g.slice(), Steps::columns(features)), (x.slice(), Steps::rows(width)));
                parallel_product((features, width, rows), &mut dw, false, gs, xs);
                results[1] = Some(tensor(dw, &[features, width])?);
            }
            if wanted.get(2) == Some(&true) {
                results[2] = Some(tensor(column_sums(g.slice(), features), &[features])?);
            }
            Ok(results)
        })
    }

    fn reads(&self) -> Reads {
        Reads::INPUTS
    }
}
