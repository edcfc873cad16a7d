//! What a machine with a CUDA device is asked in one call: whether every operation agrees with the CPU there, how long
//! the shapes of the benchmarks take, and how long PyTorch takes for them where it is installed.
//!
//! `gpu_check FOLDER` writes `gpu_check.json` and `gpu_check.md`; `GPU_CHECK_PYTHON` names the Python (default
//! `python3`). Without a device it says so and ends well.

mod checks;
mod shapes;
mod table;
mod timings;
mod torch;

use serde_json::{Value, json};
use std::error::Error;
use std::path::{Path, PathBuf};

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args().nth(1).map_or_else(|| PathBuf::from("."), PathBuf::from);
    std::fs::create_dir_all(&folder)?;
    let device = match cistron_ops::cuda::device(0) {
        Ok(device) => device,
        Err(reason) => {
            println!("no CUDA device: nothing was run ({reason})");
            return write(&folder, &json!({ "ran": false, "reason": reason.to_string() }));
        }
    };
    let name = cistron_ops::cuda::describe(&device);
    println!("{name}");
    let checks = checks::run(&device);
    let ours = timings::run(&device);
    let torch = torch::run(&folder);
    let report = json!({ "ran": true, "device": name, "checks": checks, "timings": ours, "torch": torch });
    write(&folder, &report)?;
    let failed = checks::failed(&report);
    if failed > 0 {
        return Err(format!("{failed} cases failed; see gpu_check.md").into());
    }
    Ok(())
}

fn write(folder: &Path, report: &Value) -> Result<(), Box<dyn Error>> {
    std::fs::write(folder.join("gpu_check.json"), serde_json::to_string_pretty(report)?)?;
    let text = table::markdown(report);
    std::fs::write(folder.join("gpu_check.md"), &text)?;
    println!("{text}");
    Ok(())
}
