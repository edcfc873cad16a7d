//! Where a registered file is.

use super::entries::{Entry, entry};
use super::fetch::fetch;
use crate::fingerprint::sha256_hex;
use crate::{DataError, Result};
use polars::prelude::DataFrame;
use std::path::{Path, PathBuf};

/// How deep below `CISTRON_DATA` a file is looked for.
const DEPTH: usize = 4;

/// The folders that are looked through.
#[derive(Clone, Debug)]
pub(crate) struct Places {
    /// Beside the notebook.
    pub(crate) beside: PathBuf,
    /// `CISTRON_DATA`.
    pub(crate) data: Option<PathBuf>,
    /// Where fetched files are kept; none without a home folder.
    pub(crate) cache: Option<PathBuf>,
}

impl Places {
    /// As the environment says.
    pub(crate) fn from_environment() -> Self {
        Self {
            beside: PathBuf::from("data"),
            data: folder("CISTRON_DATA"),
            cache: cache_folder().map(|c| c.join("data")),
        }
    }
}

/// A folder that the environment names.
fn folder(name: &str) -> Option<PathBuf> {
    std::env::var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from)
}

/// `CISTRON_CACHE`, else `~/.cache/cistron`; none without a home folder.
pub(crate) fn cache_folder() -> Option<PathBuf> {
    folder("CISTRON_CACHE").or_else(|| folder("HOME").map(|home| home.join(".cache").join("cistron")))
}

/// The file of a registered data set, fetched if it is not here.
///
/// # Errors
/// An unknown name; a file with another content than registered (both hashes); a file that is not here and cannot be
/// fetched (the message says which file to put where).
pub fn path(name: &str) -> Result<PathBuf> {
    find(entry(name)?, &Places::from_environment())
}

/// A registered table as a data frame; columns of numbers become numbers.
///
/// # Errors
/// As [`path`], and a damaged table.
pub fn open(name: &str) -> Result<DataFrame> {
    crate::table::read_table(path(name)?)
}

pub(crate) fn find(entry: &Entry, places: &Places) -> Result<PathBuf> {
    let beside = places.beside.join(entry.file);
    let below = places.data.iter().flat_map(|folder| below(folder, entry.file, DEPTH));
    let cached = places.cache.iter().map(|c| c.join(entry.file));
    for candidate in std::iter::once(beside).chain(below).chain(cached) {
        if candidate.is_file() {
            let content = std::fs::read(&candidate).map_err(|e| DataError::file(candidate.display(), None, e.to_string()))?;
            verify(entry, &candidate.display().to_string(), &content)?;
            return Ok(candidate);
        }
    }
    let Some(cache) = &places.cache else {
        return Err(DataError::Registry(format!(
            "{}\n{}",
            "there is no folder to fetch into; set CISTRON_CACHE",
            advice(entry, places)
        )));
    };
    fetch(entry, cache).map_err(|problem| match problem {
        DataError::Registry(problem) => DataError::Registry(format!("{problem}\n{}", advice(entry, places))),
        other => other,
    })
}

/// Compares a content with what is registered.
pub(crate) fn verify(entry: &Entry, place: &str, content: &[u8]) -> Result<()> {
    let found = sha256_hex(content);
    if found == entry.sha256 {
        return Ok(());
    }
    Err(DataError::Registry(format!(
        "{place} is not the registered `{}`\n  expected sha256 {} ({} bytes)\n  found    sha256 {found} ({} bytes)\n  help: remove the file, or get it again from {}",
        entry.name,
        entry.sha256,
        entry.bytes,
        content.len(),
        entry.url
    )))
}

/// Which file to put where.
fn advice(entry: &Entry, places: &Places) -> String {
    let mut folders = vec![format!("`{}` beside the notebook", places.beside.display())];
    folders.push(match &places.data {
        Some(folder) => format!("`{}` (CISTRON_DATA)", folder.display()),
        None => "a folder that CISTRON_DATA names".into(),
    });
    folders.extend(places.cache.iter().map(|c| format!("`{}`", c.display())));
    format!(
        "  help: download {}\n        and put it, as `{}` ({} bytes, sha256 {}), into {}",
        entry.url,
        entry.file,
        entry.bytes,
        entry.sha256,
        folders.join(", or into ")
    )
}

/// The files of this name below a folder, nearest first, so deep at most.
fn below(folder: &Path, file: &str, depth: usize) -> Vec<PathBuf> {
    let direct = folder.join(file);
    let mut found: Vec<PathBuf> = direct.is_file().then_some(direct).into_iter().collect();
    if depth > 0 {
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        let mut folders: Vec<PathBuf> = entries.map(|e| e.path()).filter(|p| p.is_dir()).collect();
        folders.sort();
        found.extend(folders.iter().flat_map(|f| below(f, file, depth - 1)));
    }
    found
}

#[cfg(test)]
mod tests;
