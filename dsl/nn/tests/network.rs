//! The executor against finite differences, threads, files and mistakes.

mod common;

use candle_core::{DType, Tensor};
use cistron_model::{Graph, Operation, Pool};
use cistron_nn::{Named, Network, NetworkError, Result};
use cistron_ops::Loss;
use common::{Build, one_hot, random};

/// Two inputs, a value used twice, batch norm, dropout, weights shared by two layers, two heads.
fn graph() -> Graph {
    let mut b = Build::default();
    let dna = b.input("dna", &[4, 12]);
    let extra = b.input("extra", &[6]);
    let first = b.conv("stem.conv", dna, 4, 3);
    let norm = b.batch_norm("stem.norm", first);
    let act = b.same("stem.gelu", Operation::Gelu(cistron_model::Gelu::Erf), &[norm]);
    let second = b.conv("tower.conv", act, 4, 4);
    let sum = b.same("tower.add", Operation::Add, &[second, act]);
    // The same weights once more.
    let again = b.conv("tower.again", sum, 4, 4);
    b.graph.parameters.truncate(b.graph.parameters.len() - 2);
    b.graph.nodes[again].parameters = b.graph.nodes[second].parameters.clone();
    let pooled = b.pool("tower.pool", again, Pool::Weighted, 5);
    let flat = b.flatten("flat", pooled);
    let drop = b.same("drop", Operation::Dropout { rate: 0.3 }, &[flat]);
    let joined = b.node("joined", Operation::Concat { axis: 0 }, &[drop, extra], &[14], Vec::new());
    let a = b.linear("head.a", joined, 2);
    let c = b.linear("head.b", joined, 2);
    let difference = b.same("difference", Operation::Subtract, &[a, c]);
    b.output("a", a).output("difference", difference).graph
}

fn inputs(precision: DType) -> Named {
    Named::from([
        ("dna".into(), one_hot(3, 12, precision)),
        ("extra".into(), random(&[3, 6], 4, precision)),
    ])
}

fn loss(outputs: &Named) -> Result<(f64, Named)> {
    let mut total = 0.0;
    let mut gradients = Named::new();
    for (i, (name, output)) in outputs.iter().enumerate() {
        let target = random(output.dims(), 20 + i as u64, output.dtype());
        let (value, gradient) = Loss::Mse.value_and_gradient(output, &target, None)?;
        total += value;
        gradients.insert(name.clone(), gradient);
    }
    Ok((total, gradients))
}

fn values(tensor: &Tensor) -> Vec<f64> {
    tensor
        .flatten_all()
        .and_then(|t| t.to_dtype(DType::F64))
        .and_then(|t| t.to_vec1())
        .expect("values")
}

fn loss_with(network: &Network, weight: usize, element: usize, change: f64) -> f64 {
    let mut changed = network.clone();
    changed
        .apply(|weights| {
            let mut v = values(&weights[weight].tensor);
            v[element] += change;
            weights[weight].tensor = Tensor::from_vec(v, weights[weight].tensor.dims(), &candle_core::Device::Cpu)?;
            Ok(())
        })
        .expect("changed");
    changed.step(&inputs(DType::F64), 9, 4, &mut loss).expect("a step").loss
}

#[test]
fn the_gradient_of_a_whole_network_agrees_with_differences() {
    let mut network = Network::from_graph(graph(), 1, DType::F64).expect("a network");
    let fresh = network.clone();
    let step = network.step(&inputs(DType::F64), 9, 4, &mut loss).expect("a step");
    let mut checked = 0;
    for (index, weight) in fresh.weights().iter().enumerate() {
        assert_eq!(step.gradients[index].is_some(), weight.trainable, "{}", weight.name);
        let Some(gradient) = &step.gradients[index] else { continue };
        let found = values(gradient);
        let h = 1e-4;
        let five = |e: usize| {
            let at = |k: f64| loss_with(&fresh, index, e, k * h);
            (at(-2.0) - 8.0 * at(-1.0) + 8.0 * at(1.0) - at(2.0)) / (12.0 * h)
        };
        let expected: Vec<f64> = (0..found.len()).map(five).collect();
        let largest = expected.iter().fold(1e-3, |m: f64, v| m.max(v.abs()));
        for (a, b) in found.iter().zip(&expected) {
            assert!((a - b).abs() / largest < 1e-6, "{}: {a} against {b}", weight.name);
        }
        checked += found.len();
    }
    assert_eq!(checked, network.parameter_count());
}

#[test]
fn results_do_not_depend_on_the_number_of_threads() {
    let mut b = Build::default();
    let mut x = b.input("dna", &[4, 300]);
    for i in 0..2 {
        x = b.conv(&format!("conv{i}"), x, 24, 9);
        x = b.batch_norm(&format!("norm{i}"), x);
        x = b.same(&format!("gelu{i}"), Operation::Gelu(cistron_model::Gelu::Erf), &[x]);
        x = b.pool(&format!("pool{i}"), x, Pool::Max, 3);
    }
    x = b.flatten("flat", x);
    x = b.same("drop", Operation::Dropout { rate: 0.1 }, &[x]);
    x = b.linear("head", x, 40);
    let graph = b.output("y", x).graph;
    let inputs = Named::from([("dna".to_string(), one_hot(40, 300, DType::F32))]);
    let bits = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
        pool.install(|| {
            let mut network = Network::from_graph(graph.clone(), 3, DType::F32).expect("a network");
            let step = network.step(&inputs, 1, 0, &mut loss).expect("a step");
            let all = step
                .gradients
                .into_iter()
                .flatten()
                .chain(network.weights().iter().map(|w| w.tensor.clone()));
            let mut bits = vec![step.loss.to_bits()];
            all.for_each(|t| bits.extend(values(&t).into_iter().map(f64::to_bits)));
            bits
        })
    };
    let one = bits(1);
    assert!(one == bits(2) && one == bits(3));
}

#[test]
fn dropout_and_running_statistics_belong_to_training_alone() {
    let mut network = Network::from_graph(graph(), 1, DType::F32).expect("a network");
    let x = inputs(DType::F32);
    let before = network.predict(&x).expect("outputs");
    assert_eq!(values(&before["a"]), values(&network.predict(&x).expect("outputs")["a"]));
    let mut losses = Vec::new();
    for step in [0, 0, 1] {
        let mut fresh = network.clone();
        losses.push(fresh.step(&x, 1, step, &mut loss).expect("a step").loss);
    }
    assert_eq!(losses[0], losses[1]);
    assert_ne!(losses[0], losses[2]);
    network.step(&x, 1, 0, &mut loss).expect("a step");
    let running = network
        .weights()
        .iter()
        .find(|w| w.name == "stem.norm.running_mean")
        .expect("a buffer");
    assert!(values(&running.tensor).iter().any(|v| *v != 0.0));
    assert_ne!(values(&before["a"]), values(&network.predict(&x).expect("outputs")["a"]));
}

#[test]
fn first_values_come_from_the_seed_and_each_parameter_has_its_own_stream() {
    let weights = |seed| {
        let network = Network::from_graph(graph(), seed, DType::F32).expect("a network");
        network.weights().iter().map(|w| values(&w.tensor)).collect::<Vec<_>>()
    };
    assert_eq!(weights(1), weights(1));
    assert_ne!(weights(1), weights(2));
    let all = weights(1);
    let bound = 1.0 / 12f64.sqrt();
    assert!(all[0].iter().all(|v| v.abs() <= bound) && all[0].iter().any(|v| v.abs() > 0.8 * bound));
    assert_ne!(all[0][..4], all[1][..4]);
}

#[test]
fn weights_travel_as_safetensors_and_mistakes_are_told_at_once() {
    let mut network = Network::from_graph(graph(), 1, DType::F32).expect("a network");
    let bytes = network.to_safetensors().expect("bytes");
    let mut other = Network::from_graph(graph(), 2, DType::F32).expect("a network");
    other.load_safetensors(&bytes).expect("weights");
    for (a, b) in network.weights().iter().zip(other.weights()) {
        assert_eq!(values(&a.tensor), values(&b.tensor));
    }
    let mut named: Named = network.weights().iter().map(|w| (w.name.clone(), w.tensor.clone())).collect();
    let bias = named.remove("head.a.bias").expect("a bias");
    named.insert("head.a.bais".into(), bias);
    named.insert("stem.conv.weight".into(), random(&[4, 4, 5], 0, DType::F32));
    let message = network.set_weights(named).expect_err("mistakes").to_string();
    for part in [
        "`head.a.bias` [2] is missing; there is `head.a.bais`",
        "`stem.conv.weight` has shape [4, 4, 5], the network's has [4, 4, 3]",
        "`head.a.bais` [2] belongs to no layer",
    ] {
        assert!(message.contains(part), "{message}");
    }
    let message = network.load_safetensors(b"no such thing").expect_err("no file").to_string();
    assert!(message.contains("no safetensors file"), "{message}");
}

#[test]
fn inputs_that_do_not_fit_are_named() {
    let network = Network::from_graph(graph(), 1, DType::F32).expect("a network");
    let message = |x: Named| network.predict(&x).expect_err("a mistake").to_string();
    let mut x = inputs(DType::F32);
    x.remove("extra");
    assert_eq!(
        message(x.clone()),
        "input `extra`: found only `dna`, expected a tensor [batch, 6]"
    );
    x.insert("extra".into(), random(&[3, 7], 0, DType::F32));
    assert_eq!(message(x.clone()), "input `extra`: found shape [3, 7], expected [batch, 6]");
    x.insert("extra".into(), random(&[2, 6], 0, DType::F32));
    assert_eq!(
        message(x),
        "input `extra`: found 2 examples, expected 3, as many as input `dna` has"
    );
}

#[test]
fn activations_are_found_by_name() {
    let network = Network::from_graph(graph(), 1, DType::F32).expect("a network");
    let x = inputs(DType::F32);
    let found = network.activations(&x, &["stem.conv", "difference"]).expect("values");
    assert_eq!(found["stem.conv"].dims(), [3, 4, 12]);
    assert_eq!(
        values(&found["difference"]),
        values(&network.predict(&x).expect("outputs")["difference"])
    );
    let message = network
        .activations(&x, &["stem.cnov"])
        .expect_err("no such layer")
        .to_string();
    assert_eq!(message, "the network has no layer `stem.cnov`; did you mean `stem.conv`?");
}

#[test]
fn what_is_not_finite_is_found_and_ends_a_step() {
    let mut network = Network::from_graph(graph(), 1, DType::F32).expect("a network");
    let x = inputs(DType::F32);
    assert_eq!(network.find_non_finite(&x).expect("a search"), None);
    network
        .apply(|weights| {
            let weight = weights.iter_mut().find(|w| w.name == "tower.conv.bias").expect("a bias");
            weight.tensor = (&weight.tensor / 0.0)?;
            Ok(())
        })
        .expect("changed");
    assert_eq!(network.find_non_finite(&x).expect("a search").as_deref(), Some("tower.conv"));
    let buffers = |n: &Network| {
        n.weights()
            .iter()
            .filter(|w| !w.trainable)
            .map(|w| values(&w.tensor))
            .collect::<Vec<_>>()
    };
    let before = buffers(&network);
    let step = network.step(&x, 1, 0, &mut loss).expect("a step");
    assert!(!step.loss.is_finite() && step.gradients.iter().all(Option::is_none));
    assert_eq!(before, buffers(&network));
}

#[test]
fn mistakes_of_graph_and_loss_are_located() {
    let mut broken = graph();
    broken.nodes[3].inputs = vec![9];
    let message = Network::from_graph(broken, 1, DType::F32)
        .expect_err("out of order")
        .to_string();
    assert!(message.contains("layer `stem.norm`: it reads node 9"), "{message}");
    assert!(matches!(
        Network::from_graph(graph(), 1, DType::BF16),
        Err(NetworkError::Precision(DType::BF16))
    ));
    let mut network = Network::from_graph(graph(), 1, DType::F32).expect("a network");
    let mut wrong = |_: &Named| Ok((1.0, Named::from([("a".to_string(), random(&[3, 5], 0, DType::F32))])));
    let message = network
        .step(&inputs(DType::F32), 1, 0, &mut wrong)
        .expect_err("a shape")
        .to_string();
    assert_eq!(message, "the gradient of output `a`: found shape [3, 5], expected [3, 2]");
    let mut shapes = graph();
    shapes.parameters[0].sizes = vec![4, 3, 3];
    let network = Network::from_graph(shapes, 1, DType::F32).expect("a network");
    let message = network.predict(&inputs(DType::F32)).expect_err("a weight").to_string();
    assert!(
        message.contains("layer `stem.conv`: convolution: the weight has shape [4, 3, 3]"),
        "{message}"
    );
}

#[test]
fn one_output_alone_reaches_only_its_weights() {
    let mut network = Network::from_graph(graph(), 1, DType::F32).expect("a network");
    let step = network
        .step(&inputs(DType::F32), 1, 0, &mut |outputs| {
            let (value, gradient) = Loss::Mse.value_and_gradient(&outputs["a"], &random(&[3, 2], 0, DType::F32), None)?;
            Ok((value, Named::from([("a".to_string(), gradient)])))
        })
        .expect("a step");
    let reached = |name: &str| {
        let index = network.weights().iter().position(|w| w.name == name).expect("a weight");
        step.gradients[index].is_some()
    };
    assert!(reached("head.a.weight") && reached("stem.conv.weight") && !reached("head.b.weight"));
}

#[test]
fn a_block_that_is_computed_again_gives_the_same_gradients() {
    let x = inputs(DType::F64);
    let run = |marks: &[(std::ops::Range<usize>, usize)]| {
        let mut graph = graph();
        for (range, group) in marks {
            graph.nodes[range.clone()].iter_mut().for_each(|n| n.recompute = Some(*group));
        }
        let mut network = Network::from_graph(graph, 1, DType::F64).expect("a network");
        let (step, times) = network.timed_step(&x, 9, 4, &mut loss).expect("a step");
        let gradients: Vec<Option<Vec<f64>>> = step.gradients.iter().map(|g| g.as_ref().map(values)).collect();
        let running: Vec<Vec<f64>> = network.weights().iter().map(|w| values(&w.tensor)).collect();
        assert!(
            times
                .iter()
                .filter(|t| t.name.contains("conv"))
                .all(|t| t.forward_s > 0.0 && t.backward_s > 0.0)
        );
        (step.loss, gradients, running)
    };
    let whole = run(&[]);
    // One block, two blocks, and everything with dropout and the shared weights.
    assert_eq!(whole, run(&[(3..6, 0)]));
    assert_eq!(whole, run(&[(2..5, 0), (6..9, 1)]));
    assert_eq!(whole, run(&[(2..14, 7)]));
}

#[test]
fn steps_that_reuse_memory_leave_what_others_hold() {
    let mut b = Build::default();
    let mut x = b.input("dna", &[4, 3000]);
    let first = b.conv("conv", x, 8, 5);
    x = b.same("relu", Operation::Relu, &[first]);
    x = b.same("sum", Operation::Add, &[x, first]);
    x = b.pool("pool", x, Pool::Max, 2);
    let graph = b.output("y", x).graph;
    let mut network = Network::from_graph(graph, 3, DType::F32).expect("a network");
    let inputs = Named::from([("dna".to_string(), one_hot(2, 3000, DType::F32))]);
    let before = values(&inputs["dna"]);
    let mut seen = Vec::new();
    let step = |network: &mut Network| {
        let mut held = None;
        let step = network.step(&inputs, 1, 0, &mut |outputs| {
            held = Some(outputs["y"].clone());
            loss(outputs)
        });
        (step.expect("a step"), held.expect("an output"))
    };
    let (first, output) = step(&mut network);
    let activations = network.activations(&inputs, &["conv", "relu"]).expect("activations");
    seen.push((
        values(&output),
        first.gradients.iter().flatten().map(values).collect::<Vec<_>>(),
    ));
    let (conv, relu) = (values(&activations["conv"]), values(&activations["relu"]));
    for _ in 0..3 {
        let (again, other) = step(&mut network);
        seen.push((values(&other), again.gradients.iter().flatten().map(values).collect()));
        again.give_back().expect("memory");
    }
    assert!(seen.iter().all(|s| *s == seen[0]));
    assert_eq!(values(&output), seen[0].0);
    assert_eq!(values(&inputs["dna"]), before);
    assert!(conv == values(&activations["conv"]) && relu == values(&activations["relu"]));
    assert!(relu.iter().zip(&conv).all(|(r, c)| *r == c.max(0.0)));
}
