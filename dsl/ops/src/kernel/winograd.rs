//! Convolutions of stride 1 with fewer multiplications (Winograd 1980; Lavin & Gray 2016), along columns.
//!
//! `m` outputs of `k` taps are products of polynomials, known from their values at `n = m + k - 1` points: the input is
//! taken to these points, multiplied there, and the products are brought back. Wide filters are cut into parts of `k`
//! taps; with `k = m` all parts read the same transformed input, one tile further each. So what remains is, for each
//! point, a convolution over tiles that is as wide as there are parts, with dilation as before. Four outputs of four
//! taps: width 11 needs 5.25 multiplications per output. Single precision loses about four times as much as a direct
//! sum (1e-6 of the largest value).

use super::geometry::{Axis, Geometry, Walk};
use super::micro::{Block, Dots};
use super::pack::{column_blocks, row_blocks};
use super::scratch::aligned;
use super::weight::channel_sums;
use crate::buffer::{keep, take, take_for_a_while};
use crate::number::{Number, Scratch};
use crate::parallel::{for_each_group, for_each_task, pieces};
use crate::raw::{SharedOutput, vectorised};
use std::sync::LazyLock;

/// Bytes of transformed input and gradient that are in use at a time: what stays in caches, and the most.
const CHUNK_BYTES: [usize; 2] = [3 << 20, 20 << 20];
/// Bytes of transformed input of a task: what a level-2 cache holds beside the weight that passes through.
const TASK_BYTES: usize = 768 << 10;

/// Outputs, taps and points, and the three maps between them.
struct Scheme {
    outputs: usize,
    taps: usize,
    points: usize,
    /// `[output][point]`.
    output: Vec<f64>,
    /// `[point][tap]`.
    filter: Vec<f64>,
    /// `[point][input]`.
    input: Vec<f64>,
}

impl Scheme {
    /// From all points but the one at infinity.
    fn new(outputs: usize, taps: usize, finite: &[f64]) -> Self {
        let points = finite.len() + 1;
        debug_assert_eq!(points, outputs + taps - 1);
        // Coefficients of the product of `x - a` over all points but one.
        let product = |without: Option<usize>| {
            let mut coefficients = vec![1.0];
            for (_, a) in finite.iter().enumerate().filter(|(i, _)| Some(*i) != without) {
                coefficients.push(0.0);
                for i in (0..coefficients.len()).rev() {
                    let lower = if i > 0 { coefficients[i - 1] } else { 0.0 };
                    coefficients[i] = lower - a * coefficients[i];
                }
            }
            coefficients.resize(points, 0.0);
            coefficients
        };
        let (mut input, mut filter) = (Vec::new(), Vec::new());
        for (j, a) in finite.iter().enumerate() {
            let row = product(Some(j));
            // A power of two that leaves the input as large as it is.
            let scale = row.iter().fold(0.0f64, |m, v| m.max(v.abs())).log2().round().exp2();
            let others = finite.iter().enumerate().filter(|(l, _)| *l != j);
            let denominator: f64 = others.map(|(_, b)| a - b).product();
            input.extend(row.iter().map(|v| v / scale));
            filter.extend((0..taps).map(|k| scale * a.powi(k as i32) / denominator));
        }
        input.extend(product(None));
        filter.extend((0..taps).map(|k| f64::from(u8::from(k + 1 == taps))));
        let output = (0..outputs)
            .flat_map(|i| {
                let last = f64::from(u8::from(i + 1 == outputs));
                finite.iter().map(move |a| a.powi(i as i32)).chain([last])
            })
            .collect();
        Self {
            outputs,
            taps,
            points,
            output,
            filter,
            input,
        }
    }
}

// Points with small errors in single precision for both the output and the gradient of the weight.
static FOUR_OF_FOUR: LazyLock<Scheme> = LazyLock::new(|| Scheme::new(4, 4, &[0.0, 1.0, -1.0, 0.5, 2.0, -0.75]));
static FOUR_OF_THREE: LazyLock<Scheme> = LazyLock::new(|| Scheme::new(4, 3, &[0.0, 1.0, -1.0, 0.5, -2.0]));

/// A map as the micro-kernel reads it: blocks of rows, each `[step][row]`.
struct Map<T> {
    blocks: Vec<(usize, usize)>,
    packed: Vec<T>,
    steps: usize,
}

impl<T: Number> Map<T> {
    /// Row `i`, step `j` is `values(i, j)`.
    fn new(rows: usize, steps: usize, values: impl Fn(usize, usize) -> f64) -> Self {
        let blocks = row_blocks(rows, T::kernels().rows());
        let mut packed = Vec::with_capacity(rows * steps);
        for &(first, count) in &blocks {
            for j in 0..steps {
                packed.extend((first..first + count).map(|i| T::of(values(i, j))));
            }
        }
        Self { blocks, packed, steps }
    }

    /// `c[row * c_row + column] = sum over steps of map[row][step] b[b_steps[step] + column]`.
    ///
    /// # Safety
    /// All of b that is named, to the end of its last register, is readable; c is writable and nobody else's.
    unsafe fn apply(&self, b: *const T, b_steps: &[u32], c: *mut T, c_row: usize, columns: usize) {
        let kernels = T::kernels();
        debug_assert_eq!(b_steps.len(), self.steps);
        for &(first, count) in &self.blocks {
            for (start, width) in column_blocks(columns, kernels.lanes, kernels.registers(count)) {
                let block = Block {
                    steps: self.steps,
                    a: self.packed[first * self.steps..].as_ptr(),
                    a_rows: std::ptr::null(),
                    a_steps: std::ptr::null(),
                    b: b.wrapping_add(start),
                    b_steps: b_steps.as_ptr(),
                    c: c.wrapping_add(first * c_row + start),
                    c_row,
                    columns: width,
                    bias: std::ptr::null(),
                    column_bias: std::ptr::null(),
                    add: false,
                };
                // SAFETY: the caller's promise; the map has all rows and steps of its blocks.
                unsafe { kernels.block(count, true, &block) }
            }
        }
    }
}

/// How a convolution is computed at points.
pub(super) struct Plan {
    scheme: &'static Scheme,
    /// Parts that a row of taps is cut into.
    parts: usize,
    dilation: usize,
    /// Tiles of `outputs` outputs for each place within the dilation.
    tiles: usize,
    /// Where in the input the lowest tap of the first output lies.
    first: isize,
    /// The taps in the order of their offsets.
    order: Vec<usize>,
    /// Columns of the output.
    columns: usize,
}

/// The rows of a walk that the plan can follow.
struct Rows {
    /// Taps in the order of their offsets.
    order: Vec<usize>,
    /// The distance between them.
    dilation: usize,
    /// The row of the input that the lowest tap of the first output meets.
    first: isize,
}

impl Rows {
    fn new(axis: &Axis) -> Option<Self> {
        if axis.step != 1 || axis.input_step != 1 || axis.start != 0 || axis.taps.is_empty() {
            return None;
        }
        let mut order: Vec<usize> = (0..axis.taps.len()).collect();
        order.sort_by_key(|i| axis.offsets[*i]);
        let offsets: Vec<isize> = order.iter().map(|i| axis.offsets[*i]).collect();
        let dilation = if offsets.len() > 1 { offsets[1] - offsets[0] } else { 1 };
        if dilation < 1 || offsets.windows(2).any(|w| w[1] - w[0] != dilation) {
            return None;
        }
        Some(Self {
            order: order.iter().map(|i| axis.taps[*i]).collect(),
            dilation: dilation as usize,
            first: offsets[0],
        })
    }
}

/// Examples and tiles that are computed together: the first and how many.
#[derive(Clone, Copy)]
struct Chunk {
    examples: (usize, usize),
    tiles: (usize, usize),
}

impl Plan {
    /// The plan for these columns, if there is one.
    pub(super) fn new(columns: &Axis) -> Option<Self> {
        let width = columns.taps.len();
        if columns.step != 1 || columns.input_step != 1 || columns.start != 0 || width < 3 || columns.count == 0 {
            return None;
        }
        let mut order: Vec<usize> = (0..width).collect();
        order.sort_by_key(|i| columns.offsets[*i]);
        let offsets: Vec<isize> = order.iter().map(|i| columns.offsets[*i]).collect();
        let dilation = offsets[1] - offsets[0];
        if dilation < 1 || offsets.windows(2).any(|w| w[1] - w[0] != dilation) {
            return None;
        }
        let scheme: &'static Scheme = if width == 3 { &FOUR_OF_THREE } else { &FOUR_OF_FOUR };
        let dilation = dilation as usize;
        Some(Self {
            scheme,
            parts: width.div_ceil(scheme.taps),
            dilation,
            tiles: columns.count.div_ceil(scheme.outputs * dilation),
            first: offsets[0],
            order: order.iter().map(|i| columns.taps[*i]).collect(),
            columns: columns.count,
        })
    }

    /// Whether it saves enough multiplications to pay for the maps; `waste` is what is computed for nothing.
    fn pays(&self, channels: usize, filters: usize, rows: usize, waste: f64) -> bool {
        let (n, m) = (self.scheme.points, self.scheme.outputs);
        let direct = (self.order.len() * rows * channels * filters * self.columns) as f64;
        let computed = (self.tiles * self.dilation) as f64;
        let products = (n * self.parts * rows * channels * filters) as f64 * computed * waste;
        // A map's product costs more than one of a convolution: it reads and writes memory for few of them.
        let maps = 2.0 * (n * n * channels + n * m * filters) as f64 * computed;
        self.columns >= 48 && products + maps < 0.8 * direct
    }

    /// The plan of a walk for which it pays.
    pub(super) fn of(walk: &Walk) -> Option<Self> {
        let [rows, columns] = &walk.axes;
        if rows.len() != 1 || columns.len() != 1 || Rows::new(&rows[0]).is_none() {
            return None;
        }
        let plan = Self::new(&columns[0])?;
        let wide = walk.channels.min(walk.filters) >= 16;
        (wide && plan.pays(walk.channels, walk.filters, rows[0].taps.len(), 1.0)).then_some(plan)
    }

    /// The plan of a gradient of the weight for which it pays.
    pub(super) fn of_gradient(g: &Geometry) -> Option<Self> {
        if g.stride != [1, 1] {
            return None;
        }
        let plan = Self::new(&g.axis(1))?;
        let (channels, filters) = (g.group_channels(), g.group_filters());
        let waste = plan.wide(plan.tiles) as f64 / (plan.tiles * plan.dilation) as f64;
        let long = g.batch * g.output[0] * plan.tiles * plan.dilation >= 512;
        (long && channels.min(filters) >= 32 && plan.pays(channels, filters, g.kernel[0], waste)).then_some(plan)
    }

    /// Columns of the transformed input for so many tiles.
    fn wide(&self, tiles: usize) -> usize {
        (tiles + self.parts - 1) * self.dilation
    }

    /// Chunks of a batch in which a tile of an example is so many positions long, each of so many bytes.
    fn chunks(&self, batch: usize, tile: usize, position_bytes: usize) -> Vec<Chunk> {
        // Few bytes, unless the lines would be short.
        let [few, many] = CHUNK_BYTES.map(|bytes| bytes / position_bytes.max(1));
        let most = (few.max(POSITIONS).min(many) / tile.max(1)).max(1);
        let (examples, parts) = if most >= self.tiles {
            (batch.div_ceil(most / self.tiles).max(1), 1)
        } else {
            // A part of an example is long enough for vectors.
            let fewest = 96usize.div_ceil(self.dilation);
            (batch, self.tiles.div_ceil(most.max(fewest)))
        };
        let tiles = pieces(self.tiles, parts);
        let chunk = |examples| tiles.iter().map(move |tiles| Chunk { examples, tiles: *tiles });
        pieces(batch, examples).into_iter().flat_map(chunk).collect()
    }

    /// Numbers that a walk allocates.
    pub(super) fn walk_needs(&self, walk: &Walk) -> usize {
        let one = walk.axes[0][0].taps.len() * walk.channels * self.parts;
        self.scheme.points * walk.groups * walk.filters * one
    }

    /// Numbers that the gradient of the weight allocates.
    pub(super) fn gradient_needs(&self, g: &Geometry, number_bytes: usize) -> usize {
        let n = self.scheme.points;
        let residues = g.dilation[0].min(g.output[0]);
        let rows = residues * (g.output[0].div_ceil(residues) + g.kernel[0] - 1);
        let position = n * (g.channels + g.filters);
        let chunks = self.chunks(g.batch, rows * self.dilation, position * number_bytes);
        let longest = chunks.iter().map(|c| c.examples.1 * rows * self.wide(c.tiles.1)).max();
        n * g.filters * g.group_channels() * g.kernel[0] * self.parts + position * longest.unwrap_or(0)
    }

    /// Takes a chunk to the points, each channel as one line: its examples, the rows that a dilation leads through, the
    /// columns.
    fn to_line<T: Number>(&self, map: &Map<T>, source: &Lines<T>, chunk: Chunk, line: &Line) -> Vec<T> {
        let (m, d, n) = (self.scheme.outputs, self.dilation, self.scheme.points);
        let reach = (map.steps - 1) / m * d;
        let start = (chunk.tiles.0 * m * d) as isize + source.first[1];
        let lanes = T::kernels().lanes;
        let pitch = (source.columns + reach).next_multiple_of(lanes) + lanes;
        let steps: Vec<u32> = (0..map.steps).map(|i| (i % m * pitch + i / m * d) as u32).collect();
        let [height, width] = source.size;
        let plane = source.channels * line.length;
        // What taps meet beyond the last line is multiplied by zeros, but has to be a number.
        let mut result = take_for_a_while::<T>(n * plane + line.beyond);
        result[n * plane..].fill(T::default());
        let shared = SharedOutput::new(&mut result);
        for_each_group(source.channels * chunk.examples.1, line.rows * line.wide * 64, |task| {
            let (channel, e) = (task / chunk.examples.1, task % chunk.examples.1);
            T::scratch(|Scratch { columns, rows }| {
                let values = aligned(columns, m * (source.columns + reach));
                let phases = aligned(rows, m * pitch);
                for row in 0..line.rows {
                    let at = channel * line.length + (e * line.rows + row) * line.wide;
                    let (residue, i) = (row / line.kept, row % line.kept);
                    let h = (residue + i * line.dilation) as isize + source.first[0];
                    let inside = i < source.rows && (0..height as isize).contains(&h);
                    let filled = if inside { source.columns } else { 0 };
                    if inside {
                        let from = ((chunk.examples.0 + e) * source.channels + channel) * height + h as usize;
                        copy_padded(&source.values[from * width..][..width], start, values);
                        separate(values, d, phases, pitch);
                        assert!(at + (n - 1) * plane + line.wide <= shared.length());
                        // SAFETY: phases are read to the end of a register, for which `pitch` has room; each row of
                        // the result belongs to one task, and ends inside it.
                        unsafe { map.apply(phases.as_ptr(), &steps, shared.start().add(at), plane, source.columns) }
                    }
                    if filled < line.wide {
                        for point in 0..n {
                            // SAFETY: as above.
                            let rest = unsafe { shared.row(point * plane + at + filled, line.wide - filled) };
                            rest.fill(T::default());
                        }
                    }
                }
            });
        });
        result
    }

    /// The weight at the points, as blocks read it: `[point][group][block of filters][row][channel][part][filter]`.
    fn weight<T: Number>(&self, walk: &Walk, rows: &Rows, blocks: &[(usize, usize)], weight: &[T]) -> Vec<T> {
        let (k, n) = (self.scheme.taps, self.scheme.points);
        let map = Map::<T>::new(n, k, |i, j| self.scheme.filter[i * k + j]);
        let one = rows.order.len() * walk.channels * self.parts;
        let pitch = one.next_multiple_of(T::kernels().lanes) + T::kernels().lanes;
        let steps: Vec<u32> = (0..k).map(|i| (i * pitch) as u32).collect();
        let filters = walk.groups * walk.filters;
        let mut result = take::<T>(n * filters * one);
        let shared = SharedOutput::new(&mut result);
        for_each_task(walk.groups * blocks.len(), |task| {
            let (group, (first, count)) = (task / blocks.len(), blocks[task % blocks.len()]);
            T::scratch(|Scratch { columns, rows: scratch }| {
                let phases = aligned(scratch, k * pitch);
                let values = aligned(columns, n * count * pitch);
                for i in 0..count {
                    let at = group * walk.weight_steps[0] + (first + i) * walk.weight_steps[1];
                    for (r, row) in rows.order.iter().enumerate() {
                        for c in 0..walk.channels {
                            let source = &weight[at + c * walk.weight_steps[2] + row * walk.weight_steps[3]..];
                            let to = (r * walk.channels + c) * self.parts;
                            for tap in 0..k * self.parts {
                                let value = self.order.get(tap).map_or(T::default(), |t| source[*t]);
                                phases[tap % k * pitch + to + tap / k] = value;
                            }
                        }
                    }
                    // SAFETY: both are this thread's, with room for the last register.
                    unsafe {
                        map.apply(phases.as_ptr(), &steps, values[i * pitch..].as_mut_ptr(), count * pitch, one);
                    }
                }
                for point in 0..n {
                    let at = (point * filters + group * walk.filters + first) * one;
                    // SAFETY: each block of each point is written by one task.
                    let target = unsafe { shared.row(at, count * one) };
                    let values = &values[point * count * pitch..];
                    for (step, target) in target.chunks_exact_mut(count).enumerate() {
                        for (i, value) in target.iter_mut().enumerate() {
                            *value = values[i * pitch + step];
                        }
                    }
                }
            });
        });
        result
    }

    /// Computes the output of a walk of the shape that the plan was made for.
    pub(super) fn walk<T: Number>(&self, walk: &Walk, x: &[T], weight: &[T], bias: Option<&[T]>, y: &mut [T]) {
        let (n, m, d) = (self.scheme.points, self.scheme.outputs, self.dilation);
        let (channels, filters) = (walk.groups * walk.channels, walk.groups * walk.filters);
        let [height, width] = walk.input;
        let [out_height, out_width] = walk.output;
        assert!(
            x.len() == walk.batch * channels * height * width
                && y.len() == walk.batch * filters * out_height * out_width
                && bias.is_none_or(|b| b.len() == filters),
            "sizes of a convolution"
        );
        let kernels = T::kernels();
        let rows = Rows::new(&walk.axes[0][0]).expect("rows that the plan was made for");
        let (kernel_rows, one) = (rows.order.len(), rows.order.len() * walk.channels * self.parts);
        let blocks = row_blocks(walk.filters, kernels.rows());
        let weight = self.weight(walk, &rows, &blocks, weight);
        let input_map = Map::<T>::new(n, n, |i, j| self.scheme.input[i * n + j]);
        let output_map = Map::<T>::new(m, n, |i, j| self.scheme.output[i * n + j]);
        // Tasks: examples, groups, some tiles, rows a dilation apart.
        let fit = TASK_BYTES / size_of::<T>() / (n * kernel_rows * walk.channels);
        let fit = (fit.saturating_sub((self.parts - 1) * d) / 48 * 48).max(48) / d;
        let tiles = pieces(self.tiles, self.tiles.div_ceil(fit.max(1)));
        let residues = rows.dilation.min(out_height);
        let few = 16usize.div_ceil(walk.batch * walk.groups * tiles.len() * residues);
        let stretches: Vec<(usize, usize, usize)> = (0..residues)
            .flat_map(|start| {
                let count = (out_height - start).div_ceil(rows.dilation);
                pieces(count, few)
                    .into_iter()
                    .map(move |(first, count)| (start, first, count))
            })
            .collect();
        let per_group = tiles.len() * stretches.len();
        let products = n * one * walk.filters * stretches[0].2 * tiles[0].1 * d;
        let shared = SharedOutput::new(y);
        for_each_group(walk.batch * walk.groups * per_group, products, |task| {
            let (example, group) = (task / per_group / walk.groups, task / per_group % walk.groups);
            let (tiles, (residue, begin, count)) = (tiles[task % tiles.len()], stretches[task % per_group / tiles.len()]);
            let narrow = tiles.1 * d;
            let wide = narrow + (self.parts - 1) * d;
            let reach = (n - 1) / m * d;
            let phase = (wide + reach).next_multiple_of(kernels.lanes) + kernels.lanes;
            let (pitch, pitch_out) = (
                wide.next_multiple_of(kernels.lanes) + kernels.lanes,
                narrow.next_multiple_of(kernels.lanes),
            );
            let start = (tiles.0 * m * d) as isize + self.first;
            let first = tiles.0 * m * d;
            let length = (out_width - first).min(narrow * m);
            let input_steps: Vec<u32> = (0..n).map(|i| (i % m * phase + i / m * d) as u32).collect();
            let most = kernels.rows();
            let output_steps: Vec<u32> = (0..n).map(|i| (i * most * pitch_out) as u32).collect();
            // Where the numbers of each tap lie, for each place of the first row among those that are kept.
            let slot = n * walk.channels * pitch;
            let steps: Vec<Vec<u32>> = (0..kernel_rows)
                .map(|turn| {
                    let mut steps = Vec::with_capacity(one);
                    for r in 0..kernel_rows {
                        for c in 0..walk.channels {
                            let at = (turn + r) % kernel_rows * slot + c * pitch;
                            steps.extend((0..self.parts).map(|p| (at + p * d) as u32));
                        }
                    }
                    steps
                })
                .collect();
            T::scratch(|Scratch { columns, rows: scratch }| {
                let phases_out = m * most * pitch_out;
                let sizes = [
                    m * (wide + reach),
                    m * phase,
                    phases_out + kernels.lanes,
                    n * most * pitch_out + kernels.lanes,
                ];
                let memory = aligned(scratch, sizes.iter().map(|s| s.next_multiple_of(16)).sum());
                let (line, memory) = memory.split_at_mut(sizes[0].next_multiple_of(16));
                let (phases, memory) = memory.split_at_mut(sizes[1].next_multiple_of(16));
                let (outputs, results) = memory.split_at_mut(sizes[2].next_multiple_of(16));
                let line = &mut line[..sizes[0]];
                let kept = aligned(columns, kernel_rows * slot);
                for i in begin..begin + count {
                    // Tap r meets row `low + (i + r) dilation`.
                    let row = |r: usize| (residue + (i + r) * rows.dilation) as isize + rows.first;
                    let inside = |r: &usize| (0..height as isize).contains(&row(*r));
                    for r in (if i == begin { 0 } else { kernel_rows - 1 }..kernel_rows).filter(inside) {
                        for c in 0..walk.channels {
                            let at = ((example * channels + group * walk.channels + c) * height + row(r) as usize) * width;
                            copy_padded(&x[at..at + width], start, line);
                            separate(line, d, phases, phase);
                            let to = (i + r) % kernel_rows * slot + c * pitch;
                            assert!(to + (n - 1) * walk.channels * pitch + pitch <= kept.len());
                            // SAFETY: phases are read to the end of a register, for which they have room; so has what
                            // is written (just asserted).
                            unsafe {
                                let to = kept[to..].as_mut_ptr();
                                input_map.apply(phases.as_ptr(), &input_steps, to, walk.channels * pitch, wide);
                            }
                        }
                    }
                    let from = (0..kernel_rows).find(inside).unwrap_or(0);
                    let met = (from..kernel_rows).take_while(inside).count();
                    let (skipped, used) = (from * walk.channels * self.parts, met * walk.channels * self.parts);
                    let steps = &steps[i % kernel_rows][skipped..];
                    for &(filter, own) in &blocks {
                        let filter = group * walk.filters + filter;
                        for point in 0..n {
                            let at = (point * filters + filter) * one + skipped * own;
                            let a = weight[at..at + used * own].as_ptr();
                            for (column, columns) in column_blocks(narrow, kernels.lanes, kernels.registers(own)) {
                                let block = Block {
                                    steps: used,
                                    a,
                                    a_rows: std::ptr::null(),
                                    a_steps: std::ptr::null(),
                                    b: kept[point * walk.channels * pitch + column..].as_ptr(),
                                    b_steps: steps.as_ptr(),
                                    c: results[point * most * pitch_out + column..].as_mut_ptr(),
                                    c_row: pitch_out,
                                    columns,
                                    bias: std::ptr::null(),
                                    column_bias: std::ptr::null(),
                                    add: false,
                                };
                                // SAFETY: a row of `kept` has room for a register more; results are this thread's.
                                unsafe { kernels.block(own, true, &block) }
                            }
                        }
                        // SAFETY: results and outputs are this thread's and have room for all filters of a block.
                        unsafe {
                            let outputs = outputs.as_mut_ptr();
                            output_map.apply(results.as_ptr(), &output_steps, outputs, most * pitch_out, own * pitch_out);
                        }
                        for f in 0..own {
                            let bias = bias.map_or(T::default(), |b| b[filter + f]);
                            let row = residue + i * rows.dilation;
                            let at = ((example * filters + filter + f) * out_height + row) * out_width + first;
                            // SAFETY: rows and columns of different tasks have nothing in common.
                            let target = unsafe { shared.row(at, length) };
                            let outputs = &outputs[f * pitch_out..];
                            if length == m * narrow {
                                join(outputs, most * pitch_out, bias, d, target);
                            } else {
                                join(outputs, most * pitch_out, bias, d, &mut line[..m * narrow]);
                                target.copy_from_slice(&line[..length]);
                            }
                        }
                    }
                }
            });
        });
        keep(weight);
    }

    /// The gradients of weight and bias, one after the other, as `weight_gradient`.
    pub(super) fn weight_gradient<T: Number>(&self, g: &Geometry, x: &[T], gradient: &[T]) -> Vec<T> {
        let (n, m, k, d) = (self.scheme.points, self.scheme.outputs, self.scheme.taps, self.dilation);
        let (channels, filters) = (g.group_channels(), g.group_filters());
        let row_axis = g.axis(0);
        let residues = g.dilation[0].min(g.output[0]);
        let rows = g.output[0].div_ceil(residues);
        let kept = rows + g.kernel[0] - 1;
        let one = channels * g.kernel[0] * self.parts;
        let input_map = Map::<T>::new(n, n, |i, j| self.scheme.input[i * n + j]);
        let gradient_map = Map::<T>::new(n, m, |i, j| self.scheme.output[j * n + i]);
        let mut at_points = take::<T>(n * g.filters * one);
        let position_bytes = n * (g.channels + g.filters) * size_of::<T>();
        let chunks = self.chunks(g.batch, residues * kept * d, position_bytes);
        for (number, chunk) in chunks.into_iter().enumerate() {
            let (wide, narrow) = (self.wide(chunk.tiles.1), chunk.tiles.1 * d);
            let line = Line {
                length: chunk.examples.1 * residues * kept * wide,
                rows: residues * kept,
                kept,
                wide,
                dilation: g.dilation[0],
                beyond: (g.kernel[0] - 1) * wide + (self.parts - 1) * d,
            };
            let inputs = Lines {
                values: x,
                channels: g.channels,
                size: g.input,
                first: [row_axis.offsets[0], self.first],
                rows: kept,
                columns: wide,
            };
            let gradients = Lines {
                values: gradient,
                channels: g.filters,
                size: g.output,
                first: [0, 0],
                rows,
                columns: narrow,
            };
            let inputs = self.to_line(&input_map, &inputs, chunk, &line);
            let gradients = self.to_line(&gradient_map, &gradients, chunk, &line);
            add_products(&mut at_points, &inputs, &gradients, &line, number > 0, |products| {
                products.points = n;
                products.groups = g.groups;
                products.filters = filters;
                products.channels = channels;
                for r in 0..g.kernel[0] {
                    products.taps.extend((0..self.parts).map(|p| r * wide + p * d));
                }
            });
            keep(inputs);
            keep(gradients);
        }
        // Back from the points.
        let weights = g.filters * g.taps();
        let mut results = take::<T>(weights + g.filters);
        let (dw, db) = results.split_at_mut(weights);
        db.copy_from_slice(&channel_sums(gradient, g.filters, g.output[0] * g.output[1]));
        let map = Map::<T>::new(k, n, |i, j| self.scheme.filter[j * k + i]);
        let pitch = one.next_multiple_of(T::kernels().lanes);
        let steps: Vec<u32> = (0..n).map(|i| (i * pitch) as u32).collect();
        let shared = SharedOutput::new(dw);
        let several = pieces(g.filters, (g.filters * one / 4096).clamp(1, 64));
        for_each_task(several.len(), |i| {
            T::scratch(|Scratch { columns, rows }| {
                let values = aligned(columns, n * pitch + T::kernels().lanes);
                let phases = aligned(rows, k * pitch);
                for filter in several[i].0..several[i].0 + several[i].1 {
                    for point in 0..n {
                        let source = &at_points[(point * g.filters + filter) * one..][..one];
                        values[point * pitch..][..one].copy_from_slice(source);
                    }
                    // SAFETY: both are this thread's, with room for the last register.
                    unsafe { map.apply(values.as_ptr(), &steps, phases.as_mut_ptr(), pitch, one) }
                    // SAFETY: each filter is written by one task.
                    let target = unsafe { shared.row(filter * g.taps(), g.taps()) };
                    for (row, target) in target.chunks_exact_mut(g.kernel[1]).enumerate() {
                        for (tap, value) in target.iter_mut().enumerate() {
                            *value = phases[tap % k * pitch + row * self.parts + tap / k];
                        }
                    }
                }
            });
        });
        keep(at_points);
        results
    }
}

/// Rows of an input or of a gradient that become lines.
struct Lines<'a, T> {
    values: &'a [T],
    channels: usize,
    /// Rows and columns.
    size: [usize; 2],
    /// Where the first row and column begin.
    first: [isize; 2],
    /// Rows and columns that are kept for each place within the dilation; zeros beyond them.
    rows: usize,
    columns: usize,
}

/// How a channel of a chunk lies in memory.
struct Line {
    length: usize,
    /// Rows of an example, over all places within the dilation.
    rows: usize,
    /// Rows of one such place.
    kept: usize,
    wide: usize,
    dilation: usize,
    /// How far taps reach beyond a position.
    beyond: usize,
}

/// What is multiplied at each point.
#[derive(Default)]
struct Products {
    points: usize,
    groups: usize,
    filters: usize,
    channels: usize,
    /// Where in the line the taps of a channel lie.
    taps: Vec<usize>,
}

/// Positions over which sums are kept in registers.
const POSITIONS: usize = 2048;
/// Filters of a task, and bytes of its channels: with their positions, what fits into a level-2 cache.
const FILTERS: usize = 48;
const CHANNEL_BYTES: usize = 96 << 10;

/// `sums[point][filter][channel][tap] (+)= sum over l of gradients[point][filter][l] inputs[point][channel][l + tap]`.
fn add_products<T: Number>(
    sums: &mut [T],
    inputs: &[T],
    gradients: &[T],
    line: &Line,
    add: bool,
    describe: impl FnOnce(&mut Products),
) {
    let mut p = Products::default();
    describe(&mut p);
    let (taps, one) = (p.taps.len(), p.channels * p.taps.len());
    assert!(
        sums.len() == p.points * p.groups * p.filters * one
            && gradients.len() >= p.points * p.groups * p.filters * line.length
            && inputs.len() >= p.points * p.groups * p.channels * line.length + line.beyond
            && p.taps.iter().all(|t| *t <= line.beyond),
        "sizes of a convolution"
    );
    let kernels = T::kernels();
    let (most_rows, most_columns) = kernels.dots_size();
    let positions = pieces(line.length, line.length.div_ceil(POSITIONS));
    let few = (CHANNEL_BYTES / size_of::<T>() / positions[0].1).max(1);
    let filter_parts = pieces(p.filters, p.filters.div_ceil(FILTERS));
    let channel_parts = pieces(p.channels, p.channels.div_ceil(few));
    let per_point = p.groups * filter_parts.len() * channel_parts.len();
    let a_rows: Vec<u32> = (0..most_rows).map(|i| (i * line.length) as u32).collect();
    let work = FILTERS.min(p.filters) * few.min(p.channels) * taps * line.length;
    let shared = SharedOutput::new(sums);
    for_each_group(p.points * per_point, work, |task| {
        let (point, within) = (task / per_point, task % per_point);
        let channel = channel_parts[within % channel_parts.len()];
        let filter = filter_parts[within / channel_parts.len() % filter_parts.len()];
        let group = within / channel_parts.len() / filter_parts.len();
        let first_channel = (point * p.groups + group) * p.channels + channel.0;
        let first_filter = (point * p.groups + group) * p.filters + filter.0;
        let b_rows: Vec<u32> = (0..channel.1)
            .flat_map(|c| p.taps.iter().map(move |t| (c * line.length + t) as u32))
            .collect();
        let (rows, columns) = (row_blocks(filter.1, most_rows), row_blocks(b_rows.len(), most_columns));
        for &(start, length) in &positions {
            for &(row, count) in &rows {
                for &(column, width) in &columns {
                    let target = (first_filter + row) * one + channel.0 * taps + column;
                    let dots = Dots {
                        segments: 1,
                        length,
                        a: gradients[(first_filter + row) * line.length + start..].as_ptr(),
                        a_rows: a_rows.as_ptr(),
                        a_segments: &0,
                        b: inputs[first_channel * line.length + start..].as_ptr(),
                        b_rows: b_rows[column..].as_ptr(),
                        b_segments: &0,
                        c: shared.start().wrapping_add(target),
                        c_row: one,
                        c_column: 1,
                        add: add || start > 0,
                    };
                    // SAFETY: lines and what lies beyond them are inside their slices (asserted above); the sums of
                    // each point, filter and channel belong to one task.
                    unsafe { kernels.dots(count, width, &dots) }
                }
            }
        }
    });
}

/// Copies a row from `start` on, with zeros where there is none.
fn copy_padded<T: Number>(source: &[T], start: isize, target: &mut [T]) {
    let count = target.len() as isize;
    let low = (-start).clamp(0, count) as usize;
    let high = (source.len() as isize - start).clamp(low as isize, count) as usize;
    target[..low].fill(T::default());
    target[high..].fill(T::default());
    if low < high {
        let first = (start + low as isize) as usize;
        target[low..high].copy_from_slice(&source[first..first + high - low]);
    }
}

/// `phases[j * pitch + t d + r] = line[(4 t + j) d + r]` for r < d: what schemes of four outputs need.
fn separate<T: Number>(line: &[T], d: usize, phases: &mut [T], pitch: usize) {
    let (a, rest) = phases.split_at_mut(pitch);
    let (b, rest) = rest.split_at_mut(pitch);
    let (c, e) = rest.split_at_mut(pitch);
    vectorised(
        #[inline(always)]
        || match d {
            1 => {
                for ((((four, a), b), c), e) in line.chunks_exact(4).zip(a).zip(b).zip(c).zip(e) {
                    (*a, *b, *c, *e) = (four[0], four[1], four[2], four[3]);
                }
            }
            2 => separate_by::<T, 2>(line, a, b, c, e),
            4 => separate_by::<T, 4>(line, a, b, c, e),
            8 => separate_by::<T, 8>(line, a, b, c, e),
            16 => separate_by::<T, 16>(line, a, b, c, e),
            _ => {
                for (t, tile) in line.chunks_exact(4 * d).enumerate() {
                    for (phase, part) in [&mut *a, &mut *b, &mut *c, &mut *e].into_iter().zip(tile.chunks_exact(d)) {
                        phase[t * d..][..d].copy_from_slice(part);
                    }
                }
            }
        },
    );
}

#[inline(always)]
fn separate_by<T: Number, const D: usize>(line: &[T], a: &mut [T], b: &mut [T], c: &mut [T], e: &mut [T]) {
    let parts = a.as_chunks_mut::<D>().0.iter_mut().zip(b.as_chunks_mut::<D>().0);
    let parts = parts.zip(c.as_chunks_mut::<D>().0).zip(e.as_chunks_mut::<D>().0);
    for (tile, (((a, b), c), e)) in line.as_chunks::<D>().0.as_chunks::<4>().0.iter().zip(parts) {
        (*a, *b, *c, *e) = (tile[0], tile[1], tile[2], tile[3]);
    }
}

/// The inverse of [`separate`], and a bias added.
fn join<T: Number>(phases: &[T], pitch: usize, bias: T, d: usize, line: &mut [T]) {
    let phase = |j: usize| &phases[j * pitch..][..line.len() / 4];
    let (a, b, c, e) = (phase(0), phase(1), phase(2), phase(3));
    vectorised(
        #[inline(always)]
        || match d {
            1 => {
                for ((((four, a), b), c), e) in line.chunks_exact_mut(4).zip(a).zip(b).zip(c).zip(e) {
                    (four[0], four[1], four[2], four[3]) = (*a + bias, *b + bias, *c + bias, *e + bias);
                }
            }
            2 => join_by::<T, 2>(line, a, b, c, e, bias),
            4 => join_by::<T, 4>(line, a, b, c, e, bias),
            8 => join_by::<T, 8>(line, a, b, c, e, bias),
            16 => join_by::<T, 16>(line, a, b, c, e, bias),
            _ => {
                for (t, tile) in line.chunks_exact_mut(4 * d).enumerate() {
                    for (phase, part) in [a, b, c, e].into_iter().zip(tile.chunks_exact_mut(d)) {
                        part.iter_mut().zip(&phase[t * d..]).for_each(|(y, v)| *y = *v + bias);
                    }
                }
            }
        },
    );
}

#[inline(always)]
fn join_by<T: Number, const D: usize>(line: &mut [T], a: &[T], b: &[T], c: &[T], e: &[T], bias: T) {
    let parts = a.as_chunks::<D>().0.iter().zip(b.as_chunks::<D>().0);
    let parts = parts.zip(c.as_chunks::<D>().0).zip(e.as_chunks::<D>().0);
    for (tile, (((a, b), c), e)) in line.as_chunks_mut::<D>().0.as_chunks_mut::<4>().0.iter_mut().zip(parts) {
        *tile = [
            a.map(|v| v + bias),
            b.map(|v| v + bias),
            c.map(|v| v + bias),
            e.map(|v| v + bias),
        ];
    }
}

#[cfg(test)]
mod tests;
