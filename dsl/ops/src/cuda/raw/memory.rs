//! Tensors on a device: where, their addresses, new ones.

use crate::error::{OpsError, Result};
#[cfg(feature = "cuda")]
use candle_core::cuda_backend::{CudaStorageSlice, cudarc::driver::DevicePtr};
use candle_core::{DType, Device, Storage, Tensor};

/// Where the tensors of an operation lie.
#[derive(Clone, Debug)]
pub(crate) enum Place {
    /// On a CUDA device.
    #[cfg(feature = "cuda")]
    Cuda(candle_core::CudaDevice),
    /// On the CPU, which runs the kernels one thread after the other.
    #[cfg(feature = "cuda-simulation")]
    Simulated,
}

impl Place {
    /// The place of a tensor.
    ///
    /// # Errors
    /// No device that kernels run on, or a tensor of 2^31 values and more.
    pub(crate) fn of(operation: &'static str, tensor: &Tensor) -> Result<Self> {
        if tensor.elem_count() >= 1 << 31 {
            return Err(OpsError::shape(
                operation,
                "an input",
                tensor.dims(),
                "fewer than 2^31 values on a CUDA device",
            ));
        }
        match tensor.device() {
            #[cfg(feature = "cuda")]
            Device::Cuda(device) => Ok(Self::Cuda(device.clone())),
            #[cfg(feature = "cuda-simulation")]
            Device::Cpu => Ok(Self::Simulated),
            other => Err(OpsError::Device {
                operation,
                device: format!("{:?}", other.location()),
            }),
        }
    }
}

/// The same values in row-major order; nothing is copied where they lie so.
pub(crate) fn contiguous(tensor: &Tensor) -> Result<Tensor> {
    Ok(tensor.contiguous()?)
}

/// A new tensor whose contents are whatever was there before: the caller writes every value.
pub(crate) fn created(place: &Place, dtype: DType, dims: &[usize]) -> Result<Tensor> {
    match place {
        #[cfg(feature = "cuda")]
        Place::Cuda(device) => {
            use candle_core::{CudaStorage, op::BackpropOp};
            let count = dims.iter().product::<usize>().max(1);
            // SAFETY: the memory is not initialised, and the caller's kernels write all of it before it is read.
            let slice = unsafe {
                match dtype {
                    DType::F32 => CudaStorageSlice::F32(device.alloc(count)?),
                    DType::F64 => CudaStorageSlice::F64(device.alloc(count)?),
                    DType::BF16 => CudaStorageSlice::BF16(device.alloc(count)?),
                    DType::U32 => CudaStorageSlice::U32(device.alloc(count)?),
                    other => return Err(OpsError::Cuda(format!("no operation makes tensors of type {other:?}"))),
                }
            };
            let storage = CudaStorage {
                slice,
                device: device.clone(),
            };
            Ok(Tensor::from_storage(Storage::Cuda(storage), dims, BackpropOp::none(), false))
        }
        #[cfg(feature = "cuda-simulation")]
        Place::Simulated => {
            // No numbers at all, so that a check sees a value that was not written.
            let count = dims.iter().product::<usize>();
            Ok(match dtype {
                DType::F32 => Tensor::from_vec(vec![f32::NAN; count], dims, &Device::Cpu)?,
                DType::F64 => Tensor::from_vec(vec![f64::NAN; count], dims, &Device::Cpu)?,
                DType::U32 => Tensor::from_vec(vec![u32::MAX; count], dims, &Device::Cpu)?,
                other => return Err(OpsError::Cuda(format!("the simulation has no type {other:?}"))),
            })
        }
    }
}

/// The address of the first value of a contiguous tensor.
pub(super) fn address(tensor: &Tensor) -> Result<u64> {
    let (storage, layout) = tensor.storage_and_layout();
    let Some((start, _)) = layout.contiguous_offsets() else {
        return Err(OpsError::Cuda("a kernel was given a tensor that is not contiguous".into()));
    };
    let start = start as u64 * tensor.dtype().size_in_bytes() as u64;
    match &*storage {
        #[cfg(feature = "cuda")]
        Storage::Cuda(storage) => {
            let stream = storage.device.cuda_stream();
            // The guards record events for other streams; there is one stream alone.
            let first = match &storage.slice {
                CudaStorageSlice::F32(values) => values.device_ptr(&stream).0,
                CudaStorageSlice::F64(values) => values.device_ptr(&stream).0,
                CudaStorageSlice::BF16(values) => values.device_ptr(&stream).0,
                CudaStorageSlice::U32(values) => values.device_ptr(&stream).0,
                _ => {
                    return Err(OpsError::Cuda(format!(
                        "no kernel reads tensors of type {:?}",
                        tensor.dtype()
                    )));
                }
            };
            Ok(first + start)
        }
        #[cfg(feature = "cuda-simulation")]
        Storage::Cpu(storage) => {
            use candle_core::CpuStorage;
            let first = match storage {
                CpuStorage::F32(values) => values.as_ptr() as u64,
                CpuStorage::F64(values) => values.as_ptr() as u64,
                CpuStorage::U32(values) => values.as_ptr() as u64,
                _ => {
                    return Err(OpsError::Cuda(format!(
                        "no kernel reads tensors of type {:?}",
                        tensor.dtype()
                    )));
                }
            };
            Ok(first + start)
        }
        _ => Err(OpsError::Cuda("a kernel was given a tensor that is not on its device".into())),
    }
}
