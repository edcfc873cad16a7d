//! A built installation as one file, for machines without a network or time to compile (the nodes of a cluster).
//!
//! The file is a tar archive compressed with zstd: a note that says what it was made for, this command, the libraries for
//! cells and, if asked for, the compiler. The machine that takes it has the same processor family, a C library that is not
//! older and, if the compiler is not in the file, the same Rust toolchain.

use super::build::{link_sysroot, remember};
use super::error::SdkError;
use super::manifest::{MANIFEST, Sdk};
use super::place::{cache_folder, packed_source};
use super::toolchain::Toolchain;
use crate::engine::link;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// Changes when the layout does.
const FORMAT: u32 = 1;

/// The first entry.
const NOTE: &str = "pack.json";

/// Longest note that is read.
const NOTE_LIMIT: u64 = 1 << 20;

/// Bytes that are unpacked at most: several times what there is to pack.
const SIZE_LIMIT: u64 = 16 << 30;

/// zstd's default: most of the gain, a few seconds.
const LEVEL: i32 = 3;

/// What a pack was made for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Note {
    format: u32,
    /// Version of Cistron.
    version: String,
    /// Name of the build.
    build: String,
    triple: String,
    /// What `rustc -vV` says.
    rustc: String,
    /// Version of the C library; empty where it is not GNU's.
    glibc: String,
    /// Whether the compiler is in it.
    toolchain: bool,
}

/// What was unpacked.
#[derive(Clone, Debug)]
pub struct Unpacked {
    /// The libraries for cells.
    pub sdk: Sdk,
    /// The `cistron` command that belongs to them.
    pub command: PathBuf,
}

/// Writes an installation into `file`; `command` is the `cistron` executable. Answers the size of the file in bytes.
///
/// # Errors
/// When a file can't be read or written.
pub fn pack(sdk: &Sdk, command: &Path, file: &Path, with_toolchain: bool) -> Result<u64, SdkError> {
    let mut name = file.file_name().unwrap_or_default().to_os_string();
    name.push(format!(".{}", uuid::Uuid::new_v4().simple()));
    let partial = file.with_file_name(name);
    let result = write_pack(sdk, command, &partial, with_toolchain);
    if let Err(error) = result {
        let _ = std::fs::remove_file(&partial);
        return Err(error);
    }
    std::fs::rename(&partial, file).map_err(SdkError::file(file))?;
    file.metadata().map(|about| about.len()).map_err(SdkError::file(file))
}

fn write_pack(sdk: &Sdk, command: &Path, file: &Path, with_toolchain: bool) -> Result<(), SdkError> {
    let bad = SdkError::file(file);
    let note = Note {
        format: FORMAT,
        version: sdk.version.clone(),
        build: sdk.name(),
        triple: sdk.triple.clone(),
        rustc: sdk.rustc_version.clone(),
        glibc: glibc(),
        toolchain: with_toolchain,
    };
    let output = BufWriter::new(File::create(file).map_err(&bad)?);
    let encoder = zstd::Encoder::new(output, LEVEL).map_err(&bad)?;
    let mut archive = tar::Builder::new(encoder);
    archive.follow_symlinks(true);
    archive.sparse(false);
    let text = serde_json::to_vec_pretty(&note).unwrap_or_default();
    let mut header = tar::Header::new_gnu();
    header.set_size(text.len() as u64);
    header.set_mode(0o644);
    archive.append_data(&mut header, NOTE, text.as_slice()).map_err(&bad)?;
    let mut add = |from: &Path, to: PathBuf| archive.append_path_with_name(from, to).map_err(SdkError::file(from));
    add(command, "cistron".into())?;
    for path in files_of(&sdk.folder)? {
        add(&path, Path::new("sdk").join(path.file_name().unwrap_or_default()))?;
    }
    if with_toolchain {
        for path in compiler_files(sdk)? {
            let inside = path.strip_prefix(sdk.rust_folder()).unwrap_or(&path);
            add(&path, Path::new("toolchain").join(inside))?;
        }
    }
    let encoder = archive.into_inner().map_err(&bad)?;
    encoder.finish().and_then(|mut output| output.flush()).map_err(&bad)
}

/// The files of a folder, without those of folders in it.
fn files_of(folder: &Path) -> Result<Vec<PathBuf>, SdkError> {
    let entries = std::fs::read_dir(folder).map_err(SdkError::file(folder))?;
    let mut files: Vec<PathBuf> = entries.flatten().map(|e| e.path()).filter(|p| p.is_file()).collect();
    files.sort();
    Ok(files)
}

/// What of a toolchain compiles and links cells: the compiler, the libraries it is made of, the standard library, the linker.
fn compiler_files(sdk: &Sdk) -> Result<Vec<PathBuf>, SdkError> {
    let root = sdk.rust_folder();
    let target = root.join("lib/rustlib").join(&sdk.triple);
    let mut files = vec![root.join("bin/rustc")];
    files.extend(files_of(&root.join("lib"))?);
    files.extend(files_of(&target.join("lib"))?);
    let linker = target.join("bin/rust-lld");
    files.extend(linker.is_file().then_some(linker));
    Ok(files)
}

/// Takes an installation from a file that [`pack`] wrote.
///
/// # Errors
/// When the file was made for another processor, system or toolchain, is damaged, or can't be put into the cache.
pub fn install_from(file: &Path) -> Result<Unpacked, SdkError> {
    let damaged = |reason: String| SdkError::DamagedPack {
        path: file.into(),
        reason,
    };
    let input = File::open(file).map_err(SdkError::file(file))?;
    let decoder = zstd::Decoder::new(BufReader::new(input)).map_err(|e| damaged(e.to_string()))?;
    let mut archive = tar::Archive::new(decoder.take(SIZE_LIMIT));
    // Whoever packed it, the files are made as this user makes files.
    archive.set_mask(umask());
    archive.set_preserve_mtime(false);
    let mut entries = archive.entries().map_err(|e| damaged(e.to_string()))?;
    let first = entries.next().ok_or_else(|| damaged("it is empty".into()))?;
    let note = read_note(first.map_err(|e| damaged(e.to_string()))?).map_err(&damaged)?;
    check(&note, file)?;
    let own = (!note.toolchain).then(|| same_toolchain(&note, file)).transpose()?;
    let temporary = cache_folder().join(format!("building-{}", uuid::Uuid::new_v4().simple()));
    std::fs::create_dir_all(&temporary).map_err(SdkError::file(&temporary))?;
    let result = entries
        .try_for_each(|entry| entry.and_then(|mut entry| unpack(&mut entry, &temporary)))
        .map_err(|e| damaged(e.to_string()))
        .and_then(|()| settle(&temporary, &note, own));
    let _ = std::fs::remove_dir_all(&temporary);
    result
}

/// Takes a file out. Links are not written by `pack`, and could lead elsewhere.
fn unpack(entry: &mut tar::Entry<'_, impl Read>, folder: &Path) -> std::io::Result<()> {
    let kind = entry.header().entry_type();
    if !kind.is_file() && !kind.is_dir() {
        return Err(std::io::Error::other("it holds something that is no file"));
    }
    if entry.unpack_in(folder)? {
        Ok(())
    } else {
        Err(std::io::Error::other("it holds a file that would lie outside of its folder"))
    }
}

/// The bits that new files of this user do not get.
fn umask() -> u32 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("Umask:"));
    line.and_then(|bits| u32::from_str_radix(bits.trim(), 8).ok())
        .unwrap_or(0o077)
}

fn read_note(entry: tar::Entry<'_, impl Read>) -> Result<Note, String> {
    let is_note = entry.path().is_ok_and(|path| path == Path::new(NOTE));
    if !is_note {
        return Err(format!("it does not begin with {NOTE}: `cistron pack` did not write it"));
    }
    let mut text = String::new();
    entry.take(NOTE_LIMIT).read_to_string(&mut text).map_err(|e| e.to_string())?;
    serde_json::from_str(&text).map_err(|e| e.to_string())
}

/// Whether this machine can use what is in the file.
fn check(note: &Note, file: &Path) -> Result<(), SdkError> {
    let other = |what: &'static str, made: &str, here: &str| {
        Err(SdkError::OtherMachine {
            path: file.into(),
            what,
            made: made.into(),
            here: here.into(),
        })
    };
    if note.format != FORMAT {
        return other("layout", &note.format.to_string(), &FORMAT.to_string());
    }
    let triple = env!("CISTRON_TRIPLE");
    if note.triple != triple {
        return other("processor and system", &note.triple, triple);
    }
    let here = glibc();
    if version(&note.glibc) > version(&here) {
        return other("C library (at least)", &note.glibc, &here);
    }
    Ok(())
}

/// The toolchain of this machine, if it is the one that the file was made with.
fn same_toolchain(note: &Note, file: &Path) -> Result<Toolchain, SdkError> {
    let first = |text: &str| text.lines().next().unwrap_or_default().to_string();
    let here = Toolchain::find(Path::new("."))?;
    if here.version == note.rustc {
        return Ok(here);
    }
    Err(SdkError::OtherMachine {
        path: file.into(),
        what: "toolchain (`cistron pack --with-toolchain` puts it into the file)",
        made: first(&note.rustc),
        here: first(&here.version),
    })
}

/// Gives what was unpacked its place in the cache.
fn settle(temporary: &Path, note: &Note, own: Option<Toolchain>) -> Result<Unpacked, SdkError> {
    let place = |from: &str, to: PathBuf| {
        let from = temporary.join(from);
        if !to.exists() {
            let parent = to.parent().unwrap_or(&to);
            std::fs::create_dir_all(parent).map_err(SdkError::file(parent))?;
            std::fs::rename(&from, &to).map_err(SdkError::file(&from))?;
        }
        Ok(to)
    };
    let toolchain = match own {
        Some(toolchain) => toolchain,
        None => {
            let name = super::place::digest(note.rustc.as_bytes(), 12);
            let root = place("toolchain", cache_folder().join("toolchains").join(name))?;
            Toolchain::at(root)?
        }
    };
    let unpacked = temporary.join("sdk");
    link_sysroot(&unpacked, &toolchain)?;
    let damaged = |reason: String| SdkError::Damaged {
        path: unpacked.join(MANIFEST),
        reason,
    };
    let text = std::fs::read_to_string(unpacked.join(MANIFEST)).map_err(|e| damaged(e.to_string()))?;
    let mut sdk: Sdk = serde_json::from_str(&text).map_err(|e| damaged(e.to_string()))?;
    sdk.rustc = toolchain.rustc();
    sdk.source = packed_source();
    sdk.linker = link::find(&toolchain.sysroot, &toolchain.triple).ok_or(SdkError::NoLinker(toolchain.sysroot))?;
    let text = serde_json::to_string_pretty(&sdk).map_err(|e| damaged(e.to_string()))?;
    std::fs::write(unpacked.join(MANIFEST), text).map_err(|e| damaged(e.to_string()))?;
    // A name from a file of somebody else is a name, not a path.
    let name = Path::new(&note.build)
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    if !name.starts_with("sdk-") {
        return Err(damaged(format!("the build is called `{}`", note.build)));
    }
    place("sdk", cache_folder().join(&name))?;
    // The libraries of two packs can be the same and their commands not.
    let command = cache_folder().join("bin").join(&name);
    if command.exists() {
        std::fs::remove_file(&command).map_err(SdkError::file(&command))?;
    }
    place("cistron", command.clone())?;
    std::fs::set_permissions(&command, std::fs::Permissions::from_mode(0o755)).map_err(SdkError::file(&command))?;
    remember(&packed_source(), &name)?;
    let sdk = Sdk::open(&packed_source())?;
    Ok(Unpacked { sdk, command })
}

/// Version of GNU's C library.
fn glibc() -> String {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: the function answers a string that lives as long as the process.
    unsafe {
        std::ffi::CStr::from_ptr(libc::gnu_get_libc_version())
            .to_string_lossy()
            .into_owned()
    }
    #[cfg(not(all(target_os = "linux", target_env = "gnu")))]
    String::new()
}

/// A version that compares by numbers.
fn version(text: &str) -> Vec<u32> {
    text.split('.').filter_map(|part| part.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note() -> Note {
        Note {
            format: FORMAT,
            version: "0.1.0".into(),
            build: "sdk-1".into(),
            triple: env!("CISTRON_TRIPLE").into(),
            rustc: "rustc 1.0.0 (of long ago)".into(),
            glibc: glibc(),
            toolchain: false,
        }
    }

    fn archive(folder: &Path, note: &Note) -> PathBuf {
        let file = folder.join("made.cistron");
        let encoder = zstd::Encoder::new(File::create(&file).expect("a file"), 1).expect("an encoder");
        let mut archive = tar::Builder::new(encoder);
        let text = serde_json::to_vec(note).expect("a note");
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        archive.append_data(&mut header, NOTE, text.as_slice()).expect("an entry");
        archive.into_inner().and_then(zstd::Encoder::finish).expect("an archive");
        file
    }

    fn refused(note: &Note) -> String {
        let folder = tempfile::tempdir().expect("a folder");
        install_from(&archive(folder.path(), note)).expect_err("refused").to_string()
    }

    #[test]
    fn what_was_made_for_another_machine_is_refused() {
        let other = Note {
            triple: "riscv64-unknown-none".into(),
            ..note()
        };
        let text = refused(&other);
        assert!(
            text.contains("riscv64-unknown-none") && text.contains(env!("CISTRON_TRIPLE")),
            "{text}"
        );
        let text = refused(&note());
        assert!(text.contains("of long ago") && text.contains("--with-toolchain"), "{text}");
        let newer = Note {
            glibc: "99.0".into(),
            ..note()
        };
        assert!(refused(&newer).contains("99.0"));
        assert!(refused(&Note { format: 2, ..note() }).contains("layout"));
    }

    #[test]
    fn what_is_no_pack_is_called_so() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("text");
        std::fs::write(&file, "no archive").expect("a file");
        let text = install_from(&file).expect_err("no pack").to_string();
        assert!(text.contains("is no installation that can be used"), "{text}");
    }

    #[test]
    fn versions_compare_by_number() {
        assert!(version("2.36") > version("2.9") && version("") < version("2.1"));
    }
}
