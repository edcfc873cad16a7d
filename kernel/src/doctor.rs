//! `cistron doctor`: what is there, and what to do about what is not.

use crate::engine::link;
use crate::sdk::{Sdk, Toolchain, cache_folder, is_current, packed_source, source_folder, target_folder};
use std::path::Path;
use std::process::Command;

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What was looked for.
    pub what: &'static str,
    /// What was found, or what is wrong.
    pub text: String,
    /// What to do; none if all is well.
    pub remedy: Option<String>,
}

impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mark = if self.remedy.is_none() { "ok  " } else { "FIX " };
        write!(
            f,
            "{mark} {:<12} {}",
            self.what,
            self.text.replace('\n', "\n                  ")
        )?;
        match &self.remedy {
            Some(remedy) => write!(f, "\n     {:<12} -> {remedy}", ""),
            None => Ok(()),
        }
    }
}

fn ok(what: &'static str, text: String) -> Finding {
    Finding {
        what,
        text,
        remedy: None,
    }
}

fn bad(what: &'static str, text: String, remedy: &str) -> Finding {
    Finding {
        what,
        text,
        remedy: Some(remedy.into()),
    }
}

/// Looks at everything that cells need.
pub fn examine(source: Option<&Path>) -> Vec<Finding> {
    let mut out = vec![ok("cistron", env!("CARGO_PKG_VERSION").into())];
    let source = source_folder(source);
    match &source {
        Ok(folder) => out.push(ok("source", folder.display().to_string())),
        Err(error) => out.push(bad(
            "source",
            error.to_string(),
            "set CISTRON_SOURCE to the folder of the workspace",
        )),
    }
    let folder = source.as_deref().unwrap_or(Path::new("."));
    let sdk = Sdk::open(folder);
    match &sdk {
        // Nothing is built where what cells link against was unpacked.
        Ok(sdk) if folder == packed_source() => {
            let version = sdk.rustc_version.lines().next().unwrap_or_default();
            out.push(ok("toolchain", format!("{version}\n{}", sdk.rustc.display())));
            out.push(ok("linker", sdk.linker.display().to_string()));
        }
        _ => tools(folder, &mut out),
    }
    match sdk {
        Ok(sdk) if is_current(folder) => out.push(ok("libraries", format!("{} crates in {}", sdk.crates, sdk.folder.display()))),
        Ok(sdk) => out.push(bad(
            "libraries",
            format!("{} is older than the source", sdk.folder.display()),
            "run `cistron install`",
        )),
        Err(error) => out.push(bad("libraries", error.to_string(), "run `cistron install`")),
    }
    out.push(ok("cache", cache_folder().display().to_string()));
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let gpu = if Path::new("/dev/nvidia0").exists() {
        "; a GPU is there, which this version does not use"
    } else {
        ""
    };
    out.push(ok("device", format!("CPU, {cores} cores{gpu}")));
    out
}

/// What builds the libraries for cells.
fn tools(folder: &Path, out: &mut Vec<Finding>) {
    let toolchain = Toolchain::find(folder);
    match &toolchain {
        Ok(found) => out.push(ok(
            "toolchain",
            format!("{}\n{}", found.short_version(), found.sysroot.display()),
        )),
        Err(error) => out.push(bad("toolchain", error.to_string(), "install Rust from https://rustup.rs")),
    }
    if let Ok(found) = &toolchain {
        match link::find(&found.sysroot, &found.triple) {
            Some(linker) => out.push(ok("linker", linker.display().to_string())),
            None => out.push(bad(
                "linker",
                "none".into(),
                "install binutils, or reinstall the toolchain with rustup",
            )),
        }
    }
    match Command::new("cc").arg("--version").output() {
        Ok(output) => out.push(ok(
            "C compiler",
            String::from_utf8_lossy(&output.stdout)
                .lines()
                .next()
                .unwrap_or_default()
                .into(),
        )),
        Err(_) => out.push(bad(
            "C compiler",
            "`cc` was not found".into(),
            "install one (Debian: apt-get install gcc); building needs it once",
        )),
    }
    out.push(ok("target", target_folder().display().to_string()));
}
