//! What a file was when it was read.

use sha2::{Digest, Sha256};

/// A file's path, SHA-256 and size in bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FilePrint {
    pub(crate) path: String,
    pub(crate) sha256: String,
    pub(crate) bytes: u64,
}

/// SHA-256 as 64 hexadecimal digits.
pub(crate) fn sha256_hex(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Bytes as hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

impl FilePrint {
    /// The print of a file's content.
    pub(crate) fn of(path: &std::path::Path, content: &[u8]) -> Self {
        Self {
            path: path.display().to_string(),
            sha256: sha256_hex(content),
            bytes: content.len() as u64,
        }
    }
}
