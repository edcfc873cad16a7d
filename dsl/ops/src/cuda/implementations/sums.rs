//! Sums over everything but the channels: gradients of biases.

use super::parts::{Site, arguments};
use crate::cuda::raw::Grid;
use crate::error::Result;
use candle_core::Tensor;

/// The parts that a channel of so many values is cut in; by the shape alone.
pub(super) fn splits(channels: usize, count: usize) -> usize {
    let wanted = 1_024usize.div_ceil(channels.max(1));
    (count / 4_096).clamp(1, wanted)
}

/// The sums of `[batch, channel, inner]` over batch and inner, in the type of sums.
pub(super) fn channel_sums(site: &Site, values: &Tensor, (batch, channels, inner): (usize, usize, usize)) -> Result<Tensor> {
    let splits = splits(channels, batch * inner);
    let partial = site.statistics(&[channels, splits])?;
    let grid = Grid::blocks(channels, splits);
    site.launch(
        "batch_norm",
        "channel_sums",
        grid,
        arguments![values, &partial, batch, channels, inner, splits],
    )?;
    added(site, &partial, channels, splits)
}

/// The sums of the rows of `[count, splits]`.
pub(super) fn added(site: &Site, partial: &Tensor, count: usize, splits: usize) -> Result<Tensor> {
    let sums = site.statistics(&[count])?;
    site.launch(
        "batch_norm",
        "sum_splits",
        Grid::each(count),
        arguments![partial, &sums, count, splits],
    )?;
    Ok(sums)
}
