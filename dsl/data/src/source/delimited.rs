//! Tables of text: TSV, CSV and blank-separated columns.

use super::columns::Columns;
use super::files::Content;
use crate::{DataError, Result};
use polars::prelude::{CsvParseOptions, CsvReadOptions, SerReader};

/// The title given to row labels without one.
pub(crate) const LABELS: &str = "name";

/// Reads a table whose first line holds the titles. A title line may begin with `#`, and may leave out the title of
/// the row labels (as R and DRG write it); later lines that begin with `#` are comments. With `infer`, columns of
/// numbers become numbers; otherwise everything stays text, so that names are never changed.
pub(crate) fn read(content: &Content, infer: bool) -> Result<Columns> {
    let text = content.text()?;
    let mut lines = text.lines().enumerate().filter(|(_, l)| !l.trim().is_empty());
    let Some((head_line, head)) = lines.next() else {
        return Err(DataError::file(&content.label, None, "the file holds no line of titles"));
    };
    let head = head.trim_start_matches('\u{feff}');
    let titles_text = head.strip_prefix('#').map_or(head, str::trim_start);
    let separator = if head.contains('\t') {
        '\t'
    } else if head.contains(',') {
        ','
    } else {
        ' '
    };
    let mut titles = fields(titles_text, separator);
    let rows: Vec<(usize, &str)> = lines.filter(|(_, l)| !l.starts_with('#')).map(|(i, l)| (i + 1, l)).collect();
    let Some((_, first)) = rows.first() else {
        return Err(DataError::file(&content.label, Some(head_line + 1), "titles, but no rows"));
    };
    if fields(first, separator).len() == titles.len() + 1 {
        titles.insert(0, LABELS.into());
    }
    if titles.len() > 1 && titles[1..].iter().all(|t| t.parse::<f64>().is_ok()) {
        let message = "the first line holds numbers; a table needs a line of titles";
        return Err(DataError::file(&content.label, Some(head_line + 1), message));
    }
    if let Some(twice) = titles.iter().enumerate().find(|(i, t)| titles[..*i].contains(t)) {
        let message = format!("two columns have the title `{}`", twice.1);
        return Err(DataError::file(&content.label, Some(head_line + 1), message));
    }
    for (line, row) in &rows {
        let found = fields(row, separator).len();
        if found != titles.len() {
            let message = format!("{found} fields, but the title line has {}: `{}`", titles.len(), shorten(row));
            return Err(DataError::file(&content.label, Some(*line), message));
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
    })
}

/// The fields of a line; double quotes keep separators inside a field.
fn fields(line: &str, separator: char) -> Vec<String> {
    let line = line.trim_end_matches('\r');
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
