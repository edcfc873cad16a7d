//! Dropout with masks from the run's own random streams.

use crate::buffer::take;
use crate::error::{OpsError, Result};
use crate::number::Number;
use crate::operation::{Forward, Kept, Needs, Operation, Pass, Reads, expect_inputs};
use crate::parallel::{ALONE, fill_rows, for_each_task, pieces};
use crate::raw::{SharedOutput, vectorised};
use crate::view::{by_precision, tensor, view};
use candle_core::{CpuStorage, Device, Storage, Tensor};
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
pub(crate) const BLOCK: usize = 32_768;

/// A value is dropped when 32 random bits are below this.
pub(crate) fn bound(rate: f64) -> u64 {
    (rate * (1u64 << 32) as f64) as u64
}

impl Dropout {
    pub(crate) fn check(&self) -> Result<()> {
        if (0.0..1.0).contains(&self.rate) {
            return Ok(());
        }
        Err(OpsError::Setting {
            operation: self.name(),
            what: "rate".into(),
            found: self.rate.to_string(),
            expected: "0 <= rate < 1".into(),
        })
    }

    /// 1 where a value stays, 0 where it is dropped.
    fn mask(&self, length: usize, pass: &Pass) -> Vec<u8> {
        let bound = bound(self.rate) as u32;
        let mut mask = vec![0; length];
        let blocks = pieces(length, length.div_ceil(BLOCK));
        let shared = SharedOutput::new(&mut mask);
        for_each_task(blocks.len(), |i| {
            // SAFETY: blocks have no value in common.
            #[allow(unsafe_code)]
            let block = unsafe { shared.row(blocks[i].0, blocks[i].1) };
            let mut stream = Stream::new(pass.seed, Purpose::Dropout, pass.step, (pass.node << 24) | i as u64);
            let mut words = [0; 1024];
            for values in block.chunks_mut(words.len()) {
                stream.fill(&mut words[..values.len()]);
                vectorised(
                    #[inline(always)]
                    || {
                        for (value, word) in values.iter_mut().zip(&words) {
                            *value = u8::from(*word >= bound);
                        }
                    },
                );
            }
        });
        mask
    }

    /// Zeroes where the mask says so and scales the rest.
    fn masked<T: Number>(&self, x: &[T], mask: &[u8]) -> Vec<T> {
        let keep = T::of(1.0 / (1.0 - self.rate));
        let mut output = take::<T>(x.len());
        let run = |first: usize, piece: &mut [T]| {
            let here = first..first + piece.len();
            let (x, mask) = (&x[here.clone()], &mask[here]);
            vectorised(
                #[inline(always)]
                || {
                    for ((y, x), m) in piece.iter_mut().zip(x).zip(mask) {
                        *y = if *m == 0 { T::default() } else { *x * keep };
                    }
                },
            );
        };
        if x.len() <= ALONE {
            run(0, &mut output);
        } else {
            fill_rows(&mut output, 1, run);
        }
        output
    }
}

impl Operation for Dropout {
    fn name(&self) -> &'static str {
        "dropout"
    }

    fn forward(&self, inputs: &[&Tensor], pass: &Pass) -> Result<Forward> {
        expect_inputs(self.name(), inputs, 1..=1)?;
        self.check()?;
        if !pass.training || self.rate == 0.0 {
            return Ok(inputs[0].clone().into());
        }
        by_precision!(self.name(), inputs[0], T => {
            let x = view::<T>(self.name(), inputs[0])?;
            let mask = self.mask(x.slice().len(), pass);
            let output = tensor(self.masked(x.slice(), &mask), inputs[0].dims())?;
            Ok(Forward { output, saved: vec![Tensor::from_vec(mask, inputs[0].elem_count(), &Device::Cpu)?], updates: Vec::new() })
        })
    }

    fn backward(&self, kept: &Kept, gradient: &Tensor, _: &[bool]) -> Result<Vec<Option<Tensor>>> {
        if kept.saved.is_empty() {
            return Ok(vec![Some(gradient.clone())]);
        }
        by_precision!(self.name(), gradient, T => {
            let g = view::<T>(self.name(), gradient)?;
            let (mask, _) = kept.saved(self.name(), 0)?.storage_and_layout();
            let Storage::Cpu(CpuStorage::U8(mask)) = &*mask else {
                return Err(OpsError::NotKept { operation: self.name(), what: "the mask".into() });
            };
            Ok(vec![Some(tensor(self.masked(g.slice(), mask), gradient.dims())?)])
        })
    }

    fn reads(&self) -> Reads {
        Reads::NOTHING
    }

    fn needs(&self, shapes: &[Vec<usize>], _: usize) -> Needs {
        if self.rate == 0.0 {
            return Needs::VIEW;
        }
        Needs {
            saved: shapes[0].iter().product(),
            ..Needs::default()
        }
    }
}
