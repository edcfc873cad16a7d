//! Gradients with respect to inputs against finite differences.

use crate::compute::inputs;
use crate::declared::{declare, dna, rna, scalar};
use candle_core::{DType, Device, Tensor};
use cistron_model::Model;
use cistron_nn::{Named, Network, NetworkError};
use cistron_random::{Purpose, Stream};

/// Both strands, norms, weighted pooling with a remainder, a residual sum, dropout, two inputs, a relation of outputs.
fn model(recompute: &str) -> Model {
    let text = format!(
        "Small on toy {{
            {recompute}block trunk(x) {{
                let x = x.conv(6, width = 5).norm(Batch).gelu().pool(Weighted, 4, rest = Pad);
                let h = x + x.norm(Batch).gelu().conv(6, width = 3, dilation = 2);
                h.dense(7).gelu().dropout(0.4)
            }}
            kt = trunk(dna.both_strands()).linear();
            kd = trunk(rna).linear();
            ex = kt - kd;
        }}"
    );
    let outputs = ["ex", "kd", "kt"].map(|name| scalar(name, 3)).to_vec();
    declare(&text, vec![dna("dna", 26), rna("rna", 19)], outputs)
}

/// With running statistics that are not those that a network begins with.
fn network(model: &Model) -> Network {
    let mut network = Network::new(model, 1, DType::F64).expect("a network");
    let mut stream = Stream::new(2, Purpose::Simulation, 0, 0);
    let changed = network.apply(|weights| {
        for weight in weights.iter_mut().filter(|w| w.name.contains("running")) {
            let values: Vec<f64> = (0..weight.tensor.elem_count()).map(|_| 0.5 + stream.uniform()).collect();
            weight.tensor = Tensor::from_vec(values, weight.tensor.dims(), &Device::Cpu)?;
        }
        Ok(())
    });
    changed.expect("changed");
    network
}

fn values(tensor: &Tensor) -> Vec<f64> {
    tensor.flatten_all().and_then(|t| t.to_vec1()).expect("values")
}

fn wide(inputs: Named) -> Named {
    let one = |(name, tensor): (String, Tensor)| (name, tensor.to_dtype(DType::F64).expect("numbers"));
    inputs.into_iter().map(one).collect()
}

/// The sum over examples of `ex[0] - 2 ex[2]`, and of the squares of `kd` if asked for.
fn chosen(outputs: &Named, squares: bool) -> cistron_nn::Result<(f64, Named)> {
    let ex = &outputs["ex"];
    let weights = Tensor::new(&[[1.0, 0.0, -2.0]], &Device::Cpu)?.broadcast_as(ex.dims())?;
    let mut value = (ex * &weights)?.sum_all()?.to_scalar::<f64>()?;
    let mut gradients = Named::from([("ex".to_string(), weights.contiguous()?)]);
    if squares {
        value += outputs["kd"].sqr()?.sum_all()?.to_scalar::<f64>()?;
        gradients.insert("kd".into(), (&outputs["kd"] * 2.0)?);
    }
    Ok((value, gradients))
}

#[test]
fn they_agree_with_differences() {
    for recompute in ["", "recompute "] {
        let model = model(recompute);
        let (network, inputs) = (network(&model), wide(inputs(&model, 2)));
        let (value, found) = network.input_gradients(&inputs, &mut |o| chosen(o, true)).expect("gradients");
        let of = |inputs: &Named| chosen(&network.predict(inputs).expect("outputs"), true).expect("a value").0;
        assert_eq!(value, of(&inputs));
        for (name, input) in &inputs {
            let (before, found) = (values(input), values(&found[name]));
            let five = |place: usize| {
                let at = |change: f64| {
                    let (mut inputs, mut changed) = (inputs.clone(), before.clone());
                    changed[place] += change;
                    let tensor = Tensor::from_vec(changed, input.dims(), &Device::Cpu).expect("a tensor");
                    inputs.insert(name.clone(), tensor);
                    of(&inputs)
                };
                let h = 1e-3;
                (at(-2.0 * h) - 8.0 * at(-h) + 8.0 * at(h) - at(2.0 * h)) / (12.0 * h)
            };
            let expected: Vec<f64> = (0..before.len()).map(five).collect();
            let largest = expected.iter().fold(0.0, |m: f64, v| m.max(v.abs()));
            assert!(largest > 1e-3, "{name}: nothing depends on it");
            for (a, b) in found.iter().zip(&expected) {
                assert!((a - b).abs() / largest < 1e-6, "{recompute}{name}: {a} against {b}");
            }
        }
    }
}

#[test]
fn examples_do_not_meet_and_the_network_stays_as_it_is() {
    let model = model("");
    let (network, both) = (network(&model), wide(inputs(&model, 2)));
    let gradients = |inputs: &Named| {
        network
            .input_gradients(inputs, &mut |o| chosen(o, false))
            .expect("gradients")
            .1
    };
    let (before, all) = (network.predict(&both).expect("outputs"), gradients(&both));
    for row in 0..2 {
        let one = both
            .iter()
            .map(|(n, t)| (n.clone(), t.narrow(0, row, 1).expect("a row")))
            .collect();
        for (name, alone) in gradients(&one) {
            let together = values(&all[&name].narrow(0, row, 1).expect("a row"));
            let largest = together.iter().fold(0.0, |m: f64, v| m.max(v.abs()));
            for (a, b) in values(&alone).iter().zip(together) {
                assert!((a - b).abs() < 1e-12 * largest.max(1.0), "{name}, row {row}: {a} {b}");
            }
        }
    }
    let after = network.predict(&both).expect("outputs");
    assert!(before.iter().all(|(name, tensor)| values(tensor) == values(&after[name])));
}

#[test]
fn what_is_computed_again_gives_the_same_bits() {
    let model = model("");
    let (mut network, inputs) = (network(&model), wide(inputs(&model, 3)));
    let mut bits = |from: usize| {
        network.recompute_from(from);
        let (_, found) = network.input_gradients(&inputs, &mut |o| chosen(o, true)).expect("gradients");
        let all: Vec<u64> = found.values().flat_map(values).map(f64::to_bits).collect();
        all
    };
    assert!(bits(0) == bits(usize::MAX));
}

#[test]
fn an_input_without_influence_has_the_gradient_zero_and_mistakes_are_named() {
    let model = model("");
    let (network, inputs) = (network(&model), wide(inputs(&model, 2)));
    let of_kt = |outputs: &Named| -> cistron_nn::Result<(f64, Named)> {
        Ok((0.0, Named::from([("kt".to_string(), outputs["kt"].ones_like()?)])))
    };
    let (_, found) = network.input_gradients(&inputs, &mut |o| of_kt(o)).expect("gradients");
    assert_eq!(found["rna"].dims(), [2, 4, 19]);
    assert!(values(&found["rna"]).iter().all(|v| *v == 0.0));
    assert!(values(&found["dna"]).iter().any(|v| *v != 0.0));
    let wrong = |_: &Named| -> cistron_nn::Result<(f64, Named)> {
        Ok((
            0.0,
            Named::from([("kt".to_string(), Tensor::ones((2, 4), DType::F64, &Device::Cpu)?)]),
        ))
    };
    let error = network.input_gradients(&inputs, &mut |o| wrong(o)).expect_err("a shape");
    assert!(matches!(error, NetworkError::Gradient { .. }), "{error}");
    assert!(
        error.to_string().contains("[2, 4]") && error.to_string().contains("[2, 3]"),
        "{error}"
    );
}
