//! Recorded numbers: where they lie, and how ours are compared with them.

use serde_json::Value;
use std::path::{Path, PathBuf};

/// A path under the shared data; nothing (and a word about it) where there is none.
///
/// # Panics
/// With `CI=true`, when it is missing.
pub fn shared(path: &str) -> Option<PathBuf> {
    let shared = std::env::var_os("CISTRON_SHARED").map(PathBuf::from);
    let shared = shared.unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared"));
    let path = shared.join(path);
    if path.exists() {
        return Some(path);
    }
    assert_ne!(
        std::env::var("CI").as_deref(),
        Ok("true"),
        "no shared data: {} is missing",
        path.display()
    );
    println!("skipped: no shared data");
    None
}

/// A file of JSON.
///
/// # Panics
/// When it is missing or none.
pub fn json(path: &Path) -> Value {
    let text = std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// A number in JSON.
///
/// # Panics
/// When it is none.
pub fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is no number"))
}

/// The largest difference relative to the largest expected value.
///
/// # Panics
/// When there are not as many values.
pub fn difference(found: &[f64], expected: &[f64], what: &str) -> f64 {
    assert_eq!(found.len(), expected.len(), "{what}: the number of values");
    let largest = expected.iter().fold(0f64, |m, v| m.max(v.abs())).max(f64::MIN_POSITIVE);
    let pairs = found.iter().zip(expected);
    // A value that is no number counts as infinitely far.
    let apart = |(a, b): (&f64, &f64)| Some((a - b).abs() / largest).filter(|d| !d.is_nan()).unwrap_or(f64::INFINITY);
    pairs.map(apart).fold(0.0, f64::max)
}
