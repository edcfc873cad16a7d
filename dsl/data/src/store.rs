//! Many bytes: in memory while they are few, otherwise in a file of the cache that is mapped into memory.
//!
//! A mapped file belongs to the page cache: the system reads of it what is used and drops it again when memory is
//! short. What is unpacked once is found again under a key; a file that is damaged or not whole is made anew.

use crate::fingerprint::hex;
use crate::registry::cache_folder;
use crate::{DataError, Result};
use memmap2::Mmap;
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::ops::Deref;
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// So many bytes stay in memory.
const SMALL: u64 = 16 << 20;
/// Behind the bytes of a file: this word, their number (8 bytes) and their SHA-256 (32 bytes).
const WORD: &[u8; 8] = b"cistron1";
const TRAILER: u64 = 8 + 8 + 32;
/// How the name of a file begins that is not whole yet.
const PART: &str = "part-";
/// A part that is older was left by a process that is gone.
const FORGOTTEN: std::time::Duration = std::time::Duration::from_secs(24 * 3600);

/// Bytes that are read by position.
#[derive(Debug)]
pub(crate) enum Bytes {
    /// A few.
    Memory(Vec<u8>),
    /// The first `count` bytes of a file.
    Mapped { map: Mmap, count: usize },
}

impl Deref for Bytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Memory(bytes) => bytes,
            Self::Mapped { map, count } => &map[..*count],
        }
    }
}

/// Takes bytes in order.
pub(crate) struct Sink {
    to: To,
    written: u64,
}

enum To {
    Memory(Vec<u8>),
    File {
        file: BufWriter<NamedTempFile>,
        hash: Sha256,
        folder: PathBuf,
    },
}

impl Sink {
    /// Appends.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.written += bytes.len() as u64;
        match &mut self.to {
            To::Memory(all) => all.extend_from_slice(bytes),
            To::File { file, hash, folder } => {
                hash.update(bytes);
                file.write_all(bytes).map_err(|e| cannot_write(folder, &e))?;
            }
        }
        Ok(())
    }
}

/// Keeps `count` bytes that `fill` writes. With a key they are found again the next time, and `fill` is not called;
/// the key must say what the bytes are made of.
///
/// # Errors
/// What `fill` answers; a cache that cannot be written.
pub(crate) fn keep(count: u64, key: Option<&str>, fill: impl FnOnce(&mut Sink) -> Result<()>) -> Result<Bytes> {
    let folder = cache_folder().map(|cache| cache.join("unpacked"));
    keep_in(folder.as_deref(), SMALL, count, key, fill)
}

/// [`keep`] with a folder and a limit for what stays in memory.
fn keep_in(
    folder: Option<&Path>,
    small: u64,
    count: u64,
    key: Option<&str>,
    fill: impl FnOnce(&mut Sink) -> Result<()>,
) -> Result<Bytes> {
    if count <= small {
        let mut sink = Sink {
            to: To::Memory(Vec::new()),
            written: 0,
        };
        fill(&mut sink)?;
        whole(sink.written, count)?;
        return match sink.to {
            To::Memory(bytes) => Ok(Bytes::Memory(bytes)),
            To::File { .. } => Err(DataError::Values("bytes of memory went into a file".into())),
        };
    }
    let Some(folder) = folder else {
        let message = format!(
            "{} MB are unpacked into the cache, but there is none; set CISTRON_CACHE",
            count / 1_000_000
        );
        return Err(DataError::Values(message));
    };
    let target = key.map(|key| folder.join(format!("{}.codes", hex(&Sha256::digest(key.as_bytes())))));
    if let Some(target) = &target
        && let Some(found) = open(target, count)
    {
        return Ok(found);
    }
    let failed = |e: &std::io::Error| cannot_write(folder, e);
    std::fs::create_dir_all(folder).map_err(|e| failed(&e))?;
    sweep(folder);
    let temporary = tempfile::Builder::new()
        .prefix(PART)
        .tempfile_in(folder)
        .map_err(|e| failed(&e))?;
    let mut sink = Sink {
        to: To::File {
            file: BufWriter::with_capacity(1 << 18, temporary),
            hash: Sha256::new(),
            folder: folder.to_path_buf(),
        },
        written: 0,
    };
    fill(&mut sink)?;
    whole(sink.written, count)?;
    let To::File { mut file, hash, .. } = sink.to else {
        return Err(DataError::Values("bytes of a file stayed in memory".into()));
    };
    let end = [WORD.as_slice(), &count.to_le_bytes(), &hash.finalize()].concat();
    file.write_all(&end).map_err(|e| failed(&e))?;
    let temporary = file.into_inner().map_err(|e| failed(e.error()))?;
    let file = match target {
        Some(target) => {
            temporary.as_file().sync_all().map_err(|e| failed(&e))?;
            temporary.persist(&target).map_err(|e| failed(&e.error))?;
            File::open(&target).map_err(|e| failed(&e))?
        }
        // Without a name the file is gone as soon as nobody maps it.
        None => temporary.into_file(),
    };
    map(&file, count).map_err(|e| failed(&e))
}

/// Removes what killed processes left. What cannot be looked at or removed stays: it only takes room.
fn sweep(folder: &Path) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let age = entry
            .metadata()
            .and_then(|m| m.modified())
            .ok()
            .and_then(|t| t.elapsed().ok());
        if entry.file_name().to_string_lossy().starts_with(PART) && age.is_some_and(|age| age > FORGOTTEN) {
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

fn whole(written: u64, count: u64) -> Result<()> {
    if written == count {
        return Ok(());
    }
    Err(DataError::Values(format!(
        "{written} bytes were unpacked where {count} belong"
    )))
}

fn cannot_write(folder: &Path, error: &std::io::Error) -> DataError {
    let message = format!("cannot write the cache: {error}; CISTRON_CACHE chooses another folder");
    DataError::file(folder.display(), None, message)
}

/// A file that was made before, if it is whole and undamaged.
fn open(path: &Path, count: u64) -> Option<Bytes> {
    let file = File::open(path).ok()?;
    if file.metadata().ok()?.len() != count + TRAILER {
        return None;
    }
    let mut reader = BufReader::with_capacity(1 << 18, &file);
    let (mut hash, mut left, mut buffer) = (Sha256::new(), count, vec![0u8; 1 << 18]);
    while left > 0 {
        let part = buffer.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        reader.read_exact(&mut buffer[..part]).ok()?;
        hash.update(&buffer[..part]);
        left -= part as u64;
    }
    let mut end = Vec::new();
    reader.read_to_end(&mut end).ok()?;
    let expected = [WORD.as_slice(), &count.to_le_bytes(), &hash.finalize()].concat();
    (end == expected).then(|| map(&file, count).ok()).flatten()
}

fn map(mut file: &File, count: u64) -> std::io::Result<Bytes> {
    file.seek(SeekFrom::Start(0))?;
    // SAFETY: a mapped file must not change or shrink while it is mapped. This one lies in our own cache, gets its name
    // only when it is whole, and is never written again: who makes it anew writes another file and renames it.
    let map = unsafe { Mmap::map(file)? };
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    if map.len() < count {
        return Err(std::io::ErrorKind::UnexpectedEof.into());
    }
    Ok(Bytes::Mapped { map, count })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    fn made(folder: &Path, key: Option<&str>, calls: &Cell<usize>) -> Bytes {
        let fill = |sink: &mut Sink| {
            calls.set(calls.get() + 1);
            (0..10u8).try_for_each(|i| sink.write(&[i; 10]))
        };
        keep_in(Some(folder), 50, 100, key, fill).unwrap()
    }

    fn files(folder: &Path) -> Vec<PathBuf> {
        std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect()
    }

    #[test]
    fn what_was_unpacked_is_found_again_and_damage_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let calls = Cell::new(0);
        let first = made(folder.path(), Some("a"), &calls);
        assert!(matches!(first, Bytes::Mapped { .. }) && first.len() == 100 && first[99] == 9);
        let again = made(folder.path(), Some("a"), &calls);
        assert_eq!((again[..] == first[..], calls.get()), (true, 1));
        let path = files(folder.path()).remove(0);
        let whole = std::fs::read(&path).unwrap();
        for damage in [0usize, 50, 105, whole.len() - 1] {
            let mut bytes = whole.clone();
            bytes[damage] ^= 1;
            std::fs::remove_file(&path).unwrap();
            std::fs::write(&path, bytes).unwrap();
            let before = calls.get();
            assert_eq!(made(folder.path(), Some("a"), &calls)[..], first[..]);
            assert_eq!(calls.get(), before + 1, "damage at byte {damage}");
        }
        std::fs::remove_file(&path).unwrap();
        std::fs::write(&path, &whole[..70]).unwrap();
        assert_eq!(made(folder.path(), Some("a"), &calls)[..], first[..]);
        assert_eq!(std::fs::read(&path).unwrap(), whole);
        made(folder.path(), Some("b"), &calls);
        assert_eq!(files(folder.path()).len(), 2, "another key is another file");
    }

    #[test]
    fn nothing_is_left_behind_by_a_failure_or_without_a_key() {
        let folder = tempfile::tempdir().unwrap();
        let failed = keep_in(Some(folder.path()), 50, 100, Some("a"), |sink| {
            sink.write(&[1; 60])?;
            Err(DataError::Values("row 7".into()))
        });
        assert_eq!(failed.unwrap_err().to_string(), "row 7");
        let short = keep_in(Some(folder.path()), 50, 100, Some("a"), |sink| sink.write(&[1; 60]));
        assert!(
            short
                .unwrap_err()
                .to_string()
                .contains("60 bytes were unpacked where 100 belong")
        );
        let unnamed = made(folder.path(), None, &Cell::new(0));
        assert_eq!((unnamed[10], files(folder.path()).len()), (1, 0));
    }

    #[test]
    fn parts_of_killed_processes_are_swept_and_others_are_not() {
        let folder = tempfile::tempdir().unwrap();
        let [old, new] = ["part-old", "part-new"].map(|name| folder.path().join(name));
        std::fs::write(&new, "x").unwrap();
        let file = File::create(&old).unwrap();
        file.set_modified(std::time::SystemTime::now() - 2 * FORGOTTEN).unwrap();
        made(folder.path(), Some("a"), &Cell::new(0));
        assert!(!old.exists() && new.exists());
    }

    #[test]
    fn few_bytes_need_no_folder_and_many_do() {
        let few = keep_in(None, 50, 3, Some("a"), |sink| sink.write(&[1, 2, 3])).unwrap();
        assert!(matches!(few, Bytes::Memory(_)) && few[..] == [1, 2, 3]);
        let many = keep_in(None, 50, 2_000_000, None, |_| Ok(())).unwrap_err().to_string();
        assert_eq!(many, "2 MB are unpacked into the cache, but there is none; set CISTRON_CACHE");
        let file = tempfile::NamedTempFile::new().unwrap();
        let refused = keep_in(Some(&file.path().join("x")), 50, 100, None, |_| Ok(()));
        assert!(refused.unwrap_err().to_string().contains("cannot write the cache"));
    }
}
