//! More positions: each value repeated, or straight lines between them.

use crate::buffer::{take, zeroed};
use crate::error::{OpsError, Result};
use crate::number::Number;
use crate::operation::{Forward, Kept, Operation, Pass, Reads, expect_inputs};
use crate::parallel::fill_rows;
use crate::view::{by_precision, tensor, view};
use candle_core::Tensor;

/// How values between positions are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UpsampleKind {
    /// The value of the position itself, repeated.
    Nearest,
    /// Straight lines between the middles of positions, flat beyond the first and the last (PyTorch's `linear` and
    /// `bilinear` with `align_corners=False`).
    Linear,
}

/// Lengthens the last axis.
///
/// # Shapes
/// `[.., position]` to `[.., position * factor]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Upsample {
    /// How.
    pub kind: UpsampleKind,
    /// How many positions come of one.
    pub factor: usize,
}

/// Lengthens the last two axes.
///
/// # Shapes
/// `[.., row, column]` to `[.., row * factor[0], column * factor[1]]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Upsample2d {
    /// How; [`UpsampleKind::Linear`] is bilinear.
    pub kind: UpsampleKind,
    /// How many rows and columns come of one.
    pub factor: [usize; 2],
}

/// Where a value of the longer axis comes from: two positions and the weight of the second.
#[derive(Clone, Copy, Debug)]
struct Source<T> {
    first: usize,
    second: usize,
    weight: T,
}

impl<T: Number> Source<T> {
    #[inline(always)]
    fn blend(&self, first: T, second: T) -> T {
        // Not by weights of 0 and 1, which would make no number of an infinite neighbour.
        if self.weight == T::default() {
            first
        } else {
            first * (T::of(1.0) - self.weight) + second * self.weight
        }
    }
}

/// The sources of each position of an axis of `size * factor`.
fn sources<T: Number>(kind: UpsampleKind, size: usize, factor: usize) -> Vec<Source<T>> {
    let one = |i: usize| match kind {
        UpsampleKind::Nearest => Source {
            first: i / factor,
            second: i / factor,
            weight: T::default(),
        },
        UpsampleKind::Linear => {
            let at = ((i as f64 + 0.5) / factor as f64 - 0.5).max(0.0);
            let first = (at as usize).min(size - 1);
            let second = (first + 1).min(size - 1);
            let weight = if second == first { 0.0 } else { at - first as f64 };
            Source {
                first,
                second,
                weight: T::of(weight),
            }
        }
    };
    (0..size * factor).map(one).collect()
}

fn expand<T: Number>(x: &[T], sources: &[Source<T>], y: &mut [T]) {
    for (y, s) in y.iter_mut().zip(sources) {
        *y = s.blend(x[s.first], x[s.second]);
    }
}

/// Adds the gradient of [`expand`].
fn collapse<T: Number>(g: &[T], sources: &[Source<T>], dx: &mut [T]) {
    for (g, s) in g.iter().zip(sources) {
        dx[s.first] += *g * (T::of(1.0) - s.weight);
        if s.weight != T::default() {
            dx[s.second] += *g * s.weight;
        }
    }
}

/// The lengths of the last two axes (one row where there is but one axis) before and after.
struct Sizes {
    rows: usize,
    columns: usize,
    factor: [usize; 2],
    kind: UpsampleKind,
}

impl Sizes {
    fn forward<T: Number>(&self, x: &[T]) -> Vec<T> {
        let (down, across) = (
            sources::<T>(self.kind, self.rows, self.factor[0]),
            sources::<T>(self.kind, self.columns, self.factor[1]),
        );
        let (long, plane) = (across.len(), self.rows * self.columns);
        let mut y = take::<T>(x.len() * self.factor[0] * self.factor[1]);
        fill_rows(&mut y, long, |first, piece| {
            let mut blended = vec![T::default(); self.columns];
            for (r, y) in piece.chunks_mut(long).enumerate() {
                let (p, row) = ((first + r) / down.len(), &down[(first + r) % down.len()]);
                let line = |row: usize| &x[p * plane + row * self.columns..][..self.columns];
                let (a, b) = (line(row.first), line(row.second));
                if row.weight == T::default() {
                    expand(a, &across, y);
                } else {
                    for ((t, a), b) in blended.iter_mut().zip(a).zip(b) {
                        *t = row.blend(*a, *b);
                    }
                    expand(&blended, &across, y);
                }
            }
        });
        y
    }

    fn backward<T: Number>(&self, g: &[T]) -> Vec<T> {
        let (down, across) = (
            sources::<T>(self.kind, self.rows, self.factor[0]),
            sources::<T>(self.kind, self.columns, self.factor[1]),
        );
        let (long, plane) = (across.len(), self.rows * self.columns);
        let mut dx = zeroed::<T>(g.len() / (self.factor[0] * self.factor[1]));
        fill_rows(&mut dx, plane, |first, piece| {
            let mut line = vec![T::default(); self.columns];
            for (p, dx) in piece.chunks_mut(plane).enumerate() {
                for (row, g) in down.iter().zip(g[(first + p) * down.len() * long..].chunks(long)) {
                    line.fill(T::default());
                    collapse(g, &across, &mut line);
                    for (row, weight) in [(row.first, T::of(1.0) - row.weight), (row.second, row.weight)] {
                        if weight != T::default() {
                            for (t, v) in dx[row * self.columns..][..self.columns].iter_mut().zip(&line) {
                                *t += weight * *v;
                            }
                        }
                    }
                }
            }
        });
        dx
    }
}

fn sizes(
    operation: &'static str,
    dims: &[usize],
    kind: UpsampleKind,
    factor: [usize; 2],
    axes: usize,
) -> Result<(Sizes, Vec<usize>)> {
    if factor.contains(&0) {
        return Err(OpsError::Setting {
            operation,
            what: "factor".into(),
            found: "0".into(),
            expected: "at least 1".into(),
        });
    }
    if dims.len() <= axes || dims.contains(&0) {
        let expected = if axes == 1 {
            "[batch, .., position]"
        } else {
            "[batch, .., row, column]"
        };
        return Err(OpsError::shape(operation, "the input", dims, expected));
    }
    let mut longer = dims.to_vec();
    let at = dims.len() - 1;
    longer[at] *= factor[1];
    let rows = if axes == 2 { dims[at - 1] } else { 1 };
    if axes == 2 {
        longer[at - 1] *= factor[0];
    }
    let columns = dims[at];
    Ok((
        Sizes {
            rows,
            columns,
            factor,
            kind,
        },
        longer,
    ))
}

impl Upsample {
    fn sizes(&self, dims: &[usize]) -> Result<(Sizes, Vec<usize>)> {
        sizes(self.name(), dims, self.kind, [1, self.factor], 1)
    }
}

impl Upsample2d {
    fn sizes(&self, dims: &[usize]) -> Result<(Sizes, Vec<usize>)> {
        sizes(self.name(), dims, self.kind, self.factor, 2)
    }
}

fn pass(operation: &'static str, inputs: &[&Tensor], sizes: impl Fn(&[usize]) -> Result<(Sizes, Vec<usize>)>) -> Result<Forward> {
    expect_inputs(operation, inputs, 1..=1)?;
    let (sizes, longer) = sizes(inputs[0].dims())?;
    by_precision!(operation, inputs[0], T => {
        Ok(tensor(sizes.forward(view::<T>(operation, inputs[0])?.slice()), &longer)?.into())
    })
}

fn pass_back(operation: &'static str, gradient: &Tensor, dims: &[usize], sizes: &Sizes) -> Result<Vec<Option<Tensor>>> {
    by_precision!(operation, gradient, T => {
        Ok(vec![Some(tensor(sizes.backward(view::<T>(operation, gradient)?.slice()), dims)?)])
    })
}

impl Operation for Upsample {
    fn name(&self) -> &'static str {
        match self.kind {
            UpsampleKind::Nearest => "upsample(nearest)",
            UpsampleKind::Linear => "upsample(linear)",
        }
    }

    fn forward(&self, inputs: &[&Tensor], _: &Pass) -> Result<Forward> {
        pass(self.name(), inputs, |dims| self.sizes(dims))
    }

    fn backward(&self, kept: &Kept, gradient: &Tensor, _: &[bool]) -> Result<Vec<Option<Tensor>>> {
        let dims = kept.shape(self.name(), 0)?;
        pass_back(self.name(), gradient, dims, &self.sizes(dims)?.0)
    }

    fn reads(&self) -> Reads {
        Reads::NOTHING
    }
}

impl Operation for Upsample2d {
    fn name(&self) -> &'static str {
        match self.kind {
            UpsampleKind::Nearest => "upsample2d(nearest)",
            UpsampleKind::Linear => "upsample2d(bilinear)",
        }
    }

    fn forward(&self, inputs: &[&Tensor], _: &Pass) -> Result<Forward> {
        pass(self.name(), inputs, |dims| self.sizes(dims))
    }

    fn backward(&self, kept: &Kept, gradient: &Tensor, _: &[bool]) -> Result<Vec<Option<Tensor>>> {
        let dims = kept.shape(self.name(), 0)?;
        pass_back(self.name(), gradient, dims, &self.sizes(dims)?.0)
    }

    fn reads(&self) -> Reads {
        Reads::NOTHING
    }
}
