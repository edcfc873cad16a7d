//! CPU time of normalisations and attention, forward and forward with backward, beside `norms.py` (the same in PyTorch).
//!
//! `CISTRON_THREADS=1 cargo run --release -p cistron-ops --example norms [part of a name]`

use candle_core::{DType, Device, Tensor};
use cistron_ops::{Attention, BatchNorm, Kept, LayerNorm, Operation, Pass, buffer, threads, with_threads};

/// Nanoseconds that all threads of this process have run.
fn cpu_time() -> f64 {
    let tasks = std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    let one = |path: std::path::PathBuf| -> Option<f64> {
        let text = std::fs::read_to_string(path.join("schedstat")).ok()?;
        text.split_whitespace().next()?.parse().ok()
    };
    tasks.filter_map(|task| one(task.path())).sum()
}

/// Milliseconds of one call, the median of five rounds of at least a fifth of a second.
fn milliseconds(mut work: impl FnMut()) -> f64 {
    work();
    let mut rounds: Vec<f64> = (0..5)
        .map(|_| {
            let (start, mut calls) = (cpu_time(), 0);
            loop {
                for _ in 0..5 {
                    work();
                    calls += 1;
                }
                let spent = cpu_time() - start;
                if spent > 2e8 {
                    return spent / f64::from(calls) / 1e6;
                }
            }
        })
        .collect();
    rounds.sort_by(f64::total_cmp);
    rounds[2]
}

fn random(shape: &[usize]) -> Tensor {
    let count: usize = shape.iter().product();
    let values: Vec<f32> = (0..count)
        .map(|i| ((i * 7919 % 10_007) as f32 / 5_000.0 - 1.0) * 1.5)
        .collect();
    Tensor::from_vec(values, shape, &Device::Cpu).expect("a tensor")
}

/// Times an operation whose name holds the program's first argument, if there is one.
fn time(name: &str, operation: &dyn Operation, activations: usize, inputs: &[Tensor], wanted: &[bool]) {
    if std::env::args().nth(1).is_some_and(|part| !name.contains(&part)) {
        return;
    }
    let inputs: Vec<&Tensor> = inputs.iter().collect();
    let pass = Pass {
        training: true,
        ..Pass::default()
    };
    let forward = || operation.forward(&inputs, &pass).expect("forward");
    let gradient = random(forward().output.dims());
    let drop = |forward: cistron_ops::Forward| {
        buffer::give_back(&forward.output).expect("on the CPU");
        for tensor in forward.saved.iter().filter(|t| t.dtype() == DType::F32) {
            buffer::give_back(tensor).expect("on the CPU");
        }
    };
    let alone = milliseconds(|| drop(forward()));
    let both = milliseconds(|| {
        let forward = forward();
        let kept = Kept::new(operation, &inputs, activations, &forward);
        for gradient in operation
            .backward(&kept, &gradient, wanted)
            .expect("backward")
            .into_iter()
            .flatten()
        {
            buffer::give_back(&gradient).expect("on the CPU");
        }
        drop(forward);
    });
    println!("{name}\t{alone:.3}\t{both:.3}");
}

fn main() {
    // On the pool from the beginning, as training steps are: no operation is handed over from thread to thread.
    with_threads(threads(), report);
}

fn report() {
    println!("operation\tforward ms\tforward and backward ms");
    let batch_norm = BatchNorm::default();
    for shape in [&[100, 15, 1024][..], &[1, 64, 250, 250], &[256, 100]] {
        let c = random(&[shape[1]]);
        let variance = Tensor::ones(shape[1], DType::F32, &Device::Cpu).expect("ones");
        let inputs = [random(shape), c.clone(), c.clone(), c, variance];
        time(
            &format!("batch norm {shape:?}"),
            &batch_norm,
            1,
            &inputs,
            &[true, true, true, false, false],
        );
    }
    let c = random(&[384]);
    let inputs = [random(&[1, 384, 1536]), c.clone(), c];
    time(
        "layer norm [1, 384, 1536]",
        &LayerNorm { epsilon: 1e-5 },
        1,
        &inputs,
        &[true; 3],
    );
    for (queries, keys, heads, width) in [(1536, 1536, 8, 48), (128, 1000, 4, 64), (128, 128, 8, 64)] {
        let c = heads * width;
        let inputs = [random(&[1, c, queries]), random(&[1, c, keys]), random(&[1, c, keys])];
        let attention = Attention {
            heads,
            dropout: 0.0,
            scale: None,
        };
        let name = format!("attention {queries} x {keys}, {heads} heads x {width}");
        time(&name, &attention, 3, &inputs, &[true; 3]);
    }
}
