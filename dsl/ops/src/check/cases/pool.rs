//! Pooling.

use super::{case, strided};
use crate::check::Case;
use crate::pool::{Fill, PaddedPooling, PoolKind, Pooling, Pooling2d, SlidingPooling};

/// All of them.
pub(super) fn cases() -> Vec<Case> {
    let mut all = Vec::new();
    for kind in [PoolKind::Max, PoolKind::Mean, PoolKind::Weighted] {
        let one = |window, x: &[usize]| case(&format!("window {window}"), Pooling { kind, window }, 1, &[x]);
        all.extend([
            one(2, &[2, 3, 8]),
            one(2, &[1, 3, 7]),
            one(2, &[1, 2, 75]),
            one(3, &[2, 2, 11]),
            one(4, &[2, 3, 10]),
            one(4, &[1, 2, 64]),
            one(5, &[2, 1, 5]),
            one(5, &[1, 2, 17]),
            one(6, &[2, 1, 40]),
            one(7, &[1, 2, 20]),
            one(8, &[2, 1, 17]),
            one(9, &[1, 2, 20]),
            one(10, &[2, 1, 30]),
            one(300, &[1, 1, 310]),
            one(1, &[2, 2, 3]),
            one(2, &[2, 6]),
            strided(one(3, &[2, 4, 7])),
        ]);
        for fill in [Fill::Absent, Fill::Constant(0.0), Fill::Constant(-0.4)] {
            let one = |window, x: &[usize]| {
                let pooling = PaddedPooling { kind, window, fill };
                case(&format!("window {window}, {fill:?}"), pooling, 1, &[x])
            };
            all.extend([
                one(2, &[2, 3, 7]),
                one(4, &[2, 2, 9]),
                one(4, &[1, 2, 8]),
                one(6, &[2, 1, 15]),
                one(7, &[1, 1, 13]),
                one(5, &[1, 2, 2]),
                one(300, &[1, 1, 40]),
                one(3, &[2, 1, 1]),
                strided(one(4, &[2, 3, 6])),
            ]);
        }
        let sliding = |window, step, padding, x: &[usize]| {
            let pooling = SlidingPooling {
                kind,
                window,
                step,
                padding,
            };
            case(
                &format!("window {window}, step {step}, padding {padding:?}"),
                pooling,
                1,
                &[x],
            )
        };
        let map = |window: [usize; 2], step, padding, x: &[usize]| {
            let pooling = Pooling2d {
                kind,
                window,
                step,
                padding,
            };
            case(
                &format!("window {window:?}, step {step:?}, padding {padding:?}"),
                pooling,
                1,
                &[x],
            )
        };
        let bare = [(0, 0); 2];
        all.extend([
            sliding(3, 1, (1, 1), &[2, 3, 8]),
            sliding(3, 2, (0, 0), &[1, 2, 9]),
            sliding(2, 3, (1, 0), &[2, 1, 8]),
            sliding(4, 2, (3, 3), &[1, 1, 2]),
            sliding(1, 2, (0, 0), &[2, 2, 3]),
            strided(sliding(3, 2, (1, 1), &[2, 3, 7])),
            map([2, 2], [2, 2], bare, &[2, 2, 4, 6]),
            map([2, 2], [2, 2], bare, &[1, 2, 5, 7]),
            map([3, 2], [1, 2], [(1, 1), (0, 1)], &[2, 1, 4, 5]),
            map([1, 3], [2, 1], [(0, 0), (2, 0)], &[1, 1, 3, 4]),
            map([2, 2], [1, 1], bare, &[1, 3, 4]),
            strided(map([2, 3], [2, 2], [(1, 0), (1, 1)], &[1, 2, 5, 4])),
        ]);
    }
    all
}
