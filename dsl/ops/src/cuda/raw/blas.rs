//! Matrix products by cuBLASLt.

use super::handles::{Handles, WORKSPACE_BYTES, handles};
use super::matmul::{Product, Stack};
use super::memory::address;
use crate::cuda::math::{Math, math};
use crate::error::{OpsError, Result};
use candle_core::cuda_backend::cudarc::cublaslt::result::{self, CublasError};
use candle_core::cuda_backend::cudarc::cublaslt::sys::{
    cublasComputeType_t as Compute, cublasLtEpilogue_t as Epilogue, cublasLtMatmulDesc_t, cublasLtMatmulDescAttributes_t as Of,
    cublasLtMatmulPreference_t, cublasLtMatmulPreferenceAttributes_t as Preference, cublasLtMatrixLayout_t,
    cublasLtMatrixLayoutAttribute_t as Layout, cudaDataType as Type,
};
use candle_core::{CudaDevice, DType};
use std::ffi::c_void;
use std::ptr::from_ref;

/// What the choice of an algorithm depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key {
    sizes: (usize, usize, usize),
    count: usize,
    rows: [usize; 3],
    steps: [usize; 3],
    transposed: [bool; 2],
    types: (DType, DType),
    math: bool,
    bias: bool,
    alignments: [u32; 3],
}

/// A description that is destroyed at its end.
struct Owned<T: Copy>(T, unsafe fn(T) -> std::result::Result<(), CublasError>);

impl<T: Copy> Drop for Owned<T> {
    fn drop(&mut self) {
        // SAFETY: it was made by the matching function and is destroyed once. A failure has no consequence.
        let _ = unsafe { (self.1)(self.0) };
    }
}

fn failed(error: CublasError) -> OpsError {
    OpsError::Cuda(format!("cuBLASLt: {error}"))
}

fn type_of(dtype: DType) -> Result<Type> {
    Ok(match dtype {
        DType::F32 => Type::CUDA_R_32F,
        DType::F64 => Type::CUDA_R_64F,
        DType::BF16 => Type::CUDA_R_16BF,
        other => return Err(OpsError::Cuda(format!("no matrix products of {other:?}"))),
    })
}

/// The largest power of two that divides an address, 256 at most.
fn alignment(address: u64) -> u32 {
    1 << address.trailing_zeros().min(8)
}

/// A row-major matrix is column-major when its axes are exchanged.
fn layout(stack: &Stack<'_>, rows: usize, columns: usize, count: usize) -> Result<Owned<cublasLtMatrixLayout_t>> {
    let (rows, columns) = if stack.transposed { (columns, rows) } else { (rows, columns) };
    let layout = result::create_matrix_layout(type_of(stack.tensor.dtype())?, columns as u64, rows as u64, stack.row as i64)
        .map_err(failed)?;
    let owned = Owned(layout, result::destroy_matrix_layout);
    if count > 1 {
        let (count, step) = (count as i32, stack.step as i64);
        // SAFETY: the layout exists, and the attributes have these types.
        unsafe {
            let number = Layout::CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT;
            result::set_matrix_layout_attribute(layout, number, from_ref(&count).cast(), 4).map_err(failed)?;
            let offset = Layout::CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET;
            result::set_matrix_layout_attribute(layout, offset, from_ref(&step).cast(), 8).map_err(failed)?;
        }
    }
    Ok(owned)
}

fn describe(compute: Compute, scale: Type, p: &Product<'_>, bias: Option<u64>) -> Result<Owned<cublasLtMatmulDesc_t>> {
    let description = result::create_matmul_desc(compute, scale).map_err(failed)?;
    let owned = Owned(description, result::destroy_matmul_desc);
    let set = |attribute, value: *const c_void, size| {
        // SAFETY: the description exists; callers give a value of the attribute's type and size.
        unsafe { result::set_matmul_desc_attribute(description, attribute, value, size) }.map_err(failed)
    };
    // The first factor of the transposed product is b.
    for (attribute, transposed) in [
        (Of::CUBLASLT_MATMUL_DESC_TRANSA, p.b.transposed),
        (Of::CUBLASLT_MATMUL_DESC_TRANSB, p.a.transposed),
    ] {
        set(attribute, from_ref(&i32::from(transposed)).cast(), 4)?;
    }
    if let Some(bias) = bias {
        let epilogue = Epilogue::CUBLASLT_EPILOGUE_BIAS;
        set(
            Of::CUBLASLT_MATMUL_DESC_EPILOGUE,
            from_ref(&epilogue).cast(),
            size_of::<Epilogue>(),
        )?;
        set(Of::CUBLASLT_MATMUL_DESC_BIAS_POINTER, from_ref(&bias).cast(), 8)?;
    }
    Ok(owned)
}

fn prefer(alignments: [u32; 3]) -> Result<Owned<cublasLtMatmulPreference_t>> {
    let preference = result::create_matmul_pref().map_err(failed)?;
    let owned = Owned(preference, result::destroy_matmul_pref);
    let set = |attribute, value: *const c_void, size| {
        // SAFETY: as for descriptions.
        unsafe { result::set_matmul_pref_attribute(preference, attribute, value, size) }.map_err(failed)
    };
    let most = WORKSPACE_BYTES;
    set(
        Preference::CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES,
        from_ref(&most).cast(),
        8,
    )?;
    // Blocks of queries begin at any value, so that addresses are less aligned than whole tensors.
    let [a, b, c] = alignments;
    set(Preference::CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, from_ref(&b).cast(), 4)?;
    set(Preference::CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES, from_ref(&a).cast(), 4)?;
    set(Preference::CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, from_ref(&c).cast(), 4)?;
    set(Preference::CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES, from_ref(&c).cast(), 4)?;
    Ok(owned)
}

pub(super) fn product(device: &CudaDevice, p: &Product<'_>) -> Result<()> {
    let handles: &Handles = &*handles(device)?;
    let (m, n, k) = p.sizes;
    let dtype = p.a.tensor.dtype();
    let tf32 = dtype == DType::F32 && math() == Math::Tf32;
    let (compute, scale) = match dtype {
        DType::F64 => (Compute::CUBLAS_COMPUTE_64F, Type::CUDA_R_64F),
        _ if tf32 => (Compute::CUBLAS_COMPUTE_32F_FAST_TF32, Type::CUDA_R_32F),
        _ => (Compute::CUBLAS_COMPUTE_32F, Type::CUDA_R_32F),
    };
    let place = |stack: &Stack<'_>| -> Result<u64> {
        Ok(address(stack.tensor)? + (stack.start * stack.tensor.dtype().size_in_bytes()) as u64)
    };
    let (a, b, c) = (place(&p.a)?, place(&p.b)?, place(&p.c)?);
    let alignments = [alignment(a), alignment(b), alignment(c)];
    let description = describe(compute, scale, p, p.bias.map(address).transpose()?)?;
    let (of_a, of_b, of_c) = (
        layout(&p.a, m, k, p.count)?,
        layout(&p.b, k, n, p.count)?,
        layout(&p.c, m, n, p.count)?,
    );
    let key = Key {
        sizes: p.sizes,
        count: p.count,
        rows: [p.a.row, p.b.row, p.c.row],
        steps: [p.a.step, p.b.step, p.c.step],
        transposed: [p.a.transposed, p.b.transposed],
        types: (dtype, p.c.tensor.dtype()),
        math: tf32,
        bias: p.bias.is_some(),
        alignments,
    };
    let known = handles.products.borrow().get(&key).copied();
    let algorithm = match known {
        Some(algorithm) => algorithm,
        None => {
            let preference = prefer(alignments)?;
            // SAFETY: all descriptions exist.
            let found = unsafe {
                result::get_matmul_algo_heuristic(handles.blas, description.0, of_b.0, of_a.0, of_c.0, of_c.0, preference.0)
            };
            let algorithm = found.map_err(failed)?.algo;
            handles.products.borrow_mut().insert(key, algorithm);
            algorithm
        }
    };
    let beta = if p.add { 1.0 } else { 0.0 };
    let (single, double) = ([p.scale as f32, beta as f32], [p.scale, beta]);
    let (alpha, beta): (*const c_void, *const c_void) = if dtype == DType::F64 {
        (from_ref(&double[0]).cast(), from_ref(&double[1]).cast())
    } else {
        (from_ref(&single[0]).cast(), from_ref(&single[1]).cast())
    };
    // SAFETY: the matrices lie inside tensors that are alive, on the device of the stream.
    unsafe {
        result::matmul(
            handles.blas,
            description.0,
            alpha,
            beta,
            b as *const c_void,
            of_b.0,
            a as *const c_void,
            of_a.0,
            c as *const c_void,
            of_c.0,
            c as *mut c_void,
            of_c.0,
            from_ref(&algorithm),
            handles.workspace as *mut c_void,
            WORKSPACE_BYTES,
            handles.stream as *mut _,
        )
    }
    .map_err(failed)
}
