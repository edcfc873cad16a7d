//! Pooling.

use super::{case, strided};
use crate::check::Case;
use crate::pool::{PoolKind, Pooling};

/// All of them.
pub(super) fn cases() -> Vec<Case> {
    let mut all = Vec::new();
    for kind in [PoolKind::Max, PoolKind::Mean, PoolKind::Weighted] {
        let one = |window, x: &[usize]| case(&format!("window {window}"), Pooling { kind, window }, 1, &[x]);
        all.extend([
            one(2, &[2, 3, 8]),
            one(2, &[1, 3, 7]),
            one(3, &[2, 2, 11]),
            one(4, &[2, 3, 10]),
            one(5, &[2, 1, 5]),
            one(7, &[1, 2, 20]),
            one(1, &[2, 2, 3]),
            strided(one(3, &[2, 4, 7])),
        ]);
    }
    all
}
