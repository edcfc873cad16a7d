//! Shapes that nobody thought of: drawn settings and sizes go through the harness. The seed is fixed: a gate draws no lots.

use cistron_ops::check::Case;
use cistron_ops::{Arithmetic, Concat, Convolution, Convolution2d, Crop, Linear, Operation, PoolKind, Pooling};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

fn case(operation: impl Operation + 'static, activations: usize, shapes: Vec<Vec<usize>>, strided: bool) -> Case {
    Case {
        name: format!("{operation:?} {shapes:?}, strided {strided}"),
        operation: Box::new(operation),
        shapes,
        activations,
        buffers: Vec::new(),
        whole: Vec::new(),
        positive: Vec::new(),
        training: true,
        strided,
        twice: false,
    }
}

fn passes(case: &Case) -> Result<(), TestCaseError> {
    let outcome = case.check().map_err(|e| TestCaseError::fail(format!("{}: {e}", case.name)))?;
    prop_assert!(outcome.passes(), "{outcome:?}");
    Ok(())
}

/// Dilation, stride, zeros before and after, taps: along one axis.
fn window() -> impl Strategy<Value = (usize, usize, (usize, usize), usize)> {
    (1usize..4, 1usize..4, (0usize..5, 0usize..5), 1usize..6)
}

/// A length that a window fits in at least once, and a few more.
fn length((dilation, _, (before, after), width): (usize, usize, (usize, usize), usize), more: usize) -> usize {
    (dilation * (width - 1) + 1).saturating_sub(before + after).max(1) + more
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, rng_seed: RngSeed::Fixed(4), ..ProptestConfig::default() })]

    #[test]
    fn convolutions(w in window(), more in 0usize..12, batch in 1usize..4, groups in 1usize..4, c in 1usize..4, f in 1usize..4,
                    bias in any::<bool>(), strided in any::<bool>()) {
        let (dilation, stride, padding, width) = w;
        let operation = Convolution { stride, dilation, groups, padding };
        let mut shapes = vec![vec![batch, groups * c, length(w, more)], vec![groups * f, c, width]];
        shapes.extend(bias.then(|| vec![groups * f]));
        passes(&case(operation, 1, shapes, strided))?;
    }

    #[test]
    fn convolutions_of_maps(rows in window(), columns in window(), more in (0usize..4, 0usize..4), batch in 1usize..3,
                            groups in 1usize..3, c in 1usize..3, f in 1usize..3, strided in any::<bool>()) {
        let operation = Convolution2d {
            stride: [rows.1, columns.1],
            dilation: [rows.0, columns.0],
            groups,
            padding: [rows.2, columns.2],
        };
        let x = vec![batch, groups * c, length(rows, more.0), length(columns, more.1)];
        prop_assume!(x.iter().product::<usize>() < 400);
        let shapes = vec![x, vec![groups * f, c, rows.3, columns.3], vec![groups * f]];
        passes(&case(operation, 1, shapes, strided))?;
    }

    #[test]
    fn linear_maps(batch in 1usize..20, features in 1usize..40, outputs in 1usize..20, strided in any::<bool>()) {
        passes(&case(Linear, 1, vec![vec![batch, features], vec![outputs, features], vec![outputs]], strided))?;
    }

    #[test]
    fn pools(batch in 1usize..4, channels in 1usize..4, window in 1usize..9, more in 0usize..30, strided in any::<bool>()) {
        for kind in [PoolKind::Max, PoolKind::Mean, PoolKind::Weighted] {
            passes(&case(Pooling { kind, window }, 1, vec![vec![batch, channels, window + more]], strided))?;
        }
    }

    #[test]
    fn joined_and_cut(batch in 1usize..4, a in 1usize..5, b in 1usize..5, length in 2usize..30, strided in any::<bool>()) {
        let joined = vec![vec![batch, a, length], vec![batch, b, length]];
        passes(&case(Concat { axis: 0 }, 2, joined, strided))?;
        passes(&case(Crop { start: length / 3, length: length / 2 }, 1, vec![vec![batch, a, length]], strided))?;
        let same = vec![vec![batch, a, length]; 2];
        passes(&case(Arithmetic::Multiply, 2, same, strided))?;
    }
}
