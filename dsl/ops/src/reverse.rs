//! The other strand: reversed positions, with or without complemented channels, and reversed maps.

use crate::buffer::take;
use crate::error::{OpsError, Result};
use crate::number::Number;
use crate::operation::{Forward, Kept, Operation, Pass, Reads, expect_inputs};
use crate::parallel::fill_rows;
use crate::view::{by_precision, tensor, view};
use candle_core::Tensor;

/// Reverses positions; each is its own inverse, so backward is the same as forward.
///
/// # Shapes
/// `[batch, channel, position]` (or `[batch, position]` for `Flip`); `[batch, channel, row, column]` for `FlipMap`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reverse {
    /// Positions alone.
    Flip,
    /// Positions and channels: A with T, C with G.
    ReverseComplement,
    /// Rows and columns of a map: what a contact map becomes on the other strand.
    FlipMap,
}

impl Reverse {
    /// The length of a row, and how many rows change their order together.
    pub(crate) fn sizes(self, dims: &[usize]) -> Result<(usize, usize)> {
        let (enough, expected) = match self {
            Self::Flip => (2, "[batch, .., position]"),
            Self::ReverseComplement => (3, "[batch, channel, position]"),
            Self::FlipMap => (3, "[batch, .., row, column]"),
        };
        if dims.len() < enough {
            return Err(OpsError::shape(self.name(), "the input", dims, expected));
        }
        let channels = if self == Self::Flip { 1 } else { dims[dims.len() - 2] };
        Ok((dims[dims.len() - 1], channels))
    }

    fn apply(self, input: &Tensor) -> Result<Tensor> {
        let dims = input.dims();
        let (row, channels) = self.sizes(dims)?;
        by_precision!(self.name(), input, T => {
            let x = view::<T>(self.name(), input)?;
            Ok(tensor(reversed(x.slice(), row, channels), dims)?)
        })
    }
}

/// Reverses rows, and their order within each group of `channels` rows.
fn reversed<T: Number>(x: &[T], row: usize, channels: usize) -> Vec<T> {
    let mut output = take::<T>(x.len());
    fill_rows(&mut output, row, |first, rows| {
        for (r, target) in rows.chunks_mut(row).enumerate() {
            let (group, channel) = ((first + r) / channels, (first + r) % channels);
            let source = &x[(group * channels + channels - 1 - channel) * row..][..row];
            for (t, s) in target.iter_mut().zip(source.iter().rev()) {
                *t = *s;
            }
        }
    });
    output
}

impl Operation for Reverse {
    fn name(&self) -> &'static str {
        match self {
            Self::Flip => "flip",
            Self::ReverseComplement => "reverse_complement",
            Self::FlipMap => "flip2d",
        }
    }

    fn forward(&self, inputs: &[&Tensor], _: &Pass) -> Result<Forward> {
        expect_inputs(self.name(), inputs, 1..=1)?;
        Ok(self.apply(inputs[0])?.into())
    }

    fn backward(&self, _: &Kept, gradient: &Tensor, _: &[bool]) -> Result<Vec<Option<Tensor>>> {
        Ok(vec![Some(self.apply(gradient)?)])
    }

    fn reads(&self) -> Reads {
        Reads::NOTHING
    }
}
