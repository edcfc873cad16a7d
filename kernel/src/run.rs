//! `cistron run`: a notebook from the first cell to the last, without Jupyter.

mod progress;

use crate::engine::{Engine, Failure};
use crate::notebook::{Notebook, NotebookError, Outputs, Parameter, cell_source, has_tag, inject, now, rounded, values};
use crate::png::{PngError, checked_scale};
use crate::record::{Record, differences, shown, stored};
use crate::sdk::{Sdk, SdkError};
use progress::{Progress, stop_on_interrupt};
use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};
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
    /// Figures are stored as PNG, too, with so many pixels for each of their own.
    pub png: Option<f32>,
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
    /// Figures can't be stored as PNG in that size.
    #[error(transparent)]
    Png(#[from] PngError),
    /// The worker did not start.
    #[error("the process that runs cells did not start: {0}")]
    Worker(#[from] std::io::Error),
    /// The user stopped a comparison.
    #[error("interrupted in cell {cell} of {cells}; nothing was compared")]
    Interrupted {
        /// Its number among the code cells, from 1.
        cell: usize,
        /// How many there are.
        cells: usize,
    },
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
/// When the notebook can't be read or is for another language, a parameter does not fit or is none of the notebook's,
/// or the output's folder can't be made.
pub fn check(request: &Request) -> Result<(), RunError> {
    prepared(&request.notebook, &request.parameters)?;
    request.png.map(checked_scale).transpose()?;
    let output = request.output();
    if let Some(folder) = output.parent().filter(|f| !f.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(|error| NotebookError::File {
            path: folder.into(),
            error,
        })?;
    }
    Ok(())
}

/// A notebook with its parameters set.
pub(crate) fn prepared(path: &Path, parameters: &[Parameter]) -> Result<Notebook, RunError> {
    let mut notebook = Notebook::read(path)?;
    if let Some(language) = notebook.language().filter(|l| !l.eq_ignore_ascii_case("rust")) {
        let reason = format!("its language is {language}, expected rust");
        let path = path.into();
        return Err(NotebookError::Language { path, reason }.into());
    }
    inject(&mut notebook, parameters)?;
    Ok(notebook)
}

/// Runs a notebook; `command` is the `cistron` executable. Progress goes to stderr, and so does what is otherwise than
/// when the notebook's outputs were stored.
///
/// # Errors
/// When a cell fails that is not tagged `raises-exception`; the executed notebook then holds what ran.
pub fn run(request: &Request, sdk: Sdk, command: &Path) -> Result<(), RunError> {
    let mut notebook = prepared(&request.notebook, &request.parameters)?;
    let before = stored(&notebook.document).cloned();
    let executed = execute(&mut notebook, &request.notebook, sdk, command, request.png)?;
    if let (Some(before), None) = (before, &executed.failed) {
        for line in differences(&before, &executed.record) {
            eprintln!("warning: not as when the notebook's outputs were stored: {line}");
        }
    }
    let output = request.output();
    describe(&mut notebook, &request.notebook, &output, &request.parameters, &executed);
    notebook.write(&output)?;
    match executed.failed {
        Some((cell, failure)) => Err(RunError::Cell {
            cell,
            cells: executed.cells,
            output,
            failure,
        }),
        None => Ok(()),
    }
}

/// What came of the cells of a notebook.
pub(crate) struct Executed {
    /// The number of the cell that ended it, from 1, and why.
    pub(crate) failed: Option<(usize, Failure)>,
    /// The number of code cells.
    pub(crate) cells: usize,
    /// With what it ran.
    pub(crate) record: Record,
    started: String,
    took: Duration,
}

/// Runs the cells of the notebook that was read from `path`, in its folder, and puts their outputs into it. Ends at the
/// first cell that fails and is not tagged `raises-exception`.
pub(crate) fn execute(
    notebook: &mut Notebook,
    path: &Path,
    sdk: Sdk,
    command: &Path,
    png: Option<f32>,
) -> Result<Executed, RunError> {
    let folder = path.parent().filter(|f| !f.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let folder = folder.canonicalize()?;
    let mut engine = Engine::start(sdk, command, &folder)?;
    engine.show_png(png)?;
    stop_on_interrupt(engine.interrupter());
    let mut outputs = Outputs::default();
    let cells: Vec<usize> = (0..notebook.cells().len()).filter(|i| runs(&notebook.cells()[*i])).collect();
    clear(notebook);
    let (started, began) = (now(), Instant::now());
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
    let took = began.elapsed();
    let mut record = Record::of(&engine, took);
    record.parameters = values(notebook);
    notebook.document["metadata"]["cistron"] = record.json();
    Ok(Executed {
        failed,
        cells: cells.len(),
        record,
        started,
        took,
    })
}

pub(crate) fn runs(cell: &Value) -> bool {
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
pub(crate) fn describe(notebook: &mut Notebook, input: &Path, output: &Path, parameters: &[Parameter], executed: &Executed) {
    let parameters: Map<String, Value> = parameters.iter().map(|p| (p.name.clone(), p.value())).collect();
    let here = std::env::current_dir().unwrap_or_default();
    let exception = executed.failed.is_some().then_some(true);
    let metadata = &mut notebook.document["metadata"];
    metadata["kernelspec"] = json!({"display_name": "Cistron", "language": "rust", "name": "cistron"});
    metadata["language_info"] = crate::jupyter::language_info();
    metadata["papermill"] = json!({
        "version": concat!("cistron ", env!("CARGO_PKG_VERSION")), "parameters": parameters, "default_parameters": {},
        "environment_variables": {}, "input_path": shown(input, &here),
        "output_path": shown(output, &here), "start_time": executed.started, "end_time": now(),
        "duration": rounded(executed.took), "exception": exception,
    });
}
