//! CPU time of an optimizer's step: one large parameter set as DRG's, and one of many small parameters as a small network's.
//!
//! `cargo run --release -p cistron-ops -p cistron-nn -p cistron-model --example optimizer_time`

use candle_core::{Device, Tensor};
use cistron_ops::{AdamW, Clip, OptimizerState, Result, Settings, Update};

/// CPU seconds of all threads of this process.
fn cpu_s() -> f64 {
    let tasks = std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    let nanoseconds = tasks.filter_map(|task| {
        let text = std::fs::read_to_string(task.path().join("schedstat")).ok()?;
        text.split_whitespace().next()?.parse::<f64>().ok()
    });
    nanoseconds.sum::<f64>() * 1e-9
}

fn measure(what: &str, sizes: &[usize], steps: u64, clip: Option<Clip>) -> Result<()> {
    let tensor = |n: &usize| Tensor::randn(0f32, 1.0, *n, &Device::Cpu);
    let mut weights: Vec<Tensor> = sizes.iter().map(tensor).collect::<std::result::Result<_, _>>()?;
    let gradients: Vec<Tensor> = sizes.iter().map(tensor).collect::<std::result::Result<_, _>>()?;
    let names: Vec<String> = (0..sizes.len()).map(|i| format!("block{i}.weight")).collect();
    let mut state = OptimizerState::new(AdamW::default());
    let mut best = f64::INFINITY;
    for _ in 0..5 {
        let began = cpu_s();
        for _ in 0..steps {
            let updates = weights
                .iter_mut()
                .zip(&gradients)
                .zip(&names)
                .map(|((weight, gradient), name)| Update {
                    name,
                    weight,
                    gradient,
                    shared: false,
                    settings: Settings::default(),
                });
            state.step(updates.collect(), 1e-6, clip)?;
        }
        best = best.min((cpu_s() - began) / steps as f64);
    }
    let values: usize = sizes.iter().sum();
    println!(
        "{what}: {values} values in {} parameters, {:.1} us of CPU per step, {:.2} ns per value",
        sizes.len(),
        best * 1e6,
        best * 1e9 / values as f64
    );
    Ok(())
}

fn main() -> Result<()> {
    let large: Vec<usize> = [vec![990_000; 7], vec![2_457_600, 1_153_024, 1_267_876, 1_153_024]].concat();
    let small: Vec<usize> = (0..20).map(|i| [1_200, 32, 32, 32][i % 4]).collect();
    for (name, clip) in [("AdamW", None), ("AdamW, global norm", Some(Clip::GlobalNorm(0.2)))] {
        measure(&format!("{name}, as DRG"), &large, 10, clip)?;
        measure(&format!("{name}, small"), &small, 20_000, clip)?;
    }
    Ok(())
}
