//! How long operations take: the median of rounds of many calls, each round with one wait for the device at its end.

use crate::shapes::{Timed, timed};
use candle_core::{DType, Device, Tensor};
use cistron_ops::cuda::{Math, of, set_math, synchronize};
use cistron_ops::{Kept, OpsError, Pass};
use serde_json::{Value, json};
use std::time::Instant;

/// Kinds of arithmetic: name, type of the activations, rounding of products.
const ARITHMETIC: [(&str, DType, Math); 3] = [
    ("f32", DType::F32, Math::Single),
    ("tf32", DType::F32, Math::Tf32),
    ("bf16", DType::BF16, Math::Single),
];
/// Seconds that a round takes at least.
const ROUND_S: f64 = 0.03;

/// Times everything in every kind of arithmetic.
pub(crate) fn run(device: &Device) -> Vec<Value> {
    let mut rows = Vec::new();
    for work in timed() {
        for (arithmetic, dtype, math) in ARITHMETIC {
            set_math(math);
            let row = match parts(&work, device, dtype) {
                Ok(parts) => parts,
                Err(error) => json!({ "error": error.to_string() }),
            };
            rows.push(json!({
                "name": work.name,
                "arithmetic": arithmetic,
                "operations": work.operations,
                "seconds": row,
            }));
        }
    }
    set_math(Math::Single);
    rows
}

/// Values between -0.5 and 0.5 that repeat late.
fn values(dims: &[usize], dtype: DType, device: &Device) -> Result<Tensor, OpsError> {
    let count = dims.iter().product::<usize>();
    let values: Vec<f32> = (0..count).map(|i| (i * 7_919 % 10_007) as f32 / 10_007.0 - 0.5).collect();
    Ok(Tensor::from_vec(values, dims, &Device::Cpu)?
        .to_device(device)?
        .to_dtype(dtype)?)
}

/// Seconds of the forward pass, of the gradient of the input, of those of the parameters.
fn parts(work: &Timed, device: &Device, dtype: DType) -> Result<Value, OpsError> {
    let operation = of(work.operation.as_ref(), device)?;
    let mut inputs = Vec::new();
    for (i, shape) in work.shapes.iter().enumerate() {
        let activation = i < work.activations;
        let tensor = values(shape, if activation { dtype } else { DType::F32 }, device)?;
        let buffer = work.buffers && i + 2 >= work.shapes.len();
        inputs.push(if buffer { (tensor + 1.0)? } else { tensor });
    }
    let inputs: Vec<&Tensor> = inputs.iter().collect();
    let pass = Pass {
        training: true,
        ..Pass::default()
    };
    let forward = operation.forward(&inputs, &pass)?;
    let kept = Kept::new(operation.as_ref(), &inputs, work.activations, &forward);
    let gradient = values(forward.output.dims(), dtype, device)?;
    let trained = inputs.len() - if work.buffers { 2 } else { 0 };
    let wanted = |first: bool| {
        (0..inputs.len())
            .map(|i| i < trained && (i < work.activations) == first)
            .collect::<Vec<_>>()
    };
    let of_input = wanted(true);
    let of_parameters = wanted(false);
    let mut result = json!({
        "forward": seconds(device, || operation.forward(&inputs, &pass).map(drop))?,
        "input": seconds(device, || operation.backward(&kept, &gradient, &of_input).map(drop))?,
    });
    if of_parameters.contains(&true) {
        result["parameters"] = json!(seconds(device, || operation
            .backward(&kept, &gradient, &of_parameters)
            .map(drop))?);
    }
    Ok(result)
}

fn seconds(device: &Device, mut call: impl FnMut() -> Result<(), OpsError>) -> Result<f64, OpsError> {
    let mut round = |calls: usize| -> Result<f64, OpsError> {
        synchronize(device)?;
        let start = Instant::now();
        for _ in 0..calls {
            call()?;
        }
        synchronize(device)?;
        Ok(start.elapsed().as_secs_f64() / calls as f64)
    };
    round(3)?;
    let calls = (ROUND_S / round(3)?.max(1e-6)).ceil().clamp(3.0, 2_000.0) as usize;
    let mut rounds = (0..5).map(|_| round(calls)).collect::<Result<Vec<_>, _>>()?;
    rounds.sort_by(f64::total_cmp);
    Ok(rounds[2])
}
