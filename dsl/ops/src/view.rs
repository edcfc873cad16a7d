//! Tensors as slices, and slices as tensors.

use crate::error::{OpsError, Result};
use crate::number::Number;
use candle_core::{Device, Storage, StorageRef, Tensor, WithDType};

/// The values of a tensor in row-major order: borrowed where they lie so, copied where they don't.
pub(crate) enum View<'a, T> {
    Borrowed {
        guard: StorageRef<'a>,
        start: usize,
        end: usize,
    },
    Copied(Vec<T>),
}

impl<T: WithDType> View<'_, T> {
    /// The values.
    pub(crate) fn slice(&self) -> &[T] {
        match self {
            Self::Borrowed { guard, start, end } => match &**guard {
                Storage::Cpu(storage) => T::cpu_storage_as_slice(storage).map(|s| &s[*start..*end]).unwrap_or_default(),
                _ => &[],
            },
            Self::Copied(values) => values,
        }
    }
}

/// Looks at a tensor's values.
pub(crate) fn view<'a, T: WithDType>(operation: &'static str, tensor: &'a Tensor) -> Result<View<'a, T>> {
    if tensor.dtype() != T::DTYPE {
        return Err(OpsError::Setting {
            operation,
            what: "the type of an input".into(),
            found: format!("{:?}", tensor.dtype()),
            expected: format!("{:?}, the type of the first input", T::DTYPE),
        });
    }
    let (guard, layout) = tensor.storage_and_layout();
    if let (Storage::Cpu(_), Some((start, end))) = (&*guard, layout.contiguous_offsets()) {
        return Ok(View::Borrowed { guard, start, end });
    }
    drop(guard);
    if !tensor.device().is_cpu() {
        return Err(OpsError::Device {
            operation,
            device: format!("{:?}", tensor.device().location()),
        });
    }
    Ok(View::Copied(tensor.flatten_all()?.to_vec1::<T>()?))
}

/// Makes a tensor on the CPU.
pub(crate) fn tensor<T: Number>(values: Vec<T>, dims: &[usize]) -> Result<Tensor> {
    Ok(Tensor::from_vec(values, dims, &Device::Cpu)?)
}

/// Runs a body with `$number` as f32 or f64, whichever the tensor holds.
macro_rules! by_precision {
    ($operation:expr, $tensor:expr, $number:ident => $body:expr) => {
        match $tensor.dtype() {
            candle_core::DType::F32 => {
                type $number = f32;
                $body
            }
            candle_core::DType::F64 => {
                type $number = f64;
                $body
            }
            found => Err($crate::error::OpsError::Precision {
                operation: $operation,
                found,
            }),
        }
    };
}
pub(crate) use by_precision;
