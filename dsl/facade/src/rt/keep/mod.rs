//! Variables that come back when the worker process has died.
//!
//! A cell needs no code for it: a value is found by its `TypeId` among the [`kinds`] that can be saved. At the
//! end of each cell the worker chooses what is worth saving, tells the kernel (event `kept`: name, binding, time
//! of the last change), and a thread writes what has changed since. A file is named `BINDING-TIME`, so a file
//! that is there is the newest value, and one that is not there was never saved. `keep!(name)` asks for more: no
//! limit of size, and the file is there before the cell has ended.

mod frame;
mod kinds;
mod ours;
mod value;
mod writer;

use super::store::Store;
use kinds::Kind;
use std::any::Any;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use writer::Writer;

/// Bytes that are saved without being asked for, of all variables together.
const LIMIT: u64 = 64 << 20;

/// What is being kept.
#[derive(Default)]
struct Keeper {
    folder: PathBuf,
    writer: Option<Writer>,
    /// Names that `keep!` was called with.
    asked: BTreeSet<String>,
    /// Binding to time of the change of what is saved, or about to be.
    saved: BTreeMap<u32, u64>,
}

static KEEPER: Mutex<Option<Keeper>> = Mutex::new(None);

fn keeper() -> MutexGuard<'static, Option<Keeper>> {
    KEEPER.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A variable that will be saved.
pub(super) struct Chosen<'a> {
    name: &'a str,
    slot: u32,
    stamp: u64,
    asked: bool,
    size: u64,
    kind: &'static Kind,
    value: &'a dyn Any,
}

/// From here on variables are kept in the folder that `CISTRON_KEPT` names.
pub(super) fn install() {
    let Some(folder) = std::env::var_os("CISTRON_KEPT").map(PathBuf::from) else {
        return;
    };
    *keeper() = Some(Keeper {
        folder,
        ..Keeper::default()
    });
    cistron::kept::set_keeper(ask);
}

/// What `keep!` calls: the name is saved from the end of this cell on.
fn ask(name: &str, value: &dyn Any, type_name: &str) -> Result<(), String> {
    let Some(kind) = kinds::find(value) else {
        return Err(format!(
            "`{name}` can't be kept: there is no way to save a {type_name}\n  what can be saved: numbers, text, lists, \
             options, arrays, pairs, sets and maps of them, DataFrame, Series, Tensor, Dataset, Model, Objective, Run; of longer \
             tuples and of maps within maps the parts\n  help: keep what it was made from"
        ));
    };
    if let Some(why) = (kind.refuses)(value) {
        return Err(format!("`{name}` can't be kept: {why}"));
    }
    if let Some(keeper) = &mut *keeper() {
        keeper.asked.insert(name.to_string());
    }
    Ok(())
}

/// The variables that are kept from now on: those that were asked for, and the smallest of the others until the
/// limit is reached. What was asked for is written at once.
pub(super) fn choose(store: &Store) -> Vec<Chosen<'_>> {
    let mut guard = keeper();
    let Some(keeper) = &mut *guard else { return Vec::new() };
    let mut chosen: Vec<Chosen<'_>> = store
        .stamped()
        .filter_map(|(name, slot, stamp, value)| {
            let kind = kinds::find(value).filter(|kind| (kind.refuses)(value).is_none())?;
            Some(Chosen {
                name,
                slot,
                stamp,
                asked: keeper.asked.contains(name),
                size: (kind.size)(value),
                kind,
                value,
            })
        })
        .collect();
    chosen.sort_by_key(|one| (!one.asked, one.size, one.slot));
    let mut total = 0;
    chosen.retain(|one| {
        total += if one.asked { 0 } else { one.size };
        one.asked || total <= LIMIT
    });
    let unfound: Vec<String> = keeper
        .asked
        .iter()
        .filter(|name| chosen.iter().all(|one| one.name != *name))
        .cloned()
        .collect();
    for name in unfound {
        eprintln!("`{name}` is not kept any more: no variable of that name can be saved at the end of this cell");
        keeper.asked.remove(&name);
    }
    let mut failed = Vec::new();
    for one in chosen.iter().filter(|one| one.asked) {
        if keeper.saved.get(&one.slot) == Some(&one.stamp) {
            continue;
        }
        match writer::write(&keeper.folder, one.slot, one.stamp, &*(one.kind.snapshot)(one.value)) {
            Ok(()) => _ = keeper.saved.insert(one.slot, one.stamp),
            Err(error) => {
                eprintln!("`{}` could not be saved in {}: {error}", one.name, keeper.folder.display());
                failed.push(one.slot);
            }
        }
    }
    chosen.retain(|one| !failed.contains(&one.slot));
    chosen
}

/// A line for each: name, binding, time of the last change, whether `keep!` asked for it.
pub(super) fn listing(chosen: &[Chosen<'_>]) -> String {
    let lines: Vec<String> = chosen
        .iter()
        .map(|one| format!("{} {} {} {}", one.name, one.slot, one.stamp, u8::from(one.asked)))
        .collect();
    lines.join("\n")
}

/// Hands what has changed to the thread that writes, and has the files removed that nobody needs.
pub(super) fn save(chosen: Vec<Chosen<'_>>) {
    let mut guard = keeper();
    let Some(keeper) = &mut *guard else { return };
    // The kernel knows of the newer files by now.
    for one in chosen.iter().filter(|one| one.asked) {
        writer::remove_older(&keeper.folder, one.slot, one.stamp);
    }
    let live: BTreeSet<u32> = chosen.iter().map(|one| one.slot).collect();
    let gone: Vec<u32> = keeper.saved.keys().filter(|slot| !live.contains(slot)).copied().collect();
    let changed = chosen
        .into_iter()
        .filter(|one| keeper.saved.get(&one.slot) != Some(&one.stamp));
    let changed: Vec<Chosen<'_>> = changed.collect();
    if gone.is_empty() && changed.is_empty() {
        return;
    }
    let folder = &keeper.folder;
    let writer = keeper.writer.get_or_insert_with(|| Writer::start(folder.clone()));
    for slot in gone {
        writer.remove(slot);
        keeper.saved.remove(&slot);
    }
    for one in changed {
        writer.write(one.slot, one.name, one.stamp, (one.kind.snapshot)(one.value));
        keeper.saved.insert(one.slot, one.stamp);
    }
}

/// Puts a saved value back under its name.
///
/// # Errors
/// Why the file does not read.
pub(super) fn restore(store: &mut Store, path: &Path, name: &str, asked: bool) -> Result<(), String> {
    let value = kinds::read(path)?;
    let place = path
        .file_name()
        .and_then(|file| file.to_str())
        .and_then(|file| file.split_once('-'));
    let place = place.and_then(|(slot, stamp)| Some((slot.parse().ok()?, stamp.parse().ok()?)));
    let (slot, stamp): (u32, u64) = place.ok_or_else(|| format!("{}: expected a name `BINDING-TIME`", path.display()))?;
    if let Some(keeper) = &mut *keeper() {
        keeper.saved.insert(slot, stamp);
        if asked {
            keeper.asked.insert(name.to_string());
        }
    }
    store.restore(name, slot, stamp, value);
    Ok(())
}
