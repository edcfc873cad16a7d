//! Where a training step's time goes, node by node.

use crate::networks::Workload;
use crate::step::{evaluated, updated};
use candle_core::DType;
use cistron_nn::{Network, NodeTime};
use cistron_ops::OptimizerState;
use std::collections::BTreeMap;
use std::error::Error;
use std::time::Instant;

/// Prints the medians over steps: all nodes, then the sum of each word, the loss and the optimizer.
///
/// Times are wall time: they mean something on an idle machine only.
///
/// # Errors
/// What the network gives.
pub(crate) fn profile(work: &Workload, steps: usize) -> Result<(), Box<dyn Error>> {
    let mut network = Network::new(&work.model, 1, DType::F32)?;
    let mut optimizer = OptimizerState::new(work.optimizer);
    let mut all: Vec<Vec<NodeTime>> = Vec::new();
    let (mut losses, mut updates) = (Vec::new(), Vec::new());
    for number in 0..steps + 1 {
        let mut loss_ms = 0.0;
        let (outcome, times) = network.timed_step(&work.inputs, 1, number as u64, &mut |given| {
            let began = Instant::now();
            let result = evaluated(work, given);
            loss_ms = 1e3 * began.elapsed().as_secs_f64();
            result
        })?;
        let began = Instant::now();
        updated(&mut network, &mut optimizer, outcome, work.optimizer.lr())?;
        if number > 0 {
            all.push(times);
            losses.push(loss_ms);
            updates.push(1e3 * began.elapsed().as_secs_f64());
        }
    }
    let nodes = all.first().map_or(0, Vec::len);
    let mut words: BTreeMap<String, [f64; 3]> = BTreeMap::new();
    println!("{:44} {:>10} {:>10}", "node", "forward", "backward");
    for node in 0..nodes {
        let middle = |read: fn(&NodeTime) -> f64| median(all.iter().map(|times| 1e3 * read(&times[node])).collect());
        let (name, forward, backward) = (&all[0][node].name, middle(|t| t.forward_s), middle(|t| t.backward_s));
        println!("{name:44} {forward:10.3} {backward:10.3}");
        let word = name
            .rsplit('.')
            .next()
            .unwrap_or(name)
            .trim_end_matches(|c: char| c.is_ascii_digit());
        let sum = words.entry(word.to_string()).or_default();
        *sum = [sum[0] + 1.0, sum[1] + forward, sum[2] + backward];
    }
    let mut words: Vec<_> = words.into_iter().collect();
    words.sort_by(|a, b| (b.1[1] + b.1[2]).total_cmp(&(a.1[1] + a.1[2])));
    println!("\n{:32} {:>11} {:>10} {:>10}", "word", "nodes", "forward", "backward");
    for (word, [count, forward, backward]) in &words {
        println!("{word:32} {count:11} {forward:10.3} {backward:10.3}");
    }
    println!("{:32} {:>11} {:10.3}", "loss", "", median(losses));
    println!("{:32} {:>11} {:10.3}", "optimizer", "", median(updates));
    Ok(())
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}
