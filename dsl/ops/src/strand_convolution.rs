//! The same filters on both strands of a sequence.

use crate::buffer::{keep, take, zeroed};
use crate::convolution::expect_bias;
use crate::error::{OpsError, Result};
use crate::kernel::convolution::{both_strands, input_gradient};
use crate::kernel::geometry::{Geometry, Settings};
use crate::kernel::weight::{channel_sums, weight_gradient};
use crate::number::Number;
use crate::operation::{Forward, Kept, Needs, Operation, Pass, Reads, expect_inputs};
use crate::parallel::fill_rows;
use crate::raw::vectorised;
use crate::view::{by_precision, tensor, view};
use candle_core::{CpuStorage, Device, Storage, Tensor};

/// How the two strands become one value per position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StrandCombine {
    /// The larger of the two; where they are equal, the gradient goes to both in halves (as PyTorch's `maximum`).
    Max,
    /// The mean of the two.
    Mean,
}

/// 1-D convolution of a sequence and of its reverse complement with the same filters, joined position by position (the
/// first layer of DRG with `--reverse_complement`).
///
/// The reverse complement is padded for itself, and its result is turned round before the two are joined. Neither is
/// made: filters are turned round instead. The mean is linear, so it is one convolution with the mean of both filters; of
/// the maximum, one number per value says which strand it came from, and the values of each strand are never stored.
///
/// # Shapes
/// Inputs: x `[batch, 4, position]` in the order A, C, G, T, weight `[filters, 4, width]`, bias `[filters]` if there is
/// one; output `[batch, filters, position + padding - width + 1]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StrandConvolution {
    /// Zeros before the first and after the last position, of each strand as it is read.
    pub padding: (usize, usize),
    /// How the strands are joined.
    pub combine: StrandCombine,
}

/// Numbers of a gradient that are taken apart by strand at a time.
const PART: usize = 4 << 20;

impl StrandConvolution {
    /// The convolution whose filters hold those of both strands, each where its padding puts it, for so many examples
    /// and filters.
    fn geometry(&self, x: &[usize], weight: &[usize]) -> Result<Geometry> {
        let name = self.name();
        let plain = Geometry::new(name, x, weight, 1, &Settings::line(1, 1, 1, self.padding))?;
        if plain.channels != 4 {
            return Err(OpsError::shape(name, "the input", x, "[batch, 4, position]"));
        }
        let most = self.padding.0.max(self.padding.1);
        let wide = [weight[0], 4, weight[2] + self.shift()];
        Geometry::new(name, x, &wide, 1, &Settings::line(1, 1, 1, (most, most)))
    }

    /// How far the filters of the strands lie apart.
    fn shift(&self) -> usize {
        self.padding.0.abs_diff(self.padding.1)
    }

    /// Where the filters of the forward and of the reverse strand begin.
    fn places(&self) -> [usize; 2] {
        let most = self.padding.0.max(self.padding.1);
        [most - self.padding.0, most - self.padding.1]
    }

    /// Calls `each(strand, tap of the weight, tap of the wide filters of that strand)` for a filter of this width.
    fn each_tap(&self, width: usize, mut each: impl FnMut(usize, usize, usize)) {
        let wide = width + self.shift();
        let [forward, reverse] = self.places();
        for channel in 0..4 {
            for tap in 0..width {
                each(0, channel * width + tap, channel * wide + forward + tap);
                each(1, channel * width + tap, (3 - channel) * wide + reverse + width - 1 - tap);
            }
        }
    }

    /// The filters of both strands, in turn, or their means.
    fn wide<T: Number>(&self, weight: &[T], width: usize) -> Vec<T> {
        let (size, wide) = (4 * width, 4 * (width + self.shift()));
        let filters = weight.len() / size;
        let mean = self.combine == StrandCombine::Mean;
        let mut output = vec![T::default(); filters * wide * if mean { 1 } else { 2 }];
        for (filter, source) in weight.chunks_exact(size).enumerate() {
            self.each_tap(width, |strand, from, to| {
                if mean {
                    output[filter * wide + to] += source[from] * T::of(0.5);
                } else {
                    output[(2 * filter + strand) * wide + to] = source[from];
                }
            });
        }
        output
    }

    /// The gradient of the weight from that of the wide filters.
    fn narrow<T: Number>(&self, wide_gradient: &[T], filters: usize, width: usize) -> Vec<T> {
        let (size, wide) = (4 * width, 4 * (width + self.shift()));
        let mean = self.combine == StrandCombine::Mean;
        let mut output = zeroed::<T>(filters * size);
        for (filter, target) in output.chunks_exact_mut(size).enumerate() {
            self.each_tap(width, |strand, to, from| {
                target[to] += if mean {
                    wide_gradient[filter * wide + from] * T::of(0.5)
                } else {
                    wide_gradient[(2 * filter + strand) * wide + from]
                };
            });
        }
        output
    }

    /// The gradients of input and wide filters by the maximum, each as far as wanted.
    fn through_maximum<T: Number>(
        g: &Geometry,
        x: Option<&[T]>,
        wide: Option<&[T]>,
        gradient: &[T],
        winners: &[u8],
    ) -> (Option<Vec<T>>, Option<Vec<T>>) {
        let (length, taps) = (g.output[1], g.taps());
        let inputs = g.channels * g.input[1];
        let mut dx = wide.map(|_| zeroed::<T>(g.batch * inputs));
        let mut dw = x.map(|_| zeroed::<T>(2 * g.filters * taps));
        // Several examples with all filters, or one with some.
        let examples = (PART / (2 * g.filters * length).max(1)).clamp(1, g.batch.max(1));
        let filters = match examples {
            1 => (PART / (2 * length).max(1) / 24 * 24).clamp(24, g.filters.max(24)),
            _ => g.filters,
        };
        let mut part = take::<T>(2 * (examples * g.filters.min(filters) * length));
        for example in (0..g.batch).step_by(examples) {
            let examples = examples.min(g.batch - example);
            for filter in (0..g.filters).step_by(filters) {
                let filters = filters.min(g.filters - filter);
                let part = &mut part[..2 * examples * filters * length];
                fill_rows(part, length, |first, rows| {
                    for (i, row) in rows.chunks_exact_mut(length).enumerate() {
                        let (e, f) = ((first + i) / (2 * filters), (first + i) % (2 * filters));
                        let at = ((example + e) * g.filters + filter + f / 2) * length;
                        let (values, winners) = (&gradient[at..][..length], &winners[at..][..length]);
                        let strand = (f % 2) as u8;
                        vectorised(
                            #[inline(always)]
                            || {
                                for ((target, value), winner) in row.iter_mut().zip(values).zip(winners) {
                                    let half = if *winner == 2 { *value * T::of(0.5) } else { T::default() };
                                    *target = if *winner == strand { *value } else { half };
                                }
                            },
                        );
                    }
                });
                let own = Geometry {
                    batch: examples,
                    filters: 2 * filters,
                    ..*g
                };
                let range = 2 * filter * taps..2 * (filter + filters) * taps;
                if let (Some(dx), Some(wide)) = (&mut dx, wide) {
                    let more = input_gradient(&own, part, &wide[range.clone()], None);
                    dx[example * inputs..].iter_mut().zip(&more).for_each(|(a, b)| *a += *b);
                    keep(more);
                }
                if let (Some(dw), Some(x)) = (&mut dw, x) {
                    let more = weight_gradient(&own, &x[example * inputs..][..examples * inputs], part);
                    dw[range].iter_mut().zip(&more).for_each(|(a, b)| *a += *b);
                    keep(more);
                }
            }
        }
        keep(part);
        (dx, dw)
    }
}

impl Operation for StrandConvolution {
    fn name(&self) -> &'static str {
        match self.combine {
            StrandCombine::Max => "strand_convolution(max)",
            StrandCombine::Mean => "strand_convolution(mean)",
        }
    }

    fn forward(&self, inputs: &[&Tensor], _: &Pass) -> Result<Forward> {
        let name = self.name();
        expect_inputs(name, inputs, 2..=3)?;
        let g = self.geometry(inputs[0].dims(), inputs[1].dims())?;
        expect_bias(name, inputs, g.filters)?;
        let dims = [g.batch, g.filters, g.output[1]];
        by_precision!(name, inputs[0], T => {
            let (x, w) = (view::<T>(name, inputs[0])?, view::<T>(name, inputs[1])?);
            let bias = inputs.get(2).map(|b| view::<T>(name, b)).transpose()?;
            let bias = bias.as_ref().map(|b| b.slice());
            let wide = self.wide(w.slice(), inputs[1].dims()[2]);
            if self.combine == StrandCombine::Mean {
                let y = crate::kernel::convolution::forward(&g, x.slice(), &wide, bias);
                return Ok(tensor(y, &dims)?.into());
            }
            let bias: Option<Vec<T>> = bias.map(|b| b.iter().flat_map(|b| [*b, *b]).collect());
            let (y, winners) = both_strands(&g, x.slice(), &wide, bias.as_deref());
            Ok(Forward {
                output: tensor(y, &dims)?,
                saved: vec![Tensor::from_vec(winners, &dims, &Device::Cpu)?],
                updates: Vec::new(),
            })
        })
    }

    fn backward(&self, kept: &Kept, gradient: &Tensor, wanted: &[bool]) -> Result<Vec<Option<Tensor>>> {
        let name = self.name();
        let (dims, weight_dims) = (kept.shape(name, 0)?, kept.shape(name, 1)?);
        let (g, width) = (self.geometry(dims, weight_dims)?, weight_dims[2]);
        let mut results = vec![None; wanted.len()];
        by_precision!(name, gradient, T => {
            let dy = view::<T>(name, gradient)?;
            let x = if wanted[1] { Some(view::<T>(name, kept.input(name, 0)?)?) } else { None };
            let wide = match wanted[0] {
                true => Some(self.wide(view::<T>(name, kept.input(name, 1)?)?.slice(), width)),
                false => None,
            };
            let (dx, dw) = if self.combine == StrandCombine::Mean {
                let dx = wide.map(|wide| input_gradient(&g, dy.slice(), &wide, None));
                (dx, x.map(|x| weight_gradient(&g, x.slice(), dy.slice())))
            } else {
                let (guard, layout) = kept.saved(name, 0)?.storage_and_layout();
                let winners = match (&*guard, layout.contiguous_offsets()) {
                    (Storage::Cpu(CpuStorage::U8(values)), Some((start, end))) => &values[start..end],
                    _ => &[],
                };
                if winners.len() != dy.slice().len() {
                    return Err(OpsError::shape(name, "the gradient", gradient.dims(), "that of the output"));
                }
                Self::through_maximum(&g, x.as_ref().map(|x| x.slice()), wide.as_deref(), dy.slice(), winners)
            };
            results[0] = dx.map(|dx| tensor(dx, dims)).transpose()?;
            results[1] = dw.map(|dw| tensor(self.narrow(&dw, g.filters, width), weight_dims)).transpose()?;
            if wanted.get(2) == Some(&true) {
                results[2] = Some(tensor(channel_sums(dy.slice(), g.filters, g.output[1]), &[g.filters])?);
            }
            Ok(results)
        })
    }

    fn reads(&self) -> Reads {
        Reads::INPUTS
    }

    fn needs(&self, shapes: &[Vec<usize>], number_bytes: usize) -> Needs {
        let Ok(g) = self.geometry(&shapes[0], &shapes[1]) else {
            return Needs::default();
        };
        let values = g.batch * g.filters * g.output[1];
        let maximum = self.combine == StrandCombine::Max;
        Needs {
            saved: if maximum { values } else { 0 },
            backward: if maximum { (2 * values).min(PART) * number_bytes } else { 0 },
            ..Needs::default()
        }
    }
}
