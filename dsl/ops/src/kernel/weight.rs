//! The gradient of a convolution's weight: sums of products along rows of the input and of the output's gradient.

use super::convolution::is_product;
use super::geometry::Geometry;
use super::matrix::{Steps, parallel_product};
use super::micro::{Dots, Rows};
use super::pack::{Layout, Tile, row_blocks};
use super::scratch::aligned;
use super::table::Kernels;
use super::winograd::Plan;
use crate::buffer::{take, zeroed};
use crate::linear::add_up;
use crate::number::{Number, Scratch};
use crate::parallel::{for_each_task, map_tasks, pieces, sum_of};
use crate::raw::{SharedOutput, vectorised};

/// Positions of a tile: sums are kept in registers over them.
pub(super) const POSITIONS: usize = 2048;
/// Filters and input channels of a task: with their positions, what fits into a level-2 cache.
pub(super) const FILTERS: usize = 48;
pub(super) const CHANNEL_BYTES: usize = 96 << 10;
/// Multiplications and additions that are worth a task of their own.
const TASK: usize = 4 << 20;

/// Tiles of about [`POSITIONS`] outputs.
fn layout<T: Number>(g: &Geometry) -> Layout {
    let axes = [g.axis(0), g.axis(1)];
    let axes = [&axes[0], &axes[1]];
    let [rows, columns] = g.output;
    let width = columns
        .div_ceil(columns.div_ceil(POSITIONS))
        .next_multiple_of(16)
        .min(columns);
    let mut layout = Layout::new(axes, 1, 1, width);
    let mut cheapest = layout.channel() as f64 / width as f64;
    for r in (1..=rows).filter(|_| width == columns) {
        let next = Layout::new(axes, 1, r, width);
        let cost = next.channel() as f64 / (r * width) as f64;
        if r * width > POSITIONS.max(width) || next.channel() * size_of::<T>() > CHANNEL_BYTES {
            break;
        }
        // Longer sums at the same cost are better.
        if cost <= 1.05 * cheapest {
            (layout, cheapest) = (next, cost.min(cheapest));
        }
    }
    if layout.rows == rows && width == columns {
        let examples = (POSITIONS / (rows * width)).clamp(1, g.batch);
        layout = Layout::new(axes, examples, rows, width);
    }
    layout
}

/// Rows of the output shorter than this are copied next to each other, with zeros where the tile has what lies between.
const SHORT: usize = 28;

/// The sums of `[batch, channel, place]` over all but channels.
pub(crate) fn channel_sums<T: Number>(values: &[T], channels: usize, places: usize) -> Vec<T> {
    let parts = pieces(channels, (values.len() / 65_536).clamp(1, 32));
    let sums = map_tasks(parts.len(), |i| {
        let (first, count) = parts[i];
        vectorised(
            #[inline(always)]
            || {
                let mut sums = vec![T::default(); count];
                for example in values.chunks_exact((channels * places).max(1)) {
                    for (sum, row) in sums.iter_mut().zip(example[first * places..].chunks_exact(places.max(1))) {
                        *sum += sum_of(row, |v| v);
                    }
                }
                sums
            },
        )
    });
    sums.concat()
}

/// The gradients of weight and bias, one after the other in a vector.
///
/// # Panics
/// When a slice does not have the size that the geometry says.
pub(crate) fn weight_gradient<T: Number>(g: &Geometry, x: &[T], gradient: &[T]) -> Vec<T> {
    let [inputs, weights, outputs] = g.sizes();
    assert!(x.len() == inputs && gradient.len() == outputs, "sizes of a convolution");
    if outputs == 0 || weights == 0 {
        return zeroed(weights + g.filters);
    }
    if is_product(g) {
        let (c, f, n) = (g.channels, g.filters, g.input[0] * g.input[1]);
        let mut results = take::<T>(weights + f);
        let (dw, db) = results.split_at_mut(weights);
        for (example, (x, y)) in x.chunks_exact(c * n).zip(gradient.chunks_exact(f * n)).enumerate() {
            parallel_product((f, c, n), dw, example > 0, (y, Steps::rows(n)), (x, Steps::columns(n)));
        }
        db.copy_from_slice(&channel_sums(gradient, f, n));
        return results;
    }
    match Plan::of_gradient(g) {
        Some(plan) => plan.weight_gradient(g, x, gradient),
        None => weight_gradient_direct(g, x, gradient),
    }
}

/// The same without detours: sums of products of rows.
pub(super) fn weight_gradient_direct<T: Number>(g: &Geometry, x: &[T], gradient: &[T]) -> Vec<T> {
    let [_, weights, outputs] = g.sizes();
    let kernels = T::kernels();
    let layout = layout::<T>(g);
    let tiles = layout.tiles(g.batch, g.output[0], g.output[1]);
    let (channels, filters) = (g.group_channels(), g.group_filters());
    let channel_size = layout.channel();
    // Tasks: chunks of filters and channels; of tiles, where these are too few. All by shape alone.
    let few = (CHANNEL_BYTES / size_of::<T>() / channel_size).max(1);
    let channel_parts = pieces(channels, channels.div_ceil(few));
    let filter_parts = pieces(filters, filters.div_ceil(FILTERS));
    let chunks = g.groups * filter_parts.len() * channel_parts.len();
    let work = g.taps() * outputs / chunks;
    let sums = 32usize
        .div_ceil(chunks)
        .min(work.div_ceil(TASK))
        .min(((32 << 20) / size_of::<T>() / weights).max(1));
    let tile_parts = pieces(tiles.len(), sums);
    let size = weights + g.filters;
    let mut results = take::<T>(tile_parts.len() * size);
    let shared = SharedOutput::new(&mut results);
    let groups_together = (TASK / (work / tile_parts.len()).max(1)).clamp(1, chunks);
    let chunk_parts = pieces(chunks, chunks.div_ceil(groups_together));
    for_each_task(tile_parts.len() * chunk_parts.len(), |task| {
        let (part, (first, count)) = (task / chunk_parts.len(), chunk_parts[task % chunk_parts.len()]);
        let own = &tiles[tile_parts[part].0..][..tile_parts[part].1];
        for chunk in first..first + count {
            let (channel_part, rest) = (chunk % channel_parts.len(), chunk / channel_parts.len());
            let (filter_part, group) = (rest % filter_parts.len(), rest / filter_parts.len());
            let (filter, channel) = (filter_parts[filter_part], channel_parts[channel_part]);
            let chunk = Chunk {
                filters: (group * filters + filter.0, filter.1),
                channels: (group * channels + channel.0, channel.1),
                weight: channel.0 * g.kernel[0] * g.kernel[1],
            };
            // SAFETY: each chunk of each part is written by one task; the bias by that of the first channels.
            unsafe {
                chunk.add(
                    g,
                    &layout,
                    kernels,
                    own,
                    x,
                    gradient,
                    shared.start().add(part * size),
                    channel_part == 0,
                )
            }
        }
    });
    if tile_parts.len() == 1 {
        return results;
    }
    let sum = add_up(results.chunks_exact(size).map(<[T]>::to_vec).collect());
    crate::buffer::keep(results);
    sum
}

/// Filters and channels whose gradients a task adds up.
struct Chunk {
    filters: (usize, usize),
    channels: (usize, usize),
    /// The first tap within a filter.
    weight: usize,
}

impl Chunk {
    #[allow(clippy::too_many_arguments)] // The parts of one loop.
    unsafe fn add<T: Number>(
        &self,
        g: &Geometry,
        layout: &Layout,
        kernels: &Kernels<T>,
        tiles: &[Tile],
        x: &[T],
        gradient: &[T],
        target: *mut T,
        bias: bool,
    ) {
        let plane = g.output[0] * g.output[1];
        let (row_axis, column_axis) = (g.axis(0), g.axis(1));
        let mut taps = Vec::new();
        for channel in 0..self.channels.1 {
            for row in &row_axis.offsets {
                taps.extend(column_axis.offsets.iter().map(|c| layout.tap(channel, *row, *c) as u32));
            }
        }
        let (most_rows, most_columns) = kernels.dots_size();
        let (rows, columns) = (row_blocks(self.filters.1, most_rows), row_blocks(taps.len(), most_columns));
        let a_rows: Vec<u32> = (0..most_rows).map(|i| (i * plane) as u32).collect();
        let (mut a_segments, mut b_segments) = (Vec::new(), Vec::new());
        let flat = g.output[1] < SHORT && layout.is_dense() && layout.examples * layout.rows > 1;
        T::scratch(
            |Scratch {
                 columns: scratch,
                 rows: short,
             }| {
                let size = self.channels.1 * layout.channel();
                let input = aligned(scratch, size + kernels.lanes);
                let pitch = layout.position(layout.examples - 1, layout.rows - 1) + layout.columns;
                let flat_rows: Vec<u32> = (0..most_rows).map(|i| (i * pitch) as u32).collect();
                let short = aligned(short, if flat { self.filters.1 * pitch } else { 0 });
                for (number, tile) in tiles.iter().enumerate() {
                    layout.pack(x, g.channels, tile, self.channels.0, &mut input[..size]);
                    a_segments.clear();
                    b_segments.clear();
                    for e in 0..tile.example.1 {
                        for r in 0..tile.row.1 {
                            a_segments.push((e * g.filters * plane + r * g.output[1]) as u32);
                            b_segments.push(layout.position(e, r) as u32);
                        }
                    }
                    let stretch = layout.position(tile.example.1 - 1, tile.row.1 - 1) + tile.column.1;
                    let place = (tile.example.0 * g.filters + self.filters.0) * plane + tile.row.0 * g.output[1] + tile.column.0;
                    let gradient = &gradient[place..];
                    if flat {
                        for (filter, short) in short.chunks_exact_mut(pitch).enumerate() {
                            short[..stretch].fill(T::default());
                            let (all, from_step, to_step) = if tile.example.1 == 1 {
                                (tile.row.1, g.output[1], layout.position(0, 1))
                            } else {
                                (tile.example.1, g.filters * plane, layout.position(1, 0))
                            };
                            // One example row by row, or each row of all examples.
                            for r in 0..if tile.example.1 == 1 { 1 } else { tile.row.1 } {
                                let rows = Rows {
                                    rows: all,
                                    length: tile.column.1,
                                    from: gradient[filter * plane + r * g.output[1]..].as_ptr(),
                                    from_step,
                                    to: short[layout.position(0, r)..].as_mut_ptr(),
                                    to_step,
                                };
                                // SAFETY: rows of this tile, which end inside the gradient and inside `short`.
                                unsafe { kernels.copy(&rows) }
                            }
                        }
                    }
                    let (segments, length) = if flat {
                        (1, stretch)
                    } else {
                        (a_segments.len(), tile.column.1)
                    };
                    for &(first_row, count) in &rows {
                        let a = &gradient[first_row * plane..];
                        if bias {
                            for i in 0..count {
                                let sum = vectorised(
                                    #[inline(always)]
                                    || {
                                        if flat {
                                            return sum_of(&short[(first_row + i) * pitch..][..stretch], |v| v);
                                        }
                                        let mut sum = T::default();
                                        for at in &a_segments {
                                            sum += sum_of(&a[i * plane + *at as usize..][..tile.column.1], |v| v);
                                        }
                                        sum
                                    },
                                );
                                // SAFETY: the bias of each filter follows the weights.
                                unsafe {
                                    let at = target.add(g.sizes()[1] + self.filters.0 + first_row + i);
                                    *at = if number == 0 { sum } else { *at + sum };
                                }
                            }
                        }
                        for &(first_column, width) in &columns {
                            let dots = Dots {
                                segments,
                                length,
                                a: if flat {
                                    short[first_row * pitch..].as_ptr()
                                } else {
                                    a.as_ptr()
                                },
                                a_rows: if flat { flat_rows.as_ptr() } else { a_rows.as_ptr() },
                                a_segments: if flat { &0 } else { a_segments.as_ptr() },
                                b: input.as_ptr(),
                                b_rows: taps[first_column..].as_ptr(),
                                b_segments: if flat { &0 } else { b_segments.as_ptr() },
                                // SAFETY: inside the gradient of the weight, which the caller lends for these filters and taps.
                                c: unsafe { target.add((self.filters.0 + first_row) * g.taps() + self.weight + first_column) },
                                c_row: g.taps(),
                                c_column: 1,
                                add: number > 0,
                            };
                            // SAFETY: rows of the gradient and of the tile end inside their slices: `layout` laid them out.
                            unsafe { kernels.dots(count, width, &dots) }
                        }
                    }
                }
            },
        );
    }
}
