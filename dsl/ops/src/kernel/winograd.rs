//! Convolutions of stride 1 with fewer multiplications (Winograd 1980; Lavin & Gray 2016), along columns.
//!
//! `m` outputs of `k` taps are products of polynomials, known from their values at `n = m + k - 1` points: the input is
//! taken to these points, multiplied there, and the products are brought back. Wide filters are cut into parts of `k`
//! taps; with `k = m` all parts read the same transformed input, one tile further each. So what remains is, for each
//! point, a convolution over tiles that is as wide as there are parts, with dilation as before. Four outputs of four
//! taps: width 11 needs 5.25 multiplications per output. Single precision loses about four times as much as a direct
//! sum (1e-6 of the largest value). What is no number spreads to the outputs of its tile, and in the gradient of the
//! weight to those of the channel before.

mod gradient;
mod scheme;
#[cfg(test)]
mod tests;
mod walk;

use super::geometry::{Axis, Geometry, Walk};
use super::weight::POSITIONS;
use crate::parallel::pieces;
use gradient::line_rows;
use scheme::{FOUR_OF_FOUR, FOUR_OF_THREE, OUTPUTS, Scheme};

/// Bytes of transformed input and gradient that are in use at a time: what stays in caches, and the most.
const CHUNK_BYTES: [usize; 2] = [3 << 20, 20 << 20];

/// How a convolution is computed at points.
pub(super) struct Plan {
    scheme: &'static Scheme,
    /// Parts that a row of taps is cut into.
    parts: usize,
    dilation: usize,
    /// Tiles of four outputs for each place within the dilation.
    tiles: usize,
    /// Where in the input the lowest tap of the first output lies.
    first: isize,
    /// The taps in the order of their offsets.
    order: Vec<usize>,
    /// Columns of the output.
    columns: usize,
}

/// The taps of an axis whose outputs and taps are evenly spaced, as a plan can follow them.
struct Taps {
    /// The taps in the order of their offsets.
    order: Vec<usize>,
    /// The distance between them.
    dilation: usize,
    /// Where in the input the lowest tap of the first output lies.
    first: isize,
}

impl Taps {
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
        let taps = Taps::new(columns).filter(|t| t.order.len() >= 3 && columns.count > 0)?;
        let scheme: &'static Scheme = if taps.order.len() == 3 {
            &FOUR_OF_THREE
        } else {
            &FOUR_OF_FOUR
        };
        Some(Self {
            scheme,
            parts: taps.order.len().div_ceil(scheme.taps),
            dilation: taps.dilation,
            tiles: columns.count.div_ceil(OUTPUTS * taps.dilation),
            first: taps.first,
            order: taps.order,
            columns: columns.count,
        })
    }

    /// What it computes as a share of what the direct way does, for each of so many channels, filters and rows of taps;
    /// `waste` is what is computed for nothing.
    fn share(&self, channels: usize, filters: usize, rows: usize, waste: f64) -> f64 {
        let n = self.scheme.points;
        let direct = (self.order.len() * rows * channels * filters * self.columns) as f64;
        let products = n * self.parts * rows * channels * filters;
        // A map's product costs more than one of a convolution: it reads and writes memory for few of them.
        let maps = 2 * (n * n * channels + n * OUTPUTS * filters);
        (products + maps) as f64 * (self.tiles * self.dilation) as f64 * waste / direct
    }

    /// The plan of a walk for which it pays.
    pub(super) fn of(walk: &Walk) -> Option<Self> {
        let [rows, columns] = &walk.axes;
        if rows.len() != 1 || columns.len() != 1 || Taps::new(&rows[0]).is_none() {
            return None;
        }
        let plan = Self::new(&columns[0])?;
        let (channels, filters) = (walk.channels, walk.filters);
        let large = channels.min(filters) >= 16 && plan.columns >= 48;
        (large && plan.share(channels, filters, rows[0].taps.len(), 1.0) < 0.8).then_some(plan)
    }

    /// The plan of a gradient of the weight for which it pays.
    pub(super) fn of_gradient(g: &Geometry) -> Option<Self> {
        if g.stride != [1, 1] {
            return None;
        }
        let plan = Self::new(&g.axis(1))?;
        let (channels, filters) = (g.group_channels(), g.group_filters());
        let narrow = plan.tiles * plan.dilation;
        let large = channels.min(filters) >= 32 && narrow >= 40 && g.batch * g.output[0] * narrow >= 512;
        let waste = (line_rows(g) * plan.wide(plan.tiles)) as f64 / (g.output[0] * narrow) as f64;
        (large && plan.share(channels, filters, g.kernel[0], waste) < 1.0).then_some(plan)
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
}
