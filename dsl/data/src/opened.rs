//! Which files this process has read as data: what a notebook's record names.

use crate::fingerprint::{FilePrint, hex};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// Bytes from the start and from the end that stand for a file that is too large to be hashed whole.
const END: u64 = 1 << 20;

/// The files, and the how manieth each was.
static OPENED: Mutex<BTreeMap<OpenedFile, usize>> = Mutex::new(BTreeMap::new());

/// A file that was read as data.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct OpenedFile {
    /// The path it was opened by.
    pub path: String,
    /// Its size.
    pub bytes: u64,
    /// SHA-256, 64 hexadecimal digits: of all of it, or of its ends.
    pub sha256: String,
    /// Whether the hash is that of the size, the first and the last MiB: what is read only in places is not read
    /// through for a hash.
    pub of_its_ends: bool,
}

/// The files that were read since the last call, in the order of first reading.
pub fn take_opened() -> Vec<OpenedFile> {
    let opened = std::mem::take(&mut *OPENED.lock().unwrap_or_else(PoisonError::into_inner));
    let mut files: Vec<(OpenedFile, usize)> = opened.into_iter().collect();
    files.sort_by_key(|(_, place)| *place);
    files.into_iter().map(|(file, _)| file).collect()
}

pub(crate) fn note(print: &FilePrint) {
    add(OpenedFile {
        path: print.path.clone(),
        bytes: print.bytes,
        sha256: print.sha256.clone(),
        of_its_ends: false,
    });
}

/// Notes a file that is read in places.
pub(crate) fn note_ends(path: &Path) -> std::io::Result<()> {
    let mut file = std::fs::File::open(path)?;
    let bytes = file.metadata()?.len();
    let mut hash = Sha256::new();
    hash.update(bytes.to_le_bytes());
    let mut content = Vec::new();
    for start in [0, bytes.saturating_sub(END)] {
        content.clear();
        file.seek(SeekFrom::Start(start))?;
        (&mut file).take(END).read_to_end(&mut content)?;
        hash.update(&content);
    }
    add(OpenedFile {
        path: path.display().to_string(),
        bytes,
        sha256: hex(&hash.finalize()),
        of_its_ends: true,
    });
    Ok(())
}

fn add(file: OpenedFile) {
    let mut opened = OPENED.lock().unwrap_or_else(PoisonError::into_inner);
    let place = opened.len();
    opened.entry(file).or_insert(place);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_named_once_and_by_their_content() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("opened-once.txt");
        let name = path.display().to_string();
        let mut all = Vec::new();
        std::fs::write(&path, b"abc").unwrap();
        for _ in 0..2 {
            note(&FilePrint::of(&path, b"abc"));
        }
        note_ends(&path).unwrap();
        all.extend(take_opened());
        std::fs::write(&path, b"abd").unwrap();
        note_ends(&path).unwrap();
        all.extend(take_opened());
        let ours: Vec<&OpenedFile> = all.iter().filter(|f| f.path == name).collect();
        assert_eq!(ours.iter().map(|f| f.of_its_ends).collect::<Vec<_>>(), [false, true, true]);
        // FIPS 180-2, the example "abc".
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(ours[0].sha256, abc);
        assert_ne!(ours[1].sha256, ours[2].sha256);
        assert_eq!(ours[1].bytes, 3);
    }
}
