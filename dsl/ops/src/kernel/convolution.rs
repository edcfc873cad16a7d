//! Direct convolution: a tile of the input is copied once, and the micro-kernel walks over it from tap to tap by a table
//! of offsets. Nothing is unfolded.

use super::geometry::{Axis, Geometry, Walk};
use super::matrix::{Bias, Steps, product_with_bias};
use super::micro::{Block, Rows};
use super::pack::{Layout, column_blocks, row_blocks};
use super::scratch::aligned;
use super::table::Kernels;
use super::winograd::Plan;
use crate::buffer::{keep, take};
use crate::number::{Number, Scratch};
use crate::operation::Needs;
use crate::parallel::{for_each_group, for_each_task, pieces};
use crate::raw::{SharedOutput, vectorised};

/// Bytes of a tile: what fits well into a level-2 cache.
const TILE_BYTES: usize = 384 << 10;
/// Columns of a tile.
const TILE_COLUMNS: usize = 384;
/// Multiplications and additions that are worth a task of their own.
const TASK: usize = 2 << 20;
/// Positions from which on the weight is copied into the order in which it is read.
const PACK_FROM: usize = 512;

/// How one part of the output is computed.
struct Part<'a> {
    axes: [&'a Axis; 2],
    layout: Layout,
    /// Whether rows are computed in one stretch, with what lies between them.
    flat: bool,
    /// Whether results go through scratch memory.
    indirect: bool,
    a_rows: Vec<u32>,
    a_steps: Vec<u32>,
    b_steps: Vec<u32>,
}

/// The share of computed numbers that are wanted, when rows of this length are computed one by one.
fn yield_of_rows(columns: usize, lanes: usize) -> f64 {
    let vectors = columns.div_ceil(lanes);
    let speed = [0.6, 0.9, 1.0][vectors.min(3) - 1];
    columns as f64 / (vectors * lanes) as f64 * speed
}

impl<'a> Part<'a> {
    fn new<T: Number>(walk: &Walk, axes: [&'a Axis; 2], kernels: &Kernels<T>) -> Self {
        let [rows, columns] = [axes[0].count, axes[1].count];
        let most = TILE_BYTES / size_of::<T>() / walk.channels.max(1);
        let thin = Layout::new(axes, 1, 1, 1);
        // A row of a tile: as long as memory allows.
        let limit = (most / thin.channel().max(1)).min(TILE_COLUMNS) / 48 * 48;
        let limit = limit.max(48);
        let width = columns
            .div_ceil(columns.div_ceil(limit))
            .next_multiple_of(kernels.lanes)
            .min(columns);
        let mut layout = Layout::new(axes, 1, 1, width);
        if width == columns {
            // Several rows, where they share rows of the input; all rows of several examples, where they are few.
            let candidates = (1..).map(|i| 1usize << i).take_while(|r| *r < rows).chain([rows]);
            for candidate in candidates.filter(|r| *r > 1) {
                let next = Layout::new(axes, 1, candidate, width);
                let enough = walk.batch * rows >= 16 * candidate || candidate * width <= TILE_COLUMNS;
                let cheaper = next.rows_per_output() < 0.95 * layout.rows_per_output();
                if enough && next.channel() <= most && (cheaper || candidate * width <= TILE_COLUMNS) {
                    layout = next;
                }
            }
            if layout.rows == rows {
                let fit = (TILE_COLUMNS / (rows * width)).min(most / layout.channel().max(1));
                let taps = walk.channels * axes[0].taps.len() * axes[1].taps.len();
                let work = walk.groups * walk.filters * taps * rows * width;
                let needed = TASK.div_ceil(work.max(1)).max(walk.batch.div_ceil(16));
                let examples = fit.min(needed).clamp(1, walk.batch.max(1));
                layout = Layout::new(axes, examples, rows, width);
            }
        }
        let flat_yield = 0.9 * (layout.examples * layout.rows * width) as f64 / layout.position(layout.examples, 0).max(1) as f64;
        let flat = layout.is_dense() && layout.examples * layout.rows > 1 && flat_yield > yield_of_rows(width, kernels.lanes);
        let mut a_steps = Vec::new();
        let mut b_steps = Vec::new();
        for channel in 0..walk.channels {
            for (row, row_offset) in axes[0].taps.iter().zip(&axes[0].offsets) {
                for (column, column_offset) in axes[1].taps.iter().zip(&axes[1].offsets) {
                    a_steps.push((channel * walk.weight_steps[2] + row * walk.weight_steps[3] + column) as u32);
                    b_steps.push(layout.tap(channel, *row_offset, *column_offset) as u32);
                }
            }
        }
        Self {
            axes,
            flat,
            indirect: flat || axes[1].step > 1,
            a_rows: (0..kernels.rows()).map(|i| (i * walk.weight_steps[1]) as u32).collect(),
            a_steps,
            b_steps,
            layout,
        }
    }

    fn taps(&self) -> usize {
        self.a_steps.len()
    }
}

/// The weight in the order in which blocks read it: `[group][block of filters][tap][filter]`.
fn packed_weight<T: Number>(walk: &Walk, part: &Part, blocks: &[(usize, usize)], weight: &[T]) -> Vec<T> {
    let taps = part.taps();
    let mut packed = take::<T>(walk.groups * walk.filters * taps);
    let shared = SharedOutput::new(&mut packed);
    let tasks = walk.groups * blocks.len();
    let several = pieces(tasks, (tasks * taps / 4096).max(1));
    for_each_task(several.len(), |i| {
        for task in several[i].0..several[i].0 + several[i].1 {
            let (group, (first, rows)) = (task / blocks.len(), blocks[task % blocks.len()]);
            let source = &weight[group * walk.weight_steps[0] + first * walk.weight_steps[1]..];
            // SAFETY: each block of each group is written by one task.
            let target = unsafe { shared.row((group * walk.filters + first) * taps, rows * taps) };
            for (values, at) in target.chunks_exact_mut(rows).zip(&part.a_steps) {
                for (value, row) in values.iter_mut().zip(&part.a_rows) {
                    *value = source[*at as usize + *row as usize];
                }
            }
        }
    });
    packed
}

/// Computes the output of a walk from its input: every number of `y` is written, and of `winners` where there are any
/// (of each two filters the larger value is kept, and which it was: 0, 1, or 2 for both).
///
/// # Panics
/// When a slice does not have the size that the walk says.
fn walk<T: Number>(walk: &Walk, x: &[T], weight: &[T], bias: Option<&[T]>, y: &mut [T], winners: Option<&mut [u8]>) {
    let channels = walk.groups * walk.channels;
    let filters = walk.groups * walk.filters;
    let together = if winners.is_some() { 2 } else { 1 };
    let (input, output) = (walk.input[0] * walk.input[1], walk.output[0] * walk.output[1]);
    assert!(
        x.len() == walk.batch * channels * input
            && y.len() == walk.batch * filters / together * output
            && winners.as_ref().is_none_or(|w| w.len() == y.len())
            && bias.is_none_or(|b| b.len() == filters),
        "sizes of a convolution"
    );
    let kernels = T::kernels();
    let blocks = row_blocks(walk.filters / together, kernels.rows() / together);
    let blocks: Vec<(usize, usize)> = blocks.iter().map(|b| (b.0 * together, b.1 * together)).collect();
    let shared = SharedOutput::new(y);
    let winners = winners.map(SharedOutput::new);
    for rows in &walk.axes[0] {
        for columns in walk.axes[1].iter().filter(|a| rows.count * a.count > 0) {
            let mut part = Part::new(walk, [rows, columns], kernels);
            part.indirect |= winners.is_some();
            let largest = part.a_steps.iter().max().map_or(0, |at| *at as usize);
            let end = (walk.groups - 1) * walk.weight_steps[0] + (walk.filters.max(1) - 1) * walk.weight_steps[1] + largest;
            assert!(part.taps() == 0 || end < weight.len(), "size of a weight");
            let packs = walk.batch * rows.count * columns.count >= PACK_FROM;
            let packed = packs.then(|| packed_weight(walk, &part, &blocks, weight));
            run(
                walk,
                &part,
                kernels,
                &blocks,
                x,
                weight,
                packed.as_deref(),
                bias,
                &shared,
                winners.as_ref(),
            );
            packed.into_iter().for_each(keep);
        }
    }
}

#[allow(clippy::too_many_arguments)] // The parts of one loop.
fn run<T: Number>(
    walk: &Walk,
    part: &Part,
    kernels: &Kernels<T>,
    blocks: &[(usize, usize)],
    x: &[T],
    weight: &[T],
    packed: Option<&[T]>,
    bias: Option<&[T]>,
    y: &SharedOutput<T>,
    winners: Option<&SharedOutput<u8>>,
) {
    let (layout, taps) = (&part.layout, part.taps());
    let tiles = layout.tiles(walk.batch, part.axes[0].count, part.axes[1].count);
    let positions = layout.examples * layout.rows * layout.columns;
    // Tasks: tiles, and where they are few or groups many, groups and blocks of filters.
    let work = walk.filters * taps * positions;
    let group_parts = pieces(walk.groups, walk.groups.min((walk.groups * work).div_ceil(TASK)));
    let wanted = 32usize.div_ceil(tiles.len() * group_parts.len()).min(work.div_ceil(TASK));
    let block_parts = pieces(blocks.len(), if group_parts.len() == walk.groups { wanted } else { 1 });
    let per_tile = group_parts.len() * block_parts.len();
    // What is read beyond the last row, by blocks that are wider than it.
    let slack = kernels.lanes;
    let one = walk.groups * work / per_tile;
    for_each_group(tiles.len() * per_tile, one, |task| {
        let (tile, within) = (&tiles[task / per_tile], task % per_tile);
        let (groups, own) = (
            group_parts[within / block_parts.len()],
            block_parts[within % block_parts.len()],
        );
        let channels = walk.groups * walk.channels;
        let next = tiles
            .get(task / per_tile + 1)
            .filter(|_| block_parts.len() == 1 && blocks.len() > 2 && layout.examples == 1);
        T::scratch(|Scratch { columns, rows }| {
            let size = walk.channels * layout.channel();
            let input = aligned(columns, size + slack);
            let stretch = layout.position(tile.example.1 - 1, tile.row.1 - 1) + tile.column.1;
            let pitch = if part.flat { stretch } else { layout.columns }.next_multiple_of(slack);
            let results = aligned(rows, if part.indirect { kernels.rows() * pitch } else { 0 });
            for group in groups.0..groups.0 + groups.1 {
                layout.pack(x, channels, tile, group * walk.channels, &mut input[..size]);
                for (number, &(first, count)) in blocks[own.0..own.0 + own.1].iter().enumerate() {
                    if let Some(next) = next {
                        // While this tile is computed, the next one comes from memory.
                        let share = |n: usize| group * walk.channels + n * walk.channels / own.1;
                        layout.prefetch(x, channels, next, share(number)..share(number + 1));
                    }
                    let filter = group * walk.filters + first;
                    let a = match packed {
                        Some(packed) => packed[filter * taps..].as_ptr(),
                        None => weight[group * walk.weight_steps[0] + first * walk.weight_steps[1]..].as_ptr(),
                    };
                    let bias = bias.map_or(std::ptr::null(), |b| b[filter..].as_ptr());
                    let block = |at: usize, c: *mut T, c_row: usize, columns: usize| {
                        for (start, width) in column_blocks(columns, kernels.lanes, kernels.registers(count)) {
                            let block = Block {
                                steps: taps,
                                a,
                                a_rows: part.a_rows.as_ptr(),
                                a_steps: part.a_steps.as_ptr(),
                                b: input[at + start..].as_ptr(),
                                b_steps: part.b_steps.as_ptr(),
                                c: c.wrapping_add(start),
                                c_row,
                                columns: width,
                                bias,
                                column_bias: std::ptr::null(),
                                add: false,
                            };
                            // SAFETY: weights and positions lie inside their slices (asserted in `walk`; a tile has
                            // room for the last register), and c is this task's own.
                            unsafe { kernels.block(count, packed.is_some(), &block) }
                        }
                    };
                    if part.flat {
                        block(0, results.as_mut_ptr(), pitch, stretch);
                    }
                    if part.flat && winners.is_none() && part.axes[1].step == 1 {
                        // Short rows: of one example, or of all examples row by row.
                        let (plane, axis) = (walk.output[0] * walk.output[1], part.axes[0]);
                        let (all, from_step, to_step) = if tile.example.1 == 1 {
                            (tile.row.1, layout.position(0, 1), axis.step * walk.output[1])
                        } else {
                            (tile.example.1, layout.position(1, 0), walk.groups * walk.filters * plane)
                        };
                        for i in 0..count {
                            for r in 0..if tile.example.1 == 1 { 1 } else { tile.row.1 } {
                                let row = axis.start + (tile.row.0 + r) * axis.step;
                                let target = (tile.example.0 * walk.groups * walk.filters + filter + i) * plane;
                                let target = target + row * walk.output[1] + part.axes[1].start + tile.column.0;
                                let rows = Rows {
                                    rows: all,
                                    length: tile.column.1,
                                    from: results[i * pitch + layout.position(0, r)..].as_ptr(),
                                    from_step,
                                    to: y.start().wrapping_add(target),
                                    to_step,
                                };
                                // SAFETY: as below.
                                unsafe { kernels.copy(&rows) }
                            }
                        }
                        continue;
                    }
                    for e in 0..tile.example.1 {
                        for r in 0..tile.row.1 {
                            let at = layout.position(e, r);
                            let row = part.axes[0].start + (tile.row.0 + r) * part.axes[0].step;
                            let column = part.axes[1].start + tile.column.0 * part.axes[1].step;
                            let plane = (tile.example.0 + e) * walk.groups * walk.filters + filter;
                            let target = (plane * walk.output[0] + row) * walk.output[1] + column;
                            if !part.indirect {
                                block(
                                    at,
                                    y.start().wrapping_add(target),
                                    walk.output[0] * walk.output[1],
                                    tile.column.1,
                                );
                                continue;
                            }
                            if !part.flat {
                                block(at, results.as_mut_ptr(), pitch, tile.column.1);
                            }
                            let from = if part.flat { at } else { 0 };
                            if let Some(winners) = winners {
                                for i in 0..count / 2 {
                                    let (a, b) = results[2 * i * pitch..].split_at(pitch);
                                    let plane = (tile.example.0 + e) * walk.filters / 2 + filter / 2 + i;
                                    let target = plane * walk.output[1] + column;
                                    // SAFETY: as below.
                                    let (y, w) = unsafe { (y.row(target, tile.column.1), winners.row(target, tile.column.1)) };
                                    larger(&a[from..], &b[from..], y, w);
                                }
                                continue;
                            }
                            for i in 0..count {
                                let values = &results[i * pitch + from..][..tile.column.1];
                                // SAFETY: rows of different tiles and filters have nothing in common; those of
                                // different parts of a strided gradient lie between each other.
                                unsafe {
                                    let target = y.start().add(target + i * walk.output[0] * walk.output[1]);
                                    let step = part.axes[1].step;
                                    if step == 1 {
                                        std::ptr::copy_nonoverlapping(values.as_ptr(), target, values.len());
                                    } else {
                                        values.iter().enumerate().for_each(|(l, v)| *target.add(l * step) = *v);
                                    }
                                }
                            }
                        }
                    }
                }
            }
        });
    });
}

/// [`walk`] for tests of other ways.
#[cfg(test)]
pub(super) fn direct<T: Number>(steps: &Walk, x: &[T], weight: &[T], bias: Option<&[T]>, y: &mut [T]) {
    walk(steps, x, weight, bias, y, None);
}

/// The larger of each two values, and which it was. What is no number wins.
fn larger<T: Number>(a: &[T], b: &[T], y: &mut [T], winners: &mut [u8]) {
    vectorised(
        #[inline(always)]
        || {
            for (((a, b), y), winner) in a.iter().zip(b).zip(y).zip(winners) {
                let first = *a > *b || a.wide().is_nan();
                *y = if first { *a } else { *b };
                *winner = if first { 0 } else { 1 + u8::from(*a == *b) };
            }
        },
    );
}

/// The maximum of each two filters of a convolution along one line without groups, and which it was.
pub(crate) fn both_strands<T: Number>(g: &Geometry, x: &[T], weight: &[T], bias: Option<&[T]>) -> (Vec<T>, Vec<u8>) {
    let mut y = take::<T>(g.sizes()[2]);
    let mut winners = vec![0; y.len()];
    let both = Walk {
        filters: 2 * g.filters,
        ..g.forward()
    };
    walk(&both, x, weight, bias, &mut y, Some(&mut winners));
    (y, winners)
}

/// A walk with fewer multiplications, where there is such a way and it pays.
fn walk_or_plan<T: Number>(steps: &Walk, x: &[T], weight: &[T], bias: Option<&[T]>, y: &mut [T]) {
    match Plan::of(steps) {
        Some(plan) => plan.walk(steps, x, weight, bias, y),
        None => walk(steps, x, weight, bias, y, None),
    }
}

/// Positions from which on a convolution of width 1 is a matrix product for each example.
const PRODUCT_FROM: usize = 192;

/// Whether each example is a product `[filters, channels] [channels, positions]` of its own.
pub(super) fn is_product(g: &Geometry) -> bool {
    g.is_pointwise() && g.input[0] * g.input[1] >= PRODUCT_FROM
}

/// The output of a convolution.
pub(crate) fn forward<T: Number>(g: &Geometry, x: &[T], weight: &[T], bias: Option<&[T]>) -> Vec<T> {
    let mut y = take::<T>(g.sizes()[2]);
    if y.is_empty() {
        return y;
    }
    if is_product(g) {
        let (c, f, n) = (g.channels, g.filters, g.input[0] * g.input[1]);
        for (x, y) in x.chunks_exact(c * n).zip(y.chunks_exact_mut(f * n)) {
            product_with_bias(
                (f, n, c),
                y,
                false,
                (weight, Steps::rows(c)),
                (x, Steps::rows(n)),
                Bias::rows(bias),
            );
        }
        return y;
    }
    walk_or_plan(&g.forward(), x, weight, bias, &mut y);
    y
}

/// The gradient of a convolution's input from that of its output; a transposed convolution, which may have a bias.
pub(crate) fn input_gradient<T: Number>(g: &Geometry, gradient: &[T], weight: &[T], bias: Option<&[T]>) -> Vec<T> {
    let mut x = take::<T>(g.sizes()[0]);
    if x.is_empty() {
        return x;
    }
    if is_product(g) {
        let (c, f, n) = (g.channels, g.filters, g.input[0] * g.input[1]);
        for (x, y) in x.chunks_exact_mut(c * n).zip(gradient.chunks_exact(f * n)) {
            product_with_bias(
                (c, n, f),
                x,
                false,
                (weight, Steps::columns(c)),
                (y, Steps::rows(n)),
                Bias::rows(bias),
            );
        }
        return x;
    }
    walk_or_plan(&g.gradient(), gradient, weight, bias, &mut x);
    x
}

/// Numbers that a walk allocates besides its result.
fn walk_needs(walk: &Walk) -> usize {
    match Plan::of(walk) {
        Some(plan) => plan.walk_needs(walk),
        // The weight as blocks read it, part by part.
        None => {
            let parts = walk.axes[0].iter().flat_map(|r| walk.axes[1].iter().map(move |c| (r, c)));
            let packed = parts.map(|(r, c)| match walk.batch * r.count * c.count {
                positions if positions >= PACK_FROM => walk.groups * walk.filters * walk.channels * r.taps.len() * c.taps.len(),
                _ => 0,
            });
            packed.max().unwrap_or(0)
        }
    }
}

/// What a convolution needs besides its results, in bytes.
pub(crate) fn needs(g: &Geometry, number_bytes: usize) -> Needs {
    needs_of(g, [&g.forward(), &g.gradient()], number_bytes)
}

/// The same of a transposed convolution, where `g` is the convolution whose gradient it is.
pub(crate) fn transposed_needs(g: &Geometry, number_bytes: usize) -> Needs {
    needs_of(g, [&g.gradient(), &g.forward()], number_bytes)
}

/// The same of walks forward and back.
fn needs_of(g: &Geometry, [forward, back]: [&Walk; 2], number_bytes: usize) -> Needs {
    if is_product(g) {
        return Needs::default();
    }
    let weight = Plan::of_gradient(g).map_or(0, |plan| plan.gradient_needs(g, number_bytes));
    Needs {
        forward: number_bytes * walk_needs(forward),
        backward: number_bytes * walk_needs(back).max(weight),
        ..Needs::default()
    }
}
