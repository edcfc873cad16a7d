//! The unsafe code of this crate: instruction sets chosen at run time, matrix products, and rows of one buffer
//! written by several threads (by the convolution). Each function is safe to call, but for `SharedOutput::row`; what it
//! relies on is checked or stated where it stands.
#![allow(unsafe_code)]

use crate::number::Number;
use crate::parallel::{for_each_task, pieces};
use std::marker::PhantomData;

/// Runs a loop compiled for the widest vectors that this machine has. Results are the same bits on every machine,
/// because no multiplication is fused with an addition.
#[inline(always)]
pub(crate) fn vectorised<R>(work: impl FnOnce() -> R) -> R {
    #[cfg(target_arch = "x86_64")]
    {
        if std::arch::is_x86_feature_detected!("avx512f")
            && std::arch::is_x86_feature_detected!("avx512vl")
            && std::arch::is_x86_feature_detected!("avx512dq")
        {
            // SAFETY: the machine has the instructions, which was asked just above.
            return unsafe { with_avx512(work) };
        }
        if std::arch::is_x86_feature_detected!("avx2") {
            // SAFETY: as above.
            return unsafe { with_avx2(work) };
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

/// How a matrix lies in a slice: the steps from row to row and from column to column.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Steps {
    pub(crate) row: usize,
    pub(crate) column: usize,
}

impl Steps {
    /// Row-major with rows of this length.
    pub(crate) fn rows(length: usize) -> Self {
        Self { row: length, column: 1 }
    }
    /// The transpose of a row-major matrix with rows of this length.
    pub(crate) fn columns(length: usize) -> Self {
        Self { row: 1, column: length }
    }
    fn end(self, rows: usize, columns: usize) -> usize {
        if rows == 0 || columns == 0 {
            0
        } else {
            (rows - 1) * self.row + (columns - 1) * self.column + 1
        }
    }
}

/// `c (+)= a b` on this thread: a is `[m, k]`, b is `[k, n]`, c is `[m, n]`.
///
/// # Panics
/// When a slice is shorter than its matrix; callers pass slices that they have cut themselves.
pub(crate) fn product<T: Number>(
    (m, n, k): (usize, usize, usize),
    (c, cs): (&mut [T], Steps),
    add: bool,
    (a, at): (&[T], Steps),
    (b, bt): (&[T], Steps),
) {
    assert!(
        cs.end(m, n) <= c.len() && at.end(m, k) <= a.len() && bt.end(k, n) <= b.len(),
        "matrix outside its slice"
    );
    // SAFETY: the matrices lie inside their slices (asserted), c is borrowed alone, and T is f32 or f64.
    unsafe { product_at((m, n, k), (c.as_mut_ptr(), cs), add, (a.as_ptr(), at), (b.as_ptr(), bt)) }
}

unsafe fn product_at<T: Number>(
    (m, n, k): (usize, usize, usize),
    (c, cs): (*mut T, Steps),
    add: bool,
    (a, at): (*const T, Steps),
    (b, bt): (*const T, Steps),
) {
    if m == 0 || n == 0 {
        return;
    }
    unsafe {
        gemm::gemm(
            m,
            n,
            k,
            c,
            cs.column as isize,
            cs.row as isize,
            add,
            a,
            at.column as isize,
            at.row as isize,
            b,
            bt.column as isize,
            bt.row as isize,
            T::of(1.0),
            T::of(1.0),
            false,
            false,
            false,
            gemm::Parallelism::None,
        );
    }
}

/// `c (+)= a b` on all threads, c row-major `[m, n]`. It is cut into blocks by the shape alone.
///
/// # Panics
/// As [`product`].
pub(crate) fn parallel_product<T: Number>(
    (m, n, k): (usize, usize, usize),
    c: &mut [T],
    add: bool,
    (a, at): (&[T], Steps),
    (b, bt): (&[T], Steps),
) {
    let cs = Steps::rows(n);
    assert!(
        m * n <= c.len() && at.end(m, k) <= a.len() && bt.end(k, n) <= b.len(),
        "matrix outside its slice"
    );
    let blocks = (m * n * k / 500_000).clamp(1, 32);
    let by_rows = m >= n;
    let parts = pieces(if by_rows { m } else { n }, blocks);
    let shared = SharedOutput::new(c);
    for_each_task(parts.len(), |i| {
        let (start, length) = parts[i];
        let (m, n, c0, a0, b0) = if by_rows {
            (length, n, start * cs.row, start * at.row, 0)
        } else {
            (m, length, start, 0, start * bt.column)
        };
        let (a, b) = (a[a0..].as_ptr(), b[b0..].as_ptr());
        // SAFETY: blocks of different tasks have no element of c in common and lie inside (asserted above).
        unsafe { product_at((m, n, k), (shared.start().add(c0), cs), add, (a, at), (b, bt)) }
    });
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
