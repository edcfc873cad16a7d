//! Memory that a thread keeps between tiles, aligned to cache lines.

use crate::number::Number;

/// Numbers in a cache line and more: room to begin at one.
const SLACK: usize = 16;

/// The first `length` numbers of a buffer from a cache line on; grown when needed, old contents otherwise.
pub(crate) fn aligned<T: Number>(values: &mut Vec<T>, length: usize) -> &mut [T] {
    if values.len() < length + SLACK {
        // A new one: nothing of the old contents is needed.
        *values = vec![T::default(); length + SLACK];
    }
    let start = values.as_ptr().align_offset(64).min(SLACK);
    let values = &mut values[start..start + length];
    if cfg!(test) {
        // So that the harness sees what is read before it was written.
        values.fill(T::of(f64::NAN));
    }
    values
}
