//! Operations that move, join and sum up values.

use super::{case, strided};
use crate::check::Case;
use crate::concat::Concat;
use crate::crop::Crop;
use crate::flatten::Flatten;
use crate::reduce::Reduce;
use crate::reverse::Reverse;

/// All of them.
pub(super) fn cases() -> Vec<Case> {
    vec![
        case("channels", Concat { axis: 0 }, 3, &[&[2, 3, 4], &[2, 1, 4], &[2, 2, 4]]),
        case("positions", Concat { axis: 1 }, 2, &[&[2, 3, 4], &[2, 3, 1]]),
        case("features, one example", Concat { axis: 0 }, 2, &[&[1, 3], &[1, 4]]),
        case("one input", Concat { axis: 0 }, 1, &[&[2, 3]]),
        Case {
            twice: true,
            ..case("input used twice", Concat { axis: 0 }, 2, &[&[2, 3], &[2, 3]])
        },
        strided(case("", Concat { axis: 0 }, 2, &[&[2, 3, 4], &[2, 2, 4]])),
        case("positions", Reduce::Mean(1), 1, &[&[2, 3, 19]]),
        case("channels", Reduce::Mean(0), 1, &[&[2, 3, 5]]),
        case("features", Reduce::Mean(0), 1, &[&[1, 5]]),
        strided(case("", Reduce::Mean(1), 1, &[&[2, 3, 5]])),
        case("positions", Reduce::Largest(1), 1, &[&[2, 3, 5]]),
        case("channels", Reduce::Largest(0), 1, &[&[2, 3, 5]]),
        case("one value", Reduce::Largest(1), 1, &[&[1, 2, 1]]),
        strided(case("", Reduce::Largest(1), 1, &[&[2, 3, 5]])),
        case("", Flatten, 1, &[&[2, 3, 5]]),
        case("one axis", Flatten, 1, &[&[1, 4]]),
        strided(case("", Flatten, 1, &[&[2, 3, 5]])),
        case("", Reverse::Flip, 1, &[&[2, 3, 5]]),
        strided(case("", Reverse::Flip, 1, &[&[1, 2, 4]])),
        case("", Reverse::ReverseComplement, 1, &[&[2, 4, 5]]),
        case("odd channels", Reverse::ReverseComplement, 1, &[&[1, 3, 4]]),
        strided(case("", Reverse::ReverseComplement, 1, &[&[2, 4, 3]])),
        case("middle", Crop { start: 2, length: 3 }, 1, &[&[2, 3, 7]]),
        case("all", Crop { start: 0, length: 5 }, 1, &[&[1, 2, 5]]),
        strided(case("end", Crop { start: 4, length: 1 }, 1, &[&[2, 2, 5]])),
    ]
}
