//! The thread that writes kept variables.

use super::value::Snapshot;
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// What is to be done with a binding.
enum Task {
    /// Name, time of the change, value.
    Write(String, u64, Box<dyn Snapshot>),
    Remove,
}

/// Newest task of each binding: a value that has changed again is not written twice, so no more than two
/// copies of a value are ever held.
#[derive(Default)]
struct Queue {
    tasks: Mutex<BTreeMap<u32, Task>>,
    filled: Condvar,
}

impl Queue {
    fn tasks(&self) -> MutexGuard<'_, BTreeMap<u32, Task>> {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Writes values while cells go on.
pub(super) struct Writer {
    queue: Arc<Queue>,
    running: bool,
}

impl Writer {
    /// Starts the thread.
    pub(super) fn start(folder: PathBuf) -> Self {
        let queue = Arc::new(Queue::default());
        let tasks = queue.clone();
        let thread = std::thread::Builder::new()
            .name("keep".into())
            .spawn(move || work(&folder, &tasks));
        if let Err(error) = &thread {
            eprintln!("variables are not kept: there is no thread to save them ({error})");
        }
        Self {
            queue,
            running: thread.is_ok(),
        }
    }

    /// Will write this value, and remove what was saved of the binding before.
    pub(super) fn write(&mut self, slot: u32, name: &str, stamp: u64, value: Box<dyn Snapshot>) {
        self.add(slot, Task::Write(name.to_string(), stamp, value));
    }

    /// Will remove what was saved of a binding.
    pub(super) fn remove(&mut self, slot: u32) {
        self.add(slot, Task::Remove);
    }

    fn add(&mut self, slot: u32, task: Task) {
        if self.running {
            self.queue.tasks().insert(slot, task);
            self.queue.filled.notify_one();
        }
    }
}

fn work(folder: &Path, queue: &Queue) {
    let mut failed = false;
    loop {
        let mut tasks = queue.tasks();
        let (slot, task) = loop {
            match tasks.pop_first() {
                Some(task) => break task,
                None => tasks = queue.filled.wait(tasks).unwrap_or_else(PoisonError::into_inner),
            }
        };
        drop(tasks);
        match task {
            Task::Remove => remove_older(folder, slot, u64::MAX),
            Task::Write(name, stamp, value) => {
                if let Err(error) = replace(folder, slot, stamp, &*value)
                    && !std::mem::replace(&mut failed, true)
                {
                    eprintln!("`{name}` could not be saved in {}: {error}", folder.display());
                }
            }
        }
    }
}

/// [`write`], then removes the older files of the binding.
fn replace(folder: &Path, slot: u32, stamp: u64, value: &dyn Snapshot) -> io::Result<()> {
    write(folder, slot, stamp, value)?;
    remove_older(folder, slot, stamp);
    Ok(())
}

/// Writes a file so that it is there whole or not at all.
pub(super) fn write(folder: &Path, slot: u32, stamp: u64, value: &dyn Snapshot) -> io::Result<()> {
    let temporary = folder.join(format!("{slot}-{stamp}.part"));
    let written = std::fs::write(&temporary, value.bytes())
        .and_then(|()| std::fs::rename(&temporary, folder.join(format!("{slot}-{stamp}"))));
    if written.is_err() {
        let _ = std::fs::remove_file(&temporary);
    }
    written
}

/// Removes the files of a binding that are older than this.
pub(super) fn remove_older(folder: &Path, slot: u32, stamp: u64) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let of = name.to_str().and_then(|name| name.split_once('-'));
        let place = of.and_then(|(slot, stamp)| Some((slot.parse::<u32>().ok()?, stamp.parse::<u64>().ok()?)));
        if place.is_some_and(|(of, written)| of == slot && written < stamp) {
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_value_of_a_binding_is_the_only_one() {
        let folder = std::env::temp_dir().join(format!("cistron-writer-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        for (slot, stamp, value) in [(1, 10, 1.5_f64), (2, 11, 2.5), (1, 12, 3.5)] {
            replace(&folder, slot, stamp, &value).expect("written");
        }
        let mut names: Vec<_> = std::fs::read_dir(&folder)
            .expect("the folder")
            .flatten()
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        assert_eq!(names, ["1-12", "2-11"]);
        remove_older(&folder, 1, u64::MAX);
        assert!(!folder.join("1-12").exists() && folder.join("2-11").exists());
        let _ = std::fs::remove_dir_all(&folder);
    }
}
