//! The folder of one build, and the note that says what is in it.

use super::error::SdkError;
use super::origin::unknown;
use super::place::{cache_folder, digest};
use super::toolchain::answer;
use crate::engine::extra::EXTRAS;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// What cells link against.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sdk {
    /// Where it lies.
    #[serde(skip)]
    pub folder: PathBuf,
    /// The compiler.
    pub rustc: PathBuf,
    /// What `rustc -vV` said.
    pub rustc_version: String,
    /// The linker.
    pub linker: PathBuf,
    /// The machine.
    pub triple: String,
    /// The workspace it was built from.
    pub source: PathBuf,
    /// A print of that workspace.
    pub source_print: String,
    /// Cargo's target folder.
    pub target: PathBuf,
    /// Version of Cistron.
    pub version: String,
    /// Crates behind the facade.
    pub crates: usize,
    /// The commit it was built from, `+modified` behind it when files were changed since.
    #[serde(default = "unknown")]
    pub commit: String,
    /// SHA-256 of the lock file that it was built with.
    #[serde(default = "unknown")]
    pub lock: String,
}

pub(super) const MANIFEST: &str = "manifest.json";

impl Sdk {
    /// The newest build from a workspace.
    ///
    /// # Errors
    /// When there is none, it is damaged, or the toolchain has changed since.
    pub fn open(source: &Path) -> Result<Self, SdkError> {
        let pointer = pointer(source);
        let names = std::fs::read_to_string(&pointer).map_err(|_| SdkError::NotInstalled(cache_folder()))?;
        let folder = cache_folder().join(names.lines().next().unwrap_or_default());
        let file = folder.join(MANIFEST);
        let text = std::fs::read_to_string(&file).map_err(|_| SdkError::NotInstalled(cache_folder()))?;
        let damaged = |reason: String| SdkError::Damaged {
            path: file.clone(),
            reason,
        };
        let mut sdk: Self = serde_json::from_str(&text).map_err(|e| damaged(e.to_string()))?;
        sdk.folder = folder;
        let extras = EXTRAS.iter().map(|extra| sdk.extra(extra.name));
        for needed in [sdk.facade(), sdk.worker()].into_iter().chain(extras) {
            if !needed.is_file() {
                return Err(damaged(format!("{} is not there", needed.display())));
            }
        }
        sdk.check_toolchain()?;
        Ok(sdk)
    }

    fn check_toolchain(&self) -> Result<(), SdkError> {
        let found = answer(&self.rustc, &["-vV"], &self.folder)?.trim().to_string();
        if found == self.rustc_version {
            return Ok(());
        }
        let first = |text: &str| text.lines().next().unwrap_or_default().to_string();
        Err(SdkError::OtherToolchain {
            rustc: self.rustc.clone(),
            built: first(&self.rustc_version),
            found: first(&found),
        })
    }

    /// The name of this build: two that differ in anything have two names.
    pub fn name(&self) -> String {
        self.folder.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// The root of the toolchain.
    pub(super) fn rust_folder(&self) -> PathBuf {
        self.rustc.ancestors().nth(2).unwrap_or(Path::new("/")).to_path_buf()
    }

    /// The shared library.
    pub fn facade(&self) -> PathBuf {
        self.folder.join(FACADE)
    }

    /// The shared library of a crate beside the facade, which few cells need.
    pub(crate) fn extra(&self, name: &str) -> PathBuf {
        self.folder.join(format!("lib{}.so", extra_crate(name)))
    }

    /// The program that runs cells.
    pub fn worker(&self) -> PathBuf {
        self.folder.join("worker")
    }

    /// A view of the toolchain's libraries without the shared standard library: cells take it from the
    /// facade.
    pub(crate) fn sysroot(&self) -> PathBuf {
        self.folder.join("sysroot")
    }
}

/// The crate that puts a crate beside the facade into a shared library.
pub(super) fn extra_crate(name: &str) -> String {
    format!("{name}_cells")
}

/// The facade's file name.
pub(super) const FACADE: &str = "libcistron_cells.so";

/// The file that names the builds from a workspace, newest first.
pub(super) fn pointer(source: &Path) -> PathBuf {
    cache_folder().join(format!("sdk-of-{}", digest(source.as_os_str().as_encoded_bytes(), 12)))
}
