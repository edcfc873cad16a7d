//! A shape seen from one axis: what is outside it, itself, what is inside.

use crate::error::{OpsError, Result};

/// `[outer, size, inner]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Around {
    pub(crate) outer: usize,
    pub(crate) size: usize,
    pub(crate) inner: usize,
}

/// Looks at `dims` from an axis counted from 0 after the batch axis.
pub(crate) fn around(operation: &'static str, dims: &[usize], axis: usize) -> Result<Around> {
    let at = axis + 1;
    let size = *dims.get(at).ok_or_else(|| {
        OpsError::shape(
            operation,
            "the input",
            dims,
            format!("at least {} axes after the batch axis", axis + 1),
        )
    })?;
    Ok(Around {
        outer: dims[..at].iter().product(),
        size,
        inner: dims[at + 1..].iter().product(),
    })
}

/// `dims` without an axis counted from 0 after the batch axis.
pub(crate) fn without(dims: &[usize], axis: usize) -> Vec<usize> {
    dims.iter()
        .enumerate()
        .filter(|(i, _)| *i != axis + 1)
        .map(|(_, d)| *d)
        .collect()
}
