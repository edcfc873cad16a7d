//! A crate that a cell asked for with `:dep`, as a shared library beside the facade.

use super::cargo::{Cargo, Watch};
use super::error::SdkError;
use super::manifest::Sdk;
use super::place::{cache_folder, digest};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::process::Command;

/// A crate that cells can use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BuiltDependency {
    /// The crate that wraps it.
    pub crate_name: String,
    /// Its shared library.
    pub library: PathBuf,
    /// Where the libraries that it needs are.
    pub folder: PathBuf,
    /// Tells builds of it apart.
    pub print: String,
}

/// The note beside a library that was built.
const NOTE: &str = "built.json";

impl Sdk {
    /// The crate of a `:dep` line, built if it was not built before. Cargo builds it; the shared library around it takes the
    /// standard library from the facade, as cells do. A crate from a registry is built once; one that lies in a folder is
    /// looked at each time, as cargo does.
    ///
    /// # Errors
    /// What cargo says.
    pub fn build_dependency(&self, name: &str, line: &str, watch: &mut dyn Watch) -> Result<BuiltDependency, SdkError> {
        let line = if line.contains('=') {
            line.to_string()
        } else {
            format!("{line} = \"*\"")
        };
        let identity = format!("{line}\n{}", self.name());
        let crate_name = format!("dep_{name}_{}", digest(identity.as_bytes(), 12));
        let folder = cache_folder().join("dependencies").join(&crate_name);
        let note = folder.join(NOTE);
        let before = std::fs::read(&note)
            .ok()
            .and_then(|text| serde_json::from_slice::<BuiltDependency>(&text).ok());
        let before = before.filter(|built| built.library.is_file());
        if let Some(built) = &before
            && !lies_in_a_folder(&line)
        {
            return Ok(built.clone());
        }
        let rlib = self.rlib(&folder, &crate_name, (name, &line), watch)?;
        let content = std::fs::read(&rlib).map_err(SdkError::file(&rlib))?;
        let print = digest(&content, 16);
        if let Some(built) = before.filter(|built| built.print == print) {
            return Ok(built);
        }
        let built = BuiltDependency {
            library: folder.join(format!("lib{crate_name}-{print}.so")),
            folder: target().join("release/deps"),
            crate_name,
            print,
        };
        self.wrap(name, &folder, &rlib, &built)?;
        let text = serde_json::to_vec_pretty(&built).unwrap_or_default();
        std::fs::write(&note, text).map_err(SdkError::file(&note))?;
        Ok(built)
    }

    /// The library that cargo makes of the crate.
    fn rlib(
        &self,
        folder: &Path,
        crate_name: &str,
        (name, line): (&str, &str),
        watch: &mut dyn Watch,
    ) -> Result<PathBuf, SdkError> {
        let sources = folder.join("src");
        std::fs::create_dir_all(&sources).map_err(SdkError::file(&sources))?;
        let manifest = format!(
            "[package]\nname = \"{crate_name}_rlib\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[dependencies]\n{line}\n\n\
             [profile.release]\nopt-level = 3\nstrip = \"debuginfo\"\n\n[workspace]\n"
        );
        write(&folder.join("Cargo.toml"), &manifest)?;
        write(&sources.join("lib.rs"), &format!("pub use {name};\n"))?;
        let cargo = Cargo {
            folder,
            target: target(),
        };
        let artifacts = match cargo.build(name, &[], watch) {
            // Without a network cargo can still use what it has.
            Err(SdkError::Build { output, .. }) if is_about_network(&output) => {
                cargo.build(name, &["--offline"], watch).map_err(|error| match error {
                    SdkError::Build { .. } => SdkError::Offline {
                        line: line.into(),
                        output,
                    },
                    other => other,
                })
            }
            Err(SdkError::Build { output, .. }) if output.contains("failed to select a version") => Err(SdkError::Version {
                line: line.into(),
                output,
            }),
            other => other,
        }?;
        let mut files = artifacts.iter().filter(|a| a.name == name).flat_map(|a| &a.files);
        files
            .rfind(|f| f.extension().is_some_and(|e| e == "rlib"))
            .cloned()
            .ok_or_else(|| SdkError::Build {
                what: name.into(),
                output: format!("cargo made no library called `{name}`"),
            })
    }

    fn wrap(&self, name: &str, folder: &Path, rlib: &Path, built: &BuiltDependency) -> Result<(), SdkError> {
        let wrapper = folder.join("wrapper.rs");
        write(&wrapper, &format!("extern crate cistron;\npub use {name};\n"))?;
        self.on_facade(&wrapper, (name, rlib), &built.crate_name, &built.library, &[])
    }

    /// Compiles `wrapper` around the crate `name` to a shared library that stands on the facade: what both have is taken
    /// from there, the standard library too.
    pub(super) fn on_facade(
        &self,
        wrapper: &Path,
        (name, rlib): (&str, &Path),
        crate_name: &str,
        library: &Path,
        flags: &[String],
    ) -> Result<(), SdkError> {
        let mut command = Command::new(&self.rustc);
        command
            .args(["--edition", "2024", "--crate-type", "dylib", "--crate-name", crate_name])
            .args(["-Copt-level=2", "-Cstrip=debuginfo"])
            .args(flags)
            .env("RUSTC_BOOTSTRAP", "1")
            .arg(wrapper)
            .arg("-o")
            .arg(library);
        command.arg("--sysroot").arg(self.sysroot());
        command.arg("--extern").arg(format!("cistron={}", self.facade().display()));
        command.arg("--extern").arg(format!("{name}={}", rlib.display()));
        command.arg("-L").arg(format!("dependency={}", self.folder.display()));
        for folder in libraries_beside(rlib) {
            command.arg("-L").arg(format!("dependency={}", folder.display()));
        }
        let output = command.output().map_err(|e| SdkError::NoRust(e.to_string()))?;
        if output.status.success() {
            return Ok(());
        }
        Err(SdkError::Build {
            what: format!("the library around {name}"),
            output: String::from_utf8_lossy(&output.stderr).into_owned(),
        })
    }
}

/// Where cargo has put what a library needs: beside it, and in `deps`.
pub(super) fn libraries_beside(rlib: &Path) -> impl Iterator<Item = PathBuf> {
    let folder = rlib.parent().map(Path::to_path_buf);
    let inner = folder.as_ref().map(|folder| folder.join("deps"));
    folder.into_iter().chain(inner)
}

fn target() -> PathBuf {
    cache_folder().join("dependencies/target")
}

fn write(path: &Path, text: &str) -> Result<(), SdkError> {
    std::fs::write(path, text).map_err(SdkError::file(path))
}

/// Whether a crate may change without its line changing.
fn lies_in_a_folder(line: &str) -> bool {
    ["path", "git", "branch"].iter().any(|word| line.contains(word))
}

/// Whether cargo could not reach a registry.
fn is_about_network(output: &str) -> bool {
    [
        "failed to download",
        "Could not resolve",
        "spurious network error",
        "failed to fetch",
        "Couldn't connect",
        "failed to query replaced source registry",
    ]
    .iter()
    .any(|words| output.contains(words))
}
