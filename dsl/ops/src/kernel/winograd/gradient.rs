//! The gradient of the weight: input and gradient are taken to the points as lines, and multiplied there along them.

use super::scheme::{Map, OUTPUTS, separate};
use super::{Chunk, Plan};
use crate::buffer::{keep, take, take_for_a_while};
use crate::kernel::geometry::Geometry;
use crate::kernel::micro::Dots;
use crate::kernel::pack::{copy_row, row_blocks};
use crate::kernel::scratch::aligned;
use crate::kernel::weight::{CHANNEL_BYTES, FILTERS, POSITIONS, channel_sums};
use crate::number::{Number, Scratch};
use crate::parallel::{for_each_group, for_each_task, pieces};
use crate::raw::SharedOutput;

/// Places within the dilation of rows.
fn residues(g: &Geometry) -> usize {
    g.dilation[0].min(g.output[0]).max(1)
}

/// Rows of an example in a line: all that the input has for each place within the dilation.
pub(super) fn line_rows(g: &Geometry) -> usize {
    residues(g) * (g.output[0].div_ceil(residues(g)) + g.kernel[0] - 1)
}

impl Plan {
    /// Numbers that the gradient of the weight allocates.
    pub(in crate::kernel) fn gradient_needs(&self, g: &Geometry, number_bytes: usize) -> usize {
        let n = self.scheme.points;
        let rows = line_rows(g);
        let position = n * (g.channels + g.filters);
        let chunks = self.chunks(g.batch, rows * self.dilation, position * number_bytes);
        let longest = chunks.iter().map(|c| c.examples.1 * rows * self.wide(c.tiles.1)).max();
        n * g.filters * g.group_channels() * g.kernel[0] * self.parts + position * longest.unwrap_or(0)
    }

    /// Takes a chunk to the points, each channel as one line: its examples, the rows that a dilation leads through, the
    /// columns.
    fn to_line<T: Number>(&self, map: &Map<T>, source: &Source<T>, chunk: Chunk, line: &Line) -> Vec<T> {
        let (m, d, n) = (OUTPUTS, self.dilation, self.scheme.points);
        let reach = (map.steps() - 1) / m * d;
        let start = (chunk.tiles.0 * m * d) as isize + source.first[1];
        let lanes = T::kernels().lanes;
        let pitch = (source.columns + reach).next_multiple_of(lanes) + lanes;
        let steps: Vec<u32> = (0..map.steps()).map(|i| (i % m * pitch + i / m * d) as u32).collect();
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
                        copy_row(&source.values[from * width..][..width], start, 1, values);
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

    /// The gradients of weight and bias, one after the other, as `weight_gradient`.
    pub(in crate::kernel) fn weight_gradient<T: Number>(&self, g: &Geometry, x: &[T], gradient: &[T]) -> Vec<T> {
        let (n, m, k, d) = (self.scheme.points, OUTPUTS, self.scheme.taps, self.dilation);
        let (channels, filters) = (g.group_channels(), g.group_filters());
        let row_axis = g.axis(0);
        let residues = residues(g);
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
            let inputs = Source {
                values: x,
                channels: g.channels,
                size: g.input,
                first: [row_axis.offsets[0], self.first],
                rows: kept,
                columns: wide,
            };
            let gradients = Source {
                values: gradient,
                channels: g.filters,
                size: g.output,
                first: [0, 0],
                rows,
                columns: narrow,
            };
            let inputs = self.to_line(&input_map, &inputs, chunk, &line);
            let gradients = self.to_line(&gradient_map, &gradients, chunk, &line);
            let products = Products {
                points: n,
                groups: g.groups,
                filters,
                channels,
                taps: (0..g.kernel[0])
                    .flat_map(|r| (0..self.parts).map(move |p| r * wide + p * d))
                    .collect(),
            };
            products.add(&mut at_points, &inputs, &gradients, &line, number > 0);
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
struct Source<'a, T> {
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
struct Products {
    points: usize,
    groups: usize,
    filters: usize,
    channels: usize,
    /// Where in the line the taps of a channel lie.
    taps: Vec<usize>,
}

impl Products {
    /// `sums[point][filter][channel][tap] (+)= sum over l of gradients[point][filter][l] inputs[point][channel][l + tap]`.
    fn add<T: Number>(&self, sums: &mut [T], inputs: &[T], gradients: &[T], line: &Line, add: bool) {
        let (taps, one) = (self.taps.len(), self.channels * self.taps.len());
        assert!(
            sums.len() == self.points * self.groups * self.filters * one
                && gradients.len() >= self.points * self.groups * self.filters * line.length
                && inputs.len() >= self.points * self.groups * self.channels * line.length + line.beyond
                && self.taps.iter().all(|t| *t <= line.beyond),
            "sizes of a convolution"
        );
        let kernels = T::kernels();
        let (most_rows, most_columns) = kernels.dots_size();
        let positions = pieces(line.length, line.length.div_ceil(POSITIONS));
        let few = (CHANNEL_BYTES / size_of::<T>() / positions[0].1).max(1);
        let filter_parts = pieces(self.filters, self.filters.div_ceil(FILTERS));
        let channel_parts = pieces(self.channels, self.channels.div_ceil(few));
        let per_point = self.groups * filter_parts.len() * channel_parts.len();
        let a_rows: Vec<u32> = (0..most_rows).map(|i| (i * line.length) as u32).collect();
        let work = FILTERS.min(self.filters) * few.min(self.channels) * taps * line.length;
        let shared = SharedOutput::new(sums);
        for_each_group(self.points * per_point, work, |task| {
            let (point, within) = (task / per_point, task % per_point);
            let channel = channel_parts[within % channel_parts.len()];
            let filter = filter_parts[within / channel_parts.len() % filter_parts.len()];
            let group = within / channel_parts.len() / filter_parts.len();
            let first_channel = (point * self.groups + group) * self.channels + channel.0;
            let first_filter = (point * self.groups + group) * self.filters + filter.0;
            let b_rows: Vec<u32> = (0..channel.1)
                .flat_map(|c| self.taps.iter().map(move |t| (c * line.length + t) as u32))
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
}
