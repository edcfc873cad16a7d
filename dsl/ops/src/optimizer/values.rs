//! What an optimizer keeps of a parameter, as plain vectors that nobody else holds.

use crate::number::Number;
use candle_core::{CpuStorage, Tensor};

/// The values of a tensor in one of the two precisions.
#[derive(Clone, Debug)]
pub(super) enum Values {
    F32(Vec<f32>),
    F64(Vec<f64>),
}

/// A number that [`Values`] and Candle's storage can hold.
pub(super) trait Held: Number {
    fn held(values: Vec<Self>) -> Values;
    fn of_values(values: &mut Values) -> Option<&mut Vec<Self>>;
    fn of_storage(storage: &mut CpuStorage) -> Option<&mut Vec<Self>>;
    /// Whether they are of this type and number.
    fn fits(values: &Values, count: usize) -> bool;
}

impl Held for f32 {
    fn held(values: Vec<Self>) -> Values {
        Values::F32(values)
    }
    fn of_values(values: &mut Values) -> Option<&mut Vec<Self>> {
        match values {
            Values::F32(values) => Some(values),
            Values::F64(_) => None,
        }
    }
    fn of_storage(storage: &mut CpuStorage) -> Option<&mut Vec<Self>> {
        match storage {
            CpuStorage::F32(values) => Some(values),
            _ => None,
        }
    }
    fn fits(values: &Values, count: usize) -> bool {
        matches!(values, Values::F32(v) if v.len() == count)
    }
}

impl Held for f64 {
    fn held(values: Vec<Self>) -> Values {
        Values::F64(values)
    }
    fn of_values(values: &mut Values) -> Option<&mut Vec<Self>> {
        match values {
            Values::F64(values) => Some(values),
            Values::F32(_) => None,
        }
    }
    fn of_storage(storage: &mut CpuStorage) -> Option<&mut Vec<Self>> {
        match storage {
            CpuStorage::F64(values) => Some(values),
            _ => None,
        }
    }
    fn fits(values: &Values, count: usize) -> bool {
        matches!(values, Values::F64(v) if v.len() == count)
    }
}

impl Values {
    pub(super) fn len(&self) -> usize {
        match self {
            Self::F32(values) => values.len(),
            Self::F64(values) => values.len(),
        }
    }

    /// A tensor with a copy of them.
    pub(super) fn tensor(&self, dims: &[usize]) -> crate::Result<Tensor> {
        match self {
            Self::F32(values) => crate::view::tensor(values.clone(), dims),
            Self::F64(values) => crate::view::tensor(values.clone(), dims),
        }
    }

    /// A copy of a tensor's values.
    pub(super) fn from_tensor(tensor: &Tensor) -> crate::Result<Self> {
        crate::view::by_precision!("optimizer", tensor, T => {
            Ok(<T as Held>::held(crate::view::view::<T>("optimizer", tensor)?.slice().to_vec()))
        })
    }
}
