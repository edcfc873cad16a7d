//! `input dna: Dna = ..` and `output y = ..`

use super::arguments::{Call, Located};
use super::join::Joined;
use super::{Reader, at};
use crate::audit::Remark;
use crate::dataset::{Content, Input, Output};
use crate::source::delimited::{self, Untitled};
use crate::source::npz::Archive;
use cistron_declaration::{Diagnostic, Entry, Kind, Span, did_you_mean};

/// An input before the join.
pub(crate) struct RawInput {
    pub(super) name: String,
    pub(super) source: usize,
    pub(super) content: Content,
    /// Sequences that are shorter than the longest.
    pub(super) padded: usize,
    pub(super) ambiguous: usize,
}

/// An output before the join.
pub(crate) struct RawOutput {
    name: String,
    pub(crate) source: usize,
    tracks: Vec<String>,
    values: Vec<f32>,
    pub(crate) masked: bool,
    pub(crate) span: Span,
}

impl Reader<'_> {
    pub(crate) fn read_input(&mut self, entry: &Entry) -> Located<()> {
        let name = entry.name.clone().unwrap_or_default();
        let kind = match &entry.kind {
            Some(kind) => match &kind.kind {
                Kind::Name(word) => (word.as_str(), kind.span),
                _ => return Err(Diagnostic::error(kind.span, "this kind of input cannot run yet")),
            },
            None => {
                return Err(Diagnostic::error(entry.span, format!("input `{name}` has no kind"))
                    .help(format!("write `input {name}: Dna = ..`; kinds: Dna, Rna, Category, Scalar")));
            }
        };
        match kind.0 {
            "Dna" | "Rna" => self.read_sequences(entry, name, kind.0 == "Rna"),
            "Category" => self.read_category(entry, name),
            "Scalar" => {
                let raw = self.numbers(entry, &name)?;
                if let Some(i) = raw.values.iter().position(|v| !v.is_finite()) {
                    let place = self.place(
                        raw.source,
                        i / raw.tracks.len(),
                        &self.sources[raw.source].names[i / raw.tracks.len()],
                    );
                    return Err(Diagnostic::error(
                        entry.value.span,
                        format!("input `{name}` has no finite value in {place}"),
                    ));
                }
                let content = Content::Scalar {
                    tracks: raw.tracks,
                    values: raw.values,
                };
                self.inputs.push(RawInput {
                    name,
                    source: raw.source,
                    content,
                    padded: 0,
                    ambiguous: 0,
                });
                Ok(())
            }
            "Track" | "Bins" | "Map" => Err(Diagnostic::error(
                kind.1,
                format!("an input of kind `{}` cannot run yet", kind.0),
            )),
            other => Err(Diagnostic::error(kind.1, format!("unknown kind `{other}`"))
                .help(did_you_mean(other, ["Dna", "Rna", "Category", "Scalar"]))),
        }
    }

    fn read_category(&mut self, entry: &Entry, name: String) -> Located<()> {
        let (records, title, span) = self.column_of(&entry.value)?;
        let values = self.records[records].columns.text(&title).map_err(at(span))?;
        if let Some(row) = values.iter().position(String::is_empty) {
            let place = self.records[records].columns.place(row);
            return Err(Diagnostic::error(
                span,
                format!("{place}: column `{title}` is empty, but a category is needed"),
            ));
        }
        let mut levels = values.clone();
        levels.sort();
        levels.dedup();
        let codes = values.iter().filter_map(|v| levels.binary_search(v).ok()).collect();
        let source = self.records_source(records, span);
        self.inputs.push(RawInput {
            name,
            source,
            content: Content::Category { levels, codes },
            padded: 0,
            ambiguous: 0,
        });
        Ok(())
    }

    pub(crate) fn read_output(&mut self, entry: &Entry) -> Located<()> {
        let name = entry.name.clone().unwrap_or_default();
        if let Some(kind) = &entry.kind {
            match &kind.kind {
                Kind::Name(word) if word == "Scalar" => {}
                Kind::Name(word) | Kind::Call { function: word, .. }
                    if matches!(word.as_str(), "Bins" | "Map" | "Track" | "Category" | "Dna" | "Rna") =>
                {
                    return Err(Diagnostic::error(
                        kind.span,
                        format!("an output of kind `{word}` cannot run yet"),
                    ));
                }
                Kind::Name(word) => {
                    return Err(
                        Diagnostic::error(kind.span, format!("unknown kind `{word}`")).help(did_you_mean(word, ["Scalar"]))
                    );
                }
                _ => return Err(Diagnostic::error(kind.span, "expected a kind, such as `Scalar`")),
            }
        }
        let raw = self.numbers(entry, &name)?;
        self.outputs.push(raw);
        Ok(())
    }

    /// Numbers from a column, a whole table (names x tracks) or an array.
    fn numbers(&mut self, entry: &Entry, name: &str) -> Located<RawOutput> {
        let value = &entry.value;
        let raw = |source, tracks, values, masked, span| RawOutput {
            name: name.to_string(),
            source,
            tracks,
            values,
            masked,
            span,
        };
        if matches!(&value.kind, Kind::Field { .. }) {
            let (records, title, span) = self.column_of(value)?;
            let values = self.records[records].columns.numbers(&title).map_err(at(span))?;
            return Ok(raw(self.records_source(records, span), vec![title], values, false, span));
        }
        let call = Call::of(value, self.captures, "a source of numbers: `table`, `npz` or a column")?;
        match call.function {
            "column" => {
                call.only(&["missing"])?;
                let (records, title, span) = self.column_of(value)?;
                let values = self.records[records].columns.numbers(&title).map_err(at(span))?;
                let masked = call.word("missing", "masked")?;
                Ok(raw(self.records_source(records, span), vec![title], values, masked, span))
            }
            "table" | "frame" => {
                call.only(&["name", "missing"])?;
                let (columns, span) = if call.function == "frame" {
                    (crate::source::columns::Columns::from_frame(call.frame()?), call.span)
                } else {
                    let (path, span) = call.text()?;
                    let content = self.open(&path, span)?;
                    let columns = delimited::read(&content, false, Untitled::Numbered).map_err(at(span))?;
                    if columns.numbered {
                        let text = format!("{path}: no line of titles; its columns are called C0, C1, ..");
                        self.remarks.push(Remark::amber(text));
                    }
                    (columns, span)
                };
                let titles = columns.titles();
                let chosen = call.named_text("name")?.or_else(|| titles.first().cloned());
                let index = self.add_records(None, columns, chosen, span)?;
                let records = &self.records[index];
                let tracks: Vec<String> = titles
                    .into_iter()
                    .filter(|t| Some(t) != records.name_column.as_ref())
                    .collect();
                if tracks.is_empty() {
                    return Err(Diagnostic::error(
                        span,
                        format!("{}: names, but no columns of values", records.columns.label),
                    ));
                }
                let mut values = vec![0f32; records.names.len() * tracks.len()];
                for (i, track) in tracks.iter().enumerate() {
                    for (row, v) in records.columns.numbers(track).map_err(at(span))?.into_iter().enumerate() {
                        values[row * tracks.len() + i] = v;
                    }
                }
                let masked = call.word("missing", "masked")?;
                Ok(raw(self.records_source(index, span), tracks, values, masked, span))
            }
            "npz" => {
                call.only(&["key", "names", "missing"])?;
                let (path, span) = call.text()?;
                let file = self.open_stream(&path, span)?;
                let mut archive = Archive::open(&file).map_err(at(span))?;
                let key = archive.number_key(call.named_text("key")?.as_deref()).map_err(at(span))?;
                let (shape, values) = archive.numbers(&key).map_err(at(span))?;
                let (rows, count) = (shape.first().copied().unwrap_or(0), shape.get(1).copied().unwrap_or(1));
                if shape.len() > 2 || rows * count == 0 {
                    let message = format!("{path}: array `{key}` has shape {shape:?}; an output has n or n x tracks numbers");
                    return Err(Diagnostic::error(span, message));
                }
                let names = archive.names(call.named_text("names")?.as_deref(), rows).map_err(at(span))?;
                let tracks = archive.tracks(count).map_err(at(span))?.unwrap_or_else(|| {
                    if count == 1 {
                        vec![key.clone()]
                    } else {
                        (1..=count).map(|i| format!("{key}{i}")).collect()
                    }
                });
                let masked = call.word("missing", "masked")?;
                let source = self.npz_source(&path, names, rows, span)?;
                Ok(raw(source, tracks, values, masked, span))
            }
            other => Err(cannot_give(other, "numbers", call.span, &["table", "npz", "column", "frame"])),
        }
    }

    /// The source of an archive's rows; all its arrays that are used must have as many.
    pub(super) fn npz_source(&mut self, path: &str, names: Option<Vec<String>>, rows: usize, span: Span) -> Located<usize> {
        let source = self.source(&format!("npz {path}"), path, names.unwrap_or_else(|| numbered(rows)), span);
        let known = self.sources[source].names.len();
        if known != rows {
            return Err(Diagnostic::error(
                span,
                format!("{path}: an array has {rows} rows, another one {known}"),
            ));
        }
        Ok(source)
    }
}

fn numbered(rows: usize) -> Vec<String> {
    (1..=rows).map(|i| format!("row {i}")).collect()
}

/// A source that exists for other things, or not at all.
pub(super) fn cannot_give(function: &str, what: &str, span: Span, known: &[&str]) -> Diagnostic {
    match function {
        "twobit" | "bigwig" | "bed" | "narrowpeak" | "cooler" | "tfrecords" | "intervals" | "sequence" => {
            Diagnostic::error(span, format!("the source `{function}` cannot run yet"))
        }
        _ => Diagnostic::error(span, format!("`{function}` gives no {what}")).help(did_you_mean(function, known.iter().copied())),
    }
}

impl RawInput {
    /// The rows that all sources have.
    pub(crate) fn pick(self, joined: &Joined, remarks: &mut Vec<Remark>) -> Input {
        if self.padded > 0 {
            remarks.push(Remark::plain(format!(
                "input `{}`: {} sequences are shorter than the longest and end in zeros",
                self.name, self.padded
            )));
        }
        if self.ambiguous > 0 {
            remarks.push(Remark::amber(format!(
                "input `{}`: {} ambiguous letters (R, Y, ..) are read as N",
                self.name, self.ambiguous
            )));
        }
        let rows = &joined.rows[self.source];
        let content = match self.content {
            Content::Sequence { codes, rna } => {
                let whole = joined.whole(self.source, codes.len());
                let codes = if whole { codes } else { codes.pick(rows) };
                Content::Sequence { codes, rna }
            }
            Content::Category { levels, codes } => Content::Category {
                levels,
                codes: rows.iter().map(|&r| codes[r]).collect(),
            },
            Content::Scalar { tracks, values } => {
                let n = tracks.len();
                Content::Scalar {
                    tracks,
                    values: rows.iter().flat_map(|&r| &values[r * n..(r + 1) * n]).copied().collect(),
                }
            }
        };
        Input {
            name: self.name,
            content,
        }
    }
}

impl RawOutput {
    /// The rows that all sources have.
    pub(crate) fn pick(self, joined: &Joined) -> Output {
        let n = self.tracks.len();
        let values = joined.rows[self.source]
            .iter()
            .flat_map(|&r| &self.values[r * n..(r + 1) * n]);
        let values = values
            .map(|&v| if v.is_finite() || !self.masked { v } else { f32::NAN })
            .collect();
        Output {
            name: self.name,
            tracks: self.tracks,
            values,
        }
    }
}
