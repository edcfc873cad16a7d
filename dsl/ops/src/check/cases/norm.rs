//! Normalisations.

use super::{case, evaluated, strided};
use crate::batch_norm::{BatchNorm, Running};
use crate::check::Case;
use crate::layer_norm::LayerNorm;

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
            momentum: 0.9,
            running,
            group: None,
        };
        let one = |x: &[usize]| normalised(&format!("{running:?}"), operation, x);
        all.extend([one(&[3, 2, 5]), evaluated(one(&[2, 3, 4])), strided(one(&[4, 3]))]);
    }
    all.extend(
        [&[2, 3, 5][..], &[1, 7, 1], &[4, 6], &[1, 5], &[20, 3]]
            .into_iter()
            .map(layered),
    );
    all.push(strided(layered(&[2, 4, 3])));
    all
}
