//! What Jupyter needs to know to start the kernel.

use super::error::SdkError;
use super::place::home;
use serde_json::json;
use std::path::{Path, PathBuf};

const LOGO: &str = include_str!("../../resources/logo-svg.svg");
const PICTURE: &[u8] = include_bytes!("../../resources/logo-64x64.png");

/// What Quarto runs before and after the cells of a document: nothing is needed, but with these files it knows that it
/// may open its comm, `quarto_kernel_setup`.
const QUARTO: (&str, &str) = ("// Quarto begins\n", "// Quarto ends\n");

/// Where Jupyter looks for kernels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Where {
    /// In the user's own folder.
    User,
    /// Under a prefix, for example a virtual environment.
    Prefix(PathBuf),
}

impl Where {
    fn folder(&self) -> PathBuf {
        match self {
            Self::Prefix(prefix) => prefix.join("share/jupyter"),
            Self::User => {
                let set = |name: &str| std::env::var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from);
                let mac = || cfg!(target_os = "macos").then(|| home().join("Library/Jupyter"));
                let data = || set("XDG_DATA_HOME").map(|folder| folder.join("jupyter"));
                set("JUPYTER_DATA_DIR")
                    .or_else(mac)
                    .or_else(data)
                    .unwrap_or_else(|| home().join(".local/share/jupyter"))
            }
        }
    }
}

/// Writes the kernelspec and answers its folder. `command` is the `cistron` executable.
///
/// # Errors
/// When the folder can't be written.
pub fn write_kernelspec(place: &Where, command: &Path, source: &Path) -> Result<PathBuf, SdkError> {
    let folder = place.folder().join("kernels/cistron");
    std::fs::create_dir_all(&folder).map_err(SdkError::file(&folder))?;
    let folder = folder.canonicalize().unwrap_or(folder);
    let mut environment = serde_json::Map::new();
    environment.insert("CISTRON_SOURCE".into(), json!(source));
    for name in ["CISTRON_CACHE", "CISTRON_DATA", "CARGO_TARGET_DIR"] {
        if let Some(value) = std::env::var_os(name).filter(|v| !v.is_empty()) {
            environment.insert(name.into(), json!(value.to_string_lossy()));
        }
    }
    let spec = json!({
        "argv": [command, "kernel", "--connection-file", "{connection_file}"],
        "display_name": "Cistron",
        "language": "rust",
        "interrupt_mode": "message",
        "env": environment,
        "metadata": {"debugger": false},
    });
    let text = serde_json::to_string_pretty(&spec).unwrap_or_default();
    for (name, content) in [
        ("kernel.json", text.as_bytes()),
        ("logo-svg.svg", LOGO.as_bytes()),
        ("logo-64x64.png", PICTURE),
        ("quarto_setup_cell", QUARTO.0.as_bytes()),
        ("quarto_cleanup_cell", QUARTO.1.as_bytes()),
    ] {
        let file = folder.join(name);
        std::fs::write(&file, content).map_err(SdkError::file(&file))?;
    }
    Ok(folder)
}
