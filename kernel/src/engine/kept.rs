//! Variables that come back in a new worker.
//!
//! The worker saves them (`rt::keep` in the facade) and says so at the end of each cell. When it has died, a new
//! one reads the files of those variables whose newest value was saved.

use super::lifetime::wait_until_ready;
use super::session::Engine;
use super::worker::Emit;
use crate::sdk::cache_folder;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A variable as the worker keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    slot: u32,
    /// When it last changed.
    stamp: u64,
    /// Whether `keep!` asked for it.
    asked: bool,
}

/// What the worker keeps, and where.
#[derive(Debug)]
pub(crate) struct Kept {
    folder: PathBuf,
    entries: BTreeMap<String, Entry>,
}

impl Kept {
    /// A folder in the cache for the session `name`; only its user can look into it.
    ///
    /// # Errors
    /// When it can't be made.
    pub(crate) fn create(name: &str) -> std::io::Result<Self> {
        use std::os::unix::fs::DirBuilderExt;
        let base = base();
        super::lifetime::sweep(&base);
        let folder = base.join(name);
        std::fs::create_dir_all(&base)?;
        std::fs::DirBuilder::new().mode(0o700).create(&folder)?;
        Ok(Self {
            folder,
            entries: BTreeMap::new(),
        })
    }

    /// Where the files lie.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Takes over what the worker says at the end of a cell: name, binding, time, whether it was asked for.
    pub(crate) fn learn(&mut self, listing: &str) {
        self.entries = listing
            .lines()
            .filter_map(|line| {
                let mut words = line.split(' ');
                let name = words.next()?.to_string();
                let (slot, stamp) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
                let asked = words.next()? == "1";
                Some((name, Entry { slot, stamp, asked }))
            })
            .collect();
    }

    fn file(&self, entry: &Entry) -> PathBuf {
        self.folder.join(format!("{}-{}", entry.slot, entry.stamp))
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn base() -> PathBuf {
    cache_folder().join("kept")
}

/// What became of the variables when a worker had died.
#[derive(Debug, Default)]
pub(super) struct Restored {
    /// Names of those that are there again.
    pub(super) back: Vec<String>,
    /// Names of those that are not, each with the reason if its file was there.
    pub(super) lost: Vec<(String, Option<String>)>,
}

impl Engine {
    /// The variables whose newest value is saved, so that it comes back when the worker dies.
    pub fn kept(&self) -> Vec<String> {
        let saved = |(name, entry): &(&String, &Entry)| {
            let variable = self.state.variables.get(*name);
            variable.is_some_and(|v| v.slot == entry.slot) && self.kept.file(entry).is_file()
        };
        self.kept.entries.iter().filter(saved).map(|(name, _)| name.clone()).collect()
    }

    /// Starts a new worker in the place of one that has died and has it read what was saved. Those that can't be
    /// read are lost; if the new worker dies of it, all are, and the next cell starts another.
    pub(super) fn restore(&mut self, emit: Emit<'_>) -> Restored {
        let mut restored = Restored::default();
        let mut waiting = self.kept();
        let lost = self.state.variables.keys().filter(|name| !waiting.contains(name));
        restored.lost = lost.map(|name| (name.clone(), None)).collect();
        if waiting.is_empty() {
            return restored;
        }
        if let Err(failure) = self.worker(emit) {
            restored
                .lost
                .extend(waiting.into_iter().map(|name| (name, Some(failure.value.clone()))));
            return restored;
        }
        while let Some(name) = waiting.pop() {
            match self.read_back(&name, emit) {
                Ok(()) => restored.back.push(name),
                Err(Unread::File(why)) => restored.lost.push((name, Some(why))),
                Err(Unread::Worker(why)) => {
                    self.worker = None;
                    let gone = [name].into_iter().chain(waiting).chain(restored.back.drain(..));
                    restored.lost.extend(gone.map(|name| (name, Some(why.clone()))));
                    break;
                }
            }
        }
        restored.back.sort();
        restored
    }

    fn read_back(&mut self, name: &str, emit: Emit<'_>) -> Result<(), Unread> {
        let Some(entry) = self.kept.entries.get(name) else {
            return Err(Unread::File("it was not saved".into()));
        };
        let (file, asked) = (self.kept.file(entry), entry.asked);
        let Some(worker) = &mut self.worker else {
            return Err(Unread::Worker("there is no process to read it".into()));
        };
        worker
            .restore(&file, name, asked)
            .map_err(|error| Unread::Worker(error.to_string()))?;
        wait_until_ready(worker, emit).map_err(|failure| match failure.name.as_str() {
            "LoadError" => Unread::File(failure.value),
            _ => Unread::Worker(failure.value),
        })
    }
}

/// Why a saved variable did not come back.
enum Unread {
    File(String),
    Worker(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_listing_counts() {
        let mut kept = Kept {
            folder: PathBuf::from("/nowhere"),
            entries: BTreeMap::new(),
        };
        kept.learn("a 1 10 0\nb 2 11 1\nnonsense");
        kept.learn("b 2 12 1");
        let entry = Entry {
            slot: 2,
            stamp: 12,
            asked: true,
        };
        assert_eq!(kept.entries, [("b".to_string(), entry.clone())].into());
        assert_eq!(kept.file(&entry), Path::new("/nowhere/2-12"));
    }
}
