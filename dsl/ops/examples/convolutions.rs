//! Convolutions and matrix products in the shapes of published networks: GFLOP/s per core, forward and both gradients.
//!
//! `cargo run --release -p cistron-ops --example convolutions [repetitions] [part of a name]`; `convolutions.py` beside it
//! measures the same with PyTorch. Both count CPU time of the whole process, so that other work on the machine and the
//! number of threads matter little.

use candle_core::{DType, Device, Result, Tensor};
use cistron_ops::{Convolution, Convolution2d, Kept, Linear, Operation, Pass, instructions, threads};

/// CPU seconds of this process.
fn cpu_seconds() -> f64 {
    // Fields 14 and 15 of /proc/self/stat are ticks of 1/100 s: too coarse. schedstat has nanoseconds for each thread.
    let Ok(tasks) = std::fs::read_dir("/proc/self/task") else {
        return 0.0;
    };
    let one = |task: std::fs::DirEntry| -> Option<f64> {
        let text = std::fs::read_to_string(task.path().join("schedstat")).ok()?;
        Some(text.split_whitespace().next()?.parse::<f64>().ok()? * 1e-9)
    };
    tasks.flatten().filter_map(one).sum()
}

/// The least CPU time per run of some series, each long enough for the clock.
fn least(repetitions: usize, mut run: impl FnMut()) -> f64 {
    let mut series = |count: usize| {
        let start = cpu_seconds();
        (0..count).for_each(|_| run());
        cpu_seconds() - start
    };
    let mut count = 1;
    while series(count) < 0.02 {
        count *= 2;
    }
    (0..repetitions)
        .map(|_| series(count) / count as f64)
        .fold(f64::INFINITY, f64::min)
}

fn measure(name: &str, repetitions: usize, operation: &dyn Operation, x: &[usize], w: &[usize]) -> Result<()> {
    let (x, w) = (
        Tensor::randn(0f32, 1.0, x, &Device::Cpu)?,
        Tensor::randn(0f32, 1.0, w, &Device::Cpu)?,
    );
    let bias = Tensor::zeros(w.dim(0)?, DType::F32, &Device::Cpu)?;
    let inputs = [&x, &w, &bias];
    let forward = operation
        .forward(&inputs, &Pass::default())
        .map_err(candle_core::Error::wrap)?;
    let kept = Kept::new(operation, &inputs, 1, &forward);
    let gradient = forward.output.randn_like(0.0, 1.0)?;
    let work = 2e-9 * gradient.elem_count() as f64 * (w.elem_count() / w.dim(0)?) as f64;
    // Results go back to the buffers, as in a training step.
    let back = |tensors: Vec<Option<Tensor>>| tensors.iter().flatten().for_each(|t| drop(cistron_ops::buffer::give_back(t)));
    let passes: [&dyn Fn(); 3] = [
        &|| back(vec![operation.forward(&inputs, &Pass::default()).ok().map(|f| f.output)]),
        &|| {
            back(
                operation
                    .backward(&kept, &gradient, &[true, false, false])
                    .unwrap_or_default(),
            )
        },
        &|| back(operation.backward(&kept, &gradient, &[false, true, true]).unwrap_or_default()),
    ];
    print!("{name:36}");
    for (pass, run) in ["forward", "input", "weight"].iter().zip(passes) {
        let seconds = least(repetitions, run);
        print!(" {pass} {:9.3} ms {:7.1} GFLOP/s", seconds * 1e3, work / seconds);
    }
    println!();
    Ok(())
}

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let repetitions = arguments.next().and_then(|a| a.parse().ok()).unwrap_or(5);
    let filter = arguments.next().unwrap_or_default();
    println!("{} threads, {}", threads(), instructions());
    let lines = [
        ("DRG first 4 to 300, width 15", 1, 4, 300, 40_000, 15, 1),
        ("DRG 300, width 11, dilation 1", 1, 300, 300, 10_000, 11, 1),
        ("DRG 300, width 11, dilation 4", 1, 300, 300, 10_000, 11, 4),
        ("DRG 300, width 11, 1,666 positions", 2, 300, 300, 1_666, 11, 1),
        ("DRG 300, width 11, 46 positions", 8, 300, 300, 46, 11, 1),
        ("maxATAC 6 to 15, width 7", 20, 6, 15, 1_024, 7, 1),
        ("maxATAC 15, width 7", 20, 15, 15, 1_024, 7, 1),
        ("maxATAC 33, width 7, dilation 2", 100, 33, 33, 256, 7, 2),
        ("maxATAC 75, width 7, dilation 8", 100, 75, 75, 64, 7, 8),
        ("splice sites 4 to 32, width 3", 256, 4, 32, 9, 3, 1),
        ("width 1, 384 to 1152", 1, 384, 1_152, 1_536, 1, 1),
        ("width 1, 384", 1, 384, 384, 1_536, 1, 1),
        ("width 1, 384 to 1536", 1, 384, 1_536, 1_536, 1, 1),
        ("width 1, 1536 to 384", 1, 1_536, 384, 1_536, 1, 1),
    ];
    for (name, batch, channels, filters, positions, width, dilation) in lines {
        if name.contains(&filter) {
            let padding = dilation * (width - 1) / 2;
            let operation = Convolution {
                dilation,
                padding: (padding, padding),
                ..Convolution::default()
            };
            measure(
                name,
                repetitions,
                &operation,
                &[batch, channels, positions],
                &[filters, channels, width],
            )?;
        }
    }
    let maps = [
        ("Orca 64 to 32, 250 x 250", 64, 32, 1),
        ("Orca 32 to 64, dilation 4", 32, 64, 4),
        ("Orca 64 to 32, dilation 32", 64, 32, 32),
    ];
    for (name, channels, filters, dilation) in maps {
        if name.contains(&filter) {
            let operation = Convolution2d {
                dilation: [dilation; 2],
                padding: [(dilation, dilation); 2],
                ..Convolution2d::default()
            };
            measure(
                name,
                repetitions,
                &operation,
                &[1, channels, 250, 250],
                &[filters, channels, 3, 3],
            )?;
        }
    }
    let layers = [
        ("linear 1536 rows, 384 to 1536", 1_536, 384, 1_536),
        ("linear 1536 rows, 1536 to 384", 1_536, 1_536, 384),
        ("linear 8 rows, 1024", 8, 1_024, 1_024),
        ("linear 8 rows, 13800 to 1024", 8, 13_800, 1_024),
        ("linear 256 rows, 64 to 32", 256, 64, 32),
    ];
    for (name, rows, inputs, features) in layers {
        if name.contains(&filter) {
            measure(name, repetitions, &Linear, &[rows, inputs], &[features, inputs])?;
        }
    }
    Ok(())
}
