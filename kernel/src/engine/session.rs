//! A session: cells in, output and variables out.

use super::cell::{parse, split_commands};
use super::compile::{Compiled, Compiler, Form};
use super::diagnostics::{Message, Place, Texts, render, underline};
use super::failure::Failure;
use super::fragment::{Fragment, Source};
use super::generate::{Generated, Request, generate};
use super::interrupt::Interrupter;
use super::item::Item;
use super::state::{self, State, Variable};
use super::types;
use super::worker::{Emit, Event, Output, Worker, ending};
use crate::sdk::Sdk;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

/// Passes of the compiler that one cell may take.
const PASSES: usize = 8;

/// Runs cells one after the other.
#[derive(Debug)]
pub struct Engine {
    pub(super) sdk: Sdk,
    pub(super) state: State,
    pub(super) compiler: Compiler,
    worker: Option<Worker>,
    interrupter: Interrupter,
    cells: PathBuf,
    folder: PathBuf,
    number: usize,
}

/// A cell that compiled.
struct Ready {
    number: usize,
    items: Vec<Item>,
    generated: Generated,
    types: BTreeMap<u32, String>,
    pulled: BTreeSet<usize>,
}

impl Engine {
    /// A session whose code runs in `folder`. `command` is the `cistron` executable, which also links.
    ///
    /// # Errors
    /// When the worker can't be started.
    pub fn start(sdk: Sdk, command: &Path, folder: &Path) -> io::Result<Self> {
        let memory = Path::new("/dev/shm");
        let base = if memory.is_dir() {
            memory.to_path_buf()
        } else {
            std::env::temp_dir()
        };
        sweep(&base);
        let cells = base.join(format!("cistron-{}-{}", std::process::id(), uuid::Uuid::new_v4().simple()));
        std::fs::create_dir_all(&cells)?;
        let mut compiler = Compiler::new(command, &cells);
        let state = State::default();
        compiler.prepare(&sdk, &state, 1);
        let mut engine = Self {
            sdk,
            state,
            compiler,
            worker: None,
            interrupter: Interrupter::default(),
            cells,
            folder: folder.into(),
            number: 0,
        };
        engine.worker(&mut |_| {})?;
        Ok(engine)
    }

    /// A handle that stops cells from another thread.
    pub fn interrupter(&self) -> Interrupter {
        self.interrupter.clone()
    }

    /// Where compiled cells lie while the session lasts.
    pub fn scratch_folder(&self) -> &Path {
        &self.cells
    }

    /// The process number of the worker, if there is one.
    pub fn worker_process(&self) -> Option<i32> {
        self.worker.as_ref().map(Worker::process)
    }

    /// The variables by name.
    pub fn variables(&self) -> &BTreeMap<String, Variable> {
        &self.state.variables
    }

    /// The names that earlier cells defined.
    pub fn item_names(&self) -> Vec<String> {
        self.state
            .item_cells
            .iter()
            .flat_map(|cell| cell.names.keys().cloned())
            .collect()
    }

    /// Passes on what threads print between cells; waits up to `timeout` milliseconds for it.
    pub fn idle(&mut self, timeout: i32, emit: &mut dyn FnMut(Output)) {
        if let Some(worker) = &mut self.worker
            && let Ok(Some(Event::Died(status))) = worker.step(timeout, emit)
        {
            self.bury(status, emit);
        }
    }

    /// Runs a cell; `count` is the number that the user sees.
    ///
    /// # Errors
    /// Everything that ends a cell: mistakes in it, errors and panics of its code, interrupts, the end of
    /// the worker.
    pub fn execute(&mut self, code: &str, count: usize, emit: &mut dyn FnMut(Output)) -> Result<(), Failure> {
        self.interrupter.begin();
        let result = self.execute_begun(code, count, emit);
        self.interrupter.end();
        proc_macro2::extra::invalidate_current_thread_spans();
        self.compiler.prepare(&self.sdk, &self.state, self.number + 1);
        result
    }

    fn execute_begun(&mut self, code: &str, count: usize, emit: Emit<'_>) -> Result<(), Failure> {
        let (text, commands) = split_commands(code);
        for command in &commands {
            self.command(command, emit)?;
        }
        if text.trim().is_empty() {
            return Ok(());
        }
        self.number += 1;
        let ready = self.compile(&text, count)?;
        let compiled = state::Compiled {
            text,
            source: ready.generated.source.clone(),
            count,
        };
        self.state.compiled.insert(ready.number, compiled);
        self.run(ready, emit)
    }

    fn compile(&mut self, text: &str, count: usize) -> Result<Ready, Failure> {
        let number = self.number;
        let cell = match parse(number, text) {
            Ok(cell) => cell,
            Err(error) => return Err(self.syntax_failure(number, text, count, &error)),
        };
        let mut items = cell.items.clone();
        let mut item_cells = self.state.item_cells.clone();
        let mut gone = BTreeSet::new();
        let mut pulled = BTreeSet::new();
        for _ in 0..PASSES {
            let request = Request {
                number,
                cell: &cell,
                items: &items,
                item_cells: &item_cells,
                state: &self.state,
                gone: &gone,
                first_slot: self.state.next_slot + 1,
            };
            let generated = generate(&request);
            let form = if items.is_empty() { Form::Plain } else { Form::Items };
            let messages = self.rustc(number, form, &generated.source)?;
            let errors: Vec<&Message> = messages.iter().filter(|m| m.is_error()).collect();
            let moved: BTreeSet<u32> = errors.iter().filter_map(|m| moved_slot(m, &generated)).collect();
            let unloadable: Vec<&String> = errors.iter().filter_map(|m| generated.loads.get(&m.line())).collect();
            if !unloadable.is_empty() {
                for name in unloadable {
                    self.lose(
                        name,
                        "its type can't be named outside the crate that defines it; keep it behind a `Box<dyn Trait>`",
                    );
                }
                continue;
            }
            if moved.iter().any(|slot| !gone.contains(slot)) {
                gone.extend(moved);
                continue;
            }
            if pulled.is_empty()
                && errors
                    .iter()
                    .any(|m| matches!(m.code(), "E0116" | "E0117" | "E0210" | "E0390"))
            {
                let mine: BTreeSet<&str> = cell.items.iter().filter_map(Item::name).collect();
                let mut earlier = Vec::new();
                item_cells.retain(|c| {
                    let mentioned = c.names.keys().any(|name| cell.words.contains(name));
                    if mentioned {
                        pulled.insert(c.number);
                        earlier.extend(c.items.iter().filter(|i| i.name().is_none_or(|n| !mine.contains(n))).cloned());
                    }
                    !mentioned
                });
                if !pulled.is_empty() {
                    earlier.append(&mut items);
                    items = earlier;
                    continue;
                }
            }
            if !errors.is_empty() {
                return Err(self.compile_failure(number, text, count, &errors, &generated.source));
            }
            self.state.next_slot += generated.bindings.len() as u32;
            self.state.import(&cell.imports);
            let types = reported_types(&messages, &generated);
            return Ok(Ready {
                number,
                items,
                generated,
                types,
                pulled,
            });
        }
        Err(Failure::plain(
            "CompileError",
            "the cell could not be compiled: variables were moved in a way that could not be followed",
        ))
    }

    fn rustc(&mut self, number: usize, form: Form, source: &Source) -> Result<Vec<Message>, Failure> {
        match self
            .compiler
            .compile(&self.sdk, &self.state, number, form, &source.text, &self.interrupter)
        {
            Ok(Compiled::Done(messages)) => Ok(messages),
            Ok(Compiled::Cancelled) => Err(Failure::located(
                "KeyboardInterrupt",
                "stopped while it was being compiled; nothing of it has run",
                None,
            )),
            Err(error) => Err(Failure::plain(
                "CompilerError",
                &format!("the compiler could not be used: {error}\n`cistron doctor` says what is missing"),
            )),
        }
    }

    /// Text that is no Rust: rustc says why better than syn does.
    fn syntax_failure(&mut self, number: usize, text: &str, count: usize, error: &syn::Error) -> Failure {
        let mut source = Source::default();
        source.line("#![allow(unused)]\nfn cell() {");
        source.fragment(&Fragment::new(number, text, 0..text.len(), &[]));
        source.line("}");
        let messages = match self.rustc(number, Form::Plain, &source) {
            Ok(messages) => messages,
            Err(failure) => return failure,
        };
        let errors: Vec<&Message> = messages.iter().filter(|m| m.is_error() && m.code().is_empty()).collect();
        if errors.is_empty() {
            let at = error.span().byte_range().start.saturating_sub(1);
            let texts: Texts<'_> = [(number, (text, count))].into();
            let place = underline(
                Place {
                    cell: number,
                    start: at,
                    end: at + 1,
                },
                '^',
                "",
                &texts,
            );
            return Failure::located("CompileError", &error.to_string(), Some(&place));
        }
        self.compile_failure(number, text, count, &errors, &source)
    }

    fn compile_failure(&self, number: usize, text: &str, count: usize, errors: &[&Message], source: &Source) -> Failure {
        let mut texts: Texts<'_> = self
            .state
            .compiled
            .iter()
            .map(|(n, c)| (*n, (c.text.as_str(), c.count)))
            .collect();
        texts.insert(number, (text, count));
        let own_file = format!("cell_{number}");
        let mut shown: Vec<String> = Vec::new();
        for error in errors {
            let mut text = render(error, &own_file, source, &texts);
            if matches!(error.code(), "E0425" | "E0423")
                && let Some((name, why)) = self
                    .state
                    .lost
                    .iter()
                    .find(|(name, _)| error.text().contains(&format!("`{name}`")))
            {
                text.push_str(&format!("\n  = note: `{name}` was not kept: {why}"));
            }
            if matches!(error.code(), "E0597" | "E0716" | "E0521") {
                text.push_str("\n  = help: a variable that lives on between cells can't borrow from another; clone the value, or keep both in one `Rc`");
            }
            if !shown.contains(&text) {
                shown.push(text);
            }
        }
        let value = errors
            .first()
            .map(|m| m.text().lines().next().unwrap_or_default().to_string())
            .unwrap_or_default();
        let more = if errors.len() > 1 {
            format!(" (and {} more)", errors.len() - 1)
        } else {
            String::new()
        };
        let traceback = shown.join("\n\n").lines().map(String::from).collect();
        Failure {
            name: "CompileError".into(),
            value: value + &more,
            traceback,
        }
    }

    fn run(&mut self, ready: Ready, emit: Emit<'_>) -> Result<(), Failure> {
        let library = self.compiler.library(ready.number);
        let interrupter = self.interrupter.clone();
        let worker = self.worker(emit)?;
        worker
            .command(&library, &format!("__cell_{}", ready.number))
            .map_err(internal)?;
        let mut stored = None;
        let end = loop {
            let Some(worker) = &mut self.worker else {
                break Event::Died(None);
            };
            match worker.step(-1, emit).map_err(internal)? {
                Some(Event::Started) => interrupter.running(worker.process()),
                Some(Event::Variables(listing)) => stored = Some(listing),
                Some(Event::Ready) | None => {}
                Some(end) => break end,
            }
        };
        let killed = interrupter.end();
        if let Some(worker) = &mut self.worker {
            worker.finish_content(emit, end == Event::Ok);
        }
        if !ready.items.is_empty() && !matches!(end, Event::NotLoaded(_)) {
            self.state.item_cells.retain(|cell| !ready.pulled.contains(&cell.number));
            self.state.define(ready.number, ready.items.clone(), library);
        }
        if let Some(stored) = stored {
            self.keep(&ready, &stored, emit);
        }
        match end {
            Event::Ok => Ok(()),
            Event::Error(body) => Err(self.runtime_failure(body["name"].as_str().unwrap_or("Error"), &body)),
            Event::Panic(body) => Err(self.runtime_failure("Panic", &body)),
            Event::Interrupted => Err(Failure::located(
                "KeyboardInterrupt",
                "interrupted; variables are kept as they were at that point",
                None,
            )),
            Event::NotLoaded(message) => Err(Failure::plain(
                "LoadError",
                &format!("the compiled cell could not be loaded: {message}"),
            )),
            Event::Died(status) => {
                let lost = self.bury_silently();
                let how = if killed {
                    "was stopped at the second interrupt".to_string()
                } else {
                    ending(status)
                };
                Err(Failure::located(
                    "WorkerDied",
                    &format!("the process that runs the cells {how}.\n{lost}"),
                    None,
                ))
            }
            Event::Ready | Event::Started | Event::Variables(_) => Ok(()),
        }
    }

    /// Learns from the worker which variables there are, and from the compiler what their types are.
    fn keep(&mut self, ready: &Ready, stored: &[(String, u32)], emit: Emit<'_>) {
        let names: BTreeSet<String> = ready
            .items
            .iter()
            .flat_map(Item::names)
            .map(|(name, _)| name.clone())
            .collect();
        let krate = format!("cell_{}", ready.number);
        self.state
            .variables
            .retain(|name, variable| stored.iter().any(|(n, slot)| n == name && *slot == variable.slot));
        for (name, slot) in stored {
            let Some(binding) = ready.generated.bindings.get(slot) else {
                continue;
            };
            let Some(type_name) = ready.types.get(slot) else {
                self.lose(name, "the compiler did not say what its type is");
                continue;
            };
            if let Some(why) = types::unnameable(type_name) {
                self.lose(name, why);
                continue;
            }
            let type_name = types::qualify(type_name, &names, &krate);
            self.state.lost.remove(name);
            self.state.variables.insert(
                name.clone(),
                Variable {
                    type_name,
                    mutable: binding.mutable,
                    slot: *slot,
                },
            );
        }
        let live: BTreeSet<usize> = self.state.item_cells.iter().map(|c| c.number).collect();
        let dead: Vec<String> = self
            .state
            .variables
            .iter()
            .filter(|(_, v)| !types::mentioned_cells(&v.type_name).is_subset(&live))
            .map(|(n, _)| n.clone())
            .collect();
        for name in dead {
            let note = format!("`{name}` is gone: its type was defined anew by this cell\n");
            emit(Output::Stream("stderr", note));
            self.lose(&name, "its type was defined anew by a later cell");
        }
    }

    /// Makes a crate that `:dep` built known to the worker and to later cells.
    pub(super) fn add_dependency(&mut self, dependency: state::Dependency, emit: Emit<'_>) -> Result<(), Failure> {
        let worker = self.worker(emit)?;
        worker.command(&dependency.library, "-").map_err(internal)?;
        wait_until_ready(worker, emit)?;
        self.state.dependencies.push(dependency);
        self.compiler.forget();
        Ok(())
    }

    fn lose(&mut self, name: &str, why: &str) {
        self.state.variables.remove(name);
        self.state.lost.insert(name.into(), why.into());
    }

    fn runtime_failure(&self, name: &str, body: &Value) -> Failure {
        let message = body["message"].as_str().unwrap_or_default();
        let place = &body["place"];
        let file = place["file"].as_str().unwrap_or_default();
        let number = file.strip_prefix("cell_").and_then(|n| n.parse::<usize>().ok());
        let at = |key: &str| place[key].as_u64().unwrap_or(0) as usize;
        let shown = number.and_then(|number| {
            let compiled = self.state.compiled.get(&number)?;
            let (cell, start) = compiled.source.origin_of_line(at("line"), at("column"))?;
            let texts: Texts<'_> = self
                .state
                .compiled
                .iter()
                .map(|(n, c)| (*n, (c.text.as_str(), c.count)))
                .collect();
            Some(underline(
                Place {
                    cell,
                    start,
                    end: start + 1,
                },
                '^',
                "",
                &texts,
            ))
        });
        let library = || {
            let short = file.rsplit("/src/").next().map(|tail| file.len() - tail.len()).unwrap_or(0);
            let krate = file[..short].trim_end_matches("/src/").rsplit('/').next().unwrap_or_default();
            format!("  in {krate}/{}:{}", &file[short..], at("line"))
        };
        let shown = shown.or_else(|| (number.is_none() && !file.is_empty()).then(library));
        Failure::located(name, message, shown.as_deref())
    }

    /// The worker; a new one if there is none, or none that lives.
    fn worker(&mut self, emit: Emit<'_>) -> Result<&mut Worker, Failure> {
        self.idle(0, emit);
        if self.worker.is_none() {
            let mut worker = Worker::start(&self.sdk, &self.cells, &self.folder).map_err(internal)?;
            wait_until_ready(&mut worker, emit)?;
            let libraries = self
                .state
                .dependencies
                .iter()
                .map(|d| &d.library)
                .chain(self.state.item_cells.iter().map(|c| &c.library));
            for library in libraries {
                worker.command(library, "-").map_err(internal)?;
                wait_until_ready(&mut worker, emit)?;
            }
            self.worker = Some(worker);
        }
        self.worker
            .as_mut()
            .ok_or_else(|| Failure::plain("WorkerDied", "there is no process to run the cell"))
    }

    fn bury(&mut self, status: Option<std::process::ExitStatus>, emit: Emit<'_>) {
        let lost = self.bury_silently();
        emit(Output::Stream(
            "stderr",
            format!("The process that runs the cells {}.\n{lost}\n", ending(status)),
        ));
    }

    /// Forgets a worker that has ended, and says what went with it.
    fn bury_silently(&mut self) -> String {
        self.worker = None;
        let names: Vec<String> = std::mem::take(&mut self.state.variables).into_keys().collect();
        for name in &names {
            self.state
                .lost
                .insert(name.clone(), "the process that held it has ended; run its cell again".into());
        }
        match names.len() {
            0 => "No variable was lost. The next cell starts a new process.".into(),
            _ => format!(
                "Lost with it: {}. Functions, types and imports are still there; the next cell starts a new process.",
                names.join(", ")
            ),
        }
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.compiler.forget();
        self.worker = None;
        let _ = std::fs::remove_dir_all(&self.cells);
    }
}

/// Removes what sessions left behind whose process was killed.
fn sweep(base: &Path) {
    for entry in std::fs::read_dir(base).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let process = name
            .strip_prefix("cistron-")
            .and_then(|rest| rest.split('-').next())
            .and_then(|p| p.parse::<i32>().ok());
        // SAFETY: signal 0 only asks whether the process exists.
        if process.is_some_and(|process| unsafe { libc::kill(process, 0) } != 0) {
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}

fn wait_until_ready(worker: &mut Worker, emit: Emit<'_>) -> Result<(), Failure> {
    loop {
        match worker.step(-1, emit).map_err(internal)? {
            Some(Event::Ready) => return Ok(()),
            Some(Event::Died(status)) => {
                let text = format!(
                    "the process that runs the cells {} at its start\n`cistron doctor` says more",
                    ending(status)
                );
                return Err(Failure::plain("WorkerDied", &text));
            }
            Some(Event::NotLoaded(message)) => return Err(Failure::plain("LoadError", &message)),
            _ => {}
        }
    }
}

fn internal(error: io::Error) -> Failure {
    Failure::plain("KernelError", &format!("the kernel and its worker lost touch: {error}"))
}

impl From<Failure> for io::Error {
    fn from(failure: Failure) -> Self {
        Self::other(failure)
    }
}

/// The binding that can't be stored because the cell moved it away.
fn moved_slot(message: &Message, generated: &Generated) -> Option<u32> {
    matches!(message.code(), "E0382" | "E0381" | "E0505")
        .then(|| generated.slots.get(&message.line()).copied())
        .flatten()
}

fn reported_types(messages: &[Message], generated: &Generated) -> BTreeMap<u32, String> {
    let report = |message: &Message| {
        let slot = *generated.slots.get(&message.line())?;
        Some((slot, types::reported_type(message.text())?.to_string()))
    };
    messages
        .iter()
        .filter(|m| m.code() == "trivial_casts")
        .filter_map(report)
        .collect()
}
