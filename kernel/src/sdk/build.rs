//! Building what cells link against.

use super::cargo::{Artifact, Cargo};
use super::dependency::libraries_beside;
use super::error::SdkError;
use super::manifest::{FACADE, MANIFEST, Sdk, extra_crate, pointer};
use super::origin;
use super::place::{cache_folder, digest, packed_source, source_print, target_folder};
use super::progress::BuildProgress;
use super::toolchain::Toolchain;
use crate::assist;
use crate::engine::extra::{EXTRAS, Extra};
use crate::engine::link;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The library that cells see the DSL through, before it is made a shared one.
const FACADE_CRATE: &str = "cistron_facade";

/// Builds of one workspace that are kept, so that a kernel that runs keeps what it uses.
const KEPT: usize = 3;

/// What an installation did.
#[derive(Clone, Debug)]
pub struct Installed {
    /// The result.
    pub sdk: Sdk,
    /// Whether anything new was put into the cache.
    pub new: bool,
}

/// Whether the newest build of a workspace is up to date.
pub fn is_current(source: &Path) -> bool {
    let packed = source == packed_source();
    Sdk::open(source).is_ok_and(|sdk| packed || sdk.source_print == source_print(source))
}

/// Builds, if needed, what cells link against, and puts it into the cache.
///
/// # Errors
/// When Rust or a linker is missing, the source does not build, or the cache can't be written.
pub fn install(source: &Path) -> Result<Installed, SdkError> {
    let print = source_print(source);
    let toolchain = Toolchain::find(source)?;
    let linker =
        link::find(&toolchain.sysroot, &toolchain.triple).ok_or_else(|| SdkError::NoLinker(toolchain.sysroot.clone()))?;
    let artifacts = Cargo {
        folder: source,
        target: target_folder(),
    }
    .build(
        "libraries for cells",
        // The same choice of packages as the tests', so that nothing heavy is built twice.
        &["--workspace", "--lib"],
        &mut BuildProgress::new("libraries for cells"),
    )?;
    let facade = rlib(&artifacts, FACADE_CRATE)?;
    let content = std::fs::read(facade).map_err(SdkError::file(facade))?;
    let identity = [content.as_slice(), toolchain.version.as_bytes(), print.as_bytes()].concat();
    let name = format!("sdk-{}", digest(&identity, 16));
    drop((content, identity));
    let folder = cache_folder().join(&name);
    let new = !folder.join(MANIFEST).is_file();
    let sdk = Sdk {
        folder: folder.clone(),
        rustc: toolchain.rustc(),
        rustc_version: toolchain.version.clone(),
        linker,
        triple: toolchain.triple.clone(),
        source: source.into(),
        source_print: print,
        target: target_folder(),
        version: env!("CARGO_PKG_VERSION").into(),
        crates: artifacts.len(),
        commit: origin::commit(source),
        lock: origin::lock_hash(source),
    };
    if new {
        fill(&sdk, &toolchain, facade, &artifacts)?;
    }
    if !assist::Index::file(&sdk.folder).is_file() {
        let read = artifacts.iter().filter(|a| assist::wanted(&a.name));
        let sources: Vec<assist::Source> = read.map(|a| (a.name.clone(), a.source.clone())).collect();
        assist::write(&sdk.folder, &sources).map_err(SdkError::file(&sdk.folder))?;
    }
    remember(source, &name)?;
    Ok(Installed { sdk, new })
}

/// Fills a folder under another name and gives it its own when it is complete.
fn fill(sdk: &Sdk, toolchain: &Toolchain, facade: &Path, artifacts: &[Artifact]) -> Result<(), SdkError> {
    let temporary = cache_folder().join(format!("building-{}", uuid::Uuid::new_v4().simple()));
    std::fs::create_dir_all(&temporary).map_err(SdkError::file(&temporary))?;
    let copy = |from: &Path, link: bool| {
        let to = temporary.join(from.file_name().unwrap_or_default());
        if link && std::fs::hard_link(from, &to).is_ok() {
            return Ok(());
        }
        std::fs::copy(from, &to).map(|_| ()).map_err(SdkError::file(from))
    };
    for artifact in artifacts {
        for file in &artifact.files {
            let extension = file.extension().unwrap_or_default();
            if extension == "rmeta" || (extension == "so" && artifact.is_macro) {
                copy(file, artifact.is_external)?;
            }
        }
    }
    link_sysroot(&temporary, toolchain)?;
    build_facade(&temporary, sdk, toolchain, facade)?;
    for extra in &EXTRAS {
        build_extra(&temporary, sdk, extra, rlib(artifacts, extra.name)?)?;
    }
    build_worker(&temporary, toolchain)?;
    let text = serde_json::to_string_pretty(sdk).map_err(|e| SdkError::Damaged {
        path: temporary.clone(),
        reason: e.to_string(),
    })?;
    let manifest = temporary.join(MANIFEST);
    std::fs::write(&manifest, text).map_err(SdkError::file(&manifest))?;
    if let Err(error) = std::fs::rename(&temporary, &sdk.folder) {
        let _ = std::fs::remove_dir_all(&temporary);
        if !sdk.folder.join(MANIFEST).is_file() {
            return Err(SdkError::File {
                path: sdk.folder.clone(),
                error,
            });
        }
    }
    Ok(())
}

/// A view of the toolchain's libraries without the shared standard library: cells take it from the facade.
pub(super) fn link_sysroot(folder: &Path, toolchain: &Toolchain) -> Result<(), SdkError> {
    let libraries = folder.join("sysroot/lib/rustlib").join(&toolchain.triple).join("lib");
    std::fs::create_dir_all(&libraries).map_err(SdkError::file(&libraries))?;
    let standard = toolchain.libraries();
    for entry in std::fs::read_dir(&standard).map_err(SdkError::file(&standard))?.flatten() {
        let path = entry.path();
        if path.extension().is_some_and(|e| e == "rlib" || e == "rmeta") {
            let link = libraries.join(entry.file_name());
            std::os::unix::fs::symlink(&path, &link).map_err(SdkError::file(&link))?;
        }
    }
    Ok(())
}

/// Two flags that cargo does not give to one crate alone, and the folder that has to go afterwards: what a library
/// instantiates of generic code can be used by cells, and with incremental compilation that is true of the code that drops
/// values, too.
fn shared_generics(folder: &Path) -> (PathBuf, [String; 2]) {
    let incremental = folder.join("incremental");
    let flag = format!("-Cincremental={}", incremental.display());
    (incremental, ["-Zshare-generics=yes".into(), flag])
}

/// The shared library that cells link against.
fn build_facade(folder: &Path, sdk: &Sdk, toolchain: &Toolchain, facade: &Path) -> Result<(), SdkError> {
    let (incremental, flags) = shared_generics(folder);
    let source = sdk.source.join("dsl/facade/dylib/lib.rs");
    let mut command = Command::new(toolchain.rustc());
    command
        .args(["--edition", "2024", "--crate-name", "cistron_cells", "--crate-type", "dylib"])
        .args(["-Copt-level=3", "-Cstrip=debuginfo"])
        .args(flags)
        .arg(&source)
        .arg("-o")
        .arg(folder.join(FACADE));
    command.arg("--extern").arg(format!("{FACADE_CRATE}={}", facade.display()));
    for library in libraries_beside(facade) {
        command.arg("-L").arg(format!("dependency={}", library.display()));
    }
    command.env("RUSTC_BOOTSTRAP", "1");
    let output = command.output().map_err(|e| SdkError::NoRust(e.to_string()))?;
    if !output.status.success() {
        return Err(SdkError::Build {
            what: "the shared library for cells".into(),
            output: String::from_utf8_lossy(&output.stderr).into_owned(),
        });
    }
    std::fs::remove_dir_all(&incremental).map_err(SdkError::file(&incremental))
}

/// A library beside the facade, for the cells that name it.
fn build_extra(folder: &Path, sdk: &Sdk, extra: &Extra, rlib: &Path) -> Result<(), SdkError> {
    let name = extra.name;
    let building = Sdk {
        folder: folder.into(),
        ..sdk.clone()
    };
    let (incremental, flags) = shared_generics(folder);
    let source = sdk.source.join(extra.package().1).join("dylib/lib.rs");
    building.on_facade(&source, (name, rlib), &extra_crate(name), &building.extra(name), &flags)?;
    std::fs::remove_dir_all(&incremental).map_err(SdkError::file(&incremental))
}

/// The library that cargo made of a crate.
fn rlib<'a>(artifacts: &'a [Artifact], name: &str) -> Result<&'a Path, SdkError> {
    let mut files = artifacts.iter().filter(|a| a.name == name).flat_map(|a| &a.files);
    let found = files.find(|f| f.extension().is_some_and(|e| e == "rlib"));
    found.map(PathBuf::as_path).ok_or_else(|| SdkError::Build {
        what: "the libraries for cells".into(),
        output: format!("cargo made no library called {name}"),
    })
}

/// The program that runs cells: everything it does is in the facade.
fn build_worker(folder: &Path, toolchain: &Toolchain) -> Result<(), SdkError> {
    let source = folder.join("worker.rs");
    std::fs::write(&source, "fn main() {\n    cistron::rt::serve()\n}\n").map_err(SdkError::file(&source))?;
    let mut command = Command::new(toolchain.rustc());
    command
        .args(["--edition", "2024", "-O", "--crate-name", "worker"])
        .arg(&source)
        .arg("-o")
        .arg(folder.join("worker"));
    command.arg("--sysroot").arg(folder.join("sysroot"));
    command
        .arg("--extern")
        .arg(format!("cistron={}", folder.join(FACADE).display()));
    command.arg("-L").arg(format!("dependency={}", folder.display()));
    command.arg("-Clink-arg=-Wl,-rpath,$ORIGIN");
    let output = command.output().map_err(|e| SdkError::NoRust(e.to_string()))?;
    if output.status.success() {
        return Ok(());
    }
    Err(SdkError::Build {
        what: "the program that runs cells".into(),
        output: String::from_utf8_lossy(&output.stderr).into_owned(),
    })
}

/// Makes a build the newest of its workspace, and drops those that nobody will need.
pub(super) fn remember(source: &Path, name: &str) -> Result<(), SdkError> {
    let pointer = pointer(source);
    let before = std::fs::read_to_string(&pointer).unwrap_or_default();
    let mut names = vec![name];
    names.extend(before.lines().filter(|old| *old != name));
    for old in names.iter().skip(KEPT) {
        let _ = std::fs::remove_dir_all(cache_folder().join(old));
    }
    names.truncate(KEPT);
    let temporary = pointer.with_extension(std::process::id().to_string());
    std::fs::write(&temporary, names.join("\n")).map_err(SdkError::file(&temporary))?;
    std::fs::rename(&temporary, &pointer).map_err(SdkError::file(&pointer))
}
