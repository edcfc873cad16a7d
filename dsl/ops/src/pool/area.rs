//! Pooling by windows of any step and padding, over positions and over maps.

use super::PoolKind;
use super::windows::{largest_of, weighted_back_of, weighted_of};
use crate::buffer::{take, zeroed};
use crate::error::{OpsError, Result};
use crate::number::Number;
use crate::operation::{Forward, Kept, Needs, Operation, Pass, Reads, expect_inputs};
use crate::parallel::{fill_rows, fill_rows2};
use crate::view::{by_precision, tensor, view};
use candle_core::{Device, Tensor};

/// Pools rows and columns of a map. What the padding would hold is absent: it is never the largest value, and a mean is
/// over the cells that are there (PyTorch's `MaxPool2d`; `AvgPool2d` with `count_include_pad=False`).
///
/// # Shapes
/// `[.., row, column]` to `[.., (row + padding - window) / step + 1, ..]`, rounded down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pooling2d {
    /// Which.
    pub kind: PoolKind,
    /// Rows and columns of a window.
    pub window: [usize; 2],
    /// From window to window.
    pub step: [usize; 2],
    /// Before and after the rows, and the columns; each smaller than the window.
    pub padding: [(usize, usize); 2],
}

/// Pools positions by windows that overlap or leave gaps; the padding is absent, as in [`Pooling2d`].
///
/// # Shapes
/// `[.., position]` to `[.., (position + padding - window) / step + 1]`, rounded down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SlidingPooling {
    /// Which.
    pub kind: PoolKind,
    /// Positions of a window.
    pub window: usize,
    /// From window to window.
    pub step: usize,
    /// Before and after the positions; each smaller than the window.
    pub padding: (usize, usize),
}

/// One axis of a map and of its windows.
#[derive(Clone, Copy, Debug)]
struct Axis {
    size: usize,
    pooled: usize,
    window: usize,
    step: usize,
    before: usize,
}

impl Axis {
    fn new(
        operation: &'static str,
        dims: &[usize],
        size: usize,
        window: usize,
        step: usize,
        padding: (usize, usize),
    ) -> Result<Self> {
        let setting = |what: &str, found: String, expected: &str| OpsError::Setting {
            operation,
            what: what.into(),
            found,
            expected: expected.into(),
        };
        if window == 0 || step == 0 {
            return Err(setting("window and step", format!("{window} and {step}"), "both at least 1"));
        }
        if padding.0 >= window || padding.1 >= window {
            return Err(setting("padding", format!("{padding:?}"), "each less than the window"));
        }
        let padded = size + padding.0 + padding.1;
        if size == 0 || padded < window {
            let expected = format!("at least {window} positions with the padding, one window");
            return Err(OpsError::shape(operation, "the input", dims, expected));
        }
        // A last window that lies in the padding alone holds nothing.
        let pooled = ((padded - window) / step + 1).min((size + padding.0 - 1) / step + 1);
        Ok(Self {
            size,
            pooled,
            window,
            step,
            before: padding.0,
        })
    }

    /// The positions of a window that are there.
    fn range(&self, window: usize) -> std::ops::Range<usize> {
        let start = window * self.step;
        start.saturating_sub(self.before)..(start + self.window - self.before).min(self.size)
    }
}

/// Both axes of a map.
#[derive(Clone, Copy, Debug)]
struct Area {
    kind: PoolKind,
    rows: Axis,
    columns: Axis,
}

impl Area {
    /// Calls `visit` with each window's number and the places of its cells.
    fn windows(&self, mut visit: impl FnMut(usize, &[usize])) {
        let mut places = Vec::new();
        for i in 0..self.rows.pooled {
            for j in 0..self.columns.pooled {
                places.clear();
                for row in self.rows.range(i) {
                    places.extend(self.columns.range(j).map(|column| row * self.columns.size + column));
                }
                visit(i * self.columns.pooled + j, &places);
            }
        }
    }

    fn cells(&self) -> (usize, usize) {
        (self.rows.size * self.columns.size, self.rows.pooled * self.columns.pooled)
    }

    fn forward<T: Number>(&self, x: &[T]) -> (Vec<T>, Vec<u32>) {
        let (cells, pooled) = self.cells();
        let planes = x.len() / cells;
        let mut y = take::<T>(planes * pooled);
        let kept = if self.kind == PoolKind::Max { pooled } else { 0 };
        let mut largest = vec![0u32; planes * kept];
        fill_rows2((&mut y, pooled), (&mut largest, kept), |first, y, largest| {
            let mut values = Vec::new();
            for (p, y) in y.chunks_mut(pooled).enumerate() {
                let x = &x[(first + p) * cells..][..cells];
                self.windows(|window, places| {
                    values.clear();
                    values.extend(places.iter().map(|place| x[*place]));
                    y[window] = match self.kind {
                        PoolKind::Max => {
                            let (value, place) = largest_of(&values);
                            largest[p * kept + window] = places[place] as u32;
                            value
                        }
                        PoolKind::Mean => values[1..].iter().fold(values[0], |a, v| a + *v) * T::of(1.0 / values.len() as f64),
                        PoolKind::Weighted => weighted_of(&values, None).0,
                    };
                });
            }
        });
        (y, largest)
    }

    fn backward<T: Number>(&self, x: &[T], largest: &[u32], g: &[T]) -> Vec<T> {
        let (cells, pooled) = self.cells();
        let mut dx = zeroed::<T>(g.len() / pooled * cells);
        fill_rows(&mut dx, cells, |first, dx| {
            let (mut values, mut slopes) = (Vec::new(), Vec::new());
            for (p, dx) in dx.chunks_mut(cells).enumerate() {
                let plane = first + p;
                let g = &g[plane * pooled..][..pooled];
                if self.kind == PoolKind::Max {
                    for (g, place) in g.iter().zip(&largest[plane * pooled..]) {
                        dx[*place as usize] += *g;
                    }
                    continue;
                }
                self.windows(|window, places| {
                    slopes.clear();
                    if self.kind == PoolKind::Mean {
                        slopes.resize(places.len(), g[window] * T::of(1.0 / places.len() as f64));
                    } else {
                        values.clear();
                        values.extend(places.iter().map(|place| x[plane * cells + place]));
                        slopes.resize(places.len(), T::default());
                        weighted_back_of(&values, None, g[window], &mut slopes);
                    }
                    for (place, slope) in places.iter().zip(&slopes) {
                        dx[*place] += *slope;
                    }
                });
            }
        });
        dx
    }

    fn pass(&self, operation: &'static str, input: &Tensor, dims: &[usize]) -> Result<Forward> {
        by_precision!(operation, input, T => {
            let x = view::<T>(operation, input)?;
            let (y, largest) = self.forward(x.slice());
            let mut saved = Vec::new();
            if self.kind == PoolKind::Max {
                saved.push(Tensor::from_vec(largest, dims, &Device::Cpu)?);
            }
            Ok(Forward { output: tensor(y, dims)?, saved, updates: Vec::new() })
        })
    }

    fn pass_back(&self, operation: &'static str, kept: &Kept, gradient: &Tensor) -> Result<Vec<Option<Tensor>>> {
        let dims = kept.shape(operation, 0)?;
        by_precision!(operation, gradient, T => {
            let g = view::<T>(operation, gradient)?;
            let dx = match self.kind {
                PoolKind::Max => self.backward(&[], view::<u32>(operation, kept.saved(operation, 0)?)?.slice(), g.slice()),
                PoolKind::Mean => self.backward(&[], &[], g.slice()),
                PoolKind::Weighted => self.backward(view::<T>(operation, kept.input(operation, 0)?)?.slice(), &[], g.slice()),
            };
            Ok(vec![Some(tensor(dx, dims)?)])
        })
    }
}

impl Pooling2d {
    fn area(&self, dims: &[usize]) -> Result<(Area, Vec<usize>)> {
        if dims.len() < 3 {
            return Err(OpsError::shape(self.name(), "the input", dims, "[batch, .., row, column]"));
        }
        let at = dims.len() - 2;
        let axis = |i: usize| Axis::new(self.name(), dims, dims[at + i], self.window[i], self.step[i], self.padding[i]);
        let (rows, columns) = (axis(0)?, axis(1)?);
        let mut pooled = dims.to_vec();
        (pooled[at], pooled[at + 1]) = (rows.pooled, columns.pooled);
        let kind = self.kind;
        Ok((Area { kind, rows, columns }, pooled))
    }
}

impl SlidingPooling {
    fn area(&self, dims: &[usize]) -> Result<(Area, Vec<usize>)> {
        let mut pooled = dims.to_vec();
        let Some(last) = pooled.last_mut() else {
            return Err(OpsError::shape(self.name(), "the input", dims, "[.., position]"));
        };
        let columns = Axis::new(self.name(), dims, *last, self.window, self.step, self.padding)?;
        let rows = Axis::new(self.name(), dims, 1, 1, 1, (0, 0))?;
        *last = columns.pooled;
        let kind = self.kind;
        Ok((Area { kind, rows, columns }, pooled))
    }
}

impl Operation for Pooling2d {
    fn name(&self) -> &'static str {
        match self.kind {
            PoolKind::Max => "pool2d(max)",
            PoolKind::Mean => "pool2d(mean)",
            PoolKind::Weighted => "pool2d(weighted)",
        }
    }

    fn forward(&self, inputs: &[&Tensor], _: &Pass) -> Result<Forward> {
        expect_inputs(self.name(), inputs, 1..=1)?;
        let (area, dims) = self.area(inputs[0].dims())?;
        area.pass(self.name(), inputs[0], &dims)
    }

    fn backward(&self, kept: &Kept, gradient: &Tensor, _: &[bool]) -> Result<Vec<Option<Tensor>>> {
        let (area, _) = self.area(kept.shape(self.name(), 0)?)?;
        area.pass_back(self.name(), kept, gradient)
    }

    fn reads(&self) -> Reads {
        super::reads(self.kind)
    }

    fn needs(&self, shapes: &[Vec<usize>], _: usize) -> Needs {
        match self.area(&shapes[0]) {
            // The places of the largest values, as U32.
            Ok((_, pooled)) if self.kind == PoolKind::Max => Needs {
                saved: pooled.iter().product::<usize>() * 4,
                ..Needs::default()
            },
            _ => Needs::default(),
        }
    }
}

impl Operation for SlidingPooling {
    fn name(&self) -> &'static str {
        match self.kind {
            PoolKind::Max => "pool(max, sliding)",
            PoolKind::Mean => "pool(mean, sliding)",
            PoolKind::Weighted => "pool(weighted, sliding)",
        }
    }

    fn forward(&self, inputs: &[&Tensor], _: &Pass) -> Result<Forward> {
        expect_inputs(self.name(), inputs, 1..=1)?;
        let (area, dims) = self.area(inputs[0].dims())?;
        area.pass(self.name(), inputs[0], &dims)
    }

    fn backward(&self, kept: &Kept, gradient: &Tensor, _: &[bool]) -> Result<Vec<Option<Tensor>>> {
        let (area, _) = self.area(kept.shape(self.name(), 0)?)?;
        area.pass_back(self.name(), kept, gradient)
    }

    fn reads(&self) -> Reads {
        super::reads(self.kind)
    }

    fn needs(&self, shapes: &[Vec<usize>], _: usize) -> Needs {
        match self.area(&shapes[0]) {
            // The places of the largest values, as U32.
            Ok((_, pooled)) if self.kind == PoolKind::Max => Needs {
                saved: pooled.iter().product::<usize>() * 4,
                ..Needs::default()
            },
            _ => Needs::default(),
        }
    }
}
