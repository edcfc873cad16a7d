//! Operations on maps.

use super::{case, strided};
use crate::check::Case;
use crate::crop::Crop2d;
use crate::outer_sum::OuterSum;
use crate::reverse::Reverse;
use crate::symmetric::Symmetric;
use crate::upsample::{Upsample, Upsample2d, UpsampleKind};

/// All of them.
pub(super) fn cases() -> Vec<Case> {
    let crop = |start, length, shape: &[usize]| case("", Crop2d { start, length }, 1, &[shape]);
    let mut all = vec![
        case("", OuterSum, 1, &[&[2, 3, 5]]),
        case("one example", OuterSum, 1, &[&[1, 2, 1]]),
        case("wide", OuterSum, 1, &[&[1, 1, 19]]),
        case("two tracks", OuterSum, 2, &[&[2, 2, 3], &[2, 2, 4]]),
        case("two tracks, one example", OuterSum, 2, &[&[1, 1, 4], &[1, 1, 1]]),
        Case {
            twice: true,
            ..case("input used twice", OuterSum, 2, &[&[2, 2, 3], &[2, 2, 3]])
        },
        strided(case("", OuterSum, 1, &[&[2, 3, 4]])),
        case("", Symmetric, 1, &[&[2, 3, 4, 4]]),
        case("one value", Symmetric, 1, &[&[1, 1, 1, 1]]),
        case("several tiles", Symmetric, 1, &[&[1, 1, 33, 33]]),
        case("no channels", Symmetric, 1, &[&[2, 3, 3]]),
        strided(case("", Symmetric, 1, &[&[2, 1, 5, 5]])),
        case("", Reverse::FlipMap, 1, &[&[2, 3, 4, 5]]),
        case("one row", Reverse::FlipMap, 1, &[&[1, 1, 1, 3]]),
        strided(case("", Reverse::FlipMap, 1, &[&[1, 2, 3, 4]])),
        crop([1, 2], [2, 3], &[2, 2, 4, 6]),
        crop([0, 0], [3, 4], &[1, 1, 3, 4]),
        crop([2, 0], [1, 1], &[1, 2, 3, 2]),
        strided(crop([0, 1], [2, 2], &[2, 1, 4, 3])),
    ];
    for kind in [UpsampleKind::Nearest, UpsampleKind::Linear] {
        let one = |factor, shape: &[usize]| case(&format!("by {factor}"), Upsample { kind, factor }, 1, &[shape]);
        let map = |factor, shape: &[usize]| case(&format!("by {factor:?}"), Upsample2d { kind, factor }, 1, &[shape]);
        all.extend([
            one(2, &[2, 3, 5]),
            one(3, &[1, 2, 4]),
            one(1, &[2, 2, 3]),
            one(5, &[1, 1, 1]),
            one(4, &[2, 3]),
            strided(one(2, &[2, 3, 4])),
            map([2, 2], &[2, 2, 3, 4]),
            map([1, 3], &[1, 2, 2, 3]),
            map([4, 1], &[1, 1, 3, 2]),
            map([2, 5], &[2, 1, 1, 1]),
            strided(map([2, 2], &[1, 2, 3, 3])),
        ]);
    }
    all
}
