//! The call of rustc.
//!
//! The compiler is started before the cell is there and waits for the source on its stdin: reading the
//! libraries' tables then costs nothing that anybody waits for.

use super::diagnostics::Message;
use super::interrupt::Interrupter;
use super::state::State;
use crate::sdk::Sdk;
use std::io::{self, Read, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// How a compile ended.
#[derive(Debug)]
pub(crate) enum Compiled {
    /// With or without mistakes; the messages say.
    Done(Vec<Message>),
    /// The user stopped it.
    Cancelled,
}

/// What a cell is compiled as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// A cell that only runs.
    Plain,
    /// A cell that later cells import from; compiled once, so optimised.
    Items,
}

#[derive(Debug)]
pub(crate) struct Compiler {
    linker: PathBuf,
    folder: PathBuf,
    waiting: Option<(usize, Child)>,
    /// Optimisation of plain cells.
    pub(crate) opt_level: u8,
}

impl Compiler {
    /// `linker` is the `cistron` command, which filters the linker's arguments.
    pub(crate) fn new(linker: &Path, folder: &Path) -> Self {
        Self {
            linker: linker.into(),
            folder: folder.into(),
            waiting: None,
            opt_level: 0,
        }
    }

    /// The library that cell `number` becomes.
    pub(crate) fn library(&self, number: usize) -> PathBuf {
        self.folder.join(format!("libcell_{number}.so"))
    }

    /// Starts the compiler of the next cell, which will most likely be a plain one.
    pub(crate) fn prepare(&mut self, sdk: &Sdk, state: &State, number: usize) {
        self.forget();
        if let Ok(child) = self.spawn(sdk, state, number, Form::Plain) {
            self.waiting = Some((number, child));
        }
    }

    /// Ends a compiler that waits.
    pub(crate) fn forget(&mut self) {
        if let Some((_, mut child)) = self.waiting.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Compiles a cell.
    ///
    /// # Errors
    /// When rustc can't be started, or fails without saying why.
    pub(crate) fn compile(
        &mut self,
        sdk: &Sdk,
        state: &State,
        number: usize,
        form: Form,
        source: &str,
        interrupter: &Interrupter,
    ) -> io::Result<Compiled> {
        let mut child = match self.waiting.take() {
            Some((waiting, child)) if waiting == number && form == Form::Plain => child,
            other => {
                self.waiting = other;
                self.forget();
                self.spawn(sdk, state, number, form)?
            }
        };
        if !interrupter.compiling(child.id() as i32) {
            let _ = child.kill();
            let _ = child.wait();
            return Ok(Compiled::Cancelled);
        }
        if let Some(mut stdin) = child.stdin.take() {
            let _ = stdin.write_all(source.as_bytes());
        }
        let mut output = Vec::new();
        if let Some(mut stderr) = child.stderr.take() {
            stderr.read_to_end(&mut output)?;
        }
        let cancelled = interrupter.compiled();
        let status = child.wait()?;
        if cancelled {
            self.clean(number);
            return Ok(Compiled::Cancelled);
        }
        let output = String::from_utf8_lossy(&output);
        let messages = Message::read_all(&output);
        if !status.success() && !messages.iter().any(Message::is_error) {
            return Err(io::Error::other(format!("rustc ended with {status}:\n{output}")));
        }
        Ok(Compiled::Done(messages))
    }

    /// Removes what a compiler left behind that was ended: its folder for temporary files and its objects.
    fn clean(&self, number: usize) {
        for entry in std::fs::read_dir(&self.folder).into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.starts_with("rustc") {
                let _ = std::fs::remove_dir_all(entry.path());
            } else if name.split(['_', '.']).nth(1) == Some(&number.to_string()) {
                let _ = std::fs::remove_file(entry.path());
            }
        }
    }

    fn spawn(&self, sdk: &Sdk, state: &State, number: usize, form: Form) -> io::Result<Child> {
        let mut command = Command::new(&sdk.rustc);
        command.args([
            "--crate-name",
            &format!("cell_{number}"),
            "--edition",
            "2024",
            "--error-format=json",
            "--cap-lints=warn",
        ]);
        let (kind, level) = match form {
            Form::Plain => ("cdylib", self.opt_level),
            Form::Items => ("dylib", 2),
        };
        command.args(["--crate-type", kind, &format!("-Copt-level={level}"), "-Ccodegen-units=1"]);
        if form == Form::Items {
            // Small functions would be compiled in each cell that calls them, which is not optimised.
            command.arg("-Zcross-crate-inline-threshold=never");
        }
        command.arg("--sysroot").arg(sdk.sysroot());
        for cell in &state.item_cells {
            command
                .arg("--extern")
                .arg(format!("cell_{}={}", cell.number, cell.library.display()));
        }
        for dependency in &state.dependencies {
            command
                .arg("--extern")
                .arg(format!("{}={}", dependency.crate_name, dependency.library.display()));
            command.arg("-L").arg(format!("dependency={}", dependency.folder.display()));
        }
        command.arg("--extern").arg(format!("cistron={}", sdk.facade().display()));
        command.arg("-L").arg(format!("dependency={}", sdk.folder.display()));
        command.arg("-L").arg(format!("dependency={}", self.folder.display()));
        command.arg(format!("-Clinker={}", self.linker.display()));
        command.args(["-Clinker-flavor=ld", "-Clinker-features=-lld", "-Zunstable-options"]);
        command.args(["-Ztrim-diagnostic-paths=no", "-Zwrite-long-types-to-disk=no"]);
        command.arg("-o").arg(self.library(number)).arg("-");
        // The two -Z options make type names complete; the toolchain is pinned, so they are what we know them to be.
        command
            .env("RUSTC_BOOTSTRAP", "1")
            .env("TMPDIR", &self.folder)
            .env(super::link::LINKER, &sdk.linker);
        command
            .env("UNSTABLE_RUSTDOC_TEST_PATH", format!("cell_{number}"))
            .env("UNSTABLE_RUSTDOC_TEST_LINE", "0");
        command.env_remove("RUSTFLAGS").env_remove("CARGO_ENCODED_RUSTFLAGS");
        command.process_group(0);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
    }
}

impl Drop for Compiler {
    fn drop(&mut self) {
        self.forget();
    }
}
