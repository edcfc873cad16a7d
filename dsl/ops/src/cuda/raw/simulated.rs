//! The same calls on the CPU: kernels one thread after the other, products and convolutions from their definitions.

use super::convolution::{Direction, Shape};
use super::launch::Grid;
use super::matmul::{Product, Stack};
use super::memory::address;
use crate::error::{OpsError, Result};
use crate::number::Number;
use crate::view::by_precision;
use candle_core::Tensor;
use std::ffi::{CString, c_char, c_void};
use std::sync::Mutex;

unsafe extern "C" {
    fn cistron_simulated_launch(
        name: *const c_char,
        grid: *const u32,
        block: *const u32,
        arguments: *const *const c_void,
    ) -> bool;
}

/// Kernels keep their place in global variables.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

pub(super) fn launch(kernel: &str, grid: Grid, words: &[u64]) -> Result<()> {
    let name = CString::new(kernel).map_err(|e| OpsError::Cuda(e.to_string()))?;
    let arguments: Vec<*const c_void> = words.iter().map(|w| std::ptr::from_ref(w).cast()).collect();
    let (blocks, threads) = ([grid.blocks.0, grid.blocks.1], [grid.threads.0, grid.threads.1]);
    let guard = ONE_AT_A_TIME.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    // SAFETY: addresses come from live tensors, and callers give the kernel's own parameters in order.
    let found = unsafe { cistron_simulated_launch(name.as_ptr(), blocks.as_ptr(), threads.as_ptr(), arguments.as_ptr()) };
    drop(guard);
    if found {
        return Ok(());
    }
    Err(OpsError::Cuda(format!("there is no kernel `{kernel}`")))
}

/// A value of matrix number `i`, inside its tensor.
unsafe fn at<T: Number>(stack: &Stack<'_>, i: usize, row: usize, column: usize) -> Result<*mut T> {
    let (row, column) = if stack.transposed { (column, row) } else { (row, column) };
    let place = stack.start + i * stack.step + row * stack.row + column;
    assert!(place < stack.tensor.elem_count(), "matrix outside its tensor: {stack:?}");
    Ok(unsafe { (address(stack.tensor)? as *mut T).add(place) })
}

pub(super) fn product(p: &Product<'_>) -> Result<()> {
    by_precision!("product", p.a.tensor, T => {
        let (m, n, k) = p.sizes;
        for i in 0..p.count {
            for row in 0..m {
                for column in 0..n {
                    // SAFETY: `at` checks every place; the caller writes c alone.
                    unsafe {
                        let target = at::<T>(&p.c, i, row, column)?;
                        let mut sum = <T as Default>::default();
                        for j in 0..k {
                            sum += *at::<T>(&p.a, i, row, j)? * *at::<T>(&p.b, i, j, column)?;
                        }
                        sum *= <T as Number>::of(p.scale);
                        if p.add {
                            sum += *target;
                        }
                        if let Some(bias) = p.bias {
                            assert!(column < bias.elem_count(), "bias too short");
                            sum += *(address(bias)? as *const T).add(column);
                        }
                        *target = sum;
                    }
                }
            }
        }
        Ok(())
    })
}

pub(super) fn convolve(s: &Shape, direction: Direction, first: &Tensor, second: &Tensor, target: &Tensor) -> Result<()> {
    let (x, w, y) = match direction {
        Direction::Forward => (first, second, target),
        Direction::Input => (target, first, second),
        Direction::Weight => (first, target, second),
    };
    let (channels, filters) = (s.channels / s.groups, s.filters / s.groups);
    assert_eq!(x.elem_count(), s.batch * s.channels * s.input[0] * s.input[1], "input");
    assert_eq!(w.elem_count(), s.filters * channels * s.kernel[0] * s.kernel[1], "weight");
    assert_eq!(y.elem_count(), s.batch * s.filters * s.output[0] * s.output[1], "output");
    by_precision!("convolution", first, T => {
        let (x, w, y) = (address(x)? as *mut T, address(w)? as *mut T, address(y)? as *mut T);
        // SAFETY: sizes were checked above, and places are inside by construction.
        unsafe {
            std::slice::from_raw_parts_mut(address(target)? as *mut T, target.elem_count()).fill(<T as Default>::default());
            for b in 0..s.batch {
                for f in 0..s.filters {
                    for c in 0..channels {
                        let channel = f / filters * channels + c;
                        for place in 0..s.output[0] * s.output[1] {
                            let (row, column) = (place / s.output[1], place % s.output[1]);
                            for tap in 0..s.kernel[0] * s.kernel[1] {
                                let i = row * s.stride[0] + tap / s.kernel[1] * s.dilation[0];
                                let j = column * s.stride[1] + tap % s.kernel[1] * s.dilation[1];
                                let (Some(i), Some(j)) = (i.checked_sub(s.padding[0]), j.checked_sub(s.padding[1])) else {
                                    continue;
                                };
                                if i >= s.input[0] || j >= s.input[1] {
                                    continue;
                                }
                                let x = x.add(((b * s.channels + channel) * s.input[0] + i) * s.input[1] + j);
                                let w = w.add((f * channels + c) * s.kernel[0] * s.kernel[1] + tap);
                                let y = y.add((b * s.filters + f) * s.output[0] * s.output[1] + place);
                                match direction {
                                    Direction::Forward => *y += *x * *w,
                                    Direction::Input => *x += *y * *w,
                                    Direction::Weight => *w += *x * *y,
                                }
                            }
                        }
                    }
                }
            }
        }
        Ok(())
    })
}
