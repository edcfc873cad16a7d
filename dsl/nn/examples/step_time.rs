//! How long a training step takes (forward, backward, Adam), as the median of many.
//!
//! `cargo run --release -p cistron-nn --example step_time`

#[path = "../tests/common/mod.rs"]
mod common;

use candle_core::DType;
use cistron_model::{Graph, Operation, Pool};
use cistron_nn::{Named, Network, Result};
use cistron_ops::{Adam, Loss, OptimizerState};
use common::{Build, one_hot, random};
use std::time::Instant;

fn cnn() -> Graph {
    let mut b = Build::default();
    let mut x = b.input("dna", &[4, 200]);
    for (i, (width, window)) in [(15, 4), (7, 5)].into_iter().enumerate() {
        x = b.conv(&format!("conv{i}"), x, 32, width);
        x = b.same(&format!("relu{i}"), Operation::Relu, &[x]);
        x = b.pool(&format!("pool{i}"), x, Pool::Max, window);
    }
    x = b.flatten("flat", x);
    x = b.linear("dense", x, 32);
    x = b.same("relu", Operation::Relu, &[x]);
    x = b.linear("head", x, 2);
    b.output("y", x).graph
}

fn splice() -> Graph {
    let mut b = Build::default();
    let mut x = b.input("dna", &[4, 9]);
    x = b.flatten("flat", x);
    for i in 0..2 {
        x = b.linear(&format!("dense{i}"), x, 64);
        x = b.same(&format!("gelu{i}"), Operation::Gelu(cistron_model::Gelu::Erf), &[x]);
    }
    x = b.linear("head", x, 1);
    b.output("y", x).graph
}

fn splice_cnn() -> Graph {
    let mut b = Build::default();
    let mut x = b.input("dna", &[4, 9]);
    for i in 0..2 {
        x = b.conv(&format!("conv{i}"), x, 32, 5);
        x = b.batch_norm(&format!("norm{i}"), x);
        x = b.same(&format!("gelu{i}"), Operation::Gelu(cistron_model::Gelu::Erf), &[x]);
    }
    x = b.flatten("flat", x);
    x = b.linear("dense", x, 32);
    x = b.same("relu", Operation::Relu, &[x]);
    x = b.linear("head", x, 1);
    b.output("y", x).graph
}

fn time(name: &str, graph: Graph, batch: usize, length: usize, outputs: usize) -> Result<()> {
    let mut network = Network::from_graph(graph, 1, DType::F32)?;
    let inputs = Named::from([("dna".to_string(), one_hot(batch, length, DType::F32))]);
    let target = random(&[batch, outputs], 3, DType::F32);
    let mut adam = OptimizerState::new(Adam::default());
    let mut times = Vec::new();
    for step in 0..200 {
        let began = Instant::now();
        let outcome = network.step(&inputs, 1, step, &mut |y| {
            let (value, gradient) = Loss::Mse.value_and_gradient(&y["y"], &target, None)?;
            Ok((value, Named::from([("y".to_string(), gradient)])))
        })?;
        network.optimize(&outcome.gradients, &mut adam, &[], 1e-3, None)?;
        outcome.give_back()?;
        times.push(began.elapsed().as_secs_f64() * 1e3);
    }
    times.sort_by(f64::total_cmp);
    let predict = Instant::now();
    network.predict(&inputs)?;
    let predict = predict.elapsed().as_secs_f64() * 1e3;
    println!(
        "{name}: median {:.3} ms, fastest {:.3} ms, prediction {predict:.3} ms",
        times[100], times[0]
    );
    Ok(())
}

fn main() -> Result<()> {
    time("CNN, batch 64 x 200 bp", cnn(), 64, 200, 2)?;
    time("dense network on 9 nt, batch 256", splice(), 256, 9, 1)?;
    time("CNN with norms on 9 nt, batch 256", splice_cnn(), 256, 9, 1)
}
