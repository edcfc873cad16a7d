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
    for (both, mean) in [("both_strands()", false), ("both_strands(Mean)", true)] {
        let text = format!("Net on toy {{ y = dna.{both}.conv(6, width = 4).gelu().flatten().linear(); }}");
        let model = declare(&text, vec![dna("dna", 33)], vec![scalar("y", 2)]);
        computes(&model, &[]);
        let network = Network::new(&model, 7, DType::F64).expect("a network");
        let given: Named = inputs(&model, 3)
            .into_iter()
            .map(|(name, tensor)| (name, tensor.to_dtype(DType::F64).expect("numbers")))
            .collect();
        let found = network.activations(&given, &["y.conv"]).expect("values")["y.conv"].clone();
        // The sequence and its reverse complement, each padded as width 4 is: one before it, two after it.
        let weight = |name: &str| {
            network
                .weights()
                .iter()
                .find(|w| w.name == name)
                .expect("a weight")
                .tensor
                .clone()
        };
        let sequence = given["dna"].clone();
        let of = |sequence: &Tensor| {
            let padded = sequence.pad_with_zeros(2, 1, 2)?;
            let bias = weight("y.conv.bias").reshape((1, 6, 1))?;
            padded.conv1d(&weight("y.conv.weight"), 0, 1, 1, 1)?.broadcast_add(&bias)
        };
        let expected = sequence.flip(&[1, 2]).and_then(|reverse| {
            let (a, b) = (of(&sequence)?, of(&reverse)?.flip(&[2])?);
            if mean { (a + b)? * 0.5 } else { a.maximum(&b) }
        });
        let values = |t: Tensor| t.flatten_all().and_then(|t| t.to_vec1::<f64>()).expect("values");
        let (found, expected) = (values(found), values(expected.expect("both strands")));
        assert_eq!(found.len(), 3 * 6 * 33);
        for (a, b) in found.iter().zip(&expected) {
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
