//! Normalisations at their corners and beside the numbers of the original systems.

mod common;

use candle_core::{DType, Device, Tensor};
use cistron_ops::{BatchNorm, Forward, GroupNorm, LayerNorm, LogSoftmax, Operation, Pass, Running, Softmax};
use common::{array, close, golden, run, values};

const TRAIN: Pass = Pass {
    training: true,
    seed: 1,
    step: 0,
    node: 0,
};

fn tensor(values: &[f64], shape: &[usize]) -> Tensor {
    Tensor::from_slice(values, shape, &Device::Cpu).expect("a tensor")
}

/// The channel axis of a TensorFlow array comes last; here it is the second.
fn channel_first(tensor: &Tensor) -> Tensor {
    tensor.transpose(1, 2).and_then(|t| t.contiguous()).expect("three axes")
}

fn trained(norm: &BatchNorm, inputs: &[&Tensor]) -> Forward {
    norm.forward(inputs, &TRAIN).expect("forward")
}

#[test]
fn enformer_batch_norm_of_sonnet() {
    let Some(path) = golden("enformer/ops/batch_norm.npz") else {
        return;
    };
    let norm = BatchNorm {
        epsilon: 1e-5,
        momentum: 0.1,
        running: Running::Sonnet,
        group: None,
    };
    let (scale, offset) = (array(&path, "scale"), array(&path, "offset"));
    let zeros = Tensor::zeros(3, DType::F32, &Device::Cpu).expect("zeros");
    let mut buffers = [zeros.clone(), zeros.clone(), zeros.narrow(0, 0, 1).expect("one")];
    let first = channel_first(&array(&path, "x0"));
    let ones = zeros.ones_like().expect("ones");
    let untrained = run(&norm, &[&first, &ones, &zeros, &buffers[0], &buffers[1], &buffers[2]]);
    let expected = channel_first(&array(&path, "eval_before_any_training_scale1"));
    close(&untrained, &expected, 1e-5, "evaluation before training");
    for step in 0..3 {
        let x = channel_first(&array(&path, &format!("x{step}")));
        let forward = trained(&norm, &[&x, &scale, &offset, &buffers[0], &buffers[1], &buffers[2]]);
        close(
            &forward.output,
            &channel_first(&array(&path, &format!("y{step}"))),
            1e-5,
            &format!("output of step {step}"),
        );
        for (index, value) in forward.updates {
            buffers[index - 3] = value;
        }
        for (buffer, name) in buffers.iter().zip(["mean_hidden", "var_hidden"]) {
            close(
                buffer,
                &array(&path, &format!("{name}{step}")),
                1e-6,
                &format!("{name} after step {step}"),
            );
        }
    }
    assert_eq!(values(&buffers[2]), [3.0]);
    let output = run(&norm, &[&first, &scale, &offset, &buffers[0], &buffers[1], &buffers[2]]);
    close(&output, &channel_first(&array(&path, "y_eval")), 1e-5, "evaluation");
}

#[test]
fn running_statistics_follow_keras() {
    let norm = BatchNorm {
        epsilon: 1e-3,
        momentum: 0.25,
        running: Running::Keras,
        group: None,
    };
    let x = tensor(&[1.0, 2.0, 3.0, 6.0], &[2, 1, 2]);
    let one = |v: f64| tensor(&[v], &[1]);
    let forward = trained(&norm, &[&x, &one(1.0), &one(0.0), &one(8.0), &one(1.0)]);
    // Mean 3, biased variance 3.5.
    assert!((values(&forward.updates[0].1)[0] - (0.75 * 8.0 + 0.25 * 3.0)).abs() < 1e-12);
    assert!((values(&forward.updates[1].1)[0] - (0.75 + 0.25 * 3.5)).abs() < 1e-12);
    assert!((values(&forward.output)[0] + 2.0 / 3.501f64.sqrt()).abs() < 1e-12);
}

#[test]
fn groups_of_examples_are_batches_of_their_own() {
    let norm = |group| BatchNorm {
        group,
        ..BatchNorm::default()
    };
    let x = tensor(&(0..70).map(|i| (f64::from(i) * 1.3).sin()).collect::<Vec<_>>(), &[5, 2, 7]);
    let two = |v: f64| tensor(&[v, 2.0 * v], &[2]);
    let parameters = [two(1.0), two(0.5), two(0.1), two(1.0)];
    let inputs = |x: &Tensor| -> Vec<Tensor> { std::iter::once(x.clone()).chain(parameters.iter().cloned()).collect() };
    let forward = |norm: BatchNorm, x: &Tensor| {
        let inputs = inputs(x);
        trained(&norm, &inputs.iter().collect::<Vec<_>>())
    };
    let together = forward(norm(Some(2)), &x);
    let mut outputs = Vec::new();
    for (start, length) in [(0, 2), (2, 2), (4, 1)] {
        let alone = forward(norm(None), &x.narrow(0, start, length).expect("examples"));
        if start == 0 {
            for (a, b) in together.updates.iter().zip(&alone.updates) {
                close(&a.1, &b.1, 1e-12, "running statistics of the first group");
            }
        }
        outputs.push(alone.output);
    }
    close(&together.output, &Tensor::cat(&outputs, 0).expect("joined"), 1e-12, "groups");
    let lone = tensor(&[1.0, 2.0, 3.0, 4.0], &[2, 2]);
    let inputs = inputs(&lone);
    let message = norm(Some(1))
        .forward(&inputs.iter().collect::<Vec<_>>(), &TRAIN)
        .expect_err("one value");
    assert_eq!(
        message.to_string(),
        "batch_norm: the input has shape [2, 2], expected more than one value per channel in training, in each group of 1 examples"
    );
}

#[test]
fn enformer_layer_norm_by_channels() {
    let Some(path) = golden("enformer/ops/layer_norm.npz") else {
        return;
    };
    let x = channel_first(&array(&path, "x"));
    let output = run(
        &LayerNorm { epsilon: 1e-5 },
        &[&x, &array(&path, "scale"), &array(&path, "offset")],
    );
    close(&output, &channel_first(&array(&path, "y")), 1e-5, "layer norm");
}

#[test]
fn group_norm_of_one_channel_and_of_all() {
    let x = tensor(&(0..60).map(|i| (f64::from(i) * 1.3).sin()).collect::<Vec<_>>(), &[2, 3, 10]);
    let (weight, bias) = (tensor(&[1.0, 2.0, 3.0], &[3]), tensor(&[0.0, 0.5, 1.0], &[3]));
    // One group per channel is an instance norm: a batch norm of each example alone.
    let found = run(
        &GroupNorm {
            groups: 3,
            epsilon: 1e-5,
        },
        &[&x, &weight, &bias],
    );
    let zero = weight.zeros_like().expect("zeros");
    let alone = BatchNorm {
        group: Some(1),
        ..BatchNorm::default()
    };
    close(
        &found,
        &trained(&alone, &[&x, &weight, &bias, &zero, &weight]).output,
        1e-12,
        "instances",
    );
    // One group of all channels has mean 0 and variance 1 before weight and bias.
    let one = weight.ones_like().expect("ones");
    let y = values(&run(&GroupNorm { groups: 1, epsilon: 0.0 }, &[&x, &one, &zero]));
    let mean = y[..30].iter().sum::<f64>() / 30.0;
    let square = y[..30].iter().map(|v| v * v).sum::<f64>() / 30.0;
    assert!(mean.abs() < 1e-12 && (square - 1.0).abs() < 1e-12, "{mean} {square}");
    let message = GroupNorm { groups: 2, epsilon: 0.0 }
        .forward(&[&x, &weight, &bias], &TRAIN)
        .expect_err("two groups of three");
    assert_eq!(
        message.to_string(),
        "group_norm: groups is 2, expected a divisor of the 3 channels"
    );
}

#[test]
fn softmax_of_large_logits_and_of_none() {
    let x = tensor(&[1e4, 1e4, -1e4, f64::NEG_INFINITY, 0.0, 0.0], &[2, 3]);
    for x in [x.clone(), x.to_dtype(DType::F32).expect("single")] {
        assert_eq!(values(&run(&Softmax { axis: 0 }, &[&x])), [0.5, 0.5, 0.0, 0.0, 0.5, 0.5]);
        let logarithms = values(&run(&LogSoftmax { axis: 0 }, &[&x]));
        assert!(
            (logarithms[0] + 2f64.ln()).abs() < 1e-6 && logarithms[2] == -2e4 - 2f64.ln() || logarithms[2] == -20_000.693_359_375
        );
        assert_eq!(logarithms[3], f64::NEG_INFINITY);
    }
    let nothing = tensor(&[f64::NEG_INFINITY, f64::NEG_INFINITY, 1.0, f64::NAN], &[2, 2]);
    assert!(values(&run(&Softmax { axis: 0 }, &[&nothing])).iter().all(|v| v.is_nan()));
}
