//! Convolutions.

use super::{case, strided};
use crate::check::Case;
use crate::convolution::Convolution;
use crate::convolution2d::Convolution2d;
use crate::strand_convolution::{StrandCombine, StrandConvolution};
use crate::transposed_convolution::{TransposedConvolution, TransposedConvolution2d};

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
        one("width 1 as a product", plain, [2, 2, 200], [3, 2, 1]),
        one("many filters and channels", padded(1, 1), [1, 9, 5], [21, 9, 3]),
        one("several blocks of columns", padded(2, 2), [1, 2, 140], [9, 2, 5]),
        one("several tiles", padded(0, 9), [1, 1, 420], [2, 1, 2]),
        one("fewer multiplications, three taps", padded(1, 1), [2, 16, 50], [17, 16, 3]),
        one(
            "fewer multiplications, dilation",
            Convolution {
                dilation: 2,
                padding: (7, 5),
                ..plain
            },
            [1, 16, 61],
            [16, 16, 7],
        ),
        one("fewer multiplications, weight too", padded(5, 5), [5, 32, 423], [32, 32, 11]),
    ]
    .into_iter()
    .chain(maps())
    .chain(transposed())
    .chain(strands())
    .collect()
}

fn maps() -> Vec<Case> {
    let plain = Convolution2d::default();
    let padded = |rows, columns| Convolution2d {
        padding: [rows, columns],
        ..plain
    };
    let one = |name, c: Convolution2d, x: [usize; 4], w: [usize; 4]| case(name, c, 1, &[&x, &w, &[w[0]]]);
    vec![
        one("plain", plain, [2, 2, 5, 6], [3, 2, 3, 2]),
        one("one example", padded((1, 1), (1, 1)), [1, 2, 5, 7], [3, 2, 3, 3]),
        one("kernel 1", plain, [2, 3, 3, 4], [2, 3, 1, 1]),
        one("kernel 1 as a product", plain, [2, 2, 14, 14], [2, 2, 1, 1]),
        one(
            "uneven padding, even kernel",
            padded((0, 1), (2, 1)),
            [2, 2, 4, 5],
            [2, 2, 2, 4],
        ),
        one(
            "fewer multiplications",
            padded((1, 1), (1, 1)),
            [1, 16, 3, 50],
            [16, 16, 3, 3],
        ),
        one(
            "fewer multiplications, dilation",
            Convolution2d {
                dilation: [2, 4],
                padding: [(2, 2), (4, 3)],
                ..plain
            },
            [1, 16, 5, 50],
            [16, 16, 3, 3],
        ),
        one(
            "fewer multiplications, weight too",
            Convolution2d {
                dilation: [3, 2],
                padding: [(3, 3), (2, 2)],
                ..plain
            },
            [1, 32, 40, 54],
            [33, 32, 3, 3],
        ),
        one("smaller than the kernel", padded((2, 2), (1, 2)), [2, 2, 2, 3], [2, 2, 5, 4]),
        one(
            "stride with remainder",
            Convolution2d {
                stride: [2, 3],
                padding: [(1, 1), (0, 1)],
                ..plain
            },
            [2, 2, 6, 9],
            [3, 2, 3, 2],
        ),
        one(
            "stride beyond the kernel",
            Convolution2d { stride: [3, 3], ..plain },
            [1, 2, 8, 7],
            [2, 2, 2, 1],
        ),
        one(
            "dilation",
            Convolution2d {
                dilation: [2, 4],
                padding: [(2, 2), (4, 4)],
                ..plain
            },
            [1, 2, 7, 9],
            [3, 2, 3, 3],
        ),
        one(
            "stride, dilation, groups",
            Convolution2d {
                stride: [2, 2],
                dilation: [3, 2],
                groups: 2,
                padding: [(3, 2), (0, 4)],
            },
            [2, 4, 6, 5],
            [4, 2, 2, 3],
        ),
        one(
            "depthwise",
            Convolution2d {
                groups: 3,
                padding: [(1, 1), (1, 1)],
                ..plain
            },
            [2, 3, 5, 4],
            [3, 1, 3, 3],
        ),
        one(
            "rows longer than a tile",
            padded((1, 1), (1, 1)),
            [1, 1, 2, 400],
            [1, 1, 3, 3],
        ),
        one("many rows", padded((1, 1), (0, 0)), [1, 1, 40, 17], [2, 1, 3, 1]),
        strided(one("", padded((1, 1), (1, 1)), [2, 2, 5, 4], [2, 2, 3, 3])),
        case("no bias", plain, 1, &[&[2, 2, 4, 4], &[2, 2, 2, 2]]),
    ]
}

fn transposed() -> Vec<Case> {
    let plain = TransposedConvolution::default();
    let one = |name, c: TransposedConvolution, x: [usize; 3], w: [usize; 3]| case(name, c, 1, &[&x, &w, &[w[1] * c.groups]]);
    let map = TransposedConvolution2d::default();
    let two = |name, c: TransposedConvolution2d, x: [usize; 4], w: [usize; 4]| case(name, c, 1, &[&x, &w, &[w[1] * c.groups]]);
    vec![
        one("plain", plain, [2, 3, 6], [3, 2, 3]),
        one("one example, kernel 1", plain, [1, 2, 5], [2, 3, 1]),
        one(
            "stride, extra",
            TransposedConvolution {
                stride: 3,
                padding: (1, 2),
                extra: 2,
                ..plain
            },
            [2, 2, 5],
            [2, 3, 4],
        ),
        one(
            "stride beyond the kernel",
            TransposedConvolution { stride: 4, ..plain },
            [2, 2, 4],
            [2, 2, 2],
        ),
        one(
            "dilation, groups",
            TransposedConvolution {
                dilation: 2,
                groups: 2,
                padding: (2, 1),
                ..plain
            },
            [2, 4, 7],
            [4, 2, 3],
        ),
        strided(one(
            "",
            TransposedConvolution {
                stride: 2,
                padding: (1, 1),
                ..plain
            },
            [2, 2, 6],
            [2, 2, 4],
        )),
        case(
            "no bias",
            TransposedConvolution { stride: 2, ..plain },
            1,
            &[&[2, 2, 4], &[2, 3, 3]],
        ),
        two("plain", map, [2, 2, 3, 4], [2, 3, 2, 3]),
        two(
            "stride, dilation, extra",
            TransposedConvolution2d {
                stride: [2, 3],
                dilation: [1, 2],
                groups: 2,
                padding: [(1, 0), (1, 1)],
                extra: [1, 0],
            },
            [2, 2, 3, 4],
            [2, 2, 3, 2],
        ),
    ]
}

fn strands() -> Vec<Case> {
    let one = |name: &str, padding, batch: usize, length: usize, filters: usize, width: usize| {
        [StrandCombine::Max, StrandCombine::Mean].map(|combine| {
            let shapes: [&[usize]; 3] = [&[batch, 4, length], &[filters, 4, width], &[filters]];
            case(name, StrandConvolution { padding, combine }, 1, &shapes)
        })
    };
    let without_bias = StrandConvolution {
        padding: (1, 1),
        combine: StrandCombine::Max,
    };
    [
        one("odd width", (1, 1), 2, 9, 3, 3),
        one("even width, uneven padding", (1, 2), 2, 8, 2, 4),
        one("padding at one side", (0, 3), 1, 7, 2, 2),
        one("kernel 1, one example", (0, 0), 1, 5, 5, 1),
        one("shorter than the kernel", (2, 2), 2, 3, 2, 5),
        one("several blocks of columns and filters", (2, 2), 1, 70, 9, 5),
    ]
    .into_iter()
    .flatten()
    .chain([
        case("no bias", without_bias, 1, &[&[2, 4, 6], &[2, 4, 3]]),
        strided(case("", without_bias, 1, &[&[2, 4, 6], &[2, 4, 3], &[2]])),
    ])
    .collect()
}
