//! What the cells of a notebook need as a program: options in place of parameters, files in place of displays.

use cistron::candle_core::Tensor;
use cistron::display::{Bundle, Show, Sink};
use cistron::polars::prelude::{CsvWriter, DataFrame, SerWriter, Series};
use std::collections::BTreeMap;
use std::fmt::{Debug, Display};
use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::task::{Context, Poll, Wake};

/// An error that left a cell through `?`.
pub struct Fail(String);

impl<E: Display> From<E> for Fail {
    #[track_caller]
    fn from(error: E) -> Self {
        let place = std::panic::Location::caller();
        Self(format!("{error:#}\n  at {}:{}", place.file(), place.line()))
    }
}

/// The options that were given.
pub struct Options {
    values: BTreeMap<String, String>,
}

impl Options {
    /// The value of an option, or the notebook's own.
    pub fn value<T: FromText>(&self, name: &str, default: T) -> Result<T, Fail> {
        let Some(text) = self.values.get(name) else {
            return Ok(default);
        };
        T::from_text(text).ok_or_else(|| Fail(format!("--{name} {text}: expected {}", T::KIND)))
    }
}

/// Types that an option can have.
pub trait FromText: Sized {
    /// What a value is, in words.
    const KIND: &'static str;
    /// Reads a value.
    fn from_text(text: &str) -> Option<Self>;
}

macro_rules! from_text {
    ($kind:literal: $($type:ty),*) => {$(
        impl FromText for $type {
            const KIND: &'static str = $kind;
            fn from_text(text: &str) -> Option<Self> {
                text.parse().ok()
            }
        }
    )*};
}
from_text!("a whole number of its type": i8, i16, i32, i64, i128, isize, u8, u16, u32, u64, u128, usize);
from_text!("a number": f32, f64);
from_text!("`true` or `false`": bool);
from_text!("one character": char);
from_text!("a text": String);

impl FromText for &'static str {
    const KIND: &'static str = "a text";
    fn from_text(text: &str) -> Option<Self> {
        Some(String::leak(text.into()))
    }
}

impl<T: FromText> FromText for Option<T> {
    const KIND: &'static str = T::KIND;
    fn from_text(text: &str) -> Option<Self> {
        T::from_text(text).map(Some)
    }
}

/// Reads the options, runs the cells, and says how they ended.
pub fn run(parameters: &[(&str, &str)], cells: fn(&Options) -> Result<(), Fail>) -> ExitCode {
    let (options, output) = match read(parameters) {
        Ok(Some(read)) => read,
        Ok(None) => return ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("error: {message}\nhint: `--help` lists the options");
            return ExitCode::from(2);
        }
    };
    if let Err(error) = std::fs::create_dir_all(&output) {
        eprintln!("error: {}: {error}", output.display());
        return ExitCode::from(2);
    }
    for (name, value) in [
        ("CISTRON_RUNS", output.join("runs").into_os_string()),
        ("POLARS_FMT_MAX_COLS", "32".into()),
        ("POLARS_FMT_MAX_ROWS", "24".into()),
        ("POLARS_TABLE_WIDTH", "240".into()),
    ] {
        if std::env::var_os(name).is_none() {
            // SAFETY: nothing has started a thread yet.
            unsafe { std::env::set_var(name, value) };
        }
    }
    let state = State { output, cell: 0, shown: 0 };
    let _ = STATE.set(Mutex::new(state));
    cistron::display::set_sink(Box::new(Files));
    match cells(&options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Fail(message)) => {
            eprintln!("error in cell {}: {message}", with_state(|state| state.cell).unwrap_or_default());
            ExitCode::FAILURE
        }
    }
}

/// The options and the output folder; nothing after `--help`.
fn read(parameters: &[(&str, &str)]) -> Result<Option<(Options, PathBuf)>, String> {
    let mut values = BTreeMap::new();
    let mut output = PathBuf::from("output");
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let option = argument.strip_prefix("--").ok_or(format!("`{argument}` is no option; expected `--name value`"))?;
        if option == "help" {
            println!("--output DIR  where figures, tables and runs go [default: output]");
            for (name, default) in parameters {
                println!("--{name} VALUE  [default: {default}]");
            }
            return Ok(None);
        }
        let (name, value) = match option.split_once('=') {
            Some((name, value)) => (name.to_string(), Some(value.to_string())),
            None => (option.to_string(), arguments.next()),
        };
        let value = value.ok_or(format!("`--{name}` has no value"))?;
        if name == "output" {
            output = value.into();
        } else if parameters.iter().any(|(known, _)| *known == name) {
            values.insert(name, value);
        } else {
            let known: Vec<String> = parameters.iter().map(|(known, _)| format!("--{known}")).collect();
            return Err(format!("there is no option `--{name}`; there are --output {}", known.join(" ")));
        }
    }
    Ok(Some((Options { values }, output)))
}

/// Where the program is: files are named after cells.
struct State {
    output: PathBuf,
    cell: usize,
    shown: usize,
}

static STATE: OnceLock<Mutex<State>> = OnceLock::new();

fn with_state<T>(work: impl FnOnce(&mut State) -> T) -> Option<T> {
    let state = STATE.get()?;
    Some(work(&mut state.lock().unwrap_or_else(PoisonError::into_inner)))
}

/// Begins a cell.
pub fn cell(number: usize) {
    with_state(|state| (state.cell, state.shown) = (number, 0));
}

/// The path of the next thing that is shown, without its ending: `cell-03`, then `cell-03-2`.
fn next_file() -> PathBuf {
    let path = with_state(|state| {
        state.shown += 1;
        let again = if state.shown > 1 { format!("-{}", state.shown) } else { String::new() };
        state.output.join(format!("cell-{:02}{again}", state.cell))
    });
    path.unwrap_or_default()
}

fn write_form(file: &std::path::Path, ending: &str, content: &[u8]) {
    let path = PathBuf::from(format!("{}.{ending}", file.display()));
    if let Err(error) = std::fs::write(&path, content) {
        eprintln!("{}: {error}", path.display());
    }
}

/// Text on stdout, every form of it in a file. The program ends where a cell would fail that has nothing to show.
fn keep(bundle: &Bundle) -> PathBuf {
    if bundle.failed {
        eprintln!("error: {}", bundle.text());
        std::process::exit(1);
    }
    println!("{}", bundle.text());
    let file = next_file();
    for (media_type, content) in &bundle.forms {
        let ending = match media_type.as_str() {
            "text/plain" => "txt",
            "text/html" => "html",
            "image/svg+xml" => "svg",
            other if other.ends_with("json") => "json",
            _ => "dat",
        };
        write_form(&file, ending, content.as_bytes());
    }
    file
}

/// Drives a future to its end on this thread: `.await` of a cell. Futures that need a runtime of their own (timers and
/// sockets of tokio) are run by that runtime.
pub fn block_on<F: IntoFuture>(future: F) -> F::Output {
    struct Wakes(std::thread::Thread);
    impl Wake for Wakes {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let mut future = std::pin::pin!(future.into_future());
    let waker = Arc::new(Wakes(std::thread::current())).into();
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(value) => return value,
            Poll::Pending => std::thread::park(),
        }
    }
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputError(String);

impl Display for InputError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for InputError {}

/// Writes `prompt` and waits for a line of standard input, which comes without its line end.
pub fn input(prompt: &str) -> Result<String, InputError> {
    let failed = |error: std::io::Error| InputError(format!("`{prompt}` can't be asked: {error}"));
    print!("{prompt}");
    std::io::stdout().flush().map_err(failed)?;
    let mut line = String::new();
    if std::io::stdin().read_line(&mut line).map_err(failed)? == 0 {
        let hint = "hint: give the answers in standard input, one a line";
        return Err(InputError(format!("`{prompt}` has no answer: standard input is at its end\n{hint}")));
    }
    Ok(line.trim_end_matches(['\r', '\n']).into())
}

/// The same; a terminal does not show what is typed.
pub fn password(prompt: &str) -> Result<String, InputError> {
    let echo = |word: &str| Command::new("stty").arg(word).status().is_ok_and(|status| status.success());
    let hidden = std::io::stdin().is_terminal() && echo("-echo");
    let answer = input(prompt);
    if hidden {
        echo("echo");
        println!();
    }
    answer
}

struct Files;

impl Sink for Files {
    fn result(&self, bundle: &Bundle) {
        keep(bundle);
    }

    fn display(&self, bundle: &Bundle, id: Option<&str>) {
        if id.is_none() {
            keep(bundle);
        }
    }

    fn update(&self, bundle: &Bundle, _id: &str, last: bool) {
        if last {
            keep(bundle);
        }
    }

    fn note(&self, line: &str) {
        println!("{line}");
    }
}

/// A value about to be shown. The compiler chooses how: by `Show`, as a table, by `Debug`, by `Display`, by the name of its type.
pub struct Shown<'a, T: ?Sized>(pub &'a T);

/// Values that implement `Show`.
pub trait ByForm {
    /// Shows the value.
    fn show(&self);
}

/// Tables and tensors.
pub trait ByTable {
    /// Shows the value.
    fn show(&self);
}

/// Values that have `Debug`.
pub trait ByDebug {
    /// Shows the value.
    fn show(&self);
}

/// Values that have `Display` and no `Debug`.
pub trait ByDisplay {
    /// Shows the value.
    fn show(&self);
}

/// Everything else.
pub trait ByName {
    /// Shows the value.
    fn show(&self);
}

/// Tables and tensors of other crates, and the value of a cell that has none.
pub trait Foreign {
    /// Shows the value.
    fn keep(&self);
}

impl<T: Show + ?Sized> ByForm for &&&&Shown<'_, T> {
    fn show(&self) {
        keep(&self.0.bundle());
    }
}

impl<T: Foreign + ?Sized> ByTable for &&&Shown<'_, T> {
    fn show(&self) {
        self.0.keep();
    }
}

impl<T: Debug + ?Sized> ByDebug for &&Shown<'_, T> {
    fn show(&self) {
        let short = format!("{:?}", self.0);
        let text = if short.len() > 100 { format!("{:#?}", self.0) } else { short };
        keep(&Bundle::plain(text));
    }
}

impl<T: Display + ?Sized> ByDisplay for &Shown<'_, T> {
    fn show(&self) {
        keep(&Bundle::plain(self.0.to_string()));
    }
}

impl<T: ?Sized> ByName for Shown<'_, T> {
    fn show(&self) {
        keep(&Bundle::plain(std::any::type_name::<T>()));
    }
}

impl Foreign for () {
    fn keep(&self) {}
}

impl Foreign for DataFrame {
    fn keep(&self) {
        let file = keep(&Bundle::plain(self.to_string()));
        let mut csv = Vec::new();
        match CsvWriter::new(&mut csv).finish(&mut self.clone()) {
            Ok(()) => write_form(&file, "csv", &csv),
            Err(error) => eprintln!("{} has no CSV form: {error}", file.display()),
        }
    }
}

impl Foreign for Series {
    fn keep(&self) {
        self.clone().into_frame().keep();
    }
}

impl Foreign for Tensor {
    fn keep(&self) {
        keep(&Bundle::plain(self.to_string()));
    }
}

impl<T: Foreign + ?Sized> Foreign for &T {
    fn keep(&self) {
        (**self).keep();
    }
}

/// Shows the value at the end of a cell.
macro_rules! shown {
    ($value:expr) => {{
        use $crate::notebook::{ByDebug as _, ByDisplay as _, ByForm as _, ByName as _, ByTable as _};
        let value = &($value);
        (&&&&&$crate::notebook::Shown(value)).show();
    }};
}
pub(crate) use shown;
