//! 1-D convolution.

mod geometry;

use crate::buffer::{take, zeroed};
use crate::error::{OpsError, Result};
use crate::linear::add_up;
use crate::number::{Number, Scratch, grown};
use crate::operation::{Forward, Kept, Operation, Pass, Reads, expect_inputs};
use crate::parallel::{for_each_task, map_tasks, pieces, sum_of};
use crate::raw::{SharedOutput, Steps, product};
use crate::view::{by_precision, tensor, view};
use candle_core::Tensor;
use geometry::{Geometry, Tile};

/// 1-D convolution (cross-correlation, as PyTorch's `conv1d`).
///
/// Forward unfolds a tile of the input at a time and multiplies; the gradient of the input is a convolution of the
/// output's gradient with the flipped kernel; that of the weight adds tiles in a fixed order.
///
/// # Shapes
/// Inputs: x `[batch, channels, position]`, weight `[filters, channels / groups, width]`, bias `[filters]` if there is
/// one; output `[batch, filters, (position + padding - dilation (width - 1) - 1) / stride + 1]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Convolution {
    /// Step between outputs.
    pub stride: usize,
    /// Distance between taps.
    pub dilation: usize,
    /// Channel groups.
    pub groups: usize,
    /// Zeros before the first and after the last position.
    pub padding: (usize, usize),
}

impl Default for Convolution {
    fn default() -> Self {
        Self {
            stride: 1,
            dilation: 1,
            groups: 1,
            padding: (0, 0),
        }
    }
}

impl Convolution {
    fn geometry(&self, x: &[usize], weight: &[usize]) -> Result<Geometry> {
        Geometry::new(x, weight, self.stride, self.dilation, self.groups, self.padding)
    }
}

/// Computes the output.
fn convolve<T: Number>(g: &Geometry, x: &[T], weight: &[T], bias: Option<&[T]>) -> Vec<T> {
    let mut output = take::<T>(g.batch * g.filters * g.output_length);
    let shared = SharedOutput::new(&mut output);
    let tiles = g.tiles();
    let (taps, filters) = (g.taps(), g.group_filters());
    for_each_task(tiles.len(), |i| {
        let tile = &tiles[i];
        let n = tile.columns();
        T::scratch(|Scratch { columns, rows }| {
            let (columns, rows) = (grown(columns, taps * n), grown(rows, filters * n));
            for group in 0..g.groups {
                g.unfold(x, tile, group, columns);
                let w = &weight[group * filters * taps..][..filters * taps];
                let (ws, cs) = ((w, Steps::rows(taps)), (&*columns, Steps::rows(n)));
                product((filters, n, taps), (&mut *rows, Steps::rows(n)), false, ws, cs);
                for (f, row) in rows.chunks_exact(n).enumerate() {
                    let filter = group * filters + f;
                    for (e, values) in row.chunks_exact(tile.positions).enumerate() {
                        let start = ((tile.example + e) * g.filters + filter) * g.output_length + tile.start;
                        // SAFETY: tiles have no output in common, and rows of a tile are written one after the other.
                        #[allow(unsafe_code)]
                        let target = unsafe { shared.row(start, tile.positions) };
                        match bias {
                            Some(bias) => target.iter_mut().zip(values).for_each(|(t, v)| *t = *v + bias[filter]),
                            None => target.copy_from_slice(values),
                        }
                    }
                }
            }
        });
    });
    output
}

/// The kernel of the transposed convolution: `[channels, filters / groups, flipped width]`.
fn flipped<T: Number>(g: &Geometry, weight: &[T]) -> Vec<T> {
    let (channels, filters) = (g.group_channels(), g.group_filters());
    let mut output = vec![T::default(); weight.len()];
    for (filter, of_filter) in weight.chunks_exact(channels * g.width).enumerate() {
        let (group, f) = (filter / filters, filter % filters);
        for (c, taps) in of_filter.chunks_exact(g.width).enumerate() {
            let target = &mut output[((group * channels + c) * filters + f) * g.width..][..g.width];
            target.iter_mut().zip(taps.iter().rev()).for_each(|(t, v)| *t = *v);
        }
    }
    output
}

/// Copies the gradient of a tile's output to `[filter, column]`.
fn gather<T: Number>(g: &Geometry, gradient: &[T], tile: &Tile, group: usize, rows: &mut [T]) {
    let n = tile.columns();
    for (f, row) in rows.chunks_exact_mut(n).enumerate() {
        for (e, target) in row.chunks_exact_mut(tile.positions).enumerate() {
            let at = (tile.example + e) * g.filters + group * g.group_filters() + f;
            target.copy_from_slice(&gradient[at * g.output_length + tile.start..][..tile.positions]);
        }
    }
}

/// The gradients of weight and bias, one after the other.
fn weight_gradient<T: Number>(g: &Geometry, x: &[T], gradient: &[T]) -> Vec<T> {
    let tiles = g.tiles();
    let (taps, filters) = (g.taps(), g.group_filters());
    let weights = g.filters * taps;
    // Partial sums: at most 16, fewer where they would take more than 64 MB.
    let parts = pieces(tiles.len(), 16.min((16 << 20) / weights.max(1)).max(2));
    let sums = map_tasks(parts.len(), |i| {
        let mut sum = zeroed::<T>(weights + g.filters);
        let (dw, db) = sum.split_at_mut(weights);
        for tile in &tiles[parts[i].0..parts[i].0 + parts[i].1] {
            let n = tile.columns();
            T::scratch(|Scratch { columns, rows }| {
                let (columns, rows) = (grown(columns, taps * n), grown(rows, filters * n));
                for group in 0..g.groups {
                    g.unfold(x, tile, group, columns);
                    gather(g, gradient, tile, group, rows);
                    let target = &mut dw[group * filters * taps..][..filters * taps];
                    let (rs, cs) = ((&*rows, Steps::rows(n)), (&*columns, Steps::columns(n)));
                    product((filters, taps, n), (target, Steps::rows(taps)), true, rs, cs);
                    for (f, row) in rows.chunks_exact(n).enumerate() {
                        db[group * filters + f] += sum_of(row, |v| v);
                    }
                }
            });
        }
        sum
    });
    add_up(sums)
}

impl Operation for Convolution {
    fn name(&self) -> &'static str {
        "convolution"
    }

    fn forward(&self, inputs: &[&Tensor], _: &Pass) -> Result<Forward> {
        expect_inputs(self.name(), inputs, 2..=3)?;
        let g = self.geometry(inputs[0].dims(), inputs[1].dims())?;
        if let Some(bias) = inputs.get(2).filter(|b| b.dims() != [g.filters]) {
            return Err(OpsError::shape(
                self.name(),
                "the bias",
                bias.dims(),
                format!("[{}]", g.filters),
            ));
        }
        by_precision!(self.name(), inputs[0], T => {
            let (x, w) = (view::<T>(self.name(), inputs[0])?, view::<T>(self.name(), inputs[1])?);
            let bias = inputs.get(2).map(|b| view::<T>(self.name(), b)).transpose()?;
            let y = convolve(&g, x.slice(), w.slice(), bias.as_ref().map(|b| b.slice()));
            Ok(tensor(y, &[g.batch, g.filters, g.output_length])?.into())
        })
    }

    fn backward(&self, kept: &Kept, gradient: &Tensor, wanted: &[bool]) -> Result<Vec<Option<Tensor>>> {
        let dims = kept.shape(self.name(), 0)?;
        let weight_dims = kept.shape(self.name(), 1)?;
        let g = self.geometry(dims, weight_dims)?;
        let mut results = vec![None; wanted.len()];
        by_precision!(self.name(), gradient, T => {
            let dy = view::<T>(self.name(), gradient)?;
            if wanted[0] {
                let w = view::<T>(self.name(), kept.input(self.name(), 1)?)?;
                results[0] = Some(tensor(convolve(&g.transposed(), dy.slice(), &flipped(&g, w.slice()), None), dims)?);
            }
            if wanted[1..].contains(&true) {
                let x = view::<T>(self.name(), kept.input(self.name(), 0)?)?;
                let mut dw = weight_gradient(&g, x.slice(), dy.slice());
                let db = dw.split_off(g.filters * g.taps());
                results[1] = if wanted[1] { Some(tensor(dw, weight_dims)?) } else { None };
                if wanted.get(2) == Some(&true) {
                    results[2] = Some(tensor(db, &[g.filters])?);
                }
            }
            Ok(results)
        })
    }

    fn reads(&self) -> Reads {
        Reads::INPUTS
    }
}
