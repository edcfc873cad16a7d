//! The handles of cuBLASLt and cuDNN, one of each for every thread and device. They live as long as the process.

use super::blas::Key;
use crate::error::{OpsError, Result};
use candle_core::CudaDevice;
use candle_core::cuda_backend::DeviceId;
use candle_core::cuda_backend::cudarc::cublaslt::sys::cublasLtMatmulAlgo_t;
use candle_core::cuda_backend::cudarc::driver::{CudaSlice, DevicePtr};
use candle_core::cuda_backend::cudarc::{cublaslt, cudnn};
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

/// Scratch memory of cuBLASLt, as NVIDIA recommends for Hopper.
pub(super) const WORKSPACE_BYTES: usize = 32 << 20;

pub(super) struct Handles {
    pub(super) blas: cublaslt::sys::cublasLtHandle_t,
    pub(super) dnn: cudnn::sys::cudnnHandle_t,
    pub(super) stream: u64,
    pub(super) workspace: u64,
    /// The algorithms of products and convolutions that were asked for before.
    pub(super) products: RefCell<HashMap<Key, cublasLtMatmulAlgo_t>>,
    pub(super) convolutions: RefCell<HashMap<super::cudnn::Key, super::cudnn::Choice>>,
}

thread_local! {
    static ALL: RefCell<HashMap<DeviceId, Rc<Handles>>> = RefCell::default();
}

/// The handles of this thread for a device, whose context becomes the current one.
pub(super) fn handles(device: &CudaDevice) -> Result<Rc<Handles>> {
    let stream = device.cuda_stream();
    let failed = |what: &str, error: String| OpsError::Cuda(format!("{what}: {error}"));
    stream
        .context()
        .bind_to_thread()
        .map_err(|e| failed("the driver", e.to_string()))?;
    if let Some(found) = ALL.with_borrow(|all| all.get(&device.id()).cloned()) {
        return Ok(found);
    }
    let blas = cublaslt::result::create_handle().map_err(|e| failed("cuBLASLt", e.to_string()))?;
    let dnn = cudnn::result::create_handle().map_err(|e| failed("cuDNN", e.to_string()))?;
    // SAFETY: handle and stream exist; scratch memory needs no first values.
    let memory: CudaSlice<u8> = unsafe {
        cudnn::result::set_stream(dnn, stream.cu_stream().cast()).map_err(|e| failed("cuDNN", e.to_string()))?;
        device.alloc(WORKSPACE_BYTES)?
    };
    let handles = Rc::new(Handles {
        blas,
        dnn,
        stream: stream.cu_stream() as u64,
        workspace: memory.device_ptr(&stream).0,
        products: RefCell::default(),
        convolutions: RefCell::default(),
    });
    // Handles stay until the process ends, and so does their memory.
    std::mem::forget(memory);
    ALL.with_borrow_mut(|all| all.insert(device.id(), handles.clone()));
    Ok(handles)
}
