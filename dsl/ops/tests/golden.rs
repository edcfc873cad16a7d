//! Numbers of the original systems: DRG's losses, Enformer's GELU, layer norm, Poisson loss and Adam.

mod common;

use candle_core::{Device, Tensor};
use cistron_ops::{Activation, Adam, Along, LayerNorm, Loss, OptimizerState};
use common::{array, close, golden, run, values};
use std::collections::HashMap;

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

#[test]
fn drg_losses_and_their_gradients() {
    let Some(path) = golden("drg/losses.safetensors") else {
        return;
    };
    let all: HashMap<String, Tensor> = candle_core::safetensors::load(path, &Device::Cpu).expect("a safetensors file");
    let cases = [
        ("MSE", "signed", Loss::Mse),
        ("MSE", "profile", Loss::Mse),
        ("PoissonNNL", "signed", Loss::Poisson { log_input: true }),
        ("PoissonNNL", "unit", Loss::Poisson { log_input: true }),
        ("BCELoss", "unit", Loss::Bce),
        ("Correlationdata", "signed", Loss::Correlation { along: Along::Tracks }),
        ("Correlationdata", "unit", Loss::Correlation { along: Along::Tracks }),
        ("Correlationclass", "signed", Loss::Correlation { along: Along::Examples }),
        ("Correlationclass", "unit", Loss::Correlation { along: Along::Examples }),
    ];
    for (name, data, loss) in cases {
        let what = format!("{name}.{data}");
        let (prediction, target) = (&all[&format!("{data}.pred")], &all[&format!("{data}.target")]);
        let (value, gradient) = loss.value_and_gradient(prediction, target, None).expect("a loss");
        // The files hold every element (rows repeated), and the gradient of their sum.
        let expected = values(&all[&format!("{what}.value")]);
        let mean = expected.iter().sum::<f64>() / expected.len() as f64;
        assert!(
            (value - mean).abs() < 2e-6 * mean.abs().max(1.0),
            "{what}: {value} against {mean}"
        );
        let gradient = (gradient * expected.len() as f64).expect("scaled");
        close(&gradient, &all[&format!("{what}.grad")], 1e-5, &what);
    }
}
