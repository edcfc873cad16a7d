//! A vector for each category.

use crate::buffer::take;
use crate::error::{OpsError, Result};
use crate::number::Number;
use crate::operation::{Forward, Kept, Needs, Operation, Pass, Reads, expect_inputs};
use crate::parallel::fill_rows;
use crate::transpose::transposed;
use crate::view::{by_precision, tensor, view};
use candle_core::Tensor;

/// Looks up the row of a table for each category number (PyTorch's `Embedding`, with the width on the channel axis).
///
/// Category numbers are whole numbers that travel in the network's own precision; they have no gradient.
///
/// # Shapes
/// `[batch, n]` and a table `[count, width]` to `[batch, width, n]`; `[batch]` or `[batch, 1]` to `[batch, width]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Embedding;

const NAME: &str = "embedding";

/// Batch, numbers of an example, rows and width of the table.
fn sizes(x: &[usize], table: &[usize]) -> Result<(usize, usize, usize, usize)> {
    let &[count, width] = table else {
        return Err(OpsError::shape(NAME, "the table", table, "[count, width]"));
    };
    match *x {
        [batch] => Ok((batch, 1, count, width)),
        [batch, n] => Ok((batch, n, count, width)),
        _ => Err(OpsError::shape(NAME, "the input", x, "[batch, n] or [batch]")),
    }
}

/// The numbers of the rows.
fn places<T: Number>(x: &[T], count: usize) -> Result<Vec<u32>> {
    let place = |v: &T| {
        let number = v.wide();
        let fits = number >= 0.0 && number < count as f64 && number.fract() == 0.0;
        fits.then_some(number as u32).ok_or_else(|| OpsError::Setting {
            operation: NAME,
            what: "a category".into(),
            found: number.to_string(),
            expected: format!("a whole number below {count}"),
        })
    };
    x.iter().map(place).collect()
}

impl Operation for Embedding {
    fn name(&self) -> &'static str {
        NAME
    }

    fn forward(&self, inputs: &[&Tensor], _: &Pass) -> Result<Forward> {
        expect_inputs(NAME, inputs, 2..=2)?;
        let (batch, n, count, width) = sizes(inputs[0].dims(), inputs[1].dims())?;
        let dims = if n == 1 { vec![batch, width] } else { vec![batch, width, n] };
        by_precision!(NAME, inputs[1], T => {
            let (x, table) = (view::<T>(NAME, inputs[0])?, view::<T>(NAME, inputs[1])?);
            let places = places(x.slice(), count)?;
            let columns = transposed(table.slice(), count, width);
            let mut output = take::<T>(batch * width * n);
            fill_rows(&mut output, n, |first, rows| {
                for (r, target) in rows.chunks_mut(n).enumerate() {
                    let (example, channel) = ((first + r) / width, (first + r) % width);
                    let column = &columns[channel * count..][..count];
                    for (t, place) in target.iter_mut().zip(&places[example * n..]) {
                        *t = column[*place as usize];
                    }
                }
            });
            Ok(tensor(output, &dims)?.into())
        })
    }

    fn backward(&self, kept: &Kept, gradient: &Tensor, wanted: &[bool]) -> Result<Vec<Option<Tensor>>> {
        let (batch, n, count, width) = sizes(kept.shape(NAME, 0)?, kept.shape(NAME, 1)?)?;
        if !wanted.get(1).copied().unwrap_or(false) {
            return Ok(vec![None, None]);
        }
        by_precision!(NAME, gradient, T => {
            let (x, g) = (view::<T>(NAME, kept.input(NAME, 0)?)?, view::<T>(NAME, gradient)?);
            let (places, g) = (places(x.slice(), count)?, g.slice());
            let mut columns = take::<T>(width * count);
            fill_rows(&mut columns, count, |first, piece| {
                for (r, column) in piece.chunks_mut(count).enumerate() {
                    column.fill(<T as Default>::default());
                    for example in 0..batch {
                        let g = &g[(example * width + first + r) * n..][..n];
                        for (g, place) in g.iter().zip(&places[example * n..]) {
                            column[*place as usize] += *g;
                        }
                    }
                }
            });
            Ok(vec![None, Some(tensor(transposed(&columns, width, count), &[count, width])?)])
        })
    }

    fn reads(&self) -> Reads {
        Reads::INPUTS
    }

    fn needs(&self, shapes: &[Vec<usize>], number_bytes: usize) -> Needs {
        // The table turned over, and the numbers of the rows as U32.
        let own = shapes[1].iter().product::<usize>() * number_bytes + shapes[0].iter().product::<usize>() * 4;
        Needs {
            forward: own,
            backward: own,
            ..Needs::default()
        }
    }
}
