//! The declared systems compute: every operation that they reach is checked, outputs have their shapes, one step has gradients.

use crate::declared::{declare, dna, scalar};
use crate::{enformer, lsfg, maxatac};
use candle_core::{DType, Device, Tensor};
use cistron_declaration::PortKind;
use cistron_model::Model;
use cistron_nn::{Named, Network};
use cistron_random::{Purpose, Stream};

/// Inputs of the right kinds for so many examples.
pub(crate) fn inputs(model: &Model, batch: usize) -> Named {
    let one = |(i, port): (usize, &cistron_declaration::Port)| {
        let mut stream = Stream::new(3, Purpose::Simulation, 0, i as u64);
        let mut dims = vec![batch];
        dims.extend(port.axes.iter().map(|a| a.size.unwrap_or(0)));
        let count: usize = dims.iter().product();
        let values: Vec<f32> = match port.kind {
            PortKind::Dna | PortKind::Rna => {
                let length = dims[2];
                let mut values = vec![0.0; count];
                for example in values.chunks_mut(4 * length) {
                    for position in 0..length {
                        example[stream.below(4) as usize * length + position] = 1.0;
                    }
                }
                values
            }
            PortKind::Category => (0..count).map(|_| stream.below(port.tracks.len() as u64) as f32).collect(),
            _ => (0..count).map(|_| stream.uniform() as f32 * 8.0).collect(),
        };
        (
            port.name.clone(),
            Tensor::from_vec(values, dims, &Device::Cpu).expect("a tensor"),
        )
    };
    model.signature().inputs.iter().enumerate().map(one).collect()
}

/// Predicts and takes one step on the sum of squares of all outputs.
fn computes(model: &Model, idle: &[&str]) {
    let mut network = Network::new(model, 1, DType::F32).unwrap_or_else(|e| panic!("{}: {e}", model.name()));
    let inputs = inputs(model, 2);
    let outputs = network.predict(&inputs).expect("predictions");
    for port in &model.signature().outputs {
        let mut dims = vec![2];
        dims.extend(port.axes.iter().map(|a| a.size.unwrap_or(0)));
        assert_eq!(outputs[&port.name].dims(), dims, "{}", port.name);
    }
    let mut loss = |outputs: &Named| {
        let mut sum = 0.0;
        let mut gradients = Named::new();
        for (name, value) in outputs {
            sum += f64::from(value.sqr()?.sum_all()?.to_scalar::<f32>()?);
            gradients.insert(name.clone(), (value * 2.0)?);
        }
        Ok((sum, gradients))
    };
    let step = network.step(&inputs, 1, 0, &mut loss).expect("a step");
    assert!(step.loss.is_finite(), "{}", step.loss);
    for (weight, gradient) in network.weights().iter().zip(&step.gradients) {
        let expected = weight.trainable && !idle.contains(&weight.name.as_str());
        assert_eq!(gradient.is_some(), expected, "{}", weight.name);
    }
}

#[test]
fn a_function_of_the_users_computes() {
    cistron_nn::custom_layer("halves", |x| x[0].narrow(2, 0, 10)? * 0.5);
    let text = "Net on toy { y = dna.conv(3, width = 5).custom(\"halves\", positions = 10).flatten().linear(); }";
    let model = declare(text, vec![dna("dna", 20)], vec![scalar("y", 2)]);
    computes(&model, &[]);
    let text = text.replace("halves", "halfs");
    let model = declare(&text, vec![dna("dna", 20)], vec![scalar("y", 2)]);
    let error = Network::new(&model, 1, DType::F32).expect_err("no such function");
    assert!(error.to_string().contains("did you mean `halves`?"), "{error}");
}

#[test]
fn one_step_for_both_strands_is_the_same_as_two() {
    let text = |both: &str| format!("Net on toy {{ y = dna.{both}(6, width = 4).gelu().flatten().linear(); }}");
    for (both, one) in [
        ("both_strands().conv", "strand_conv"),
        ("both_strands(Mean).conv", "strand_conv"),
    ] {
        let mean = if both.contains("Mean") { ", combine = Mean" } else { "" };
        let one = text(one).replace("width = 4", &format!("width = 4{mean}"));
        let declared = |text: &str| declare(text, vec![dna("dna", 33)], vec![scalar("y", 2)]);
        let (two, one) = (declared(&text(both)), declared(&one));
        computes(&one, &[]);
        let inputs = inputs(&two, 3);
        let value = |model: &Model| {
            let network = Network::new(model, 7, DType::F64).expect("a network");
            let wide = |t: &Tensor| t.to_dtype(DType::F64).expect("numbers");
            let inputs = inputs.iter().map(|(n, t)| (n.clone(), wide(t))).collect();
            let y = network.predict(&inputs).expect("predictions")["y"].clone();
            y.flatten_all().and_then(|t| t.to_vec1::<f64>()).expect("values")
        };
        for (a, b) in value(&two).iter().zip(value(&one)) {
            assert!((a - b).abs() < 1e-12, "{a} {b}");
        }
    }
}

#[test]
fn maxatac_computes() {
    computes(&maxatac::dcnn_v2(), &[]);
}

#[test]
fn lsfg_computes() {
    computes(&lsfg::joint(), &[]);
}

#[test]
fn enformer_computes() {
    for gamma in ["PerFeature", "Global", "PerPosition"] {
        computes(&enformer::tiny(gamma), &[]);
    }
}
