//! Matrix products on the micro-kernels. What is read where it lies and what is copied first depends on sizes and strides.

use super::micro::{Block, Dots};
use super::pack::{column_blocks, row_blocks};
use super::scratch::aligned;
use super::table::Kernels;
use crate::buffer::{keep, take};
use crate::number::{Number, Scratch};
use crate::parallel::{for_each_task, pieces};
use crate::raw::SharedOutput;

/// Bytes of the part of b that is copied at a time.
const TILE_BYTES: usize = 384 << 10;
/// Columns that are computed at a time.
const TILE_COLUMNS: usize = 384;
/// Steps at a time where b is read as it lies: so many rows of b lie on as many pages of memory.
const TILE_STEPS: usize = 64;
/// Columns from which on a is copied first.
const PACK_FROM: usize = 192;
/// Multiplications and additions that are worth a task of their own.
const TASK: usize = 1 << 20;

/// How a matrix lies in a slice: the steps from row to row and from column to column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Steps {
    pub(crate) row: usize,
    pub(crate) column: usize,
}

impl Steps {
    /// Row-major with rows of this length.
    pub(crate) fn rows(length: usize) -> Self {
        Self { row: length, column: 1 }
    }
    /// The transpose of a row-major matrix with rows of this length.
    pub(crate) fn columns(length: usize) -> Self {
        Self { row: 1, column: length }
    }
    fn transposed(self) -> Self {
        Self {
            row: self.column,
            column: self.row,
        }
    }
    /// The distance of an element from the first.
    fn at(self, row: usize, column: usize) -> usize {
        row * self.row + column * self.column
    }
    fn end(self, rows: usize, columns: usize) -> usize {
        if rows == 0 || columns == 0 {
            0
        } else {
            self.at(rows - 1, columns - 1) + 1
        }
    }
}

/// `c (+)= a b` with a `[m, k]`, b `[k, n]`, c `[m, n]`.
#[derive(Clone, Copy)]
struct Matrices<T> {
    m: usize,
    n: usize,
    k: usize,
    c: *mut T,
    cs: Steps,
    add: bool,
    a: *const T,
    at: Steps,
    b: *const T,
    bt: Steps,
    /// A number per row and one per column to add, or null.
    bias: *const T,
    column_bias: *const T,
}

/// `c (+)= a b` on this thread: a is `[m, k]`, b is `[k, n]`, c is `[m, n]`.
///
/// # Panics
/// When a slice is shorter than its matrix; callers pass slices that they have cut themselves.
pub(crate) fn product<T: Number>(
    (m, n, k): (usize, usize, usize),
    (c, cs): (&mut [T], Steps),
    add: bool,
    (a, at): (&[T], Steps),
    (b, bt): (&[T], Steps),
) {
    assert!(
        cs.end(m, n) <= c.len() && at.end(m, k) <= a.len() && bt.end(k, n) <= b.len(),
        "matrix outside its slice"
    );
    let (c, a, b) = (c.as_mut_ptr(), a.as_ptr(), b.as_ptr());
    let bias = std::ptr::null();
    let all = Matrices {
        m,
        n,
        k,
        c,
        cs,
        add,
        a,
        at,
        b,
        bt,
        bias,
        column_bias: bias,
    };
    // SAFETY: the matrices lie inside their slices (asserted), and c is borrowed alone.
    unsafe { all.multiply(T::kernels(), None) }
}

/// `c (+)= a b` on all threads, c row-major `[m, n]`. It is cut into blocks by the shape alone.
///
/// # Panics
/// As [`product`].
pub(crate) fn parallel_product<T: Number>(
    sizes: (usize, usize, usize),
    c: &mut [T],
    add: bool,
    a: (&[T], Steps),
    b: (&[T], Steps),
) {
    product_with_bias(sizes, c, add, a, b, Bias::None);
}

/// What a product begins with.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Bias<'a, T> {
    None,
    /// A number per row of c.
    Rows(&'a [T]),
    /// A number per column of c.
    Columns(&'a [T]),
}

impl<'a, T> Bias<'a, T> {
    /// A number per row, if there are any.
    pub(crate) fn rows(bias: Option<&'a [T]>) -> Self {
        bias.map_or(Self::None, Self::Rows)
    }
    /// A number per column, if there are any.
    pub(crate) fn columns(bias: Option<&'a [T]>) -> Self {
        bias.map_or(Self::None, Self::Columns)
    }
}

/// As [`parallel_product`], plus a bias.
pub(crate) fn product_with_bias<T: Number>(
    (m, n, k): (usize, usize, usize),
    c: &mut [T],
    add: bool,
    (a, at): (&[T], Steps),
    (b, bt): (&[T], Steps),
    bias: Bias<T>,
) {
    let cs = Steps::rows(n);
    let (row_bias, column_bias) = match bias {
        Bias::None => (None, None),
        Bias::Rows(bias) => (Some(bias), None),
        Bias::Columns(bias) => (None, Some(bias)),
    };
    assert!(
        m * n <= c.len()
            && at.end(m, k) <= a.len()
            && bt.end(k, n) <= b.len()
            && row_bias.is_none_or(|b| b.len() == m)
            && column_bias.is_none_or(|b| b.len() == n),
        "matrix outside its slice"
    );
    let kernels = T::kernels();
    let shared = SharedOutput::new(c);
    // Addresses, because pointers don't travel between threads.
    let (a, b) = (a.as_ptr() as usize, b.as_ptr() as usize);
    let bias = [row_bias, column_bias].map(|bias| bias.map_or(0, |bias| bias.as_ptr() as usize));
    let all = |c: *mut T| Matrices {
        m,
        n,
        k,
        c,
        cs,
        add,
        a: a as *const T,
        at,
        b: b as *const T,
        bt,
        bias: bias[0] as *const T,
        column_bias: bias[1] as *const T,
    };
    let (rows, columns) = (kernels.rows(), 48);
    // With few rows, b is read once: in long stretches.
    let wanted = (m * n * k / TASK).clamp(1, if m <= 4 * rows { 16 } else { 64 });
    let tiles = pieces(n.div_ceil(columns), wanted.min(n.div_ceil(columns)));
    let bands = pieces(m.div_ceil(rows), wanted.div_ceil(tiles.len().max(1)));
    let several = tiles.len() * bands.len() > 1;
    let whole = all(shared.start());
    let packs = several && !whole.is_rows_by_rows(kernels) && n >= PACK_FROM;
    // SAFETY: a lies inside its slice (asserted).
    let packed = packs.then(|| unsafe { whole.packed_rows(kernels) });
    for_each_task(tiles.len() * bands.len(), |i| {
        let (tile, band) = (tiles[i % tiles.len()], bands[i / tiles.len()]);
        let (row, column) = (band.0 * rows, tile.0 * columns);
        let own = all(shared.start()).part(row, (band.1 * rows).min(m - row), column, (tile.1 * columns).min(n - column));
        // SAFETY: parts of different tasks have no element of c in common and lie inside (asserted above).
        unsafe { own.multiply(kernels, packed.as_deref().map(|a| &a[row * k..])) }
    });
    packed.into_iter().for_each(keep);
}

/// A pointer that may be null, moved.
fn after<T>(pointer: *const T, by: usize) -> *const T {
    if pointer.is_null() {
        pointer
    } else {
        pointer.wrapping_add(by)
    }
}

impl<T: Number> Matrices<T> {
    /// The product of some rows and some columns.
    fn part(self, row: usize, m: usize, column: usize, n: usize) -> Self {
        Self {
            m,
            n,
            c: self.c.wrapping_add(self.cs.at(row, column)),
            a: self.a.wrapping_add(self.at.at(row, 0)),
            b: self.b.wrapping_add(self.bt.at(0, column)),
            bias: after(self.bias, row),
            column_bias: after(self.column_bias, column),
            ..self
        }
    }

    /// The product over some steps; later ones add to c.
    fn steps(self, first: usize, k: usize) -> Self {
        Self {
            k,
            add: self.add || first > 0,
            a: self.a.wrapping_add(self.at.at(0, first)),
            b: self.b.wrapping_add(self.bt.at(first, 0)),
            bias: if first > 0 { std::ptr::null() } else { self.bias },
            column_bias: if first > 0 { std::ptr::null() } else { self.column_bias },
            ..self
        }
    }

    fn transposed(self) -> Self {
        Self {
            m: self.n,
            n: self.m,
            k: self.k,
            c: self.c,
            cs: self.cs.transposed(),
            add: self.add,
            a: self.b,
            at: self.bt.transposed(),
            b: self.a,
            bt: self.at.transposed(),
            bias: self.column_bias,
            column_bias: self.bias,
        }
    }

    /// Whether it is computed as products of rows of a and rows of the transpose of b, both as they lie.
    fn is_rows_by_rows(&self, kernels: &Kernels<T>) -> bool {
        // Otherwise b is copied, which pays with many rows; adding up registers at the end pays with many steps.
        self.at.column == 1
            && (self.bt.row == 1 || self.k == 1)
            && (self.bt.column != 1 || self.n == 1)
            && self.k >= 4 * kernels.lanes
            && (self.k >= 32 * kernels.lanes || self.k > 3 * self.m || self.n < kernels.lanes)
    }

    /// Computes the product; `packed` is a in the order of [`Matrices::packed_rows`].
    ///
    /// # Safety
    /// The matrices are readable, c is writable by nobody else.
    unsafe fn multiply(self, kernels: &Kernels<T>, packed: Option<&[T]>) {
        if self.m == 0 || self.n == 0 {
            return;
        }
        // SAFETY: the caller's promise; parts lie inside the whole.
        unsafe {
            if self.is_rows_by_rows(kernels) {
                return self.rows_by_rows(kernels);
            }
            if self.cs.column != 1 && self.n > 1 {
                if self.cs.row == 1 || self.m == 1 {
                    return self.transposed().multiply(kernels, None);
                }
                return self.through_scratch(kernels);
            }
            T::scratch(|Scratch { columns, rows }| {
                let packed = match packed {
                    Some(packed) => Some(packed),
                    None if self.n >= PACK_FROM => {
                        let target = aligned(rows, self.m * self.k);
                        self.pack_rows(kernels, target);
                        Some(&*target)
                    }
                    None => None,
                };
                self.by_tiles(kernels, packed, columns);
            });
        }
    }

    /// As [`Matrices::multiply`] where neither rows nor columns of c are contiguous.
    unsafe fn through_scratch(self, kernels: &Kernels<T>) {
        let mut results = take::<T>(self.m * self.n);
        let inner = Self {
            c: results.as_mut_ptr(),
            cs: Steps::rows(self.n),
            add: false,
            ..self
        };
        // SAFETY: the caller's promise; the results have room for the product.
        unsafe {
            inner.multiply(kernels, None);
            for (i, row) in results.chunks_exact(self.n).enumerate() {
                for (j, value) in row.iter().enumerate() {
                    let at = self.c.add(self.cs.at(i, j));
                    *at = if self.add { *at + *value } else { *value };
                }
            }
        }
        keep(results);
    }

    /// a in blocks of rows, `[block][step][row]`.
    unsafe fn packed_rows(&self, kernels: &Kernels<T>) -> Vec<T> {
        let mut packed = take::<T>(self.m * self.k);
        // SAFETY: the caller's promise.
        unsafe { self.pack_rows(kernels, &mut packed) };
        packed
    }

    unsafe fn pack_rows(&self, kernels: &Kernels<T>, target: &mut [T]) {
        // Blocks of the full size, so that parts that begin at a multiple of it find theirs.
        for (block, target) in target.chunks_mut((kernels.rows() * self.k).max(1)).enumerate() {
            let rows = kernels.rows().min(self.m - block * kernels.rows());
            for (j, values) in target.chunks_exact_mut(rows).enumerate() {
                for (i, value) in values.iter_mut().enumerate() {
                    // SAFETY: an element of a, which the caller promises.
                    *value = unsafe { *self.a.add(self.at.at(block * kernels.rows() + i, j)) };
                }
            }
        }
    }

    unsafe fn by_tiles(self, kernels: &Kernels<T>, packed: Option<&[T]>, scratch: &mut Vec<T>) {
        let lanes = kernels.lanes;
        let few = self.m <= 4 * kernels.rows();
        // b is copied where it is read often, or not row by row, and where a register would end beyond a row.
        let copies = self.bt.column != 1 || (!few && self.k > 2 * TILE_STEPS);
        // Where b comes from memory anyway, few rows of it at a time: the machine follows only so many streams.
        let large = self.k * self.n * size_of::<T>() > 4 * TILE_BYTES;
        let streams = if large { TILE_STEPS / 4 } else { TILE_STEPS };
        let steps = if copies { self.k } else { streams.min(self.k.max(1)) };
        let limit = (TILE_BYTES / size_of::<T>() / steps.max(1)).min(TILE_COLUMNS) / 48 * 48;
        let width = self.n.div_ceil(self.n.div_ceil(limit.max(48))).next_multiple_of(48);
        let blocks: Vec<(usize, usize)> = if packed.is_some() {
            let rows = kernels.rows();
            (0..self.m.div_ceil(rows))
                .map(|i| (i * rows, rows.min(self.m - i * rows)))
                .collect()
        } else {
            row_blocks(self.m, kernels.rows())
        };
        let a_rows: Vec<u32> = (0..kernels.rows()).map(|i| (i * self.at.row) as u32).collect();
        let a_steps: Vec<u32> = (0..steps).map(|j| (j * self.at.column) as u32).collect();
        let direct: Vec<u32> = (0..steps).map(|j| (j * self.bt.row) as u32).collect();
        let most = blocks.iter().map(|b| kernels.registers(b.1)).min().unwrap_or(1);
        for first in (0..self.k.max(1)).step_by(steps.max(1)) {
            let part = self.steps(first, steps.min(self.k - first));
            for column in (0..self.n).step_by(width) {
                let tile = part.part(0, self.m, column, width.min(self.n - column));
                let spans: Vec<(usize, usize)> = column_blocks(tile.n, lanes, most).collect();
                // Copied blocks of columns lie one after the other, each row as long as its registers.
                let copied = aligned(scratch, tile.k * tile.n.next_multiple_of(lanes));
                let mut panels: Vec<(*const T, Vec<u32>)> = Vec::with_capacity(spans.len());
                let mut rest = copied;
                for &(start, span) in &spans {
                    if !copies && span % lanes == 0 {
                        panels.push((tile.b.wrapping_add(start), Vec::new()));
                        continue;
                    }
                    let pitch = span.next_multiple_of(lanes);
                    let (panel, after) = std::mem::take(&mut rest).split_at_mut(tile.k * pitch);
                    // SAFETY: the caller's promise.
                    unsafe { tile.pack_columns(start, span, pitch, panel) };
                    panels.push((panel.as_ptr(), (0..tile.k).map(|j| (j * pitch) as u32).collect()));
                    rest = after;
                }
                for &(row, count) in &blocks {
                    for (&(start, span), (b, steps)) in spans.iter().zip(&panels) {
                        let a = match packed {
                            Some(packed) => packed[row * self.k + first * count..].as_ptr(),
                            None => tile.a.wrapping_add(self.at.at(row, 0)),
                        };
                        let block = Block {
                            steps: tile.k,
                            a,
                            a_rows: a_rows.as_ptr(),
                            a_steps: a_steps.as_ptr(),
                            b: *b,
                            b_steps: if steps.is_empty() { direct.as_ptr() } else { steps.as_ptr() },
                            c: tile.c.wrapping_add(tile.cs.at(row, start)),
                            c_row: tile.cs.row,
                            columns: span,
                            bias: after(tile.bias, row),
                            column_bias: after(tile.column_bias, start),
                            add: tile.add,
                        };
                        // SAFETY: the caller's promise; where b is read as it lies, registers end inside its rows.
                        unsafe { kernels.block(count, packed.is_some(), &block) }
                    }
                }
            }
        }
    }

    /// Copies columns of b: row after row, each `pitch` long.
    unsafe fn pack_columns(&self, start: usize, columns: usize, pitch: usize, target: &mut [T]) {
        let source = self.b.wrapping_add(self.bt.at(0, start));
        if self.bt.column == 1 {
            for (j, row) in target.chunks_exact_mut(pitch).enumerate() {
                // SAFETY: `columns` elements of a row of b, which the caller promises.
                unsafe { std::ptr::copy_nonoverlapping(source.add(j * self.bt.row), row.as_mut_ptr(), columns) };
                row[columns..].fill(T::default());
            }
            return;
        }
        // In squares, so that neither side leaves the cache.
        for first in (0..self.k).step_by(16) {
            let rows = 16.min(self.k - first);
            let band = &mut target[first * pitch..][..rows * pitch];
            for column in 0..columns {
                for j in 0..rows {
                    // SAFETY: an element of b, and one of the band, which is `rows` times `pitch` long.
                    unsafe { *band.get_unchecked_mut(j * pitch + column) = *source.add(self.bt.at(first + j, column)) };
                }
            }
            band.chunks_exact_mut(pitch).for_each(|row| row[columns..].fill(T::default()));
        }
    }

    /// Sums of products of rows of a and rows of the transpose of b.
    unsafe fn rows_by_rows(self, kernels: &Kernels<T>) {
        /// Steps and rows of a that are read again and again.
        const STEPS: usize = 2048;
        const ROWS: usize = 48;
        let (most_rows, most_columns) = kernels.dots_size();
        let a_rows: Vec<u32> = (0..most_rows).map(|i| (i * self.at.row) as u32).collect();
        let b_rows: Vec<u32> = (0..most_columns).map(|i| (i * self.bt.column) as u32).collect();
        let columns = row_blocks(self.n, most_columns);
        let step_parts = pieces(self.k, self.k.div_ceil(STEPS));
        let begins = !self.bias.is_null() || !self.column_bias.is_null();
        if begins {
            for i in 0..self.m {
                for j in 0..self.n {
                    // SAFETY: the caller's promise.
                    unsafe {
                        let at = self.c.add(self.cs.at(i, j));
                        let mut sum = if self.add { *at } else { T::default() };
                        for (bias, place) in [(self.bias, i), (self.column_bias, j)] {
                            sum += if bias.is_null() { T::default() } else { *bias.add(place) };
                        }
                        *at = sum;
                    }
                }
            }
        }
        for &(first, k) in &step_parts {
            let part = self.steps(first, k);
            for (row, m) in pieces(self.m, self.m.div_ceil(ROWS)) {
                let rows = row_blocks(m, most_rows);
                for &(column, width) in &columns {
                    for &(r, count) in &rows {
                        let dots = Dots {
                            segments: 1,
                            length: k,
                            a: part.a.wrapping_add(self.at.at(row + r, 0)),
                            a_rows: a_rows.as_ptr(),
                            a_segments: &0,
                            b: part.b.wrapping_add(self.bt.at(0, column)),
                            b_rows: b_rows.as_ptr(),
                            b_segments: &0,
                            c: part.c.wrapping_add(self.cs.at(row + r, column)),
                            c_row: self.cs.row,
                            c_column: self.cs.column,
                            add: part.add || begins,
                        };
                        // SAFETY: the caller's promise.
                        unsafe { kernels.dots(count, width, &dots) }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
