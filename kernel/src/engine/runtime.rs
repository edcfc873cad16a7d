//! Errors and panics of a cell's code, shown at the lines of the cell.

use super::diagnostics::{Place, Texts, underline};
use super::extent::extent;
use super::failure::Failure;
use super::fragment::{Width, by_character, by_look, line_column};
use super::session::Engine;
use super::symbols;
use super::wording;
use serde_json::Value;

/// Callers that are listed at most.
const CALLERS: usize = 8;

/// The file of the facade whose functions call the closures that a cell's statements are put into.
const SEGMENTS: &str = "segment.rs";

/// A place in a cell, and the function it is in; none at the top of the cell.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Frame {
    place: Place,
    function: Option<String>,
}

impl Engine {
    /// A failure with everything the worker told of it.
    pub(super) fn runtime_failure(&self, name: &str, body: &Value) -> Failure {
        let message = body["message"].as_str().unwrap_or_default();
        // Mistakes of declarations say themselves what they are.
        let message = message.strip_prefix("error: ").filter(|_| name == "Error").unwrap_or(message);
        Failure::located(name, &wording::written(message), Some(self.shown_place(body).as_str()))
    }

    /// What to say of a panic on another thread than the cell's.
    pub(super) fn thread_panic(&self, body: &Value) -> String {
        let (thread, message) = (&body["thread"], &body["message"]);
        let text = |value: &Value| value.as_str().unwrap_or_default().to_string();
        format!(
            "thread `{}` panicked: {}\n{}\n",
            text(thread),
            wording::written(&text(message)),
            self.shown_place(body)
        )
    }

    /// What to say of a panic that ends the process.
    pub(super) fn fatal_panic(&self, body: &Value) -> String {
        let message = wording::written(body["message"].as_str().unwrap_or_default());
        // What follows is about undefined behaviour in general.
        let message = message.split("\n\n").next().unwrap_or_default();
        let why = body["why"].as_str().map(|why| format!(" ({why})")).unwrap_or_default();
        let thread = body["thread"].as_str().map(|thread| format!(" in thread `{thread}`"));
        format!("{message}{why}{}\n{}", thread.unwrap_or_default(), self.shown_place(body))
    }

    /// The line that `dbg!` writes.
    pub(super) fn debugged(&self, body: &Value) -> String {
        let place = &body["place"];
        let (file, line, column) = (&place["file"], place["line"].as_u64(), place["column"].as_u64());
        let at = || {
            let place = self.place(place, by_character)?;
            let compiled = self.state.compiled.get(&place.cell)?;
            let (line, column) = line_column(&compiled.text, place.start);
            Some(format!("cell [{}]:{line}:{column}", compiled.count))
        };
        let outside = || {
            format!(
                "{}:{}:{}",
                file.as_str().unwrap_or_default(),
                line.unwrap_or(0),
                column.unwrap_or(0)
            )
        };
        let place = at().unwrap_or_else(outside);
        match (body["code"].as_str(), body["value"].as_str()) {
            (Some(code), Some(value)) => format!("[{place}] {} = {value}\n", wording::without_checks(code)),
            _ => format!("[{place}]\n"),
        }
    }

    /// The place in a cell of `{"file": .., "line": .., "column": ..}` in generated source.
    fn place(&self, value: &Value, width: Width) -> Option<Place> {
        let (line, column) = (value["line"].as_u64()?, value["column"].as_u64().unwrap_or(1));
        self.place_of(value["file"].as_str()?, line, column, width)
    }

    fn place_of(&self, file: &str, line: u64, column: u64, width: Width) -> Option<Place> {
        let compiled = self.state.compiled.get(&number_of(file)?)?;
        let (cell, start) = compiled.source.origin_of_line(line as usize, column as usize, width)?;
        let end = start + 1;
        Some(Place { cell, start, end })
    }

    fn shown_place(&self, body: &Value) -> String {
        let texts = self.state.texts();
        let frames = self.frames(body);
        let mut out = String::new();
        if let Some(first) = frames.first() {
            let mut place = first.place;
            if let Some((text, _)) = texts.get(&place.cell) {
                let part = extent(text, place.start, body["name"].is_string());
                (place.start, place.end) = (part.start, part.end);
            }
            out.push_str(&underline(place, '^', "", &texts));
            if let Some(function) = &first.function {
                out.push_str(&format!("\n  in {function}, called from"));
            }
            let mut calls: Vec<(String, usize)> = Vec::new();
            for line in frames[1..].iter().filter_map(|frame| caller(frame, &texts)) {
                match calls.last_mut() {
                    Some((last, times)) if *last == line => *times += 1,
                    _ => calls.push((line, 1)),
                }
            }
            let left = calls.len().saturating_sub(CALLERS);
            for (index, (line, times)) in calls.into_iter().enumerate() {
                if index < CALLERS - 1 || left == 0 {
                    let times = if times > 1 {
                        format!("  ({times} times)")
                    } else {
                        String::new()
                    };
                    out.push_str(&format!("\n    {line}{times}"));
                } else if index == CALLERS - 1 {
                    out.push_str(&format!("\n    … and {} more", left + 1));
                }
            }
        }
        let file = body["place"]["file"].as_str().unwrap_or_default();
        if !file.is_empty() && number_of(file).is_none() {
            if !out.is_empty() {
                out.push('\n');
            }
            out.push_str(&format!("  raised in {}", library(file, &body["place"]["line"])));
        }
        out
    }

    /// Where it happened, and the calls that led there.
    fn frames(&self, body: &Value) -> Vec<Frame> {
        let mut out: Vec<Frame> = Vec::new();
        let raised = self.place(&body["place"], by_look);
        let calls = symbols::calls(&body["frames"], &self.cells);
        for (index, call) in calls.iter().enumerate() {
            // The closures that the kernel has put around the statements of a cell are not the user's.
            let is_segment = calls.get(index + 1).is_some_and(|outer| outer.file == SEGMENTS);
            if !is_segment && let Some(place) = self.place_of(&call.file, call.line, call.column, char::len_utf8) {
                let function = Some(function_name(&call.function));
                out.push(Frame { place, function });
            }
        }
        let own_line = |place: Place| {
            self.state
                .compiled
                .get(&place.cell)
                .map(|c| line_column(&c.text, place.start).0)
        };
        if let Some(place) = raised {
            match out.first_mut() {
                // The innermost function, whose line the panic knows better.
                Some(first) if first.place.cell == place.cell && own_line(first.place) == own_line(place) => first.place = place,
                _ => out.insert(0, Frame { place, function: None }),
            }
        }
        let top = || {
            let compiled = self.state.compiled.get(&self.state.running)?;
            let (cell, start) = compiled
                .source
                .origin_of_line(body["at"].as_u64()? as usize, 1, by_character)?;
            let blank = compiled.text[start..].len() - compiled.text[start..].trim_start().len();
            let start = start + blank;
            let end = start + 1;
            Some(Place { cell, start, end })
        };
        let calls = out.iter().any(|frame| frame.function.is_some());
        if let Some(place) = top().filter(|_| calls || out.is_empty()) {
            out.push(Frame { place, function: None });
        }
        out
    }
}

/// `cell [3], line 2:5, in `f`: its text`.
fn caller(frame: &Frame, texts: &Texts<'_>) -> Option<String> {
    let (text, count) = texts.get(&frame.place.cell)?;
    let (line, column) = line_column(text, frame.place.start);
    let code = text.lines().nth(line - 1).unwrap_or_default().trim();
    let function = frame.function.as_ref().map(|f| format!(", in {f}")).unwrap_or_default();
    Some(format!("cell [{count}], line {line}:{column}{function}: {code}"))
}

fn number_of(file: &str) -> Option<usize> {
    file.strip_prefix("cell_")?.parse().ok()
}

/// `{closure#0}` as `a closure`, and any other name as it is, without the cells of what it mentions.
fn function_name(name: &str) -> String {
    if name.starts_with("{closure") {
        "a closure".into()
    } else {
        format!("`{}`", wording::plain(name))
    }
}

/// `polars-core-0.55.2/frame.rs:12` of a path in a library.
fn library(file: &str, line: &Value) -> String {
    let tail = file.rsplit("/src/").next().unwrap_or(file);
    let before = file[..file.len() - tail.len()].trim_end_matches("/src/");
    let name = before.rsplit('/').next().unwrap_or_default();
    let line = line.as_u64().unwrap_or(0);
    if name.is_empty() {
        format!("{tail}:{line}")
    } else {
        format!("{name}/{tail}:{line}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_have_the_names_that_the_user_gave() {
        assert_eq!(function_name("{closure#0}<f64>"), "a closure");
        assert_eq!(function_name("area<cell_3::A>"), "`area<A>`");
    }

    #[test]
    fn a_library_is_named_without_its_folder() {
        let file = "/home/x/registry/polars-core-0.55.2/src/frame/mod.rs";
        assert_eq!(library(file, &serde_json::json!(7)), "polars-core-0.55.2/frame/mod.rs:7");
        assert_eq!(library("main.rs", &serde_json::json!(7)), "main.rs:7");
    }
}
