//! What options take: numbers of things, warm-ups, precisions.

use candle_core::DType;
use cistron_ops::{Period, Warmup};
use serde::{Deserialize, Deserializer, Serialize};

/// Whole numbers of any integer type, as options take them.
pub trait Count {
    /// As a `u64`; nothing for negative numbers.
    fn to_count(self) -> Option<u64>;
}

macro_rules! count { ($($t:ty)*) => { $(impl Count for $t { fn to_count(self) -> Option<u64> { u64::try_from(self).ok() } })* } }
count!(i8 i16 i32 i64 i128 isize u8 u16 u32 u64 u128 usize);

/// What `warmup` takes: a number of epochs, or a [`Warmup`].
pub trait IntoWarmup {
    /// The warm-up; nothing for negative numbers.
    fn into_warmup(self) -> Option<Warmup>;
}

macro_rules! warmup { ($($t:ty)*) => { $(impl IntoWarmup for $t {
    fn into_warmup(self) -> Option<Warmup> { self.to_count().map(epochs_of_warmup) }
})* } }
warmup!(i8 i16 i32 i64 i128 isize u8 u16 u32 u64 u128 usize);

impl IntoWarmup for Warmup {
    fn into_warmup(self) -> Option<Warmup> {
        Some(self)
    }
}

/// A linear warm-up over whole epochs.
fn epochs_of_warmup(epochs: u64) -> Warmup {
    match epochs {
        0 => Warmup::None,
        n => Warmup::Linear { over: Period::Epochs(n) },
    }
}

/// Runs of earlier versions have a number of epochs.
pub(super) fn warmup_of_any_age<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Warmup, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Stored {
        Epochs(u64),
        Warmup(Warmup),
    }
    Ok(match Stored::deserialize(deserializer)? {
        Stored::Epochs(epochs) => epochs_of_warmup(epochs),
        Stored::Warmup(warmup) => warmup,
    })
}

/// The numbers that weights and activations are computed in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Precision {
    /// 32-bit floating point.
    #[default]
    F32,
    /// 64-bit floating point, for checks.
    F64,
}

impl Precision {
    /// Candle's name for it.
    pub fn dtype(self) -> DType {
        match self {
            Self::F32 => DType::F32,
            Self::F64 => DType::F64,
        }
    }
}
