//! Medians of steps and the peak memory of the process.

use crate::networks;
use crate::step::step;
use candle_core::DType;
use cistron_nn::Network;
use cistron_ops::{Optimizer, OptimizerState};
use std::error::Error;
use std::time::Instant;

/// How a process measures.
pub(crate) struct How {
    /// Steps that count.
    pub(crate) steps: usize,
    /// Steps before them.
    pub(crate) warmup: usize,
    /// Predictions instead of training steps.
    pub(crate) predict: bool,
}

impl Default for How {
    fn default() -> Self {
        Self {
            steps: 5,
            warmup: 1,
            predict: false,
        }
    }
}

/// Measures and prints one line of JSON.
///
/// # Errors
/// What the network gives.
pub(crate) fn measure(name: &str, how: &How) -> Result<(), Box<dyn Error>> {
    let start_mb = memory_mb("VmRSS")?;
    let work = &networks::workload(name, 0.1)?;
    let mut network = Network::new(&work.model, 1, DType::F32)?;
    let mut optimizer = OptimizerState::new(work.optimizer);
    let per_weight = match work.optimizer {
        Optimizer::Sgd(sgd) => usize::from(sgd.momentum > 0.0),
        _ => 2,
    };
    let predicted = match how.predict {
        true => None,
        false => Some(network.memory(work.batch)?.peak(per_weight) as f64 / 1024.0 / 1024.0),
    };
    let (mut wall, mut cpu, mut loss) = (Vec::new(), Vec::new(), None);
    for number in 0..how.warmup + how.steps {
        let (wall_start, cpu_start) = (Instant::now(), cpu_seconds());
        if how.predict {
            network.predict(&work.inputs)?;
        } else {
            loss = Some(step(&mut network, &mut optimizer, work, number as u64, work.optimizer.lr())?);
        }
        if number >= how.warmup {
            wall.push(1e3 * wall_start.elapsed().as_secs_f64());
            cpu.push(1e3 * (cpu_seconds() - cpu_start));
        }
    }
    let line = serde_json::json!({
        "name": name,
        "wall_ms": median(&mut wall),
        "cpu_ms": median(&mut cpu),
        "peak_mb": memory_mb("VmHWM")?,
        "start_mb": start_mb,
        "predicted_mb": predicted,
        "parameters": network.parameter_count(),
        "loss": loss,
    });
    println!("{line}");
    Ok(())
}

fn median(values: &mut [f64]) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

/// Seconds that all threads of this process have computed.
fn cpu_seconds() -> f64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 * 1e-9
}

/// A field of /proc/self/status, such as the most memory that this process has held.
fn memory_mb(field: &str) -> Result<f64, Box<dyn Error>> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'));
    let kilobytes = line
        .and_then(|rest| rest.trim().strip_suffix("kB"))
        .ok_or_else(|| format!("no {field} in /proc/self/status"))?;
    Ok(kilobytes.trim().parse::<f64>()? / 1024.0)
}
