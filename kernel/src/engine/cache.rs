//! Compiled cells that are kept between sessions, found by what they were compiled from.
//!
//! Generated source holds nothing of the session (no cell numbers of its own, no slots), so the same cell in the same
//! surroundings is the same source, and what rustc made of it and said about it can be taken from here. The number of a cell
//! is part of its crate's name; a library that comes from here brings its number with it.

use super::diagnostics::Message;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// What all kept cells may take on disk; the least recently used go first.
const ROOM: u64 = 512 << 20;

/// Libraries of cells that are not used for so long go too.
const UNUSED: Duration = Duration::from_secs(90 * 24 * 3600);

/// What is younger may be half written.
const BEING_WRITTEN: Duration = Duration::from_secs(5);

/// What rustc was asked, as a digest.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key(String);

impl Key {
    /// The digest of everything that decides what rustc makes.
    pub(crate) fn of(parts: &[&str]) -> Self {
        let mut hash = Sha256::new();
        for part in parts {
            hash.update(part.len().to_le_bytes());
            hash.update(part);
        }
        Self(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
    }
}

/// What rustc said, and the number of the cell it said it of.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Entry {
    pub(crate) number: usize,
    pub(crate) output: String,
    /// Whether there is a library.
    pub(crate) built: bool,
}

impl Entry {
    /// The messages.
    pub(crate) fn messages(&self) -> Vec<Message> {
        Message::read_all(&self.output)
    }
}

/// The folder of kept cells.
#[derive(Clone, Debug)]
pub(crate) struct CellCache {
    folder: PathBuf,
}

impl CellCache {
    /// The cells that were compiled against one build of the libraries; `base` is the folder for all builds.
    pub(crate) fn new(base: &Path, build: &str) -> Self {
        Self {
            folder: base.join(build),
        }
    }

    /// What is kept under a key.
    pub(crate) fn find(&self, key: &Key) -> Option<Entry> {
        let file = self.file(key);
        let entry: Entry = serde_json::from_slice(&std::fs::read(&file).ok()?).ok()?;
        let complete = !entry.built || self.library(key, entry.number).is_file();
        if let Ok(file) = std::fs::File::open(file) {
            let _ = file.set_modified(SystemTime::now());
        }
        complete.then_some(entry)
    }

    /// Copies the library to where the worker loads it from. A copy, because each load is to have its own statics; in the
    /// place of what is there, which may be that of an earlier pass.
    ///
    /// # Errors
    /// When it can't be read or written.
    pub(crate) fn fetch(&self, key: &Key, number: usize, library: &Path) -> io::Result<()> {
        let temporary = library.with_extension("copy");
        std::fs::copy(self.library(key, number), &temporary)?;
        std::fs::rename(&temporary, library)
    }

    /// Keeps what rustc made. Another kernel may do the same at the same time; files appear whole.
    ///
    /// # Errors
    /// When the folder can't be written: then nothing is kept.
    pub(crate) fn keep(&self, key: &Key, entry: &Entry, library: &Path) -> io::Result<()> {
        private_folder(&self.folder)?;
        let put = |place: PathBuf, write: &dyn Fn(&Path) -> io::Result<()>| {
            let temporary = self.folder.join(format!("{}.part", uuid::Uuid::new_v4().simple()));
            write(&temporary).and_then(|()| std::fs::rename(&temporary, place))
        };
        if entry.built {
            put(self.library(key, entry.number), &|to| std::fs::copy(library, to).map(|_| ()))?;
        }
        let text = serde_json::to_vec(entry)?;
        put(self.file(key), &|to| std::fs::write(to, &text))
    }

    fn file(&self, key: &Key) -> PathBuf {
        self.folder.join(format!("{}.json", key.0))
    }

    /// The number is part of the name: two kernels that compile the same cell at once give it two.
    fn library(&self, key: &Key, number: usize) -> PathBuf {
        self.folder.join(format!("{}-{number}.so", key.0))
    }
}

/// Code is loaded from here, so nobody else may write to it.
fn private_folder(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// Removes what has not been used for long, what belongs to builds that are gone, and what is beyond the room.
pub(crate) fn prune(base: &Path, builds: &Path) {
    prune_to(base, builds, ROOM);
}

fn prune_to(base: &Path, builds: &Path, room: u64) {
    let mut cells = Vec::new();
    for folder in entries(base) {
        let build = folder.file_name().unwrap_or_default().to_os_string();
        if builds.join(build).is_dir() {
            cells.extend(cells_of(&folder));
        } else {
            let _ = std::fs::remove_dir_all(&folder);
        }
    }
    cells.sort_by_key(|(used, ..)| std::cmp::Reverse(*used));
    let mut taken = 0;
    for (used, size, files) in cells {
        taken += size;
        let age = used.elapsed().unwrap_or_default();
        if age > UNUSED || (taken > room && age > BEING_WRITTEN) {
            files.iter().for_each(|file| _ = std::fs::remove_file(file));
        }
    }
}

/// When each cell was used last, the bytes that it takes, its files. All files of a cell begin with its key; what a write
/// left behind that did not end counts as a cell of its own.
fn cells_of(folder: &Path) -> Vec<(SystemTime, u64, Vec<PathBuf>)> {
    let mut cells: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
    for file in entries(folder) {
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let key = name.split(['-', '.']).next().unwrap_or_default().to_string();
        cells.entry(key).or_default().push(file);
    }
    let cell = |files: Vec<PathBuf>| {
        let about: Vec<_> = files.iter().filter_map(|file| file.metadata().ok()).collect();
        let used = about.iter().filter_map(|about| about.modified().ok()).max();
        let size = about.iter().map(|about| about.len()).sum();
        (used.unwrap_or(SystemTime::UNIX_EPOCH), size, files)
    };
    cells.into_values().map(cell).collect()
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(number: usize, built: bool) -> Entry {
        Entry {
            number,
            output: String::new(),
            built,
        }
    }

    #[test]
    fn what_was_kept_is_found_and_its_library_copied() {
        let folder = tempfile::tempdir().expect("a folder");
        let cache = CellCache::new(&folder.path().join("cells"), "sdk-1");
        let (key, other) = (Key::of(&["a", "b"]), Key::of(&["ab", ""]));
        assert_ne!(key, other, "borders of parts count");
        assert!(cache.find(&key).is_none());
        let library = folder.path().join("libcell_7.so");
        std::fs::write(&library, "code").expect("a file");
        cache.keep(&key, &entry(7, true), &library).expect("kept");
        assert_eq!(cache.find(&key).map(|e| e.number), Some(7));
        assert!(cache.find(&other).is_none());
        let to = folder.path().join("copy.so");
        std::fs::write(&to, "of an earlier pass").expect("a file");
        cache.fetch(&key, 7, &to).expect("fetched");
        assert_eq!(std::fs::read_to_string(to).expect("a copy"), "code");
        std::fs::remove_file(cache.library(&key, 7)).expect("removed");
        assert!(cache.find(&key).is_none(), "an entry without its library is none");
    }

    #[test]
    fn cells_of_builds_that_are_gone_and_the_least_used_go() {
        let folder = tempfile::tempdir().expect("a folder");
        let (base, builds) = (folder.path().join("cells"), folder.path());
        std::fs::create_dir(builds.join("sdk-1")).expect("a build");
        let library = folder.path().join("lib.so");
        std::fs::write(&library, vec![0; 1000]).expect("a file");
        let (mine, gone) = (CellCache::new(&base, "sdk-1"), CellCache::new(&base, "sdk-0"));
        let keys: Vec<Key> = ["1", "2", "3"].map(|k| Key::of(&[k])).into();
        for (age, key) in keys.iter().enumerate() {
            mine.keep(key, &entry(1, true), &library).expect("kept");
            for file in [mine.file(key), mine.library(key, 1)] {
                let file = std::fs::File::open(file).expect("an entry");
                let time = SystemTime::now() - Duration::from_secs(60 * (age as u64 + 1));
                file.set_modified(time).expect("a time");
            }
        }
        gone.keep(&keys[0], &entry(1, true), &library).expect("kept");
        prune_to(&base, builds, 2500);
        assert!(!gone.folder.exists());
        assert!(mine.find(&keys[0]).is_some() && mine.find(&keys[1]).is_some());
        assert!(mine.find(&keys[2]).is_none() && !mine.library(&keys[2], 1).exists());
    }
}
