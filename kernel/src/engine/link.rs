//! The `cistron` command as the linker of cells.
//!
//! Everything a cell needs from libraries is already loaded in the worker that will open it, so the
//! linker gets the objects alone. No C compiler takes part.

use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The environment variable that makes `cistron` a linker and names the real one.
pub const LINKER: &str = "CISTRON_LINKER";

/// If this process was started as a linker, becomes the real one and does not come back.
pub fn become_linker() -> Option<std::io::Error> {
    let linker = PathBuf::from(std::env::var_os(LINKER)?);
    let mut command = Command::new(&linker);
    if linker.file_name().is_some_and(|name| name == "rust-lld") {
        command.args(["-flavor", "gnu", "--threads=1"]);
    }
    command.args(["-shared", "--gc-sections", "--eh-frame-hdr", "-z", "noexecstack"]);
    command.args(arguments(std::env::args_os().skip(1)));
    command.env_remove(LINKER);
    Some(command.exec())
}

/// What stays of rustc's arguments: objects, the output, the list of symbols, the compiler's own builtins.
fn arguments(all: impl Iterator<Item = OsString>) -> Vec<OsString> {
    let mut all = all;
    let mut out = Vec::new();
    while let Some(argument) = all.next() {
        let text = argument.to_string_lossy();
        let builtins = text.ends_with(".rlib") && text.contains("compiler_builtins");
        if text == "-o" {
            out.push(argument);
            out.extend(all.next());
        } else if text.starts_with("--version-script") || text.ends_with(".o") || builtins {
            out.push(argument);
        }
    }
    out
}

/// The linker to use: the system's if there is one (it is a little faster), else the toolchain's.
pub(crate) fn find(sysroot: &Path, triple: &str) -> Option<PathBuf> {
    let folders = std::env::var_os("PATH")
        .map(|path| std::env::split_paths(&path).collect::<Vec<_>>())
        .unwrap_or_default();
    let system = folders.iter().map(|folder| folder.join("ld.bfd")).find(|file| file.is_file());
    let bundled = sysroot.join("lib/rustlib").join(triple).join("bin/rust-lld");
    system.or_else(|| bundled.is_file().then_some(bundled))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libraries_are_left_out() {
        let given = [
            "-shared",
            "-o",
            "x.so",
            "a.o",
            "/s/libstd-1.rlib",
            "/s/libcompiler_builtins-2.rlib",
            "-lc",
            "--version-script=v",
        ];
        let kept = arguments(given.iter().map(OsString::from));
        assert_eq!(
            kept,
            ["-o", "x.so", "a.o", "/s/libcompiler_builtins-2.rlib", "--version-script=v"].map(OsString::from)
        );
    }
}
