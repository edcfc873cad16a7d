//! Normalisations.

use super::{case, evaluated, strided};
use crate::batch_norm::{BatchNorm, Running};
use crate::check::Case;
use crate::group_norm::GroupNorm;
use crate::layer_norm::{LayerNorm, RmsNorm};
use crate::softmax::{LogSoftmax, Softmax};

/// A batch norm with its parameters and buffers.
fn normalised(name: &str, operation: BatchNorm, x: &[usize]) -> Case {
    let c: &[usize] = &[x[1]];
    let counted = operation.running == Running::Sonnet;
    let shapes = [x, c, c, c, c, &[1]];
    let count = if counted { 6 } else { 5 };
    Case {
        buffers: (3..count).collect(),
        ..case(name, operation, 1, &shapes[..count])
    }
}

/// All of them.
pub(super) fn cases() -> Vec<Case> {
    let batched = |x: &[usize]| normalised("", BatchNorm::default(), x);
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
    all.extend([
        batched(&[2, 2, 3, 4]),
        batched(&[2, 1, 7, 11]),
        batched(&[70, 2]),
        batched(&[1, 1, 200]),
    ]);
    let groups = |group, x: &[usize]| {
        let operation = BatchNorm {
            group: Some(group),
            ..BatchNorm::default()
        };
        normalised(&format!("groups of {group}"), operation, x)
    };
    all.extend([
        groups(2, &[4, 2, 3]),
        groups(2, &[5, 2, 33]),
        groups(3, &[6, 3]),
        groups(1, &[2, 2, 4]),
    ]);
    all.push(evaluated(groups(2, &[4, 2, 33])));
    for running in [Running::Keras, Running::Sonnet] {
        let operation = BatchNorm {
            epsilon: 1e-3,
            momentum: 0.1,
            running,
            group: None,
        };
        let one = |x: &[usize]| normalised(&format!("{running:?}"), operation, x);
        all.extend([one(&[3, 2, 5]), evaluated(one(&[2, 3, 4])), strided(one(&[4, 3]))]);
    }
    for x in [
        &[2, 3, 5][..],
        &[1, 7, 1],
        &[4, 6],
        &[1, 5],
        &[20, 3],
        &[2, 3, 2, 4],
        &[3, 37],
        &[1, 5, 70],
    ] {
        let c: &[usize] = &[x[1]];
        all.push(case("", LayerNorm { epsilon: 1e-5 }, 1, &[x, c, c]));
        all.push(case("", RmsNorm { epsilon: 1e-6 }, 1, &[x, c]));
    }
    all.push(strided(layered(&[2, 4, 3])));
    all.push(strided(case("", RmsNorm { epsilon: 1e-6 }, 1, &[&[2, 4, 3], &[4]])));
    for (groups, x) in [
        (2, &[2, 4, 5][..]),
        (1, &[2, 3, 4]),
        (3, &[1, 3, 7]),
        (2, &[3, 6]),
        (2, &[1, 4, 3, 3]),
        (2, &[2, 2, 35]),
    ] {
        let c: &[usize] = &[x[1]];
        all.push(case(
            &format!("{groups} groups"),
            GroupNorm { groups, epsilon: 1e-5 },
            1,
            &[x, c, c],
        ));
    }
    all.push(strided(case(
        "",
        GroupNorm {
            groups: 2,
            epsilon: 1e-5,
        },
        1,
        &[&[2, 4, 3], &[4], &[4]],
    )));
    for (axis, x) in [
        (0, &[2, 3, 5][..]),
        (1, &[2, 3, 5]),
        (0, &[3, 7]),
        (0, &[1, 19]),
        (1, &[2, 3, 2, 3]),
        (2, &[1, 2, 2, 20]),
        (0, &[2, 1]),
        (0, &[1, 2, 40]),
    ] {
        all.push(case(&format!("axis {axis}"), Softmax { axis }, 1, &[x]));
        all.push(case(&format!("axis {axis}"), LogSoftmax { axis }, 1, &[x]));
    }
    all.push(strided(case("", Softmax { axis: 0 }, 1, &[&[2, 4, 3]])));
    all.push(strided(case("", LogSoftmax { axis: 1 }, 1, &[&[2, 4, 3]])));
    all
}
