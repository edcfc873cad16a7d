//! Launching kernels.

use super::argument::Argument;
use super::memory::Place;
use crate::error::{OpsError, Result};
use candle_core::DType;

/// Threads of a block at most; `THREADS` of `common.cuh`.
const THREADS: usize = 256;

/// Blocks of a launch, and threads of each block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Grid {
    pub(super) blocks: (u32, u32),
    pub(super) threads: (u32, u32),
}

impl Grid {
    fn new(blocks: (usize, usize), threads: (usize, usize)) -> Self {
        let narrow = |size: usize| u32::try_from(size.max(1)).unwrap_or(u32::MAX);
        Self {
            blocks: (narrow(blocks.0), narrow(blocks.1)),
            threads: (narrow(threads.0), narrow(threads.1)),
        }
    }

    /// For kernels over `EACH` of so many values; four for each thread at most.
    pub(crate) fn each(count: usize) -> Self {
        let blocks = if count < 1 << 18 {
            count.div_ceil(THREADS)
        } else {
            count.div_ceil(4 * THREADS)
        };
        Self::new((blocks, 1), (THREADS, 1))
    }

    /// For kernels over `EACH_OF_ROWS`.
    pub(crate) fn rows(rows: usize, inner: usize) -> Self {
        let across = inner.next_power_of_two().clamp(1, THREADS);
        let down = THREADS / across;
        Self::new(
            (rows.div_ceil(down), inner.div_ceil(4 * across).clamp(1, 65_535)),
            (across, down),
        )
    }

    /// For kernels over an axis: threads along x take places of `inner`, those along y share the axis, blocks along x
    /// take `outer`.
    pub(crate) fn columns(outer: usize, size: usize, inner: usize) -> Self {
        let across = inner.next_power_of_two().clamp(1, 32);
        let down = size.next_power_of_two().clamp(1, THREADS / across);
        Self::new((outer, inner.div_ceil(across)), (across, down))
    }

    /// Blocks of threads along y, for kernels that give each block a row or a part of one.
    pub(crate) fn blocks(first: usize, second: usize) -> Self {
        Self::new((first, second), (1, THREADS))
    }
}

/// Starts the kernel `name` of the file `module` for values of type `dtype`.
///
/// # Errors
/// A kernel that does not exist, and what CUDA finds wrong.
pub(crate) fn launch(
    place: &Place,
    module: &str,
    name: &str,
    dtype: DType,
    grid: Grid,
    arguments: &[Argument<'_>],
) -> Result<()> {
    let suffix = match dtype {
        DType::F32 => "f32",
        DType::F64 => "f64",
        DType::BF16 => "bf16",
        other => return Err(OpsError::Cuda(format!("there is no kernel `{name}` for {other:?}"))),
    };
    if grid.blocks.1 > 65_535 {
        return Err(OpsError::Cuda(format!(
            "the kernel `{name}` would need {} rows of blocks, 65535 are possible; use smaller batches",
            grid.blocks.1
        )));
    }
    let words = arguments.iter().map(|a| a.word()).collect::<Result<Vec<u64>>>()?;
    let kernel = format!("{name}_{suffix}");
    match place {
        #[cfg(feature = "cuda")]
        Place::Cuda(device) => on_cuda(device, &format!("{module}_{suffix}"), &kernel, grid, &words),
        #[cfg(feature = "cuda-simulation")]
        Place::Simulated => {
            let _ = module;
            super::simulated::launch(&kernel, grid, &words)
        }
    }
}

#[cfg(feature = "cuda")]
include!(concat!(env!("OUT_DIR"), "/ptx.rs"));

#[cfg(feature = "cuda")]
fn on_cuda(device: &candle_core::CudaDevice, module: &str, kernel: &str, grid: Grid, words: &[u64]) -> Result<()> {
    use candle_core::cuda_backend::cudarc::driver::{LaunchConfig, PushKernelArg};
    let text = ptx(module).ok_or_else(|| OpsError::Cuda(format!("there is no module `{module}`")))?;
    let function = device.get_or_load_custom_func(kernel, &format!("cistron_{module}"), text)?;
    let mut builder = function.builder();
    // A kernel reads as many bytes of a word as its parameter has; words are little-endian.
    for word in words {
        builder.arg(word);
    }
    let configuration = LaunchConfig {
        grid_dim: (grid.blocks.0, grid.blocks.1, 1),
        block_dim: (grid.threads.0, grid.threads.1, 1),
        shared_mem_bytes: 0,
    };
    // SAFETY: addresses come from live tensors, and callers give the kernel's own parameters in order.
    unsafe { builder.launch(configuration) }.map_err(|e| OpsError::Cuda(format!("the kernel `{kernel}`: {e}")))?;
    Ok(())
}
