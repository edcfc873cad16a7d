//! Attention and its pooling and positions, beside the numbers of Enformer and at their corners.

mod common;

use candle_core::{DType, Device, IndexOp, Tensor};
use cistron_ops::{
    Attention, AttentionPool, Convolution, GammaRule, Kept, Operation, Pass, RelativeAttention, enformer_positions,
    enformer_positions_unsigned, sinusoid_positions, with_threads,
};
use common::{array, close, golden, run, values};

fn first(tensor: &Tensor) -> Tensor {
    tensor.transpose(1, 2).and_then(|t| t.contiguous()).expect("three axes")
}

fn transposed(tensor: &Tensor) -> Tensor {
    tensor.t().and_then(|t| t.contiguous()).expect("two axes")
}

/// A dense layer of TensorFlow, whose weight is `[in, out]`, over channels.
fn projected(x: &Tensor, weight: &Tensor, bias: Option<&Tensor>) -> Tensor {
    let weight = transposed(weight).unsqueeze(2).expect("a kernel of one tap");
    run(
        &Convolution::default(),
        &[&[x, &weight][..], &bias.into_iter().collect::<Vec<_>>()].concat(),
    )
}

/// Values without a pattern.
fn some(shape: &[usize], seed: f64) -> Tensor {
    let count: usize = shape.iter().product();
    let values: Vec<f64> = (0..count).map(|i| (i as f64 * 0.37 + seed).sin() * 1.5).collect();
    Tensor::from_vec(values, shape, &Device::Cpu).expect("a tensor")
}

#[test]
fn enformer_attention() {
    let Some(path) = golden("enformer/ops/attention.npz") else {
        return;
    };
    let of = |name| array(&path, name);
    let x = first(&of("x"));
    let [q, k, v] = ["q", "k", "v"].map(|name| projected(&x, &of(name), None));
    let bias = |name| of(name).flatten_all().expect("a bias of heads and channels");
    let attention = RelativeAttention {
        heads: 4,
        dropout: 0.05,
        position_dropout: 0.01,
        scale: None,
        gamma: GammaRule::Global,
    };
    // The file's positions are those of this rule.
    let positions = enformer_positions(16, 24, GammaRule::Global, DType::F32).expect("positions");
    close(&positions, &transposed(&of("positions")), 1e-4, "positions");
    let inputs = [&q, &k, &v, &bias("r_w_bias"), &bias("r_r_bias"), &transposed(&of("r_k"))];
    let mixed = run(&attention, &inputs);
    let output = projected(&mixed, &of("out_w"), Some(&of("out_b")));
    close(&output, &first(&of("y")), 2e-5, "attention");
    // The weights themselves: with the identity as values, the output of a head is its row of weights.
    let eye = Tensor::eye(16, DType::F32, &Device::Cpu).expect("the identity");
    let eyes = Tensor::cat(&[&eye, &eye, &eye, &eye], 0)
        .and_then(|t| t.unsqueeze(0))
        .expect("values");
    let eyes = Tensor::cat(&[&eyes, &eyes], 0).expect("of both examples");
    let weights = run(&attention, &[&q, &k, &eyes, inputs[3], inputs[4], inputs[5]]);
    let weights = weights
        .reshape((2, 4, 16, 16))
        .and_then(|t| t.transpose(2, 3))
        .expect("by heads");
    close(&weights, &of("weights"), 2e-5, "weights");
}

#[test]
fn enformer_attention_pool() {
    let Some(path) = golden("enformer/ops/attention_pool.npz") else {
        return;
    };
    let of = |name| array(&path, name);
    let (x, pool) = (first(&of("x")), AttentionPool { window: 2 });
    close(
        &run(&pool, &[&x, &transposed(&of("w_init"))]),
        &first(&of("y_init")),
        1e-5,
        "first weights",
    );
    let weight = transposed(&of("w_in_out"));
    let forward = pool.forward(&[&x, &weight], &Pass::default()).expect("forward");
    close(&forward.output, &first(&of("y")), 1e-5, "output");
    let loss = of("loss_weights")
        .reshape((1, 6, 1))
        .and_then(|t| t.broadcast_as((2, 6, 4)))
        .expect("weights");
    let kept = Kept::new(&pool, &[&x, &weight], 1, &forward);
    let gradients = pool
        .backward(&kept, &loss.contiguous().expect("contiguous"), &[true, true])
        .expect("backward");
    let [Some(dx), Some(dw)] = &gradients[..] else {
        panic!("two gradients")
    };
    close(dx, &first(&of("grad_x")), 1e-5, "gradient of the input");
    close(dw, &transposed(&of("grad_w")), 1e-5, "gradient of the weight");
}

#[test]
fn a_remainder_is_a_window_of_its_own() {
    let (x, weight) = (some(&[2, 3, 7], 0.1), some(&[3, 3], 0.7));
    for window in [2, 3, 4, 9] {
        let pool = AttentionPool { window };
        let all = run(&pool, &[&x, &weight]);
        let rest = 7 % window;
        let tail = run(&pool, &[&x.narrow(2, 7 - rest, rest).expect("the tail"), &weight]);
        assert_eq!(all.dims(), [2, 3, 7usize.div_ceil(window)]);
        close(
            &all.narrow(2, 7 / window, 1).expect("the last"),
            &tail,
            1e-12,
            "the remainder",
        );
    }
}

#[test]
fn enformer_positions_by_both_rules() {
    let read = |file: &str| -> Option<Tensor> {
        let path = golden(&format!("enformer/positional/{file}"))?;
        let bytes = std::fs::read(path).expect("readable");
        let npy = npyz::NpyFile::new(&bytes[..]).expect("an npy file");
        let shape: Vec<usize> = npy.shape().iter().map(|n| *n as usize).collect();
        Some(Tensor::from_vec(npy.into_vec::<f32>().expect("f32"), shape, &Device::Cpu).expect("a tensor"))
    };
    for (n, features, tolerance) in [(16, 24, 1e-4), (24, 24, 1e-4), (128, 48, 2e-4)] {
        let Some(expected) = read(&format!("basis_n{n}_f{features}.npy")) else {
            return;
        };
        let found = enformer_positions(n, features, GammaRule::Global, DType::F32).expect("positions");
        close(&found, &transposed(&expected), tolerance, "global rule");
    }
    let expected = read("basis_n1536_f192_unsigned_nonneg.npy").expect("the table of 1,536 positions");
    let found = enformer_positions_unsigned(1536, 96, GammaRule::Global, DType::F32).expect("positions");
    close(&found, &transposed(&expected), 4e-3, "1,536 positions");
    for (n, each, tolerance) in [(16, 4, 1e-4), (1536, 32, 4e-3)] {
        let expected = read(&format!("gamma_per_feature_n{n}_k{each}.npy")).expect("gammas");
        let found = enformer_positions_unsigned(n, 3 * each, GammaRule::PerFeature, DType::F32).expect("positions");
        let gammas = found.narrow(0, 2 * each, each).expect("gammas");
        close(&gammas, &transposed(&expected), tolerance, "rule of each feature");
    }
    let each_position = enformer_positions_unsigned(16, 12, GammaRule::PerPosition, DType::F64).expect("positions");
    let top = each_position.narrow(0, 8, 4).and_then(|t| t.max(0)).expect("largest");
    assert!(values(&top).iter().all(|v| *v == 1.0));
    assert!(enformer_positions(16, 25, GammaRule::Global, DType::F32).is_err());
    let sinusoid = sinusoid_positions(5, 4, DType::F64).expect("positions");
    let row = |i| values(&sinusoid.i(i).expect("a row"));
    assert!((row(0)[3] - 3f64.sin()).abs() < 1e-15 && (row(3)[2] - 0.02f64.cos()).abs() < 1e-15);
}

#[test]
fn attention_is_a_mixture_of_values() {
    // Softmax of the products, written out.
    let (q, k, v) = (some(&[1, 4, 3], 0.1), some(&[1, 4, 5], 0.2), some(&[1, 2, 5], 0.3));
    let attention = Attention {
        heads: 2,
        dropout: 0.0,
        scale: None,
    };
    let output = values(&run(&attention, &[&q, &k, &v]));
    let (q, k, v) = (values(&q), values(&k), values(&v));
    for head in 0..2 {
        for i in 0..3 {
            let weight = |j: usize| {
                let product: f64 = (0..2).map(|d| q[(head * 2 + d) * 3 + i] * k[(head * 2 + d) * 5 + j]).sum();
                (product / 2f64.sqrt()).exp()
            };
            let total: f64 = (0..5).map(weight).sum();
            let expected = (0..5).map(|j| weight(j) * v[head * 5 + j]).sum::<f64>() / total;
            assert!((output[head * 3 + i] - expected).abs() < 1e-12);
        }
    }
}

#[test]
fn attention_drops_its_share_and_says_what_is_wrong() {
    let attention = Attention {
        heads: 1,
        dropout: 0.25,
        scale: None,
    };
    let zeros = Tensor::zeros((1, 1, 400), DType::F32, &Device::Cpu).expect("zeros");
    let ones = zeros.ones_like().expect("ones");
    let train = Pass {
        training: true,
        seed: 3,
        step: 5,
        node: 7,
    };
    let output = |pass: &Pass| values(&attention.forward(&[&zeros, &zeros, &ones], pass).expect("forward").output);
    let dropped = output(&train);
    let mean = dropped.iter().sum::<f64>() / 400.0;
    let spread = dropped.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / 400.0;
    // 400 choices of 0 or 4/3: variance (1/3) / 400.
    assert!(
        (mean - 1.0).abs() < 0.01 && (spread * 1200.0 - 1.0).abs() < 0.3,
        "{mean} {spread}"
    );
    assert_eq!(dropped, output(&train));
    assert_ne!(dropped, output(&Pass { step: 6, ..train }));
    assert!(output(&Pass::default()).iter().all(|v| (v - 1.0).abs() < 1e-6));
    let refused = |attention: Attention, k: &[usize]| {
        let (q, k) = (some(&[2, 4, 3], 0.0), some(k, 0.0));
        attention.forward(&[&q, &k, &k], &train).expect_err("refused").to_string()
    };
    let three = Attention { heads: 3, ..attention };
    assert_eq!(
        refused(three, &[2, 4, 5]),
        "attention: heads is 3, expected a divisor of the 4 channels of queries and the 4 of values"
    );
    assert_eq!(
        refused(attention, &[2, 5, 5]),
        "attention: the keys has shape [2, 5, 5], expected [2, 4, tokens] for the queries [2, 4, 3], and at least one token"
    );
}

#[test]
fn attention_does_not_depend_on_the_number_of_threads() {
    let relative = RelativeAttention {
        heads: 2,
        dropout: 0.1,
        position_dropout: 0.1,
        scale: None,
        gamma: GammaRule::PerFeature,
    };
    let single = |t: Tensor| t.to_dtype(DType::F32).expect("single");
    let inputs = [
        single(some(&[2, 8, 300], 0.1)),
        single(some(&[2, 8, 300], 0.2)),
        single(some(&[2, 4, 300], 0.3)),
        single(some(&[8], 0.4)),
        single(some(&[8], 0.5)),
        single(some(&[8, 12], 0.6)),
    ];
    let inputs: Vec<&Tensor> = inputs.iter().collect();
    let pass = Pass {
        training: true,
        ..Pass::default()
    };
    let both = |operation: &dyn Operation, inputs: &[&Tensor]| -> Vec<Vec<f64>> {
        let forward = operation.forward(inputs, &pass).expect("forward");
        let kept = Kept::new(operation, inputs, 3, &forward);
        let gradients = operation
            .backward(&kept, &forward.output, &vec![true; inputs.len()])
            .expect("backward");
        gradients.iter().flatten().chain([&forward.output]).map(values).collect()
    };
    let plain = Attention {
        heads: 2,
        dropout: 0.0,
        scale: None,
    };
    let one = with_threads(1, || (both(&plain, &inputs[..3]), both(&relative, &inputs)));
    for threads in [2, 3] {
        let found = with_threads(threads, || (both(&plain, &inputs[..3]), both(&relative, &inputs)));
        assert!(found == one, "{threads} threads");
    }
}
