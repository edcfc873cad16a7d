//! Convolutions by cuDNN: deterministic algorithms alone, the quickest (as cuDNN expects) that fits into the workspace.

use super::convolution::{Direction, Shape};
use super::handles::{Handles, handles};
use super::memory::address;
use crate::cuda::math::{Math, math};
use crate::error::{OpsError, Result};
use candle_core::cuda_backend::cudarc::cudnn::result::{self, CudnnError};
use candle_core::cuda_backend::cudarc::cudnn::sys;
use candle_core::cuda_backend::cudarc::driver::{CudaSlice, DevicePtr};
use candle_core::{CudaDevice, DType, Tensor};
use std::ffi::{c_int, c_void};
use std::ptr::from_ref;

/// Scratch memory of one convolution at most.
const WORKSPACE_BYTES: usize = 1 << 30;

/// What the choice of an algorithm depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key(Shape, Direction, DType, bool);

/// The number of an algorithm, its kind of arithmetic, and its scratch memory.
#[derive(Clone, Copy, Debug)]
pub(super) struct Choice {
    algorithm: Algorithm,
    math: sys::cudnnMathType_t,
    bytes: usize,
}

#[derive(Clone, Copy, Debug)]
enum Algorithm {
    Forward(sys::cudnnConvolutionFwdAlgo_t),
    Input(sys::cudnnConvolutionBwdDataAlgo_t),
    Weight(sys::cudnnConvolutionBwdFilterAlgo_t),
}

/// A description that is destroyed at its end.
struct Owned<T: Copy>(T, unsafe fn(T) -> std::result::Result<(), CudnnError>);

impl<T: Copy> Drop for Owned<T> {
    fn drop(&mut self) {
        // SAFETY: it was made by the matching function and is destroyed once. A failure has no consequence.
        let _ = unsafe { (self.1)(self.0) };
    }
}

fn failed(error: CudnnError) -> OpsError {
    OpsError::Cuda(format!("cuDNN: {error}"))
}

fn narrow(sizes: [usize; 4]) -> [c_int; 4] {
    // Tensors have fewer than 2^31 values, so every size fits.
    sizes.map(|s| c_int::try_from(s).unwrap_or(c_int::MAX))
}

struct Descriptions {
    x: Owned<sys::cudnnTensorDescriptor_t>,
    y: Owned<sys::cudnnTensorDescriptor_t>,
    w: Owned<sys::cudnnFilterDescriptor_t>,
    convolution: Owned<sys::cudnnConvolutionDescriptor_t>,
}

fn tensor_description(dtype: sys::cudnnDataType_t, sizes: [usize; 4]) -> Result<Owned<sys::cudnnTensorDescriptor_t>> {
    let description = result::create_tensor_descriptor().map_err(failed)?;
    let owned = Owned(description, result::destroy_tensor_descriptor);
    let format = sys::cudnnTensorFormat_t::CUDNN_TENSOR_NCHW;
    // SAFETY: the description was just made.
    unsafe { result::set_tensor4d_descriptor(description, format, dtype, narrow(sizes)) }.map_err(failed)?;
    Ok(owned)
}

impl Descriptions {
    fn new(s: &Shape, dtype: DType, tf32: bool) -> Result<Self> {
        let (values, computed, math) = match dtype {
            DType::F64 => (
                sys::cudnnDataType_t::CUDNN_DATA_DOUBLE,
                sys::cudnnDataType_t::CUDNN_DATA_DOUBLE,
                sys::cudnnMathType_t::CUDNN_DEFAULT_MATH,
            ),
            DType::BF16 => (
                sys::cudnnDataType_t::CUDNN_DATA_BFLOAT16,
                sys::cudnnDataType_t::CUDNN_DATA_FLOAT,
                sys::cudnnMathType_t::CUDNN_TENSOR_OP_MATH,
            ),
            DType::F32 => (
                sys::cudnnDataType_t::CUDNN_DATA_FLOAT,
                sys::cudnnDataType_t::CUDNN_DATA_FLOAT,
                // The default rounds to TF32.
                if tf32 {
                    sys::cudnnMathType_t::CUDNN_DEFAULT_MATH
                } else {
                    sys::cudnnMathType_t::CUDNN_FMA_MATH
                },
            ),
            other => return Err(OpsError::Cuda(format!("no convolutions of {other:?}"))),
        };
        let w = result::create_filter_descriptor().map_err(failed)?;
        let w = Owned(w, result::destroy_filter_descriptor);
        let convolution = result::create_convolution_descriptor().map_err(failed)?;
        let convolution = Owned(convolution, result::destroy_convolution_descriptor);
        let kernel = narrow([s.filters, s.channels / s.groups, s.kernel[0], s.kernel[1]]);
        let [up, down, across, along] = narrow([s.padding[0], s.stride[0], s.padding[1], s.stride[1]]);
        let [rows, columns, groups, _] = narrow([s.dilation[0], s.dilation[1], s.groups, 0]);
        let mode = sys::cudnnConvolutionMode_t::CUDNN_CROSS_CORRELATION;
        // SAFETY: the descriptions were just made.
        unsafe {
            let format = sys::cudnnTensorFormat_t::CUDNN_TENSOR_NCHW;
            result::set_filter4d_descriptor(w.0, values, format, kernel).map_err(failed)?;
            result::set_convolution2d_descriptor(convolution.0, up, across, down, along, rows, columns, mode, computed)
                .map_err(failed)?;
            result::set_convolution_group_count(convolution.0, groups).map_err(failed)?;
            result::set_convolution_math_type(convolution.0, math).map_err(failed)?;
        }
        Ok(Self {
            x: tensor_description(values, [s.batch, s.channels, s.input[0], s.input[1]])?,
            y: tensor_description(values, [s.batch, s.filters, s.output[0], s.output[1]])?,
            w,
            convolution,
        })
    }

    /// Asks cuDNN for its algorithms, the quickest first, and takes the first that is deterministic and small enough.
    fn choose(&self, handles: &Handles, direction: Direction) -> Result<Choice> {
        let (x, y, w, c, h) = (self.x.0, self.y.0, self.w.0, self.convolution.0, handles.dnn);
        macro_rules! first_that_fits {
            ($query:path, $answer:ty, $kind:path, $a:expr, $b:expr, $target:expr) => {{
                const MOST: usize = 16;
                let mut found = [const { std::mem::MaybeUninit::<$answer>::zeroed() }; MOST];
                let mut count: c_int = 0;
                // SAFETY: all descriptions exist, and there is room for as many answers as are asked for; those that
                // are read below were written.
                unsafe {
                    $query(
                        h,
                        $a,
                        $b,
                        c,
                        $target,
                        MOST as c_int,
                        &mut count,
                        found.as_mut_ptr().cast(),
                    )
                    .result()
                    .map_err(failed)?;
                    found
                        .iter()
                        .take(usize::try_from(count).unwrap_or(0))
                        .map(|f| f.assume_init())
                        .find_map(|f| {
                            let fits = f.status == sys::cudnnStatus_t::CUDNN_STATUS_SUCCESS
                                && f.determinism == sys::cudnnDeterminism_t::CUDNN_DETERMINISTIC
                                && f.memory <= WORKSPACE_BYTES;
                            fits.then_some(Choice {
                                algorithm: $kind(f.algo),
                                math: f.mathType,
                                bytes: f.memory,
                            })
                        })
                }
            }};
        }
        let choice = match direction {
            Direction::Forward => first_that_fits!(
                sys::cudnnGetConvolutionForwardAlgorithm_v7,
                sys::cudnnConvolutionFwdAlgoPerf_t,
                Algorithm::Forward,
                x,
                w,
                y
            ),
            Direction::Input => first_that_fits!(
                sys::cudnnGetConvolutionBackwardDataAlgorithm_v7,
                sys::cudnnConvolutionBwdDataAlgoPerf_t,
                Algorithm::Input,
                w,
                y,
                x
            ),
            Direction::Weight => first_that_fits!(
                sys::cudnnGetConvolutionBackwardFilterAlgorithm_v7,
                sys::cudnnConvolutionBwdFilterAlgoPerf_t,
                Algorithm::Weight,
                x,
                y,
                w
            ),
        };
        choice.ok_or_else(|| {
            OpsError::Cuda(format!(
                "cuDNN has no deterministic algorithm for this convolution ({direction:?})"
            ))
        })
    }

    /// A choice with the scratch memory that it needs in the arithmetic in which it runs: the one of the answer, but where
    /// factors keep their 24 bits the description says so, whatever the answer calls it.
    fn sized(&self, handles: &Handles, choice: Choice, answered: bool) -> Result<Choice> {
        let (x, y, w, c, h) = (self.x.0, self.y.0, self.w.0, self.convolution.0, handles.dnn);
        // SAFETY: all descriptions exist.
        let bytes = unsafe {
            if answered {
                result::set_convolution_math_type(c, choice.math).map_err(failed)?;
            }
            match choice.algorithm {
                Algorithm::Forward(a) => result::get_convolution_forward_workspace_size(h, x, w, c, y, a),
                Algorithm::Input(a) => result::get_convolution_backward_data_workspace_size(h, w, y, c, x, a),
                Algorithm::Weight(a) => result::get_convolution_backward_filter_workspace_size(h, x, y, c, w, a),
            }
        };
        Ok(Choice {
            bytes: bytes.map_err(failed)?.max(choice.bytes),
            ..choice
        })
    }
}

pub(super) fn convolve(
    device: &CudaDevice,
    shape: &Shape,
    direction: Direction,
    first: &Tensor,
    second: &Tensor,
    target: &Tensor,
) -> Result<()> {
    let handles: &Handles = &*handles(device)?;
    let dtype = first.dtype();
    let tf32 = dtype == DType::F32 && math() == Math::Tf32;
    let descriptions = Descriptions::new(shape, dtype, tf32)?;
    let key = Key(*shape, direction, dtype, tf32);
    let known = handles.convolutions.borrow().get(&key).copied();
    let choice = match known {
        Some(choice) => choice,
        None => {
            let choice = descriptions.sized(handles, descriptions.choose(handles, direction)?, dtype != DType::F32 || tf32)?;
            handles.convolutions.borrow_mut().insert(key, choice);
            choice
        }
    };
    let (x, y, w, c, h) = (
        descriptions.x.0,
        descriptions.y.0,
        descriptions.w.0,
        descriptions.convolution.0,
        handles.dnn,
    );
    let (a, b, t) = (
        address(first)? as *const c_void,
        address(second)? as *const c_void,
        address(target)? as *mut c_void,
    );
    let (single, double) = ([1f32, 0.0], [1f64, 0.0]);
    let (one, zero): (*const c_void, *const c_void) = if dtype == DType::F64 {
        (from_ref(&double[0]).cast(), from_ref(&double[1]).cast())
    } else {
        (from_ref(&single[0]).cast(), from_ref(&single[1]).cast())
    };
    let bytes = choice.bytes;
    // SAFETY: the tensors are alive on the device and have the described shapes (which callers checked); scratch memory
    // needs no first values, and is freed in the order of the stream.
    unsafe {
        let scratch: CudaSlice<u8> = device.alloc(bytes.max(1))?;
        let s = scratch.device_ptr(&device.cuda_stream()).0 as *mut c_void;
        if dtype != DType::F32 || tf32 {
            result::set_convolution_math_type(c, choice.math).map_err(failed)?;
        }
        match choice.algorithm {
            Algorithm::Forward(algorithm) => result::convolution_forward(h, one, x, a, w, b, c, algorithm, s, bytes, zero, y, t),
            Algorithm::Input(algorithm) => {
                result::convolution_backward_data(h, one, w, a, y, b, c, algorithm, s, bytes, zero, x, t)
            }
            Algorithm::Weight(algorithm) => {
                result::convolution_backward_filter(h, one, x, a, y, b, c, algorithm, s, bytes, zero, w, t)
            }
        }
    }
    .map_err(failed)
}
