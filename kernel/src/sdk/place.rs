//! Where things are.

use super::error::SdkError;
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};

/// The cache: `CISTRON_CACHE`, else `~/.cache/cistron`.
pub fn cache_folder() -> PathBuf {
    if let Some(folder) = std::env::var_os("CISTRON_CACHE").filter(|f| !f.is_empty()) {
        return std::path::absolute(&folder).unwrap_or_else(|_| folder.into());
    }
    home().join(".cache/cistron")
}

/// Where compiled cells are kept between sessions.
pub fn cells_folder() -> PathBuf {
    cache_folder().join("cells")
}

/// What stands for the workspace of an installation that came as a file.
pub(crate) fn packed_source() -> PathBuf {
    PathBuf::from("packed")
}

/// The workspace that cells are built from: the argument, else `CISTRON_SOURCE`, else where this command
/// was built, else an installation that came as a file.
///
/// # Errors
/// When there is none.
pub fn source_folder(argument: Option<&Path>) -> Result<PathBuf, SdkError> {
    let built_from = || {
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .parent()
            .map(Path::to_path_buf)
            .unwrap_or_default()
    };
    let folder = argument
        .map(Path::to_path_buf)
        .or_else(|| std::env::var_os("CISTRON_SOURCE").map(PathBuf::from))
        .unwrap_or_else(built_from);
    let folder = folder.canonicalize().unwrap_or(folder);
    let there = folder.join("Cargo.toml").is_file() && folder.join("dsl/facade/Cargo.toml").is_file();
    if there {
        return Ok(folder);
    }
    let packed = argument.is_none() && super::manifest::pointer(&packed_source()).is_file();
    if packed {
        Ok(packed_source())
    } else {
        Err(SdkError::NoSource(folder))
    }
}

/// Cargo's target folder: `CARGO_TARGET_DIR`, else the one this command sits in, else one in the cache.
pub fn target_folder() -> PathBuf {
    if let Some(folder) = std::env::var_os("CARGO_TARGET_DIR").filter(|f| !f.is_empty()) {
        return std::path::absolute(&folder).unwrap_or_else(|_| folder.into());
    }
    let command = std::env::current_exe()
        .and_then(|path| path.canonicalize())
        .unwrap_or_default();
    let target = command
        .ancestors()
        .find(|folder| folder.join("CACHEDIR.TAG").is_file() && folder.join("release").is_dir());
    target.map_or_else(|| cache_folder().join("target"), Path::to_path_buf)
}

pub(super) fn home() -> PathBuf {
    std::env::var_os("HOME").map_or_else(std::env::temp_dir, PathBuf::from)
}

/// Hexadecimal SHA-256, shortened to `digits`.
pub(crate) fn digest(content: &[u8], digits: usize) -> String {
    let hash = Sha256::digest(content);
    hash.iter().map(|byte| format!("{byte:02x}")).collect::<String>()[..digits].to_string()
}

/// A print of the sources that cells depend on: names, sizes and times of change. Quick to take; equal
/// prints mean that there is nothing to build.
pub(super) fn source_print(source: &Path) -> String {
    let mut files = Vec::new();
    collect(&source.join("dsl"), &mut files);
    files.extend(["Cargo.toml", "Cargo.lock", "rust-toolchain.toml"].map(|name| source.join(name)));
    files.sort();
    let line = |file: &PathBuf| {
        let about = file.metadata().ok()?;
        let changed = about.modified().ok()?.duration_since(std::time::UNIX_EPOCH).ok()?;
        Some(format!("{} {} {}\n", file.display(), about.len(), changed.as_nanos()))
    };
    digest(files.iter().filter_map(line).collect::<String>().as_bytes(), 32)
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            if path.file_name().is_none_or(|name| name != "target" && name != "tests") {
                collect(&path, files);
            }
        } else if path.extension().is_some_and(|e| e == "rs" || e == "toml" || e == "json") {
            files.push(path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_print_changes_with_a_file() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir_all(folder.path().join("dsl/src")).expect("a folder");
        let file = folder.path().join("dsl/src/lib.rs");
        std::fs::write(&file, "a").expect("a file");
        let before = source_print(folder.path());
        assert_eq!(before, source_print(folder.path()));
        std::fs::write(&file, "ab").expect("a file");
        assert_ne!(before, source_print(folder.path()));
    }
}
