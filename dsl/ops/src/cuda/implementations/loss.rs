//! Losses whose value stays on the device.

use super::parts::{Site, arguments};
use crate::Loss;
use crate::axis::Around;
use crate::cuda::raw::Grid;
use crate::error::{OpsError, Result};
use candle_core::Tensor;

/// Values per block of a sum.
const PART: usize = 16_384;
/// A row whose spread is below this share of its size has no correlation, as on the CPU.
const FLAT: f64 = 1e-7;
/// What Poisson's loss adds to a rate.
const POISSON_EPSILON: f64 = 1e-8;

/// The number by which `loss.cu` knows a loss that is a mean of terms, and what it adds to a rate.
fn term(loss: &Loss) -> Option<(usize, f64)> {
    Some(match loss {
        Loss::Mse => (0, 0.0),
        Loss::Poisson { log_input: false } => (1, POISSON_EPSILON),
        Loss::Poisson { log_input: true } => (2, 0.0),
        Loss::Bce => (3, 0.0),
        Loss::BceLogits => (4, 0.0),
        _ => return None,
    })
}

/// [`Loss::value_and_gradient`] on a device: the loss as a tensor of one value, and the gradient.
///
/// # Errors
/// Shapes that differ, another type than the prediction's, a loss without an implementation.
pub(in crate::cuda) fn evaluate(
    loss: &Loss,
    prediction: &Tensor,
    target: &Tensor,
    mask: Option<&Tensor>,
) -> Result<(Tensor, Tensor)> {
    let name = loss.name();
    for (tensor, what) in [(Some(target), "the target"), (mask, "the mask")] {
        if let Some(tensor) = tensor.filter(|t| t.dims() != prediction.dims()) {
            let expected = format!("{:?}, the shape of the prediction", prediction.dims());
            return Err(OpsError::shape(name, what, tensor.dims(), expected));
        }
    }
    let site = Site::of(name, prediction)?;
    let (p, t) = (site.activation(prediction)?, site.factor(target)?);
    let mask = mask.map(|m| site.factor(m)).transpose()?;
    let (mask, count) = (mask.as_ref(), p.elem_count());
    let (total, gradient) = (site.statistics(&[2])?, site.activations(p.dims())?);
    if let Some((kind, epsilon)) = term(loss) {
        let parts = count.div_ceil(PART).clamp(1, 1_024);
        let partial = site.statistics(&[parts, 2])?;
        let grid = Grid::blocks(parts, 1);
        site.launch(
            "loss",
            "loss_values",
            grid,
            arguments![&p, &t, mask, &partial, count, kind, epsilon],
        )?;
        site.launch("loss", "loss_total", Grid::blocks(1, 1), arguments![&partial, &total, parts])?;
        let given = arguments![&p, &t, mask, &total, &gradient, count, kind, epsilon];
        site.launch("loss", "loss_gradient", Grid::each(count), given)?;
    } else if let Loss::Correlation { along } = loss {
        let views = if p.dims().len() < 2 {
            Vec::new()
        } else {
            along.views(p.dims())
        };
        let [(_, Around { size, inner, .. })] = views[..] else {
            let expected = "[batch, track, ..], and rows along one axis";
            return Err(OpsError::shape(name, "the prediction", p.dims(), expected));
        };
        let rows = count / size.max(1);
        let found = site.statistics(&[rows, 7])?;
        let given = arguments![&p, &t, mask, &found, size, inner, FLAT];
        site.launch("loss", "correlation_rows", Grid::blocks(rows, 1), given)?;
        site.launch(
            "loss",
            "correlation_total",
            Grid::blocks(1, 1),
            arguments![&found, &total, rows],
        )?;
        let given = arguments![&p, &t, mask, &found, &total, &gradient, count, size, inner];
        site.launch("loss", "correlation_gradient", Grid::each(count), given)?;
    } else {
        return Err(OpsError::Device {
            operation: name,
            device: format!("{:?}", prediction.device().location()),
        });
    }
    Ok((total.narrow(0, 0, 1)?, gradient))
}
