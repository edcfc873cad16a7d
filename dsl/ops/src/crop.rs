//! Keeping a stretch of an axis, or lengthening it.

use crate::axis::{Around, around};
use crate::buffer::take;
use crate::concat::cut;
use crate::error::{OpsError, Result};
use crate::number::Number;
use crate::operation::{Forward, Kept, Needs, Operation, Pass, Reads, expect_inputs};
use crate::parallel::fill_rows;
use crate::view::{by_precision, tensor, view};
use candle_core::Tensor;

/// Keeps positions `start..start + length` of the last axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Crop {
    /// First position kept.
    pub start: usize,
    /// How many.
    pub length: usize,
}

/// Keeps entries `start..start + length` of any axis: some of the channels, one of the tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Narrow {
    /// The axis; 0 is the first after the batch.
    pub axis: usize,
    /// First entry kept.
    pub start: usize,
    /// How many.
    pub length: usize,
}

/// Keeps a rectangle of a map.
///
/// # Shapes
/// `[.., row, column]` to `[.., length[0], length[1]]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Crop2d {
    /// First row and column kept.
    pub start: [usize; 2],
    /// How many rows and columns.
    pub length: [usize; 2],
}

/// Puts a value before and after the entries of an axis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pad {
    /// The axis; 0 is the first after the batch.
    pub axis: usize,
    /// How many entries before.
    pub before: usize,
    /// How many after.
    pub after: usize,
    /// What they hold.
    pub value: f64,
}

/// Puts rows into longer rows at `start`, with `value` around them.
fn put<T: Number>(x: &[T], row: usize, long: usize, start: usize, value: T) -> Vec<T> {
    let rows = x.len().checked_div(row).unwrap_or(0);
    let mut output = take::<T>(rows * long);
    fill_rows(&mut output, long, |first, piece| {
        for (r, target) in piece.chunks_mut(long).enumerate() {
            target[..start].fill(value);
            target[start..start + row].copy_from_slice(&x[(first + r) * row..][..row]);
            target[start + row..].fill(value);
        }
    });
    output
}

/// The shape of what is kept.
pub(crate) fn kept_dims(
    operation: &'static str,
    dims: &[usize],
    a: Around,
    axis: usize,
    start: usize,
    length: usize,
) -> Result<Vec<usize>> {
    if length == 0 || start + length > a.size {
        let expected = format!(
            "at least {} entries in axis {axis}, at least one of them kept",
            start + length
        );
        return Err(OpsError::shape(operation, "the input", dims, expected));
    }
    let mut kept = dims.to_vec();
    kept[axis + 1] = length;
    Ok(kept)
}

/// Keeps a stretch of an axis.
fn keep(operation: &'static str, input: &Tensor, a: Around, axis: usize, start: usize, length: usize) -> Result<Tensor> {
    let dims = kept_dims(operation, input.dims(), a, axis, start, length)?;
    by_precision!(operation, input, T => {
        let x = view::<T>(operation, input)?;
        Ok(tensor(cut::<T>(x.slice(), a.size * a.inner, start * a.inner, length * a.inner), &dims)?)
    })
}

/// The gradient of [`keep`]: 0 around what was kept.
fn keep_back(operation: &'static str, gradient: &Tensor, dims: &[usize], a: Around, start: usize) -> Result<Option<Tensor>> {
    by_precision!(operation, gradient, T => {
        let g = view::<T>(operation, gradient)?;
        let g = g.slice();
        let row = g.len() / a.outer.max(1);
        Ok(Some(tensor(put(g, row, a.size * a.inner, start * a.inner, <T as Default>::default()), dims)?))
    })
}

impl Crop {
    pub(crate) fn look(&self, dims: &[usize]) -> Result<(Around, usize)> {
        let Some(axis) = dims.len().checked_sub(2) else {
            return Err(OpsError::shape(self.name(), "the input", dims, "[batch, .., position]"));
        };
        Ok((around(self.name(), dims, axis)?, axis))
    }
}

impl Operation for Crop {
    fn name(&self) -> &'static str {
        "crop"
    }

    fn forward(&self, inputs: &[&Tensor], _: &Pass) -> Result<Forward> {
        expect_inputs(self.name(), inputs, 1..=1)?;
        let (a, axis) = self.look(inputs[0].dims())?;
        Ok(keep(self.name(), inputs[0], a, axis, self.start, self.length)?.into())
    }

    fn backward(&self, kept: &Kept, gradient: &Tensor, _: &[bool]) -> Result<Vec<Option<Tensor>>> {
        let dims = kept.shape(self.name(), 0)?;
        let (a, _) = self.look(dims)?;
        Ok(vec![keep_back(self.name(), gradient, dims, a, self.start)?])
    }

    fn reads(&self) -> Reads {
        Reads::NOTHING
    }
}

impl Operation for Narrow {
    fn name(&self) -> &'static str {
        "narrow"
    }

    fn forward(&self, inputs: &[&Tensor], _: &Pass) -> Result<Forward> {
        expect_inputs(self.name(), inputs, 1..=1)?;
        let a = around(self.name(), inputs[0].dims(), self.axis)?;
        Ok(keep(self.name(), inputs[0], a, self.axis, self.start, self.length)?.into())
    }

    fn backward(&self, kept: &Kept, gradient: &Tensor, _: &[bool]) -> Result<Vec<Option<Tensor>>> {
        let dims = kept.shape(self.name(), 0)?;
        let a = around(self.name(), dims, self.axis)?;
        Ok(vec![keep_back(self.name(), gradient, dims, a, self.start)?])
    }

    fn reads(&self) -> Reads {
        Reads::NOTHING
    }
}

impl Operation for Crop2d {
    fn name(&self) -> &'static str {
        "crop2d"
    }

    fn forward(&self, inputs: &[&Tensor], _: &Pass) -> Result<Forward> {
        expect_inputs(self.name(), inputs, 1..=1)?;
        let rows = inputs[0].dims().len().saturating_sub(3);
        let mut output = inputs[0].clone();
        for (i, axis) in [rows, rows + 1].into_iter().enumerate() {
            let a = around(self.name(), output.dims(), axis)?;
            output = keep(self.name(), &output, a, axis, self.start[i], self.length[i])?;
        }
        Ok(output.into())
    }

    fn backward(&self, kept: &Kept, gradient: &Tensor, _: &[bool]) -> Result<Vec<Option<Tensor>>> {
        let dims = kept.shape(self.name(), 0)?;
        let rows = dims.len().saturating_sub(3);
        let mut wide = dims.to_vec();
        wide[rows + 1] = self.length[0];
        let across = around(self.name(), &wide, rows + 1)?;
        let Some(gradient) = keep_back(self.name(), gradient, &wide, across, self.start[1])? else {
            return Ok(vec![None]);
        };
        let down = around(self.name(), dims, rows)?;
        Ok(vec![keep_back(self.name(), &gradient, dims, down, self.start[0])?])
    }

    fn reads(&self) -> Reads {
        Reads::NOTHING
    }

    fn needs(&self, shapes: &[Vec<usize>], number_bytes: usize) -> Needs {
        // The rows kept, before columns are.
        let rows = shapes[0].iter().rev().nth(1).copied().unwrap_or(1).max(1);
        let own = shapes[0].iter().product::<usize>() / rows * self.length[0] * number_bytes;
        Needs {
            forward: own,
            backward: own,
            ..Needs::default()
        }
    }
}

impl Operation for Pad {
    fn name(&self) -> &'static str {
        "pad"
    }

    fn forward(&self, inputs: &[&Tensor], _: &Pass) -> Result<Forward> {
        expect_inputs(self.name(), inputs, 1..=1)?;
        let a = around(self.name(), inputs[0].dims(), self.axis)?;
        let mut dims = inputs[0].dims().to_vec();
        dims[self.axis + 1] += self.before + self.after;
        by_precision!(self.name(), inputs[0], T => {
            let x = view::<T>(self.name(), inputs[0])?;
            let (row, long) = (a.size * a.inner, dims[self.axis + 1] * a.inner);
            let value = <T as Number>::of(self.value);
            Ok(tensor(put(x.slice(), row, long, self.before * a.inner, value), &dims)?.into())
        })
    }

    fn backward(&self, kept: &Kept, gradient: &Tensor, _: &[bool]) -> Result<Vec<Option<Tensor>>> {
        let size = around(self.name(), kept.shape(self.name(), 0)?, self.axis)?.size;
        let a = around(self.name(), gradient.dims(), self.axis)?;
        Ok(vec![Some(keep(self.name(), gradient, a, self.axis, self.before, size)?)])
    }

    fn reads(&self) -> Reads {
        Reads::NOTHING
    }
}
