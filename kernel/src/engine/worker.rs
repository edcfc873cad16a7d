//! The process that runs cells, and everything it says.
//!
//! Three pipes besides its output: commands to it, events from it, and one byte back for each event.
//! It waits for that byte, so by the time an event is read all text before it has arrived and none
//! after it: the order is exact without waiting for time to pass.

use super::content::{Content, Part};
use super::ending::LastWords;
use super::generate::ENTRY;
use super::input::{Answer, Question};
use crate::sdk::Sdk;
use serde_json::{Value, json};
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStderr, ChildStdout, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// How long a process may take to end that has closed its pipe.
const LINGERS: Duration = Duration::from_secs(20);

/// Something that a cell shows.
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    /// Text on `stdout` or `stderr`.
    Stream(&'static str, String),
    /// A display: `{"data": .., "metadata": .., "transient": ..}`.
    Display(Value),
    /// A new form of an earlier display.
    Update(Value),
    /// Earlier output goes away: `{"wait": ..}`.
    Clear(Value),
    /// The cell's value: media type to content.
    Result(Value),
}

/// What the worker says besides output.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Event {
    Ready,
    Started,
    /// Name and slot of every variable.
    Variables(Vec<(String, u32)>),
    /// What the variables are that the cell has stored: name to shape, memory, device, names.
    Described(Value),
    /// The cell asks; it waits for [`Worker::answer`].
    Input(Question),
    /// Files that were read, runs that were begun, the device.
    Sources(Value),
    /// The variables that are saved: name, slot, time of the last change, whether `keep!` asked for it.
    Kept(String),
    Ok,
    Error(Value),
    Panic(Value),
    /// A thread of the user's panicked; the cell goes on.
    ThreadPanic(Value),
    /// A `dbg!` with its place and value.
    Debugged(Value),
    Interrupted,
    NotLoaded(String),
    Died(Option<ExitStatus>),
}

#[derive(Debug)]
pub(crate) struct Worker {
    child: Child,
    commands: File,
    answers: File,
    events: File,
    stdout: ChildStdout,
    stderr: ChildStderr,
    buffer: Vec<u8>,
    content: Content,
    errors: Content,
    /// What it says of the machine at its start.
    pub(crate) machine: Value,
    last_words: LastWords,
    /// The panic that ends it, of those that can't be caught.
    pub(crate) fatal: Option<Value>,
}

/// Receives output.
pub(crate) type Emit<'a> = &'a mut dyn FnMut(Output);

impl Worker {
    /// Starts a worker.
    ///
    /// # Errors
    /// When the process can't be started.
    pub(crate) fn start(sdk: &Sdk, cells: &Path, kept: &Path, folder: &Path) -> io::Result<Self> {
        let (commands_read, commands_write) = pipe()?;
        let (answers_read, answers_write) = pipe()?;
        let (events_read, events_write) = pipe()?;
        let inherited = [commands_read.as_raw_fd(), answers_read.as_raw_fd(), events_write.as_raw_fd()];
        let mut command = Command::new(sdk.worker());
        command.current_dir(folder);
        command.env("CISTRON_RUSTC", sdk.rustc_version.lines().next().unwrap_or_default());
        command.env("CISTRON_COMMANDS", inherited[0].to_string());
        command.env("CISTRON_ANSWERS", inherited[1].to_string());
        command.env("CISTRON_EVENTS", inherited[2].to_string());
        command.env("CISTRON_KEPT", kept);
        // Buffers of a training step come back within the next one: mimalloc waits a second before it gives memory to
        // the system, instead of 10 ms.
        // Data frames as text show all columns and 24 rows: Polars' own limits hide the middle ones.
        for (name, value) in [
            ("MIMALLOC_PURGE_DELAY", "1000"),
            ("POLARS_FMT_MAX_COLS", "32"),
            ("POLARS_FMT_MAX_ROWS", "24"),
            ("POLARS_TABLE_WIDTH", "240"),
        ] {
            if std::env::var_os(name).is_none() {
                command.env(name, value);
            }
        }
        let mut libraries = vec![cells.to_path_buf(), sdk.folder.clone()];
        libraries.extend(std::env::var_os("LD_LIBRARY_PATH").iter().flat_map(std::env::split_paths));
        command.env("LD_LIBRARY_PATH", std::env::join_paths(libraries).map_err(io::Error::other)?);
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0);
        // SAFETY: only async-signal-safe calls between fork and exec.
        unsafe { command.pre_exec(move || hand_over(inherited)) };
        let last_words = LastWords::begin();
        let mut child = command.spawn()?;
        let (Some(stdout), Some(stderr)) = (child.stdout.take(), child.stderr.take()) else {
            return Err(io::Error::other("the worker has no output"));
        };
        for descriptor in [stdout.as_raw_fd(), stderr.as_raw_fd(), events_read.as_raw_fd()] {
            do_not_block(descriptor)?;
        }
        Ok(Self {
            child,
            commands: commands_write.into(),
            answers: answers_write.into(),
            events: events_read.into(),
            stdout,
            stderr,
            buffer: Vec::new(),
            content: Content::default(),
            errors: Content::default(),
            machine: Value::Null,
            last_words,
            fatal: None,
        })
    }

    /// Its process number.
    pub(crate) fn process(&self) -> i32 {
        self.child.id() as i32
    }

    /// Asks it to load a library and run the cell in it; its bindings are counted from `base` on.
    pub(crate) fn run(&mut self, library: &Path, base: u32) -> io::Result<()> {
        writeln!(self.commands, "{} {ENTRY} {base}", library.display())
    }

    /// Asks it to load a library.
    pub(crate) fn load(&mut self, library: &Path) -> io::Result<()> {
        writeln!(self.commands, "{} - 0", library.display())
    }

    /// Asks it to read a variable back from where it was saved; `asked` if `keep!` had asked for it.
    pub(crate) fn restore(&mut self, file: &Path, name: &str, asked: bool) -> io::Result<()> {
        let mark = if asked { '!' } else { '=' };
        writeln!(self.commands, "{} {mark}{name} 0", file.display())
    }

    /// Waits up to `timeout` milliseconds (-1: for ever) for something to happen; output goes to `emit`.
    pub(crate) fn step(&mut self, timeout: i32, emit: Emit<'_>) -> io::Result<Option<Event>> {
        let descriptors = [self.events.as_raw_fd(), self.stdout.as_raw_fd(), self.stderr.as_raw_fd()];
        let mut polled = descriptors.map(|fd| libc::pollfd {
            fd,
            events: libc::POLLIN,
            revents: 0,
        });
        // SAFETY: the array lives through the call and its length is given.
        let count = unsafe { libc::poll(polled.as_mut_ptr(), 3, timeout) };
        if count <= 0 {
            return Ok(None);
        }
        let closed = polled[0].revents != 0 && self.read_events()?;
        let frame = self.next_frame();
        self.drain(emit);
        if let Some((kind, body)) = frame {
            let event = self.event(&kind, &body, emit);
            let _ = self.answers.write_all(b"\n");
            return Ok(event);
        }
        if closed {
            let status = self.end();
            self.drain(emit);
            self.last_words.swallow(status);
            self.finish_content(emit, false);
            return Ok(Some(Event::Died(status)));
        }
        Ok(None)
    }

    /// Answers what the cell has asked.
    pub(crate) fn answer(&mut self, answer: &Answer) -> io::Result<()> {
        let body = answer.body();
        write!(self.answers, "{}\n{body}", body.len())
    }

    /// How it ended, in words.
    pub(crate) fn ending(&self, status: Option<ExitStatus>) -> String {
        self.last_words.ending(status)
    }

    /// Waits for a process that has closed its pipe, which ends within a moment; one that goes on without it is of no use.
    fn end(&mut self) -> Option<ExitStatus> {
        let closed = Instant::now();
        while closed.elapsed() < LINGERS {
            match self.child.try_wait() {
                Ok(None) => std::thread::sleep(Duration::from_millis(2)),
                Ok(status) => return status,
                Err(_) => break,
            }
        }
        let _ = self.child.kill();
        self.child.wait().ok()
    }

    /// Ends the process if it lives.
    pub(crate) fn stop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Shows what waits: content at the end of a cell is its result.
    pub(crate) fn finish_content(&mut self, emit: Emit<'_>, as_result: bool) {
        emit_text(self.last_words.let_go(), emit);
        for part in self.content.flush() {
            emit_part("stdout", part, emit);
        }
        match self.content.take_forms() {
            Some(forms) if as_result => emit(Output::Result(Value::Object(forms))),
            Some(forms) => emit_part("stdout", Part::Forms(forms), emit),
            None => {}
        }
    }

    fn event(&mut self, kind: &str, body: &str, emit: Emit<'_>) -> Option<Event> {
        let json = || serde_json::from_str(body).unwrap_or(Value::Null);
        let shown = match kind {
            "result" => Output::Result(json()),
            "display_data" => Output::Display(json()),
            "update_display_data" => Output::Update(json()),
            "clear_output" => Output::Clear(json()),
            _ => {
                return Some(match kind {
                    "ready" => Event::Ready,
                    "started" => Event::Started,
                    "variables" => Event::Variables(listing(body)),
                    "described" => Event::Described(json()),
                    "input" => Event::Input(Question::read(&json())),
                    "sources" => Event::Sources(json()),
                    "kept" => Event::Kept(body.to_string()),
                    "ok" => Event::Ok,
                    "error" => Event::Error(json()),
                    "panic" => Event::Panic(json()),
                    "thread_panic" => Event::ThreadPanic(json()),
                    "debugged" => Event::Debugged(json()),
                    "fatal" => {
                        self.fatal = Some(json());
                        return None;
                    }
                    "machine" => {
                        self.machine = json();
                        return None;
                    }
                    "interrupted" => Event::Interrupted,
                    "not_loaded" => Event::NotLoaded(body.to_string()),
                    _ => return None,
                });
            }
        };
        self.finish_content(emit, false);
        emit(shown);
        None
    }

    /// Reads what is there; true at the end of the pipe.
    fn read_events(&mut self) -> io::Result<bool> {
        let mut chunk = [0; 65536];
        loop {
            match self.events.read(&mut chunk) {
                Ok(0) => return Ok(true),
                Ok(count) => self.buffer.extend_from_slice(&chunk[..count]),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(false),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    fn next_frame(&mut self) -> Option<(String, String)> {
        let end = self.buffer.iter().position(|b| *b == b'\n')?;
        let head = String::from_utf8_lossy(&self.buffer[..end]).into_owned();
        let (kind, length) = head.rsplit_once(' ')?;
        let length: usize = length.parse().ok()?;
        let body = self.buffer.get(end + 1..end + 1 + length)?;
        let body = String::from_utf8_lossy(body).into_owned();
        if self.buffer.len() < end + length + 2 {
            return None;
        }
        self.buffer.drain(..end + length + 2);
        Some((kind.to_string(), body))
    }

    /// Passes on the text that is there. What threads go on to write meanwhile waits for its turn: a thread that writes as
    /// fast as it is read would keep everything else waiting.
    fn drain(&mut self, emit: Emit<'_>) {
        for part in self.content.push(&waiting(&mut self.stdout)) {
            emit_part("stdout", part, emit);
        }
        for part in self.errors.push(&waiting(&mut self.stderr)) {
            match part {
                Part::Text(text) => emit_text(self.last_words.hear(&text), emit),
                part => emit_part("stderr", part, emit),
            }
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.stop();
    }
}

/// What a pipe holds now.
fn waiting(pipe: &mut (impl Read + AsRawFd)) -> Vec<u8> {
    let mut count: libc::c_int = 0;
    // SAFETY: the call writes one number.
    unsafe { libc::ioctl(pipe.as_raw_fd(), libc::FIONREAD, &raw mut count) };
    let mut bytes = Vec::new();
    // The pipe does not block: what was read before an error stays in `bytes`.
    let _ = pipe.take(u64::try_from(count).unwrap_or_default()).read_to_end(&mut bytes);
    bytes
}

/// Text on stderr, if there is any.
fn emit_text(text: String, emit: Emit<'_>) {
    if !text.is_empty() {
        emit_part("stderr", Part::Text(text), emit);
    }
}

fn emit_part(stream: &'static str, part: Part, emit: Emit<'_>) {
    match part {
        Part::Text(text) => emit(Output::Stream(stream, text)),
        Part::Forms(forms) => emit(Output::Display(json!({"data": forms, "metadata": {}, "transient": {}}))),
    }
}

fn listing(body: &str) -> Vec<(String, u32)> {
    body.lines()
        .filter_map(|line| {
            line.split_once(' ')
                .and_then(|(name, slot)| Some((name.to_string(), slot.parse().ok()?)))
        })
        .collect()
}

fn pipe() -> io::Result<(OwnedFd, OwnedFd)> {
    let mut ends: [RawFd; 2] = [0; 2];
    // SAFETY: the array has room for both descriptors, which are ours from then on.
    unsafe {
        if libc::pipe2(ends.as_mut_ptr(), libc::O_CLOEXEC) != 0 {
            return Err(io::Error::last_os_error());
        }
        Ok((OwnedFd::from_raw_fd(ends[0]), OwnedFd::from_raw_fd(ends[1])))
    }
}

fn do_not_block(descriptor: RawFd) -> io::Result<()> {
    // SAFETY: the descriptor is open.
    if unsafe { libc::fcntl(descriptor, libc::F_SETFL, libc::O_NONBLOCK) } == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

/// In the child: keeps the pipes open through exec, and ends with the kernel.
fn hand_over(descriptors: [RawFd; 3]) -> io::Result<()> {
    for descriptor in descriptors {
        // SAFETY: the descriptor is open.
        if unsafe { libc::fcntl(descriptor, libc::F_SETFD, 0) } != 0 {
            return Err(io::Error::last_os_error());
        }
    }
    // The memory of a worker as a file is of no use, and writing it holds up everybody for as long as it takes.
    let none = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    // SAFETY: plain system calls, as the next one.
    unsafe { libc::setrlimit(libc::RLIMIT_CORE, &raw const none) };
    #[cfg(target_os = "linux")]
    // SAFETY: a plain system call.
    unsafe {
        libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL);
    }
    Ok(())
}
