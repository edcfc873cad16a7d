//! `scale * x + offset` with constants.

use crate::error::Result;
use crate::number::Number;
use crate::operation::{Forward, Kept, Operation, Pass, Reads, expect_inputs};
use crate::parallel::map;
use crate::view::{by_precision, tensor, view};
use candle_core::Tensor;

/// `scale * x + offset`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Affine {
    /// Factor.
    pub scale: f64,
    /// Summand.
    pub offset: f64,
}

impl Operation for Affine {
    fn name(&self) -> &'static str {
        "affine"
    }

    fn forward(&self, inputs: &[&Tensor], _: &Pass) -> Result<Forward> {
        expect_inputs(self.name(), inputs, 1..=1)?;
        by_precision!(self.name(), inputs[0], T => {
            let x = view::<T>(self.name(), inputs[0])?;
            let (scale, offset) = (<T as Number>::of(self.scale), <T as Number>::of(self.offset));
            Ok(tensor(map(x.slice(), #[inline(always)] move |x| scale * x + offset), inputs[0].dims())?.into())
        })
    }

    fn backward(&self, _: &Kept, gradient: &Tensor, _: &[bool]) -> Result<Vec<Option<Tensor>>> {
        by_precision!(self.name(), gradient, T => {
            let g = view::<T>(self.name(), gradient)?;
            let scale = <T as Number>::of(self.scale);
            Ok(vec![Some(tensor(map(g.slice(), #[inline(always)] move |g| scale * g), gradient.dims())?)])
        })
    }

    fn reads(&self) -> Reads {
        Reads::NOTHING
    }
}
