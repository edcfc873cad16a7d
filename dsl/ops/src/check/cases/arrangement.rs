//! Operations that move, join and sum up values.

use super::{case, strided};
use crate::check::Case;
use crate::concat::Concat;
use crate::crop::{Crop, Narrow, Pad};
use crate::flatten::Flatten;
use crate::gather::Gather;
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
        case("positions", Reduce::Sum(1), 1, &[&[2, 3, 19]]),
        case("channels", Reduce::Sum(0), 1, &[&[1, 3, 5]]),
        case("rows of a map", Reduce::Sum(1), 1, &[&[2, 2, 3, 5]]),
        strided(case("", Reduce::Sum(0), 1, &[&[2, 3, 5]])),
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
        narrow(0, 1, 2, &[2, 4, 3]),
        narrow(0, 0, 1, &[1, 3]),
        narrow(1, 2, 3, &[2, 2, 5]),
        narrow(1, 1, 1, &[1, 2, 3, 4]),
        strided(narrow(0, 1, 1, &[2, 3, 4])),
        pad(1, 2, 1, &[2, 3, 4]),
        pad(0, 0, 3, &[1, 2, 3]),
        pad(0, 1, 0, &[2, 3]),
        pad(1, 0, 0, &[2, 2, 3]),
        strided(pad(1, 1, 1, &[2, 3, 4])),
        gather(0, &[2, 0, 1, 3], &[2, 4, 3]),
        gather(1, &[1, 1, 4], &[2, 2, 5]),
        gather(0, &[0], &[1, 2]),
        strided(gather(1, &[3, 0, 3, 3, 1], &[2, 3, 4])),
    ]
}

fn narrow(axis: usize, start: usize, length: usize, shape: &[usize]) -> Case {
    case("", Narrow { axis, start, length }, 1, &[shape])
}

fn pad(axis: usize, before: usize, after: usize, shape: &[usize]) -> Case {
    let value = 0.75;
    let pad = Pad {
        axis,
        before,
        after,
        value,
    };
    case(&format!("{before} and {after}"), pad, 1, &[shape])
}

fn gather(axis: usize, places: &[usize], shape: &[usize]) -> Case {
    let places = places.to_vec();
    case(&format!("{places:?}"), Gather { axis, places }, 1, &[shape])
}
