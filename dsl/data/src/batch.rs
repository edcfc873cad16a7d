//! Rows as tensors.

use crate::Result;
use crate::dataset::{Content, Input};
use candle_core::{DType, Device, Tensor};
use std::collections::BTreeMap;

/// Tensors by the names of inputs and outputs.
pub type Named = BTreeMap<String, Tensor>;

/// Some rows of a data set as tensors.
///
/// # Shapes
/// Sequences are `[batch, 4, length]` (one-hot A C G T; unknown bases and padding are zero), categories
/// `[batch, categories]` (one-hot), scalar inputs and all targets `[batch, tracks]`. Missing targets are NaN.
#[derive(Clone, Debug)]
pub struct Batch {
    /// The inputs.
    pub inputs: Named,
    /// The targets.
    pub targets: Named,
    /// The rows of the data set that it was made from.
    pub rows: Vec<usize>,
}

/// One input's tensor for some rows.
pub(crate) fn input_tensor(input: &Input, rows: &[usize], precision: DType) -> Result<Tensor> {
    match &input.content {
        Content::Sequence { codes, .. } => {
            let length = codes.length();
            let mut hot = vec![0f32; rows.len() * 4 * length];
            for (one, &row) in hot.chunks_exact_mut((4 * length).max(1)).zip(rows) {
                for (position, &code) in codes.row(row).iter().enumerate() {
                    if code < 4 {
                        one[code as usize * length + position] = 1.0;
                    }
                }
            }
            tensor(hot, &[rows.len(), 4, length], precision)
        }
        Content::Category { levels, codes } => {
            let mut hot = vec![0f32; rows.len() * levels.len()];
            for (i, &row) in rows.iter().enumerate() {
                hot[i * levels.len() + codes[row]] = 1.0;
            }
            tensor(hot, &[rows.len(), levels.len()], precision)
        }
        Content::Scalar { tracks, values } => matrix(values, tracks.len(), rows, precision),
    }
}

/// Rows of a row-major matrix.
pub(crate) fn matrix(values: &[f32], columns: usize, rows: &[usize], precision: DType) -> Result<Tensor> {
    let picked: Vec<f32> = rows
        .iter()
        .flat_map(|&row| &values[row * columns..(row + 1) * columns])
        .copied()
        .collect();
    tensor(picked, &[rows.len(), columns], precision)
}

fn tensor(values: Vec<f32>, shape: &[usize], precision: DType) -> Result<Tensor> {
    let tensor = Tensor::from_vec(values, shape, &Device::Cpu)?;
    Ok(if precision == DType::F32 {
        tensor
    } else {
        tensor.to_dtype(precision)?
    })
}
