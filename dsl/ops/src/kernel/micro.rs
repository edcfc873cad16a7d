//! The two micro-kernels that all products and convolutions consist of. Both keep a block of results in registers.

// Loops over constant bounds with indices are what the compiler unrolls into registers.
#![allow(clippy::needless_range_loop)]

use super::vector::Vector;

/// A block of `c (+)= a b (+ bias)`: as many rows as the kernel has, at most as many columns as its registers have lanes.
///
/// Row `i`, step `j` of a lies at `a + a_rows[i] + a_steps[j]` (packed: at `a + j rows + i`), column `n` of step `j` of b
/// at `b + b_steps[j] + n`.
pub(crate) struct Block<T> {
    pub(crate) steps: usize,
    pub(crate) a: *const T,
    pub(crate) a_rows: *const u32,
    pub(crate) a_steps: *const u32,
    pub(crate) b: *const T,
    pub(crate) b_steps: *const u32,
    pub(crate) c: *mut T,
    /// The distance between rows of c.
    pub(crate) c_row: usize,
    /// Columns that are written; b is read to the end of the last register.
    pub(crate) columns: usize,
    /// One number per row, or null.
    pub(crate) bias: *const T,
    /// One number per column, or null.
    pub(crate) column_bias: *const T,
    /// Whether c is added to.
    pub(crate) add: bool,
}

/// Runs a block with `M` rows and `N` registers of columns.
///
/// # Safety
/// The instruction set of `V`; every element that [`Block`] names is readable, those of c are writable by nobody else.
#[inline(always)]
pub(crate) unsafe fn block<V: Vector, const M: usize, const N: usize, const PACKED: bool>(t: &Block<V::Number>) {
    // SAFETY: the caller's promise.
    unsafe {
        let mut sums = [[V::zero(); N]; M];
        let mut rows = [t.a; M];
        for i in 0..M {
            rows[i] = if PACKED {
                t.a.add(i)
            } else {
                t.a.add(*t.a_rows.add(i) as usize)
            };
        }
        for j in 0..t.steps {
            let at = if PACKED { j * M } else { *t.a_steps.add(j) as usize };
            let b = t.b.add(*t.b_steps.add(j) as usize);
            let mut columns = [V::zero(); N];
            for n in 0..N {
                columns[n] = V::load(b.add(n * V::LANES));
            }
            for i in 0..M {
                let factor = V::splat(rows[i].add(at));
                for n in 0..N {
                    sums[i][n] = sums[i][n].plus_product(factor, columns[n]);
                }
            }
        }
        let last = t.columns - (N - 1) * V::LANES;
        let mut offsets = [V::zero(); N];
        if !t.column_bias.is_null() {
            for n in 0..N {
                let (at, whole) = (t.column_bias.add(n * V::LANES), n + 1 < N || last == V::LANES);
                offsets[n] = if whole { V::load(at) } else { V::load_first(at, last) };
            }
        }
        for i in 0..M {
            let bias = if t.bias.is_null() {
                V::zero()
            } else {
                V::splat(t.bias.add(i))
            };
            let row = t.c.add(i * t.c_row);
            for n in 0..N {
                let (at, whole) = (row.add(n * V::LANES), n + 1 < N || last == V::LANES);
                let mut sum = sums[i][n].plus(bias).plus(offsets[n]);
                if t.add {
                    sum = sum.plus(if whole { V::load(at) } else { V::load_first(at, last) });
                }
                if whole { sum.store(at) } else { sum.store_first(at, last) }
            }
        }
    }
}

/// Sums of products of rows: `c[i][n] (+)= sum over segments s and l < length of a_i[l] b_n[l]`, where row `i` of a lies
/// at `a + a_rows[i] + a_segments[s]` and row `n` of b at `b + b_rows[n] + b_segments[s]`.
pub(crate) struct Dots<T> {
    pub(crate) segments: usize,
    pub(crate) length: usize,
    pub(crate) a: *const T,
    pub(crate) a_rows: *const u32,
    pub(crate) a_segments: *const u32,
    pub(crate) b: *const T,
    pub(crate) b_rows: *const u32,
    pub(crate) b_segments: *const u32,
    pub(crate) c: *mut T,
    /// The distance between rows of c.
    pub(crate) c_row: usize,
    /// The distance between columns of c.
    pub(crate) c_column: usize,
    /// Whether c is added to.
    pub(crate) add: bool,
}

/// Runs `M` rows of a against `N` rows of b.
///
/// # Safety
/// As [`block`].
#[inline(always)]
pub(crate) unsafe fn dots<V: Vector, const M: usize, const N: usize>(t: &Dots<V::Number>) {
    // SAFETY: the caller's promise.
    unsafe {
        let mut sums = [[V::zero(); N]; M];
        let whole = t.length - t.length % V::LANES;
        let rest = t.length - whole;
        for s in 0..t.segments {
            let (a, b) = (t.a.add(*t.a_segments.add(s) as usize), t.b.add(*t.b_segments.add(s) as usize));
            let (mut rows, mut columns) = ([a; M], [b; N]);
            for i in 0..M {
                rows[i] = a.add(*t.a_rows.add(i) as usize);
            }
            for n in 0..N {
                columns[n] = b.add(*t.b_rows.add(n) as usize);
            }
            let mut left = [V::zero(); M];
            let mut l = 0;
            while l < whole {
                for i in 0..M {
                    left[i] = V::load(rows[i].add(l));
                }
                for n in 0..N {
                    let right = V::load(columns[n].add(l));
                    for i in 0..M {
                        sums[i][n] = sums[i][n].plus_product(left[i], right);
                    }
                }
                l += V::LANES;
            }
            if rest > 0 {
                for i in 0..M {
                    left[i] = V::load_first(rows[i].add(l), rest);
                }
                for n in 0..N {
                    let right = V::load_first(columns[n].add(l), rest);
                    for i in 0..M {
                        sums[i][n] = sums[i][n].plus_product(left[i], right);
                    }
                }
            }
        }
        for i in 0..M {
            for n in 0..N {
                let at = t.c.add(i * t.c_row + n * t.c_column);
                let sum = sums[i][n].total();
                *at = if t.add { *at + sum } else { sum };
            }
        }
    }
}

/// Rows of one length to copy.
pub(crate) struct Rows<T> {
    pub(crate) rows: usize,
    pub(crate) length: usize,
    pub(crate) from: *const T,
    pub(crate) from_step: usize,
    pub(crate) to: *mut T,
    pub(crate) to_step: usize,
}

/// Copies rows; for short ones, where a call per row costs more than the row.
///
/// # Safety
/// As [`block`].
#[inline(always)]
pub(crate) unsafe fn copy<V: Vector>(t: &Rows<V::Number>) {
    let whole = t.length - t.length % V::LANES;
    // SAFETY: the caller's promise.
    unsafe {
        for r in 0..t.rows {
            let (from, to) = (t.from.add(r * t.from_step), t.to.add(r * t.to_step));
            for l in (0..whole).step_by(V::LANES) {
                V::load(from.add(l)).store(to.add(l));
            }
            if whole < t.length {
                let rest = t.length - whole;
                V::load_first(from.add(whole), rest).store_first(to.add(whole), rest);
            }
        }
    }
}
