//! What a run shows while it runs, and how it is stopped.

use crate::engine::{Failure, Interrupter, Output};
use std::io::IsTerminal;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

/// A line on stderr for each cell.
pub(super) struct Progress {
    head: String,
    terminal: bool,
}

impl Progress {
    pub(super) fn new(number: usize, count: usize, source: &str) -> Self {
        let line = source
            .lines()
            .map(str::trim)
            .find(|l| !l.is_empty() && !l.starts_with("//"))
            .unwrap_or_default();
        let line: String = line.chars().take(48).collect();
        let terminal = std::io::stderr().is_terminal();
        let head = format!("cell {number} of {count}  {line:48}");
        eprint!("{}{head}", if terminal { "\r\u{1b}[2K" } else { "" });
        Self { head, terminal }
    }

    /// Shows the last line of what a cell prints, while it runs.
    pub(super) fn note(&mut self, output: &Output) {
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

    pub(super) fn finish(self, time: Duration, failure: Option<&Failure>) {
        let start = if self.terminal {
            format!("\r\u{1b}[2K{}", self.head)
        } else {
            String::new()
        };
        let failure = failure.map(|f| format!("  {}", f.name)).unwrap_or_default();
        eprintln!("{start}  {:7.2} s{failure}", time.as_secs_f64());
    }
}

static STOP: AtomicBool = AtomicBool::new(false);

extern "C" fn on_interrupt(_signal: libc::c_int) {
    STOP.store(true, Relaxed);
}

/// Passes Ctrl-C on to the cell that runs.
pub(super) fn stop_on_interrupt(interrupter: Interrupter) {
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
