//! HTML and SVG: the same elements, with attributes and text within tolerance.

use super::rules::{LeftOut, TIME, masked};
use super::tables::HEAD;
use super::words::{Kind, same};

/// A piece of markup.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Piece<'a> {
    /// `<name key="value">`; one that closes itself (`<br/>`) is followed by its [`Piece::Close`].
    Open(&'a str, Vec<(&'a str, &'a str)>),
    /// `</name>`.
    Close(&'a str),
    /// Text between.
    Text(&'a str),
}

/// The pieces of a markup; text that only looks like a tag is text.
pub(super) fn pieces(markup: &str) -> Vec<Piece<'_>> {
    let mut out = Vec::new();
    let mut rest = markup;
    while !rest.is_empty() {
        let text = rest.find('<').unwrap_or(rest.len());
        if !rest[..text].trim().is_empty() {
            out.push(Piece::Text(rest[..text].trim()));
        }
        rest = &rest[text..];
        if let Some(comment) = rest.strip_prefix("<!--") {
            rest = comment.split_once("-->").map_or("", |(_, after)| after);
            continue;
        }
        let Some(end) = end_of_tag(rest) else {
            if !rest.trim().is_empty() {
                out.push(Piece::Text(rest.trim()));
            }
            break;
        };
        let tag = rest[1..end].trim();
        let closed = tag.len() > 1 && tag.ends_with('/');
        let inner = if closed { tag.trim_end_matches('/').trim() } else { tag };
        rest = &rest[end + 1..];
        match inner.strip_prefix('/') {
            Some(name) => out.push(Piece::Close(name.trim())),
            None if inner.starts_with(['!', '?']) => {}
            None => {
                let (name, attributes) = inner.split_once(char::is_whitespace).unwrap_or((inner, ""));
                out.push(Piece::Open(name, read_attributes(attributes)));
                if closed {
                    out.push(Piece::Close(name));
                }
            }
        }
    }
    out
}

/// Where the tag at the start of a text ends: a bracket inside quotes does not end it.
fn end_of_tag(text: &str) -> Option<usize> {
    let mut quote = None;
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), c) if c == open => quote = None,
            (None, '>') => return Some(at),
            _ => {}
        }
    }
    None
}

fn read_attributes(text: &str) -> Vec<(&str, &str)> {
    let mut out = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let end = rest.find(|c: char| c == '=' || c.is_whitespace()).unwrap_or(rest.len());
        let name = &rest[..end];
        rest = rest[end..].trim_start();
        let mut value = "";
        if let Some(after) = rest.strip_prefix('=') {
            let after = after.trim_start();
            let quote = after.chars().next().filter(|c| matches!(c, '"' | '\''));
            (value, rest) = match quote {
                Some(quote) => after[1..].split_once(quote).unwrap_or((&after[1..], "")),
                None => after.split_at(after.find(char::is_whitespace).unwrap_or(after.len())),
            };
        }
        if !name.is_empty() {
            out.push((name, value));
        }
        rest = rest.trim_start();
    }
    out
}

/// The first difference between two markups, as a sentence; none where they are the same.
pub(super) fn difference(stored: &str, now: &str, tolerance: f64, largest: &mut f64, left_out: &mut LeftOut) -> Option<String> {
    if stored == now {
        return None;
    }
    let (mut ours, mut theirs) = (Columns::default(), Columns::default());
    let (stored, now) = (pieces(stored), pieces(now));
    for (a, b) in stored.iter().zip(&now) {
        let times = (ours.is_time(a), theirs.is_time(b));
        let found = match (a, b) {
            (Piece::Text(_), Piece::Text(_)) if times == (true, true) => {
                *left_out.entry("times in tables").or_default() += 1;
                None
            }
            (Piece::Text(a), Piece::Text(b)) => {
                let (a, b) = (masked(a, true, &mut LeftOut::new()), masked(b, true, left_out));
                (!same(&a, &b, Kind::Prose, tolerance, largest)).then(|| format!("text `{a}` | `{b}`"))
            }
            (Piece::Close(a), Piece::Close(b)) if a == b => None,
            (Piece::Open(name, old), Piece::Open(other, new)) if name == other => {
                attribute_difference(name, old, new, tolerance, largest, left_out)
            }
            (a, b) => Some(format!("{} | {}", a.name(), b.name())),
        };
        if found.is_some() {
            return found;
        }
    }
    let (a, b) = (stored.len(), now.len());
    (a != b).then(|| format!("{a} elements and texts | {b}"))
}

fn attribute_difference(
    name: &str,
    old: &[(&str, &str)],
    new: &[(&str, &str)],
    tolerance: f64,
    largest: &mut f64,
    left_out: &mut LeftOut,
) -> Option<String> {
    let names = |list: &[(&str, &str)]| list.iter().map(|(name, _)| (*name).to_string()).collect::<Vec<_>>();
    if names(old) != names(new) {
        return Some(format!(
            "attributes of <{name}>: {} | {}",
            names(old).join(" "),
            names(new).join(" ")
        ));
    }
    old.iter().zip(new).find_map(|((key, a), (_, b))| {
        let kind = match *key {
            "aria-label" | "alt" | "title" => Kind::Prose,
            _ => Kind::Drawing,
        };
        let (a, b) = (masked(a, true, &mut LeftOut::new()), masked(b, true, left_out));
        (!same(&a, &b, kind, tolerance, largest)).then(|| format!("<{name} {key}> `{}` | `{}`", cut(&a), cut(&b)))
    })
}

fn cut(text: &str) -> String {
    let short: String = text.chars().take(60).collect();
    if short.len() < text.len() { short + "…" } else { short }
}

impl Piece<'_> {
    fn name(&self) -> String {
        match self {
            Piece::Open(name, _) => format!("<{name}>"),
            Piece::Close(name) => format!("</{name}>"),
            Piece::Text(text) => format!("text `{}`", cut(text)),
        }
    }
}

/// Which column of a table a text stands in, and whether that column holds times.
#[derive(Default)]
struct Columns {
    column: usize,
    in_head: bool,
    times: Vec<usize>,
}

impl Columns {
    /// Takes in the next piece and answers whether it is a number in a column of times.
    fn is_time(&mut self, piece: &Piece<'_>) -> bool {
        match piece {
            Piece::Open("table", _) => *self = Self::default(),
            Piece::Close("table") => self.times.clear(),
            Piece::Open("tr", _) => self.column = 0,
            Piece::Open(cell @ ("td" | "th"), _) => self.in_head = *cell == "th",
            Piece::Close("td" | "th") => {
                self.column += 1;
                self.in_head = false;
            }
            Piece::Text(text) if self.in_head && *text == HEAD => self.times.push(self.column),
            Piece::Text(text) => {
                let number = text.parse::<f64>().is_ok() || *text == TIME;
                return !self.in_head && number && self.times.contains(&self.column);
            }
            _ => {}
        }
        false
    }
}

/// The pictures inside a markup, each from `<svg` to its end.
pub(super) fn pictures(markup: &str) -> Vec<&str> {
    let mut out = Vec::new();
    let mut rest = markup;
    while let Some(start) = rest.find("<svg") {
        let (mut depth, mut at) = (0usize, start);
        let end = loop {
            let open = rest[at..].find("<svg").map(|i| at + i);
            let Some(close) = rest[at..].find("</svg>").map(|i| at + i) else {
                break rest.len();
            };
            match open {
                Some(open) if open < close => {
                    depth += 1;
                    at = open + 4;
                }
                _ => {
                    depth = depth.saturating_sub(1);
                    at = close + 6;
                    if depth == 0 {
                        break at;
                    }
                }
            }
        };
        out.push(&rest[start..end]);
        rest = &rest[end..];
    }
    out
}

/// How deep elements stand inside each other.
pub(crate) fn depth(markup: &str) -> usize {
    let (mut deepest, mut at) = (0usize, 0usize);
    for piece in pieces(markup) {
        match piece {
            Piece::Open(..) => at += 1,
            Piece::Close(_) => at = at.saturating_sub(1),
            Piece::Text(_) => {}
        }
        deepest = deepest.max(at);
    }
    deepest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn between(a: &str, b: &str, tolerance: f64) -> Option<String> {
        difference(a, b, tolerance, &mut 0.0, &mut LeftOut::new())
    }

    #[test]
    fn markup_is_cut_into_pieces() {
        let cut = pieces("<a x=\"1 > 0\" y='b' z>t &lt; <br/></a><!-- <p> -->");
        assert_eq!(
            cut,
            [
                Piece::Open("a", vec![("x", "1 > 0"), ("y", "b"), ("z", "")]),
                Piece::Text("t &lt;"),
                Piece::Open("br", vec![]),
                Piece::Close("br"),
                Piece::Close("a")
            ]
        );
        for odd in ["<", "<a", "a<b", "<a b=", "<a b='", "<!-- x", "</", "<>", "<é ü=ö>"] {
            pieces(odd);
        }
    }

    #[test]
    fn paths_are_compared_as_numbers() {
        let (a, b) = ("<path d=\"M1.0 2h4L5 6\"/>", "<path d=\"M1.0004 2h4L5 6\"/>");
        assert_eq!(between(a, b, 1e-3), None);
        let said = between(a, b, 0.0).expect("they differ");
        assert!(said.starts_with("<path d> `M1.0 2h4L5 6` | `M1.0004"), "{said}");
        assert_eq!(between("<a/><b/>", "<a/><c/>", 1.0).as_deref(), Some("<b> | <c>"));
        assert_eq!(between("<a/>", "<a/><c/>", 1.0).as_deref(), Some("2 elements and texts | 4"));
        assert!(between("<a fill=\"#000001\"/>", "<a fill=\"#000002\"/>", 0.5).is_some());
    }

    #[test]
    fn columns_of_times_do_not_count() {
        let table = |loss: &str, time: &str| {
            format!(
                "<table><tr><th>loss</th><th>seconds<br><span>f64</span></th></tr><tr><td>{loss}</td><td>{time}</td></tr></table>"
            )
        };
        assert_eq!(between(&table("1", "2"), &table("1", "3"), 0.0), None);
        assert!(between(&table("1", "2"), &table("2", "2"), 0.0).is_some());
        assert!(between(&table("1", "2"), &table("1", "failed"), 0.0).is_some());
    }

    #[test]
    fn pictures_are_found_whole() {
        let html = "<p><svg a><svg></svg></svg> and <svg b></svg><svg";
        assert_eq!(pictures(html), ["<svg a><svg></svg></svg>", "<svg b></svg>", "<svg"]);
    }
}
