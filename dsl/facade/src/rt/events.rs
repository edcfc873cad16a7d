//! The pipe to the kernel, apart from stdout and stderr, which belong to the user.
//!
//! An event is `KIND LENGTH\nBODY\n`. Standard output is flushed before each, and the kernel answers
//! one byte when it has read everything before it: text and displays keep their order exactly.

use super::fail;
use cistron_display::{Bundle, Sink};
use serde_json::{Map, Value, json};
use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::FromRawFd;
use std::sync::{Mutex, OnceLock, PoisonError};

/// Where events go, and where the answers come from.
static PIPES: OnceLock<Mutex<(File, File)>> = OnceLock::new();

/// Takes over the inherited pipes with these numbers.
pub(super) fn open(events: i32, answers: i32) {
    close_on_exec(events);
    close_on_exec(answers);
    // SAFETY: the kernel made these descriptors for us and nothing else in the process uses them.
    let pipes = unsafe { (File::from_raw_fd(events), File::from_raw_fd(answers)) };
    let _ = PIPES.set(Mutex::new(pipes));
    cistron_display::set_sink(Box::new(PipeSink));
}

/// Keeps a descriptor out of programs that cells start: one that outlived this process would hold the pipe
/// open, and the kernel would wait for ever.
pub(super) fn close_on_exec(descriptor: i32) {
    // SAFETY: a plain system call; a descriptor that is not open is refused.
    unsafe { libc::fcntl(descriptor, libc::F_SETFD, libc::FD_CLOEXEC) };
}

pub(super) fn send(kind: &str, body: &str) {
    let _ = std::io::stdout().flush();
    if let Some(pipes) = PIPES.get() {
        write(&mut pipes.lock().unwrap_or_else(PoisonError::into_inner), kind, body);
    }
}

/// Sends a question and waits for its answer, which comes as `LENGTH\nBODY` behind the usual byte. Events of other
/// threads wait as long.
pub(super) fn ask(question: &str) -> String {
    let _ = std::io::stdout().flush();
    let Some(pipes) = PIPES.get() else { return String::new() };
    let mut pipes = pipes.lock().unwrap_or_else(PoisonError::into_inner);
    write(&mut pipes, "input", question);
    let mut length = 0;
    loop {
        let mut byte = [0];
        read(&mut pipes.1, &mut byte);
        match byte[0] {
            digit @ b'0'..=b'9' => length = length * 10 + usize::from(digit - b'0'),
            _ => break,
        }
    }
    let mut body = vec![0; length];
    read(&mut pipes.1, &mut body);
    String::from_utf8_lossy(&body).into_owned()
}

fn write(pipes: &mut (File, File), kind: &str, body: &str) {
    let _ = pipes.0.write_all(format!("{kind} {}\n{body}\n", body.len()).as_bytes());
    read(&mut pipes.1, &mut [0]);
}

fn read(answers: &mut File, bytes: &mut [u8]) {
    if answers.read_exact(bytes).is_err() {
        // The kernel is gone and nobody is left to compute for.
        std::process::exit(1)
    }
}

/// Sends a display as Jupyter writes it: `{"data": {..}, "metadata": {..}, "transient": {..}}`.
pub fn display_json(content: &str) {
    send("display_data", content);
}

/// Clears what the cell has shown so far; with `wait`, when the next output comes.
pub fn clear_output(wait: bool) {
    finished(None);
    send("clear_output", &json!({"wait": wait}).to_string());
}

/// Media type to content; JSON forms as JSON.
pub(super) fn forms(bundle: &Bundle) -> Value {
    let mut data = Map::new();
    for (media_type, content) in &bundle.forms {
        let json = media_type.ends_with("json");
        let parsed = if json { serde_json::from_str(content).ok() } else { None };
        data.insert(media_type.clone(), parsed.unwrap_or_else(|| Value::String(content.clone())));
    }
    Value::Object(data)
}

/// The final form of the display that this cell finished last.
static FINISHED: Mutex<Option<Bundle>> = Mutex::new(None);

fn finished(bundle: Option<&Bundle>) {
    *FINISHED.lock().unwrap_or_else(PoisonError::into_inner) = bundle.cloned();
}

/// A cell begins.
pub(super) fn cell_begins() {
    finished(None);
}

struct PipeSink;

impl Sink for PipeSink {
    /// What stands there already, in the same form and from the same cell, is not shown a second time: a fit's curves stay as it
    /// left them, and the `Run` that it gives, as the cell's value, would be the same picture once more.
    ///
    /// The cell ends with an error where there is nothing to show.
    fn result(&self, bundle: &Bundle) {
        if bundle.failed {
            fail::leave(bundle.text());
        }
        let stands = FINISHED.lock().unwrap_or_else(PoisonError::into_inner).as_ref() == Some(bundle);
        if !stands {
            send("result", &forms(bundle).to_string());
        }
    }

    fn display(&self, bundle: &Bundle, id: Option<&str>) {
        let transient = id.map_or_else(|| json!({}), |id| json!({"display_id": id}));
        send(
            "display_data",
            &json!({"data": forms(bundle), "metadata": {}, "transient": transient}).to_string(),
        );
    }

    fn update(&self, bundle: &Bundle, id: &str, last: bool) {
        if last {
            finished(Some(bundle));
        }
        let content = json!({"data": forms(bundle), "metadata": {}, "transient": {"display_id": id}});
        send("update_display_data", &content.to_string());
    }

    fn note(&self, line: &str) {
        println!("{line}");
    }
}
