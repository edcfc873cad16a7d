//! The command under test.

use std::path::PathBuf;
use std::process::Command;

/// The `cistron` that was built beside the tests.
///
/// # Panics
/// When it was not built: `cargo test --release --workspace` builds it.
pub fn cistron() -> PathBuf {
    let test = std::env::current_exe().expect("a test knows where it stands");
    let folder = test
        .parent()
        .and_then(|deps| deps.parent())
        .expect("tests are built into target/release/deps");
    let path = folder.join("cistron");
    assert!(
        path.exists(),
        "{} is missing; run `cargo test --release --workspace`, which builds it",
        path.display()
    );
    path
}

/// The command, ready for arguments, writing run folders below `folder`.
pub fn cistron_command(folder: &std::path::Path) -> Command {
    let mut command = Command::new(cistron());
    command.current_dir(folder).env("CISTRON_RUNS", folder.join("runs"));
    command
}
