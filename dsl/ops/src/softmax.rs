//! Softmax and its logarithm along an axis.

use crate::axis::{Around, around};
use crate::buffer::take;
use crate::error::Result;
use crate::number::Number;
use crate::operation::{Forward, Kept, Operation, Pass, Reads, expect_inputs};
use crate::parallel::for_each_task;
use crate::raw::vectorised;
use crate::raw_columns::{Block, Columns};
use crate::view::{by_precision, tensor, view};
use candle_core::Tensor;

/// `exp(x) / sum(exp(x))` along an axis, counted from 0 after the batch; stable for logits of any size.
///
/// # Shapes
/// Input and output alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Softmax {
    /// The axis.
    pub axis: usize,
}

/// `x - ln(sum(exp(x)))` along an axis, counted from 0 after the batch; stable for logits of any size.
///
/// # Shapes
/// Input and output alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogSoftmax {
    /// The axis.
    pub axis: usize,
}

/// Values of a strip, the whole axis together.
const STRIP: usize = 131_072;
/// Values below which one thread does all.
const SMALL: usize = 16_384;
/// Maxima and sums kept side by side.
const LANES: usize = 16;

/// The sum of lanes, in a fixed order.
#[inline(always)]
fn total<T: Number>(mut lanes: [T; LANES]) -> T {
    for width in [8, 4, 2, 1] {
        for i in 0..width {
            let other = lanes[i + width];
            lanes[i] += other;
        }
    }
    lanes[0]
}

/// The largest value of a row.
#[inline(always)]
pub(crate) fn largest<T: Number>(x: &[T]) -> T {
    let mut lanes = [T::of(f64::NEG_INFINITY); LANES];
    let (blocks, rest) = x.as_chunks::<LANES>();
    for block in blocks {
        for l in 0..LANES {
            lanes[l] = if block[l] > lanes[l] { block[l] } else { lanes[l] };
        }
    }
    for (l, x) in lanes.iter_mut().zip(rest) {
        *l = if *x > *l { *x } else { *l };
    }
    lanes.iter().fold(lanes[0], |a, b| if *b > a { *b } else { a })
}

/// Writes `exp(x - top)` over a row and gives the sum.
#[inline(always)]
pub(crate) fn exponentials<T: Number>(x: &mut [T], top: T) -> T {
    let mut lanes = [T::default(); LANES];
    let (blocks, rest) = x.as_chunks_mut::<LANES>();
    for block in blocks {
        for l in 0..LANES {
            block[l] = (block[l] - top).exponential();
            lanes[l] += block[l];
        }
    }
    for (l, x) in lanes.iter_mut().zip(rest) {
        *x = (*x - top).exponential();
        *l += *x;
    }
    total(lanes)
}

/// The sum of `f(x, y)` over two rows.
#[inline(always)]
pub(crate) fn dot<T: Number>(x: &[T], y: &[T], f: impl Fn(T, T) -> T) -> T {
    let mut lanes = [T::default(); LANES];
    let ((xs, xr), (ys, yr)) = (x.as_chunks::<LANES>(), y.as_chunks::<LANES>());
    for (x, y) in xs.iter().zip(ys) {
        for l in 0..LANES {
            lanes[l] += f(x[l], y[l]);
        }
    }
    for (l, (x, y)) in lanes.iter_mut().zip(xr.iter().zip(yr)) {
        *l += f(*x, *y);
    }
    total(lanes)
}

/// Fills a buffer of a shape strip by strip; `fill` gets a strip and the range of its row in the inputs.
fn by_strips<T: Number>(a: Around, fill: impl Fn(&mut Block<'_, T>) + Sync + Send) -> Vec<T> {
    let mut output = take::<T>(a.outer * a.size * a.inner);
    let small = output.len() <= SMALL;
    let (rows, length) = if a.inner == 1 {
        (1, a.outer * a.size)
    } else {
        (a.size, a.inner)
    };
    let wide = (STRIP / a.size.max(1)).max(1);
    let width = if a.inner == 1 {
        wide.div_ceil(8) * a.size
    } else {
        wide.clamp(64, 1_024)
    };
    if output.is_empty() {
        return output;
    }
    let strips = Columns::new(&mut output, rows, length, width);
    let work = |i: usize| {
        let mut strip = strips.block(i);
        vectorised(
            #[inline(always)]
            || fill(&mut strip),
        );
    };
    if small {
        (0..strips.count()).for_each(work);
    } else {
        for_each_task(strips.count(), work);
    }
    output
}

/// Where a row of a strip lies in the inputs.
#[inline(always)]
fn place(a: Around, strip: &Block<'_, impl Sized>, row: usize) -> std::ops::Range<usize> {
    let start = (strip.group * a.size + row) * a.inner + strip.start;
    start..start + strip.width
}

fn forward<T: Number>(x: &[T], a: Around, logarithm: bool) -> Vec<T> {
    by_strips(
        a,
        #[inline(always)]
        |strip| {
            if a.inner == 1 {
                let x = &x[strip.start..strip.start + strip.width];
                for (target, x) in strip.row(0).chunks_exact_mut(a.size).zip(x.chunks_exact(a.size)) {
                    let top = largest(x);
                    target.copy_from_slice(x);
                    let sum = exponentials(target, top);
                    if logarithm {
                        let shift = T::of(sum.wide().ln());
                        target.iter_mut().zip(x).for_each(|(t, x)| *t = (*x - top) - shift);
                    } else {
                        let share = T::of(1.0) / sum;
                        target.iter_mut().for_each(|t| *t *= share);
                    }
                }
                return;
            }
            let mut top = x[place(a, strip, 0)].to_vec();
            for row in 1..a.size {
                let x = &x[place(a, strip, row)];
                top.iter_mut().zip(x).for_each(|(t, x)| *t = if *x > *t { *x } else { *t });
            }
            let mut sum = vec![T::default(); strip.width];
            for row in 0..a.size {
                let x = &x[place(a, strip, row)];
                for (((t, x), top), s) in strip.row(row).iter_mut().zip(x).zip(&top).zip(&mut sum) {
                    *t = (*x - *top).exponential();
                    *s += *t;
                }
            }
            if logarithm {
                sum.iter_mut().for_each(|s| *s = T::of(s.wide().ln()));
                for row in 0..a.size {
                    let x = &x[place(a, strip, row)];
                    for (((t, x), top), s) in strip.row(row).iter_mut().zip(x).zip(&top).zip(&sum) {
                        *t = (*x - *top) - *s;
                    }
                }
            } else {
                sum.iter_mut().for_each(|s| *s = T::of(1.0) / *s);
                for row in 0..a.size {
                    strip.row(row).iter_mut().zip(&sum).for_each(|(t, s)| *t *= *s);
                }
            }
        },
    )
}

/// `y (g - sum(g y))`, or `g - exp(y) sum(g)` for the logarithm.
fn backward<T: Number>(y: &[T], g: &[T], a: Around, logarithm: bool) -> Vec<T> {
    by_strips(
        a,
        #[inline(always)]
        |strip| {
            if a.inner == 1 {
                let here = strip.start..strip.start + strip.width;
                let rows = y[here.clone()].chunks_exact(a.size).zip(g[here].chunks_exact(a.size));
                for (target, (y, g)) in strip.row(0).chunks_exact_mut(a.size).zip(rows) {
                    let pairs = target.iter_mut().zip(y).zip(g);
                    if logarithm {
                        let sum = dot(g, g, |g, _| g);
                        pairs.for_each(|((t, y), g)| *t = *g - y.exponential() * sum);
                    } else {
                        let sum = dot(y, g, |y, g| y * g);
                        pairs.for_each(|((t, y), g)| *t = *y * (*g - sum));
                    }
                }
                return;
            }
            let mut sum = vec![T::default(); strip.width];
            for row in 0..a.size {
                let here = place(a, strip, row);
                for ((s, y), g) in sum.iter_mut().zip(&y[here.clone()]).zip(&g[here]) {
                    *s += if logarithm { *g } else { *y * *g };
                }
            }
            for row in 0..a.size {
                let here = place(a, strip, row);
                for (((t, y), g), s) in strip.row(row).iter_mut().zip(&y[here.clone()]).zip(&g[here]).zip(&sum) {
                    *t = if logarithm {
                        *g - y.exponential() * *s
                    } else {
                        *y * (*g - *s)
                    };
                }
            }
        },
    )
}

fn run(operation: &dyn Operation, inputs: &[&Tensor], axis: usize, logarithm: bool) -> Result<Forward> {
    let name = operation.name();
    expect_inputs(name, inputs, 1..=1)?;
    let a = around(name, inputs[0].dims(), axis)?;
    by_precision!(name, inputs[0], T => {
        let x = view::<T>(name, inputs[0])?;
        Ok(tensor(forward(x.slice(), a, logarithm), inputs[0].dims())?.into())
    })
}

fn run_back(
    operation: &dyn Operation,
    kept: &Kept,
    gradient: &Tensor,
    axis: usize,
    logarithm: bool,
) -> Result<Vec<Option<Tensor>>> {
    let name = operation.name();
    let a = around(name, gradient.dims(), axis)?;
    by_precision!(name, gradient, T => {
        let (y, g) = (view::<T>(name, kept.output(name)?)?, view::<T>(name, gradient)?);
        Ok(vec![Some(tensor(backward(y.slice(), g.slice(), a, logarithm), gradient.dims())?)])
    })
}

impl Operation for Softmax {
    fn name(&self) -> &'static str {
        "softmax"
    }

    fn forward(&self, inputs: &[&Tensor], _: &Pass) -> Result<Forward> {
        run(self, inputs, self.axis, false)
    }

    fn backward(&self, kept: &Kept, gradient: &Tensor, _: &[bool]) -> Result<Vec<Option<Tensor>>> {
        run_back(self, kept, gradient, self.axis, false)
    }

    fn reads(&self) -> Reads {
        Reads::OUTPUT
    }
}

impl Operation for LogSoftmax {
    fn name(&self) -> &'static str {
        "log_softmax"
    }

    fn forward(&self, inputs: &[&Tensor], _: &Pass) -> Result<Forward> {
        run(self, inputs, self.axis, true)
    }

    fn backward(&self, kept: &Kept, gradient: &Tensor, _: &[bool]) -> Result<Vec<Option<Tensor>>> {
        run_back(self, kept, gradient, self.axis, true)
    }

    fn reads(&self) -> Reads {
        Reads::OUTPUT
    }
}
