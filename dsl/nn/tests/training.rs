//! Steps of an optimizer on a network: clones keep their values, groups and freezing, averages.

mod common;

use candle_core::{DType, Tensor};
use cistron_model::{Graph, Operation};
use cistron_nn::{Named, Network, Result};
use cistron_ops::{Adam, AdamW, Clip, Group, Loss, Optimizer, OptimizerState, Role, Rules};
use common::{Build, one_hot, random};

fn graph() -> Graph {
    let mut b = Build::default();
    let x = b.input("dna", &[4, 40]);
    let x = b.conv("trunk.conv", x, 20, 5);
    let x = b.batch_norm("trunk.norm", x);
    let x = b.same("trunk.gelu", Operation::Gelu(cistron_model::Gelu::Erf), &[x]);
    let x = b.flatten("trunk.flat", x);
    let y = b.linear("head.linear", x, 3);
    b.output("y", y).graph
}

fn loss(outputs: &Named) -> Result<(f64, Named)> {
    let target = random(outputs["y"].dims(), 20, outputs["y"].dtype());
    let (value, gradient) = Loss::Mse.value_and_gradient(&outputs["y"], &target, None)?;
    Ok((value, Named::from([("y".to_string(), gradient)])))
}

fn inputs() -> Named {
    Named::from([("dna".to_string(), one_hot(5, 40, DType::F32))])
}

fn values(tensor: &Tensor) -> Vec<f32> {
    tensor.flatten_all().and_then(|t| t.to_vec1()).expect("values")
}

fn all(network: &Network) -> Vec<Vec<f32>> {
    network.weights().iter().map(|w| values(&w.tensor)).collect()
}

fn step(network: &mut Network, state: &mut OptimizerState, number: u64) -> f64 {
    let step = network.step(&inputs(), 1, number, &mut loss).expect("a step");
    network.optimize(&step.gradients, state, &[], 0.01, None).expect("a step");
    step.loss
}

#[test]
fn clones_keep_their_values_whenever_they_are_taken() {
    let mut network = Network::from_graph(graph(), 1, DType::F32).expect("a network");
    let mut state = OptimizerState::new(Adam::default());
    let mut history = Vec::new();
    for number in 0..6 {
        // Held in turn: nothing, one tensor, the whole network.
        match number % 3 {
            1 => history.push((network.weights()[0].tensor.clone(), None)),
            2 => history.push((network.weights()[5].tensor.clone(), Some(network.clone()))),
            _ => {}
        }
        let before: Vec<_> = history.iter().map(|(t, n)| (values(t), n.as_ref().map(all))).collect();
        step(&mut network, &mut state, number);
        for ((tensor, other), (found, whole)) in history.iter().zip(before) {
            assert_eq!(values(tensor), found);
            assert_eq!(other.as_ref().map(all), whole);
        }
    }
    // A clone that trains leaves the network as it is.
    let mut clone = history.pop().and_then(|h| h.1).expect("a clone");
    let before = all(&network);
    step(&mut clone, &mut state.clone(), 6);
    assert_eq!(all(&network), before);
    // Weights that came from outside stay what they are outside.
    let given: Named = network.weights().iter().map(|w| (w.name.clone(), w.tensor.clone())).collect();
    let outside = values(&given["head.linear.weight"]);
    clone.set_weights(given.clone()).expect("weights");
    step(&mut clone, &mut state, 7);
    assert_eq!(values(&given["head.linear.weight"]), outside);
}

#[test]
fn a_step_in_place_is_the_step_on_copies() {
    let run = |hold: bool| {
        let mut network = Network::from_graph(graph(), 1, DType::F32).expect("a network");
        let mut state = OptimizerState::new(AdamW::default());
        let losses: Vec<f64> = (0..4)
            .map(|number| {
                let held = hold.then(|| network.clone());
                let loss = step(&mut network, &mut state, number);
                drop(held);
                loss
            })
            .collect();
        (losses, all(&network))
    };
    assert_eq!(run(false), run(true));
}

#[test]
fn groups_freeze_and_spare() {
    let mut network = Network::from_graph(graph(), 1, DType::F32).expect("a network");
    assert_eq!(
        network.roles(),
        [
            Role::Weight,
            Role::Bias,
            Role::Norm,
            Role::Norm,
            Role::Norm,
            Role::Norm,
            Role::Weight,
            Role::Bias
        ]
    );
    let optimizer = Optimizer::from(AdamW::default());
    let group = Group {
        names: vec!["trunk.conv".into()],
        frozen: true,
        ..Group::default()
    };
    let rules = Rules {
        groups: vec![group],
        no_decay: vec![Role::Bias, Role::Norm],
    };
    let settings = network.group(&rules, &optimizer).expect("settings");
    assert!(settings[0].frozen && settings[1].frozen && !settings[6].frozen);
    assert_eq!((settings[6].weight_decay, settings[7].weight_decay), (None, Some(0.0)));
    let before = all(&network);
    let mut state = OptimizerState::new(optimizer);
    let step = network.step(&inputs(), 1, 0, &mut loss).expect("a step");
    assert!(step.gradients[0].is_none() && step.gradients[1].is_none());
    let norm = network
        .optimize(&step.gradients, &mut state, &settings, 0.01, Some(Clip::GlobalNorm(0.1)))
        .expect("a step");
    assert!(norm.is_some_and(|n| n > 0.0));
    let after = all(&network);
    assert_eq!(before[..2], after[..2]);
    assert!(before[2] != after[2] && before[6] != after[6]);
    assert_eq!((state.steps("trunk.conv.weight"), state.steps("head.linear.weight")), (0, 1));
    let message = network
        .optimize(&[], &mut state, &[], 0.01, None)
        .expect_err("no gradients")
        .to_string();
    assert!(
        message.contains("0 gradients and 0 settings were given for 8 weights"),
        "{message}"
    );
}

#[test]
fn statistics_are_computed_anew_as_means_over_batches() {
    let mut network = Network::from_graph(graph(), 1, DType::F64).expect("a network");
    let batches: Vec<Named> = (0..3)
        .map(|i| Named::from([("dna".to_string(), random(&[4, 4, 40], 30 + i, DType::F64))]))
        .collect();
    // A step leaves statistics of another batch behind.
    network.step(&batches[2], 1, 0, &mut loss).expect("a step");
    let weights = |network: &Network| -> Vec<Vec<f64>> {
        let values = |t: &Tensor| t.flatten_all().and_then(|t| t.to_vec1::<f64>()).expect("values");
        network.weights().iter().map(|w| values(&w.tensor)).collect()
    };
    let before = weights(&network);
    let count = network
        .recompute_statistics(batches[..2].iter().cloned().map(Ok), 1)
        .expect("statistics");
    assert_eq!(count, 2);
    let after = weights(&network);
    assert_eq!((&before[..4], &before[6..]), (&after[..4], &after[6..]));
    for channel in [0, 7] {
        let (mut mean, mut variance) = (0.0, 0.0);
        for batch in &batches[..2] {
            let x = network.activations(batch, &["trunk.conv"]).expect("values");
            let x = x["trunk.conv"]
                .narrow(1, channel, 1)
                .and_then(|t| t.flatten_all())
                .and_then(|t| t.to_vec1::<f64>());
            let x = x.expect("values");
            let n = x.len() as f64;
            let center = x.iter().sum::<f64>() / n;
            mean += center / 2.0;
            variance += x.iter().map(|v| (v - center).powi(2)).sum::<f64>() / (n - 1.0) / 2.0;
        }
        assert!((after[4][channel] - mean).abs() < 1e-12 && (after[5][channel] - variance).abs() < 1e-12);
    }
    assert_eq!(network.recompute_statistics(Vec::new(), 1).expect("nothing to do"), 0);
}
