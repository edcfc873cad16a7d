//! The maps between values and points, and the order in which they read a row.

use crate::kernel::micro::Block;
use crate::kernel::pack::{column_blocks, row_blocks};
use crate::number::Number;
use crate::raw::vectorised;
use std::sync::LazyLock;

/// Outputs of a tile.
pub(super) const OUTPUTS: usize = 4;

/// Taps and points of a way to [`OUTPUTS`] outputs, and the three maps between them.
pub(super) struct Scheme {
    pub(super) taps: usize,
    pub(super) points: usize,
    /// `[output][point]`.
    pub(super) output: Vec<f64>,
    /// `[point][tap]`.
    pub(super) filter: Vec<f64>,
    /// `[point][input]`.
    pub(super) input: Vec<f64>,
}

impl Scheme {
    /// From all points but the one at infinity.
    fn new(taps: usize, finite: &[f64]) -> Self {
        let points = finite.len() + 1;
        debug_assert_eq!(points, OUTPUTS + taps - 1);
        // Coefficients of the product of `x - a` over all points but one.
        let product = |without: Option<usize>| {
            let mut coefficients = vec![1.0];
            for (_, a) in finite.iter().enumerate().filter(|(i, _)| Some(*i) != without) {
                coefficients.push(0.0);
                for i in (0..coefficients.len()).rev() {
                    let lower = if i > 0 { coefficients[i - 1] } else { 0.0 };
                    coefficients[i] = lower - a * coefficients[i];
                }
            }
            coefficients.resize(points, 0.0);
            coefficients
        };
        let (mut input, mut filter) = (Vec::new(), Vec::new());
        for (j, a) in finite.iter().enumerate() {
            let row = product(Some(j));
            // A power of two that leaves the input as large as it is.
            let scale = row.iter().fold(0.0f64, |m, v| m.max(v.abs())).log2().round().exp2();
            let others = finite.iter().enumerate().filter(|(l, _)| *l != j);
            let denominator: f64 = others.map(|(_, b)| a - b).product();
            input.extend(row.iter().map(|v| v / scale));
            filter.extend((0..taps).map(|k| scale * a.powi(k as i32) / denominator));
        }
        input.extend(product(None));
        filter.extend((0..taps).map(|k| f64::from(u8::from(k + 1 == taps))));
        let output = (0..OUTPUTS)
            .flat_map(|i| {
                let last = f64::from(u8::from(i + 1 == OUTPUTS));
                finite.iter().map(move |a| a.powi(i as i32)).chain([last])
            })
            .collect();
        Self {
            taps,
            points,
            output,
            filter,
            input,
        }
    }

    /// How many tiles further the inputs of a tile reach.
    pub(super) fn reach(&self) -> usize {
        (self.points - 1) / OUTPUTS
    }
}

// Points with small errors in single precision for both the output and the gradient of the weight.
pub(super) static FOUR_OF_FOUR: LazyLock<Scheme> = LazyLock::new(|| Scheme::new(4, &[0.0, 1.0, -1.0, 0.5, 2.0, -0.75]));
pub(super) static FOUR_OF_THREE: LazyLock<Scheme> = LazyLock::new(|| Scheme::new(3, &[0.0, 1.0, -1.0, 0.5, -2.0]));

/// A map as the micro-kernel reads it: blocks of rows, each `[step][row]`.
pub(super) struct Map<T> {
    blocks: Vec<(usize, usize)>,
    packed: Vec<T>,
    steps: usize,
}

impl<T: Number> Map<T> {
    /// Row `i`, step `j` is `values(i, j)`.
    pub(super) fn new(rows: usize, steps: usize, values: impl Fn(usize, usize) -> f64) -> Self {
        let blocks = row_blocks(rows, T::kernels().rows());
        let mut packed = Vec::with_capacity(rows * steps);
        for &(first, count) in &blocks {
            for j in 0..steps {
                packed.extend((first..first + count).map(|i| T::of(values(i, j))));
            }
        }
        Self { blocks, packed, steps }
    }

    /// The steps of a row.
    pub(super) fn steps(&self) -> usize {
        self.steps
    }

    /// `c[row * c_row + column] = sum over steps of map[row][step] b[b_steps[step] + column]`.
    ///
    /// # Safety
    /// All of b that is named, to the end of its last register, is readable; c is writable and nobody else's.
    pub(super) unsafe fn apply(&self, b: *const T, b_steps: &[u32], c: *mut T, c_row: usize, columns: usize) {
        let kernels = T::kernels();
        debug_assert_eq!(b_steps.len(), self.steps);
        for &(first, count) in &self.blocks {
            for (start, width) in column_blocks(columns, kernels.lanes, kernels.registers(count)) {
                let block = Block {
                    steps: self.steps,
                    a: self.packed[first * self.steps..].as_ptr(),
                    a_rows: std::ptr::null(),
                    a_steps: std::ptr::null(),
                    b: b.wrapping_add(start),
                    b_steps: b_steps.as_ptr(),
                    c: c.wrapping_add(first * c_row + start),
                    c_row,
                    columns: width,
                    bias: std::ptr::null(),
                    column_bias: std::ptr::null(),
                    add: false,
                };
                // SAFETY: the caller's promise; the map has all rows and steps of its blocks.
                unsafe { kernels.block(count, true, &block) }
            }
        }
    }
}

/// `phases[j * pitch + t d + r] = line[(4 t + j) d + r]` for r < d.
pub(super) fn separate<T: Number>(line: &[T], d: usize, phases: &mut [T], pitch: usize) {
    let (a, rest) = phases.split_at_mut(pitch);
    let (b, rest) = rest.split_at_mut(pitch);
    let (c, e) = rest.split_at_mut(pitch);
    vectorised(
        #[inline(always)]
        || match d {
            1 => {
                for ((((four, a), b), c), e) in line.chunks_exact(4).zip(a).zip(b).zip(c).zip(e) {
                    (*a, *b, *c, *e) = (four[0], four[1], four[2], four[3]);
                }
            }
            2 => separate_by::<T, 2>(line, a, b, c, e),
            4 => separate_by::<T, 4>(line, a, b, c, e),
            8 => separate_by::<T, 8>(line, a, b, c, e),
            16 => separate_by::<T, 16>(line, a, b, c, e),
            _ => {
                for (t, tile) in line.chunks_exact(4 * d).enumerate() {
                    for (phase, part) in [&mut *a, &mut *b, &mut *c, &mut *e].into_iter().zip(tile.chunks_exact(d)) {
                        phase[t * d..][..d].copy_from_slice(part);
                    }
                }
            }
        },
    );
}

#[inline(always)]
fn separate_by<T: Number, const D: usize>(line: &[T], a: &mut [T], b: &mut [T], c: &mut [T], e: &mut [T]) {
    let parts = a.as_chunks_mut::<D>().0.iter_mut().zip(b.as_chunks_mut::<D>().0);
    let parts = parts.zip(c.as_chunks_mut::<D>().0).zip(e.as_chunks_mut::<D>().0);
    for (tile, (((a, b), c), e)) in line.as_chunks::<D>().0.as_chunks::<4>().0.iter().zip(parts) {
        (*a, *b, *c, *e) = (tile[0], tile[1], tile[2], tile[3]);
    }
}

/// The inverse of [`separate`], and a bias added.
pub(super) fn join<T: Number>(phases: &[T], pitch: usize, bias: T, d: usize, line: &mut [T]) {
    let phase = |j: usize| &phases[j * pitch..][..line.len() / 4];
    let (a, b, c, e) = (phase(0), phase(1), phase(2), phase(3));
    vectorised(
        #[inline(always)]
        || match d {
            1 => {
                for ((((four, a), b), c), e) in line.chunks_exact_mut(4).zip(a).zip(b).zip(c).zip(e) {
                    (four[0], four[1], four[2], four[3]) = (*a + bias, *b + bias, *c + bias, *e + bias);
                }
            }
            2 => join_by::<T, 2>(line, a, b, c, e, bias),
            4 => join_by::<T, 4>(line, a, b, c, e, bias),
            8 => join_by::<T, 8>(line, a, b, c, e, bias),
            16 => join_by::<T, 16>(line, a, b, c, e, bias),
            _ => {
                for (t, tile) in line.chunks_exact_mut(4 * d).enumerate() {
                    for (phase, part) in [a, b, c, e].into_iter().zip(tile.chunks_exact_mut(d)) {
                        part.iter_mut().zip(&phase[t * d..]).for_each(|(y, v)| *y = *v + bias);
                    }
                }
            }
        },
    );
}

#[inline(always)]
fn join_by<T: Number, const D: usize>(line: &mut [T], a: &[T], b: &[T], c: &[T], e: &[T], bias: T) {
    let parts = a.as_chunks::<D>().0.iter().zip(b.as_chunks::<D>().0);
    let parts = parts.zip(c.as_chunks::<D>().0).zip(e.as_chunks::<D>().0);
    for (tile, (((a, b), c), e)) in line.as_chunks_mut::<D>().0.as_chunks_mut::<4>().0.iter_mut().zip(parts) {
        *tile = [
            a.map(|v| v + bias),
            b.map(|v| v + bias),
            c.map(|v| v + bias),
            e.map(|v| v + bias),
        ];
    }
}
