//! A crate that a cell asked for with `:dep`, as a shared library beside the facade.

use super::build::Cargo;
use super::error::SdkError;
use super::manifest::Sdk;
use super::place::{cache_folder, digest};
use std::path::PathBuf;
use std::process::Command;

/// A crate that cells can use.
#[derive(Clone, Debug)]
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

impl Sdk {
    /// Builds the crate of a `:dep` line. Cargo builds it; the shared library around it takes the
    /// standard library from the facade, as cells do.
    ///
    /// # Errors
    /// What cargo says.
    pub fn build_dependency(
        &self,
        name: &str,
        line: &str,
        requirement: &str,
        say: &mut dyn FnMut(&str),
    ) -> Result<BuiltDependency, SdkError> {
        let crate_name = format!("dep_{name}_{}", digest(requirement.as_bytes(), 8));
        let folder = cache_folder().join("dependencies").join(&crate_name);
        let sources = folder.join("src");
        std::fs::create_dir_all(&sources).map_err(SdkError::file(&sources))?;
        let line = if line.contains('=') {
            line.to_string()
        } else {
            format!("{line} = \"*\"")
        };
        let manifest = format!(
            "[package]\nname = \"{crate_name}_rlib\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[dependencies]\n{line}\n\n\
             [profile.release]\nopt-level = 3\nstrip = \"debuginfo\"\n\n[workspace]\n"
        );
        let write = |path: PathBuf, text: &str| std::fs::write(&path, text).map_err(SdkError::file(&path));
        write(folder.join("Cargo.toml"), &manifest)?;
        write(sources.join("lib.rs"), &format!("pub use {name};\n"))?;
        let wrapper = folder.join("wrapper.rs");
        write(wrapper.clone(), &format!("extern crate cistron;\npub use {name};\n"))?;
        say(&format!("building {line}"));
        let target = cache_folder().join("dependencies/target");
        let artifacts = Cargo {
            folder: &folder,
            target: target.clone(),
        }
        .build(name, &[])?;
        let mut files = artifacts.iter().filter(|a| a.name == name).flat_map(|a| &a.files);
        let Some(rlib) = files.rfind(|f| f.extension().is_some_and(|e| e == "rlib")) else {
            return Err(SdkError::Build {
                what: name.into(),
                output: format!("cargo made no library called `{name}`"),
            });
        };
        let library = folder.join(format!("lib{crate_name}.so"));
        let deps = target.join("release/deps");
        let mut command = Command::new(&self.rustc);
        command.args([
            "--edition",
            "2024",
            "--crate-type",
            "dylib",
            "--crate-name",
            &crate_name,
            "-Copt-level=2",
        ]);
        command
            .arg(&wrapper)
            .arg("-o")
            .arg(&library)
            .arg("--sysroot")
            .arg(self.sysroot());
        command.arg("--extern").arg(format!("cistron={}", self.facade().display()));
        command.arg("--extern").arg(format!("{name}={}", rlib.display()));
        for folder in [&self.folder, &deps] {
            command.arg("-L").arg(format!("dependency={}", folder.display()));
        }
        let output = command.output().map_err(|e| SdkError::NoRust(e.to_string()))?;
        if !output.status.success() {
            let output = String::from_utf8_lossy(&output.stderr).into_owned();
            return Err(SdkError::Build {
                what: format!("the library around {name}"),
                output,
            });
        }
        let print = std::fs::read(&library).map(|content| digest(&content, 16));
        let print = print.map_err(SdkError::file(&library))?;
        say(&format!("{name} is ready"));
        Ok(BuiltDependency {
            print,
            crate_name,
            library,
            folder: deps,
        })
    }
}
