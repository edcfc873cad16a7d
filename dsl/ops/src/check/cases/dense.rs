//! Linear maps and dropout.

use super::{case, evaluated, strided};
use crate::check::Case;
use crate::dropout::Dropout;
use crate::linear::Linear;

/// All of them.
pub(super) fn cases() -> Vec<Case> {
    vec![
        case("one example", Linear, 1, &[&[1, 3], &[2, 3], &[2]]),
        case("", Linear, 1, &[&[5, 7], &[4, 7], &[4]]),
        case("three axes", Linear, 1, &[&[2, 3, 4], &[5, 4], &[5]]),
        case("one feature", Linear, 1, &[&[6, 5], &[1, 5], &[1]]),
        case("no bias", Linear, 1, &[&[3, 4], &[2, 4]]),
        strided(case("", Linear, 1, &[&[3, 4], &[2, 4], &[2]])),
        case("training", Dropout { rate: 0.4 }, 1, &[&[3, 2, 7]]),
        case("nothing dropped", Dropout { rate: 0.0 }, 1, &[&[3, 7]]),
        evaluated(case("", Dropout { rate: 0.4 }, 1, &[&[1, 7]])),
        strided(case("training", Dropout { rate: 0.4 }, 1, &[&[3, 7]])),
    ]
}
