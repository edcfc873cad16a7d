//! A state of training as one safetensors file: tensors by name, and a JSON header in its metadata.

use crate::{RunError, files};
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use std::collections::{BTreeMap, HashMap};
use std::path::Path;

/// The largest checkpoint that is read (64 GiB).
const LIMIT: u64 = 64 << 30;
const HEADER: &str = "cistron";
const DIGEST: &str = "sha256";

/// The types of numbers in a checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Element {
    /// 32-bit floating point.
    F32,
    /// 64-bit floating point.
    F64,
    /// 32-bit counters.
    U32,
}

impl Element {
    fn stored(self) -> Dtype {
        match self {
            Self::F32 => Dtype::F32,
            Self::F64 => Dtype::F64,
            Self::U32 => Dtype::U32,
        }
    }

    fn from_stored(dtype: Dtype) -> Option<Self> {
        match dtype {
            Dtype::F32 => Some(Self::F32),
            Dtype::F64 => Some(Self::F64),
            Dtype::U32 => Some(Self::U32),
            _ => None,
        }
    }
}

/// A tensor as it lies in the file: little-endian, row-major.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredTensor {
    /// The type of its numbers.
    pub element: Element,
    /// Its sizes.
    pub sizes: Vec<usize>,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// A state of training.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checkpoint {
    /// What the state is, as JSON.
    pub header: String,
    /// The tensors by name.
    pub tensors: BTreeMap<String, StoredTensor>,
}

impl Checkpoint {
    /// The file's bytes: the same state gives the same bytes.
    ///
    /// # Errors
    /// [`RunError::Damaged`] when a tensor's bytes do not fit its sizes.
    pub fn to_bytes(&self) -> Result<Vec<u8>, RunError> {
        let path = Path::new("checkpoint");
        let unfit =
            |e: safetensors::SafeTensorError| RunError::damaged(path, e.to_string(), "tensors whose bytes fit their sizes");
        let mut views = Vec::with_capacity(self.tensors.len());
        for (name, tensor) in &self.tensors {
            let view = TensorView::new(tensor.element.stored(), tensor.sizes.clone(), &tensor.bytes).map_err(unfit)?;
            views.push((name.clone(), view));
        }
        let header = serde_json::json!({ "state": self.header, DIGEST: digest(&self.tensors) }).to_string();
        safetensors::serialize(views, Some(HashMap::from([(HEADER.to_string(), header)]))).map_err(unfit)
    }

    /// Writes the file so that it is there whole or not at all.
    ///
    /// # Errors
    /// [`RunError::Io`].
    pub fn write(&self, path: &Path) -> Result<(), RunError> {
        files::write_atomically(path, &self.to_bytes()?)
    }

    /// Reads a file; its sizes and its digest are checked.
    ///
    /// # Errors
    /// [`RunError::Damaged`] says whether it is cut short, no checkpoint at all, or changed after it was written.
    pub fn read(path: &Path) -> Result<Self, RunError> {
        Self::from_bytes(&files::read_limited(path, LIMIT)?, path)
    }

    /// As [`Checkpoint::read`], from bytes; `path` is for messages.
    ///
    /// # Errors
    /// As [`Checkpoint::read`].
    pub fn from_bytes(bytes: &[u8], path: &Path) -> Result<Self, RunError> {
        const EXPECTED: &str = "a whole checkpoint of Cistron (safetensors)";
        let broken = |found: String| RunError::damaged(path, found, EXPECTED);
        let length = match bytes.first_chunk::<8>() {
            Some(first) => u64::from_le_bytes(*first),
            None => return Err(broken(format!("it has {} bytes, too few for a header", bytes.len()))),
        };
        if length > bytes.len() as u64 - 8 {
            return Err(broken(format!(
                "its header should have {length} bytes, but only {} follow",
                bytes.len() - 8
            )));
        }
        let (_, metadata) = SafeTensors::read_metadata(bytes).map_err(|e| broken(explain(&e.to_string(), bytes)))?;
        let stored = SafeTensors::deserialize(bytes).map_err(|e| broken(explain(&e.to_string(), bytes)))?;
        let text = metadata.metadata().as_ref().and_then(|m| m.get(HEADER));
        let text = text.ok_or_else(|| broken("it is a safetensors file without the state that `fit!` writes".into()))?;
        let header: serde_json::Value = serde_json::from_str(text).map_err(|e| broken(format!("its state: {e}")))?;
        let field = |name: &str| header.get(name).and_then(|v| v.as_str()).map(str::to_string);
        let (Some(state), Some(expected)) = (field("state"), field(DIGEST)) else {
            return Err(broken("its state lacks `state` or `sha256`".into()));
        };
        let mut tensors = BTreeMap::new();
        for (name, view) in stored.tensors() {
            let Some(element) = Element::from_stored(view.dtype()) else {
                return Err(broken(format!("tensor `{name}` holds {:?}", view.dtype())));
            };
            tensors.insert(
                name,
                StoredTensor {
                    element,
                    sizes: view.shape().to_vec(),
                    bytes: view.data().to_vec(),
                },
            );
        }
        let found = digest(&tensors);
        if found != expected {
            return Err(broken(format!(
                "its tensors have SHA-256 {}.. where {}.. was written",
                &found[..12],
                short(&expected)
            )));
        }
        Ok(Self { header: state, tensors })
    }
}

fn short(hash: &str) -> String {
    hash.chars().take(12).collect()
}

fn explain(message: &str, bytes: &[u8]) -> String {
    format!("{message} (the file has {} bytes; it may have been cut short)", bytes.len())
}

fn digest(tensors: &BTreeMap<String, StoredTensor>) -> String {
    use sha2::{Digest, Sha256};
    let mut hash = Sha256::new();
    for (name, tensor) in tensors {
        hash.update(name.as_bytes());
        for size in &tensor.sizes {
            hash.update((*size as u64).to_le_bytes());
        }
        hash.update(&tensor.bytes);
    }
    let mut hex = String::with_capacity(64);
    for byte in hash.finalize() {
        hex.push_str(&format!("{byte:02x}"));
    }
    hex
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Checkpoint {
        let tensor = StoredTensor {
            element: Element::F32,
            sizes: vec![2, 3],
            bytes: (0..24).collect(),
        };
        let counter = StoredTensor {
            element: Element::U32,
            sizes: vec![1],
            bytes: 7u32.to_le_bytes().to_vec(),
        };
        Checkpoint {
            header: "{\"epoch\":3}".into(),
            tensors: BTreeMap::from([("w/a".into(), tensor), ("n".into(), counter)]),
        }
    }

    fn message(bytes: &[u8]) -> String {
        Checkpoint::from_bytes(bytes, Path::new("last.safetensors"))
            .unwrap_err()
            .to_string()
    }

    #[test]
    fn a_state_comes_back_and_has_one_form() {
        let bytes = sample().to_bytes().unwrap();
        assert_eq!(Checkpoint::from_bytes(&bytes, Path::new("x")).unwrap(), sample());
        assert_eq!(bytes, sample().to_bytes().unwrap());
    }

    #[test]
    fn every_truncation_is_an_error() {
        let bytes = sample().to_bytes().unwrap();
        for end in 0..bytes.len() {
            let text = message(&bytes[..end]);
            assert!(text.contains("last.safetensors is damaged"), "{end}: {text}");
        }
    }

    #[test]
    fn a_changed_byte_is_an_error() {
        let mut bytes = sample().to_bytes().unwrap();
        let last = bytes.len() - 1;
        bytes[last] ^= 1;
        assert!(message(&bytes).contains("its tensors have SHA-256"), "{}", message(&bytes));
    }

    #[test]
    fn a_header_that_claims_too_much_allocates_nothing() {
        let mut bytes = sample().to_bytes().unwrap();
        bytes[..8].copy_from_slice(&u64::MAX.to_le_bytes());
        assert!(
            message(&bytes).contains("its header should have 18446744073709551615 bytes"),
            "{}",
            message(&bytes)
        );
    }

    #[test]
    fn another_programs_file_is_told_apart() {
        let view = TensorView::new(Dtype::F32, vec![1], &[0, 0, 0, 0]).unwrap();
        let bytes = safetensors::serialize(vec![("w", view)], None).unwrap();
        assert!(
            message(&bytes).contains("without the state that `fit!` writes"),
            "{}",
            message(&bytes)
        );
    }
}
