//! A register of numbers: what the micro-kernels are written in, once for all instruction sets.

use crate::number::Number;

/// A register of `LANES` numbers.
///
/// # Safety
/// All functions but the portable implementation's need the instruction set of their type, and pointers to as many
/// numbers as they read or write.
pub(crate) trait Vector: Copy {
    /// What it holds.
    type Number: Number;
    /// How many of them.
    const LANES: usize;
    /// Zeros.
    unsafe fn zero() -> Self;
    /// One number in all lanes.
    unsafe fn splat(number: *const Self::Number) -> Self;
    /// Reads all lanes.
    unsafe fn load(from: *const Self::Number) -> Self;
    /// Reads the first `count` lanes; the others are 0.
    unsafe fn load_first(from: *const Self::Number, count: usize) -> Self;
    /// Writes all lanes.
    unsafe fn store(self, to: *mut Self::Number);
    /// Writes the first `count` lanes.
    unsafe fn store_first(self, to: *mut Self::Number, count: usize);
    /// `self + other`.
    unsafe fn plus(self, other: Self) -> Self;
    /// `self + a b`.
    unsafe fn plus_product(self, a: Self, b: Self) -> Self;
    /// The sum of the lanes, in a fixed order.
    unsafe fn total(self) -> Self::Number;
}

/// Four or two lanes that every processor has; products are rounded before they are added.
#[derive(Clone, Copy)]
pub(crate) struct Portable<T, const LANES: usize>([T; LANES]);

impl<T: Number, const LANES: usize> Vector for Portable<T, LANES> {
    type Number = T;
    const LANES: usize = LANES;
    #[inline(always)]
    unsafe fn zero() -> Self {
        Self([T::default(); LANES])
    }
    #[inline(always)]
    unsafe fn splat(number: *const T) -> Self {
        // SAFETY: the caller's pointer is good for one number.
        Self([unsafe { *number }; LANES])
    }
    #[inline(always)]
    unsafe fn load(from: *const T) -> Self {
        // SAFETY: the caller's pointer is good for LANES numbers; an array of numbers has their alignment.
        Self(unsafe { *from.cast::<[T; LANES]>() })
    }
    #[inline(always)]
    unsafe fn load_first(from: *const T, count: usize) -> Self {
        let mut lanes = [T::default(); LANES];
        for (i, lane) in lanes.iter_mut().enumerate().take(count) {
            // SAFETY: the caller's pointer is good for `count` numbers.
            *lane = unsafe { *from.add(i) };
        }
        Self(lanes)
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut T) {
        // SAFETY: as `load`.
        unsafe { *to.cast::<[T; LANES]>() = self.0 }
    }
    #[inline(always)]
    unsafe fn store_first(self, to: *mut T, count: usize) {
        for (i, lane) in self.0.iter().enumerate().take(count) {
            // SAFETY: as `load_first`.
            unsafe { *to.add(i) = *lane };
        }
    }
    #[inline(always)]
    unsafe fn plus(mut self, other: Self) -> Self {
        for (a, b) in self.0.iter_mut().zip(other.0) {
            *a += b;
        }
        self
    }
    #[inline(always)]
    unsafe fn plus_product(mut self, a: Self, b: Self) -> Self {
        for i in 0..LANES {
            self.0[i] += a.0[i] * b.0[i];
        }
        self
    }
    #[inline(always)]
    unsafe fn total(self) -> T {
        let mut sum = self.0[0];
        for lane in &self.0[1..] {
            sum += *lane;
        }
        sum
    }
}
