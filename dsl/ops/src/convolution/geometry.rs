//! Sizes of a convolution, and its input unfolded tile by tile.

use crate::error::{OpsError, Result};
use crate::number::Number;

/// A 1-D convolution, or its transpose: the latter reads positions `spread` apart, with nothing between them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Geometry {
    pub(crate) batch: usize,
    pub(crate) channels: usize,
    pub(crate) filters: usize,
    pub(crate) length: usize,
    pub(crate) output_length: usize,
    pub(crate) width: usize,
    pub(crate) stride: usize,
    pub(crate) spread: usize,
    pub(crate) dilation: usize,
    pub(crate) groups: usize,
    /// Zeros before the first position; negative where positions are left out.
    pub(crate) before: isize,
}

/// Examples and positions of the output that are computed together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tile {
    pub(crate) example: usize,
    pub(crate) examples: usize,
    pub(crate) start: usize,
    pub(crate) positions: usize,
}

impl Tile {
    /// Columns of the unfolded input.
    pub(crate) fn columns(&self) -> usize {
        self.examples * self.positions
    }
}

impl Geometry {
    /// From the shapes of input and weight.
    ///
    /// # Errors
    /// Shapes that don't fit each other, a setting of 0, an input shorter than the kernel's reach.
    pub(crate) fn new(
        x: &[usize],
        weight: &[usize],
        stride: usize,
        dilation: usize,
        groups: usize,
        padding: (usize, usize),
    ) -> Result<Self> {
        const NAME: &str = "convolution";
        for (what, value) in [("stride", stride), ("dilation", dilation), ("groups", groups)] {
            if value == 0 {
                let (what, found) = (what.into(), "0".into());
                return Err(OpsError::Setting {
                    operation: NAME,
                    what,
                    found,
                    expected: "at least 1".into(),
                });
            }
        }
        let &[batch, channels, length] = x else {
            return Err(OpsError::shape(NAME, "the input", x, "[batch, channel, position]"));
        };
        let &[filters, per_group, width] = weight else {
            return Err(OpsError::shape(
                NAME,
                "the weight",
                weight,
                "[filters, channels / groups, width]",
            ));
        };
        if per_group * groups != channels || filters % groups != 0 || width == 0 {
            let expected = format!("[a multiple of {groups}, {channels} / {groups}, at least 1]");
            return Err(OpsError::shape(NAME, "the weight", weight, expected));
        }
        let (padded, reach) = (length + padding.0 + padding.1, dilation * (width - 1) + 1);
        if padded < reach {
            let expected = format!("at least {reach} positions with padding {padding:?} (width {width}, dilation {dilation})");
            return Err(OpsError::shape(NAME, "the input", x, expected));
        }
        let output_length = (padded - reach) / stride + 1;
        let before = padding.0 as isize;
        Ok(Self {
            batch,
            channels,
            filters,
            length,
            output_length,
            width,
            stride,
            spread: 1,
            dilation,
            groups,
            before,
        })
    }

    /// The convolution that leads from the gradient of the output to that of the input.
    pub(crate) fn transposed(&self) -> Self {
        Self {
            channels: self.filters,
            filters: self.channels,
            length: self.output_length,
            output_length: self.length,
            stride: 1,
            spread: self.stride,
            before: (self.dilation * (self.width - 1)) as isize - self.before,
            ..*self
        }
    }

    /// Input channels per group.
    pub(crate) fn group_channels(&self) -> usize {
        self.channels / self.groups
    }

    /// Filters per group.
    pub(crate) fn group_filters(&self) -> usize {
        self.filters / self.groups
    }

    /// Rows of the unfolded input of a group.
    pub(crate) fn taps(&self) -> usize {
        self.group_channels() * self.width
    }

    /// The output cut in tiles: several short examples, or a stretch of a long one.
    pub(crate) fn tiles(&self) -> Vec<Tile> {
        let total = self.batch * self.output_length;
        if total == 0 {
            return Vec::new();
        }
        let most = (262_144 / self.taps().max(1)).clamp(128, 512).min(total.div_ceil(16)).max(64);
        if self.output_length <= most {
            let examples = (most / self.output_length).max(1);
            let count = self.batch.div_ceil(examples);
            return crate::parallel::pieces(self.batch, count)
                .into_iter()
                .map(|(example, examples)| Tile {
                    example,
                    examples,
                    start: 0,
                    positions: self.output_length,
                })
                .collect();
        }
        let stretches = crate::parallel::pieces(self.output_length, self.output_length.div_ceil(most));
        (0..self.batch)
            .flat_map(|example| {
                stretches.iter().map(move |&(start, positions)| Tile {
                    example,
                    examples: 1,
                    start,
                    positions,
                })
            })
            .collect()
    }

    /// Unfolds the input of a group: row `channel * width + tap`, column `example * positions + position`.
    pub(crate) fn unfold<T: Number>(&self, x: &[T], tile: &Tile, group: usize, columns: &mut [T]) {
        let n = tile.columns();
        for channel in 0..self.group_channels() {
            for tap in 0..self.width {
                let row = &mut columns[(channel * self.width + tap) * n..][..n];
                for (i, target) in row.chunks_exact_mut(tile.positions).enumerate() {
                    let at = (tile.example + i) * self.channels + group * self.group_channels() + channel;
                    self.read(&x[at * self.length..][..self.length], tile.start, tap, target);
                }
            }
        }
    }

    /// The values that a tap meets from output position `start` on.
    fn read<T: Number>(&self, source: &[T], start: usize, tap: usize, target: &mut [T]) {
        let first = (start * self.stride + tap * self.dilation) as isize - self.before;
        let count = target.len() as isize;
        if self.stride == 1 && self.spread == 1 {
            let low = (-first).clamp(0, count) as usize;
            let high = (self.length as isize - first).clamp(low as isize, count) as usize;
            target[..low].fill(T::default());
            target[high..].fill(T::default());
            if low < high {
                let from = (first + low as isize) as usize;
                target[low..high].copy_from_slice(&source[from..from + high - low]);
            }
            return;
        }
        let spread = self.spread as isize;
        for (j, t) in target.iter_mut().enumerate() {
            let place = first + (j * self.stride) as isize;
            let inside = place >= 0 && place % spread == 0 && place / spread < self.length as isize;
            *t = if inside {
                source[(place / spread) as usize]
            } else {
                T::default()
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiles_cover_the_output_once() {
        for (batch, length, channels) in [(1, 40_000, 300), (64, 200, 4), (3, 7, 2), (5, 600, 64)] {
            let g = Geometry::new(&[batch, channels, length], &[8, channels, 3], 1, 1, 1, (1, 1)).expect("fits");
            let mut seen = vec![0u8; batch * g.output_length];
            for tile in g.tiles() {
                for e in tile.example..tile.example + tile.examples {
                    (tile.start..tile.start + tile.positions).for_each(|p| seen[e * g.output_length + p] += 1);
                }
            }
            assert!(seen.iter().all(|s| *s == 1));
        }
    }

    #[test]
    fn mistakes_name_both_shapes() {
        let error = |x: &[usize], w: &[usize], groups| Geometry::new(x, w, 1, 1, groups, (0, 0)).expect_err("wrong").to_string();
        let short = error(&[1, 4, 5], &[8, 4, 9], 1);
        assert!(
            short.contains("[1, 4, 5]") && short.contains("at least 9 positions"),
            "{short}"
        );
        let channels = error(&[1, 4, 50], &[8, 3, 9], 1);
        assert!(channels.contains("[8, 3, 9]") && channels.contains("4 / 1"), "{channels}");
        assert!(error(&[1, 4, 50], &[9, 2, 9], 2).contains("multiple of 2"));
    }
}
