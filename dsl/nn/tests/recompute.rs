//! What is computed again for backward gives the same bits as what is kept.

mod common;

use candle_core::{DType, Tensor};
use cistron_nn::{Named, Network};
use cistron_ops::Loss;
use common::{one_hot, random, tower};

#[test]
fn what_is_computed_again_is_the_same() {
    let inputs = Named::from([("dna".to_string(), one_hot(3, 4000, DType::F32))]);
    let target: Tensor = random(&[3, 8], 3, DType::F32);
    let gradients = |from: usize| {
        let mut network = Network::from_graph(tower(false), 1, DType::F32).expect("a network");
        network.recompute_from(from);
        let step = network.step(&inputs, 1, 7, &mut |outputs| {
            let (value, gradient) = Loss::Mse.value_and_gradient(&outputs["y"], &target, None)?;
            Ok((value, Named::from([("y".to_string(), gradient)])))
        });
        let step = step.expect("a step");
        let values = |t: &Tensor| t.flatten_all().and_then(|t| t.to_vec1::<f32>()).expect("values");
        let statistics: Vec<Vec<f32>> = network.weights().iter().map(|w| values(&w.tensor)).collect();
        let gradients: Vec<Vec<f32>> = step.gradients.iter().flatten().map(values).collect();
        (step.loss, gradients, statistics)
    };
    let kept = gradients(usize::MAX);
    assert!(kept.1.len() > 10);
    assert_eq!(gradients(0), kept);
}
