//! The call of rustc.
//!
//! The compiler is started before the cell is there and waits for the source on its stdin: reading the
//! libraries' tables then costs nothing that anybody waits for.

use super::cache::{CellCache, Entry, Key};
use super::diagnostics::Message;
use super::interrupt::Interrupter;
use super::state::State;
use crate::sdk::{Sdk, cells_folder};
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

/// What is to be compiled.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Unit<'a> {
    /// As what.
    pub(crate) form: Form,
    /// The generated source.
    pub(crate) source: &'a str,
    /// Whether the result depends on the source and the libraries alone, so that it can be kept for other sessions.
    pub(crate) lasting: bool,
}

/// A compiler that has been started and waits for its source.
#[derive(Debug)]
struct Waiting {
    number: usize,
    /// Whatever it was started with that can change: when that changes, it is of no use.
    arguments: String,
    child: Child,
}

#[derive(Debug)]
pub(crate) struct Compiler {
    linker: PathBuf,
    folder: PathBuf,
    cache: CellCache,
    waiting: Option<Waiting>,
    /// Optimisation of plain cells.
    pub(crate) opt_level: u8,
}

impl Compiler {
    /// `linker` is the `cistron` command, which filters the linker's arguments.
    pub(crate) fn new(sdk: &Sdk, linker: &Path, folder: &Path) -> Self {
        Self {
            linker: linker.into(),
            folder: folder.into(),
            cache: CellCache::new(&cells_folder(), &sdk.name()),
            waiting: None,
            opt_level: 0,
        }
    }

    /// The library that cell `number` becomes.
    pub(crate) fn library(&self, number: usize) -> PathBuf {
        self.folder.join(format!("libcell_{number}.so"))
    }

    /// Starts the compiler of the next cell, which will most likely be a plain one.
    pub(crate) fn prepare(&mut self, sdk: &Sdk, state: &State) {
        let arguments = self.changing_arguments(state);
        if self.waiting.as_ref().is_some_and(|w| w.arguments == arguments) {
            return;
        }
        self.forget();
        let number = new_number();
        if let Ok(child) = self.spawn(sdk, state, number, Form::Plain) {
            self.waiting = Some(Waiting {
                number,
                arguments,
                child,
            });
        }
    }

    /// Ends a compiler that waits.
    pub(crate) fn forget(&mut self) {
        if let Some(mut waiting) = self.waiting.take() {
            let _ = waiting.child.kill();
            let _ = waiting.child.wait();
        }
    }

    fn changing_arguments(&self, state: &State) -> String {
        let cells: Vec<String> = state.item_cells.iter().map(|cell| cell.number.to_string()).collect();
        let dependencies: Vec<&str> = state.dependencies.iter().map(|d| d.crate_name.as_str()).collect();
        format!("{} {} {}", self.opt_level, cells.join(","), dependencies.join(","))
    }

    /// The key under which the result of a unit is kept.
    fn key(&self, sdk: &Sdk, state: &State, unit: &Unit<'_>) -> Key {
        let level = self.level(unit.form).to_string();
        let mut parts = vec![sdk.rustc_version.as_str(), unit.form.kind(), &level, unit.source];
        parts.extend(state.dependencies.iter().map(|d| d.print.as_str()));
        Key::of(&parts)
    }

    /// The number of the cell whose first pass is this unit: that of the library that is kept of it; else, for a cell that
    /// others import from, one that follows from what it says, so that the cells that import from it are the same in other
    /// sessions too; else a new one. `turn` tells cells apart that say the same and are to be different crates.
    pub(crate) fn number(&self, sdk: &Sdk, state: &State, unit: &Unit<'_>, turn: usize) -> usize {
        let key = self.key(sdk, state, unit);
        if unit.form == Form::Items {
            return key.number().wrapping_add(turn);
        }
        let kept = unit.lasting.then(|| self.cache.find(&key)).flatten();
        let waiting = || self.waiting.as_ref().map(|waiting| waiting.number);
        kept.map(|entry| entry.number).or_else(waiting).unwrap_or_else(new_number)
    }

    /// Compiles a unit as cell `number`, or takes what is kept of it.
    ///
    /// # Errors
    /// When rustc can't be started, or fails without saying why.
    pub(crate) fn compile(
        &mut self,
        sdk: &Sdk,
        state: &State,
        number: usize,
        unit: &Unit<'_>,
        interrupter: &Interrupter,
    ) -> io::Result<Compiled> {
        let library = self.library(number);
        let key = unit.lasting.then(|| self.key(sdk, state, unit));
        if let Some(key) = &key
            && let Some(entry) = self.cache.find(key)
            && entry.number == number
            && (!entry.built || self.cache.fetch(key, &library).is_ok())
        {
            return Ok(Compiled::Done(entry.messages()));
        }
        let child = match self.waiting.take() {
            Some(waiting) if waiting.number == number && unit.form == Form::Plain => waiting.child,
            other => {
                self.waiting = other;
                self.spawn(sdk, state, number, unit.form)?
            }
        };
        let Some((built, output)) = finish(child, unit.source, interrupter)? else {
            return Ok(Compiled::Cancelled);
        };
        let entry = Entry { number, output, built };
        let messages = entry.messages();
        if !built && !messages.iter().any(Message::is_error) {
            return Err(io::Error::other(format!("rustc failed:\n{}", entry.output)));
        }
        if let Some(key) = key {
            // A cache that can't be written costs time, nothing else.
            let _ = self.cache.keep(&key, &entry, &library);
        }
        Ok(Compiled::Done(messages))
    }

    fn level(&self, form: Form) -> u8 {
        match form {
            Form::Plain => self.opt_level,
            Form::Items => 2,
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
        let level = format!("-Copt-level={}", self.level(form));
        command.args(["--crate-type", form.kind(), &level, "-Ccodegen-units=1"]);
        command.arg("--sysroot").arg(sdk.sysroot());
        for cell in state.item_cells.iter().filter(|cell| cell.number != number) {
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

/// Gives a compiler its source and waits for it: whether it built a library, and what it said; none if it was cancelled.
fn finish(mut child: Child, source: &str, interrupter: &Interrupter) -> io::Result<Option<(bool, String)>> {
    if !interrupter.compiling(child.id() as i32) {
        let _ = child.kill();
        let _ = child.wait();
        return Ok(None);
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
    Ok((!cancelled).then(|| (status.success(), String::from_utf8_lossy(&output).into_owned())))
}

/// A number that no other cell has, in this session or another. It fits into the numbers that JSON keeps exactly.
fn new_number() -> usize {
    (uuid::Uuid::new_v4().as_u128() & 0xffff_ffff_ffff) as usize
}

impl Form {
    /// rustc's name of it.
    fn kind(self) -> &'static str {
        match self {
            Self::Plain => "cdylib",
            Self::Items => "dylib",
        }
    }
}

impl Drop for Compiler {
    fn drop(&mut self) {
        self.forget();
    }
}
