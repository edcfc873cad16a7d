//! What the cursor stands in.

use super::scan::{Inside, Open, Scan, scan};

/// What the cursor stands in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// A line that begins with a colon.
    Command,
    /// A comment, or a place where nothing is known.
    Nothing,
    /// A text in quotes, with what stands in it before the cursor.
    Text(String),
    /// Behind a dot; the expression before it.
    Member(String),
    /// Behind `::`; the path before it.
    Path(String),
    /// The path of a `use`, as far as it is finished: `std::collections`.
    Use(String),
    /// Anywhere else in code.
    Code,
}

/// A declaration around the cursor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Declaration {
    /// `data`, `model`, `blocks`, `objective`, `fit`, `compare`.
    pub(crate) name: String,
    /// Where its text begins.
    pub(crate) start: usize,
    /// The calls around the cursor inside it, outermost first: `conv` in `dna.conv(64, |`, with whether a dot stands
    /// before it, and where its argument begins.
    pub(crate) calls: Vec<Call>,
}

/// A call that is open at the cursor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Call {
    /// What is called; of `Name { .. }` the name.
    pub(crate) name: String,
    /// Whether it is a method.
    pub(crate) method: bool,
    /// Where its arguments begin.
    pub(crate) start: usize,
    /// `(`, `[` or `{`.
    pub(crate) bracket: char,
}

/// Everything about a cursor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cursor {
    /// Where the word under it begins.
    pub(crate) start: usize,
    /// Where it ends.
    pub(crate) end: usize,
    /// What stands between its beginning and the cursor.
    pub(crate) prefix: String,
    /// What it stands in.
    pub(crate) place: Place,
    /// The declaration around it.
    pub(crate) declaration: Option<Declaration>,
    /// The calls around it, outermost first.
    pub(crate) calls: Vec<Call>,
}

const DECLARATIONS: &[&str] = &["data", "model", "blocks", "objective", "fit", "compare"];

pub(crate) fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Looks at a place in the text of a cell. With `whole` the word goes on behind the cursor, as for inspection.
pub(crate) fn look(code: &[char], cursor: usize, whole: bool) -> Cursor {
    let mut end = cursor.min(code.len());
    let mut start = end;
    while start > 0 && is_word(code[start - 1]) {
        start -= 1;
    }
    while whole && end < code.len() && is_word(code[end]) {
        end += 1;
    }
    let found = scan(&code[..start]);
    let calls = calls(code, &found);
    let declaration = declaration(code, &found.open, &calls);
    let mut out = Cursor {
        start,
        end,
        prefix: code[start..end].iter().collect(),
        place: Place::Code,
        declaration,
        calls,
    };
    let line: String = code[..start].iter().rev().take_while(|c| **c != '\n').collect();
    let line: String = line.chars().rev().collect();
    out.place = match found.inside {
        Inside::Comment => Place::Nothing,
        Inside::Text(from) => {
            out.start = from;
            out.prefix = code[from..end].iter().collect();
            Place::Text(out.prefix.clone())
        }
        Inside::Code if line.trim_start().starts_with(':') && !line.trim_start().starts_with("::") => {
            // Only the command's name is known.
            if line.trim() == ":" {
                out.start -= 1;
                out.prefix.insert(0, ':');
                Place::Command
            } else {
                Place::Nothing
            }
        }
        Inside::Code => code_place(code, start, &found, &line),
    };
    out
}

fn code_place(code: &[char], start: usize, found: &Scan, line: &str) -> Place {
    let before = |n: usize| start.checked_sub(n).map(|at| code[at]);
    if let Some(path) = use_path(line) {
        return Place::Use(path);
    }
    let text = |range: std::ops::Range<usize>| code[range].iter().collect::<String>();
    // White space may stand before a dot that begins a line.
    if before(1) == Some('.') && before(2) != Some('.') {
        let from = expression_start(code, start - 1, found);
        let receiver = text(from..start - 1);
        // `1.` is the beginning of a number.
        return if receiver.trim().is_empty() || receiver.trim().chars().all(|c| c.is_ascii_digit() || c == '_') {
            Place::Nothing
        } else {
            Place::Member(receiver.trim_end().to_string())
        };
    }
    if before(1) == Some(':') && before(2) == Some(':') {
        let from = expression_start(code, start - 2, found);
        return Place::Path(text(from..start - 2));
    }
    let is_number = code.get(start).is_some_and(char::is_ascii_digit);
    if is_number { Place::Nothing } else { Place::Code }
}

/// The finished part of a path after `use`: of `use std::{collections::Ha` it is `std::collections`.
fn use_path(line: &str) -> Option<String> {
    let rest = line.trim_start();
    let rest = rest.strip_prefix("pub ").unwrap_or(rest);
    let rest = rest.strip_prefix("use ")?.trim_start();
    if rest.contains(';') {
        return None;
    }
    let mut around = Vec::new();
    let mut path = String::new();
    for c in rest.chars() {
        match c {
            '{' => {
                around.push(path.clone());
            }
            ',' => path = around.last().cloned().unwrap_or_default(),
            '}' => path = around.pop().unwrap_or_default(),
            c if c.is_whitespace() => {}
            c => path.push(c),
        }
    }
    Some(path.rsplit_once("::").map_or("", |(finished, _)| finished).to_string())
}

/// Where the expression begins that ends before `end`: names, calls, indices, fields and `?` joined by dots.
pub(crate) fn expression_start(code: &[char], end: usize, found: &Scan) -> usize {
    let opening = |close: usize| found.pairs.iter().find(|(c, _)| *c == close).map(|(_, open)| *open);
    let mut at = end;
    // Whether a name may come next, going backwards, or a dot must.
    let mut joined = true;
    while at > 0 {
        let c = code[at - 1];
        if c.is_whitespace() {
            // A line may begin with a dot; else white space ends an expression.
            let before = code[..at].iter().rposition(|c| !c.is_whitespace());
            let after = code[at..end].iter().find(|c| !c.is_whitespace());
            match before {
                Some(place) if joined && at == end || after == Some(&'.') => at = place + 1,
                _ => break,
            }
        } else if matches!(c, ')' | ']') && joined {
            match opening(at - 1) {
                Some(open) => at = open,
                None => break,
            }
            // A call or an index follows what is called.
        } else if c == '}' && joined {
            // `model! { .. }` and `Name { .. }` are expressions of their own.
            let Some(open) = opening(at - 1) else { break };
            let name_end = code[..open].iter().rposition(|c| !c.is_whitespace()).map_or(0, |at| at + 1);
            at = if name_end > 0 && (is_word(code[name_end - 1]) || code[name_end - 1] == '!') {
                name_end
            } else {
                open
            };
        } else if c == '"' && joined {
            at = text_start(code, at - 1);
            return at;
        } else if c == '?' || c == '!' {
            at -= 1;
        } else if is_word(c) {
            while at > 0 && is_word(code[at - 1]) {
                at -= 1;
            }
            joined = false;
            continue;
        } else if c == '.' && (at < 2 || code[at - 2] != '.') {
            at -= 1;
            joined = true;
            continue;
        } else if c == ':' && at >= 2 && code[at - 2] == ':' {
            at -= 2;
            joined = true;
            continue;
        } else if c == '>' && joined {
            // `collect::<Vec<_>>()`
            match generic_start(code, at - 1) {
                Some(open) => at = open,
                None => break,
            }
            continue;
        } else {
            break;
        }
    }
    at
}

fn text_start(code: &[char], close: usize) -> usize {
    code[..close].iter().rposition(|c| *c == '"').unwrap_or(close)
}

fn generic_start(code: &[char], close: usize) -> Option<usize> {
    let mut depth = 0;
    for at in (0..=close).rev() {
        match code[at] {
            '>' if at == 0 || code[at - 1] != '-' => depth += 1,
            '<' => {
                depth -= 1;
                if depth == 0 {
                    return Some(at);
                }
            }
            ';' | '{' | '}' => return None,
            _ => {}
        }
    }
    None
}

/// What is called with each bracket that is open.
fn calls(code: &[char], found: &Scan) -> Vec<Call> {
    let call = |open: &Open| {
        let mut end = open.at;
        while end > 0 && code[end - 1] == ' ' {
            end -= 1;
        }
        let start = code[..end].iter().rposition(|c| !is_word(*c)).map_or(0, |at| at + 1);
        let mut before = start;
        while before > 0 && code[before - 1].is_whitespace() {
            before -= 1;
        }
        Call {
            name: code[start..end].iter().collect(),
            method: before > 0 && code[before - 1] == '.',
            start: open.at + 1,
            bracket: open.bracket,
        }
    };
    found.open.iter().map(call).collect()
}

/// The innermost declaration around the cursor.
fn declaration(code: &[char], open: &[Open], calls: &[Call]) -> Option<Declaration> {
    let is_declaration = |open: &Open| {
        let end = code[..open.at].iter().rposition(|c| !c.is_whitespace())?;
        let start = code[..end].iter().rposition(|c| !is_word(*c)).map_or(0, |at| at + 1);
        let name: String = code[start..end].iter().collect();
        (code[end] == '!' && DECLARATIONS.contains(&name.as_str())).then_some(name)
    };
    let (at, name) = open
        .iter()
        .enumerate()
        .rev()
        .find_map(|(at, one)| Some((at, is_declaration(one)?)))?;
    Some(Declaration {
        name,
        start: open[at].at + 1,
        calls: calls[at + 1..].to_vec(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The cursor stands at `|`.
    fn at(text: &str) -> Cursor {
        let cursor = text.chars().position(|c| c == '|').expect("a cursor");
        let code: Vec<char> = text.chars().filter(|c| *c != '|').collect();
        look(&code, cursor, false)
    }

    #[test]
    fn the_expression_before_a_dot() {
        for (text, receiver) in [
            ("run.|", "run"),
            ("let a = run.metrics(&toy, Part::Test)?.me|", "run.metrics(&toy, Part::Test)?"),
            ("f(x, toy.|", "toy"),
            ("table\n    .clone()\n    .|", "table\n    .clone()"),
            ("rows[0].|", "rows[0]"),
            ("\"a.b\".|", "\"a.b\""),
            (
                "x + Tensor::zeros((2, 3), DType::F32, &Device::Cpu)?.|",
                "Tensor::zeros((2, 3), DType::F32, &Device::Cpu)?",
            ),
            ("v.iter().collect::<Vec<_>>().|", "v.iter().collect::<Vec<_>>()"),
            ("let a = 1;\nb.|", "b"),
        ] {
            assert_eq!(at(text).place, Place::Member(receiver.into()), "{text}");
        }
    }

    #[test]
    fn other_places() {
        assert_eq!(at("Part::|").place, Place::Path("Part".into()));
        assert_eq!(at("let x = 1.|").place, Place::Nothing);
        assert_eq!(at("0..|").place, Place::Code);
        assert_eq!(at("// run.|").place, Place::Nothing);
        assert_eq!(at("f(\"data/a|").place, Place::Text("data/a".into()));
        assert_eq!(at("let a = 1;\n:va|").place, Place::Command);
        assert_eq!(at(":dep na|").place, Place::Nothing);
        assert_eq!(at("use |").place, Place::Use(String::new()));
        assert_eq!(at("use cistron::|").place, Place::Use("cistron".into()));
        assert_eq!(at("use std::{collections::Ha|").place, Place::Use("std::collections".into()));
        assert_eq!(at("use std::{fs, io::|").place, Place::Use("std::io".into()));
    }

    #[test]
    fn the_declaration_and_the_calls_around_the_cursor() {
        let cursor = at("let net = model! { Net on toy {\n    let h = dna.conv(16, wi|");
        let declaration = cursor.declaration.expect("a declaration");
        assert_eq!(declaration.name, "model");
        let call = declaration.calls.last().expect("a call");
        assert_eq!((call.name.as_str(), call.method), ("conv", true));
        assert_eq!(at("fit! { net, loss, toy; |").declaration.map(|d| d.name), Some("fit".into()));
        assert_eq!(at("model!{ a }; x|").declaration, None);
    }
}
