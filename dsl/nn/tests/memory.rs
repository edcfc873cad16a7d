//! What a step takes, as predicted and as an allocator counts it.

mod common;
#[path = "common/counting.rs"]
mod counting;

use candle_core::{DType, Tensor};
use cistron_model::Graph;
use cistron_nn::{Named, Network};
use cistron_ops::Loss;
use common::{one_hot, random, tower};
use counting::most_during;

/// Predicted and counted bytes of the second step (the first one builds what lasts).
fn step(graph: Graph, batch: usize, recomputed_from: usize) -> (usize, usize) {
    let mut network = Network::from_graph(graph, 1, DType::F32).expect("a network");
    network.recompute_from(recomputed_from);
    let predicted = network.memory(batch).expect("an estimate");
    let inputs = Named::from([("dna".to_string(), one_hot(batch, 4000, DType::F32))]);
    let target: Tensor = random(&[batch, 8], 3, DType::F32);
    cistron_ops::buffer::trim();
    let counted = most_during(|| {
        for i in 0..2 {
            let step = network.step(&inputs, 1, i, &mut |outputs| {
                let (value, gradient) = Loss::Mse.value_and_gradient(&outputs["y"], &target, None)?;
                Ok((value, Named::from([("y".to_string(), gradient)])))
            });
            step.expect("a step").give_back().expect("memory");
        }
    });
    (predicted.working, counted)
}

#[test]
fn the_memory_of_a_step_is_known_before() {
    let mut working = Vec::new();
    for (recompute, batch, from) in [
        (false, 3, usize::MAX),
        (false, 8, usize::MAX),
        (true, 8, usize::MAX),
        (false, 8, 0),
    ] {
        let (predicted, counted) = step(tower(recompute), batch, from);
        let ratio = predicted as f64 / counted as f64;
        println!(
            "batch {batch}, blocks {recompute}, from {from} bytes: predicted {predicted}, counted {counted}, ratio {ratio:.3}"
        );
        assert!(
            (0.9..1.1).contains(&ratio),
            "batch {batch}: predicted {predicted}, counted {counted}"
        );
        working.push(counted);
    }
    assert!(
        working[2] * 10 < working[1] * 7,
        "computing blocks again saves too little: {working:?}"
    );
    assert!(
        working[3] * 10 < working[1] * 8,
        "computing norms and activations again saves too little: {working:?}"
    );
}
