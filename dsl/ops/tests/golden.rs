//! Numbers of the original systems: DRG's losses, Enformer's GELU, layer norm, Poisson loss and Adam.

mod common;

use candle_core::{DType, Device, Tensor};
use cistron_ops::{
    Activation, Adam, Along, Arithmetic, Bins, Crop, Embedding, Fill, Gather, LayerNorm, Loss, OptimizerState, Pad,
    PaddedPooling, PoolKind, Positions, Profile, Reverse,
};
use common::{array, close, golden, run, values};
use std::collections::HashMap;
use std::path::PathBuf;

/// Whole numbers of an npz file.
fn integers(path: &PathBuf, name: &str) -> Vec<usize> {
    let mut file = npyz::npz::NpzArchive::open(path).expect("an npz file");
    let npy = file
        .by_name(name)
        .expect("readable")
        .unwrap_or_else(|| panic!("no array {name}"));
    let values = npy.into_vec::<i64>().expect("whole numbers");
    values.into_iter().map(|v| usize::try_from(v).expect("a place")).collect()
}

#[test]
fn enformer_gelu_and_softplus() {
    let Some(path) = golden("enformer/ops/gelu.npz") else { return };
    close(
        &run(&Activation::GeluSigmoid, &[&array(&path, "x")]),
        &array(&path, "y"),
        2e-6,
        "gelu",
    );
    close(
        &run(&Activation::Softplus, &[&array(&path, "softplus_x")]),
        &array(&path, "softplus"),
        2e-6,
        "softplus",
    );
}

#[test]
fn enformer_layer_norm() {
    let Some(path) = golden("enformer/ops/layer_norm.npz") else {
        return;
    };
    let rows = |name| array(&path, name).reshape((6, 5)).expect("rows");
    let output = run(
        &LayerNorm { epsilon: 1e-5 },
        &[&rows("x"), &array(&path, "scale"), &array(&path, "offset")],
    );
    close(&output, &rows("y"), 1e-5, "layer norm");
}

#[test]
fn enformer_adam() {
    let Some(path) = golden("enformer/ops/adam.npz") else { return };
    let mut file = npyz::npz::NpzArchive::open(&path).expect("an npz file");
    let rate = file
        .by_name("lr")
        .expect("readable")
        .expect("lr")
        .into_vec::<f64>()
        .expect("f64")[0];
    let mut adam = OptimizerState::new(Adam {
        lr: rate,
        ..Adam::default()
    });
    for tensor in 0..2 {
        let mut weight = array(&path, &format!("p_{tensor}"));
        for step in 0..5 {
            let gradient = array(&path, &format!("g{step}_{tensor}"));
            weight = adam.update(&format!("{tensor}"), &weight, &gradient, rate).expect("a step");
            close(
                &weight,
                &array(&path, &format!("p{step}_{tensor}")),
                1e-6,
                &format!("tensor {tensor}, step {step}"),
            );
        }
        assert_eq!(adam.steps(&format!("{tensor}")), 5);
    }
}

/// Every loss of DRG's that gives a number there, on all pairs of arrays.
#[test]
fn drg_losses_and_their_gradients() {
    let Some(path) = golden("drg/losses.safetensors") else {
        return;
    };
    let all: HashMap<String, Tensor> = candle_core::safetensors::load(path, &Device::Cpu).expect("a safetensors file");
    let (mut checked, mut failed) = (0, Vec::new());
    let classes = Loss::Correlation { along: Along::Examples };
    let mut names: Vec<&String> = all.keys().filter(|k| k.ends_with(".value")).collect();
    names.sort();
    for key in names {
        let what = key.trim_end_matches(".value");
        let (name, data) = what.split_once('.').expect("a name and a pair");
        let mut parts = Loss::drg(name).unwrap_or_else(|| panic!("no loss {name}"));
        if name == "JensenShannon" {
            // There it keeps the padding of the first array it met, which had 4 columns: a remainder of 4, half of it.
            let (window, padding, log) = (25, 2, false);
            parts[1].1 = Loss::Profile(Profile::Counts { window, padding, log });
        }
        let prediction = &all[&format!("{data}.pred")];
        let target = &all[&format!("{}.target", if data == "const_row" { "signed" } else { data })];
        for precision in [DType::F32, DType::F64] {
            let convert = |t: &Tensor| t.to_dtype(precision).expect("converted");
            let (mut value, mut gradient) = (
                0.0,
                prediction.zeros_like().expect("zeros").to_dtype(precision).expect("zeros"),
            );
            for (weight, loss) in &parts {
                let (v, g) = loss
                    .value_and_gradient(&convert(prediction), &convert(target), None)
                    .expect("a loss");
                value += weight * v;
                gradient = (gradient + (g * *weight).expect("scaled")).expect("added");
            }
            // The files hold every element (rows repeated), and the gradient of their sum.
            let elements = values(&all[key]);
            let count = Loss::drg_elements(name, prediction.dims()) as f64;
            let (found, expected) = (value * count, elements.iter().sum::<f64>());
            if (found - expected).abs() > 2e-6 * expected.abs().max(count) {
                failed.push(format!("{what} {precision:?}: value {found} against {expected}"));
            }
            let found = values(&(gradient * count).expect("scaled"));
            let expected = values(&all[&format!("{what}.grad")]);
            // The largest gradient of the row gives the scale; 1e16 is DRG's defect for a row without spread.
            let row = *prediction.dims().last().expect("an axis");
            let predicted = values(prediction);
            for (i, (found, expected)) in found.chunks(row).zip(expected.chunks(row)).enumerate() {
                let scale = expected.iter().fold(1.0, |m: f64, v| m.max(v.abs()));
                let here = &predicted[i * row..][..row];
                let lowest = (0..row).fold(0, |low, k| if here[k] < here[low] { k } else { low });
                // The lowest value's gradient in the files of `BCEMSE` is what rounding leaves of numbers of 1e7.
                let noisy = |k: usize| name == "BCEMSE" && k == lowest;
                let apart = (0..row).filter(|k| !noisy(*k)).map(|k| (found[k] - expected[k]).abs());
                let apart = apart.fold(0.0, f64::max);
                // Two examples are always perfectly correlated: the files hold noise around 0.
                let scale = if data == "profile" && parts.iter().any(|(_, loss)| *loss == classes) {
                    scale.max(50.0)
                } else {
                    scale
                };
                let flat = scale > 1e10 && found.iter().all(|v| v.abs() < 10.0);
                if !flat && apart > 2e-5 * scale {
                    failed.push(format!(
                        "{what} {precision:?} row {i}: {apart:e} of {scale:e}: {:?} against {:?}",
                        &found[..4],
                        &expected[..4]
                    ));
                }
            }
            checked += 1;
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
    assert_eq!(checked, 2 * 109);
}

/// Enformer's Poisson loss is Keras': it adds 1e-7.
#[test]
fn enformer_poisson() {
    let Some(path) = golden("enformer/ops/poisson.npz") else {
        return;
    };
    let (prediction, target) = (array(&path, "y_pred"), array(&path, "y_true"));
    let loss = Loss::PoissonRate { epsilon: 1e-7 };
    let (value, gradient) = loss.value_and_gradient(&prediction, &target, None).expect("a loss");
    let expected = values(&array(&path, "loss"))[0];
    assert!((value - expected).abs() < 2e-6 * expected.abs(), "{value} against {expected}");
    close(&gradient, &array(&path, "grad_pred"), 2e-6, "gradient");
}

/// DRG pads a remainder on both sides; its weighted pooling with the smallest value of the whole batch.
#[test]
fn drg_pooling() {
    let Some(path) = golden("drg/modules.safetensors") else {
        return;
    };
    let all: HashMap<String, Tensor> = candle_core::safetensors::load(path, &Device::Cpu).expect("a safetensors file");
    let kinds = [
        ("max", PoolKind::Max, Fill::Absent),
        ("mean", PoolKind::Mean, Fill::Absent),
        ("weighted", PoolKind::Weighted, Fill::Minimum),
    ];
    let mut checked = 0;
    for (name, kind, fill) in kinds {
        for (window, length) in [2, 3, 4, 6, 7]
            .into_iter()
            .flat_map(|w| [12, 13, 14, 15, 17, 23].map(|l| (w, l)))
        {
            let input = &all[&format!("pool.p{window}.L{length}.in")];
            let expected = &all[&format!("pool.{name}.p{window}.L{length}.out")];
            let output = run(&PaddedPooling { kind, window, fill }, &[input]);
            close(&output, expected, 2e-6, &format!("{name} {window} {length}"));
            assert_eq!(output.dims(), expected.dims());
            checked += 1;
        }
    }
    assert_eq!(checked, 90);
    let (kind, window, fill) = (PoolKind::Weighted, 4, Fill::Minimum);
    let both = &all["pool.batchdep.in"];
    close(
        &run(&PaddedPooling { kind, window, fill }, &[both]),
        &all["pool.batchdep.both"],
        2e-6,
        "both",
    );
    let first = both.narrow(0, 0, 1).expect("the first example");
    close(
        &run(&PaddedPooling { kind, window, fill }, &[&first]),
        &all["pool.batchdep.alone0"],
        2e-6,
        "alone",
    );
}

/// Enformer's and Basenji's other strand: the sequence reversed and complemented, the tracks reversed and exchanged.
#[test]
fn enformer_other_strand() {
    let Some(path) = golden("enformer/ops/augmentation.npz") else {
        return;
    };
    // Those files are channels-last.
    let channels_first = |name| array(&path, name).transpose(1, 2).expect("two axes");
    let x = channels_first("x");
    close(
        &run(&Reverse::ReverseComplement, &[&x]),
        &channels_first("rc").contiguous().expect("in order"),
        0.0,
        "sequence",
    );
    let flipped = run(&Reverse::Flip, &[&channels_first("target")]);
    close(
        &flipped,
        &channels_first("switch_reverse_nopair").contiguous().expect("in order"),
        0.0,
        "tracks",
    );
    let pairs = integers(&path, "strand_pair");
    let exchanged = run(&Gather { axis: 0, places: pairs }, &[&flipped]);
    close(
        &exchanged,
        &channels_first("switch_reverse").contiguous().expect("in order"),
        0.0,
        "exchanged tracks",
    );
    for (shift, name) in [
        (-3i32, "shift-3_pad0"),
        (-1, "shift-1_pad0"),
        (2, "shift2_pad0"),
        (3, "shift3_pad025"),
    ] {
        let value = if name.ends_with("25") { 0.25 } else { 0.0 };
        let by = shift.unsigned_abs() as usize;
        let (before, after) = if shift > 0 { (by, 0) } else { (0, by) };
        let pad = Pad {
            axis: 1,
            before,
            after,
            value,
        };
        let length = x.dims()[2];
        let crop = Crop { start: after, length };
        let shifted = run(&crop, &[&run(&pad, &[&x])]);
        close(&shifted, &channels_first(name).contiguous().expect("in order"), 0.0, name);
    }
}

/// LSFG's track preprocessor: embeddings of the bases and of the coverage's bins, and of the positions.
#[test]
fn lsfg_embeddings() {
    for folder in ["as_run", "as_named", "as_named_hot"] {
        let Some(path) = golden(&format!("lsfg/{folder}/forward.safetensors")) else {
            return;
        };
        let forward: HashMap<String, Tensor> = candle_core::safetensors::load(&path, &Device::Cpu).expect("a safetensors file");
        let weights = path.with_file_name("weights_init.safetensors");
        let weights: HashMap<String, Tensor> = candle_core::safetensors::load(weights, &Device::Cpu).expect("a safetensors file");
        let weight = |name: &str| &weights[&format!("track_preprocessor.{name}")];
        let edges = Bins::equal(0.0, 10.0, 8).edges;
        assert_eq!(edges, values(weight("bin_edges")));
        let bins = run(&Bins { edges }, &[&forward["logcov"]]);
        close(&bins, &forward["track_bin_ids"], 0.0, "bins");
        let bases = forward["track_nt"].to_dtype(DType::F32).expect("numbers");
        let sum = run(
            &Arithmetic::Add,
            &[
                &run(&Embedding, &[&bases, weight("nt_embed.weight")]),
                &run(&Embedding, &[&bins, weight("cov_embed.weight")]),
            ],
        );
        let embedded = run(&Positions, &[&sum, weight("pos_embed.weight")]);
        let expected = forward["track_embeddings"]
            .transpose(1, 2)
            .and_then(|t| t.contiguous())
            .expect("channels first");
        close(&embedded, &expected, 2e-6, "embeddings");
    }
}

/// maxATAC's loss and metrics on the predictions of its network.
#[test]
fn maxatac_loss_and_dice() {
    let Some(path) = golden("maxatac/arch_golden/dcnn_v2_float64.safetensors") else {
        return;
    };
    let all: HashMap<String, Tensor> = candle_core::safetensors::load(&path, &Device::Cpu).expect("a safetensors file");
    let inputs = path.with_file_name("inputs.safetensors");
    let inputs: HashMap<String, Tensor> = candle_core::safetensors::load(inputs, &Device::Cpu).expect("a safetensors file");
    let prediction = all["p_infer"].to_dtype(DType::F64).expect("numbers");
    for (labels, loss, dice) in [
        ("y", 0.6885147109764148, 0.39485934376716614),
        ("y_masked", 0.6888009443890497, 0.4112459719181061),
    ] {
        let target = inputs[labels].to_dtype(DType::F64).expect("numbers");
        let evaluate = |loss: Loss| loss.value_and_gradient(&prediction, &target, None).expect("a loss").0;
        assert!((evaluate(Loss::BceClipped { epsilon: 1e-7 }) - loss).abs() < 1e-7, "{labels}");
        assert!((1.0 - evaluate(Loss::Dice { smooth: 10.0 }) - dice).abs() < 1e-7, "{labels}");
    }
}
