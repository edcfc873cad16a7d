//! Building what cells link against.

use super::error::SdkError;
use super::manifest::{FACADE, MANIFEST, Sdk, pointer};
use super::origin;
use super::place::{cache_folder, digest, source_print, target_folder};
use super::progress::{BuildProgress, read_progress};
use super::toolchain::Toolchain;
use crate::engine::link;
use serde_json::Value;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

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
    Sdk::open(source).is_ok_and(|sdk| sdk.source_print == source_print(source))
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
    )?;
    let facade = artifacts
        .iter()
        .flat_map(|a| &a.files)
        .find(|f| f.file_name().is_some_and(|n| n == FACADE))
        .ok_or_else(|| SdkError::Build {
            what: "the libraries for cells".into(),
            output: format!("cargo made no {FACADE}"),
        })?;
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
    copy(facade, false)?;
    for artifact in artifacts {
        for file in &artifact.files {
            let extension = file.extension().unwrap_or_default();
            if extension == "rmeta" || (extension == "so" && artifact.is_macro) {
                copy(file, artifact.is_external)?;
            }
        }
    }
    let libraries = temporary.join("sysroot/lib/rustlib").join(&toolchain.triple).join("lib");
    std::fs::create_dir_all(&libraries).map_err(SdkError::file(&libraries))?;
    let standard = toolchain.libraries();
    for entry in std::fs::read_dir(&standard).map_err(SdkError::file(&standard))?.flatten() {
        let path = entry.path();
        if path.extension().is_some_and(|e| e == "rlib" || e == "rmeta") {
            let link = libraries.join(entry.file_name());
            std::os::unix::fs::symlink(&path, &link).map_err(SdkError::file(&link))?;
        }
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
fn remember(source: &Path, name: &str) -> Result<(), SdkError> {
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

/// What cargo made of one crate.
pub(super) struct Artifact {
    pub(super) name: String,
    pub(super) files: Vec<PathBuf>,
    is_macro: bool,
    is_external: bool,
}

/// A build with cargo.
pub(super) struct Cargo<'a> {
    pub(super) folder: &'a Path,
    pub(super) target: PathBuf,
}

impl Cargo<'_> {
    /// Builds in release mode with a line of progress.
    pub(super) fn build(&self, what: &str, arguments: &[&str]) -> Result<Vec<Artifact>, SdkError> {
        let mut command = Command::new("cargo");
        command
            .args(["build", "--release", "--message-format=json-render-diagnostics"])
            .args(arguments);
        command.args([
            "--config",
            "term.progress.when='always'",
            "--config",
            "term.progress.width=100",
        ]);
        command.current_dir(self.folder).env("CARGO_TARGET_DIR", &self.target);
        // A build inside a build must not see what the outer one set for itself.
        for (name, _) in std::env::vars_os() {
            let name = name.to_string_lossy().into_owned();
            let ours = [
                "CARGO_MANIFEST_DIR",
                "CARGO_MANIFEST_PATH",
                "CARGO_CRATE_NAME",
                "CARGO_BIN_NAME",
                "OUT_DIR",
            ];
            if name.starts_with("CARGO_PKG_") || ours.contains(&name.as_str()) {
                command.env_remove(name);
            }
        }
        command.env_remove("RUSTC_BOOTSTRAP");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command
            .spawn()
            .map_err(|e| SdkError::NoRust(format!("`cargo` did not start: {e}")))?;
        let (Some(stdout), Some(stderr)) = (child.stdout.take(), child.stderr.take()) else {
            return Err(SdkError::NoRust("`cargo` has no output".into()));
        };
        let reader = std::thread::spawn(move || artifacts(stdout));
        let output = follow(stderr, what);
        let artifacts = reader.join().unwrap_or_default();
        let status = child.wait().map_err(|e| SdkError::NoRust(e.to_string()))?;
        if status.success() {
            Ok(artifacts)
        } else {
            Err(SdkError::Build {
                what: what.into(),
                output,
            })
        }
    }
}

fn artifacts(stdout: impl Read) -> Vec<Artifact> {
    let mut out = Vec::new();
    for line in BufReader::new(stdout).lines().map_while(Result::ok) {
        let message: Value = serde_json::from_str(&line).unwrap_or_default();
        if message["reason"] == "compiler-artifact" {
            let texts = |value: &Value| -> Vec<String> {
                value
                    .as_array()
                    .into_iter()
                    .flatten()
                    .filter_map(|v| v.as_str().map(String::from))
                    .collect()
            };
            let package = message["package_id"].as_str().unwrap_or_default();
            out.push(Artifact {
                name: message["target"]["name"].as_str().unwrap_or_default().into(),
                files: texts(&message["filenames"]).into_iter().map(PathBuf::from).collect(),
                is_macro: texts(&message["target"]["kind"]).iter().any(|kind| kind == "proc-macro"),
                is_external: package.starts_with("registry+"),
            });
        }
    }
    out
}

/// Shows progress and answers everything else that cargo said.
fn follow(stderr: impl Read, what: &str) -> String {
    let mut progress = BuildProgress::new(what);
    let mut output = String::new();
    let mut reader = BufReader::new(stderr);
    let mut line = Vec::new();
    loop {
        line.clear();
        let mut byte = [0];
        while let Ok(1) = reader.read(&mut byte) {
            if matches!(byte[0], b'\r' | b'\n') {
                break;
            }
            line.push(byte[0]);
        }
        let ended = byte[0] == 0;
        let text = String::from_utf8_lossy(&line).replace("\u{1b}[K", "");
        match read_progress(&text) {
            Some((built, all, name)) => progress.update(built, all, name),
            None if text.trim().is_empty() => {}
            None => {
                output.push_str(text.trim_end());
                output.push('\n');
            }
        }
        if ended && line.is_empty() {
            break;
        }
    }
    progress.finish();
    output
}
