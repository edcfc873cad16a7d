//! Whether there is a device, and how one is opened.

use crate::error::{OpsError, Result};
use candle_core::Device;

/// Whether a CUDA device can be opened: the program was built with the feature `cuda`, and driver, libraries and at least
/// one device are there. It never panics, and costs some milliseconds.
pub fn available() -> bool {
    probe().is_ok()
}

/// Opens a CUDA device.
///
/// All work on it goes through one stream, so Candle's tracking of streams is switched off; freed memory stays with the
/// process, for the next step needs it again.
///
/// # Errors
/// What is missing, by name: the feature, the driver, one of the libraries, a device of this number.
///
/// # Example
/// ```
/// match cistron_ops::cuda::device(0) {
///     Ok(device) => assert!(device.is_cuda()),
///     Err(error) => assert!(error.to_string().starts_with("CUDA: ")),
/// }
/// ```
pub fn device(number: usize) -> Result<Device> {
    let devices = probe()?;
    if number >= devices {
        return Err(OpsError::Cuda(format!(
            "there is no device {number}, only {devices}, counted from 0"
        )));
    }
    open(number)
}

/// Waits until a device has done all that it was given. The CPU has.
///
/// # Errors
/// What went wrong on the device since the last time.
pub fn synchronize(device: &Device) -> Result<()> {
    Ok(device.synchronize()?)
}

/// The name of a device.
pub fn describe(device: &Device) -> String {
    #[cfg(feature = "cuda")]
    if let Device::Cuda(cuda) = device {
        return cuda.cuda_stream().context().name().unwrap_or_else(|e| e.to_string());
    }
    format!("{:?}", device.location())
}

#[cfg(not(feature = "cuda"))]
fn probe() -> Result<usize> {
    Err(OpsError::Cuda(
        "this program was built without the feature `cuda` (CONTRIBUTING.md says how to build with it)".into(),
    ))
}

#[cfg(not(feature = "cuda"))]
fn open(_: usize) -> Result<Device> {
    probe().map(|_| Device::Cpu)
}

#[cfg(feature = "cuda")]
use super::raw::{open, probe};
