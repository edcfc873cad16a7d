//! What is computed again for backward gives the same bits as what is kept.

mod common;

use candle_core::{DType, Tensor};
use cistron_model::{Gelu, Graph, Operation, Pool};
use cistron_nn::{Named, Network};
use cistron_ops::Loss;
use common::{Build, one_hot, random, tower};

const LENGTH: usize = 400;

/// A step of a graph with the losses of some outputs: loss, gradients, all weights and statistics.
type Found = (f64, Vec<Option<Vec<f32>>>, Vec<Vec<f32>>);

fn step(graph: Graph, outputs: &[&str], length: usize, from: usize) -> Found {
    let inputs = Named::from([("dna".to_string(), one_hot(3, length, DType::F32))]);
    let mut network = Network::from_graph(graph, 1, DType::F32).expect("a network");
    network.recompute_from(from);
    let step = network.step(&inputs, 1, 7, &mut |found| {
        let (mut sum, mut gradients) = (0.0, Named::new());
        for name in outputs {
            let target: Tensor = random(found[*name].dims(), 3, DType::F32);
            let (value, gradient) = Loss::Mse.value_and_gradient(&found[*name], &target, None)?;
            sum += value;
            gradients.insert((*name).to_string(), gradient);
        }
        Ok((sum, gradients))
    });
    let step = step.expect("a step");
    let values = |t: &Tensor| t.flatten_all().and_then(|t| t.to_vec1::<f32>()).expect("values");
    let gradients = step.gradients.iter().map(|g| g.as_ref().map(values)).collect();
    let weights = network.weights().iter().map(|w| values(&w.tensor)).collect();
    (step.loss, gradients, weights)
}

/// Values that are computed again and read in all ways: by several convolutions, by a sum, by a concatenation far away,
/// by an activation that reads its output alone, through a flattening, from two groups with one border, and by a branch
/// that leads to another output.
fn branched() -> Graph {
    let mut b = Build::default();
    let dna = b.input("dna", &[4, LENGTH]);
    let x = b.conv("stem", dna, 8, 9);
    let shared = b.batch_norm("shared", x);
    let relu = b.same("relu", Operation::Relu, &[shared]);
    let early = b.conv("early", relu, 8, 5);
    let gelu = b.same("gelu", Operation::Gelu(Gelu::Erf), &[shared]);
    let other = b.conv("other", gelu, 8, 5);
    // A second group that begins at the same value.
    let second = b.batch_norm("second", x);
    let second = b.same("second.relu", Operation::Relu, &[second]);
    let deep = b.conv("deep", second, 8, 3);
    let deep = b.batch_norm("deep.norm", deep);
    let deep = b.same("deep.gelu", Operation::Gelu(Gelu::Erf), &[deep]);
    let sum = b.same("sum", Operation::Add, &[deep, relu]);
    let sum = b.same("more", Operation::Add, &[sum, early]);
    let last = b.conv("last", sum, 8, 3);
    let pooled = b.pool("pool", last, Pool::Mean, 50);
    let flat = b.flatten("flat", pooled);
    let y = b.linear("y", flat, 3);
    let side = b.pool("side.pool", other, Pool::Max, 50);
    let side = b.batch_norm("side.norm", side);
    let side = b.flatten("side.flat", side);
    let z = b.linear("z", side, 2);
    b.output("y", y).output("z", z).graph
}

#[test]
fn what_is_computed_again_is_the_same() {
    let kept = step(tower(false), &["y"], 4000, usize::MAX);
    assert!(kept.1.iter().flatten().count() > 10);
    assert_eq!(step(tower(false), &["y"], 4000, 0), kept);
}

#[test]
fn every_reader_gets_what_is_computed_again() {
    for outputs in [&["y", "z"][..], &["y"], &["z"]] {
        let kept = step(branched(), outputs, LENGTH, usize::MAX);
        assert_eq!(step(branched(), outputs, LENGTH, 0), kept, "{outputs:?}");
        // Some are computed again, some not.
        assert_eq!(step(branched(), outputs, LENGTH, 4 * 3 * 8 * LENGTH), kept, "{outputs:?}");
    }
}
