//! Work shared between threads in pieces that depend on the shape alone.

use crate::buffer::take;
use crate::kernel::in_pool;
use crate::number::Number;
use crate::raw::vectorised;
use rayon::prelude::*;

/// Values per piece of elementwise work.
pub(crate) const PIECE: usize = 16_384;

/// Values of elementwise work that one thread does before another has woken up.
pub(crate) const ALONE: usize = 2 * PIECE;

/// Runs tasks `0..count` on all threads.
pub(crate) fn for_each_task(count: usize, task: impl Fn(usize) + Sync + Send) {
    if count <= 1 {
        (0..count).for_each(task);
    } else {
        in_pool(|| (0..count).into_par_iter().for_each(task));
    }
}

/// Multiplications and additions that are worth waking a thread.
const SMALL: usize = 1 << 20;

/// Runs tasks `0..count`, each of so many multiplications, on all threads; small ones several in a row.
pub(crate) fn for_each_group(count: usize, work: usize, task: impl Fn(usize) + Sync + Send) {
    let groups = pieces(count, (count * work / SMALL).max(1));
    for_each_task(groups.len(), |i| (groups[i].0..groups[i].0 + groups[i].1).for_each(&task));
}

/// Runs tasks `0..count` on all threads and gives their results in order.
pub(crate) fn map_tasks<R: Send>(count: usize, task: impl Fn(usize) -> R + Sync + Send) -> Vec<R> {
    if count <= 1 {
        (0..count).map(task).collect()
    } else {
        in_pool(|| (0..count).into_par_iter().map(task).collect())
    }
}

/// Cuts `0..length` into at most `count` pieces of nearly the same size: start and length of each.
pub(crate) fn pieces(length: usize, count: usize) -> Vec<(usize, usize)> {
    let count = count.clamp(1, length.max(1));
    let (size, rest) = (length / count, length % count);
    let mut start = 0;
    (0..count)
        .map(|i| {
            let piece = (start, size + usize::from(i < rest));
            start += piece.1;
            piece
        })
        .collect()
}

/// How many rows of a length make a piece of work.
pub(crate) fn rows_per_piece(row: usize) -> usize {
    (PIECE / row.max(1)).max(1)
}

/// Fills rows of equal length, piece by piece: the closure gets the first row's number and the piece.
pub(crate) fn fill_rows<T: Number>(output: &mut [T], row: usize, fill: impl Fn(usize, &mut [T]) + Sync + Send) {
    if output.is_empty() || row == 0 {
        return;
    }
    let rows = rows_per_piece(row);
    if output.len() <= rows * row {
        fill(0, output);
    } else {
        let pieces = output.par_chunks_mut(rows * row).enumerate();
        in_pool(|| pieces.for_each(|(i, piece)| fill(i * rows, piece)));
    }
}

/// Fills rows of two buffers side by side, as [`fill_rows`]; the second may have rows without values.
pub(crate) fn fill_rows2<T: Number, P: Send>(
    (output, row): (&mut [T], usize),
    (other, other_row): (&mut [P], usize),
    fill: impl Fn(usize, &mut [T], &mut [P]) + Sync + Send,
) {
    if other_row == 0 {
        return fill_rows(output, row, |first, piece| fill(first, piece, &mut []));
    }
    let rows = rows_per_piece(row);
    if output.len() <= rows * row {
        fill(0, output, other);
    } else {
        let pieces = output.par_chunks_mut(rows * row).zip(other.par_chunks_mut(rows * other_row));
        in_pool(|| {
            pieces
                .enumerate()
                .for_each(|(i, (piece, other))| fill(i * rows, piece, other));
        });
    }
}

/// Gives each piece of `size` values to `work`, with its number, and what it gives back in order.
pub(crate) fn map_pieces<T: Number, R: Send>(
    values: &mut [T],
    size: usize,
    work: impl Fn(usize, &mut [T]) -> R + Sync + Send,
) -> Vec<R> {
    let size = size.max(1);
    if values.len() <= PIECE {
        values.chunks_mut(size).enumerate().map(|(i, piece)| work(i, piece)).collect()
    } else {
        let pieces = values.par_chunks_mut(size).enumerate();
        in_pool(|| pieces.map(|(i, piece)| work(i, piece)).collect())
    }
}

/// `y = f(x)`, element by element.
pub(crate) fn map<T: Number>(x: &[T], f: impl Fn(T) -> T + Sync + Send) -> Vec<T> {
    let mut output = take::<T>(x.len());
    let run = |x: &[T], y: &mut [T]| {
        vectorised(
            #[inline(always)]
            || {
                for (y, x) in y.iter_mut().zip(x) {
                    *y = f(*x);
                }
            },
        );
    };
    if x.len() <= ALONE {
        run(x, &mut output);
    } else {
        let pieces = output.par_chunks_mut(PIECE).zip(x.par_chunks(PIECE));
        in_pool(|| pieces.for_each(|(y, x)| run(x, y)));
    }
    output
}

/// `z = f(x, y)`, element by element; the slices have the same length.
pub(crate) fn map2<T: Number>(x: &[T], y: &[T], f: impl Fn(T, T) -> T + Sync + Send) -> Vec<T> {
    let mut output = take::<T>(x.len());
    let run = |x: &[T], y: &[T], z: &mut [T]| {
        vectorised(
            #[inline(always)]
            || {
                for ((z, x), y) in z.iter_mut().zip(x).zip(y) {
                    *z = f(*x, *y);
                }
            },
        );
    };
    if x.len() <= ALONE {
        run(x, y, &mut output);
    } else {
        let pieces = output.par_chunks_mut(PIECE).zip(x.par_chunks(PIECE)).zip(y.par_chunks(PIECE));
        in_pool(|| pieces.for_each(|((z, x), y)| run(x, y, z)));
    }
    output
}

/// `w = f(x, y, z)`, element by element; the slices have the same length.
pub(crate) fn map3<T: Number>(x: &[T], y: &[T], z: &[T], f: impl Fn(T, T, T) -> T + Sync + Send) -> Vec<T> {
    let mut output = take::<T>(x.len());
    let run = |x: &[T], y: &[T], z: &[T], w: &mut [T]| {
        vectorised(
            #[inline(always)]
            || {
                for (((w, x), y), z) in w.iter_mut().zip(x).zip(y).zip(z) {
                    *w = f(*x, *y, *z);
                }
            },
        );
    };
    if x.len() <= ALONE {
        run(x, y, z, &mut output);
    } else {
        let pieces = output.par_chunks_mut(PIECE).zip(x.par_chunks(PIECE));
        let pieces = pieces.zip(y.par_chunks(PIECE)).zip(z.par_chunks(PIECE));
        in_pool(|| pieces.for_each(|(((w, x), y), z)| run(x, y, z, w)));
    }
    output
}

/// The sum of a slice in 16 interleaved partial sums: a fixed order that vector instructions can follow.
#[inline(always)]
pub(crate) fn sum_of<T: Number>(x: &[T], f: impl Fn(T) -> T) -> T {
    let mut partial = [T::default(); 16];
    let blocks = x.chunks_exact(16);
    let rest = blocks.remainder();
    for block in blocks {
        for (p, v) in partial.iter_mut().zip(block) {
            *p += f(*v);
        }
    }
    for (p, v) in partial.iter_mut().zip(rest) {
        *p += f(*v);
    }
    fold(partial)
}

/// The sum of `f(x, y)` over two slices of the same length, in the order of [`sum_of`].
#[inline(always)]
pub(crate) fn sum_of2<T: Number>(x: &[T], y: &[T], f: impl Fn(T, T) -> T) -> T {
    let mut partial = [T::default(); 16];
    let (xs, ys) = (x.chunks_exact(16), y.chunks_exact(16));
    let (xr, yr) = (xs.remainder(), ys.remainder());
    for (x, y) in xs.zip(ys) {
        for ((p, x), y) in partial.iter_mut().zip(x).zip(y) {
            *p += f(*x, *y);
        }
    }
    for ((p, x), y) in partial.iter_mut().zip(xr).zip(yr) {
        *p += f(*x, *y);
    }
    fold(partial)
}

#[inline(always)]
fn fold<T: Number>(mut partial: [T; 16]) -> T {
    for width in [8, 4, 2, 1] {
        for i in 0..width {
            let other = partial[i + width];
            partial[i] += other;
        }
    }
    partial[0]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_cover_the_whole_once() {
        for (length, count) in [(10, 3), (2, 8), (0, 4), (64, 32)] {
            let parts = pieces(length, count);
            assert_eq!(parts.iter().map(|p| p.1).sum::<usize>(), length);
            assert!(parts.windows(2).all(|w| w[0].0 + w[0].1 == w[1].0));
        }
    }

    #[test]
    fn sums_are_right_for_every_remainder() {
        for n in 0..70usize {
            let x: Vec<f64> = (0..n).map(|i| i as f64).collect();
            assert_eq!(sum_of(&x, |v| v), (n * n.saturating_sub(1) / 2) as f64);
        }
    }
}
