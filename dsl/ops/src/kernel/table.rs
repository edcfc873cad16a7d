//! The micro-kernels of each instruction set, by number of rows and columns.

use super::micro::{Block, Dots, Rows};
use super::{InstructionSet, chosen};

type BlockKernel<T> = unsafe fn(&Block<T>);
type DotsKernel<T> = unsafe fn(&Dots<T>);

/// The micro-kernels of an instruction set and a precision.
#[derive(Debug)]
pub(crate) struct Kernels<T: 'static> {
    /// Numbers in a register.
    pub(crate) lanes: usize,
    /// `[rows - 1][registers of columns - 1]`, a as it lies.
    strided: &'static [&'static [BlockKernel<T>]],
    /// The same, a packed.
    packed: &'static [&'static [BlockKernel<T>]],
    /// `[rows of a - 1][rows of b - 1]`.
    dots: &'static [&'static [DotsKernel<T>]],
    copy: unsafe fn(&Rows<T>),
}

impl<T> Kernels<T> {
    /// Most rows of a block.
    pub(crate) fn rows(&self) -> usize {
        self.packed.len()
    }

    /// Most registers of columns in a block of so many rows.
    pub(crate) fn registers(&self, rows: usize) -> usize {
        self.packed[rows - 1].len()
    }

    /// Most rows of a and of b in a block of [`Dots`].
    pub(crate) fn dots_size(&self) -> (usize, usize) {
        (self.dots.len(), self.dots[0].len())
    }

    /// Runs a block of so many rows, packed or not.
    ///
    /// # Safety
    /// As [`super::micro::block`], for registers as many as its columns need.
    #[inline]
    pub(crate) unsafe fn block(&self, rows: usize, packed: bool, block: &Block<T>) {
        let registers = block.columns.div_ceil(self.lanes);
        let kernels = if packed { self.packed } else { self.strided };
        // SAFETY: the caller's promise; tables are only reached on machines that have their instructions.
        unsafe { kernels[rows - 1][registers - 1](block) }
    }

    /// Copies short rows.
    ///
    /// # Safety
    /// As [`super::micro::copy`].
    #[inline]
    pub(crate) unsafe fn copy(&self, rows: &Rows<T>) {
        // SAFETY: as `block`.
        unsafe { (self.copy)(rows) }
    }

    /// Runs so many rows of a against so many of b.
    ///
    /// # Safety
    /// As [`super::micro::dots`].
    #[inline]
    pub(crate) unsafe fn dots(&self, rows: usize, columns: usize, dots: &Dots<T>) {
        // SAFETY: as `block`.
        unsafe { self.dots[rows - 1][columns - 1](dots) }
    }
}

/// The tables of one instruction set.
macro_rules! tables {
    ($set:ident, $(#[$attribute:meta])? $single:ty, $double:ty, $blocks:tt, $dots:tt) => {
        pub(super) mod $set {
            use super::super::micro::{self, Block, Dots, Rows};
            use super::super::vector::Vector;
            use super::Kernels;

            // SAFETY (of the four): as the functions they compile for this set; only reached through its tables.
            $(#[$attribute])?
            unsafe fn strided<V: Vector, const M: usize, const N: usize>(block: &Block<V::Number>) {
                unsafe { micro::block::<V, M, N, false>(block) }
            }
            $(#[$attribute])?
            unsafe fn packed<V: Vector, const M: usize, const N: usize>(block: &Block<V::Number>) {
                unsafe { micro::block::<V, M, N, true>(block) }
            }
            $(#[$attribute])?
            unsafe fn dots<V: Vector, const M: usize, const N: usize>(rows: &Dots<V::Number>) {
                unsafe { micro::dots::<V, M, N>(rows) }
            }

            $(#[$attribute])?
            unsafe fn copy<V: Vector>(rows: &Rows<V::Number>) {
                unsafe { micro::copy::<V>(rows) }
            }

            tables!(@static SINGLE, f32, $single, $blocks, $dots);
            tables!(@static DOUBLE, f64, $double, $blocks, $dots);
        }
    };
    (@static $name:ident, $number:ty, $vector:ty, $blocks:tt, $dots:tt) => {
        pub(in super::super) static $name: Kernels<$number> = Kernels {
            lanes: <$vector as Vector>::LANES,
            strided: tables!(@table strided, $vector, $blocks),
            packed: tables!(@table packed, $vector, $blocks),
            dots: tables!(@table dots, $vector, $dots),
            copy: copy::<$vector>,
        };
    };
    (@table $kernel:ident, $vector:ty, { $($rows:literal: [$($columns:literal)*])* }) => {
        &[$(&[$($kernel::<$vector, $rows, $columns>),*]),*]
    };
}

tables!(
    portable, super::super::vector::Portable<f32, 4>, super::super::vector::Portable<f64, 2>,
    { 1: [1 2 3 4 5 6] 2: [1 2 3 4] 3: [1 2 3] 4: [1 2 3] },
    { 1: [1 2 3 4] 2: [1 2 3 4] 3: [1 2 3 4] }
);
#[cfg(target_arch = "x86_64")]
tables!(
    avx2, #[target_feature(enable = "avx2,fma")] super::super::x86::Single256, super::super::x86::Double256,
    { 1: [1 2 3 4 5 6] 2: [1 2 3 4] 3: [1 2 3] 4: [1 2 3] },
    { 1: [1 2 3 4] 2: [1 2 3 4] 3: [1 2 3 4] }
);
#[cfg(target_arch = "x86_64")]
tables!(
    avx512, #[target_feature(enable = "avx512f,avx512vl,avx512dq,avx2,fma")] super::super::x86::Single512, super::super::x86::Double512,
    {
        1: [1 2 3 4 5 6 7 8] 2: [1 2 3 4 5 6] 3: [1 2 3 4 5] 4: [1 2 3 4] 5: [1 2 3 4] 6: [1 2 3 4] 7: [1 2 3] 8: [1 2 3]
    },
    { 1: [1 2 3 4 5 6] 2: [1 2 3 4 5 6] 3: [1 2 3 4 5 6] 4: [1 2 3 4 5 6] }
);

/// The single-precision kernels of this process.
pub(crate) fn single() -> &'static Kernels<f32> {
    match chosen() {
        #[cfg(target_arch = "x86_64")]
        InstructionSet::Avx512 => &avx512::SINGLE,
        #[cfg(target_arch = "x86_64")]
        InstructionSet::Avx2 => &avx2::SINGLE,
        _ => &portable::SINGLE,
    }
}

/// The double-precision kernels of this process.
pub(crate) fn double() -> &'static Kernels<f64> {
    match chosen() {
        #[cfg(target_arch = "x86_64")]
        InstructionSet::Avx512 => &avx512::DOUBLE,
        #[cfg(target_arch = "x86_64")]
        InstructionSet::Avx2 => &avx2::DOUBLE,
        _ => &portable::DOUBLE,
    }
}
