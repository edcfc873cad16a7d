//! The call of rustc.
//!
//! The compiler is started before the cell is there. It gets a source that names the libraries and then includes a file that
//! is a pipe: when the cell comes, their tables have been read, which costs nothing that anybody waits for.

use super::cache::{CellCache, Entry, Key};
use super::diagnostics::Message;
use super::extra::EXTRAS;
use super::interrupt::Interrupter;
use super::state::State;
use crate::offspring::ends_with_us;
use crate::sdk::{Sdk, cells_folder};
use std::io::{self, Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// What the compiler warns of: little, for a cell is no finished program. Later ones win over earlier ones.
const LINTS: [&str; 8] = [
    "-Aunused",
    "-Anon_snake_case",
    "-Aprivate_interfaces",
    "-Aprivate_bounds",
    "-Adead_code",
    "-Wunused_must_use",
    "-Wunreachable_code",
    "-Wunconditional_recursion",
];

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

/// Changes when the flags of [`Compiler::command`] do, so that nothing is used that was made with others.
const FLAGS: &str = "1";

/// What is to be compiled.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Unit<'a> {
    /// As what.
    pub(crate) form: Form,
    /// The generated source.
    pub(crate) source: &'a str,
    /// Whether what rustc made of the same source before can be used, and what it makes now be kept.
    pub(crate) lasting: bool,
    /// Whether it has to be the root of its crate: it has attributes for the whole crate, or it reads files, whose places are
    /// meant as the notebook sees them.
    pub(crate) is_root: bool,
}

/// A compiler that has been started and waits for what the pipe will say.
#[derive(Debug)]
struct Waiting {
    form: Form,
    number: usize,
    pipe: PathBuf,
    /// Whatever it was started with that can change: when that changes, it is of no use.
    arguments: String,
    child: Child,
}

#[derive(Debug)]
pub(crate) struct Compiler {
    linker: PathBuf,
    folder: PathBuf,
    notebook: PathBuf,
    cache: CellCache,
    waiting: Vec<Waiting>,
    /// Optimisation of plain cells.
    pub(crate) opt_level: u8,
}

impl Compiler {
    /// `linker` is the `cistron` command, which filters the linker's arguments.
    /// Compiled cells go to `folder`; what cells read while they are compiled is found from `notebook` on.
    pub(crate) fn new(sdk: &Sdk, linker: &Path, folder: &Path, notebook: &Path) -> Self {
        Self {
            linker: linker.into(),
            folder: folder.into(),
            notebook: notebook.into(),
            cache: CellCache::new(&cells_folder(), &sdk.name()),
            waiting: Vec::new(),
            opt_level: 0,
        }
    }

    /// The library that cell `number` becomes.
    pub(crate) fn library(&self, number: usize) -> PathBuf {
        self.folder.join(format!("libcell_{number}.so"))
    }

    /// Starts the compilers of the next cell, one for each form that it may have.
    pub(crate) fn prepare(&mut self, sdk: &Sdk, state: &State) {
        let arguments = self.changing_arguments(state);
        if self.waiting.iter().any(|w| w.arguments != arguments) {
            self.forget();
        }
        for form in [Form::Plain, Form::Items] {
            if self.waiting.iter().all(|w| w.form != form) {
                // Without one that waits the next cell starts its own.
                self.waiting.extend(self.begin(sdk, state, form, arguments.clone()).ok());
            }
        }
    }

    fn begin(&self, sdk: &Sdk, state: &State, form: Form, arguments: String) -> io::Result<Waiting> {
        let number = new_number();
        let name = file_name(number);
        let pipe = self.folder.join(&name);
        make_pipe(&pipe)?;
        let started = self.command(sdk, state, number, form).current_dir(&self.folder).spawn();
        let mut child = started.inspect_err(|_| self.clean(number))?;
        let root = format!("extern crate cistron;\ninclude!({name:?});\n");
        if let Some(mut stdin) = child.stdin.take()
            && stdin.write_all(root.as_bytes()).is_err()
        {
            let _ = child.kill();
            let _ = child.wait();
            self.clean(number);
            return Err(io::Error::other("the compiler does not read"));
        }
        Ok(Waiting {
            form,
            number,
            pipe,
            arguments,
            child,
        })
    }

    /// Ends the compilers that wait.
    pub(crate) fn forget(&mut self) {
        let mut gone = Vec::new();
        for mut waiting in self.waiting.drain(..) {
            let _ = waiting.child.kill();
            let _ = waiting.child.wait();
            gone.push(waiting.number);
        }
        gone.into_iter().for_each(|number| self.clean(number));
    }

    fn changing_arguments(&self, state: &State) -> String {
        let cells: Vec<String> = state.item_cells.iter().map(|cell| cell.number.to_string()).collect();
        let dependencies: Vec<String> = state.dependencies.iter().map(|d| d.library.display().to_string()).collect();
        format!("{} {} {}", self.opt_level, cells.join(","), dependencies.join(","))
    }

    /// The key under which the result of a unit is kept.
    fn key(&self, sdk: &Sdk, state: &State, unit: &Unit<'_>) -> Key {
        let (level, lints) = (self.level(unit.form).to_string(), LINTS.join(" "));
        let mut parts = vec![
            env!("CARGO_PKG_VERSION"),
            FLAGS,
            &lints,
            sdk.rustc_version.as_str(),
            unit.form.kind(),
            &level,
            unit.source,
        ];
        parts.extend(state.dependencies.iter().map(|d| d.print.as_str()));
        Key::of(&parts)
    }

    /// The number of the cell whose first pass is this unit: that of the library that is kept of it, else a new one.
    pub(crate) fn number(&self, sdk: &Sdk, state: &State, unit: &Unit<'_>) -> usize {
        let kept = unit.lasting.then(|| self.cache.find(&self.key(sdk, state, unit))).flatten();
        let waiting = || {
            let fits = |w: &&Waiting| w.form == unit.form && !unit.is_root;
            self.waiting.iter().find(fits).map(|w| w.number)
        };
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
            && (!entry.built || self.cache.fetch(key, number, &library).is_ok())
        {
            return Ok(Compiled::Done(entry.messages()));
        }
        let waiting = self.waiting.iter().position(|w| w.number == number && w.form == unit.form);
        let (child, pipe) = match waiting.filter(|_| !unit.is_root).map(|at| self.waiting.remove(at)) {
            Some(waiting) => (waiting.child, Some(waiting.pipe)),
            None => {
                let mut command = self.command(sdk, state, number, unit.form);
                (command.current_dir(&self.notebook).spawn()?, None)
            }
        };
        let waited = pipe.is_some();
        let mut finished = finish(child, pipe.as_deref(), unit.source, interrupter);
        if waited && matches!(&finished, Ok(Some((false, output))) if output.is_empty()) {
            // It had been ended while it waited, most likely for its memory: another one.
            let mut command = self.command(sdk, state, number, unit.form);
            let child = command.current_dir(&self.notebook).spawn()?;
            finished = finish(child, None, unit.source, interrupter);
        }
        self.clean(number);
        let Some((built, output)) = finished? else {
            let _ = std::fs::remove_file(&library);
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

    /// Removes what a compiler leaves behind besides its library: its pipe, its folder for temporary files, and objects
    /// if it was ended.
    fn clean(&self, number: usize) {
        let _ = std::fs::remove_dir_all(self.temporary(number));
        let own = file_name(number);
        for entry in std::fs::read_dir(&self.folder).into_iter().flatten().flatten() {
            if entry.file_name().to_string_lossy().split('.').next() == Some(&own) {
                let _ = std::fs::remove_file(entry.path());
            }
        }
    }

    /// Where the compiler of a cell puts temporary files.
    fn temporary(&self, number: usize) -> PathBuf {
        self.folder.join(format!("temporary_{number}"))
    }

    fn command(&self, sdk: &Sdk, state: &State, number: usize, form: Form) -> Command {
        // The compiler says it where this fails.
        let _ = std::fs::create_dir_all(self.temporary(number));
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
        if form == Form::Items {
            // Panics are shown at the lines of functions. Cells without any say themselves where they are, which costs
            // nothing to compile; line tables cost 5 ms.
            command.arg("-Cdebuginfo=line-tables-only");
            // Small functions would be compiled in each cell that calls them, which is not optimised.
            command.arg("-Zcross-crate-inline-threshold=never");
        }
        command.args(LINTS).arg("--sysroot").arg(sdk.sysroot());
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
        for extra in &EXTRAS {
            command
                .arg("--extern")
                .arg(format!("{}={}", extra.name, sdk.extra(extra.name).display()));
        }
        command.arg("-L").arg(format!("dependency={}", sdk.folder.display()));
        command.arg("-L").arg(format!("dependency={}", self.folder.display()));
        command.arg(format!("-Clinker={}", self.linker.display()));
        command.args(["-Clinker-flavor=ld", "-Clinker-features=-lld", "-Zunstable-options"]);
        command.args(["-Ztrim-diagnostic-paths=no", "-Zwrite-long-types-to-disk=no"]);
        command.arg("-o").arg(self.library(number)).arg("-");
        // The two -Z options make type names complete; the toolchain is pinned, so they are what we know them to be.
        command
            .env("RUSTC_BOOTSTRAP", "1")
            .env("TMPDIR", self.temporary(number))
            .env(super::link::LINKER, &sdk.linker);
        command
            .env("UNSTABLE_RUSTDOC_TEST_PATH", file_name(number))
            .env("UNSTABLE_RUSTDOC_TEST_LINE", "0");
        command.env_remove("RUSTFLAGS").env_remove("CARGO_ENCODED_RUSTFLAGS");
        command.process_group(0);
        ends_with_us(&mut command);
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
        command
    }
}

/// Gives a compiler its source and waits for it: whether it built a library, and what it said; none if it was cancelled.
fn finish(mut child: Child, pipe: Option<&Path>, source: &str, interrupter: &Interrupter) -> io::Result<Option<(bool, String)>> {
    if !interrupter.compiling(child.id() as i32) {
        let _ = child.kill();
        let _ = child.wait();
        return Ok(None);
    }
    match (pipe, child.stdin.take()) {
        (Some(pipe), _) => {
            if let Err(error) = fill(pipe, source, &mut child) {
                let _ = child.kill();
                let _ = child.wait();
                interrupter.compiled();
                return Err(error);
            }
        }
        (None, Some(mut stdin)) => _ = stdin.write_all(source.as_bytes()),
        (None, None) => {}
    }
    let mut output = Vec::new();
    if let Some(mut stderr) = child.stderr.take() {
        stderr.read_to_end(&mut output)?;
    }
    let cancelled = interrupter.compiled();
    let status = child.wait()?;
    Ok((!cancelled).then(|| (status.success(), String::from_utf8_lossy(&output).into_owned())))
}

/// The name of a cell's source, in messages and in places of panics.
fn file_name(number: usize) -> String {
    format!("cell_{number}")
}

fn make_pipe(path: &Path) -> io::Result<()> {
    let name = std::ffi::CString::new(path.as_os_str().as_encoded_bytes())?;
    // SAFETY: the string ends in NUL.
    if unsafe { libc::mkfifo(name.as_ptr(), 0o600) } == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

/// Writes the source into the pipe as soon as the compiler reads from it; a compiler that has ended reads nothing.
fn fill(pipe: &Path, source: &str, child: &mut Child) -> io::Result<()> {
    loop {
        let opened = std::fs::OpenOptions::new()
            .write(true)
            .custom_flags(libc::O_NONBLOCK)
            .open(pipe);
        match opened {
            Ok(mut file) => {
                // SAFETY: the descriptor is open.
                unsafe { libc::fcntl(file.as_raw_fd(), libc::F_SETFL, 0) };
                // A compiler that was cancelled reads no more; how it ended is seen when it is waited for.
                let _ = file.write_all(source.as_bytes());
                return Ok(());
            }
            Err(error) if error.raw_os_error() == Some(libc::ENXIO) => {
                if child.try_wait()?.is_some() {
                    return Ok(());
                }
                std::thread::sleep(Duration::from_micros(200));
            }
            Err(error) => return Err(error),
        }
    }
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
