//! Pooling over positions by windows next to each other.

mod area;
mod windows;

use crate::buffer::take;
use crate::error::{OpsError, Result};
use crate::number::Number;
use crate::operation::{Forward, Kept, Needs, Operation, Pass, Reads, expect_inputs};
use crate::parallel::{fill_rows, fill_rows2, map_tasks, pieces};
use crate::raw::vectorised;
use crate::view::{by_precision, tensor, view};
pub use area::{Pooling2d, SlidingPooling};
use candle_core::{Device, Tensor};
use windows::Place;

/// What is made of a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PoolKind {
    /// The largest value; the first of equals takes the gradient, as in PyTorch.
    Max,
    /// The mean.
    Mean,
    /// The mean weighted by the softmax of the values themselves (DRG).
    Weighted,
}

/// Pools the last axis; positions left over at its end are dropped.
///
/// # Shapes
/// `[.., position]` to `[.., position / window]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pooling {
    /// Which.
    pub kind: PoolKind,
    /// Window and step.
    pub window: usize,
}

/// What stands beyond the ends of a row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fill {
    /// Nothing: the first and the last window are shorter.
    Absent,
    /// A number.
    Constant(f64),
    /// The smallest value of the whole tensor, all examples together, taken as a constant (DRG's weighted pooling: an
    /// example's output then depends on the others of its batch).
    Minimum,
}

/// Pools the last axis; a remainder is padded to a whole window as DRG pads it: of `p` missing positions, `p / 2` rounded
/// up stand before the row and the rest after it.
///
/// # Shapes
/// `[.., position]` to `[.., position / window]`, rounded up.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PaddedPooling {
    /// Which.
    pub kind: PoolKind,
    /// Window and step.
    pub window: usize,
    /// What the padding holds. DRG: nothing for max and mean, the minimum for weighted, and 0 for max in the second path of
    /// a residual tower.
    pub fill: Fill,
}

/// Windows up to this save the place of their largest value in a byte.
const BYTE_WINDOW: usize = 256;

/// How windows lie over a row.
#[derive(Clone, Copy, Debug)]
struct Layout {
    kind: PoolKind,
    row: usize,
    window: usize,
    pooled: usize,
    /// Padding before and after the row.
    pads: (usize, usize),
}

/// A window at an end: its number, its values, and how many of its places the padding takes before them.
struct End {
    window: usize,
    values: std::ops::Range<usize>,
    before: usize,
}

impl Layout {
    /// Windows that are whole: the first one, the first position, and how many.
    fn whole(&self) -> (usize, usize, usize) {
        let (before, after) = self.pads;
        let ends = usize::from(before > 0) + usize::from(after > 0);
        let count = self.pooled.saturating_sub(ends);
        if before == 0 {
            (0, 0, count)
        } else {
            (1, (self.window - before).min(self.row), count)
        }
    }

    /// Windows that reach into the padding.
    fn ends(&self) -> impl Iterator<Item = End> {
        let (before, after) = self.pads;
        let first = (before > 0).then(|| End {
            window: 0,
            values: 0..(self.window - before).min(self.row),
            before,
        });
        let last = (after > 0 && (before == 0 || self.pooled > 1)).then(|| End {
            window: self.pooled - 1,
            values: self.row + after - self.window..self.row,
            before: 0,
        });
        first.into_iter().chain(last)
    }

    fn forward<T: Number, P: Place>(&self, x: &[T], fill: Option<T>) -> (Vec<T>, Vec<P>) {
        let rows = x.len() / self.row;
        let mut y = take::<T>(rows * self.pooled);
        let kept = if self.kind == PoolKind::Max { self.pooled } else { 0 };
        let mut places = vec![P::from_place(0); rows * kept];
        fill_rows2((&mut y, self.pooled), (&mut places, kept), |first, y, places| {
            vectorised(
                #[inline(always)]
                || {
                    if self.row == self.pooled * self.window {
                        // Rows without remainder follow each other as one.
                        let x = &x[first * self.row..][..y.len() * self.window];
                        return windows::forward(self.kind, self.window, x, y, places);
                    }
                    let (start, position, count) = self.whole();
                    for (r, y) in y.chunks_mut(self.pooled).enumerate() {
                        let x = &x[(first + r) * self.row..][..self.row];
                        let places = if kept > 0 { &mut places[r * kept..][..kept] } else { &mut [] };
                        let inside = if kept > 0 {
                            &mut places[start..start + count]
                        } else {
                            &mut []
                        };
                        let (source, target) = (&x[position..position + count * self.window], &mut y[start..start + count]);
                        windows::forward(self.kind, self.window, source, target, inside);
                        for end in self.ends() {
                            let (value, place) = self.end(&x[end.values.clone()], end.before, fill);
                            y[end.window] = value;
                            if kept > 0 {
                                places[end.window] = P::from_place(place as u32);
                            }
                        }
                    }
                },
            );
        });
        (y, places)
    }

    /// A window that holds fewer values than places: what it gives, and the place of the largest.
    fn end<T: Number>(&self, x: &[T], before: usize, fill: Option<T>) -> (T, usize) {
        let pads = self.window - x.len();
        match self.kind {
            PoolKind::Max => {
                let (value, place) = windows::largest_of(x);
                match fill {
                    // Before the row the padding comes first of equals.
                    Some(fill) if fill > value || (fill == value && before > 0) => (fill, if before > 0 { 0 } else { x.len() }),
                    _ => (value, before + place),
                }
            }
            PoolKind::Mean => {
                let sum = x[1..].iter().fold(x[0], |a, v| a + *v);
                match fill {
                    None => (sum * T::of(1.0 / x.len() as f64), 0),
                    Some(fill) => ((sum + T::of(pads as f64) * fill) * T::of(1.0 / self.window as f64), 0),
                }
            }
            PoolKind::Weighted => (windows::weighted_of(x, fill.map(|fill| (fill, pads))).0, 0),
        }
    }

    fn backward<T: Number, P: Place>(&self, x: &[T], places: &[P], fill: Option<T>, g: &[T]) -> Vec<T> {
        let mut dx = take::<T>(g.len() / self.pooled * self.row);
        let kept = if self.kind == PoolKind::Max { self.pooled } else { 0 };
        let reads = self.kind == PoolKind::Weighted;
        fill_rows(&mut dx, self.row, |first, dx| {
            vectorised(
                #[inline(always)]
                || {
                    if self.row == self.pooled * self.window {
                        let range = first * self.pooled..first * self.pooled + dx.len() / self.window;
                        let x = if reads { &x[first * self.row..][..dx.len()] } else { &[] };
                        let places = if kept > 0 { &places[range.clone()] } else { &[] };
                        return windows::backward(self.kind, self.window, x, places, &g[range], dx);
                    }
                    let (start, position, count) = self.whole();
                    for (r, dx) in dx.chunks_mut(self.row).enumerate() {
                        let row = first + r;
                        let x = if reads { &x[row * self.row..][..self.row] } else { &[] };
                        let g = &g[row * self.pooled..][..self.pooled];
                        let places = if kept > 0 { &places[row * kept..][..kept] } else { &[] };
                        let inside = position..position + count * self.window;
                        dx[inside.end..].fill(T::default());
                        windows::backward(
                            self.kind,
                            self.window,
                            if reads { &x[inside.clone()] } else { &[] },
                            if kept > 0 { &places[start..start + count] } else { &[] },
                            &g[start..start + count],
                            &mut dx[inside],
                        );
                        for end in self.ends() {
                            let g = g[end.window];
                            let target = &mut dx[end.values.clone()];
                            match self.kind {
                                PoolKind::Max => {
                                    target.fill(T::default());
                                    let place = (places[end.window].place() as usize).checked_sub(end.before);
                                    if let Some(target) = place.and_then(|place| target.get_mut(place)) {
                                        *target = g;
                                    }
                                }
                                PoolKind::Mean => {
                                    let counted = if fill.is_some() { self.window } else { target.len() };
                                    target.fill(g * T::of(1.0 / counted as f64));
                                }
                                PoolKind::Weighted => {
                                    let pads = self.window - target.len();
                                    windows::weighted_back_of(&x[end.values], fill.map(|fill| (fill, pads)), g, target);
                                }
                            }
                        }
                    }
                },
            );
        });
        dx
    }

    /// The whole forward pass.
    fn pass(&self, operation: &'static str, input: &Tensor, fill: Fill) -> Result<Forward> {
        let mut dims = input.dims().to_vec();
        if let Some(last) = dims.last_mut() {
            *last = self.pooled;
        }
        by_precision!(operation, input, T => {
            let x = view::<T>(operation, input)?;
            let x = x.slice();
            let (fill, mut saved) = (value_of::<T>(fill, x), Vec::new());
            if self.kind == PoolKind::Weighted && let Some(fill) = fill {
                saved.push(tensor(vec![fill], &[1])?);
            }
            let output = if self.kind != PoolKind::Max || self.window <= BYTE_WINDOW {
                let (output, places) = self.forward::<T, u8>(x, fill);
                if self.kind == PoolKind::Max {
                    saved.push(Tensor::from_vec(places, dims.as_slice(), &Device::Cpu)?);
                }
                output
            } else {
                let (output, places) = self.forward::<T, u32>(x, fill);
                if self.kind == PoolKind::Max {
                    saved.push(Tensor::from_vec(places, dims.as_slice(), &Device::Cpu)?);
                }
                output
            };
            Ok(Forward { output: tensor(output, &dims)?, saved, updates: Vec::new() })
        })
    }

    /// The whole backward pass.
    fn pass_back(&self, operation: &'static str, kept: &Kept, gradient: &Tensor, fill: Fill) -> Result<Vec<Option<Tensor>>> {
        let dims = kept.shape(operation, 0)?;
        by_precision!(operation, gradient, T => {
            let g = view::<T>(operation, gradient)?;
            let g = g.slice();
            let dx = match self.kind {
                PoolKind::Max if self.window <= BYTE_WINDOW => {
                    let places = view::<u8>(operation, kept.saved(operation, 0)?)?;
                    self.backward(&[], places.slice(), None, g)
                }
                PoolKind::Max => {
                    let places = view::<u32>(operation, kept.saved(operation, 0)?)?;
                    self.backward(&[], places.slice(), None, g)
                }
                PoolKind::Mean => {
                    // How many places share the gradient depends on whether the padding counts, not on what it holds.
                    let fill = (fill != Fill::Absent).then(<T as Default>::default);
                    self.backward::<T, u8>(&[], &[], fill, g)
                }
                PoolKind::Weighted => {
                    let x = view::<T>(operation, kept.input(operation, 0)?)?;
                    let fill = match kept.saved.first() {
                        Some(fill) => view::<T>(operation, fill)?.slice().first().copied(),
                        None => None,
                    };
                    self.backward::<T, u8>(x.slice(), &[], fill, g)
                }
            };
            Ok(vec![Some(tensor(dx, dims)?)])
        })
    }
}

/// What the padding holds.
fn value_of<T: Number>(fill: Fill, x: &[T]) -> Option<T> {
    match fill {
        Fill::Absent => None,
        Fill::Constant(value) => Some(T::of(value)),
        Fill::Minimum => {
            let parts = pieces(x.len(), x.len().div_ceil(16_384));
            let least = |values: &[T]| values.iter().copied().reduce(|m, v| if v < m { v } else { m });
            let least = map_tasks(parts.len(), |i| least(&x[parts[i].0..parts[i].0 + parts[i].1]));
            least.into_iter().flatten().reduce(|m, v| if v < m { v } else { m })
        }
    }
}

/// The length of the last axis, or why it can't be pooled.
fn length(operation: &'static str, dims: &[usize], window: usize, least: usize) -> Result<usize> {
    if window == 0 {
        return Err(OpsError::Setting {
            operation,
            what: "window".into(),
            found: "0".into(),
            expected: "at least 1".into(),
        });
    }
    let last = dims.last().copied().filter(|last| *last >= least);
    last.ok_or_else(|| {
        let expected = if least == window {
            format!("at least {window} positions, one window")
        } else {
            format!("at least {least} position")
        };
        OpsError::shape(operation, "the input", dims, expected)
    })
}

impl Pooling {
    /// The length of a row and of the pooled one, and the shape of the output.
    #[cfg(any(feature = "cuda", feature = "cuda-simulation"))]
    pub(crate) fn lengths(&self, dims: &[usize]) -> Result<(usize, usize, Vec<usize>)> {
        let layout = self.layout(dims)?;
        let mut pooled = dims.to_vec();
        if let Some(last) = pooled.last_mut() {
            *last = layout.pooled;
        }
        Ok((layout.row, layout.pooled, pooled))
    }

    fn layout(&self, dims: &[usize]) -> Result<Layout> {
        let row = length(self.name(), dims, self.window, self.window)?;
        Ok(Layout {
            kind: self.kind,
            row,
            window: self.window,
            pooled: row / self.window,
            pads: (0, 0),
        })
    }
}

impl Operation for Pooling {
    fn name(&self) -> &'static str {
        match self.kind {
            PoolKind::Max => "pool(max)",
            PoolKind::Mean => "pool(mean)",
            PoolKind::Weighted => "pool(weighted)",
        }
    }

    fn forward(&self, inputs: &[&Tensor], _: &Pass) -> Result<Forward> {
        expect_inputs(self.name(), inputs, 1..=1)?;
        self.layout(inputs[0].dims())?.pass(self.name(), inputs[0], Fill::Absent)
    }

    fn backward(&self, kept: &Kept, gradient: &Tensor, _: &[bool]) -> Result<Vec<Option<Tensor>>> {
        self.layout(kept.shape(self.name(), 0)?)?
            .pass_back(self.name(), kept, gradient, Fill::Absent)
    }

    fn reads(&self) -> Reads {
        reads(self.kind)
    }

    fn needs(&self, shapes: &[Vec<usize>], _: usize) -> Needs {
        places(self.layout(&shapes[0]), &shapes[0])
    }
}

impl PaddedPooling {
    fn layout(&self, dims: &[usize]) -> Result<Layout> {
        let row = length(self.name(), dims, self.window, 1)?;
        let missing = row.next_multiple_of(self.window) - row;
        Ok(Layout {
            kind: self.kind,
            row,
            window: self.window,
            pooled: row.div_ceil(self.window),
            pads: (missing.div_ceil(2), missing / 2),
        })
    }
}

impl Operation for PaddedPooling {
    fn name(&self) -> &'static str {
        match self.kind {
            PoolKind::Max => "pool(max, padded)",
            PoolKind::Mean => "pool(mean, padded)",
            PoolKind::Weighted => "pool(weighted, padded)",
        }
    }

    fn forward(&self, inputs: &[&Tensor], _: &Pass) -> Result<Forward> {
        expect_inputs(self.name(), inputs, 1..=1)?;
        self.layout(inputs[0].dims())?.pass(self.name(), inputs[0], self.fill)
    }

    fn backward(&self, kept: &Kept, gradient: &Tensor, _: &[bool]) -> Result<Vec<Option<Tensor>>> {
        self.layout(kept.shape(self.name(), 0)?)?
            .pass_back(self.name(), kept, gradient, self.fill)
    }

    fn reads(&self) -> Reads {
        reads(self.kind)
    }

    fn needs(&self, shapes: &[Vec<usize>], number_bytes: usize) -> Needs {
        let layout = self.layout(&shapes[0]);
        let mut needs = places(layout, &shapes[0]);
        if self.kind == PoolKind::Weighted && self.fill != Fill::Absent {
            needs.saved = number_bytes;
        }
        needs
    }
}

/// The largest value's place is saved, a mean needs nothing; only weights are computed again.
fn reads(kind: PoolKind) -> Reads {
    match kind {
        PoolKind::Max | PoolKind::Mean => Reads::NOTHING,
        PoolKind::Weighted => Reads::INPUTS,
    }
}

/// What the places of the largest values take.
fn places(layout: Result<Layout>, dims: &[usize]) -> Needs {
    let saved = match layout {
        Ok(layout) if layout.kind == PoolKind::Max => {
            let place = if layout.window <= BYTE_WINDOW { 1 } else { 4 };
            dims.iter().product::<usize>() / layout.row * layout.pooled * place
        }
        _ => 0,
    };
    Needs {
        saved,
        ..Needs::default()
    }
}
