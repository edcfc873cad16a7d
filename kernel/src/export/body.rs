//! The statements of a cell as a part of the program's one function.

use crate::engine::cell::Cell;
use crate::engine::rewrite::LABEL;
use proc_macro2::{TokenStream, TokenTree};
use std::collections::BTreeSet;
use std::ops::Range;

/// The statements of a cell.
#[derive(Debug, Default)]
pub(super) struct Statements {
    /// Their text, indented.
    pub(super) text: String,
    /// Variables that end with the cell, because a `return;` stands before them.
    pub(super) gone: Vec<String>,
}

/// A part of the cell's text, and what stands in its place.
struct Cut {
    range: Range<usize>,
    words: String,
}

/// Writes the statements of a cell. Items are left out, the value at the end is shown. From the first statement that may
/// end the cell they stand in a block that it can leave; what a `use` brings in stands before it.
pub(super) fn statements(text: &str, cell: &Cell) -> Statements {
    let first = cell.statements.iter().position(|statement| statement.returns);
    let ends_early = first.is_some() || cell.last_returns;
    let mut cuts: Vec<Cut> = Vec::new();
    let without = |range: Range<usize>| Cut {
        range,
        words: String::new(),
    };
    cuts.extend(cell.items.iter().map(|item| without(item.fragment.range())));
    let mut uses = String::new();
    if ends_early {
        for line in &cell.uses {
            cuts.push(without(line.range()));
            uses.push_str(line.text.trim());
            uses.push('\n');
        }
    }
    let opening = format!("{uses}{LABEL}: {{\n");
    for (index, statement) in cell.statements.iter().enumerate() {
        let open = if first == Some(index) { opening.as_str() } else { "" };
        cuts.push(Cut {
            range: statement.fragment.range(),
            words: format!("{open}{}", statement.fragment.text),
        });
    }
    if let Some(last) = &cell.last {
        let open = if ends_early && first.is_none() { opening.as_str() } else { "" };
        cuts.push(Cut {
            range: last.range(),
            words: format!("{open}notebook::shown!({});", last.text.trim()),
        });
    }
    cuts.sort_by_key(|cut| cut.range.start);
    let mut out = String::new();
    let mut at = 0;
    for cut in cuts {
        out.push_str(text.get(at..cut.range.start).unwrap_or_default());
        out.push_str(&cut.words);
        at = cut.range.end.max(at);
    }
    out.push_str(text.get(at..).unwrap_or_default());
    let open = cell
        .statements
        .last()
        .is_some_and(|s| !s.fragment.text.trim_end().ends_with([';', '}']));
    if cell.last.is_none() && open {
        out.push_str("\n;");
    }
    if ends_early {
        out.push_str("\n}");
    }
    let bound = cell
        .statements
        .iter()
        .skip(first.unwrap_or(usize::MAX))
        .flat_map(|s| &s.bindings);
    Statements {
        text: indented(&out),
        gone: bound.map(|binding| binding.name.clone()).collect(),
    }
}

/// The lines of a text, indented and without those that are blank. Lines that begin inside a literal stay as they are.
fn indented(text: &str) -> String {
    let inside = inside_literals(text);
    let mut out = String::new();
    for (number, line) in text.lines().enumerate() {
        if inside.contains(&(number + 1)) {
            out.push_str(&format!("{line}\n"));
        } else if !line.trim().is_empty() {
            out.push_str(&format!("    {line}\n"));
        }
    }
    out
}

/// The numbers of lines, from 1, that begin inside a literal.
fn inside_literals(text: &str) -> BTreeSet<usize> {
    let mut inside = BTreeSet::new();
    if let Ok(tokens) = text.parse::<TokenStream>() {
        collect(tokens, &mut inside);
    }
    proc_macro2::extra::invalidate_current_thread_spans();
    inside
}

fn collect(tokens: TokenStream, inside: &mut BTreeSet<usize>) {
    for token in tokens {
        match token {
            TokenTree::Group(group) => collect(group.stream(), inside),
            TokenTree::Literal(literal) => inside.extend(literal.span().start().line + 1..=literal.span().end().line),
            _ => {}
        }
    }
}
