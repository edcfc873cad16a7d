//! The backward pass.

use super::{Attend, Sizes, Tile};
use crate::buffer::{Lent, lend, take};
use crate::linear::add_up;
use crate::number::Number;
use crate::parallel::map_tasks;
use crate::raw::{Steps, product, vectorised};
use crate::raw_columns::Columns;

/// Gradients of an attention; those of relative attention are empty without it.
pub(crate) struct Gradients<T> {
    pub(crate) q: Vec<T>,
    pub(crate) k: Vec<T>,
    pub(crate) v: Vec<T>,
    pub(crate) content: Vec<T>,
    pub(crate) position: Vec<T>,
    pub(crate) keys: Vec<T>,
}

/// Tasks that backward is cut into, at least, where there are as many blocks of keys.
const TASKS: usize = 16;

/// How many examples a task takes, and into how many parts it cuts the blocks of keys: relative keys are those of all
/// examples, so a task takes all of them; otherwise there are tasks for each.
pub(super) fn cut(s: Sizes, relative: bool, blocks: usize) -> (usize, usize) {
    let together = if relative { s.batch } else { 1 };
    let parts = TASKS.div_ceil((s.batch * s.heads / together.max(1)).max(1));
    (together, parts.clamp(1, blocks))
}

/// What all tasks read.
struct Shared<'a, T: Number> {
    g: &'a [T],
    sums: &'a [T],
    /// Sum over the value channels of output times gradient: `[batch, heads, queries]`.
    inner: Lent<T>,
    /// Keys as `[key, key width]`, of every head.
    keys: Lent<T>,
    /// Relative keys as `[distance, key width]`, of every head.
    relative: Option<Lent<T>>,
    wanted: [bool; 3],
}

/// Where tasks write.
struct Targets<'a, T> {
    /// `[batch, heads, parts of the keys, key width, queries]`.
    q: Columns<'a, T>,
    k: Columns<'a, T>,
    v: Columns<'a, T>,
}

/// Memory of a task.
struct Memory<'a, T> {
    content: &'a mut [T],
    position: &'a mut [T],
    probabilities: &'a mut [T],
    slopes: &'a mut [T],
    dk: &'a mut [T],
    dv: &'a mut [T],
    /// `[query, key width]`, from the keys and from the relative keys.
    dq: &'a mut [T],
    dq_relative: &'a mut [T],
}

impl<T: Number> Attend<'_, T> {
    /// The gradients from that of the output; of q, k and v those that are `wanted`.
    pub(crate) fn backward(&self, output: &[T], sums: &[T], g: &[T], wanted: [bool; 3]) -> Gradients<T> {
        let s = self.sizes;
        let heads = s.batch * s.heads;
        let blocks = self.key_blocks();
        let (together, parts) = cut(s, self.relative.is_some(), blocks.len());
        let shared = Shared {
            g,
            sums,
            inner: self.inner(output, g),
            keys: self.transposed(self.k, s.key_width, s.keys),
            relative: self.relative.map(|r| self.transposed(r.keys, s.key_width, s.distances())),
            wanted,
        };
        let size = s.key_width * s.queries;
        let mut q = take::<T>(heads * parts * size);
        let mut k = take::<T>(heads * s.key_width * s.keys);
        let mut v = take::<T>(heads * s.value_width * s.keys);
        let targets = Targets {
            q: Columns::new(&mut q, 1, heads * parts * size, size),
            k: Columns::new(&mut k, s.key_width, s.keys, self.key_block()),
            v: Columns::new(&mut v, s.value_width, s.keys, self.key_block()),
        };
        let task = |i: usize| {
            let (group, part) = (i / parts, i % parts);
            let mine = blocks.len() * part / parts..blocks.len() * (part + 1) / parts;
            let heads: Vec<usize> = if together == 1 {
                vec![group]
            } else {
                (0..s.batch).map(|b| b * s.heads + group).collect()
            };
            self.backward_task(&shared, &targets, &heads, part, parts, mine)
        };
        let count = heads / together.max(1) * parts;
        let relative: Vec<Vec<T>> = if s.is_small() {
            (0..count).map(task).collect()
        } else {
            map_tasks(count, task)
        };
        drop(targets);
        let mut gradients = Gradients {
            q: if parts == 1 { q } else { self.joined(&q, parts) },
            k,
            v,
            content: Vec::new(),
            position: Vec::new(),
            keys: Vec::new(),
        };
        if self.relative.is_some() {
            let mut relative = relative.into_iter();
            for _ in 0..s.heads {
                let mut sum = add_up(relative.by_ref().take(parts).collect());
                let mut rest = sum.split_off(s.key_width);
                gradients.content.extend(sum);
                gradients.keys.extend(rest.split_off(s.key_width));
                gradients.position.extend(rest);
            }
        }
        gradients
    }

    /// Adds up the gradients of the queries from parts of the keys.
    fn joined(&self, parts: &[T], count: usize) -> Vec<T> {
        let s = self.sizes;
        let size = s.key_width * s.queries;
        let mut output = take::<T>(s.batch * s.heads * size);
        let heads = Columns::new(&mut output, 1, s.batch * s.heads * size, size);
        s.run(heads.count(), |i| {
            let mut target = heads.block(i);
            let target = target.row(0);
            let mine = &parts[i * count * size..(i + 1) * count * size];
            target.copy_from_slice(&mine[..size]);
            vectorised(
                #[inline(always)]
                || {
                    for part in mine.chunks_exact(size).skip(1) {
                        target.iter_mut().zip(part).for_each(|(t, p)| *t += *p);
                    }
                },
            );
        });
        drop(heads);
        output
    }

    /// The sum over the value channels of output times gradient, of every query.
    fn inner(&self, output: &[T], g: &[T]) -> Lent<T> {
        let s = self.sizes;
        let mut memory = lend::<T>(s.batch * s.heads * s.queries);
        let rows = Columns::new(&mut memory, 1, s.queries, s.queries);
        s.run(rows.count(), |i| {
            let mut target = rows.block(i);
            let target = target.row(0);
            let size = s.value_width * s.queries;
            let (output, g) = (&output[i * size..(i + 1) * size], &g[i * size..(i + 1) * size]);
            target.fill(T::default());
            vectorised(
                #[inline(always)]
                || {
                    for (y, g) in output.chunks_exact(s.queries).zip(g.chunks_exact(s.queries)) {
                        for ((t, y), g) in target.iter_mut().zip(y).zip(g) {
                            *t += *y * *g;
                        }
                    }
                },
            );
        });
        drop(rows);
        memory
    }

    /// A range of blocks of keys of some heads, which have the relative keys in common. The result is the gradients of
    /// content bias, position bias and relative keys, one behind the other.
    fn backward_task(
        &self,
        shared: &Shared<'_, T>,
        targets: &Targets<'_, T>,
        heads: &[usize],
        part: usize,
        parts: usize,
        mine: std::ops::Range<usize>,
    ) -> Vec<T> {
        let s = self.sizes;
        let relative = self.relative.is_some();
        let blocks = self.key_blocks();
        let (copies, tile) = (s.key_width * self.blocks.queries.min(s.queries), self.tile_size());
        let size = s.key_width * s.queries;
        let lengths = [
            copies,
            copies,
            tile,
            tile,
            s.key_width * self.key_block(),
            s.value_width * self.key_block(),
            size,
            if relative { size } else { 0 },
        ];
        let mut memory = lend::<T>(lengths.iter().sum());
        let mut rest = &mut memory[..];
        let mut cut = lengths.into_iter().map(|length| {
            let (piece, tail) = std::mem::take(&mut rest).split_at_mut(length);
            rest = tail;
            piece
        });
        let mut next = || cut.next().unwrap_or_default();
        let mut memory = Memory {
            content: next(),
            position: next(),
            probabilities: next(),
            slopes: next(),
            dk: next(),
            dv: next(),
            dq: next(),
            dq_relative: next(),
        };
        let mut sums = vec![T::default(); if relative { s.key_width * (2 + s.distances()) } else { 0 }];
        let (biases, distances) = sums.split_at_mut(if relative { 2 * s.key_width } else { 0 });
        for &head in heads {
            memory.dq.fill(T::default());
            memory.dq_relative.fill(T::default());
            for block in mine.clone() {
                let (key, columns) = blocks[block];
                for query in (0..s.queries).step_by(self.blocks.queries) {
                    let rows = self.blocks.queries.min(s.queries - query);
                    let tile = Tile {
                        head,
                        query,
                        rows,
                        key,
                        columns,
                    };
                    self.backward_tile(shared, tile, &mut memory, distances);
                }
                let index = head * blocks.len() + block;
                for (target, values) in [(&targets.k, &memory.dk), (&targets.v, &memory.dv)] {
                    let mut target = target.block(index);
                    for (r, row) in values.chunks_exact(columns).take(target.rows()).enumerate() {
                        target.row(r).copy_from_slice(row);
                    }
                }
            }
            let mut target = targets.q.block(head * parts + part);
            for (d, row) in target.row(0).chunks_exact_mut(s.queries.max(1)).enumerate() {
                for (i, t) in row.iter_mut().enumerate() {
                    let at = i * s.key_width + d;
                    let mut sum = memory.dq[at];
                    if relative {
                        biases[d] += sum;
                        biases[s.key_width + d] += memory.dq_relative[at];
                        sum += memory.dq_relative[at];
                    }
                    *t = sum * self.scale;
                }
            }
        }
        sums
    }

    fn backward_tile(&self, shared: &Shared<'_, T>, tile: Tile, memory: &mut Memory<'_, T>, distances: &mut [T]) {
        let s = self.sizes;
        let Tile {
            head,
            query,
            rows,
            key,
            columns,
        } = tile;
        let (n, width) = (s.queries, s.key_width);
        let g = &shared.g[head * s.value_width * n..][..s.value_width * n];
        self.queries(tile, memory.content, memory.position);
        let (offset, step) = self.logits(tile, memory.content, memory.position, memory.probabilities);
        let lines = Steps { row: step, column: 1 };
        product(
            (rows, columns, s.value_width),
            (&mut memory.slopes[offset..], lines),
            false,
            (&g[query..], Steps::columns(n)),
            (&self.v_head(head)[key..], Steps::rows(s.keys)),
        );
        let mask = self.mask.map(|mask| mask.of_head::<T>(head));
        let (sums, inner) = (&shared.sums[head * n + query..], &shared.inner[head * n + query..]);
        let (probabilities, slopes) = (&mut memory.probabilities[offset..], &mut memory.slopes[offset..]);
        vectorised(
            #[inline(always)]
            || {
                for i in 0..rows {
                    let (sum, inner) = (sums[i], inner[i]);
                    let row = probabilities[i * step..][..columns].iter_mut();
                    let row = row.zip(&mut slopes[i * step..][..columns]);
                    if let Some(mask) = &mask {
                        let state = mask.row(query + i);
                        for (j, (p, d)) in row.enumerate() {
                            let probability = (*p - sum).exponential();
                            let factor = mask.factor(state, (key + j) as u32);
                            *d = probability * (*d * factor - inner);
                            *p = probability * factor;
                        }
                    } else {
                        for (p, d) in row {
                            *p = (*p - sum).exponential();
                            *d = *p * (*d - inner);
                        }
                    }
                }
            },
        );
        let add = query > 0;
        if shared.wanted[2] {
            product(
                (s.value_width, columns, rows),
                (memory.dv, Steps::rows(columns)),
                add,
                (&g[query..], Steps::rows(n)),
                (&memory.probabilities[offset..], lines),
            );
        }
        let slopes = (&memory.slopes[offset..], lines);
        if shared.wanted[1] {
            product(
                (width, columns, rows),
                (memory.dk, Steps::rows(columns)),
                add,
                (memory.content, Steps::rows(rows)),
                slopes,
            );
        }
        let keys = &shared.keys[(head * s.keys + key) * width..];
        product(
            (rows, width, columns),
            (&mut memory.dq[query * width..], Steps::rows(width)),
            true,
            slopes,
            (keys, Steps::rows(width)),
        );
        let Some(relative) = &shared.relative else { return };
        // By distances; what lies between the rows belongs to no pair of the tile.
        let across = tile.width();
        for i in 0..rows {
            let row = &mut memory.slopes[i * across..(i + 1) * across];
            let start = rows - 1 - i;
            row[..start].fill(T::default());
            row[start + columns..].fill(T::default());
        }
        let distance = tile.distance(n);
        let slopes = (&*memory.slopes, Steps::rows(across));
        let relative = &relative[(head % s.heads * s.distances() + distance) * width..];
        product(
            (rows, width, across),
            (&mut memory.dq_relative[query * width..], Steps::rows(width)),
            true,
            slopes,
            (relative, Steps::rows(width)),
        );
        product(
            (width, across, rows),
            (&mut distances[distance..], Steps::rows(s.distances())),
            true,
            (memory.position, Steps::rows(rows)),
            slopes,
        );
    }
}
