//! Scaled dot-product attention by blocks: the engine of [`crate::Attention`] and [`crate::RelativeAttention`].
//!
//! Logits exist for one block of queries and one of keys at a time, `[query, key]` with keys side by side, so every
//! product reads and writes rows as they lie. Forward keeps a running maximum and sum per query (Milakov and Gimelshein
//! 2018) and saves the logarithm of the sum; backward computes the logits again (Dao et al. 2022).
//!
//! Relative logits cost no rearrangement: the product of queries and relative keys of a block is written with rows of
//! `width`, and the same memory read with rows of `width - 1` has them shifted by one place per query.

mod backward;
mod forward;
mod mask;

use crate::buffer::{Lent, lend};
use crate::number::Number;
use crate::parallel::for_each_task;
use crate::raw::{Steps, product, vectorised};
use crate::raw_columns::Columns;
pub(crate) use mask::Mask;

/// The sizes of an attention.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sizes {
    pub(crate) batch: usize,
    pub(crate) heads: usize,
    pub(crate) queries: usize,
    pub(crate) keys: usize,
    /// Channels of a head's queries and keys.
    pub(crate) key_width: usize,
    /// Channels of a head's values.
    pub(crate) value_width: usize,
}

/// Sizes of the blocks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Blocks {
    pub(crate) queries: usize,
    pub(crate) keys: usize,
}

impl Default for Blocks {
    fn default() -> Self {
        Self { queries: 64, keys: 256 }
    }
}

/// What relative attention adds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Relative<'a, T> {
    /// Added to the scaled queries before they meet the keys: `[heads * key width]`.
    pub(crate) content: &'a [T],
    /// Added to the scaled queries before they meet the relative keys: `[heads * key width]`.
    pub(crate) position: &'a [T],
    /// Keys of the distances `1 - n ..= n - 1` (key minus query): `[heads * key width, 2 n - 1]`.
    pub(crate) keys: &'a [T],
}

/// An attention with its inputs: q `[batch, heads * key width, queries]`, k and v alike.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Attend<'a, T> {
    pub(crate) sizes: Sizes,
    pub(crate) blocks: Blocks,
    pub(crate) scale: T,
    pub(crate) mask: Option<Mask>,
    pub(crate) q: &'a [T],
    pub(crate) k: &'a [T],
    pub(crate) v: &'a [T],
    pub(crate) relative: Option<Relative<'a, T>>,
}

/// A block of queries and one of keys, of one head.
#[derive(Clone, Copy, Debug)]
struct Tile {
    /// Which head of which example, `example * heads + head`.
    head: usize,
    /// The first query, and how many.
    query: usize,
    rows: usize,
    /// The first key, and how many.
    key: usize,
    columns: usize,
}

/// How many numbers forward and backward allocate for themselves: what is shared between the tasks, and one task's memory.
pub(crate) fn extra(s: Sizes, relative: bool) -> (usize, usize) {
    let heads = s.batch * s.heads;
    let (keys, values) = (heads * s.keys * s.key_width, heads * s.keys * s.value_width);
    let distances = if relative {
        s.heads * (2 * s.queries).saturating_sub(1) * s.key_width
    } else {
        0
    };
    let blocks = Blocks::default();
    let (rows, columns) = (blocks.queries.min(s.queries), blocks.keys.min(s.keys));
    let tile = rows * if relative { columns + rows } else { columns };
    let forward = values + distances + tile + rows * (2 * s.key_width + s.value_width + 1);
    let (together, parts) = backward::cut(s, relative, s.keys.div_ceil(blocks.keys).max(1));
    let slopes = if parts == 1 {
        0
    } else {
        heads * parts * s.key_width * s.queries
    };
    let task = 2 * tile + columns * (s.key_width + s.value_width) + 2 * s.queries * s.key_width;
    let sums = heads / together.max(1) * parts * distances / s.heads.max(1);
    (forward, keys + 3 * distances + heads * s.queries + slopes + task + sums)
}

impl Sizes {
    fn distances(self) -> usize {
        2 * self.queries - 1
    }

    /// Runs tasks on all threads, or on this one where there is little to do.
    fn run(self, count: usize, task: impl Fn(usize) + Sync + Send) {
        if self.is_small() {
            (0..count).for_each(task);
        } else {
            for_each_task(count, task);
        }
    }

    fn is_small(self) -> bool {
        self.batch * self.heads * self.queries * self.keys * (self.key_width + self.value_width) < 200_000
    }
}

impl Tile {
    /// Columns of the relative logits that the tile's queries and keys have between them.
    fn width(self) -> usize {
        self.columns + self.rows - 1
    }

    /// The first distance (as a column of the relative keys) between them.
    fn distance(self, queries: usize) -> usize {
        self.key + queries - (self.query + self.rows)
    }
}

impl<'a, T: Number> Attend<'a, T> {
    fn k_head(&self, head: usize) -> &'a [T] {
        let size = self.sizes.key_width * self.sizes.keys;
        &self.k[head * size..][..size]
    }

    fn v_head(&self, head: usize) -> &'a [T] {
        let size = self.sizes.value_width * self.sizes.keys;
        &self.v[head * size..][..size]
    }

    /// First key and number of keys of every block of keys; all but the last are of one size.
    fn key_blocks(&self) -> Vec<(usize, usize)> {
        let keys = self.sizes.keys;
        let size = self.key_block();
        (0..keys).step_by(size).map(|start| (start, size.min(keys - start))).collect()
    }

    fn key_block(&self) -> usize {
        let keys = self.sizes.keys;
        let count = keys.div_ceil(self.blocks.keys);
        keys.div_ceil(count.max(1)).next_multiple_of(16).min(self.blocks.keys).max(1)
    }

    /// Memory that the logits of a tile take.
    fn tile_size(&self) -> usize {
        let (rows, columns) = (
            self.blocks.queries.min(self.sizes.queries),
            self.key_block().min(self.sizes.keys),
        );
        rows * if self.relative.is_some() { columns + rows } else { columns }
    }

    /// Writes the scaled queries of a tile, `[key width, rows]`, with the bias towards content and, for relative logits,
    /// with that towards positions.
    fn queries(&self, tile: Tile, content: &mut [T], position: &mut [T]) {
        let (n, width) = (self.sizes.queries, self.sizes.key_width);
        let q = &self.q[tile.head * width * n..][..width * n];
        let bias = |of: fn(&Relative<'a, T>) -> &'a [T], d: usize| {
            let at = tile.head % self.sizes.heads * width + d;
            self.relative.as_ref().map_or(T::default(), |r| of(r)[at])
        };
        let fill = |target: &mut [T], of: fn(&Relative<'a, T>) -> &'a [T]| {
            for (d, target) in target.chunks_exact_mut(tile.rows).take(width).enumerate() {
                let bias = bias(of, d);
                let q = &q[d * n + tile.query..][..tile.rows];
                target.iter_mut().zip(q).for_each(|(t, q)| *t = *q * self.scale + bias);
            }
        };
        fill(content, |r| r.content);
        if self.relative.is_some() {
            fill(position, |r| r.position);
        }
    }

    /// Writes the logits of a tile and gives where they lie: the first of them, and the step from row to row.
    fn logits(&self, tile: Tile, content: &[T], position: &[T], logits: &mut [T]) -> (usize, usize) {
        let (m, width) = (self.sizes.keys, self.sizes.key_width);
        let keys = (&self.k_head(tile.head)[tile.key..], Steps::rows(m));
        let content = (content, Steps::columns(tile.rows));
        let sizes = (tile.rows, tile.columns, width);
        let (offset, step) = self.place(tile);
        if let Some(relative) = &self.relative {
            let distances = self.sizes.distances();
            let head = tile.head % self.sizes.heads;
            let relative = &relative.keys[head * width * distances..][..width * distances];
            product(
                (tile.rows, tile.width(), width),
                (logits, Steps::rows(tile.width())),
                false,
                (position, Steps::columns(tile.rows)),
                (&relative[tile.distance(self.sizes.queries)..], Steps::rows(distances)),
            );
            product(sizes, (&mut logits[offset..], Steps::rows(step)), true, content, keys);
        } else {
            product(sizes, (logits, Steps::rows(step)), false, content, keys);
        }
        (offset, step)
    }

    /// Where the first logit of a tile lies in its memory, and the step from row to row.
    fn place(&self, tile: Tile) -> (usize, usize) {
        if self.relative.is_some() {
            (tile.rows - 1, tile.width() - 1)
        } else {
            (0, tile.columns)
        }
    }

    /// The transposes of groups of matrices `[rows, length]`.
    fn transposed(&self, x: &[T], rows: usize, length: usize) -> Lent<T> {
        const SIDE: usize = 8;
        let mut memory = lend::<T>(x.len());
        // Strips of 64 columns where none of them reaches into the next matrix, else whole matrices.
        let wide = if length.is_multiple_of(64) { 64 } else { length };
        let strips = Columns::new(&mut memory, 1, x.len(), (wide * rows).max(1));
        self.sizes.run(strips.count(), |i| {
            let mut strip = strips.block(i);
            let (group, first) = (strip.start / (rows * length), strip.start % (rows * length) / rows);
            let columns = strip.width / rows;
            let x = &x[group * rows * length..][..rows * length];
            let target = strip.row(0);
            vectorised(
                #[inline(always)]
                || {
                    for c0 in (0..columns).step_by(SIDE) {
                        for r0 in (0..rows).step_by(SIDE) {
                            let (width, height) = (SIDE.min(columns - c0), SIDE.min(rows - r0));
                            // A square in registers, as far as the matrix reaches.
                            let mut square = [[T::default(); SIDE]; SIDE];
                            for r in 0..height {
                                let source = &x[(r0 + r) * length + first + c0..][..width];
                                if let Ok(source) = <&[T; SIDE]>::try_from(source) {
                                    (0..SIDE).for_each(|c| square[c][r] = source[c]);
                                } else {
                                    source.iter().zip(&mut square).for_each(|(v, line)| line[r] = *v);
                                }
                            }
                            for (c, line) in square[..width].iter().enumerate() {
                                target[(c0 + c) * rows + r0..][..height].copy_from_slice(&line[..height]);
                            }
                        }
                    }
                },
            );
        });
        drop(strips);
        memory
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(count: usize, seed: f64) -> Vec<f64> {
        (0..count).map(|i| (i as f64 * 0.7 + seed).sin()).collect()
    }

    /// The same numbers come out of blocks of every size, with and without positions.
    #[test]
    fn blocks_do_not_change_results() {
        for (queries, keys, relative) in [(7, 19, false), (21, 21, true), (18, 18, true), (1, 1, true)] {
            let sizes = Sizes {
                batch: 2,
                heads: 2,
                queries,
                keys,
                key_width: 3,
                value_width: 2,
            };
            let (q, k, v) = (values(12 * queries, 0.1), values(12 * keys, 0.2), values(8 * keys, 0.3));
            let (g, biases, distances) = (values(8 * queries, 0.4), values(6, 0.5), values(6 * (2 * queries - 1), 0.6));
            let whole = Attend {
                sizes,
                blocks: Blocks::default(),
                scale: 0.6,
                mask: Some(Mask::new(0.25, &crate::Pass::default())),
                q: &q,
                k: &k,
                v: &v,
                relative: relative.then_some(Relative {
                    content: &biases,
                    position: &biases[..],
                    keys: &distances,
                }),
            };
            let (output, sums) = whole.forward();
            let expected = whole.backward(&output, &sums, &g, [true; 3]);
            for (rows, columns) in [(4, 16), (5, 3), (1, 1)] {
                let small = Attend {
                    blocks: Blocks {
                        queries: rows,
                        keys: columns,
                    },
                    ..whole
                };
                let found = small.forward();
                let gradients = small.backward(&found.0, &found.1, &g, [true; 3]);
                let close = |a: &[f64], b: &[f64]| {
                    assert_eq!(a.len(), b.len());
                    assert!(
                        a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-12),
                        "{queries} x {keys}, {rows} x {columns}"
                    );
                };
                close(&found.0, &output);
                close(&found.1, &sums);
                close(&gradients.q, &expected.q);
                close(&gradients.k, &expected.k);
                close(&gradients.v, &expected.v);
                close(&gradients.content, &expected.content);
                close(&gradients.position, &expected.position);
                close(&gradients.keys, &expected.keys);
            }
        }
    }

    /// The logit of a query and a key is that of their distance: what Transformer-XL and Enformer call the relative shift.
    #[test]
    fn relative_logits_are_those_of_distances() {
        let n = 21;
        let sizes = Sizes {
            batch: 1,
            heads: 1,
            queries: n,
            keys: n,
            key_width: n,
            value_width: n,
        };
        let one: Vec<f64> = (0..n * n).map(|i| f64::from(u8::from(i % (n + 1) == 0))).collect();
        let (zeros, distances) = (vec![0.0; n * n], values(n * (2 * n - 1), 0.3));
        let attend = Attend {
            sizes,
            blocks: Blocks { queries: 8, keys: 6 },
            scale: 1.0,
            mask: None,
            // Query i is the unit vector i, keys are 0, and the output of query i is its row of probabilities.
            q: &one,
            k: &zeros,
            v: &one,
            relative: Some(Relative {
                content: &zeros[..n],
                position: &zeros[..n],
                keys: &distances,
            }),
        };
        let (output, sums) = attend.forward();
        for i in 0..n {
            for j in 0..n {
                let logit = distances[i * (2 * n - 1) + j + n - 1 - i];
                assert!((output[j * n + i].ln() + sums[i] - logit).abs() < 1e-12, "{i} {j}");
            }
        }
    }
}
