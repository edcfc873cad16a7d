//! Sequences as one byte per base.

use crate::store::{self, Bytes, Sink};
use crate::{DataError, Result};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Rows of equal length, one code per base. Cloning and choosing rows copy no codes.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(into = "Saved", try_from = "Saved")]
pub(crate) struct Codes {
    bytes: Arc<Bytes>,
    length: usize,
    stored: usize,
    /// The stored row of each row; none when they are the same.
    rows: Option<Arc<[usize]>>,
}

/// Codes on their way to a file and back.
#[derive(Serialize, Deserialize)]
struct Saved {
    rows: usize,
    length: usize,
    bytes: Vec<u8>,
}

impl From<Codes> for Saved {
    fn from(codes: Codes) -> Self {
        Self {
            rows: codes.len(),
            length: codes.length,
            bytes: codes.iter().flatten().copied().collect(),
        }
    }
}

impl TryFrom<Saved> for Codes {
    type Error = DataError;

    fn try_from(saved: Saved) -> Result<Self> {
        if saved.rows.checked_mul(saved.length) != Some(saved.bytes.len()) {
            let (rows, length, found) = (saved.rows, saved.length, saved.bytes.len());
            return Err(DataError::Values(format!(
                "{rows} sequences of {length} bases in {found} bytes"
            )));
        }
        Self::keep(saved.rows, saved.length, None, |sink| sink.write(&saved.bytes))
    }
}

impl Codes {
    /// Keeps `rows` rows of `length` codes that `fill` writes in order; with a key, as [`store::keep`] has it.
    ///
    /// # Errors
    /// What `fill` answers, a cache that cannot be written, more codes than can be addressed.
    pub(crate) fn keep(
        rows: usize,
        length: usize,
        key: Option<&str>,
        fill: impl FnOnce(&mut Sink) -> Result<()>,
    ) -> Result<Self> {
        let too_many = || DataError::Values(format!("{rows} sequences of {length} bases cannot be addressed"));
        let count = rows
            .checked_mul(length)
            .filter(|n| *n < isize::MAX as usize)
            .ok_or_else(too_many)?;
        Ok(Self {
            bytes: Arc::new(store::keep(count as u64, key, fill)?),
            length,
            stored: rows,
            rows: None,
        })
    }

    /// The number of rows.
    pub(crate) fn len(&self) -> usize {
        self.rows.as_ref().map_or(self.stored, |rows| rows.len())
    }

    /// The number of codes per row.
    pub(crate) fn length(&self) -> usize {
        self.length
    }

    /// One row.
    pub(crate) fn row(&self, row: usize) -> &[u8] {
        let stored = self.rows.as_ref().map_or(row, |rows| rows[row]);
        &self.bytes[stored * self.length..(stored + 1) * self.length]
    }

    /// All rows in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        (0..self.len()).map(|row| self.row(row))
    }

    /// These rows, in this order.
    pub(crate) fn pick(&self, rows: &[usize]) -> Self {
        let stored = |&row: &usize| self.rows.as_ref().map_or(row, |rows| rows[row]);
        Self {
            rows: Some(rows.iter().map(stored).collect()),
            ..self.clone()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_picked_without_copies() {
        let codes = Codes::keep(3, 2, None, |sink| sink.write(&[0, 1, 2, 3, 4, 5])).unwrap();
        let picked = codes.pick(&[2, 0]).pick(&[1, 1, 0]);
        assert_eq!(picked.iter().collect::<Vec<_>>(), [[0, 1], [0, 1], [4, 5]]);
        assert_eq!((picked.len(), codes.len(), picked.length()), (3, 3, 2));
        assert!(Arc::ptr_eq(&codes.bytes, &picked.bytes));
        let many = Codes::keep(usize::MAX, 2, None, |_| Ok(())).unwrap_err().to_string();
        assert!(many.contains("cannot be addressed"), "{many}");
    }
}
