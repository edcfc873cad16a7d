//! Optimizers at work: in place, shared weights, groups, clipping, averages; against the golden numbers of Enformer.

use candle_core::{DType, Device, Storage, Tensor};
use cistron_ops::{
    Adadelta, Adagrad, Adam, AdamW, Average, AverageState, Clip, KerasAdam, NAdam, Optimizer, OptimizerState, Period, Settings,
    Sgd, Update,
};
use std::path::PathBuf;

#[path = "optimizers/pytorch.rs"]
mod pytorch;

fn tensor(values: &[f64], precision: DType) -> Tensor {
    Tensor::new(values, &Device::Cpu)
        .and_then(|t| t.to_dtype(precision))
        .expect("a tensor")
}

fn values(tensor: &Tensor) -> Vec<f64> {
    tensor
        .flatten_all()
        .and_then(|t| t.to_dtype(DType::F64))
        .and_then(|t| t.to_vec1())
        .expect("values")
}

/// Where a tensor's values lie.
fn address(tensor: &Tensor) -> usize {
    match &*tensor.storage_and_layout().0 {
        Storage::Cpu(storage) => storage.as_slice::<f32>().expect("f32").as_ptr() as usize,
        _ => unreachable!("on the CPU"),
    }
}

fn walk(length: usize, number: u64) -> Tensor {
    let value = |i: usize| (((i as u64 * 2_654_435_761 + number * 40_503) % 1000) as f32 - 500.0) / 300.0;
    Tensor::from_iter((0..length).map(value), &Device::Cpu).expect("a tensor")
}

#[test]
fn weights_change_where_they_lie_unless_something_else_holds_them() {
    for optimizer in [
        Optimizer::from(Sgd {
            momentum: 0.9,
            ..Sgd::default()
        }),
        Adam::default().into(),
        AdamW::default().into(),
        KerasAdam::default().into(),
        NAdam::default().into(),
        Adagrad::default().into(),
        Adadelta::default().into(),
        AdamW {
            amsgrad: true,
            ..AdamW::default()
        }
        .into(),
    ] {
        let mut state = OptimizerState::new(optimizer);
        let mut weight = walk(5000, 1);
        let clone = weight.clone();
        let before = values(&clone);
        for (step, shared) in [(0, true), (1, false), (2, false)] {
            let place = address(&weight);
            let gradient = walk(5000, 2 + step);
            let update = Update {
                name: "w",
                weight: &mut weight,
                gradient: &gradient,
                shared,
                settings: Settings::default(),
            };
            state.step(vec![update], 0.01, None).expect("a step");
            assert_eq!(address(&weight) != place, shared, "{optimizer:?}");
        }
        assert_eq!(values(&clone), before);
        assert_ne!(values(&weight), before);
        assert_eq!(state.steps("w"), 3);
    }
}

#[test]
fn many_parameters_step_together_as_they_do_alone_with_any_number_of_threads() {
    let sizes = [3, 70_001, 5, 40_000, 900, 31_000, 1];
    let gradients = |step: u64| -> Vec<Tensor> { (0..7).map(|i| walk(sizes[i], 50 + 7 * step + i as u64)).collect() };
    let names: Vec<String> = (0..7).map(|i| format!("w{i}")).collect();
    for clip in [None, Some(Clip::GlobalNorm(3.0)), Some(Clip::Value(0.5))] {
        let together = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
            pool.install(|| {
                let mut state = OptimizerState::new(AdamW::default());
                let mut weights: Vec<Tensor> = sizes.iter().map(|n| walk(*n, 1)).collect();
                for step in 0..3 {
                    let gradients = gradients(step);
                    let updates = weights
                        .iter_mut()
                        .zip(&gradients)
                        .zip(&names)
                        .map(|((weight, gradient), name)| Update {
                            name,
                            weight,
                            gradient,
                            shared: false,
                            settings: Settings::default(),
                        });
                    state.step(updates.collect(), 0.01, clip).expect("a step");
                }
                weights.iter().map(values).collect::<Vec<_>>()
            })
        };
        let one = together(1);
        assert!(one == together(2) && one == together(3));
        if clip.is_none() {
            let mut state = OptimizerState::new(AdamW::default());
            for i in [1, 4] {
                let mut weight = walk(sizes[i], 1);
                for step in 0..3 {
                    weight = state.update(&names[i], &weight, &gradients(step)[i], 0.01).expect("a step");
                }
                assert_eq!(values(&weight), one[i]);
            }
        }
    }
}

#[test]
fn keras_adam_has_its_epsilon_outside_the_bias_correction() {
    let settings = KerasAdam {
        lr: 0.1,
        eps: 0.5,
        ..KerasAdam::default()
    };
    let mut state = OptimizerState::new(settings);
    let mut weight = tensor(&[1.0], DType::F64);
    let (mut w, mut m, mut v) = (1.0f64, 0.0f64, 0.0f64);
    for t in 1..=4 {
        let g = f64::from(t) - 2.5;
        weight = state.update("w", &weight, &tensor(&[g], DType::F64), 0.1).expect("a step");
        m += 0.1 * (g - m);
        v += 0.001 * (g * g - v);
        w -= 0.1 * (1.0 - 0.999f64.powi(t)).sqrt() / (1.0 - 0.9f64.powi(t)) * m / (v.sqrt() + 0.5);
        assert!((values(&weight)[0] - w).abs() < 1e-14, "{w}");
    }
}

#[test]
fn groups_have_their_own_rate_and_decay() {
    let step = |settings: Settings| {
        let (mut weight, gradient) = (tensor(&[2.0], DType::F64), tensor(&[1.0], DType::F64));
        let update = Update {
            name: "w",
            weight: &mut weight,
            gradient: &gradient,
            shared: true,
            settings,
        };
        let sgd = Sgd {
            weight_decay: 0.5,
            ..Sgd::default()
        };
        let mut state = OptimizerState::new(sgd);
        state.step(vec![update], 0.1, None).expect("a step");
        (values(&weight)[0], state.steps("w"))
    };
    let settings = Settings::default();
    assert_eq!(step(settings), (2.0 - 0.1 * (1.0 + 0.5 * 2.0), 1));
    assert_eq!(step(Settings { rate: 0.5, ..settings }), (2.0 - 0.05 * (1.0 + 0.5 * 2.0), 1));
    let weight_decay = Some(0.0);
    assert_eq!(
        step(Settings {
            weight_decay,
            ..settings
        }),
        (2.0 - 0.1 * 1.0, 1)
    );
    assert_eq!(
        step(Settings {
            frozen: true,
            ..settings
        }),
        (2.0, 0)
    );
}

#[test]
fn clipping_comes_before_decay_and_tells_the_norm() {
    let sgd = Sgd {
        weight_decay: 1.0,
        ..Sgd::default()
    };
    let mut state = OptimizerState::new(sgd);
    let step = |state: &mut OptimizerState, clip: Clip, gradient: &[f64]| {
        let (mut weight, gradient) = (tensor(&[1.0, 1.0], DType::F64), tensor(gradient, DType::F64));
        let update = Update {
            name: "w",
            weight: &mut weight,
            gradient: &gradient,
            shared: true,
            settings: Settings::default(),
        };
        let norm = state.step(vec![update], 1.0, Some(clip));
        (norm, values(&weight))
    };
    let (norm, weight) = step(&mut state, Clip::GlobalNorm(1.0), &[3.0, 4.0]);
    assert_eq!(norm.expect("a step"), Some(5.0));
    assert!(
        (weight[0] + 0.6).abs() < 1e-15 && (weight[1] + 0.8).abs() < 1e-15,
        "{weight:?}"
    );
    let (norm, weight) = step(&mut state, Clip::Value(2.0), &[3.0, -0.5]);
    assert_eq!((norm.expect("a step"), weight), (None, vec![-2.0, 0.5]));
    let (_, weight) = step(&mut state, Clip::TensorNorm(10.0), &[3.0, 4.0]);
    assert_eq!(weight, [-3.0, -4.0]);
    let message = step(&mut state, Clip::GlobalNorm(1.0), &[f64::NAN, 0.0])
        .0
        .unwrap_err()
        .to_string();
    assert_eq!(message, "clip: the norm of the gradient of `w` is not finite");
    let message = step(&mut state, Clip::Value(0.0), &[1.0, 0.0]).0.unwrap_err().to_string();
    assert_eq!(message, "clip: the limit is 0, expected a number above 0");
}

#[test]
fn averages_follow_their_formulas_and_travel() {
    let moments = [1.0, 5.0, -2.0, 4.0];
    for average in [
        Average::Ema(0.9),
        Average::Swa {
            after: Period::Steps(0),
            every: Period::Steps(1),
        },
    ] {
        let mut state = AverageState::new(average);
        let mut expected = 0.0;
        for (n, value) in moments.iter().enumerate() {
            // Half of the way it goes on from what it wrote.
            if n == 2 {
                state = AverageState::import(average, state.export().expect("tensors")).expect("the state");
            }
            state.add(&[("w", &tensor(&[*value], DType::F64))]).expect("a moment");
            expected = match average {
                _ if n == 0 => *value,
                Average::Ema(_) => expected + (1.0 - 0.9) * (value - expected),
                Average::Swa { .. } => expected + (value - expected) / (n + 1) as f64,
            };
            let found = values(&state.tensors().expect("tensors")["w"])[0];
            assert!((found - expected).abs() < 1e-15, "{found} {expected}");
        }
        assert_eq!(state.count(), 4);
        let message = state.add(&[("v", &tensor(&[0.0], DType::F64))]).unwrap_err().to_string();
        assert!(
            message.contains("average of `v`: found a weight that was not there before"),
            "{message}"
        );
        let message = state.add(&[("w", &tensor(&[0.0, 1.0], DType::F64))]).unwrap_err().to_string();
        assert!(message.contains("found [2] of F64, expected [1]"), "{message}");
    }
    let swa = Average::Swa {
        after: Period::Epochs(1),
        every: Period::Steps(2),
    };
    let taken: Vec<u64> = (1..=9).filter(|step| swa.takes(*step, 4)).collect();
    assert_eq!(taken, [6, 8]);
}

/// The folder of golden files; nothing (and a word about it) where there is none.
fn golden(file: &str) -> Option<PathBuf> {
    let shared = std::env::var_os("CISTRON_SHARED").map(PathBuf::from);
    let shared = shared.unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared"));
    let path = shared.join("golden").join(file);
    if path.exists() {
        return Some(path);
    }
    assert_ne!(
        std::env::var("CI").as_deref(),
        Ok("true"),
        "no shared data: {} is missing",
        path.display()
    );
    println!("skipped: no shared data");
    None
}

fn array(path: &PathBuf, name: &str) -> Tensor {
    let mut file = npyz::npz::NpzArchive::open(path).expect("an npz file");
    let npy = file
        .by_name(name)
        .expect("readable")
        .unwrap_or_else(|| panic!("no array {name}"));
    let shape: Vec<usize> = npy.shape().iter().map(|n| *n as usize).collect();
    Tensor::from_vec(npy.into_vec::<f32>().expect("f32"), shape, &Device::Cpu).expect("a tensor")
}

fn close(found: &Tensor, expected: &Tensor, what: &str) {
    for (a, b) in values(found).into_iter().zip(values(expected)) {
        assert!((a - b).abs() <= 1e-6 * b.abs().max(1.0), "{what}: {a} against {b}");
    }
}

#[test]
fn enformer_clips_as_tensorflow() {
    let Some(path) = golden("enformer/ops/clip.npz") else { return };
    let gradients: Vec<Tensor> = (0..3).map(|i| array(&path, &format!("g{i}"))).collect();
    for (clip, name) in [
        (Clip::TensorNorm(1.0), "per_tensor_1.0"),
        (Clip::GlobalNorm(0.2), "global_0.2"),
    ] {
        // From 0 at rate 1 the weight becomes minus the clipped gradient.
        let mut weights: Vec<Tensor> = gradients.iter().map(|g| g.zeros_like().expect("zeros")).collect();
        let mut state = OptimizerState::new(Sgd::default());
        let names = ["0", "1", "2"];
        let updates = weights
            .iter_mut()
            .zip(&gradients)
            .zip(names)
            .map(|((weight, gradient), name)| Update {
                name,
                weight,
                gradient,
                shared: true,
                settings: Settings::default(),
            });
        let norm = state.step(updates.collect(), 1.0, Some(clip)).expect("a step");
        for (i, weight) in weights.iter().enumerate() {
            close(&weight.neg().expect("minus"), &array(&path, &format!("{name}_{i}")), name);
        }
        if let Some(norm) = norm {
            assert!((norm / values(&array(&path, "global_norm"))[0] - 1.0).abs() < 1e-6);
        }
    }
}

#[test]
fn enformer_adam_with_decoupled_decay_of_one_tensor() {
    let Some(path) = golden("enformer/ops/seed_decoupled_adam.npz") else {
        return;
    };
    let mut file = npyz::npz::NpzArchive::open(&path).expect("an npz file");
    let rate = file
        .by_name("lr")
        .expect("readable")
        .expect("lr")
        .into_vec::<f64>()
        .expect("f64")[0];
    let settings = AdamW {
        weight_decay: 1e-4,
        ..AdamW::default()
    };
    let mut state = OptimizerState::new(settings);
    let mut weights: Vec<Tensor> = (0..2).map(|i| array(&path, &format!("p_{i}"))).collect();
    for step in 0..5 {
        let gradients: Vec<Tensor> = (0..2).map(|i| array(&path, &format!("g{step}_{i}"))).collect();
        let decays = [None, Some(0.0)];
        let all = weights.iter_mut().zip(&gradients).zip(["0", "1"]).zip(decays);
        let updates = all.map(|(((weight, gradient), name), weight_decay)| Update {
            name,
            weight,
            gradient,
            shared: false,
            settings: Settings {
                weight_decay,
                ..Settings::default()
            },
        });
        state.step(updates.collect(), rate, None).expect("a step");
        for (i, weight) in weights.iter().enumerate() {
            close(
                weight,
                &array(&path, &format!("p{step}_{i}")),
                &format!("tensor {i}, step {step}"),
            );
        }
    }
}
