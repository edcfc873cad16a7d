//! Output and input gradient: a task takes rows of some tiles to the points, multiplies there, and brings the products
//! back, all within a level-2 cache.

use super::scheme::{Map, OUTPUTS, join, separate};
use super::{Plan, Taps};
use crate::buffer::{keep, take};
use crate::kernel::geometry::Walk;
use crate::kernel::micro::Block;
use crate::kernel::pack::{column_blocks, copy_row, row_blocks};
use crate::kernel::scratch::aligned;
use crate::number::{Number, Scratch};
use crate::parallel::{for_each_group, for_each_task, pieces};
use crate::raw::SharedOutput;

/// Bytes of transformed input of a task: what a level-2 cache holds beside the weight that passes through.
const TASK_BYTES: usize = 768 << 10;

impl Plan {
    /// Numbers that a walk allocates.
    pub(in crate::kernel) fn walk_needs(&self, walk: &Walk) -> usize {
        let one = walk.axes[0][0].taps.len() * walk.channels * self.parts;
        self.scheme.points * walk.groups * walk.filters * one
    }

    /// The weight at the points, as blocks read it: `[point][group][block of filters][row][channel][part][filter]`.
    fn weight<T: Number>(&self, walk: &Walk, rows: &Taps, blocks: &[(usize, usize)], weight: &[T]) -> Vec<T> {
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
    pub(in crate::kernel) fn walk<T: Number>(&self, walk: &Walk, x: &[T], weight: &[T], bias: Option<&[T]>, y: &mut [T]) {
        let (n, m, d) = (self.scheme.points, OUTPUTS, self.dilation);
        let (channels, filters) = (walk.groups * walk.channels, walk.groups * walk.filters);
        let ([height, width], [out_height, out_width]) = (walk.input, walk.output);
        assert!(
            x.len() == walk.batch * channels * height * width
                && y.len() == walk.batch * filters * out_height * out_width
                && bias.is_none_or(|b| b.len() == filters),
            "sizes of a convolution"
        );
        if y.is_empty() {
            return;
        }
        let rows = Taps::new(&walk.axes[0][0]).expect("rows that the plan was made for");
        let (kernel_rows, one) = (rows.order.len(), rows.order.len() * walk.channels * self.parts);
        let blocks = row_blocks(walk.filters, T::kernels().rows());
        // Tasks: examples, groups, some tiles, rows a dilation apart.
        let fit = TASK_BYTES / size_of::<T>() / (n * kernel_rows * walk.channels);
        let fit = (fit.saturating_sub((self.parts - 1) * d) / 48 * 48).max(48) / d;
        let tiles = pieces(self.tiles, self.tiles.div_ceil(fit.max(1)));
        let residues = rows.dilation.min(out_height);
        let few = 16usize.div_ceil(walk.batch * walk.groups * tiles.len() * residues);
        let stretches: Vec<Stretch> = (0..residues)
            .flat_map(|residue| {
                let parts = pieces((out_height - residue).div_ceil(rows.dilation), few);
                parts.into_iter().map(move |(begin, count)| Stretch { residue, begin, count })
            })
            .collect();
        let job = Job {
            plan: self,
            walk,
            weight: self.weight(walk, &rows, &blocks, weight),
            rows,
            blocks,
            input_map: Map::new(n, n, |i, j| self.scheme.input[i * n + j]),
            output_map: Map::new(m, n, |i, j| self.scheme.output[i * n + j]),
            x,
            bias,
            y: SharedOutput::new(y),
        };
        let per_group = tiles.len() * stretches.len();
        let products = n * one * walk.filters * stretches[0].count * tiles[0].1 * d;
        for_each_group(walk.batch * walk.groups * per_group, products, |task| {
            let (example, group) = (task / per_group / walk.groups, task / per_group % walk.groups);
            let stretch = &stretches[task % per_group / tiles.len()];
            Task::new(&job, example, group, tiles[task % tiles.len()]).run(&job, stretch);
        });
        keep(job.weight);
    }
}

/// Output rows a dilation apart, so that each new one needs one new row of the input: `residue + (begin + i) dilation`.
struct Stretch {
    residue: usize,
    begin: usize,
    count: usize,
}

/// What all tasks of a walk share.
struct Job<'a, T> {
    plan: &'a Plan,
    walk: &'a Walk,
    rows: Taps,
    /// Blocks of filters.
    blocks: Vec<(usize, usize)>,
    /// As [`Plan::weight`] gives it.
    weight: Vec<T>,
    input_map: Map<T>,
    output_map: Map<T>,
    x: &'a [T],
    bias: Option<&'a [T]>,
    y: SharedOutput<'a, T>,
}

/// Some tiles of a group of an example: sizes, and where numbers lie.
struct Task {
    example: usize,
    group: usize,
    /// Columns at a point: of the products, and of the input.
    narrow: usize,
    wide: usize,
    /// The first column of the input, and of the output, and how many outputs are wanted.
    source: isize,
    target: usize,
    length: usize,
    /// Distances between phases of the input, between rows at the points, between rows of products.
    phase: usize,
    pitch: usize,
    pitch_out: usize,
    /// The size of a row of the input at all points.
    slot: usize,
    /// Where the maps find their steps.
    input_steps: Vec<u32>,
    output_steps: Vec<u32>,
    /// Where the numbers of each tap lie, for each place of the first row in the ring of rows.
    turns: Vec<Vec<u32>>,
}

/// A thread's memory for a task.
struct Memory<'a, T> {
    line: &'a mut [T],
    phases: &'a mut [T],
    /// The last rows of the input, at the points.
    ring: &'a mut [T],
    products: &'a mut [T],
    outputs: &'a mut [T],
}

impl Task {
    fn new<T: Number>(job: &Job<T>, example: usize, group: usize, tiles: (usize, usize)) -> Self {
        let (plan, channels, kernel_rows) = (job.plan, job.walk.channels, job.rows.order.len());
        let (kernels, n, d) = (T::kernels(), plan.scheme.points, plan.dilation);
        let narrow = tiles.1 * d;
        let wide = plan.wide(tiles.1);
        let phase = (wide + plan.scheme.reach() * d).next_multiple_of(kernels.lanes) + kernels.lanes;
        let pitch = wide.next_multiple_of(kernels.lanes) + kernels.lanes;
        let pitch_out = narrow.next_multiple_of(kernels.lanes);
        let target = tiles.0 * OUTPUTS * d;
        let slot = n * channels * pitch;
        let turn = |turn: usize| {
            let mut steps = Vec::with_capacity(kernel_rows * channels * plan.parts);
            for r in 0..kernel_rows {
                for c in 0..channels {
                    let at = (turn + r) % kernel_rows * slot + c * pitch;
                    steps.extend((0..plan.parts).map(|p| (at + p * d) as u32));
                }
            }
            steps
        };
        Self {
            example,
            group,
            narrow,
            wide,
            source: target as isize + plan.first,
            target,
            length: (job.walk.output[1] - target).min(narrow * OUTPUTS),
            phase,
            pitch,
            pitch_out,
            slot,
            input_steps: (0..n).map(|i| (i % OUTPUTS * phase + i / OUTPUTS * d) as u32).collect(),
            output_steps: (0..n).map(|i| (i * kernels.rows() * pitch_out) as u32).collect(),
            turns: (0..kernel_rows).map(turn).collect(),
        }
    }

    fn run<T: Number>(&self, job: &Job<T>, stretch: &Stretch) {
        let (kernels, kernel_rows) = (T::kernels(), job.rows.order.len());
        let sizes = [
            OUTPUTS * (self.wide + job.plan.scheme.reach() * job.plan.dilation),
            OUTPUTS * self.phase,
            OUTPUTS * kernels.rows() * self.pitch_out + kernels.lanes,
            job.plan.scheme.points * kernels.rows() * self.pitch_out + kernels.lanes,
        ];
        let whole = sizes.map(|s| s.next_multiple_of(16));
        T::scratch(|Scratch { columns, rows }| {
            let (line, rest) = aligned(rows, whole.iter().sum()).split_at_mut(whole[0]);
            let (phases, rest) = rest.split_at_mut(whole[1]);
            let (outputs, products) = rest.split_at_mut(whole[2]);
            let mut memory = Memory {
                line: &mut line[..sizes[0]],
                phases,
                ring: aligned(columns, kernel_rows * self.slot),
                products,
                outputs,
            };
            for i in stretch.begin..stretch.begin + stretch.count {
                // Tap r meets this row of the input.
                let row = |r: usize| (stretch.residue + (i + r) * job.rows.dilation) as isize + job.rows.first;
                let inside = |r: &usize| (0..job.walk.input[0] as isize).contains(&row(*r));
                let new = if i == stretch.begin { 0 } else { kernel_rows - 1 };
                for r in (new..kernel_rows).filter(inside) {
                    self.load_row(job, row(r) as usize, (i + r) % kernel_rows, &mut memory);
                }
                let from = (0..kernel_rows).find(inside).unwrap_or(0);
                let met = (from..kernel_rows).take_while(inside).count();
                for block in &job.blocks {
                    self.multiply(job, *block, i % kernel_rows, (from, met), &mut memory);
                    self.write(job, *block, stretch.residue + i * job.rows.dilation, &mut memory);
                }
            }
        });
    }

    /// Takes a row of all channels to the points, at this place of the ring.
    fn load_row<T: Number>(&self, job: &Job<T>, row: usize, place: usize, memory: &mut Memory<T>) {
        let (channels, [height, width]) = (job.walk.channels, job.walk.input);
        for c in 0..channels {
            let at = (((self.example * job.walk.groups + self.group) * channels + c) * height + row) * width;
            copy_row(&job.x[at..at + width], self.source, 1, memory.line);
            separate(memory.line, job.plan.dilation, memory.phases, self.phase);
            let to = place * self.slot + c * self.pitch;
            assert!(to + (job.plan.scheme.points - 1) * channels * self.pitch + self.pitch <= memory.ring.len());
            // SAFETY: phases are read to the end of a register, for which they have room; so has what is written (just
            // asserted).
            unsafe {
                let to = memory.ring[to..].as_mut_ptr();
                let from = memory.phases.as_ptr();
                job.input_map
                    .apply(from, &self.input_steps, to, channels * self.pitch, self.wide);
            }
        }
    }

    /// The products of a block of filters at all points, over the rows of taps `from ..` that meet the input.
    fn multiply<T: Number>(
        &self,
        job: &Job<T>,
        (first, count): (usize, usize),
        turn: usize,
        (from, met): (usize, usize),
        memory: &mut Memory<T>,
    ) {
        let kernels = T::kernels();
        let (channels, parts, filters) = (job.walk.channels, job.plan.parts, job.walk.groups * job.walk.filters);
        let one = job.rows.order.len() * channels * parts;
        let (skipped, used) = (from * channels * parts, met * channels * parts);
        for point in 0..job.plan.scheme.points {
            let at = (point * filters + self.group * job.walk.filters + first) * one + skipped * count;
            let a = job.weight[at..at + used * count].as_ptr();
            for (column, columns) in column_blocks(self.narrow, kernels.lanes, kernels.registers(count)) {
                let block = Block {
                    steps: used,
                    a,
                    a_rows: std::ptr::null(),
                    a_steps: std::ptr::null(),
                    b: memory.ring[point * channels * self.pitch + column..].as_ptr(),
                    b_steps: self.turns[turn][skipped..].as_ptr(),
                    c: memory.products[point * kernels.rows() * self.pitch_out + column..].as_mut_ptr(),
                    c_row: self.pitch_out,
                    columns,
                    bias: std::ptr::null(),
                    column_bias: std::ptr::null(),
                    add: false,
                };
                // SAFETY: a row of the ring has room for a register more; the products are this thread's.
                unsafe { kernels.block(count, true, &block) }
            }
        }
    }

    /// Brings the products of a block of filters back and writes them.
    fn write<T: Number>(&self, job: &Job<T>, (first, count): (usize, usize), row: usize, memory: &mut Memory<T>) {
        let (most, d) = (T::kernels().rows(), job.plan.dilation);
        let filters = job.walk.groups * job.walk.filters;
        let [out_height, out_width] = job.walk.output;
        // SAFETY: products and outputs are this thread's and have room for all filters of a block.
        unsafe {
            let outputs = memory.outputs.as_mut_ptr();
            let columns = count * self.pitch_out;
            job.output_map.apply(
                memory.products.as_ptr(),
                &self.output_steps,
                outputs,
                most * self.pitch_out,
                columns,
            );
        }
        for f in 0..count {
            let filter = self.group * job.walk.filters + first + f;
            let bias = job.bias.map_or(T::default(), |b| b[filter]);
            let at = ((self.example * filters + filter) * out_height + row) * out_width + self.target;
            // SAFETY: rows and columns of different tasks have nothing in common.
            let target = unsafe { job.y.row(at, self.length) };
            let outputs = &memory.outputs[f * self.pitch_out..];
            if self.length == OUTPUTS * self.narrow {
                join(outputs, most * self.pitch_out, bias, d, target);
            } else {
                join(
                    outputs,
                    most * self.pitch_out,
                    bias,
                    d,
                    &mut memory.line[..OUTPUTS * self.narrow],
                );
                target.copy_from_slice(&memory.line[..self.length]);
            }
        }
    }
}
