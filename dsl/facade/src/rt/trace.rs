//! Which of a cell's own functions were running when something went wrong.
//!
//! Cells with functions are compiled with line tables, the others are not (they would take longer to compile for it):
//! they say which of their statements is next instead, with [`at`].

use serde_json::{Value, json};
use std::backtrace::Backtrace;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

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

/// The frames of cells in a backtrace, the innermost first: function, file (`cell_3`), line and column where they are known.
pub(super) fn frames(trace: &Backtrace) -> Value {
    read(&trace.to_string())
}

fn read(trace: &str) -> Value {
    let mut frames: Vec<Value> = Vec::new();
    let mut function = "";
    for text in trace.lines().map(str::trim) {
        if let Some(place) = text.strip_prefix("at ") {
            if let Some((file, line, column)) = place_of(place)
                && let Some(last) = frames.last_mut().filter(|last| last["line"].is_null() && last["function"] == function)
            {
                last["file"] = file.into();
                last["line"] = line.into();
                last["column"] = column.into();
            }
        } else if let Some((number, name)) = text.split_once(": ")
            && number.bytes().all(|b| b.is_ascii_digit())
        {
            function = name;
            if let Some(file) = cell_of(name).filter(|_| frames.len() < FRAMES) {
                frames.push(json!({"function": name, "file": file, "line": null, "column": null}));
            }
        }
    }
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
            3: core::iter::map\n             at /rustc/1/map.rs:3:4\n   4: __cell_4\n   5: main";
        let frames = read(trace);
        assert_eq!(frames.as_array().map(Vec::len), Some(3));
        assert_eq!(frames[0], json!({"function": "cell_3::inner", "file": "cell_3", "line": 9, "column": 5}));
        assert_eq!((&frames[1]["line"], &frames[1]["column"]), (&json!(12), &json!(1)));
        assert_eq!(frames[2], json!({"function": "__cell_4", "file": "cell_4", "line": null, "column": null}));
    }
}
