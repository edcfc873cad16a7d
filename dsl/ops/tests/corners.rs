//! What operations, losses and optimizers do at their corners, as PyTorch does there.

use candle_core::{DType, Device, Tensor, Var};
use cistron_ops::{
    Activation, Adam, AdamW, Along, Arithmetic, BatchNorm, Bins, Clamp, Convolution, Dropout, Embedding, Fill, Kept, Loss,
    Operation, OptimizerState, OuterSum, PaddedPooling, Pass, PoolKind, Pooling, Pooling2d, Power, Reduce, Sgd, SlidingPooling,
    Symmetric, Upsample, Upsample2d, UpsampleKind, candle::convolution, with_threads,
};
use std::collections::BTreeMap;

const TRAIN: Pass = Pass {
    training: true,
    seed: 1,
    step: 0,
    node: 0,
};

fn tensor(values: &[f64], shape: &[usize]) -> Tensor {
    Tensor::from_slice(values, shape, &Device::Cpu).expect("a tensor")
}

fn values(tensor: &Tensor) -> Vec<f64> {
    tensor
        .flatten_all()
        .and_then(|t| t.to_dtype(DType::F64))
        .and_then(|t| t.to_vec1())
        .expect("values")
}

/// The output, and the gradients of its sum.
fn both(operation: &dyn Operation, inputs: &[&Tensor]) -> (Vec<f64>, Vec<Vec<f64>>) {
    let forward = operation.forward(inputs, &TRAIN).expect("forward");
    let kept = Kept::new(operation, inputs, inputs.len(), &forward);
    let ones = forward.output.ones_like().expect("ones");
    let gradients = operation.backward(&kept, &ones, &vec![true; inputs.len()]).expect("backward");
    (values(&forward.output), gradients.iter().flatten().map(values).collect())
}

#[test]
fn gradients_at_kinks_and_ties() {
    let x = tensor(&[-1.0, 0.0, 2.0], &[1, 3]);
    assert_eq!(both(&Activation::Relu, &[&x]).1[0], [0.0, 0.0, 1.0]);
    let ties = tensor(&[3.0, 3.0, 1.0, 3.0], &[1, 1, 4]);
    assert_eq!(
        both(
            &Pooling {
                kind: PoolKind::Max,
                window: 4
            },
            &[&ties]
        )
        .1[0],
        [1.0, 0.0, 0.0, 0.0]
    );
    assert_eq!(both(&Reduce::Largest(1), &[&ties]).1[0], [1.0, 0.0, 0.0, 0.0]);
    let other = tensor(&[-1.0, 5.0, 1.0], &[1, 3]);
    let (y, g) = both(&Arithmetic::Maximum, &[&x, &other]);
    assert_eq!(
        (y, &g[0], &g[1]),
        (vec![-1.0, 5.0, 2.0], &vec![0.5, 0.0, 1.0], &vec![0.5, 1.0, 0.0])
    );
}

#[test]
fn ties_in_windows_go_to_the_first() {
    let x = tensor(&[1.0, 2.0, 2.0, 5.0, 5.0, 5.0, 0.0], &[1, 1, 7]);
    for window in [2usize, 3, 7] {
        let (kind, first) = (
            PoolKind::Max,
            both(
                &Pooling {
                    kind: PoolKind::Max,
                    window,
                },
                &[&x],
            )
            .1,
        );
        let values = values(&x);
        let mut expected = vec![0.0; 7];
        for start in (0..7 / window).map(|i| i * window) {
            let top = (start..start + window).fold(start, |top, i| if values[i] > values[top] { i } else { top });
            expected[top] = 1.0;
        }
        assert_eq!(first[0], expected, "{window}");
        // Windows with a step: those of PyTorch's MaxPool1d(window, stride 1), each of which adds its share.
        let sliding = SlidingPooling {
            kind,
            window,
            step: 1,
            padding: (0, 0),
        };
        let mut expected = vec![0.0; 7];
        for start in 0..=7 - window {
            let top = (start..start + window).fold(start, |top, i| if values[i] > values[top] { i } else { top });
            expected[top] += 1.0;
        }
        assert_eq!(both(&sliding, &[&x]).1[0], expected, "{window}");
    }
    let map = tensor(&[1.0, 1.0, 1.0, 1.0], &[1, 1, 2, 2]);
    let pooling = Pooling2d {
        kind: PoolKind::Max,
        window: [2, 2],
        step: [2, 2],
        padding: [(0, 0); 2],
    };
    assert_eq!(both(&pooling, &[&map]), (vec![1.0], vec![vec![1.0, 0.0, 0.0, 0.0]]));
    // Zeros before the row come before an equal value of the row, zeros after it behind.
    let zeros = tensor(&[0.0, 0.0, -1.0, -1.0, 0.0], &[1, 1, 5]);
    let padded = PaddedPooling {
        kind: PoolKind::Max,
        window: 4,
        fill: Fill::Constant(0.0),
    };
    assert_eq!(
        both(&padded, &[&zeros]),
        (vec![0.0, 0.0], vec![vec![0.0, 0.0, 0.0, 0.0, 1.0]])
    );
}

#[test]
fn the_minimum_that_pads_is_a_constant() {
    let x = tensor(&[0.3, -0.7, 1.1, 0.4, 0.9, -0.2, 0.5], &[1, 1, 7]);
    let padded = |fill| {
        both(
            &PaddedPooling {
                kind: PoolKind::Weighted,
                window: 4,
                fill,
            },
            &[&x],
        )
    };
    assert_eq!(padded(Fill::Minimum), padded(Fill::Constant(-0.7)));
    assert_ne!(padded(Fill::Minimum), padded(Fill::Absent));
}

#[test]
fn maps_double_as_pytorch_doubles_them() {
    // torch.nn.functional.interpolate(x, scale_factor=2, mode="linear", align_corners=False), and bilinear.
    let line = tensor(&[1.0, 3.0, 2.0], &[1, 1, 3]);
    let (kind, factor) = (UpsampleKind::Linear, 2);
    assert_eq!(both(&Upsample { kind, factor }, &[&line]).0, [1.0, 1.5, 2.5, 2.75, 2.25, 2.0]);
    let map = tensor(&[1.0, 2.0, 3.0, 4.0], &[1, 1, 2, 2]);
    let doubled = both(&Upsample2d { kind, factor: [2, 2] }, &[&map]).0;
    assert_eq!(doubled[..8], [1.0, 1.25, 1.75, 2.0, 1.5, 1.75, 2.25, 2.5]);
    let nearest = Upsample2d {
        kind: UpsampleKind::Nearest,
        factor: [1, 2],
    };
    let infinite = tensor(&[f64::INFINITY, 1.0], &[1, 1, 1, 2]);
    assert_eq!(both(&nearest, &[&infinite]).0, [f64::INFINITY, f64::INFINITY, 1.0, 1.0]);
}

#[test]
fn bins_are_closed_on_the_right() {
    let edges = vec![0.0, 1.0, 2.0, 4.0];
    let x = tensor(&[-1.0, 0.0, 0.5, 1.0, 1.1, 2.0, 2.1, 4.0, 9.0], &[1, 9]);
    let bins = Bins { edges }.forward(&[&x], &TRAIN).expect("forward").output;
    assert_eq!(values(&bins), [0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 2.0, 2.0, 2.0]);
    let table = tensor(&[1.0, 2.0], &[2, 1]);
    for (wrong, found) in [(2.0, "2"), (0.5, "0.5"), (-1.0, "-1"), (f64::NAN, "NaN")] {
        let message = Embedding
            .forward(&[&tensor(&[wrong], &[1, 1]), &table], &TRAIN)
            .expect_err("a category")
            .to_string();
        assert_eq!(
            message,
            format!("embedding: a category is {found}, expected a whole number below 2")
        );
    }
}

#[test]
fn slopes_at_the_ends_of_functions() {
    let x = tensor(&[-1.0, 0.0, 2.0], &[1, 3]);
    assert_eq!(
        both(&Activation::Absolute, &[&x]),
        (vec![1.0, 0.0, 2.0], vec![vec![-1.0, 0.0, 1.0]])
    );
    let clamp = Clamp { low: -1.0, high: 1.5 };
    assert_eq!(both(&clamp, &[&x]), (vec![-1.0, 0.0, 1.5], vec![vec![1.0, 1.0, 0.0]]));
    assert_eq!(
        both(&Power { exponent: 2.0 }, &[&x]),
        (vec![1.0, 0.0, 4.0], vec![vec![-2.0, 0.0, 4.0]])
    );
    let roots = both(&Activation::SquareRoot, &[&x]);
    assert!(roots.0[0].is_nan() && roots.1[0][1] == f64::INFINITY);
    assert_eq!(both(&Activation::Log, &[&x]).0[1], f64::NEG_INFINITY);
}

#[test]
fn what_is_no_number_stays_so() {
    let x = tensor(&[1.0, f64::NAN, 2.0, 0.5], &[1, 1, 4]);
    for activation in Activation::ALL {
        for precision in [DType::F32, DType::F64] {
            let x = x.to_dtype(precision).expect("converted");
            let y = values(&activation.forward(&[&x], &TRAIN).expect("forward").output);
            assert!(
                y[1].is_nan() && y[0].is_finite() && y[3].is_finite(),
                "{activation:?} {precision:?}: {y:?}"
            );
        }
    }
    for kind in [PoolKind::Max, PoolKind::Mean, PoolKind::Weighted] {
        let y = both(&Pooling { kind, window: 2 }, &[&x]).0;
        assert!(y[0].is_nan() && y[1].is_finite(), "{kind:?}: {y:?}");
    }
    assert!(both(&Reduce::Largest(1), &[&x]).0[0].is_nan());
    assert!(both(&Arithmetic::Maximum, &[&x, &x]).0[1].is_nan());
}

#[test]
fn running_statistics_follow_pytorch() {
    let x = tensor(&[1.0, 2.0, 3.0, 6.0], &[2, 1, 2]);
    let one = |v: f64| tensor(&[v], &[1]);
    let norm = BatchNorm {
        epsilon: 0.0,
        momentum: 0.25,
        ..BatchNorm::default()
    };
    let forward = norm
        .forward(&[&x, &one(1.0), &one(0.0), &one(8.0), &one(1.0)], &TRAIN)
        .expect("forward");
    // Mean 3, biased variance 3.5, unbiased 14 / 3.
    let updates: BTreeMap<usize, f64> = forward.updates.iter().map(|(i, t)| (*i, values(t)[0])).collect();
    assert!((updates[&3] - (0.75 * 8.0 + 0.25 * 3.0)).abs() < 1e-12);
    assert!((updates[&4] - (0.75 + 0.25 * 14.0 / 3.0)).abs() < 1e-12);
    assert!((values(&forward.output)[0] + 2.0 / 3.5f64.sqrt()).abs() < 1e-12);
    let lone = tensor(&[1.0], &[1, 1]);
    let message = norm
        .forward(&[&lone, &one(1.0), &one(0.0), &one(0.0), &one(1.0)], &TRAIN)
        .expect_err("one value")
        .to_string();
    assert_eq!(
        message,
        "batch_norm: the input has shape [1, 1], expected more than one value per channel in training"
    );
}

#[test]
fn dropout_drops_its_share_and_keeps_the_mean() {
    let x = Tensor::ones((100, 1000), DType::F32, &Device::Cpu).expect("ones");
    let dropout = Dropout { rate: 0.3 };
    let y = values(&dropout.forward(&[&x], &TRAIN).expect("forward").output);
    let dropped = y.iter().filter(|v| **v == 0.0).count() as f64 / y.len() as f64;
    let mean = y.iter().sum::<f64>() / y.len() as f64;
    assert!((dropped - 0.3).abs() < 0.01 && (mean - 1.0).abs() < 0.01, "{dropped} {mean}");
    let message = Dropout { rate: 1.0 }.forward(&[&x], &TRAIN).expect_err("a rate").to_string();
    assert_eq!(message, "dropout: rate is 1, expected 0 <= rate < 1");
}

#[test]
fn convolution_through_candles_backward() {
    let settings = Convolution {
        padding: (1, 2),
        dilation: 2,
        ..Convolution::default()
    };
    let x = Var::from_tensor(&tensor(
        &(0..24).map(|i| (f64::from(i) * 0.7).sin()).collect::<Vec<_>>(),
        &[2, 2, 6],
    ))
    .expect("x");
    let w = Var::from_tensor(&tensor(
        &(0..18).map(|i| (f64::from(i) * 1.3).cos()).collect::<Vec<_>>(),
        &[3, 2, 3],
    ))
    .expect("w");
    let b = Var::from_tensor(&tensor(&[0.1, 0.2, 0.3], &[3])).expect("b");
    let loss = |x: &Tensor, w: &Tensor, b: &Tensor| {
        convolution(x, w, Some(b), settings)
            .and_then(|y| y.sqr())
            .and_then(|y| y.sum_all())
            .expect("a loss")
    };
    let gradients = loss(&x, &w, &b).backward().expect("backward");
    for (which, variable) in [&x, &w, &b].into_iter().enumerate() {
        let found = values(gradients.get(variable).expect("a gradient"));
        for (i, found) in found.iter().enumerate() {
            let at = |change: f64| {
                let mut moved = values(variable);
                moved[i] += change;
                let moved = tensor(&moved, variable.dims());
                let inputs: Vec<&Tensor> = [x.as_tensor(), &w, &b]
                    .into_iter()
                    .enumerate()
                    .map(|(k, t)| if k == which { &moved } else { t })
                    .collect();
                values(&loss(inputs[0], inputs[1], inputs[2]))[0]
            };
            let expected = (at(1e-5) - at(-1e-5)) / 2e-5;
            assert!(
                (found - expected).abs() < 1e-7 * expected.abs().max(1.0),
                "{which} {i}: {found} against {expected}"
            );
        }
    }
}

#[test]
fn losses_agree_with_differences_and_leave_out_what_is_missing() {
    let p = tensor(&[0.2, 0.7, 0.4, 0.9, 0.3, 0.55, 0.15, 0.8], &[2, 4]);
    let t = tensor(&[0.0, 1.0, f64::NAN, 0.5, 1.0, 0.25, 0.0, 0.75], &[2, 4]);
    let mask = tensor(&[1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.0], &[2, 4]);
    let all = [
        Loss::Mse,
        Loss::Bce,
        Loss::BceLogits,
        Loss::Poisson { log_input: true },
        Loss::Poisson { log_input: false },
        Loss::Correlation { along: Along::Tracks },
        Loss::Correlation { along: Along::Examples },
    ];
    for loss in all {
        let (_, gradient) = loss.value_and_gradient(&p, &t, Some(&mask)).expect("a loss");
        let found = values(&gradient);
        assert_eq!((found[2], found[7]), (0.0, 0.0), "{loss:?}");
        for i in 0..8 {
            let at = |change: f64| {
                let mut moved = values(&p);
                moved[i] += change;
                loss.value_and_gradient(&tensor(&moved, &[2, 4]), &t, Some(&mask))
                    .expect("a loss")
                    .0
            };
            let expected = (at(1e-5) - at(-1e-5)) / 2e-5;
            assert!(
                (found[i] - expected).abs() < 1e-7,
                "{loss:?} {i}: {} against {expected}",
                found[i]
            );
        }
        let nothing = tensor(&[f64::NAN; 8], &[2, 4]);
        let (value, gradient) = loss.value_and_gradient(&p, &nothing, None).expect("a loss");
        assert_eq!((value, values(&gradient)), (0.0, vec![0.0; 8]), "{loss:?}");
    }
}

#[test]
fn losses_are_stable_and_see_what_is_no_number() {
    let logits = tensor(&[100.0, -100.0, 1000.0], &[1, 3]);
    let (value, gradient) = Loss::BceLogits
        .value_and_gradient(&logits, &tensor(&[0.0, 1.0, 1.0], &[1, 3]), None)
        .expect("a loss");
    assert!((value - 200.0 / 3.0).abs() < 1e-9);
    assert!(values(&gradient).iter().all(|g| g.is_finite()));
    let (value, _) = Loss::Bce
        .value_and_gradient(&tensor(&[0.0], &[1, 1]), &tensor(&[1.0], &[1, 1]), None)
        .expect("a loss");
    assert_eq!(value, 100.0);
    let flat = tensor(&[0.1, 0.1, 0.1], &[1, 3]);
    let (value, gradient) = Loss::Correlation { along: Along::Tracks }
        .value_and_gradient(&flat, &tensor(&[1.0, 2.0, 3.0], &[1, 3]), None)
        .expect("a loss");
    assert_eq!((value, values(&gradient)), (1.0, vec![0.0; 3]));
    let broken = tensor(&[f64::NAN, 1.0, 0.5], &[1, 3]);
    for loss in [
        Loss::Mse,
        Loss::Bce,
        Loss::BceLogits,
        Loss::Poisson { log_input: false },
        Loss::Correlation { along: Along::Tracks },
    ] {
        let (value, _) = loss
            .value_and_gradient(&broken, &tensor(&[1.0, 0.0, 0.5], &[1, 3]), None)
            .expect("a loss");
        assert!(value.is_nan(), "{loss:?}");
    }
    let message = Loss::Mse
        .value_and_gradient(&flat, &tensor(&[1.0], &[1, 1]), None)
        .expect_err("shapes")
        .to_string();
    assert_eq!(
        message,
        "mse: the target has shape [1, 1], expected [1, 3], the shape of the prediction"
    );
}

#[test]
fn classes_are_counted_where_they_are_known() {
    // Two classes, three positions; the last one is padding.
    let logits = tensor(&[0.0, 1000.0, 3.0, 0.0, -1000.0, 4.0], &[1, 2, 3]);
    let target = tensor(&[1.0, 1.0, -100.0], &[1, 3]);
    let loss = Loss::Categories { axis: 0, logits: true };
    let (value, gradient) = loss.value_and_gradient(&logits, &target, None).expect("a loss");
    assert!((value - (2f64.ln() + 2000.0) / 2.0).abs() < 1e-12);
    assert_eq!(values(&gradient), [0.25, 0.5, 0.0, -0.25, -0.5, 0.0]);
    let message = loss
        .value_and_gradient(&logits, &tensor(&[1.0, 2.0, 0.0], &[1, 3]), None)
        .expect_err("no such class")
        .to_string();
    assert_eq!(
        message,
        "categories: a class is 2, expected a whole number below 2, or a missing one (NaN, or negative)"
    );
    let message = loss
        .value_and_gradient(&logits, &logits, None)
        .expect_err("a shape")
        .to_string();
    assert_eq!(
        message,
        "categories: the target has shape [1, 2, 3], expected [1, 3] for a prediction of [1, 2, 3]"
    );
    // A class of probability 0 costs nothing where its weight is 0.
    let impossible = tensor(&[0.0, f64::NEG_INFINITY], &[1, 2]);
    let (value, gradient) = Loss::CrossEntropy { axis: 0 }
        .value_and_gradient(&impossible, &tensor(&[1.0, 0.0], &[1, 2]), None)
        .expect("a loss");
    assert_eq!((value, values(&gradient)), (0.0, vec![0.0, 0.0]));
}

/// Sizes that are cut into pieces: the same bits for any number of threads, and the same as example by example.
#[test]
fn pieces_of_large_tensors_agree() {
    let sine = |shape: &[usize]| {
        let values: Vec<f32> = (0..shape.iter().product())
            .map(|i: usize| (i as f32 * 0.7).sin() + 1.2)
            .collect();
        Tensor::from_vec(values, shape, &Device::Cpu).expect("a tensor")
    };
    let (kind, window) = (PoolKind::Weighted, 4);
    let all: [(Box<dyn Operation>, &[usize]); 9] = [
        (
            Box::new(Pooling {
                kind: PoolKind::Max,
                window,
            }),
            &[3, 7, 4001],
        ),
        (
            Box::new(Pooling {
                kind: PoolKind::Max,
                window,
            }),
            &[3, 7, 8000],
        ),
        (Box::new(Pooling { kind, window }), &[3, 7, 4001]),
        (
            Box::new(PaddedPooling {
                kind,
                window,
                fill: Fill::Absent,
            }),
            &[3, 7, 4001],
        ),
        (Box::new(Reduce::Largest(0)), &[3, 5, 9001]),
        (Box::new(Reduce::Sum(0)), &[3, 5, 9001]),
        (Box::new(OuterSum), &[3, 5, 61]),
        (Box::new(Symmetric), &[3, 2, 130, 130]),
        (
            Box::new(Upsample2d {
                kind: UpsampleKind::Linear,
                factor: [2, 3],
            }),
            &[3, 2, 50, 60],
        ),
    ];
    for (operation, shape) in &all {
        let x = sine(shape);
        let run = |x: &Tensor| {
            let forward = operation.forward(&[x], &TRAIN).expect("forward");
            let kept = Kept::new(operation.as_ref(), &[x], 1, &forward);
            let gradient = operation
                .backward(&kept, &sine(forward.output.dims()), &[true])
                .expect("backward");
            (forward.output, gradient[0].clone().expect("a gradient"))
        };
        let [one, three] = [1, 3].map(|n| with_threads(n, || run(&x)));
        let name = operation.name();
        assert_eq!(values(&one.0), values(&three.0), "{name}");
        assert_eq!(values(&one.1), values(&three.1), "{name}");
        let examples: Vec<Tensor> = (0..3).map(|i| run(&x.narrow(0, i, 1).expect("an example")).0).collect();
        assert_eq!(
            values(&Tensor::cat(&examples, 0).expect("examples")),
            values(&one.0),
            "{name}"
        );
    }
    let (p, t) = (sine(&[5, 40, 400]), (sine(&[40, 400, 5]) * 0.9).expect("targets"));
    let t = t.permute((2, 0, 1)).expect("targets");
    for loss in [
        Loss::Mse,
        Loss::PoissonRate { epsilon: 1e-7 },
        Loss::Dice { smooth: 10.0 },
        Loss::CrossEntropy { axis: 0 },
        Loss::Correlation { along: Along::Both },
        Loss::Correlation { along: Along::Positions },
    ] {
        let run = |n| with_threads(n, || loss.value_and_gradient(&p, &t, None).expect("a loss"));
        let [one, three] = [1, 3].map(run);
        assert_eq!((one.0, values(&one.1)), (three.0, values(&three.1)), "{loss:?}");
        let doubled = Tensor::cat(&[&p, &p], 0).expect("twice");
        let targets = Tensor::cat(&[&t, &t], 0).expect("twice");
        if matches!(loss, Loss::Mse | Loss::PoissonRate { .. } | Loss::CrossEntropy { .. }) {
            let twice = loss.value_and_gradient(&doubled, &targets, None).expect("a loss").0;
            assert!((twice - one.0).abs() < 1e-9 * one.0.abs(), "{loss:?}");
        }
    }
}

#[test]
fn optimizers_step_as_pytorch_does() {
    let (w, g) = (tensor(&[1.0], &[1]), tensor(&[0.5], &[1]));
    let walk = |mut state: OptimizerState, rate: f64| {
        let first = state.update("w", &w, &g, rate).expect("a step");
        let second = state.update("w", &first, &g, rate).expect("a step");
        (values(&first)[0], values(&second)[0])
    };
    // By hand: momentum begins with the gradient itself, dampening counts from the second step on.
    let sgd = Sgd {
        lr: 0.1,
        momentum: 0.9,
        dampening: 0.5,
        weight_decay: 0.0,
        nesterov: false,
    };
    let (a, b) = walk(OptimizerState::new(sgd), 0.1);
    assert!((a - 0.95).abs() < 1e-12 && (b - (0.95 - 0.1 * (0.45 + 0.25))).abs() < 1e-12);
    let (a, _) = walk(
        OptimizerState::new(Sgd {
            dampening: 0.0,
            nesterov: true,
            ..sgd
        }),
        0.1,
    );
    assert!((a - (1.0 - 0.1 * (0.5 + 0.9 * 0.5))).abs() < 1e-12);
    let (a, _) = walk(
        OptimizerState::new(Sgd {
            lr: 0.1,
            weight_decay: 0.2,
            ..Sgd::default()
        }),
        0.1,
    );
    assert!((a - (1.0 - 0.1 * (0.5 + 0.2))).abs() < 1e-12);
    // Adam's first steps are of the size of the learning rate.
    let (a, b) = walk(OptimizerState::new(Adam::default()), 0.01);
    assert!((a - 0.99).abs() < 1e-8 && (b - 0.98).abs() < 1e-8);
    let (a, _) = walk(
        OptimizerState::new(AdamW {
            weight_decay: 0.1,
            ..AdamW::default()
        }),
        0.01,
    );
    assert!((a - (0.999 - 0.01)).abs() < 1e-8);
}

#[test]
fn each_parameter_counts_its_own_steps_and_state_travels() {
    let (w, g) = (tensor(&[1.0, 2.0], &[2]), tensor(&[0.5, -0.25], &[2]));
    let mut state = OptimizerState::new(Adam::default());
    let first = state.update("a", &w, &g, 0.01).expect("a step");
    let second = state.update("a", &first, &g, 0.01).expect("a step");
    // Joining later, `b` is corrected for its first step, not for the third.
    assert_eq!(values(&state.update("b", &w, &g, 0.01).expect("a step")), values(&first));
    let mut again = OptimizerState::import(Adam::default(), state.export().expect("state")).expect("state");
    assert_eq!((again.steps("a"), again.steps("b")), (2, 1));
    let (x, y) = (
        state.update("a", &second, &g, 0.01).expect("a step"),
        again.update("a", &second, &g, 0.01).expect("a step"),
    );
    assert_eq!(values(&x), values(&y));
    let mut named = state.export().expect("state");
    named.remove("a.square");
    let message = OptimizerState::import(Adam::default(), named).expect_err("a gap").to_string();
    assert_eq!(message, "optimizer state: a.square: found nothing, expected a tensor");
    let message = OptimizerState::import(Sgd::default(), state.export().expect("state"))
        .expect_err("Adam's")
        .to_string();
    assert!(message.contains("found `a.mean`"), "{message}");
    let message = state
        .update("a", &w, &tensor(&[1.0], &[1]), 0.01)
        .expect_err("a shape")
        .to_string();
    assert_eq!(
        message,
        "optimizer: the gradient of `a` has shape [1], expected [2], the shape of the weight"
    );
}
