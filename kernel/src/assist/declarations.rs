//! What may stand inside `data!`, `model!`, `blocks!`, `objective!`, `fit!` and `compare!`.
//!
//! All words come from the index, which has them from the tables of the declarations' parser.

use super::complete::Desk;
use super::index::Word;
use super::offer::Offer;
use super::place::{Call, Cursor, Declaration, is_word};
use super::scan::scan;

/// What the statement around the cursor is, up to the cursor.
struct Statement {
    /// Its text.
    text: String,
    /// The name that stands before a bare `=`: `padding` in `conv(64, padding = |`.
    assigned: Option<String>,
}

/// Behind a dot in a declaration: layers in `model!`, ports of data sets. Nothing where Rust stands there.
pub(super) fn members(desk: &Desk<'_>, at: &Cursor, receiver: &str) -> Option<Vec<Offer>> {
    let declaration = at.declaration.as_ref()?;
    let ports = ports(desk, Some(receiver.trim()));
    match declaration.name.as_str() {
        "objective" => (!ports.is_empty()).then_some(ports),
        "model" | "blocks" => {
            let mut offers = ports;
            offers.extend(words(desk, "layer", "function"));
            Some(offers)
        }
        _ => None,
    }
}

/// Anywhere else in a declaration; nothing where Rust stands there.
pub(super) fn code(desk: &Desk<'_>, at: &Cursor) -> Option<Vec<Offer>> {
    let declaration = at.declaration.as_ref()?;
    let mut offers = match declaration.name.as_str() {
        "model" | "blocks" => model(desk, at, declaration),
        "data" => data(desk, at, declaration),
        "objective" => objective(desk, at, declaration),
        name => fit(desk, at, declaration, name == "compare")?,
    };
    offers.retain(|offer| !offer.text.is_empty());
    Some(offers)
}

/// The words of a place as offers.
fn words(desk: &Desk<'_>, place: &str, kind: &'static str) -> Vec<Offer> {
    desk.index.words(place).iter().map(|word| Offer::word(word, kind)).collect()
}

/// The text since the last `;`, or since the bracket that is open; and what it assigns.
fn statement(desk: &Desk<'_>, start: usize, end: usize) -> Statement {
    let text = &desk.code[start.min(end)..end];
    let from = scan(text).ends.last().map_or(0, |at| at + 1);
    let text: String = text[from..].iter().collect();
    // Of several arguments the last.
    let mut depth = 0;
    let mut last = 0;
    for (at, c) in text.char_indices() {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth -= 1,
            ',' if depth == 0 => last = at + 1,
            _ => {}
        }
    }
    let part = text[last..].trim();
    let assigned = part.strip_suffix(['=', ':']).map(str::trim_end);
    let assigned = assigned
        .and_then(|p| p.rsplit(|c: char| !is_word(c)).next())
        .filter(|name| !name.is_empty());
    Statement {
        assigned: assigned.map(String::from),
        text: text.trim_start().to_string(),
    }
}

fn values(list: &[String], kind: &'static str, of: &str) -> Vec<Offer> {
    list.iter()
        .map(|value| Offer::new(value.clone(), kind, format!("for `{of}`")))
        .collect()
}

/// The arguments of a call, or what the argument takes that is being written.
fn arguments(desk: &Desk<'_>, word: &Word, call: &Call, end: usize) -> Vec<Offer> {
    let statement = statement(desk, call.start, end);
    if let Some(name) = &statement.assigned {
        return word
            .arguments
            .get(name)
            .map(|list| values(list, "enum member", name))
            .unwrap_or_default();
    }
    let mut offers = values(&word.values, "enum member", &word.name);
    let named = word
        .arguments
        .keys()
        .map(|name| Offer::new(name.clone(), "property", format!("{name} = ..  ({})", word.example)));
    offers.extend(named);
    offers
}

/// Inputs and outputs of the data sets of this session that the cell names, or of one of them.
fn ports(desk: &Desk<'_>, only: Option<&str>) -> Vec<Offer> {
    let code: String = desk.code.iter().collect();
    let named: Vec<&str> = code.split(|c: char| !is_word(c)).collect();
    let mut offers = Vec::new();
    for (name, told) in &desk.session.described {
        let is_data = desk.session.variables.get(name).is_some_and(|kind| kind.ends_with("Dataset"));
        if !is_data || only.is_some_and(|only| only != name) || !named.contains(&name.as_str()) {
            continue;
        }
        let inside = told.names.iter().filter(|(kind, _)| kind == "input" || kind == "output");
        offers.extend(inside.map(|(kind, port)| Offer::new(port.clone(), "property", format!("{kind} of {name}"))));
    }
    offers
}

/// Names that a declaration binds itself: `let h = ..`, `block tower(..)`.
fn bound(desk: &Desk<'_>, declaration: &Declaration, end: usize) -> Vec<Offer> {
    let text: String = desk.code[declaration.start..end].iter().collect();
    let words: Vec<&str> = text.split(|c: char| !is_word(c)).filter(|w| !w.is_empty()).collect();
    let pairs = words
        .windows(2)
        .filter(|pair| matches!(pair[0], "let" | "mut" | "block" | "part" | "for") && pair[1] != "mut");
    pairs
        .map(|pair| Offer::new(pair[1], "instance", "of this declaration"))
        .collect()
}

fn model(desk: &Desk<'_>, at: &Cursor, declaration: &Declaration) -> Vec<Offer> {
    let mut offers = Vec::new();
    if let Some(call) = declaration.calls.iter().rev().find(|call| call.bracket == '(') {
        let place = if call.method { "layer" } else { "function" };
        let innermost = declaration.calls.last() == Some(call);
        if let Some(word) = desk.index.word(place, &call.name).filter(|_| innermost) {
            let statement = statement(desk, call.start, at.start);
            offers.extend(arguments(desk, word, call, at.start));
            if statement.assigned.as_deref() == Some("start") {
                offers.extend(words(desk, "start", "function"));
            }
            if statement.assigned.is_some() {
                offers.extend(bound(desk, declaration, at.start));
                return offers;
            }
        }
    } else if statement(
        desk,
        declaration.calls.last().map_or(declaration.start, |c| c.start),
        at.start,
    )
    .text
    .is_empty()
    {
        offers.extend(words(desk, "statement", "keyword"));
    }
    offers.extend(bound(desk, declaration, at.start));
    offers.extend(ports(desk, None));
    offers.extend(words(desk, "function", "function"));
    // Before the braces stand the data sets, and everywhere captured numbers.
    offers.extend(desk.variables());
    offers
}

fn data(desk: &Desk<'_>, at: &Cursor, declaration: &Declaration) -> Vec<Offer> {
    let whole = statement(desk, declaration.start, at.start);
    if let Some(call) = declaration.calls.iter().rev().find(|call| call.bracket == '(') {
        let rule = ["split", "folds"]
            .into_iter()
            .find(|word| whole.text.starts_with(word))
            .unwrap_or("source");
        if call.name == "frame" {
            return desk.names(at);
        }
        return desk
            .index
            .word(rule, &call.name)
            .map(|word| data_arguments(desk, word, call, at))
            .unwrap_or_default();
    }
    if whole.text.is_empty() {
        return words(desk, "data", "keyword");
    }
    let text = whole.text.trim_end();
    match text {
        "split" => words(desk, "split", "function"),
        "folds" => words(desk, "folds", "function"),
        _ if text.ends_with(':') => words(desk, "kind", "type"),
        _ if text.ends_with('=') || text == "classes" => {
            let statement = text.split_whitespace().next().unwrap_or_default();
            let fits = |word: &&Word| word.values.iter().any(|place| place == statement);
            desk.index
                .words("source")
                .iter()
                .filter(fits)
                .map(|word| Offer::word(word, "function"))
                .collect()
        }
        _ => Vec::new(),
    }
}

/// Arguments of a source. Its `values` are the statements that it stands in, which are nothing to write there.
fn data_arguments(desk: &Desk<'_>, word: &Word, call: &Call, at: &Cursor) -> Vec<Offer> {
    let word = Word {
        values: Vec::new(),
        ..word.clone()
    };
    let mut offers = arguments(desk, &word, call, at.start);
    if statement(desk, call.start, at.start).assigned.is_none() {
        offers.extend(desk.variables());
    }
    offers
}

fn objective(desk: &Desk<'_>, at: &Cursor, declaration: &Declaration) -> Vec<Offer> {
    let from = declaration
        .calls
        .iter()
        .rev()
        .find(|call| call.bracket == '{')
        .map_or(declaration.start, |call| call.start);
    if let Some(call) = declaration.calls.iter().rev().find(|call| call.bracket == '(') {
        if let Some(word) = desk
            .index
            .word("loss", &call.name)
            .filter(|_| statement(desk, from, call.start).text.contains('='))
        {
            return arguments(desk, word, call, at.start);
        }
        return ports(desk, None);
    }
    let text = statement(desk, from, at.start).text;
    if text.is_empty() && from != declaration.start {
        return words(desk, "objective", "keyword");
    }
    if text.contains('=') {
        return words(desk, "loss", "function");
    }
    let mut offers = vec![Offer::new("on", "keyword", "on data { .. }")];
    offers.extend(desk.variables());
    offers
}

/// `fit!` and `compare!`; before the `;` stand Rust expressions.
fn fit(desk: &Desk<'_>, at: &Cursor, declaration: &Declaration, compare: bool) -> Option<Vec<Offer>> {
    let text = &desk.code[declaration.start..at.start];
    let options = text.iter().position(|c| *c == ';').map(|n| declaration.start + n + 1)?;
    let place = |name: &str| {
        ["optimizer", "option"]
            .into_iter()
            .find_map(|place| desk.index.word(place, name))
    };
    if let Some(call) = declaration.calls.last() {
        let statement = statement(desk, call.start, at.start);
        if let (Some(word), '{') = (place(&call.name), call.bracket) {
            return Some(match statement.assigned.as_deref() {
                Some("over" | "every" | "after") => ["Epochs", "Steps"]
                    .iter()
                    .filter_map(|p| place(p))
                    .map(|w| Offer::word(w, "function"))
                    .collect(),
                Some(_) => desk.names(at),
                None => arguments(desk, word, call, at.start),
            });
        }
        return Some(desk.names(at));
    }
    let statement = statement(desk, options, at.start);
    let known = |name: &str| {
        desk.index
            .word("fit", name)
            .or_else(|| if compare { desk.index.word("compare", name) } else { None })
    };
    if let Some(name) = &statement.assigned {
        let values = known(name).map(|word| word.values.clone()).unwrap_or_default();
        let words = values.iter().map(|value| match place(value) {
            Some(word) => Offer::word(word, "enum member"),
            None => Offer::new(value.clone(), "enum member", format!("{name} = {value}")),
        });
        let mut offers: Vec<Offer> = words.collect();
        offers.extend(desk.variables());
        return Some(offers);
    }
    let mut offers = if compare {
        words(desk, "compare", "property")
    } else {
        Vec::new()
    };
    offers.extend(words(desk, "fit", "property"));
    Some(offers)
}
