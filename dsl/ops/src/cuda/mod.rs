//! Operations on CUDA devices.
//!
//! Every operation has one implementation per device. [`on_device`] gives the one for a device, or an error that names
//! what is missing: nothing is ever copied to the host behind the caller's back. The implementations are cuDNN
//! (convolutions), cuBLASLt (matrix products) and own kernels (`kernels/*.cu`), which nvcc compiles at build time.
//!
//! - Activations are F32, F64 or BF16. With BF16 activations the parameters stay F32: operations round what they need of
//!   them, compute sums in F32 and give gradients of parameters in F32.
//! - [`Math`] says whether products of F32 values may be rounded to TF32.
//! - Results are the same bits in every run on one device: no atomics, sums in an order that depends on shapes alone, only
//!   deterministic algorithms of cuDNN. They differ from the CPU's in the last digits, dropout masks do not.
//! - Nothing waits for the device but [`candle_core::Tensor`]'s own reads: no operation reads a value back.
//!
//! One build runs with and without a driver, because the libraries are loaded when a device is opened. The feature
//! `cuda-simulation` runs the same implementations on the CPU, kernel by kernel, to check their logic without a device.

mod math;
mod probe;

#[cfg(any(feature = "cuda", feature = "cuda-simulation"))]
mod implementations;
#[cfg(any(feature = "cuda", feature = "cuda-simulation"))]
mod raw;

#[cfg(any(feature = "cuda", feature = "cuda-simulation"))]
pub use implementations::DeviceOptimizer;
pub use math::{Math, math, set_math};
pub use probe::{available, describe, device, synchronize};

use crate::error::{OpsError, Result};
use crate::operation::Operation;
use candle_core::Device;

/// The implementation of an operation for a device; on the CPU it is the operation itself.
///
/// # Errors
/// The operation has none for this device.
pub fn on_device(operation: Box<dyn Operation>, device: &Device) -> Result<Box<dyn Operation>> {
    if device.is_cpu() {
        return Ok(operation);
    }
    of(operation.as_ref(), device)
}

/// The implementation of an operation for CUDA devices. With the feature `cuda-simulation` it also takes tensors on the
/// CPU, where its kernels run one thread after the other.
///
/// # Errors
/// The operation has none; `device` stands in the message.
#[cfg(any(feature = "cuda", feature = "cuda-simulation"))]
pub fn of(operation: &dyn Operation, device: &Device) -> Result<Box<dyn Operation>> {
    implementations::of(operation).ok_or_else(|| missing(operation, device))
}

/// The implementation of an operation for CUDA devices, of which this program has none.
///
/// # Errors
/// Always.
#[cfg(not(any(feature = "cuda", feature = "cuda-simulation")))]
pub fn of(operation: &dyn Operation, device: &Device) -> Result<Box<dyn Operation>> {
    Err(missing(operation, device))
}

/// A loss on a device: its value as a tensor of one number, which stays there until somebody reads it, and the gradient of
/// the prediction. The meaning is that of [`crate::Loss`] on the CPU.
///
/// # Errors
/// Shapes that differ, types other than the prediction's, a loss without an implementation.
#[cfg(any(feature = "cuda", feature = "cuda-simulation"))]
pub fn evaluate(
    loss: &crate::Loss,
    prediction: &candle_core::Tensor,
    target: &candle_core::Tensor,
    mask: Option<&candle_core::Tensor>,
) -> Result<(candle_core::Tensor, candle_core::Tensor)> {
    implementations::evaluate(loss, prediction, target, mask)
}

fn missing(operation: &dyn Operation, device: &Device) -> OpsError {
    OpsError::Device {
        operation: operation.name(),
        device: format!("{:?}", device.location()),
    }
}
