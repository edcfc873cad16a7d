//! What tokens and latents are made of.

use crate::buffer::take;
use crate::error::{OpsError, Result};
use crate::number::Number;
use crate::operation::{Forward, Kept, Needs, Operation, Pass, Passes, Reads, expect_inputs};
use crate::parallel::fill_rows;
use crate::raw::vectorised;
use crate::transpose::{transpose_into, transposed};
use crate::view::{by_precision, tensor, view};
use candle_core::Tensor;

/// Makes one token of the features of an example. Nothing is copied.
///
/// # Shapes
/// `[batch, feature]` to `[batch, feature, 1]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token;

/// Learned latents, the same for every example (the Perceiver's). Of its input only the size of the batch counts.
///
/// # Shapes
/// `[batch, ..]` and a parameter `[count, width]` to `[batch, width, count]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Latents;

/// Adds a learned vector to each position, the same for every example.
///
/// # Shapes
/// `[batch, width, length]` and a parameter `[length, width]`; the shape is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Positions;

impl Operation for Token {
    fn name(&self) -> &'static str {
        "token"
    }

    fn forward(&self, inputs: &[&Tensor], _: &Pass) -> Result<Forward> {
        expect_inputs(self.name(), inputs, 1..=1)?;
        let &[batch, features] = inputs[0].dims() else {
            return Err(OpsError::shape(
                self.name(),
                "the input",
                inputs[0].dims(),
                "[batch, feature]",
            ));
        };
        Ok(inputs[0].contiguous()?.reshape((batch, features, 1))?.into())
    }

    fn backward(&self, kept: &Kept, gradient: &Tensor, _: &[bool]) -> Result<Vec<Option<Tensor>>> {
        Ok(vec![Some(gradient.contiguous()?.reshape(kept.shape(self.name(), 0)?)?)])
    }

    fn reads(&self) -> Reads {
        Reads::NOTHING
    }

    fn needs(&self, _: &[Vec<usize>], _: usize) -> Needs {
        Needs::VIEW
    }
}

/// A table's two sizes.
fn table(operation: &'static str, dims: &[usize], expected: &'static str) -> Result<(usize, usize)> {
    match *dims {
        [rows, width] => Ok((rows, width)),
        _ => Err(OpsError::shape(operation, "the parameter", dims, expected)),
    }
}

/// The sum over examples of `[batch, width, count]`, as a table `[count, width]`.
fn over_examples<T: Number>(g: &[T], count: usize, width: usize) -> Vec<T> {
    let mut sum = take::<T>(width * count);
    fill_rows(&mut sum, count, |first, piece| {
        vectorised(
            #[inline(always)]
            || {
                let here = first * count..first * count + piece.len();
                piece.fill(T::default());
                for example in g.chunks(width * count) {
                    piece.iter_mut().zip(&example[here.clone()]).for_each(|(t, g)| *t += *g);
                }
            },
        );
    });
    transposed(&sum, width, count)
}

impl Operation for Latents {
    fn name(&self) -> &'static str {
        "latents"
    }

    fn forward(&self, inputs: &[&Tensor], _: &Pass) -> Result<Forward> {
        expect_inputs(self.name(), inputs, 2..=2)?;
        let (count, width) = table(self.name(), inputs[1].dims(), "[count, width]")?;
        let batch = *inputs[0]
            .dims()
            .first()
            .ok_or_else(|| OpsError::shape(self.name(), "the input", &[], "[batch, ..]"))?;
        by_precision!(self.name(), inputs[1], T => {
            let latents = view::<T>(self.name(), inputs[1])?;
            let mut output = take::<T>(batch * width * count);
            for example in output.chunks_mut((width * count).max(1)) {
                transpose_into(latents.slice(), count, width, example);
            }
            Ok(tensor(output, &[batch, width, count])?.into())
        })
    }

    fn backward(&self, kept: &Kept, gradient: &Tensor, wanted: &[bool]) -> Result<Vec<Option<Tensor>>> {
        let dims = kept.shape(self.name(), 1)?;
        let (count, width) = table(self.name(), dims, "[count, width]")?;
        if !wanted.get(1).copied().unwrap_or(false) {
            return Ok(vec![None, None]);
        }
        by_precision!(self.name(), gradient, T => {
            let g = view::<T>(self.name(), gradient)?;
            Ok(vec![None, Some(tensor(over_examples(g.slice(), count, width), dims)?)])
        })
    }

    fn reads(&self) -> Reads {
        Reads::NOTHING
    }

    fn needs(&self, shapes: &[Vec<usize>], number_bytes: usize) -> Needs {
        Needs {
            backward: shapes[1].iter().product::<usize>() * number_bytes,
            ..Needs::default()
        }
    }
}

impl Operation for Positions {
    fn name(&self) -> &'static str {
        "positions"
    }

    fn forward(&self, inputs: &[&Tensor], _: &Pass) -> Result<Forward> {
        expect_inputs(self.name(), inputs, 2..=2)?;
        let (length, width) = table(self.name(), inputs[1].dims(), "[length, width]")?;
        let dims = inputs[0].dims();
        if dims.len() != 3 || dims[1..] != [width, length] {
            let expected = format!("[batch, {width}, {length}], width and length of the parameter");
            return Err(OpsError::shape(self.name(), "the input", dims, expected));
        }
        by_precision!(self.name(), inputs[0], T => {
            let (x, table) = (view::<T>(self.name(), inputs[0])?, view::<T>(self.name(), inputs[1])?);
            let (x, columns) = (x.slice(), transposed(table.slice(), length, width));
            let mut output = take::<T>(x.len());
            fill_rows(&mut output, length, |first, piece| {
                for (r, target) in piece.chunks_mut(length).enumerate() {
                    let row = first + r;
                    let (x, p) = (&x[row * length..][..length], &columns[row % width * length..][..length]);
                    for ((t, x), p) in target.iter_mut().zip(x).zip(p) {
                        *t = *x + *p;
                    }
                }
            });
            Ok(tensor(output, dims)?.into())
        })
    }

    fn backward(&self, kept: &Kept, gradient: &Tensor, wanted: &[bool]) -> Result<Vec<Option<Tensor>>> {
        let dims = kept.shape(self.name(), 1)?;
        let (length, width) = table(self.name(), dims, "[length, width]")?;
        let first = wanted[0].then(|| gradient.clone());
        if !wanted[1] {
            return Ok(vec![first, None]);
        }
        by_precision!(self.name(), gradient, T => {
            let g = view::<T>(self.name(), gradient)?;
            Ok(vec![first, Some(tensor(over_examples(g.slice(), length, width), dims)?)])
        })
    }

    fn reads(&self) -> Reads {
        Reads::NOTHING
    }

    fn needs(&self, shapes: &[Vec<usize>], number_bytes: usize) -> Needs {
        let table = shapes[1].iter().product::<usize>() * number_bytes;
        Needs {
            forward: table,
            backward: table,
            passes_gradient: Passes::First,
            ..Needs::default()
        }
    }
}
