//! Messages of the compiler in words of a cell: what the kernel has put around a cell is not mentioned.

use super::diagnostics::{Message, Place};

/// A message without the names of the kernel's own machinery.
pub(crate) fn plain(text: &str) -> String {
    let mut out = text
        .replace("std::result::Result<(), cistron::rt::Fail>", "the cell's result")
        .replace("`cistron::rt::Fail`", "the cell's error")
        .replace("cistron::rt::Fail", "the cell's error")
        .replace("in a closure that returns the cell's result", "in a cell")
        .replace("in a closure that returns `the cell's result`", "in a cell")
        .replace("`the cell's result`", "the cell's result")
        .replace("`Option`s, in a closure that returns `Result`", "`Option`s, in a cell");
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

/// What helps with a mistake, where the compiler does not know that it stands in a cell.
pub(crate) fn help(message: &Message) -> Option<&'static str> {
    let text = message.all_text();
    match message.code() {
        "E0597" | "E0716" | "E0521" => {
            Some("a variable that lives on between cells can't borrow from another; clone the value, or keep both in one `Rc`")
        }
        "E0728" => Some("in a cell, `.await` stands outside of macros and closures: `let value = future.await;`"),
        "E0277" if text.contains("cistron::rt::Fail") && text.contains("`?`") && text.contains("Display") => Some(
            "`?` takes every error that can be printed: `impl std::fmt::Display` for it, or write `.map_err(|e| format!(\"{e:?}\"))?`",
        ),
        "E0308" if text.contains("cistron::rt::Fail") => Some("`return;` ends a cell; what a cell shows is its last expression"),
        _ => None,
    }
}

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
