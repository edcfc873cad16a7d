//! How products of single-precision values are rounded.

use std::sync::atomic::{AtomicBool, Ordering};

/// What convolutions and matrix products of F32 values do on a device. Those of F64 and BF16 are not touched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Math {
    /// Factors keep their 24 bits.
    #[default]
    Single,
    /// Factors are rounded to the 11 bits of TF32 and multiplied by tensor cores; sums stay F32 (what PyTorch does in
    /// convolutions by default, in matrix products on demand).
    Tf32,
}

static TF32: AtomicBool = AtomicBool::new(false);

/// What holds now, for the whole process.
pub fn math() -> Math {
    if TF32.load(Ordering::Relaxed) {
        Math::Tf32
    } else {
        Math::Single
    }
}

/// Chooses for all devices of the process.
pub fn set_math(math: Math) {
    TF32.store(math == Math::Tf32, Ordering::Relaxed);
}
