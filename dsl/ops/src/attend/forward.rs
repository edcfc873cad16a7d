//! The forward pass.

use super::{Attend, Tile};
use crate::buffer::{lend, take};
use crate::number::Number;
use crate::raw::{Steps, product, vectorised};
use crate::raw_columns::{Block, Columns};
use crate::softmax::{exponentials, largest};

impl<T: Number> Attend<'_, T> {
    /// The output `[batch, heads * value width, queries]`, and the logarithm of every query's sum of exponentials,
    /// `[batch, heads, queries]`.
    pub(crate) fn forward(&self) -> (Vec<T>, Vec<T>) {
        let s = self.sizes;
        let mut output = take::<T>(s.batch * s.heads * s.value_width * s.queries);
        let mut sums = take::<T>(s.batch * s.heads * s.queries);
        let values = self.transposed(self.v, s.value_width, s.keys);
        let outputs = Columns::new(&mut output, s.value_width, s.queries, self.blocks.queries);
        let found = Columns::new(&mut sums, 1, s.queries, self.blocks.queries);
        s.run(outputs.count(), |i| {
            let (mut target, mut sums) = (outputs.block(i), found.block(i));
            let size = s.keys * s.value_width;
            let values = &values[target.group * size..][..size];
            self.forward_block(values, &mut target, sums.row(0));
        });
        (output, sums)
    }

    /// A block of queries; `values` is `[key, value width]`.
    fn forward_block(&self, values: &[T], target: &mut Block<'_, T>, sums: &mut [T]) {
        let s = self.sizes;
        let (rows, width) = (target.width, s.value_width);
        let copies = s.key_width * rows;
        let mut memory = lend::<T>(2 * copies + self.tile_size() + rows * (width + 1));
        let (content, rest) = memory.split_at_mut(copies);
        let (position, rest) = rest.split_at_mut(copies);
        let (logits, rest) = rest.split_at_mut(self.tile_size());
        let (mixture, top) = rest.split_at_mut(rows * width);
        let mask = self.mask.map(|mask| mask.of_head::<T>(target.group));
        let mut tile = Tile {
            head: target.group,
            query: target.start,
            rows,
            key: 0,
            columns: 0,
        };
        self.queries(tile, content, position);
        top.fill(T::of(f64::NEG_INFINITY));
        sums.fill(T::default());
        for (key, columns) in self.key_blocks() {
            tile = Tile { key, columns, ..tile };
            let (offset, step) = self.logits(tile, content, position, logits);
            vectorised(
                #[inline(always)]
                || {
                    for i in 0..rows {
                        let row = &mut logits[offset + i * step..][..columns];
                        let largest = largest(row);
                        let new = if largest > top[i] { largest } else { top[i] };
                        let sum = exponentials(row, new);
                        if key == 0 {
                            sums[i] = sum;
                        } else {
                            let factor = (top[i] - new).exponential();
                            sums[i] = sums[i] * factor + sum;
                            mixture[i * width..(i + 1) * width].iter_mut().for_each(|v| *v *= factor);
                        }
                        top[i] = new;
                        if let Some(mask) = &mask {
                            let state = mask.row(tile.query + i);
                            for (j, p) in row.iter_mut().enumerate() {
                                *p *= mask.factor(state, (key + j) as u32);
                            }
                        }
                    }
                },
            );
            product(
                (rows, width, columns),
                (mixture, Steps::rows(width)),
                key > 0,
                (&logits[offset..], Steps { row: step, column: 1 }),
                (&values[key * width..], Steps::rows(width)),
            );
        }
        for (i, (sum, top)) in sums.iter_mut().zip(top.iter()).enumerate() {
            let share = T::of(1.0) / *sum;
            mixture[i * width..(i + 1) * width].iter_mut().for_each(|v| *v *= share);
            *sum = *top + T::of(sum.wide().ln());
        }
        for d in 0..width {
            for (i, t) in target.row(d).iter_mut().enumerate() {
                *t = mixture[i * width + d];
            }
        }
    }
}
