//! What the tests share: golden files, and comparison of tensors.
#![allow(dead_code)] // Each test file uses its own part.

use candle_core::{DType, Device, Tensor};
use cistron_ops::{Operation, Pass};
use std::path::PathBuf;

/// The folder of golden files; nothing (and a word about it) where there is none.
pub(crate) fn golden(file: &str) -> Option<PathBuf> {
    let shared = std::env::var_os("CISTRON_SHARED").map(PathBuf::from);
    let shared = shared.unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared"));
    let path = shared.join("golden").join(file);
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

/// Reads an array of an npz file: f32, or f64 for numbers without axes.
pub(crate) fn array(path: &PathBuf, name: &str) -> Tensor {
    let mut file = npyz::npz::NpzArchive::open(path).expect("an npz file");
    let npy = file
        .by_name(name)
        .expect("readable")
        .unwrap_or_else(|| panic!("no array {name}"));
    let shape: Vec<usize> = npy.shape().iter().map(|n| *n as usize).collect();
    Tensor::from_vec(npy.into_vec::<f32>().expect("f32"), shape, &Device::Cpu).expect("a tensor")
}

pub(crate) fn values(tensor: &Tensor) -> Vec<f64> {
    tensor
        .flatten_all()
        .and_then(|t| t.to_dtype(DType::F64))
        .and_then(|t| t.to_vec1())
        .expect("values")
}

pub(crate) fn close(found: &Tensor, expected: &Tensor, tolerance: f64, what: &str) {
    assert_eq!(found.elem_count(), expected.elem_count(), "{what}");
    for (a, b) in values(found).into_iter().zip(values(expected)) {
        assert!((a - b).abs() <= tolerance * b.abs().max(1.0), "{what}: {a} against {b}");
    }
}

pub(crate) fn run(operation: &dyn Operation, inputs: &[&Tensor]) -> Tensor {
    operation.forward(inputs, &Pass::default()).expect("forward").output
}
