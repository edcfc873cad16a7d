//! Functions of one value with a setting: powers and bounds.

use crate::error::Result;
use crate::number::Number;
use crate::operation::{Forward, Kept, Operation, Pass, Reads, expect_inputs};
use crate::parallel::{map, map2};
use crate::view::{by_precision, tensor, view};
use candle_core::Tensor;

/// `x^exponent`. A negative value has a power only where the exponent is whole, as in PyTorch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Power {
    /// The exponent.
    pub exponent: f64,
}

/// Keeps values between two bounds; outside of them the gradient is 0, at them 1, as PyTorch's `clamp`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Clamp {
    /// The smallest value.
    pub low: f64,
    /// The largest.
    pub high: f64,
}

impl Operation for Power {
    fn name(&self) -> &'static str {
        "power"
    }

    fn forward(&self, inputs: &[&Tensor], _: &Pass) -> Result<Forward> {
        expect_inputs(self.name(), inputs, 1..=1)?;
        let exponent = self.exponent;
        by_precision!(self.name(), inputs[0], T => {
            let x = view::<T>(self.name(), inputs[0])?;
            let power = |x: T| <T as Number>::of(x.wide().powf(exponent));
            Ok(tensor(map(x.slice(), power), inputs[0].dims())?.into())
        })
    }

    fn backward(&self, kept: &Kept, gradient: &Tensor, _: &[bool]) -> Result<Vec<Option<Tensor>>> {
        let exponent = self.exponent;
        by_precision!(self.name(), gradient, T => {
            let (x, g) = (view::<T>(self.name(), kept.input(self.name(), 0)?)?, view::<T>(self.name(), gradient)?);
            let slope = |x: T, g: T| {
                // 0 to the power of 0 has no slope.
                let slope = if exponent == 0.0 { 0.0 } else { exponent * x.wide().powf(exponent - 1.0) };
                <T as Number>::of(g.wide() * slope)
            };
            Ok(vec![Some(tensor(map2(x.slice(), g.slice(), slope), gradient.dims())?)])
        })
    }

    fn reads(&self) -> Reads {
        Reads::INPUTS
    }
}

impl Operation for Clamp {
    fn name(&self) -> &'static str {
        "clamp"
    }

    fn forward(&self, inputs: &[&Tensor], _: &Pass) -> Result<Forward> {
        expect_inputs(self.name(), inputs, 1..=1)?;
        by_precision!(self.name(), inputs[0], T => {
            let x = view::<T>(self.name(), inputs[0])?;
            let (low, high) = (<T as Number>::of(self.low), <T as Number>::of(self.high));
            let clamped = map(
                x.slice(),
                #[inline(always)]
                move |x: T| {
                    let x = if x < low { low } else { x };
                    if x > high { high } else { x }
                },
            );
            Ok(tensor(clamped, inputs[0].dims())?.into())
        })
    }

    fn backward(&self, kept: &Kept, gradient: &Tensor, _: &[bool]) -> Result<Vec<Option<Tensor>>> {
        by_precision!(self.name(), gradient, T => {
            let (x, g) = (view::<T>(self.name(), kept.input(self.name(), 0)?)?, view::<T>(self.name(), gradient)?);
            let (low, high, zero) = (<T as Number>::of(self.low), <T as Number>::of(self.high), <T as Number>::of(0.0));
            let slopes = map2(
                x.slice(),
                g.slice(),
                #[inline(always)]
                move |x: T, g: T| if x >= low && x <= high { g } else { zero },
            );
            Ok(vec![Some(tensor(slopes, gradient.dims())?)])
        })
    }

    fn reads(&self) -> Reads {
        Reads::INPUTS
    }
}
