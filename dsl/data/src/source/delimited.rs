//! Tables of text: TSV, CSV and blank-separated columns.

use super::columns::{Columns, is_name};
use super::files::Content;
use crate::{DataError, Result};
use polars::prelude::{CsvParseOptions, CsvReadOptions, SerReader};

/// The title given to row labels without one.
pub(crate) const LABELS: &str = "name";

/// What a table without a line of titles is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Untitled {
    /// A mistake: its columns are asked for by title.
    Refused,
    /// Row labels and numbers; the columns are called C0, C1, .. as DRG calls them.
    Numbered,
}

/// Reads a table whose first line holds the titles. A title line may begin with `#`, and may leave out the title of
/// the row labels (as R and DRG write it); other lines that begin with `#` are comments. Where the titles begin with
/// `#`, or there are none, a later `#` begins a comment anywhere in a line; in other tables it is a letter like any.
/// With `infer`, columns of numbers become numbers; otherwise everything stays text, so that names are never changed.
pub(crate) fn read(content: &Content, infer: bool, untitled: Untitled) -> Result<Columns> {
    let text = content.text()?;
    let wrong = |line: usize, message: String| DataError::file(&content.label, Some(line), message);
    let lines: Vec<(usize, &str)> = text
        .lines()
        .enumerate()
        .map(|(i, l)| (i + 1, l.trim_start_matches('\u{feff}').trim_end_matches('\r')))
        .filter(|(_, l)| !l.trim().is_empty())
        .collect();
    let Some(&(first_line, _)) = lines.first() else {
        return Err(DataError::file(&content.label, None, "the file holds no line of titles"));
    };
    let Some(&(_, plain)) = lines.iter().find(|(_, l)| !l.starts_with('#')) else {
        return Err(wrong(first_line, "titles, but no rows".into()));
    };
    let separator = separator(plain);
    let width = fields(cut(plain), separator).len();
    // The first line that can be the titles: one after `#` that fits the rows, or one without `#`.
    let fits = |l: &str| match l.strip_prefix('#') {
        Some(titles) => [width, width.saturating_sub(1)].contains(&fields(titles.trim_start(), separator).len()),
        None => true,
    };
    let Some(place) = lines.iter().position(|(_, l)| fits(l)) else {
        return Err(wrong(first_line, "titles, but no rows".into()));
    };
    let (head_line, head) = lines[place];
    let marked = head.starts_with('#');
    let mut titles = fields(head.trim_start_matches('#').trim_start(), separator);
    let numbers = |t: &[String]| t.iter().all(|t| t.trim().parse::<f64>().is_ok());
    let label = titles.first().is_some_and(|t| t.is_empty() || is_name(t));
    let numbered = !marked && !label && titles.len() > 1 && numbers(&titles[1..]);
    if numbered && untitled == Untitled::Refused {
        let message = "the first line holds numbers; a table needs a line of titles";
        return Err(wrong(head_line, message.into()));
    }
    let rest = if numbered { &lines[place..] } else { &lines[place + 1..] };
    let body = |l: &'_ &str| if marked || numbered { cut(l).len() } else { l.len() };
    let rows: Vec<(usize, &str)> = rest
        .iter()
        .map(|(i, l)| (*i, &l[..body(l)]))
        .filter(|(_, l)| !l.starts_with('#') && !l.trim().is_empty())
        .collect();
    let Some((_, first)) = rows.first() else {
        return Err(wrong(head_line, "titles, but no rows".into()));
    };
    let columns = fields(first, separator).len();
    if numbered {
        titles = std::iter::once(LABELS.to_string())
            .chain((0..columns - 1).map(|i| format!("C{i}")))
            .collect();
    } else if columns == titles.len() + 1 {
        titles.insert(0, LABELS.into());
    }
    if let Some(twice) = titles.iter().enumerate().find(|(i, t)| titles[..*i].contains(t)) {
        return Err(wrong(head_line, format!("two columns have the title `{}`", twice.1)));
    }
    for (line, row) in &rows {
        let found = fields(row, separator).len();
        if found != titles.len() {
            let what = if numbered { "the first line" } else { "the title line" };
            let message = format!("{found} fields, but {what} has {}: `{}`", titles.len(), shorten(row));
            return Err(wrong(*line, message));
        }
    }
    let mut clean = titles.iter().map(|t| quote(t)).collect::<Vec<_>>().join("\t");
    for (_, row) in &rows {
        clean.push('\n');
        clean.push_str(&fields(row, separator).iter().map(|f| quote(f)).collect::<Vec<_>>().join("\t"));
    }
    let options = CsvReadOptions::default()
        .with_has_header(true)
        .with_infer_schema_length(if infer { None } else { Some(0) })
        .with_parse_options(CsvParseOptions::default().with_separator(b'\t'));
    let frame = options
        .into_reader_with_file_handle(std::io::Cursor::new(clean.into_bytes()))
        .finish();
    let frame = frame.map_err(|e| DataError::file(&content.label, None, e.to_string()))?;
    Ok(Columns {
        label: content.label.clone(),
        frame,
        lines: rows.iter().map(|r| r.0).collect(),
        numbered,
    })
}

fn separator(line: &str) -> char {
    ['\t', ','].into_iter().find(|s| line.contains(*s)).unwrap_or(' ')
}

/// A line without its comment, the blanks before it and one tab. More tabs stay: they are empty fields.
fn cut(line: &str) -> &str {
    let bare = |kept: &'_ str| kept.trim_end_matches(' ').len();
    match line.split_once('#') {
        Some((kept, _)) => {
            let kept = &kept[..bare(kept)];
            kept.strip_suffix('\t').unwrap_or(kept)
        }
        None => line,
    }
}

/// The fields of a line; double quotes keep separators inside a field.
fn fields(line: &str, separator: char) -> Vec<String> {
    if separator == ' ' {
        return line.split_whitespace().map(str::to_string).collect();
    }
    if !line.contains('"') {
        return line.split(separator).map(str::to_string).collect();
    }
    let (mut found, mut field, mut quoted) = (Vec::new(), String::new(), false);
    let mut letters = line.chars().peekable();
    while let Some(c) = letters.next() {
        match c {
            '"' if quoted && letters.peek() == Some(&'"') => {
                letters.next();
                field.push('"');
            }
            '"' => quoted = !quoted,
            c if c == separator && !quoted => found.push(std::mem::take(&mut field)),
            c => field.push(c),
        }
    }
    found.push(field);
    found
}

fn quote(field: &str) -> String {
    if field.contains(['\t', '"', '\n']) {
        format!("\"{}\"", field.replace('"', "\"\""))
    } else {
        field.to_string()
    }
}

fn shorten(line: &str) -> String {
    let mut short: String = line.chars().take(60).collect();
    if short.len() < line.len() {
        short.push('…');
    }
    short.replace('\t', " ")
}
