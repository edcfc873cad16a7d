//! The loop of the worker process.

use super::store::Store;
use super::{events, interrupt, keep, panic, trace};
use std::ffi::{CStr, CString, c_void};
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::os::fd::FromRawFd;
use std::path::Path;
use std::time::Duration;

/// The entry point of a compiled cell.
type Entry = unsafe extern "C-unwind" fn(*mut Store);

/// Runs cells until the kernel closes the pipe, then ends the process. Each line on the command pipe
/// names a shared library, the symbol of its entry point and what its bindings are counted from; or `-`
/// instead of the symbol to load it and no more; or the file of a kept variable, `=name` (`!name` where `keep!`
/// asked for it) and a zero, to have it back.
pub fn serve() -> ! {
    let descriptors = (
        descriptor("CISTRON_COMMANDS"),
        descriptor("CISTRON_EVENTS"),
        descriptor("CISTRON_ANSWERS"),
    );
    let (Some(commands), Some(pipe), Some(answers)) = descriptors else {
        eprintln!("this program runs the cells of a Cistron notebook; the `cistron` command starts it");
        std::process::exit(2)
    };
    events::open(pipe, answers);
    events::close_on_exec(commands);
    panic::install_hook();
    interrupt::install();
    keep::install();
    let flush = || loop {
        std::thread::sleep(Duration::from_millis(100));
        let _ = std::io::stdout().flush();
    };
    if std::thread::Builder::new().name("flush".into()).spawn(flush).is_err() {
        eprintln!("text without a line end will only show when its cell ends: no thread to flush it");
    }
    let mut store = Box::new(Store::default());
    events::send(
        "machine",
        &serde_json::json!({"instructions": cistron::ops::instructions()}).to_string(),
    );
    events::send("ready", "");
    // SAFETY: the kernel made this descriptor for us and nothing else in the process uses it.
    let commands = BufReader::new(unsafe { File::from_raw_fd(commands) });
    for line in commands.lines().map_while(Result::ok) {
        let mut words = line.rsplitn(3, ' ');
        let (base, symbol, path) = (words.next(), words.next(), words.next());
        let (Some(base), Some(symbol), Some(path)) = (base.and_then(|b| b.parse().ok()), symbol, path) else {
            continue;
        };
        let prepared = match symbol.split_at_checked(1) {
            Some(("-", "")) => Some(open(path).map(drop)),
            Some((asked @ ("=" | "!"), name)) => Some(keep::restore(&mut store, Path::new(path), name, asked == "!")),
            _ => None,
        };
        if let Some(prepared) = prepared {
            events::send(
                if prepared.is_ok() { "ready" } else { "not_loaded" },
                &prepared.err().unwrap_or_default(),
            );
            continue;
        }
        interrupt::clear();
        store.begin(base);
        events::cell_begins();
        trace::begin();
        panic::begin();
        events::send("started", "");
        match open(path).and_then(|library| entry(library, symbol)) {
            // SAFETY: the kernel compiled this function with exactly this signature.
            Ok(entry) => unsafe { entry(&mut *store) },
            Err(message) => events::send("not_loaded", &message),
        }
        interrupt::clear();
    }
    let _ = std::io::stdout().flush();
    std::process::exit(0)
}

fn descriptor(name: &str) -> Option<i32> {
    std::env::var(name).ok()?.parse().ok()
}

/// Loads a library. It stays loaded: values of its types and its functions live on.
fn open(path: &str) -> Result<*mut c_void, String> {
    let path = CString::new(path).map_err(|e| e.to_string())?;
    // SAFETY: the string ends in NUL; the library was made by the kernel for this process.
    let library = unsafe { libc::dlopen(path.as_ptr(), libc::RTLD_NOW | libc::RTLD_GLOBAL) };
    if library.is_null() {
        Err(loader_message())
    } else {
        Ok(library)
    }
}

/// Finds a cell's entry point.
fn entry(library: *mut c_void, symbol: &str) -> Result<Entry, String> {
    let symbol = CString::new(symbol).map_err(|e| e.to_string())?;
    // SAFETY: the handle is open and the string ends in NUL; the kernel made the symbol with this type.
    unsafe {
        let entry = libc::dlsym(library, symbol.as_ptr());
        if entry.is_null() {
            Err(loader_message())
        } else {
            Ok(std::mem::transmute::<*mut c_void, Entry>(entry))
        }
    }
}

fn loader_message() -> String {
    // SAFETY: `dlerror` answers null or a string that lives until the next call of the loader.
    unsafe {
        let message = libc::dlerror();
        if message.is_null() {
            "the loader gave no reason".into()
        } else {
            CStr::from_ptr(message).to_string_lossy().into_owned()
        }
    }
}
