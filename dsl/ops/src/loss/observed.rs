//! Which targets are there.

use crate::number::Number;

/// Targets, with what leaves some of them out.
pub(super) struct Observed<'a, T> {
    /// The targets.
    pub(super) target: &'a [T],
    /// 0 leaves a value out.
    pub(super) mask: Option<&'a [T]>,
    /// Targets below this are unknown.
    pub(super) lowest: f64,
}

impl<T: Number> Observed<'_, T> {
    /// Whether a value counts: its target is a number, not below the lowest, and not masked.
    #[inline(always)]
    pub(super) fn counts(&self, at: usize) -> bool {
        let known = self.target[at].wide() >= self.lowest;
        match self.mask {
            None => known,
            Some(mask) => known & (mask[at].wide() != 0.0),
        }
    }
}
