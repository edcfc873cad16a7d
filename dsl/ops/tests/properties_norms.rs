//! Normalisations, softmax and attention in shapes that are drawn: each goes through the harness.

use cistron_ops::check::{Case, cases};
use cistron_ops::{
    Attention, AttentionPool, BatchNorm, GammaRule, GroupNorm, LayerNorm, LogSoftmax, Operation, RelativeAttention, RmsNorm,
    Running, Softmax,
};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

/// A case of these shapes, of which the first `activations` are activations.
fn case(operation: Box<dyn Operation>, activations: usize, shapes: Vec<Vec<usize>>, training: bool, strided: bool) -> Case {
    let mut case = cases().into_iter().next().expect("the harness has cases");
    case.name = format!("{operation:?} {shapes:?}");
    (case.operation, case.activations, case.shapes) = (operation, activations, shapes);
    (case.training, case.strided, case.twice) = (training, strided, false);
    (case.buffers, case.whole) = (Vec::new(), Vec::new());
    case
}

fn passes(case: &Case) -> Result<(), TestCaseError> {
    let outcome = case.check().map_err(|e| TestCaseError::fail(format!("{}: {e}", case.name)))?;
    prop_assert!(outcome.passes(), "{outcome:?}");
    Ok(())
}

/// Two to four axes of a few hundred values at most.
fn shapes() -> impl Strategy<Value = Vec<usize>> {
    prop_oneof![
        (1..7usize, 1..9usize).prop_map(|(b, c)| vec![b, c]),
        (1..4usize, 1..6usize, 1..40usize).prop_map(|(b, c, n)| vec![b, c, n]),
        (1..3usize, 1..5usize, 1..7usize, 1..7usize).prop_map(|(b, c, h, w)| vec![b, c, h, w]),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, rng_seed: RngSeed::Fixed(4), ..ProptestConfig::default() })]

    #[test]
    fn normalisations(x in shapes(), groups in 1..4usize, keras in any::<bool>(), whole in any::<bool>(), training in any::<bool>(), strided in any::<bool>()) {
        let channels = vec![x[1]];
        let values: usize = x[2..].iter().product();
        let group = if whole || values < 8 { None } else { Some(groups) };
        if x[0] * values >= 8 {
            let norm = BatchNorm { running: if keras { Running::Keras } else { Running::PyTorch }, group, ..BatchNorm::default() };
            let shapes = [&[x.clone()][..], &vec![channels.clone(); 4]].concat();
            let mut case = case(Box::new(norm), 1, shapes, training, strided);
            case.buffers = vec![3, 4];
            passes(&case)?;
        }
        let three = vec![x.clone(), channels.clone(), channels.clone()];
        // Of two channels of nearly the same value the deviation is near 0, where differences are no measure.
        if x[1] > 2 {
            passes(&case(Box::new(LayerNorm { epsilon: 1e-1 }), 1, three.clone(), training, strided))?;
        }
        passes(&case(Box::new(RmsNorm { epsilon: 1e-1 }), 1, three[..2].to_vec(), training, strided))?;
        if x[1].is_multiple_of(groups) {
            passes(&case(Box::new(GroupNorm { groups, epsilon: 1e-1 }), 1, three, training, strided))?;
        }
    }

    #[test]
    fn softmaxes(x in shapes(), axis in 0..3usize, strided in any::<bool>()) {
        let axis = axis.min(x.len() - 2);
        passes(&case(Box::new(Softmax { axis }), 1, vec![x.clone()], true, strided))?;
        passes(&case(Box::new(LogSoftmax { axis }), 1, vec![x], true, strided))?;
    }

    #[test]
    fn attentions(
        (batch, heads, dk, dv) in (1..3usize, 1..4usize, 1..4usize, 1..4usize),
        (n, m) in (2..20usize, 2..20usize),
        drops in any::<bool>(),
        strided in any::<bool>(),
        window in 1..6usize,
    ) {
        let dropout = if drops { 0.3 } else { 0.0 };
        let (q, k, v) = (vec![batch, heads * dk, n], vec![batch, heads * dk, m], vec![batch, heads * dv, m]);
        let plain = Attention { heads, dropout, scale: None };
        passes(&case(Box::new(plain), 3, vec![q.clone(), k, v], true, strided))?;
        let relative = RelativeAttention { heads, dropout, position_dropout: dropout / 2.0, scale: None, gamma: GammaRule::PerFeature };
        let (v, width) = (vec![batch, heads * dv, n], heads * dk);
        let shapes = vec![q.clone(), q.clone(), v, vec![width], vec![width], vec![width, 6]];
        passes(&case(Box::new(relative), 3, shapes, true, strided))?;
        passes(&case(Box::new(AttentionPool { window }), 1, vec![q, vec![width, width]], true, strided))?;
    }
}
