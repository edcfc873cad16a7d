//! Opening a device.

use crate::error::{OpsError, Result};
use candle_core::Device;
use candle_core::cuda_backend::cudarc::{cublas, cublaslt, cudnn, curand, driver, nvrtc};

/// The number of devices.
///
/// # Errors
/// What is missing.
pub(in crate::cuda) fn probe() -> Result<usize> {
    let missing = |what: &str| Err(OpsError::Cuda(what.to_string()));
    // SAFETY: these only try to load a library.
    unsafe {
        if !driver::sys::is_culib_present() {
            return missing("there is no driver (libcuda.so.1)");
        }
        // Candle and cudarc panic where one of these is missing.
        for (present, name) in [
            (cublas::sys::is_culib_present(), "libcublas"),
            (cublaslt::sys::is_culib_present(), "libcublasLt"),
            (curand::sys::is_culib_present(), "libcurand"),
            (nvrtc::sys::is_culib_present(), "libnvrtc"),
            (cudnn::sys::is_culib_present(), "libcudnn"),
        ] {
            if !present {
                return missing(&format!(
                    "there is a driver, but no {name}; put the folder of the CUDA 13 libraries on LD_LIBRARY_PATH"
                ));
            }
        }
    }
    let failed = |error: driver::DriverError| OpsError::Cuda(format!("the driver: {error}"));
    driver::result::init().map_err(failed)?;
    let count = driver::result::device::get_count().map_err(failed)?;
    match usize::try_from(count) {
        Ok(count) if count > 0 => Ok(count),
        _ => missing("there is a driver, but no device"),
    }
}

/// Opens a device that is there.
pub(in crate::cuda) fn open(number: usize) -> Result<Device> {
    let device = Device::new_cuda_with_stream(number)?;
    if let Device::Cuda(cuda) = &device {
        // SAFETY: all work of this device goes through this one stream, in order.
        unsafe { cuda.disable_event_tracking() };
        keep_freed_memory(number)?;
    }
    Ok(device)
}

/// Lets the memory pool of a device keep what is freed; by default it goes back to the driver at every synchronisation.
fn keep_freed_memory(number: usize) -> Result<()> {
    use driver::sys;
    let failed = |error: driver::DriverError| OpsError::Cuda(format!("the memory pool: {error}"));
    let number = i32::try_from(number).unwrap_or(i32::MAX);
    let device = driver::result::device::get(number).map_err(failed)?;
    let mut pool = std::ptr::null_mut();
    let mut everything = u64::MAX;
    // SAFETY: the device exists, and the attribute is a 64-bit number.
    unsafe {
        sys::cuDeviceGetDefaultMemPool(&mut pool, device).result().map_err(failed)?;
        let attribute = sys::CUmemPool_attribute_enum::CU_MEMPOOL_ATTR_RELEASE_THRESHOLD;
        sys::cuMemPoolSetAttribute(pool, attribute, (&raw mut everything).cast())
            .result()
            .map_err(failed)
    }
}
