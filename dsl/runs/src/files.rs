//! Reading with a limit and writing without a moment in which the file is half there.

use crate::RunError;
use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::Path;

/// The SHA-256 of some bytes as 64 hexadecimal digits.
///
/// ```
/// assert!(cistron_runs::sha256_hex(b"abc").starts_with("ba7816bf8f01cfea"));
/// ```
pub fn sha256_hex(bytes: &[u8]) -> String {
    let mut hex = String::with_capacity(64);
    for byte in Sha256::digest(bytes) {
        hex.push_str(&format!("{byte:02x}"));
    }
    hex
}

/// Writes a file under a temporary name, syncs it, renames it and syncs the folder, so that a reader (or a
/// machine that loses power) sees the old file or the new one.
///
/// # Errors
/// [`RunError::Io`] with the step that failed; the temporary file is removed then.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> Result<(), RunError> {
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let temporary = folder.join(format!(".{name}.{}.part", std::process::id()));
    let written = (|| {
        let mut file = File::create(&temporary).map_err(|e| RunError::io("create", &temporary, e))?;
        file.write_all(bytes).map_err(|e| RunError::io("write", &temporary, e))?;
        file.sync_all().map_err(|e| RunError::io("sync", &temporary, e))?;
        fs::rename(&temporary, path).map_err(|e| RunError::io("rename to", path, e))
    })();
    if written.is_err() {
        let _ = fs::remove_file(&temporary);
    }
    written?;
    sync_folder(folder)
}

/// Makes a rename or a new file in this folder survive a power cut.
pub(crate) fn sync_folder(folder: &Path) -> Result<(), RunError> {
    #[cfg(unix)]
    File::open(folder)
        .and_then(|f| f.sync_all())
        .map_err(|e| RunError::io("sync", folder, e))?;
    #[cfg(not(unix))]
    let _ = folder;
    Ok(())
}

/// Reads a whole file, after its size was compared with a limit.
///
/// # Errors
/// [`RunError::TooLarge`] before anything is allocated, [`RunError::Io`].
pub fn read_limited(path: &Path, limit: u64) -> Result<Vec<u8>, RunError> {
    let file = File::open(path).map_err(|e| RunError::io("read", path, e))?;
    let bytes = file.metadata().map_err(|e| RunError::io("read", path, e))?.len();
    if bytes > limit {
        return Err(RunError::TooLarge {
            path: path.to_path_buf(),
            bytes,
            limit,
        });
    }
    let mut content = Vec::with_capacity(bytes as usize);
    file.take(limit)
        .read_to_end(&mut content)
        .map_err(|e| RunError::io("read", path, e))?;
    Ok(content)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_written_file_replaces_the_old_one_and_leaves_nothing_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.bin");
        write_atomically(&path, b"one").unwrap();
        write_atomically(&path, b"two").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_failed_write_keeps_the_old_file_and_says_where() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("missing").join("a.bin");
        let message = write_atomically(&path, b"one").unwrap_err().to_string();
        assert!(message.starts_with("cannot create "), "{message}");
        assert!(message.contains("missing"), "{message}");
    }

    #[test]
    fn a_file_over_the_limit_is_not_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.bin");
        fs::write(&path, [0u8; 100]).unwrap();
        assert_eq!(read_limited(&path, 100).unwrap().len(), 100);
        let message = read_limited(&path, 99).unwrap_err().to_string();
        assert!(message.contains("has 100 bytes, more than the 99"), "{message}");
    }
}
