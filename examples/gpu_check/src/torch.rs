//! The same shapes in PyTorch, where a Python with PyTorch and a device is at hand.

use crate::shapes::timed;
use serde_json::{Value, json};
use std::error::Error;
use std::path::Path;
use std::process::Command;

const PROGRAM: &str = include_str!("gpu_check_torch.py");

/// Times PyTorch, or says why not.
pub(crate) fn run(folder: &Path) -> Value {
    ask(folder).unwrap_or_else(|error| json!({ "missing": error.to_string() }))
}

fn ask(folder: &Path) -> Result<Value, Box<dyn Error>> {
    let work: Vec<Value> = timed()
        .iter()
        .map(|w| json!({ "name": w.name, "shapes": w.shapes, "activations": w.activations, "torch": w.torch }))
        .collect();
    let (program, shapes) = (folder.join("gpu_check_torch.py"), folder.join("gpu_check_shapes.json"));
    std::fs::write(&program, PROGRAM)?;
    std::fs::write(&shapes, serde_json::to_string(&work)?)?;
    let python = std::env::var("GPU_CHECK_PYTHON").unwrap_or_else(|_| "python3".into());
    let output = Command::new(&python)
        .arg(&program)
        .arg(&shapes)
        .output()
        .map_err(|e| format!("{python}: {e}"))?;
    if !output.status.success() {
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        return Err(text.lines().last().unwrap_or("it failed without a word").into());
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}
