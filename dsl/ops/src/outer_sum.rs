//! A map from one track or two.

use crate::buffer::take;
use crate::error::{OpsError, Result};
use crate::number::Number;
use crate::operation::{Forward, Kept, Operation, Pass, Reads, expect_inputs};
use crate::parallel::{fill_rows, sum_of};
use crate::raw::vectorised;
use crate::view::{by_precision, tensor, view};
use candle_core::Tensor;

/// `m[i, j] = a[i] + b[j]` for each channel; with one input, b is a itself (Orca).
///
/// # Shapes
/// `[batch, channel, n]`, or that and `[batch, channel, m]`, to `[batch, channel, n, m]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OuterSum;

const NAME: &str = "outer_sum";

/// The sums over the columns of each row, the sums over the rows of each column, or both added (where `n == m`).
fn sums<T: Number>(g: &[T], (n, m): (usize, usize), of_rows: bool, of_columns: bool) -> Vec<T> {
    let length = if of_rows { n } else { m };
    let mut output = take::<T>(g.len() / (n * m) * length);
    fill_rows(&mut output, length, |first, piece| {
        vectorised(
            #[inline(always)]
            || {
                for (p, target) in piece.chunks_mut(length).enumerate() {
                    target.fill(T::default());
                    let plane = &g[(first + p) * n * m..][..n * m];
                    for (i, row) in plane.chunks(m).enumerate() {
                        if of_columns {
                            target.iter_mut().zip(row).for_each(|(t, g)| *t += *g);
                        }
                        if of_rows {
                            target[i] += sum_of(row, |g| g);
                        }
                    }
                }
            },
        );
    });
    output
}

impl Operation for OuterSum {
    fn name(&self) -> &'static str {
        NAME
    }

    fn forward(&self, inputs: &[&Tensor], _: &Pass) -> Result<Forward> {
        expect_inputs(NAME, inputs, 1..=2)?;
        let first = inputs[0].dims();
        let second = inputs[inputs.len() - 1].dims();
        let &[batch, channels, n] = first else {
            return Err(OpsError::shape(NAME, "the input", first, "[batch, channel, position]"));
        };
        if second.len() != 3 || second[..2] != first[..2] {
            let expected = format!("[{batch}, {channels}, position], as the first");
            return Err(OpsError::shape(NAME, "the second input", second, expected));
        }
        let m = second[2];
        by_precision!(NAME, inputs[0], T => {
            let (a, b) = (view::<T>(NAME, inputs[0])?, view::<T>(NAME, inputs[inputs.len() - 1])?);
            let (a, b) = (a.slice(), b.slice());
            let mut output = take::<T>(batch * channels * n * m);
            fill_rows(&mut output, m, |first, rows| {
                vectorised(
                    #[inline(always)]
                    || {
                        for (r, target) in rows.chunks_mut(m).enumerate() {
                            let here = a[first + r];
                            let row = &b[(first + r) / n * m..][..m];
                            target.iter_mut().zip(row).for_each(|(t, b)| *t = here + *b);
                        }
                    },
                );
            });
            Ok(tensor(output, &[batch, channels, n, m])?.into())
        })
    }

    fn backward(&self, kept: &Kept, gradient: &Tensor, wanted: &[bool]) -> Result<Vec<Option<Tensor>>> {
        let &[_, _, n, m] = gradient.dims() else {
            return Err(OpsError::shape(
                NAME,
                "the gradient",
                gradient.dims(),
                "[batch, channel, n, m]",
            ));
        };
        by_precision!(NAME, gradient, T => {
            let g = view::<T>(NAME, gradient)?;
            if wanted.len() == 1 {
                return Ok(vec![Some(tensor(sums(g.slice(), (n, m), true, true), kept.shape(NAME, 0)?)?)]);
            }
            let one = |i: usize| -> Result<Option<Tensor>> {
                if !wanted[i] {
                    return Ok(None);
                }
                Ok(Some(tensor(sums(g.slice(), (n, m), i == 0, i == 1), kept.shape(NAME, i)?)?))
            };
            Ok(vec![one(0)?, one(1)?])
        })
    }

    fn reads(&self) -> Reads {
        Reads::NOTHING
    }
}
