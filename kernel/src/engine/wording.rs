//! Messages of the compiler in words of a cell: what the kernel has put around a cell is not mentioned.

use super::diagnostics::{Message, Place};

/// A message without the names of the kernel's own machinery.
pub(crate) fn plain(text: &str) -> String {
    let mut out = text
        .replace(NEVER, "there is nothing to show: this never gives a value")
        .replace("std::result::Result<(), cistron::rt::Fail>", "the cell's result")
        .replace("`cistron::rt::Fail`", "the cell's error")
        .replace("cistron::rt::Fail", "the cell's error")
        .replace("in a closure that returns the cell's result", "in a cell")
        .replace("in a closure that returns `the cell's result`", "in a cell")
        .replace("`the cell's result`", "the cell's result")
        .replace("`Option`s, in a closure that returns `Result`", "`Option`s, in a cell")
        .replace("this file contains an unclosed", "the cell contains an unclosed");
    // `cell_12::Type` is the user's own `Type`.
    while let Some(start) = out.find("cell_") {
        let digits = out[start + 5..].bytes().take_while(u8::is_ascii_digit).count();
        let end = start + 5 + digits;
        if digits == 0 || !out[end..].starts_with("::") {
            break;
        }
        out.replace_range(start..end + 2, "");
    }
    out
}

/// Where the compiler points at a closure of the kernel's own, the use inside it is what matters.
pub(crate) fn name_uses(places: &mut [(Place, bool, String)]) {
    if places.iter().any(|(_, main, _)| *main) {
        return;
    }
    for (_, main, label) in places {
        if let Some(what) = label.strip_suffix(" due to use in closure") {
            let moved = what.starts_with("move");
            *label = if moved { "value moved here" } else { "value used here" }.to_string();
            *main = true;
        }
    }
}

/// Where a bracket is not closed, it is the bracket that matters, not the end of the cell.
pub(crate) fn name_opening(places: &mut Vec<(Place, bool, String)>) {
    if places.iter().any(|(_, main, label)| !main && label == "unclosed delimiter") {
        places.retain(|(_, main, label)| !main || !label.is_empty());
        for (_, main, label) in places {
            *main |= label == "unclosed delimiter";
        }
    }
}

/// Whether a text holds no code: spaces and comments at most.
pub(crate) fn is_nothing(text: &str) -> bool {
    text.parse::<proc_macro2::TokenStream>().is_ok_and(|tokens| tokens.is_empty())
}

/// A message without the lines that propose other names.
pub(crate) fn without_proposals(text: &str) -> String {
    let proposes = |line: &str| line.contains("consider importing") || line.contains("similar name exists");
    text.lines().filter(|line| !proposes(line)).collect::<Vec<_>>().join("\n")
}

/// A message about what follows the cell: that is a brace which the kernel has put there.
pub(crate) fn end_of_cell(text: &str) -> String {
    text.replace("found `}`", "found the end of the cell")
}

/// The message of a panic, where it holds code of the cell (`assert!`), without what the kernel has put into that.
pub(crate) fn written(message: &str) -> String {
    match message.strip_prefix("assertion failed: ") {
        Some(code) => format!("assertion failed: {}", without_checks(code)),
        None => message.into(),
    }
}

/// Code of a cell as the compiler prints it, without the checks for an interrupt.
pub(crate) fn without_checks(code: &str) -> String {
    const TICK: &str = "::cistron::rt::tick();";
    const LOOK: &str = ".inspect(|_| ::cistron::rt::tick())";
    if !code.contains("::cistron::rt::tick()") {
        return code.into();
    }
    // It was printed over several lines because of them.
    let mut out = code.split_whitespace().collect::<Vec<_>>().join(" ").replace(LOOK, "");
    while let Some(at) = out.find(TICK) {
        let rest = out[at + TICK.len()..].trim_start();
        let before = out[..at].trim_end();
        out = match (before.strip_suffix('{'), expression(rest)) {
            (Some(before), Some((inner, after))) => format!("{} {inner}{after}", before.trim_end()),
            _ => format!("{before} {rest}"),
        };
    }
    out
}

/// What stands in `(..) }`, and what follows: an expression that got brackets for its check.
fn expression(text: &str) -> Option<(&str, &str)> {
    let mut depth = 0;
    let end = text.char_indices().find_map(|(at, c)| {
        depth += i32::from(c == '(') - i32::from(c == ')');
        (depth == 0).then_some(at)
    })?;
    let inner = text[..end].strip_prefix('(')?;
    let after = text[end + 1..].trim_start().strip_prefix('}')?;
    Some((inner, after))
}

/// What helps with a mistake, where the compiler does not know that it stands in a cell.
pub(crate) fn help(message: &Message) -> Option<&'static str> {
    let text = message.all_text();
    match message.code() {
        "E0107" if message.pointed_at().is_some_and(|name| name == "Result") => Some(
            "`Result` takes two types here, the second for the error: `Result<f64, Box<dyn std::error::Error>>` takes any error \
             by `?`, `Result<f64, String>` a text",
        ),
        "E0597" | "E0716" | "E0521" => {
            Some("a variable that lives on between cells can't borrow from another; clone the value, or keep both in one `Rc`")
        }
        "E0728" => Some("in a cell, `.await` stands outside of macros and closures: `let value = future.await;`"),
        "E0277" if text.contains("cistron::rt::Fail") && text.contains("`?`") && text.contains("Display") => Some(
            "`?` takes every error that can be printed: `impl std::fmt::Display` for it, or write `.map_err(|e| format!(\"{e:?}\"))?`",
        ),
        "E0308" if text.contains("cistron::rt::Fail") => Some("`return;` ends a cell; what a cell shows is its last expression"),
        "E0277" if is_never(message) => Some("say what it would give, as in `|| -> f64 { .. }`, or end the line with `;`"),
        _ => None,
    }
}

/// Whether what is to be shown is never there: a function without end, a thread that only panics.
pub(crate) fn is_never(message: &Message) -> bool {
    message.text().contains(NEVER)
}

/// How rustc says so.
const NEVER: &str = "the trait bound `!: cistron::Show` is not satisfied";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_own_types_are_not_mentioned() {
        let text = "the `?` operator can only be used in a closure that returns `std::result::Result<(), cistron::rt::Fail>`";
        assert_eq!(plain(text), "the `?` operator can only be used in a cell");
        assert_eq!(plain("expected `cell_12::A`, found `cell_3::A`"), "expected `A`, found `A`");
        assert_eq!(plain("cell_x is no cell"), "cell_x is no cell");
    }

    #[test]
    fn checks_are_not_a_part_of_what_was_written() {
        let code = "std::iter::successors(Some(1),\n        |x|\n            {\n                ::cistron::rt::tick();\n                \
            (if f(x) { None } else { Some(x + 1) })\n            }).any(|x| { ::cistron::rt::tick(); (x > 7) })";
        assert_eq!(
            without_checks(code),
            "std::iter::successors(Some(1), |x| if f(x) { None } else { Some(x + 1) }).any(|x| x > 7)"
        );
        assert_eq!(
            without_checks("v.map(|x| { ::cistron::rt::tick(); let y = x; y })"),
            "v.map(|x| { let y = x; y })"
        );
        assert_eq!(
            without_checks("(0..n).inspect(|_| ::cistron::rt::tick()).sum()"),
            "(0..n).sum()"
        );
        assert_eq!(written("assertion failed: a  b"), "assertion failed: a  b");
    }

    #[test]
    fn an_open_bracket_is_the_main_place() {
        let at = |start| Place {
            cell: 1,
            start,
            end: start + 1,
        };
        let mut places = vec![(at(3), false, "unclosed delimiter".to_string()), (at(9), true, String::new())];
        name_opening(&mut places);
        assert_eq!(places, [(at(3), true, "unclosed delimiter".to_string())]);
    }

    #[test]
    fn a_use_inside_the_kernels_closure_becomes_the_main_place() {
        let place = Place {
            cell: 1,
            start: 0,
            end: 1,
        };
        let mut places = vec![(place, false, "borrow occurs due to use in closure".to_string())];
        name_uses(&mut places);
        assert!(places[0].1);
        assert_eq!(places[0].2, "value used here");
    }
}
