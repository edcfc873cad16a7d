//! `cistron run`: a notebook from the first cell to the last, without Jupyter.

use crate::engine::{Engine, Failure, Interrupter, Output};
use crate::notebook::{Notebook, NotebookError, Outputs, Parameter, cell_source, has_tag, inject, now, rounded};
use crate::sdk::{Sdk, SdkError};
use serde_json::{Map, Value, json};
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// What to run.
#[derive(Clone, Debug)]
pub struct Request {
    /// The notebook.
    pub notebook: PathBuf,
    /// Values that replace the notebook's own.
    pub parameters: Vec<Parameter>,
    /// Where the executed notebook goes; beside the notebook, as `NAME.out.ipynb`, if not said.
    pub output: Option<PathBuf>,
}

/// Why a run did not get to the end.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// The notebook can't be read or written, or a parameter does not fit.
    #[error(transparent)]
    Notebook(#[from] NotebookError),
    /// There is nothing to link cells against.
    #[error(transparent)]
    Sdk(#[from] SdkError),
    /// The worker did not start.
    #[error("the process that runs cells did not start: {0}")]
    Worker(#[from] std::io::Error),
    /// A cell failed.
    #[error("cell {cell} of {cells} failed; what ran is in {output}\n{failure}")]
    Cell {
        /// Its number among the code cells, from 1.
        cell: usize,
        /// How many there are.
        cells: usize,
        /// The executed notebook.
        output: PathBuf,
        /// What the notebook would show.
        failure: Failure,
    },
}

impl Request {
    /// Where the executed notebook goes.
    pub fn output(&self) -> PathBuf {
        let stem = self.notebook.file_stem().unwrap_or_default().to_string_lossy();
        self.output
            .clone()
            .unwrap_or_else(|| self.notebook.with_file_name(format!("{stem}.out.ipynb")))
    }
}

/// Looks at everything that can be wrong before the first cell runs, and makes the folder of the output:
/// nobody should wait for a build or a fit to hear of a misspelt name.
///
/// # Errors
/// When the notebook can't be read or is for another language, a parameter does not fit, or the output's
/// folder can't be made.
pub fn check(request: &Request) -> Result<(), RunError> {
    let mut notebook = Notebook::read(&request.notebook)?;
    if let Some(language) = notebook.language().filter(|l| !l.eq_ignore_ascii_case("rust")) {
        let path = request.notebook.clone();
        let reason = format!("its language is {language}, expected rust");
        return Err(NotebookError::Language { path, reason }.into());
    }
    inject(&mut notebook, &request.parameters)?;
    let output = request.output();
    if let Some(folder) = output.parent().filter(|f| !f.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(|error| NotebookError::File {
            path: folder.into(),
            error,
        })?;
    }
    Ok(())
}

/// Runs a notebook; `command` is the `cistron` executable. Progress goes to stderr.
///
/// # Errors
/// When a cell fails that is not tagged `raises-exception`; the executed notebook then holds what ran.
pub fn run(request: &Request, sdk: Sdk, command: &Path) -> Result<(), RunError> {
    let mut notebook = Notebook::read(&request.notebook)?;
    for name in inject(&mut notebook, &request.parameters)? {
        eprintln!("note: the notebook has no parameter `{name}`; it is set all the same");
    }
    let folder = request
        .notebook
        .parent()
        .filter(|f| !f.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    let folder = folder.canonicalize()?;
    let mut engine = Engine::start(sdk, command, &folder)?;
    stop_on_interrupt(engine.interrupter());
    let mut outputs = Outputs::default();
    let cells: Vec<usize> = (0..notebook.cells().len()).filter(|i| runs(&notebook.cells()[*i])).collect();
    clear(&mut notebook);
    let started = (now(), Instant::now());
    let mut failed = None;
    for (index, cell) in cells.iter().enumerate() {
        let mut progress = Progress::new(index + 1, cells.len(), &cell_source(&notebook.cells()[*cell]));
        outputs.begin();
        let timing = Timing::start();
        let source = cell_source(&notebook.cells()[*cell]);
        let result = engine.execute(&source, index + 1, &mut |output| {
            progress.note(&output);
            outputs.add(output, index + 1);
        });
        if let Err(failure) = &result {
            outputs.fail(failure);
        }
        progress.finish(timing.began.elapsed(), result.as_ref().err());
        let allowed = has_tag(&notebook.cells()[*cell], "raises-exception");
        let bad = result.is_err() && !allowed;
        timing.write(&mut notebook.cells_mut()[*cell], index + 1, bad);
        if let Err(failure) = result
            && bad
        {
            failed = Some((index + 1, failure));
            break;
        }
    }
    engine.idle(0, &mut |output| outputs.add(output, cells.len()));
    for (index, cell) in outputs.finish().into_iter().zip(&cells).map(|(o, c)| (*c, o)) {
        notebook.cells_mut()[index]["outputs"] = cell;
    }
    describe(&mut notebook, request, &started, failed.is_some());
    let output = request.output();
    notebook.write(&output)?;
    match failed {
        Some((cell, failure)) => Err(RunError::Cell {
            cell,
            cells: cells.len(),
            output,
            failure,
        }),
        None => Ok(()),
    }
}

fn runs(cell: &Value) -> bool {
    cell["cell_type"] == "code" && !cell_source(cell).trim().is_empty()
}

fn clear(notebook: &mut Notebook) {
    for cell in notebook.cells_mut().iter_mut().filter(|cell| cell["cell_type"] == "code") {
        cell["outputs"] = json!([]);
        cell["execution_count"] = Value::Null;
        if let Some(metadata) = cell["metadata"].as_object_mut() {
            metadata.remove("execution");
            metadata.remove("papermill");
        }
    }
}

/// When a cell ran, as nbclient and papermill write it.
struct Timing {
    start: String,
    began: Instant,
}

impl Timing {
    fn start() -> Self {
        Self {
            start: now(),
            began: Instant::now(),
        }
    }

    fn write(&self, cell: &mut Value, count: usize, failed: bool) {
        let (start, end) = (&self.start, now());
        cell["execution_count"] = json!(count);
        cell["metadata"]["execution"] = json!({
            "iopub.execute_input": start, "iopub.status.busy": start, "iopub.status.idle": end, "shell.execute_reply": end,
        });
        let status = if failed { "failed" } else { "completed" };
        let seconds = rounded(self.began.elapsed());
        cell["metadata"]["papermill"] =
            json!({"start_time": start, "end_time": end, "duration": seconds, "exception": failed, "status": status, "tags": []});
    }
}

/// Writes what was run, with what and how long into the notebook's own metadata.
fn describe(notebook: &mut Notebook, request: &Request, started: &(String, Instant), failed: bool) {
    let parameters: Map<String, Value> = request.parameters.iter().map(|p| (p.name.clone(), p.value())).collect();
    let metadata = &mut notebook.document["metadata"];
    metadata["kernelspec"] = json!({"display_name": "Cistron", "language": "rust", "name": "cistron"});
    metadata["language_info"] = crate::jupyter::language_info();
    metadata["papermill"] = json!({
        "version": concat!("cistron ", env!("CARGO_PKG_VERSION")), "parameters": parameters, "default_parameters": {},
        "environment_variables": {}, "input_path": request.notebook, "output_path": request.output(), "start_time": started.0,
        "end_time": now(), "duration": rounded(started.1.elapsed()), "exception": if failed { json!(true) } else { Value::Null },
    });
}

/// A line on stderr for each cell.
struct Progress {
    head: String,
    terminal: bool,
}

impl Progress {
    fn new(number: usize, count: usize, source: &str) -> Self {
        let line = source
            .lines()
            .map(str::trim)
            .find(|l| !l.is_empty() && !l.starts_with("//"))
            .unwrap_or_default();
        let line: String = line.chars().take(48).collect();
        let terminal = std::io::stderr().is_terminal();
        let head = format!("cell {number} of {count}  {line:48}");
        if terminal {
            eprint!("\r\u{1b}[2K{head}");
        }
        Self { head, terminal }
    }

    /// Shows the last line of what a cell prints, while it runs.
    fn note(&mut self, output: &Output) {
        let text = match output {
            Output::Stream(_, text) => text.as_str(),
            Output::Display(content) | Output::Update(content) => content["data"]["text/plain"].as_str().unwrap_or_default(),
            Output::Clear(_) | Output::Result(_) => return,
        };
        if let Some(line) = text.lines().rev().find(|l| !l.trim().is_empty())
            && self.terminal
        {
            let line: String = line
                .rsplit('\r')
                .next()
                .unwrap_or_default()
                .chars()
                .filter(|c| !c.is_control())
                .take(60)
                .collect();
            eprint!("\r\u{1b}[2K{}  {line}", self.head.trim_end());
        }
    }

    fn finish(self, time: Duration, failure: Option<&Failure>) {
        let start = if self.terminal { "\r\u{1b}[2K" } else { "" };
        let failure = failure.map(|f| format!("  {}", f.name)).unwrap_or_default();
        eprintln!("{start}{}  {:7.2} s{failure}", self.head, time.as_secs_f64());
    }
}

static STOP: AtomicBool = AtomicBool::new(false);

extern "C" fn on_interrupt(_signal: libc::c_int) {
    STOP.store(true, Relaxed);
}

/// Passes Ctrl-C on to the cell that runs.
fn stop_on_interrupt(interrupter: Interrupter) {
    // SAFETY: the handler only stores to an atomic.
    unsafe { libc::signal(libc::SIGINT, on_interrupt as *const () as libc::sighandler_t) };
    std::thread::spawn(move || {
        loop {
            std::thread::sleep(Duration::from_millis(50));
            if STOP.swap(false, Relaxed) {
                interrupter.interrupt();
            }
        }
    });
}
