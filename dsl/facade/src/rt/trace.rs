//! Which of a cell's own functions were running when something went wrong.
//!
//! Cells with functions are compiled with line tables, the others are not (they would take longer to compile for it):
//! they say which of their statements is next instead, with [`at`].

use serde_json::{Value, json};
use std::backtrace::Backtrace;
use std::collections::BTreeSet;
use std::ffi::{CStr, c_int, c_void};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};

/// Frames that are told at most.
const FRAMES: usize = 24;

/// The line of generated source where the statement begins that runs now.
static LINE: AtomicU32 = AtomicU32::new(0);

/// Says that the statement on this line of generated source is next.
pub fn at(line: u32) {
    LINE.store(line, Relaxed);
}

/// The line of the statement that runs now.
pub(super) fn line() -> u32 {
    LINE.load(Relaxed)
}

/// Whether the cell that runs has functions of its own.
static FUNCTIONS: AtomicBool = AtomicBool::new(false);

/// Says that the cell that runs now has functions of its own.
pub fn has_functions() {
    FUNCTIONS.store(true, Relaxed);
}

/// A cell begins.
pub(super) fn begin() {
    FUNCTIONS.store(false, Relaxed);
    LINE.store(0, Relaxed);
}

/// The way to here, if functions of cells may be on it. Looking their names up takes a good part of a second, so it is
/// asked first whether there is anything to find.
pub(super) fn capture() -> Option<Backtrace> {
    let named = FUNCTIONS.load(Relaxed) || libraries() > 1;
    named.then(Backtrace::force_capture)
}

unsafe extern "C" {
    fn _Unwind_Backtrace(step: extern "C" fn(*mut c_void, *mut c_void) -> c_int, data: *mut c_void) -> c_int;
    fn _Unwind_GetIP(context: *mut c_void) -> usize;
}

/// How many libraries of cells are on the stack.
fn libraries() -> usize {
    extern "C" fn step(context: *mut c_void, data: *mut c_void) -> c_int {
        // SAFETY: the unwinder gives a context that is valid during this call, and the pointer that `libraries` gave it.
        let (address, bases) = unsafe { (_Unwind_GetIP(context), &mut *data.cast::<BTreeSet<usize>>()) };
        // SAFETY: all zeros is a valid `Dl_info`, which the call fills for any address; its name ends in NUL.
        unsafe {
            let mut about: libc::Dl_info = std::mem::zeroed();
            if libc::dladdr(address as *const c_void, &raw mut about) != 0 && !about.dli_fname.is_null() {
                let path = CStr::from_ptr(about.dli_fname).to_string_lossy();
                if path.rsplit('/').next().is_some_and(|name| name.starts_with("libcell_")) {
                    bases.insert(about.dli_fbase as usize);
                }
            }
        }
        0
    }
    let mut bases: BTreeSet<usize> = BTreeSet::new();
    // SAFETY: the set outlives the call, and nothing else touches it meanwhile.
    unsafe { _Unwind_Backtrace(step, (&raw mut bases).cast()) };
    bases.len()
}

/// The frames of cells in a backtrace, the innermost first: function, file (`cell_3`), line and column where they are known.
pub(super) fn frames(trace: &Backtrace) -> Value {
    read(&trace.to_string())
}

fn read(trace: &str) -> Value {
    let mut frames: Vec<Value> = Vec::new();
    let mut function = "";
    for text in trace.lines().map(str::trim) {
        if let Some(place) = text.strip_prefix("at ") {
            let Some((file, line, column)) = place_of(place) else {
                continue;
            };
            let told = json!({"function": function, "file": file, "line": line, "column": column});
            match frames.last_mut() {
                Some(last) if last["line"].is_null() && last["function"] == function => *last = told,
                _ => frames.push(told),
            }
        } else if let Some((number, name)) = text.split_once(": ")
            && number.bytes().all(|b| b.is_ascii_digit())
        {
            function = name;
            if let Some(file) = cell_of(name) {
                frames.push(json!({"function": name, "file": file, "line": null, "column": null}));
            }
        }
    }
    frames.truncate(FRAMES);
    frames.into()
}

/// The cell that a symbol such as `cell_3::outer::{{closure}}` or `<cell_3::A as Trait>::f` comes from.
fn cell_of(name: &str) -> Option<&str> {
    let start = name.find("cell_")?;
    let length = "cell_".len() + name[start + 5..].bytes().take_while(u8::is_ascii_digit).count();
    (length > 5).then(|| &name[start..start + length])
}

/// `./cell_3:9:5` as file, line and column; nothing for files that are no cells.
fn place_of(place: &str) -> Option<(&str, u64, u64)> {
    let mut parts = place.rsplitn(3, ':');
    let column = parts.next()?.parse().ok()?;
    let line = parts.next()?.parse().ok()?;
    let file = parts.next()?.rsplit('/').next()?;
    (cell_of(file) == Some(file)).then_some((file, line, column))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_frames_of_cells_are_told() {
        let trace = "   0: std::panicking::panic\n             at /rustc/1/library/std/src/panicking.rs:1:2\n   \
            1: cell_3::inner\n             at ./cell_3:9:5\n   2: cell_3::outer::{{closure}}\n             at /tmp/cell_3:12:1\n   \
            3: core::iter::map\n             at /rustc/1/map.rs:3:4\n   3: plain\n             at ./cell_3:20:2\n   4: __cell_4\n   5: main";
        let frames = read(trace);
        assert_eq!(frames.as_array().map(Vec::len), Some(4));
        assert_eq!(
            frames[0],
            json!({"function": "cell_3::inner", "file": "cell_3", "line": 9, "column": 5})
        );
        assert_eq!((&frames[1]["line"], &frames[1]["column"]), (&json!(12), &json!(1)));
        assert_eq!(frames[2]["function"], "plain");
        assert_eq!(
            frames[3],
            json!({"function": "__cell_4", "file": "cell_4", "line": null, "column": null})
        );
    }
}
