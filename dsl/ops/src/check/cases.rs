//! Every operation in the shapes where implementations go wrong: odd sizes, remainders, one example and several,
//! kernels of one tap, inputs shorter than the kernel, strides in memory, an input used twice.

use super::Case;
use crate::activation::Activation;
use crate::affine::Affine;
use crate::arithmetic::Arithmetic;
use crate::batch_norm::BatchNorm;
use crate::concat::Concat;
use crate::convolution::Convolution;
use crate::crop::Crop;
use crate::dropout::Dropout;
use crate::flatten::Flatten;
use crate::layer_norm::LayerNorm;
use crate::linear::Linear;
use crate::operation::Operation;
use crate::pool::{PoolKind, Pooling};
use crate::reduce::Reduce;
use crate::reverse::Reverse;

/// A case in training mode without peculiarities.
fn case(name: &str, operation: impl Operation + 'static, activations: usize, shapes: &[&[usize]]) -> Case {
    Case {
        name: format!("{name} {shapes:?}"),
        operation: Box::new(operation),
        shapes: shapes.iter().map(|s| s.to_vec()).collect(),
        activations,
        buffers: Vec::new(),
        training: true,
        strided: false,
        twice: false,
    }
}

/// The same with strided inputs.
fn strided(case: Case) -> Case {
    Case {
        name: format!("strided {}", case.name),
        strided: true,
        ..case
    }
}

/// The same in evaluation mode.
fn evaluated(case: Case) -> Case {
    Case {
        name: format!("evaluation {}", case.name),
        training: false,
        ..case
    }
}

/// All cases of all operations.
pub fn cases() -> Vec<Case> {
    let mut all = convolutions();
    all.extend(norms());
    all.extend(pools());
    all.extend(dense());
    all.extend(elementwise());
    all.extend(arrangements());
    all
}

fn convolutions() -> Vec<Case> {
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

fn norms() -> Vec<Case> {
    let batch = BatchNorm {
        epsilon: 1e-5,
        momentum: 0.1,
    };
    let batched = |x: &[usize]| {
        let c: &[usize] = &[x[1]];
        Case {
            buffers: vec![3, 4],
            ..case("", batch, 1, &[x, c, c, c, c])
        }
    };
    let layered = |x: &[usize]| case("", LayerNorm { epsilon: 1e-5 }, 1, &[x, &[x[1]], &[x[1]]]);
    let mut all: Vec<Case> = [&[4, 3, 5][..], &[1, 2, 7], &[6, 3], &[3, 11], &[2, 1, 3], &[3, 2, 33]]
        .into_iter()
        .map(batched)
        .collect();
    all.extend(
        [&[4, 3, 5][..], &[1, 3], &[1, 2, 1]]
            .into_iter()
            .map(|x| evaluated(batched(x))),
    );
    all.push(strided(batched(&[3, 2, 5])));
    all.extend(
        [&[2, 3, 5][..], &[1, 7, 1], &[4, 6], &[1, 5], &[20, 3]]
            .into_iter()
            .map(layered),
    );
    all.push(strided(layered(&[2, 4, 3])));
    all
}

fn pools() -> Vec<Case> {
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

fn dense() -> Vec<Case> {
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

fn elementwise() -> Vec<Case> {
    let mut all = Vec::new();
    for activation in Activation::ALL {
        all.extend([
            case("", activation, 1, &[&[2, 3, 17]]),
            case("one value", activation, 1, &[&[1, 1]]),
            strided(case("", activation, 1, &[&[3, 5]])),
        ]);
    }
    for arithmetic in Arithmetic::ALL {
        all.extend([
            case("", arithmetic, 2, &[&[2, 3, 7], &[2, 3, 7]]),
            case("one value", arithmetic, 2, &[&[1, 1], &[1, 1]]),
            strided(case("", arithmetic, 2, &[&[3, 5], &[3, 5]])),
        ]);
        let twice = case("input used twice", arithmetic, 2, &[&[2, 9], &[2, 9]]);
        all.push(Case { twice: true, ..twice });
    }
    all.extend([
        case(
            "",
            Affine {
                scale: -1.5,
                offset: 0.25,
            },
            1,
            &[&[2, 3, 5]],
        ),
        strided(case("", Affine { scale: 2.0, offset: 0.0 }, 1, &[&[2, 5]])),
    ]);
    all
}

fn arrangements() -> Vec<Case> {
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
