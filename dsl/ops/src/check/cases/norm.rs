//! Normalisations.

use super::{case, evaluated, strided};
use crate::batch_norm::BatchNorm;
use crate::check::Case;
use crate::layer_norm::LayerNorm;

/// All of them.
pub(super) fn cases() -> Vec<Case> {
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
