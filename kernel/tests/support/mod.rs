//! A session for tests, on the libraries that `cistron install` makes.

#![allow(dead_code, unreachable_pub)]

use cistron_kernel::engine::{Engine, Failure, Output};
use cistron_kernel::sdk::{Sdk, install, source_folder};
use serde_json::Value;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Mutex, OnceLock};
use std::time::Duration;

/// The command under test.
pub fn command() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_cistron"))
}

/// The libraries for cells, built if they are not there.
pub fn sdk() -> Sdk {
    static SDK: OnceLock<Mutex<Sdk>> = OnceLock::new();
    let sdk = SDK.get_or_init(|| {
        let source = source_folder(None).expect("the workspace");
        Mutex::new(install(&source).expect("libraries for cells").sdk)
    });
    sdk.lock().expect("no test panics in here").clone()
}

/// A session that remembers what it showed.
pub struct Session {
    pub engine: Engine,
    outputs: Vec<Output>,
    count: usize,
}

/// A new session in the system's folder for temporary files.
pub fn session() -> Session {
    session_on(sdk(), &std::env::temp_dir())
}

/// A new session on these libraries, in a folder.
pub fn session_on(sdk: Sdk, folder: &Path) -> Session {
    Session::of(Engine::start(sdk, command(), folder).expect("a worker"))
}

impl Session {
    /// A session on an engine.
    pub fn of(engine: Engine) -> Self {
        Self {
            engine,
            outputs: Vec::new(),
            count: 0,
        }
    }

    /// Runs a cell; `watch` sees each output as it comes.
    pub fn watched(&mut self, code: &str, mut watch: impl FnMut(&Output)) -> Result<(), Failure> {
        self.count += 1;
        self.outputs.clear();
        let outputs = &mut self.outputs;
        self.engine.execute(code, self.count, &mut |output| {
            watch(&output);
            outputs.push(output);
        })
    }

    /// Runs a cell.
    pub fn run(&mut self, code: &str) -> Result<(), Failure> {
        self.count += 1;
        self.outputs.clear();
        let outputs = &mut self.outputs;
        self.engine.execute(code, self.count, &mut |output| outputs.push(output))
    }

    /// Runs a cell that must not fail.
    pub fn ok(&mut self, code: &str) {
        if let Err(failure) = self.run(code) {
            panic!("{code}\n{failure}");
        }
    }

    /// Runs a cell and answers its value as text.
    pub fn value(&mut self, code: &str) -> String {
        self.ok(code);
        self.result()["text/plain"].as_str().unwrap_or_default().to_string()
    }

    /// Runs a cell and interrupts it when it has printed `mark`.
    pub fn interrupted(&mut self, code: &str, mark: &str) -> Result<(), Failure> {
        self.count += 1;
        let interrupter = self.engine.interrupter();
        self.engine.execute(code, self.count, &mut |output| {
            if matches!(&output, Output::Stream(_, text) if text.contains(mark)) {
                interrupter.interrupt();
            }
        })
    }

    /// Runs a cell that must fail, and interrupts it when it has shown anything.
    pub fn interrupted_at_first_output(&mut self, code: &str) -> Failure {
        self.count += 1;
        let interrupter = self.engine.interrupter();
        let result = self.engine.execute(code, self.count, &mut |_| interrupter.interrupt());
        result.expect_err("an interrupted cell fails")
    }

    /// Runs a cell and interrupts it again and again from when it has printed `mark`.
    pub fn interrupted_often(&mut self, code: &str, mark: &str) -> Result<(), Failure> {
        self.count += 1;
        let interrupter = self.engine.interrupter();
        let (begun, ended) = (AtomicBool::new(false), AtomicBool::new(false));
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !ended.load(Relaxed) {
                    if begun.load(Relaxed) {
                        interrupter.interrupt();
                    }
                    std::thread::sleep(Duration::from_millis(400));
                }
            });
            let result = self.engine.execute(code, self.count, &mut |output| {
                if matches!(&output, Output::Stream(_, text) if text.contains(mark)) {
                    begun.store(true, Relaxed);
                }
            });
            ended.store(true, Relaxed);
            result
        })
    }

    /// The forms of the last cell's value.
    pub fn result(&self) -> Value {
        let results = self.outputs.iter().rev().filter_map(|o| {
            if let Output::Result(data) = o {
                Some(data.clone())
            } else {
                None
            }
        });
        results.into_iter().next().unwrap_or_default()
    }

    /// The text that was shown.
    pub fn text(&self) -> String {
        self.outputs
            .iter()
            .filter_map(|o| {
                if let Output::Stream(_, text) = o {
                    Some(text.as_str())
                } else {
                    None
                }
            })
            .collect()
    }

    /// Takes in what happens between cells.
    pub fn idle(&mut self) {
        let outputs = &mut self.outputs;
        self.engine.idle(0, &mut |output| outputs.push(output));
    }
}

/// The failure of a cell that must fail.
pub fn failure(session: &mut Session, code: &str) -> Failure {
    session.run(code).expect_err("the cell must fail")
}

/// What a notebook shows of a failure, without colours.
pub fn shown(failure: &Failure) -> String {
    let mut out = String::new();
    let text = failure.to_string();
    let mut rest = text.as_str();
    while let Some((before, after)) = rest.split_once("\u{1b}[") {
        out.push_str(before);
        rest = after.split_once('m').map_or("", |(_, tail)| tail);
    }
    out + rest
}
