//! Tiles: the part of an input that some outputs meet, copied together with the zeros around it.

use super::geometry::Axis;
use crate::number::Number;
use crate::parallel::pieces;

/// How the input of a tile lies in memory: `[channel][column phase][example][row][column]`, where only every `gap`-th
/// row is kept, and columns are taken apart by their remainder of the stride so that neighbours stay neighbours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Layout {
    /// Outputs of a tile (of the largest): examples, rows, columns.
    pub(crate) examples: usize,
    pub(crate) rows: usize,
    pub(crate) columns: usize,
    /// Rows of the input that lie between two that are kept, plus one.
    gap: usize,
    /// Rows per example.
    slots: usize,
    /// Numbers per row.
    pub(crate) row: usize,
    /// Lowest offsets of a tap.
    low: [isize; 2],
    /// The steps of the axes in the input.
    steps: [usize; 2],
    sources: [usize; 2],
}

/// Outputs that are computed together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tile {
    pub(crate) example: (usize, usize),
    pub(crate) row: (usize, usize),
    pub(crate) column: (usize, usize),
}

fn greatest_common_divisor(a: usize, b: usize) -> usize {
    if b == 0 { a } else { greatest_common_divisor(b, a % b) }
}

fn reach(offsets: &[isize]) -> (isize, usize) {
    let low = offsets.iter().copied().min().unwrap_or(0);
    (low, (offsets.iter().copied().max().unwrap_or(0) - low) as usize)
}

impl Layout {
    pub(crate) fn new(axes: [&Axis; 2], examples: usize, rows: usize, columns: usize) -> Self {
        let ((low_row, row_reach), (low_column, column_reach)) = (reach(&axes[0].offsets), reach(&axes[1].offsets));
        let first = if rows > 1 { axes[0].input_step } else { 0 };
        let gap = axes[0]
            .offsets
            .iter()
            .fold(first, |gap, o| greatest_common_divisor((o - low_row) as usize, gap))
            .max(1);
        Self {
            examples,
            rows,
            columns,
            gap,
            slots: ((rows - 1) * axes[0].input_step + row_reach) / gap + 1,
            row: columns + column_reach / axes[1].input_step,
            low: [low_row, low_column],
            steps: [axes[0].input_step, axes[1].input_step],
            sources: [axes[0].input, axes[1].input],
        }
    }

    fn phase(&self) -> usize {
        self.examples * self.slots * self.row
    }

    /// Numbers per channel.
    pub(crate) fn channel(&self) -> usize {
        self.steps[1] * self.phase()
    }

    /// Rows of the input per row of the output: what copying costs.
    pub(crate) fn rows_per_output(&self) -> f64 {
        self.slots as f64 / self.rows as f64
    }

    /// Where the first position's value for a tap lies.
    pub(crate) fn tap(&self, channel: usize, row_offset: isize, column_offset: isize) -> usize {
        let (row, column) = ((row_offset - self.low[0]) as usize, (column_offset - self.low[1]) as usize);
        channel * self.channel() + column % self.steps[1] * self.phase() + row / self.gap * self.row + column / self.steps[1]
    }

    /// How far an output lies from the first.
    pub(crate) fn position(&self, example: usize, row: usize) -> usize {
        (example * self.slots + row * self.steps[0] / self.gap) * self.row
    }

    /// Whether outputs of neighbouring rows are a row of memory apart.
    pub(crate) fn is_dense(&self) -> bool {
        self.rows == 1 || self.steps[0] == self.gap
    }

    /// The tiles of so many examples, rows and columns.
    pub(crate) fn tiles(&self, batch: usize, rows: usize, columns: usize) -> Vec<Tile> {
        let cut = |length: usize, size: usize| -> Vec<(usize, usize)> {
            (0..length.div_ceil(size))
                .map(|i| (i * size, size.min(length - i * size)))
                .collect()
        };
        let (examples, rows, columns) = (cut(batch, self.examples), cut(rows, self.rows), cut(columns, self.columns));
        let mut tiles = Vec::with_capacity(examples.len() * rows.len() * columns.len());
        for &example in &examples {
            for &row in &rows {
                tiles.extend(columns.iter().map(|&column| Tile { example, row, column }));
            }
        }
        tiles
    }

    /// Asks for some channels of a tile that is copied later.
    pub(crate) fn prefetch<T: Number>(&self, x: &[T], all: usize, tile: &Tile, channels: std::ops::Range<usize>) {
        let [height, width] = self.sources;
        let start = (tile.column.0 * self.steps[1]) as isize + self.low[1];
        let end = start + (self.row * self.steps[1]) as isize;
        let (start, end) = (start.clamp(0, width as isize) as usize, end.clamp(0, width as isize) as usize);
        for c in channels {
            for slot in 0..self.slots {
                let row = (tile.row.0 * self.steps[0] + slot * self.gap) as isize + self.low[0];
                if (0..height as isize).contains(&row) {
                    let at = ((tile.example.0 * all + c) * height + row as usize) * width;
                    x[at + start..at + end]
                        .chunks(64 / size_of::<T>())
                        .for_each(|line| prefetch(line.as_ptr()));
                }
            }
        }
    }

    /// Copies the channels `first ..` of a tile, as many as `target` has room for; `all` is the number of channels of x.
    pub(crate) fn pack<T: Number>(&self, x: &[T], all: usize, tile: &Tile, first: usize, target: &mut [T]) {
        let [height, width] = self.sources;
        let plane = height * width;
        let rows = ((tile.row.1 - 1) * self.steps[0] + (self.slots - 1) * self.gap + 1)
            .saturating_sub((self.rows - 1) * self.steps[0])
            .div_ceil(self.gap)
            .min(self.slots);
        let filled = tile.column.1 + self.row - self.columns;
        for (c, target) in target.chunks_exact_mut(self.channel()).enumerate() {
            for phase in 0..self.steps[1] {
                let start = (tile.column.0 * self.steps[1] + phase) as isize + self.low[1];
                for e in 0..tile.example.1 {
                    let source = &x[((tile.example.0 + e) * all + first + c) * plane..][..plane];
                    for slot in 0..rows {
                        let at = ((phase * self.examples + e) * self.slots + slot) * self.row;
                        let target = &mut target[at..at + filled];
                        let row = (tile.row.0 * self.steps[0] + slot * self.gap) as isize + self.low[0];
                        if row < 0 || row >= height as isize {
                            target.fill(T::default());
                        } else {
                            copy_row(&source[row as usize * width..][..width], start, self.steps[1], target);
                        }
                    }
                }
            }
        }
    }
}

/// Asks for a line of memory.
#[inline(always)]
fn prefetch<T>(line: *const T) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: a hint, for whatever address; every x86-64 processor has it.
    unsafe {
        use std::arch::x86_64::{_MM_HINT_T1, _mm_prefetch};
        _mm_prefetch::<_MM_HINT_T1>(line.cast());
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = line;
}

/// Every `step`-th value from `start` on, zeros outside.
pub(crate) fn copy_row<T: Number>(source: &[T], start: isize, step: usize, target: &mut [T]) {
    if target.len() <= 32 {
        // Without the calls that copying long rows is worth.
        for (i, value) in target.iter_mut().enumerate() {
            let at = start.wrapping_add_unsigned(i * step) as usize;
            *value = source.get(at).copied().unwrap_or_default();
        }
        return;
    }
    let (length, step_size) = (source.len() as isize, step as isize);
    let count = target.len() as isize;
    // The first index that is not before the source, and the first that is beyond it.
    let low = if start >= 0 { 0 } else { (-start + step_size - 1) / step_size }.min(count);
    let high = if start >= length {
        0
    } else {
        (length - start + step_size - 1) / step_size
    }
    .clamp(low, count);
    let (low, high) = (low as usize, high as usize);
    target[..low].fill(T::default());
    target[high..].fill(T::default());
    if low < high {
        let first = (start + low as isize * step_size) as usize;
        if step == 1 {
            target[low..high].copy_from_slice(&source[first..first + high - low]);
        } else {
            let values = source[first..].iter().step_by(step);
            target[low..high].iter_mut().zip(values).for_each(|(t, v)| *t = *v);
        }
    }
}

/// Splits columns between blocks of at most `registers` registers: start and width of each, all but the last whole.
pub(crate) fn column_blocks(columns: usize, lanes: usize, registers: usize) -> impl Iterator<Item = (usize, usize)> {
    let vectors = columns.div_ceil(lanes);
    let parts = vectors.div_ceil(registers).max(1);
    let (size, rest) = (vectors / parts, vectors % parts);
    let mut start = 0;
    (0..if columns == 0 { 0 } else { parts }).map(move |i| {
        let width = ((size + usize::from(i < rest)) * lanes).min(columns - start);
        start += width;
        (start - width, width)
    })
}

/// Splits rows between blocks of at most `most`, of nearly the same size.
pub(crate) fn row_blocks(rows: usize, most: usize) -> Vec<(usize, usize)> {
    pieces(rows, rows.div_ceil(most))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_copied_with_the_zeros_around_them() {
        let source = [1.0f32, 2.0, 3.0, 4.0, 5.0];
        let row = |start, step| {
            let mut target = [9.0; 4];
            copy_row(&source, start, step, &mut target);
            target
        };
        assert_eq!(row(0, 1), [1.0, 2.0, 3.0, 4.0]);
        assert_eq!(row(-2, 1), [0.0, 0.0, 1.0, 2.0]);
        assert_eq!(row(3, 1), [4.0, 5.0, 0.0, 0.0]);
        assert_eq!(row(-3, 2), [0.0, 0.0, 2.0, 4.0]);
        assert_eq!(row(-9, 2), [0.0; 4]);
        assert_eq!(row(7, 1), [0.0; 4]);
        // Long rows take another way.
        let source: Vec<f32> = (1..=40).map(|i| i as f32).collect();
        for (start, step) in [(0, 1), (-3, 1), (20, 1), (-5, 2), (3, 3), (90, 1), (-90, 2)] {
            let mut long = [9.0; 35];
            copy_row(&source, start, step, &mut long);
            for (i, value) in long.iter().enumerate() {
                let at = start + (i * step) as isize;
                let expected = if (0..40).contains(&at) { (at + 1) as f32 } else { 0.0 };
                assert_eq!(*value, expected, "{start} {step} {i}");
            }
        }
    }

    #[test]
    fn column_blocks_cover_everything_once() {
        for (columns, registers) in [(1, 3), (46, 3), (250, 3), (64, 3), (0, 3), (129, 8)] {
            let blocks: Vec<_> = column_blocks(columns, 16, registers).collect();
            assert_eq!(blocks.iter().map(|b| b.1).sum::<usize>(), columns);
            assert!(blocks.windows(2).all(|w| w[0].0 + w[0].1 == w[1].0 && w[0].1 % 16 == 0));
            assert!(blocks.iter().all(|b| b.1.div_ceil(16) <= registers));
        }
    }
}
