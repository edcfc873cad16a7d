//! Which probabilities are dropped.

use crate::number::Number;
use crate::operation::Pass;
use cistron_random::{Purpose, Stream};

/// Dropout of probabilities: a choice for every head, query and key that doesn't depend on blocks, so backward makes it
/// again instead of storing it. Keys come from the run's streams, one per head; a hash of them, query and key decides.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mask {
    rate: f64,
    pass: Pass,
}

/// The choices of a head.
#[derive(Clone, Copy, Debug)]
pub(super) struct HeadMask<T> {
    key: (u32, u32),
    bound: u32,
    keep: T,
}

/// Spreads a number's bits over all bits.
#[inline(always)]
fn mixed(mut x: u32) -> u32 {
    x ^= x >> 16;
    x = x.wrapping_mul(0x21F0_AAAD);
    x ^= x >> 15;
    x = x.wrapping_mul(0xD35A_2D97);
    x ^ (x >> 15)
}

impl Mask {
    /// Drops a share of the probabilities, and scales the rest by `1 / (1 - rate)`.
    pub(crate) fn new(rate: f64, pass: &Pass) -> Self {
        Self { rate, pass: *pass }
    }

    pub(super) fn of_head<T: Number>(self, head: usize) -> HeadMask<T> {
        let part = (self.pass.node << 24) | head as u64;
        let bits = Stream::new(self.pass.seed, Purpose::Dropout, self.pass.step, part).bits();
        HeadMask {
            key: (bits as u32, (bits >> 32) as u32),
            bound: (self.rate * (1u64 << 32) as f64) as u32,
            keep: T::of(1.0 / (1.0 - self.rate)),
        }
    }
}

impl<T: Number> HeadMask<T> {
    /// The state of a query, for [`HeadMask::factor`].
    #[inline(always)]
    pub(super) fn row(&self, query: usize) -> u32 {
        mixed((query as u32).wrapping_mul(0x9E37_79B9).wrapping_add(self.key.0)) ^ self.key.1
    }

    /// What a probability is multiplied by.
    #[inline(always)]
    pub(super) fn factor(&self, row: u32, key: u32) -> T {
        let bits = mixed(key.wrapping_mul(0x9E37_79B9).wrapping_add(row));
        if bits < self.bound { T::default() } else { self.keep }
    }
}
