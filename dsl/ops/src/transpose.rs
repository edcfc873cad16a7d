//! Matrices turned over, by tiles that stay in the cache.

use crate::buffer::take;
use crate::number::Number;

/// Rows and columns of a tile.
const TILE: usize = 32;

/// Calls `visit` with the corners of tiles: rows from, rows to, columns from, columns to.
pub(crate) fn tiles(rows: usize, columns: usize, mut visit: impl FnMut(std::ops::Range<usize>, std::ops::Range<usize>)) {
    for i in (0..rows).step_by(TILE) {
        for j in (0..columns).step_by(TILE) {
            visit(i..(i + TILE).min(rows), j..(j + TILE).min(columns));
        }
    }
}

/// The transpose of a row-major matrix of `rows` rows.
pub(crate) fn transposed<T: Number>(x: &[T], rows: usize, columns: usize) -> Vec<T> {
    let mut output = take::<T>(rows * columns);
    transpose_into(x, rows, columns, &mut output);
    output
}

/// Writes the transpose of a row-major matrix of `rows` rows.
pub(crate) fn transpose_into<T: Number>(x: &[T], rows: usize, columns: usize, output: &mut [T]) {
    tiles(rows, columns, |down, across| {
        for j in across {
            for i in down.clone() {
                output[j * rows + i] = x[i * columns + j];
            }
        }
    });
}
