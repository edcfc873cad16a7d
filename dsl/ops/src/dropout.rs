//! Dropout with masks from the run's own random streams.

use crate::error::{OpsError, Result};
use crate::number::Number;
use crate::operation::{Forward, Kept, Operation, Pass, Reads, expect_inputs};
use crate::parallel::{map_tasks, map2, pieces};
use crate::view::{by_precision, tensor, view};
use candle_core::Tensor;
use cistron_random::{Purpose, Stream};

/// Zeroes a share of the values in training and scales the rest by `1 / (1 - rate)` (Srivastava et al. 2014).
///
/// The mask depends on seed, step and node alone: a resumed run draws the same.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dropout {
    /// The share, in `0..1`.
    pub rate: f64,
}

/// Values per stream of random numbers.
const BLOCK: usize = 32_768;

impl Dropout {
    fn mask<T: Number>(&self, length: usize, pass: &Pass) -> Vec<T> {
        let keep = T::of(1.0 / (1.0 - self.rate));
        // A value is dropped when 32 random bits are below this.
        let bound = (self.rate * (1u64 << 32) as f64) as u64;
        let blocks = pieces(length, length.div_ceil(BLOCK));
        map_tasks(blocks.len(), |i| {
            let mut stream = Stream::new(pass.seed, Purpose::Dropout, pass.step, (pass.node << 24) | i as u64);
            let mut values = Vec::with_capacity(blocks[i].1 + 1);
            while values.len() < blocks[i].1 {
                let bits = stream.bits();
                for half in [bits & 0xFFFF_FFFF, bits >> 32] {
                    values.push(if half < bound { T::default() } else { keep });
                }
            }
            values.truncate(blocks[i].1);
            values
        })
        .concat()
    }
}

impl Operation for Dropout {
    fn name(&self) -> &'static str {
        "dropout"
    }

    fn forward(&self, inputs: &[&Tensor], pass: &Pass) -> Result<Forward> {
        expect_inputs(self.name(), inputs, 1..=1)?;
        if !(0.0..1.0).contains(&self.rate) {
            return Err(OpsError::Setting {
                operation: self.name(),
                what: "rate".into(),
                found: self.rate.to_string(),
                expected: "0 <= rate < 1".into(),
            });
        }
        if !pass.training || self.rate == 0.0 {
            return Ok(inputs[0].clone().into());
        }
        by_precision!(self.name(), inputs[0], T => {
            let x = view::<T>(self.name(), inputs[0])?;
            let mask = self.mask::<T>(x.slice().len(), pass);
            let output = tensor(map2(x.slice(), &mask, #[inline(always)] |x, m| x * m), inputs[0].dims())?;
            Ok(Forward { output, saved: vec![tensor(mask, inputs[0].dims())?], updates: Vec::new() })
        })
    }

    fn backward(&self, kept: &Kept, gradient: &Tensor, _: &[bool]) -> Result<Vec<Option<Tensor>>> {
        if kept.saved.is_empty() {
            return Ok(vec![Some(gradient.clone())]);
        }
        by_precision!(self.name(), gradient, T => {
            let (g, mask) = (view::<T>(self.name(), gradient)?, view::<T>(self.name(), kept.saved(self.name(), 0)?)?);
            Ok(vec![Some(tensor(map2(g.slice(), mask.slice(), #[inline(always)] |g, m| g * m), gradient.dims())?)])
        })
    }

    fn reads(&self) -> Reads {
        Reads::NOTHING
    }
}
