//! Convolutions.

use super::{case, strided};
use crate::check::Case;
use crate::convolution::Convolution;

/// All of them.
pub(super) fn cases() -> Vec<Case> {
    let plain = Convolution::default();
    let padded = |before, after| Convolution {
        padding: (before, after),
        ..plain
    };
    let one = |name, c: Convolution, x: [usize; 3], w: [usize; 3]| case(name, c, 1, &[&x, &w, &[w[0]]]);
    vec![
        one("plain", plain, [2, 3, 11], [4, 3, 3]),
        one("one example", padded(1, 1), [1, 3, 11], [4, 3, 3]),
        one("kernel 1, one example", plain, [1, 3, 5], [2, 3, 1]),
        one("kernel 1", plain, [2, 3, 5], [2, 3, 1]),
        one("even kernel", padded(1, 2), [2, 2, 7], [3, 2, 4]),
        one("shorter than the kernel", padded(2, 2), [2, 2, 3], [3, 2, 5]),
        one("padding beyond the kernel", padded(4, 3), [2, 2, 5], [3, 2, 2]),
        one(
            "stride with remainder",
            Convolution {
                stride: 2,
                padding: (1, 1),
                ..plain
            },
            [3, 2, 10],
            [3, 2, 3],
        ),
        one(
            "stride beyond the kernel",
            Convolution { stride: 4, ..plain },
            [2, 2, 15],
            [3, 2, 2],
        ),
        one(
            "dilation",
            Convolution {
                dilation: 3,
                padding: (3, 3),
                ..plain
            },
            [2, 2, 12],
            [2, 2, 3],
        ),
        one(
            "stride, dilation",
            Convolution {
                stride: 3,
                dilation: 2,
                padding: (0, 5),
                ..plain
            },
            [2, 2, 13],
            [2, 2, 3],
        ),
        one(
            "groups",
            Convolution {
                groups: 2,
                padding: (1, 1),
                ..plain
            },
            [2, 4, 7],
            [6, 2, 3],
        ),
        one(
            "depthwise",
            Convolution {
                groups: 4,
                padding: (2, 2),
                ..plain
            },
            [2, 4, 9],
            [4, 1, 5],
        ),
        one(
            "depthwise, stride",
            Convolution {
                groups: 3,
                stride: 2,
                ..plain
            },
            [2, 3, 9],
            [6, 1, 2],
        ),
        one("long", padded(3, 3), [1, 1, 600], [1, 1, 7]),
        one("long, several", padded(1, 1), [2, 1, 150], [1, 1, 3]),
        one("many examples", plain, [40, 1, 7], [2, 1, 3]),
        one("output of one position", plain, [3, 2, 5], [2, 2, 5]),
        strided(one("", padded(1, 1), [2, 3, 8], [3, 3, 3])),
        case("no bias", padded(1, 1), 1, &[&[2, 3, 8], &[3, 3, 3]]),
    ]
}
