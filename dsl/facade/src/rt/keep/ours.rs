//! Tensors, declarations and fits.

use super::value::{Kept, cut, put_length, take_length};
use cistron::candle_core::{DType, Device, Result as TensorResult, Tensor};
use cistron::{Dataset, Model, Objective, Run};
use std::path::PathBuf;

/// The types of numbers that can be saved, with the byte that stands for each.
const NUMBERS: [DType; 7] = [
    DType::U8,
    DType::U32,
    DType::I64,
    DType::F32,
    DType::F64,
    DType::BF16,
    DType::F16,
];

fn code(kind: DType) -> Option<usize> {
    NUMBERS.iter().position(|known| *known == kind)
}

fn put_numbers(tensor: &Tensor, out: &mut Vec<u8>) -> TensorResult<()> {
    let flat = tensor.flatten_all()?;
    match tensor.dtype() {
        DType::U8 => flat.to_vec1::<u8>()?.put(out),
        DType::U32 => flat.to_vec1::<u32>()?.put(out),
        DType::I64 => flat.to_vec1::<i64>()?.put(out),
        DType::F64 => flat.to_vec1::<f64>()?.put(out),
        // Numbers of 16 bits lose nothing in 32.
        _ => flat.to_dtype(DType::F32)?.to_vec1::<f32>()?.put(out),
    }
    Ok(())
}

impl Kept for Tensor {
    fn refuses(&self) -> Option<String> {
        if !self.device().is_cpu() {
            return Some("it lies on another device; keep its copy on the CPU (`to_device(&Device::Cpu)?`)".into());
        }
        if self.is_variable() {
            return Some("it belongs to a `Var`, which can change at any time; keep a copy (`copy()?`)".into());
        }
        code(self.dtype())
            .is_none()
            .then(|| format!("its numbers are {}, which can't be saved", self.dtype().as_str()))
    }

    fn size(&self) -> u64 {
        (self.elem_count() * self.dtype().size_in_bytes()) as u64
    }

    fn put(&self, out: &mut Vec<u8>) {
        (code(self.dtype()).unwrap_or(NUMBERS.len()) as u8).put(out);
        put_length(self.rank(), out);
        self.dims().iter().for_each(|size| put_length(*size, out));
        // A tensor on the CPU of one of these types always gives its numbers; without them the file does not read.
        let _ = put_numbers(self, out);
    }

    fn take_from(from: &mut &[u8]) -> Result<Self, String> {
        let code = u8::take_from(from)?;
        let kind = *NUMBERS
            .get(usize::from(code))
            .ok_or_else(|| format!("{code} stands for no type of numbers"))?;
        let rank = take_length(from)?;
        let sizes = (0..rank).map(|_| usize::take_from(from)).collect::<Result<Vec<usize>, _>>()?;
        let count = sizes.iter().try_fold(1_usize, |all, size| all.checked_mul(*size));
        count.ok_or("the sizes of the tensor are too large")?;
        let device = Device::Cpu;
        let made = match kind {
            DType::U8 => Self::from_vec(Vec::<u8>::take_from(from)?, sizes, &device),
            DType::U32 => Self::from_vec(Vec::<u32>::take_from(from)?, sizes, &device),
            DType::I64 => Self::from_vec(Vec::<i64>::take_from(from)?, sizes, &device),
            DType::F64 => Self::from_vec(Vec::<f64>::take_from(from)?, sizes, &device),
            _ => Self::from_vec(Vec::<f32>::take_from(from)?, sizes, &device).and_then(|tensor| tensor.to_dtype(kind)),
        };
        made.map_err(|error| error.to_string())
    }
}

macro_rules! as_json {
    ($($declared:ty: $size:expr),*) => {$(
        impl Kept for $declared {
            fn size(&self) -> u64 {
                let size: fn(&Self) -> usize = $size;
                size(self) as u64
            }
            fn put(&self, out: &mut Vec<u8>) {
                // Without its text the file does not read.
                serde_json::to_vec(self).unwrap_or_default().put(out);
            }
            fn take_from(from: &mut &[u8]) -> Result<Self, String> {
                let text = Vec::<u8>::take_from(from)?;
                serde_json::from_slice(&text).map_err(|error| error.to_string())
            }
        }
    )*};
}

as_json!(
    Model: |model| 4096 + 2048 * model.graph().nodes.len(),
    Objective: |_| 4096
);

/// Bytes of a data set that are saved at most: saving takes several times as much memory, and this is to outlive its lack.
const LARGEST: usize = 1 << 30;

impl Kept for Dataset {
    fn refuses(&self) -> Option<String> {
        let size = self.size_in_bytes();
        (size > LARGEST).then(|| {
            format!(
                "its {} MB are more than can be saved safely; run the cell of `data!` again",
                size >> 20
            )
        })
    }
    fn size(&self) -> u64 {
        self.size_in_bytes() as u64
    }
    fn put(&self, out: &mut Vec<u8>) {
        // Without its bytes the file does not read.
        self.to_bytes().unwrap_or_default().put(out);
    }
    fn take_from(from: &mut &[u8]) -> Result<Self, String> {
        let length = take_length(from)?;
        Self::from_bytes(cut(from, length)?).map_err(|error| error.to_string())
    }
}

/// A fit has its folder already: what is kept is where that is.
impl Kept for Run {
    fn size(&self) -> u64 {
        4096
    }
    fn put(&self, out: &mut Vec<u8>) {
        let folder = self.folder();
        folder.canonicalize().unwrap_or_else(|_| folder.into()).put(out);
        put_length(self.epochs().len(), out);
    }
    fn take_from(from: &mut &[u8]) -> Result<Self, String> {
        let (folder, epochs) = (PathBuf::take_from(from)?, u64::take_from(from)?);
        let run = Self::open(&folder).map_err(|error| error.to_string())?;
        match run.epochs().len() as u64 {
            now if now == epochs => Ok(run),
            now => Err(format!("it had {epochs} epochs, and {now} stand in {} now", folder.display())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::value::tests::there_and_back;
    use super::*;

    #[test]
    fn tensors_come_back_bit_for_bit() -> TensorResult<()> {
        let values = [0.1_f32, f32::NEG_INFINITY, -0.0, 3.5, 1e-40, 7.0];
        let tensor = Tensor::new(&values, &Device::Cpu)?.reshape((2, 3))?.t()?;
        for kind in NUMBERS {
            let tensor = tensor.clamp(0.0, 9.0)?.to_dtype(kind)?;
            let back = there_and_back(&tensor);
            assert_eq!((back.dims(), back.dtype()), (tensor.dims(), kind));
            let wide = |t: &Tensor| t.to_dtype(DType::F64)?.flatten_all()?.to_vec1::<f64>();
            assert_eq!(wide(&back)?, wide(&tensor)?, "{kind:?}");
        }
        let back = there_and_back(&tensor).flatten_all()?.to_vec1::<f32>()?;
        let bits: Vec<u32> = tensor.flatten_all()?.to_vec1::<f32>()?.iter().map(|v| v.to_bits()).collect();
        assert_eq!(back.iter().map(|v| v.to_bits()).collect::<Vec<_>>(), bits);
        Ok(())
    }
}
