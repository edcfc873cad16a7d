//! Loops compiled for the instruction set of this process, and rows of one buffer written by several threads. Each
//! function is safe to call, but for `SharedOutput::row`; what it relies on is checked or stated where it stands.
//! (Matrix products and convolutions are in `kernel`.)
#![allow(unsafe_code)]

use crate::kernel::{InstructionSet, chosen};
pub(crate) use crate::kernel::{Steps, parallel_product, product};
use std::marker::PhantomData;

/// Runs a loop compiled for the widest vectors of this process ([`crate::instructions`]). Results are the same bits on every machine,
/// because no multiplication is fused with an addition.
#[inline(always)]
pub(crate) fn vectorised<R>(work: impl FnOnce() -> R) -> R {
    #[cfg(target_arch = "x86_64")]
    {
        match chosen() {
            // SAFETY: only sets that the machine has are chosen.
            InstructionSet::Avx512 => return unsafe { with_avx512(work) },
            // SAFETY: as above.
            InstructionSet::Avx2 => return unsafe { with_avx2(work) },
            InstructionSet::Portable => {}
        }
    }
    work()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512vl,avx512dq,avx2")]
fn with_avx512<R>(work: impl FnOnce() -> R) -> R {
    work()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn with_avx2<R>(work: impl FnOnce() -> R) -> R {
    work()
}

/// A buffer in which several threads write rows that have nothing in common.
pub(crate) struct SharedOutput<'a, T> {
    pointer: *mut T,
    length: usize,
    lifetime: PhantomData<&'a mut [T]>,
}

// SAFETY: threads only write through `row`, whose caller promises that rows of different threads don't overlap.
unsafe impl<T: Send> Sync for SharedOutput<'_, T> {}

impl<'a, T> SharedOutput<'a, T> {
    pub(crate) fn new(values: &'a mut [T]) -> Self {
        Self {
            pointer: values.as_mut_ptr(),
            length: values.len(),
            lifetime: PhantomData,
        }
    }

    pub(crate) fn start(&self) -> *mut T {
        self.pointer
    }

    pub(crate) fn length(&self) -> usize {
        self.length
    }

    /// A row to write.
    ///
    /// # Safety
    /// No two rows that are alive at the same time overlap.
    ///
    /// # Panics
    /// When the row is not inside the buffer.
    #[allow(clippy::mut_from_ref)]
    pub(crate) unsafe fn row(&self, start: usize, length: usize) -> &mut [T] {
        assert!(start + length <= self.length, "row outside its buffer");
        unsafe { std::slice::from_raw_parts_mut(self.pointer.add(start), length) }
    }
}
