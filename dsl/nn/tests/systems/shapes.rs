//! Parameter counts and shapes of the declared systems beside those of the originals.

use crate::{enformer, lsfg, maxatac};
use candle_core::Device;
use cistron_model::Model;
use std::path::PathBuf;

/// The golden files; nothing (and a failure in CI) where they are not at hand.
pub(crate) fn golden() -> Option<PathBuf> {
    let workspace = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared");
    let shared = std::env::var("CISTRON_SHARED").unwrap_or_else(|_| workspace.into());
    let folder = PathBuf::from(shared).join("golden");
    if folder.is_dir() {
        return Some(folder);
    }
    assert!(std::env::var("CI").is_err(), "no golden files in {}", folder.display());
    println!("skipped: no shared data");
    None
}

/// The sizes of the tensors of a file that `keep` keeps, without axes of one and in ascending order each, since
/// frameworks order the axes of a kernel differently.
fn recorded(file: &str, keep: impl Fn(&str) -> bool) -> Option<Vec<Vec<usize>>> {
    let tensors = candle_core::safetensors::load(golden()?.join(file), &Device::Cpu).expect("tensors");
    let kept = tensors.iter().filter(|(name, _)| keep(name));
    let mut sizes: Vec<Vec<usize>> = kept.map(|(_, t)| plain(t.dims())).collect();
    sizes.sort();
    Some(sizes)
}

fn plain(sizes: &[usize]) -> Vec<usize> {
    let mut sizes: Vec<usize> = sizes.iter().copied().filter(|n| *n > 1).collect();
    sizes.sort_unstable();
    sizes
}

/// The same of a model's parameters whose names `keep` keeps.
fn declared(model: &Model, keep: impl Fn(&str) -> bool) -> Vec<Vec<usize>> {
    let kept = model.graph().parameters.iter().filter(|p| keep(&p.name));
    let mut sizes: Vec<Vec<usize>> = kept.map(|p| plain(&p.sizes)).collect();
    sizes.sort();
    sizes
}

/// A whole number of a JSON file.
fn number(file: &str, key: &str) -> Option<usize> {
    let text = std::fs::read_to_string(golden()?.join(file)).expect("a JSON file");
    let after = text.split(&format!("\"{key}\":")).nth(1).expect("the key");
    let digits: String = after.trim_start().chars().take_while(char::is_ascii_digit).collect();
    Some(digits.parse().expect("a number"))
}

#[test]
fn maxatac_has_the_parameters_of_the_original() {
    let model = maxatac::dcnn_v2();
    assert_eq!(model.parameter_count(), 116_424);
    let Some(found) = recorded("maxatac/arch_golden/dcnn_v2_weights.safetensors", |_| true) else {
        return;
    };
    assert_eq!(declared(&model, |_| true), found);
    let all: usize = model
        .graph()
        .parameters
        .iter()
        .map(|p| p.sizes.iter().product::<usize>())
        .sum();
    assert_eq!(all, 117_204);
}

#[test]
fn lsfg_has_the_parameters_of_the_original() {
    let model = lsfg::joint();
    let Some(count) = number("lsfg/as_named/info.json", "n_params") else {
        return;
    };
    assert_eq!(model.parameter_count(), count, "{model}");
    let found = recorded("lsfg/as_named/weights_init.safetensors", |n| !n.ends_with("bin_edges")).expect("weights");
    assert_eq!(declared(&model, |_| true), found);
}

#[test]
fn enformer_has_the_parameters_of_the_original() {
    let model = enformer::tiny("PerFeature");
    assert_eq!(model.parameter_count(), 353_132, "{model}");
    assert_eq!(model.graph().nodes.last().map(|n| n.sizes()), Some(vec![5, 10]));
}
