//! What rustc says, led back to the cell and rendered as the cell's own mistakes.

use super::fragment::{Source, floor, line_column};
use super::notes::note;
use super::wording;
use serde_json::Value;
use std::collections::BTreeMap;

const RED: &str = "\u{1b}[31m";
const YELLOW: &str = "\u{1b}[33m";
const BLUE: &str = "\u{1b}[34m";
const PLAIN: &str = "\u{1b}[0m";

/// One message of rustc.
#[derive(Clone, Debug)]
pub(crate) struct Message(pub(crate) Value);

/// A place in a cell: its number and a byte range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) cell: usize,
    pub(crate) start: usize,
    pub(crate) end: usize,
}

impl Message {
    /// The messages of rustc's output, one JSON object per line.
    pub(crate) fn read_all(output: &str) -> Vec<Self> {
        output
            .lines()
            .filter_map(|line| serde_json::from_str(line).ok().map(Self))
            .collect()
    }

    /// Whether it is an error with content of its own ("aborting due to" has none).
    pub(crate) fn is_error(&self) -> bool {
        let level = self.0["level"].as_str().unwrap_or_default();
        level.starts_with("error") && !self.text().starts_with("aborting due to") && !self.text().starts_with("could not compile")
    }

    /// Whether it is a warning.
    pub(crate) fn is_warning(&self) -> bool {
        self.0["level"] == "warning"
    }

    pub(crate) fn code(&self) -> &str {
        self.0["code"]["code"].as_str().unwrap_or_default()
    }

    pub(crate) fn text(&self) -> &str {
        self.0["message"].as_str().unwrap_or_default()
    }

    /// The line of the generated source that its main span begins on.
    pub(crate) fn line(&self) -> usize {
        let spans = self.0["spans"].as_array().map(Vec::as_slice).unwrap_or_default();
        let main = spans.iter().find(|s| s["is_primary"] == true);
        main.and_then(|s| s["line_start"].as_u64()).unwrap_or(0) as usize
    }

    /// The source that its main span is about, if that is in one line.
    pub(crate) fn pointed_at(&self) -> Option<String> {
        let spans = self.0["spans"].as_array()?;
        let [line] = spans.iter().find(|s| s["is_primary"] == true)?["text"].as_array()?.as_slice() else {
            return None;
        };
        let column = |name: &str| line[name].as_u64().map(|c| (c as usize).saturating_sub(1));
        let (start, end) = (column("highlight_start")?, column("highlight_end")?);
        Some(line["text"].as_str()?.chars().take(end).skip(start).collect())
    }

    /// The lines of the generated source that its spans begin on, with their labels.
    pub(crate) fn labels(&self) -> impl Iterator<Item = (usize, &str)> {
        let spans = self.0["spans"].as_array().map(Vec::as_slice).unwrap_or_default();
        spans.iter().map(|s| {
            (
                s["line_start"].as_u64().unwrap_or(0) as usize,
                s["label"].as_str().unwrap_or_default(),
            )
        })
    }

    /// The lines of the generated source that its notes point at.
    pub(crate) fn note_lines(&self) -> impl Iterator<Item = usize> {
        let children = self.0["children"].as_array().map(Vec::as_slice).unwrap_or_default();
        let spans = children.iter().filter_map(|child| child["spans"].as_array());
        spans.flatten().map(|span| span["line_start"].as_u64().unwrap_or(0) as usize)
    }

    /// The message, its labels and its notes.
    pub(crate) fn all_text(&self) -> String {
        let children = self.0["children"].as_array().map(Vec::as_slice).unwrap_or_default();
        let notes = children.iter().filter_map(|child| child["message"].as_str());
        std::iter::once(self.text())
            .chain(self.labels().map(|(_, label)| label))
            .chain(notes)
            .collect::<Vec<_>>()
            .join("\n")
    }

    /// The variable that a message about borrowing is about.
    pub(crate) fn owner(&self) -> Option<String> {
        let text = self.text();
        let name = if text.starts_with("closure may outlive") {
            text.split("borrows `").nth(1)?.split('`').next()?
        } else {
            text.split('`').nth(1)?
        };
        let plain = name.chars().all(|c| c.is_alphanumeric() || c == '_');
        (plain && !name.starts_with("__")).then(|| name.to_string())
    }

    /// The main place in a cell, and the labels of all places in cells.
    pub(crate) fn places(&self, own_file: &str, source: &Source) -> Vec<(Place, bool, String)> {
        places_of(&self.0, own_file, source)
    }
}

fn places_of(message: &Value, own_file: &str, source: &Source) -> Vec<(Place, bool, String)> {
    let spans = message["spans"].as_array().map(Vec::as_slice).unwrap_or_default();
    let place = |span: &Value| {
        let label = span["label"].as_str().unwrap_or_default().to_string();
        Some((place_of(span, own_file, source)?, span["is_primary"] == true, label))
    };
    spans.iter().filter_map(place).collect()
}

/// Follows a span through macro expansions until it lies in text that a person wrote.
fn place_of(span: &Value, own_file: &str, source: &Source) -> Option<Place> {
    let byte = |name: &str| span[name].as_u64().map(|b| b as usize);
    if span["file_name"] == own_file
        && let (Some(start), Some(end)) = (byte("byte_start"), byte("byte_end"))
        && let Some((cell, from)) = source.origin(start)
    {
        let to = source
            .origin(end)
            .filter(|(c, to)| *c == cell && *to >= from)
            .map_or(from, |(_, to)| to);
        return Some(Place {
            cell,
            start: from,
            end: to,
        });
    }
    let expansion = &span["expansion"]["span"];
    if expansion.is_object() {
        place_of(expansion, own_file, source)
    } else {
        None
    }
}

/// The texts of cells by number, with the number that Jupyter shows.
pub(crate) type Texts<'a> = BTreeMap<usize, (&'a str, usize)>;

/// A message as a cell shows it: what, where, the line underlined, notes.
pub(crate) fn render(message: &Message, own_file: &str, source: &Source, texts: &Texts<'_>) -> String {
    let code = message.code();
    let code = if code.is_empty() { String::new() } else { format!("[{code}]") };
    let (colour, level) = if message.is_error() {
        (RED, "error")
    } else {
        (YELLOW, "warning")
    };
    let mut out = format!("{colour}{level}{code}{PLAIN}: {}", wording::plain(message.text()));
    let mut places = message.places(own_file, source);
    wording::name_uses(&mut places);
    wording::name_opening(&mut places);
    places.sort_by_key(|(_, main, _)| !main);
    places.dedup_by(|a, b| a.0 == b.0 && a.2 == b.2);
    for (place, main, label) in places.iter().filter(|(_, main, label)| *main || !label.is_empty()) {
        out.push('\n');
        out.push_str(&underline(*place, if *main { '^' } else { '-' }, label, texts));
    }
    for child in message.0["children"].as_array().map(Vec::as_slice).unwrap_or_default() {
        let text = child["message"].as_str().unwrap_or_default();
        let level = child["level"].as_str().unwrap_or("note");
        let Some(shown) = note(child, texts).filter(|_| !is_noise(text) && !wording::is_never(message)) else {
            continue;
        };
        out.push_str(&format!("\n  {BLUE}= {level}{PLAIN}: {}", shown.replace('\n', "\n    ")));
        let spans = child["spans"].as_array().map(Vec::as_slice).unwrap_or_default();
        let words = spans.iter().filter(|s| place_of(s, own_file, source).is_some());
        let words: Vec<&str> = words
            .filter_map(|s| s["suggested_replacement"].as_str())
            .filter(|w| !w.trim().is_empty() && !shown.contains(&format!("`{}`", w.trim())))
            .collect();
        if let [only] = words.as_slice() {
            out.push_str(&format!(": `{}`", only.trim()));
        }
    }
    out
}

/// Notes about our own machinery or about compilers, which help nobody in a notebook.
fn is_noise(text: &str) -> bool {
    let marks = [
        "this error originates in the",
        "__store",
        "__result",
        "__value",
        "evcxr_display",
        "the lint level is defined here",
        "for more information about this error",
        "perhaps two different versions of crate",
        "run with `RUST_BACKTRACE",
        "`#[warn",
        "`#[deny",
    ];
    marks.iter().any(|mark| text.contains(mark))
}

/// The place and its first line, underlined.
pub(crate) fn underline(place: Place, mark: char, label: &str, texts: &Texts<'_>) -> String {
    let Some((text, count)) = texts.get(&place.cell) else {
        return String::new();
    };
    let (line, column) = line_column(text, place.start);
    let shown = text.lines().nth(line - 1).unwrap_or_default();
    let start = floor(text, place.start);
    let end = floor(text, place.end.max(place.start));
    let width = text[start..end].lines().next().map_or(0, |l| l.chars().count()).max(1);
    let number = line.to_string();
    let margin = " ".repeat(number.len());
    let blank: String = shown
        .chars()
        .take(column - 1)
        .map(|c| if c == '\t' { '\t' } else { ' ' })
        .collect();
    let marks = mark.to_string().repeat(width);
    let colour = if mark == '^' { RED } else { BLUE };
    let label = if label.is_empty() {
        String::new()
    } else {
        format!(" {}", wording::plain(label).replace('\n', " "))
    };
    format!(
        "{margin}{BLUE}-->{PLAIN} cell [{count}], line {line}:{column}\n{margin} {BLUE}|{PLAIN}\n\
         {BLUE}{number} |{PLAIN} {shown}\n{margin} {BLUE}|{PLAIN} {blank}{colour}{marks}{label}{PLAIN}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::fragment::Fragment;

    #[test]
    fn a_message_shows_the_line_of_the_cell() {
        let text = "let a = 1;\nlet b: u8 = \"x\";";
        let mut source = Source::default();
        source.line("generated");
        source.fragment(&Fragment::new(7, text, 11..text.len(), &[]));
        let start = source.text.find("\"x\"").unwrap_or_default();
        let message = Message(serde_json::json!({
            "level": "error", "message": "mismatched types", "code": {"code": "E0308"},
            "spans": [{"file_name": "cell_7", "is_primary": true, "byte_start": start, "byte_end": start + 3, "line_start": 2,
                       "label": "expected `u8`, found `&str`"}],
            "children": [{"level": "help", "message": "try this", "spans": []}],
        }));
        let texts: Texts<'_> = [(7, (text, 3))].into();
        let shown = render(&message, "cell_7", &source, &texts);
        let plain = shown.replace(RED, "").replace(BLUE, "").replace(PLAIN, "");
        assert!(
            plain.contains("error[E0308]: mismatched types\n --> cell [3], line 2:13"),
            "{plain}"
        );
        assert!(
            plain.contains("2 | let b: u8 = \"x\";\n  |             ^^^ expected `u8`"),
            "{plain}"
        );
        assert!(plain.contains("= help: try this"), "{plain}");
    }

    #[test]
    fn a_place_inside_a_macro_is_where_the_macro_is_called() {
        let text = "boom!()";
        let mut source = Source::default();
        source.fragment(&Fragment::new(2, text, 0..7, &[]));
        let span = serde_json::json!({"file_name": "cell_1", "byte_start": 0, "byte_end": 3, "is_primary": true,
            "expansion": {"span": {"file_name": "cell_2", "byte_start": 0, "byte_end": 7, "is_primary": false}}});
        assert_eq!(
            place_of(&span, "cell_2", &source),
            Some(Place {
                cell: 2,
                start: 0,
                end: 7
            })
        );
    }
}
