//! Which source a build came from: for the record that executed notebooks carry.

use super::place::digest;
use std::path::Path;
use std::process::{Command, Stdio};

/// The commit of a workspace, `+modified` behind it when tracked files differ from it; `unknown` without git.
pub(super) fn commit(source: &Path) -> String {
    let git = |arguments: &[&str]| {
        let output = Command::new("git")
            .args(arguments)
            .current_dir(source)
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .output()
            .ok()?;
        let text = String::from_utf8_lossy(&output.stdout).trim().to_string();
        output.status.success().then_some(text)
    };
    let Some(commit) = git(&["rev-parse", "HEAD"]).filter(|c| !c.is_empty()) else {
        return "unknown".into();
    };
    match git(&["status", "--porcelain", "--untracked-files=no"]) {
        Some(changes) if changes.is_empty() => commit,
        _ => format!("{commit}+modified"),
    }
}

/// SHA-256 of the lock file: which versions of all crates. `unknown` where there is none.
pub(super) fn lock_hash(source: &Path) -> String {
    std::fs::read(source.join("Cargo.lock")).map_or_else(|_| "unknown".into(), |content| digest(&content, 64))
}

/// What a manifest of an earlier version says.
pub(super) fn unknown() -> String {
    "unknown".into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_without_git_and_lock_is_unknown() {
        let folder = tempfile::tempdir().expect("a folder");
        assert_eq!(commit(folder.path()), "unknown");
        assert_eq!(lock_hash(folder.path()), "unknown");
        std::fs::write(folder.path().join("Cargo.lock"), "abc").expect("a file");
        // FIPS 180-2, the example "abc".
        assert_eq!(
            lock_hash(folder.path()),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }
}
