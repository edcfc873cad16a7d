//! A session: cells in, output and variables out.

use super::cache;
use super::cell::split_commands;
use super::compile::Compiler;
use super::compiling::Ready;
use super::described::Described;
use super::extra::Extra;
use super::failure::Failure;
use super::generate::Gone;
use super::input::{Answer, Asker};
use super::interrupt::Interrupter;
use super::item::Item;
use super::kept::Kept;
use super::lifetime::{internal, private_folder, scratch_base, session_name, sweep};
use super::redefinition;
use super::sources::Sources;
use super::state::{self, State, Variable};
use super::twins::Twins;
use super::types;
use super::worker::{Emit, Event, Output, Worker};
use crate::png::PngError;
use crate::sdk::{Sdk, cache_folder, cells_folder};
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Runs cells one after the other.
#[derive(Debug)]
pub struct Engine {
    pub(super) sdk: Sdk,
    pub(super) state: State,
    pub(super) compiler: Compiler,
    pub(super) worker: Option<Worker>,
    pub(super) interrupter: Interrupter,
    pub(super) cells: PathBuf,
    pub(super) kept: Kept,
    pub(super) folder: PathBuf,
    pub(super) asker: Asker,
    pub(super) sources: Sources,
    pub(super) began: Instant,
    pub(super) twins: Twins,
}

impl Engine {
    /// A session whose code runs in `folder`. `command` is the `cistron` executable, which also links.
    ///
    /// # Errors
    /// When the worker can't be started.
    pub fn start(sdk: Sdk, command: &Path, folder: &Path) -> io::Result<Self> {
        sweep(&scratch_base());
        let name = session_name();
        let cells = private_folder(&name)?;
        std::thread::spawn(|| cache::prune(&cells_folder(), &cache_folder()));
        let mut compiler = Compiler::new(&sdk, command, &cells, folder);
        let state = State::default();
        compiler.prepare(&sdk, &state);
        let mut engine = Self {
            sdk,
            state,
            compiler,
            worker: None,
            interrupter: Interrupter::default(),
            cells,
            kept: Kept::create(&name)?,
            folder: folder.into(),
            asker: Asker::default(),
            sources: Sources::default(),
            began: Instant::now(),
            twins: Twins::default(),
        };
        engine.worker(&mut |_| {})?;
        Ok(engine)
    }

    /// A handle that stops cells from another thread.
    pub fn interrupter(&self) -> Interrupter {
        self.interrupter.clone()
    }

    /// Figures are shown as PNG, too, with so many pixels for each of their own; none: they are not.
    ///
    /// # Errors
    /// When no picture can have that scale.
    pub fn show_png(&self, scale: Option<f32>) -> Result<(), PngError> {
        self.twins.set(scale)
    }

    /// Where compiled cells lie while the session lasts.
    pub fn scratch_folder(&self) -> &Path {
        &self.cells
    }

    /// Where variables are saved while the session lasts.
    pub fn kept_folder(&self) -> &Path {
        self.kept.folder()
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

    /// What its cells have read, begun and computed on.
    pub fn sources(&self) -> &Sources {
        &self.sources
    }

    /// What cells link against.
    pub fn sdk(&self) -> &Sdk {
        &self.sdk
    }

    /// The folder that its code runs in.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The `:dep` crates by name.
    pub fn dependencies(&self) -> Vec<&str> {
        self.state.dependencies.iter().map(|d| d.name.as_str()).collect()
    }

    /// Passes on what threads print between cells; waits up to `timeout` milliseconds for it.
    pub fn idle(&mut self, timeout: i32, emit: &mut dyn FnMut(Output)) {
        let twins = self.twins.clone();
        let emit: Emit<'_> = &mut |output| twins.pass_on(output, emit);
        let event = self.worker.as_mut().map(|worker| worker.step(timeout, emit));
        match event {
            Some(Ok(Some(Event::Died(status)))) => self.bury(status, emit),
            Some(Ok(Some(event))) => self.aside_of_cells(event, emit),
            _ => {}
        }
    }

    /// What threads say while no cell runs.
    fn aside_of_cells(&mut self, event: Event, emit: Emit<'_>) {
        match event {
            Event::ThreadPanic(body) => emit(Output::Stream("stderr", self.thread_panic(&body))),
            Event::Debugged(body) => emit(Output::Stream("stderr", self.debugged(&body))),
            // Nobody is there who could be shown the question.
            Event::Input(_) => {
                let nobody = Answer::Refused("no cell is running that could ask".into());
                if let Some(worker) = &mut self.worker {
                    let _ = worker.answer(&nobody);
                }
            }
            _ => {}
        }
    }

    /// Loads a library into the worker.
    fn load(&mut self, library: &Path, emit: Emit<'_>) -> Result<(), Failure> {
        self.worker(emit)?.load(library).map_err(internal)?;
        loop {
            let event = match &mut self.worker {
                Some(worker) => worker.step(-1, emit).map_err(internal)?,
                None => Some(Event::Died(None)),
            };
            match event {
                Some(Event::Ready) => return Ok(()),
                Some(Event::NotLoaded(message)) => return Err(Failure::plain("LoadError", &message)),
                Some(Event::Died(status)) => {
                    let death = self.replace(status, emit);
                    return Err(Failure::located("WorkerDied", &death.told("the"), None));
                }
                Some(event) => self.aside_of_cells(event, emit),
                None => {}
            }
        }
    }

    /// Runs a cell; `count` is the number that the user sees.
    ///
    /// # Errors
    /// Everything that ends a cell: mistakes in it, errors and panics of its code, interrupts, the end of
    /// the worker.
    pub fn execute(&mut self, code: &str, count: usize, emit: &mut dyn FnMut(Output)) -> Result<(), Failure> {
        self.interrupter.begin();
        let twins = self.twins.clone();
        let result = self.execute_begun(code, count, &mut |output| twins.pass_on(output, emit));
        self.interrupter.end();
        proc_macro2::extra::invalidate_current_thread_spans();
        self.compiler.prepare(&self.sdk, &self.state);
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
        if text.trim_start().starts_with('?') {
            emit(Output::Stream(
                "stderr",
                format!("`{}` shows a page in Jupyter; here it does nothing\n", text.trim()),
            ));
            return Ok(());
        }
        // A worker that has died since the last cell is replaced now: the cell is compiled for the variables that are there.
        let process = self.worker(emit)?.process();
        let ready = self.compile(&text, count)?;
        if self.worker(emit)?.process() != process {
            let text = "the process that runs the cells ended while this cell was being compiled; run the cell again";
            return Err(Failure::located("WorkerDied", text, None));
        }
        for extra in &ready.generated.extras {
            self.add_extra(extra, emit)?;
        }
        let notes = ready.notes.iter().cloned();
        let gone = redefinition::impls_gone(&ready.items, &self.state);
        for note in notes.chain(redefinition::notes(&ready.items, &self.state)).chain(gone) {
            emit(Output::Stream("stderr", format!("{note}\n")));
        }
        let compiled = state::Compiled {
            text,
            source: ready.generated.source.clone(),
            count,
        };
        self.state.remember(ready.number, compiled, !ready.items.is_empty());
        self.run(ready, count, emit)
    }

    fn run(&mut self, ready: Ready, count: usize, emit: Emit<'_>) -> Result<(), Failure> {
        let library = self.library_of(&ready);
        let interrupter = self.interrupter.clone();
        let base = self.state.next_slot;
        self.state.running = ready.number;
        self.state.next_slot += ready.generated.bindings.len() as u32;
        self.worker(emit)?.run(&library, base).map_err(internal)?;
        let mut stored = None;
        let end = loop {
            let Some(worker) = &mut self.worker else {
                break Event::Died(None);
            };
            match worker.step(-1, emit).map_err(internal)? {
                Some(Event::Started) => interrupter.running(worker.process()),
                Some(Event::Variables(listing)) => stored = Some(listing),
                Some(Event::Described(told)) => self.state.described.extend(Described::read(&told)),
                Some(Event::Input(question)) => {
                    let answer = self.asker.ask(&question);
                    worker.answer(&answer).map_err(internal)?;
                }
                Some(Event::ThreadPanic(body)) => emit(Output::Stream("stderr", self.thread_panic(&body))),
                Some(Event::Debugged(body)) => emit(Output::Stream("stderr", self.debugged(&body))),
                Some(Event::Sources(body)) => self.sources.add(&body),
                Some(Event::Kept(listing)) => self.kept.learn(&listing),
                Some(Event::Ready) | None => {}
                Some(end) => break end,
            }
        };
        let killed = interrupter.end();
        if let Some(worker) = &mut self.worker {
            worker.finish_content(emit, end == Event::Ok);
        }
        if ready.items.is_empty() {
            // It is loaded; its file is needed no more.
            let _ = std::fs::remove_file(&library);
        } else if !matches!(end, Event::NotLoaded(_)) {
            self.state.item_cells.retain(|cell| !ready.pulled.contains(&cell.number));
            self.state.define(ready.number, ready.items.clone(), library);
        }
        if let Some(stored) = stored {
            self.state.release.clear();
            self.keep(&ready, base, &stored, emit);
        }
        match &end {
            Event::Error(_) | Event::Panic(_) => self.never_kept(&ready, &format!("cell [{count}] failed before it was there")),
            Event::Interrupted => self.never_kept(
                &ready,
                &format!("cell [{count}] was interrupted before it was there; run it again"),
            ),
            Event::Died(_) => self.never_kept(&ready, &format!("the process ended before cell [{count}] did; run it again")),
            _ => {}
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
                let mut death = self.replace(status, emit);
                if killed && status.is_some_and(|s| s.signal() == Some(libc::SIGKILL)) {
                    death.how = "was stopped at the second interrupt".into();
                }
                Err(Failure::located("WorkerDied", &death.told("the"), None))
            }
            Event::Ready
            | Event::Started
            | Event::Variables(_)
            | Event::Described(_)
            | Event::ThreadPanic(_)
            | Event::Debugged(_)
            | Event::Input(_)
            | Event::Sources(_)
            | Event::Kept(_) => Ok(()),
        }
    }

    /// Remembers why the variables of a cell are not there that has ended in its middle.
    fn never_kept(&mut self, ready: &Ready, why: &str) {
        for (slot, binding) in &ready.generated.bindings {
            let name = &binding.name;
            if !ready.gone.contains_key(slot) && !self.state.variables.contains_key(name) {
                self.state.lost.insert(name.clone(), why.into());
            }
        }
    }

    /// The library of a cell. One that defines nothing gets a name of its own each time it runs: the loader knows
    /// libraries by name, and a cell that runs again begins with new statics.
    fn library_of(&mut self, ready: &Ready) -> PathBuf {
        let library = self.compiler.library(ready.number);
        if !ready.items.is_empty() {
            return library;
        }
        self.state.runs += 1;
        let own = library.with_file_name(format!("libcell_{}-{}.so", ready.number, self.state.runs));
        match std::fs::rename(&library, &own) {
            Ok(()) => own,
            Err(_) => library,
        }
    }

    /// Learns from the worker which variables there are, and from the compiler what their types are.
    fn keep(&mut self, ready: &Ready, base: u32, stored: &[(String, u32)], emit: Emit<'_>) {
        let names: BTreeSet<String> = ready
            .items
            .iter()
            .flat_map(Item::names)
            .map(|(name, _)| name.clone())
            .collect();
        let krate = format!("cell_{}", ready.number);
        for (slot, gone) in &ready.gone {
            let generated = &ready.generated;
            let name = generated.bindings.get(slot).map(|b| &b.name).or(generated.loaded.get(slot));
            if let Some(name) = name.filter(|name| stored.iter().all(|(n, _)| n != *name)).cloned() {
                // Of a closure that borrows, what it borrows from says more than that its type has no name.
                let unnamed = ready.types.get(slot).and_then(|t| types::unnameable(t));
                let unnamed = unnamed.filter(|_| *gone == Gone::Unnamed);
                self.state.lost.insert(name, unnamed.map_or_else(|| gone.why(), String::from));
            }
        }
        self.state
            .variables
            .retain(|name, variable| stored.iter().any(|(n, slot)| n == name && *slot == variable.slot));
        for (name, slot) in stored {
            let number = slot.saturating_sub(base);
            let Some(binding) = ready.generated.bindings.get(&number) else {
                continue;
            };
            let Some(type_name) = ready.types.get(&number) else {
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
        let variables = &self.state.variables;
        self.state.described.retain(|name, _| variables.contains_key(name));
        let outdated = |v: &Variable| redefinition::outdated(&v.type_name, &self.state.item_cells);
        let dead: Vec<(String, String)> = self
            .state
            .variables
            .iter()
            .filter_map(|(name, v)| Some((name.clone(), outdated(v)?)))
            .collect();
        for (name, kind) in dead {
            let note = format!("note: `{name}` is gone: its type `{kind}` was defined anew\n");
            emit(Output::Stream("stderr", note));
            self.lose(&name, &format!("its type `{kind}` was defined anew by a later cell"));
        }
    }

    /// Makes a crate that `:dep` built known to the worker and to later cells.
    pub(super) fn add_dependency(&mut self, dependency: state::Dependency, emit: Emit<'_>) -> Result<(), Failure> {
        self.load(&dependency.library, emit)?;
        self.state.dependencies.push(dependency);
        self.compiler.forget();
        Ok(())
    }

    /// Loads a library beside the facade for the first cell that uses it.
    fn add_extra(&mut self, extra: &'static Extra, emit: Emit<'_>) -> Result<(), Failure> {
        if !self.state.extras.contains(&extra) {
            self.load(&self.sdk.extra(extra.name), emit)?;
            self.state.extras.push(extra);
        }
        Ok(())
    }

    pub(super) fn lose(&mut self, name: &str, why: &str) {
        self.state.variables.remove(name);
        self.state.release.insert(name.into());
        self.state.lost.insert(name.into(), why.into());
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.compiler.forget();
        self.worker = None;
        let _ = std::fs::remove_dir_all(&self.cells);
    }
}

impl From<Failure> for io::Error {
    fn from(failure: Failure) -> Self {
        Self::other(failure)
    }
}
