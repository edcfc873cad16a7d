//! The thread that runs cells, one after the other.

use super::complete::page;
use super::execution::Execution;
use super::expressions::evaluate;
use super::history::History;
use super::iopub::Publisher;
use super::stdin;
use super::subshells::Subshells;
use super::wire::Message;
use crate::assist::{Index, Session};
use crate::engine::{Aside, Engine, Failure, Interrupter, Output};
use crate::sdk::Sdk;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;
use tokio::sync::oneshot;

/// A request to run a cell, and where the reply goes.
pub(super) type Job = (Message, oneshot::Sender<Value>);

/// What the thread shares with the rest of the kernel.
#[derive(Clone, Debug, Default)]
pub(super) struct Shared {
    session: Arc<Mutex<Session>>,
    /// What subshells answer from.
    aside: Arc<Mutex<Aside>>,
    pub(super) subshells: Subshells,
    /// What the libraries offer; read when somebody asks for the first time.
    index: Arc<OnceLock<Arc<Index>>>,
    libraries: Arc<OnceLock<PathBuf>>,
    history: Arc<Mutex<History>>,
    interrupter: Arc<Mutex<Option<Interrupter>>>,
    folders: Arc<Mutex<Vec<PathBuf>>>,
    /// How often the user has interrupted.
    interrupts: Arc<AtomicU64>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    /// With the history of this user.
    pub(super) fn of_user() -> Self {
        Self {
            history: Arc::new(Mutex::new(History::of_user())),
            ..Self::default()
        }
    }

    /// What was known of the session after its last cell.
    pub(super) fn session(&self) -> Session {
        lock(&self.session).clone()
    }

    /// What can be answered while a cell runs.
    pub(super) fn aside(&self) -> Aside {
        lock(&self.aside).clone()
    }

    /// What the libraries offer; nothing before there are any.
    pub(super) fn index(&self) -> Arc<Index> {
        match self.libraries.get() {
            Some(folder) => self.index.get_or_init(|| Arc::new(Index::load(folder))).clone(),
            None => Arc::default(),
        }
    }

    pub(super) fn history(&self, request: &Value) -> Value {
        lock(&self.history).answer(request)
    }

    pub(super) fn interrupt(&self) {
        self.interrupts.fetch_add(1, Relaxed);
        if let Some(interrupter) = &*lock(&self.interrupter) {
            interrupter.interrupt();
        }
    }

    /// Has a folder removed at the end.
    pub(super) fn remove_at_end(&self, folder: &Path) {
        lock(&self.folders).push(folder.into());
    }

    /// Removes what cells left in memory-backed folders and in the cache; the worker ends with this process.
    pub(super) fn clean_up(&self) {
        for folder in std::mem::take(&mut *lock(&self.folders)) {
            let _ = std::fs::remove_dir_all(folder);
        }
    }
}

/// What the thread works with.
pub(super) struct Executor {
    pub(super) source: PathBuf,
    pub(super) command: PathBuf,
    pub(super) publisher: Publisher,
    pub(super) shared: Shared,
    pub(super) questions: stdin::Desk,
}

impl Executor {
    /// Runs jobs until nobody can send any more.
    pub(super) fn work(self, jobs: &Receiver<Job>) {
        let mut engine = self.start().ok();
        let mut count = 0;
        let mut last: Option<(Message, usize)> = None;
        loop {
            let (message, reply) = match jobs.recv_timeout(Duration::from_millis(50)) {
                Ok(job) => job,
                Err(RecvTimeoutError::Timeout) => {
                    if let (Some(engine), Some((parent, count))) = (&mut engine, &last) {
                        let mut execution = Execution::new(&self.publisher, parent, false, *count);
                        engine.idle(0, &mut |output| execution.show(output));
                    }
                    continue;
                }
                Err(RecvTimeoutError::Disconnected) => return,
            };
            self.publisher
                .send_blocking("status", &message, json!({"execution_state": "busy"}));
            let answer = self.execute(&mut engine, &message, &mut count);
            // Before the reply: whatever comes after it was sent by somebody who knows of the failure.
            let queued = if answer["status"] == "error" && message.content["stop_on_error"] != false {
                drain(jobs)
            } else {
                Vec::new()
            };
            let _ = reply.send(answer);
            self.publisher
                .send_blocking("status", &message, json!({"execution_state": "idle"}));
            for (message, reply) in queued {
                self.publisher
                    .send_blocking("status", &message, json!({"execution_state": "busy"}));
                let _ = reply.send(json!({"status": "aborted"}));
                self.publisher
                    .send_blocking("status", &message, json!({"execution_state": "idle"}));
            }
            last = Some((message, count));
        }
    }

    fn start(&self) -> Result<Engine, Failure> {
        let failed = |text: String| Failure {
            name: "NotReady".into(),
            value: text.clone(),
            traceback: text.lines().map(String::from).collect(),
        };
        let sdk = Sdk::open(&self.source).map_err(|e| failed(e.to_string()))?;
        let folder = std::env::current_dir().map_err(|e| failed(e.to_string()))?;
        let _ = self.shared.libraries.set(sdk.folder.clone());
        let engine = Engine::start(sdk, &self.command, &folder).map_err(|e| failed(e.to_string()))?;
        *lock(&self.shared.interrupter) = Some(engine.interrupter());
        self.shared.remove_at_end(engine.scratch_folder());
        self.shared.remove_at_end(engine.kept_folder());
        Ok(engine)
    }

    fn execute(&self, engine: &mut Option<Engine>, message: &Message, count: &mut usize) -> Value {
        let code = message.content["code"].as_str().unwrap_or_default();
        let silent = message.content["silent"] == true;
        if !silent && message.content["store_history"] != false {
            *count += 1;
            lock(&self.shared.history).add(*count, code);
        }
        let mut execution = Execution::new(&self.publisher, message, silent, *count);
        if !silent {
            let input = json!({"code": code, "execution_count": *count});
            self.publisher.send_blocking("execute_input", message, input);
        }
        if let Some(page) = page(&self.shared, code) {
            let mut reply = execution.finish(Ok(()), json!({}));
            reply["payload"] = json!([page]);
            return reply;
        }
        let mut expressions = json!({});
        let result = self.engine(engine).and_then(|engine| {
            self.say_who_answers(engine, message);
            let mut show = |output: Output| execution.show(output);
            let result = engine.execute(code, *count, &mut show);
            if result.is_ok() {
                expressions = evaluate(engine, &message.content["user_expressions"], *count, &mut show);
            }
            lock(&self.shared.session).update(engine);
            *lock(&self.shared.aside) = engine.aside();
            result
        });
        execution.finish(result, expressions)
    }

    /// Cells ask the front end that sent them, if it takes questions.
    fn say_who_answers(&self, engine: &mut Engine, message: &Message) {
        if message.content["allow_stdin"] != true {
            return engine.ask_nobody();
        }
        let (questions, parent, interrupts) = (self.questions.clone(), message.clone(), self.shared.interrupts.clone());
        engine.ask_with(move |question| {
            let before = interrupts.load(Relaxed);
            questions.ask(&parent, question, || interrupts.load(Relaxed) != before)
        });
    }

    /// The engine; tried again for each cell while there is none, so that an installation helps at once.
    fn engine<'e>(&self, engine: &'e mut Option<Engine>) -> Result<&'e mut Engine, Failure> {
        match engine {
            Some(engine) => Ok(engine),
            None => Ok(engine.insert(self.start()?)),
        }
    }
}

/// Everything that was queued behind a cell that failed.
fn drain(jobs: &Receiver<Job>) -> Vec<Job> {
    jobs.try_iter().collect()
}

/// Starts the thread.
pub(super) fn start(executor: Executor, jobs: Receiver<Job>) -> std::io::Result<()> {
    std::thread::Builder::new()
        .name("cells".into())
        .spawn(move || executor.work(&jobs))
        .map(|_| ())
}
