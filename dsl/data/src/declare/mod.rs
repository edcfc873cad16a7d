//! A `data!` declaration becomes a data set: its statements are read in turn, so that all mistakes are reported at
//! once; then the sources are joined by name, values checked and rows assigned to parts.

mod arguments;
mod checks;
mod classes;
mod folds;
mod join;
mod ports;
mod records;
mod sequences;
mod splits;
mod tracks;

use crate::audit::Remark;
use crate::captured::Captured;
use crate::dataset::Contents;
use crate::fingerprint::FilePrint;
use crate::source::files;
use crate::{DataError, Result};
use arguments::Located;
use cistron_declaration::{DataDeclaration, DataStatement, Diagnostic, Diagnostics, Expression, Kind, Span, did_you_mean};
use ports::{RawInput, RawOutput};
use records::Records;

const WORDS: [&str; 10] = [
    "records", "input", "output", "classes", "folds", "split", "sample", "genome", "cells", "windows",
];

/// So many names are shown of those that were dropped or lack something.
const SHOWN: usize = 5;

/// Where rows come from: names, and how to call it in messages.
pub(crate) struct Source {
    /// Equal keys hold the same rows in the same order.
    key: String,
    label: String,
    names: Vec<String>,
    span: Span,
}

/// What has been read so far.
pub(crate) struct Reader<'a> {
    captures: &'a [Captured],
    records: Vec<Records>,
    sources: Vec<Source>,
    inputs: Vec<RawInput>,
    outputs: Vec<RawOutput>,
    files: Vec<FilePrint>,
    remarks: Vec<Remark>,
    mistakes: Vec<Diagnostic>,
    /// The names of records that could not be read.
    unread: Vec<String>,
}

/// The first names of many.
pub(crate) fn few<'n>(names: impl ExactSizeIterator<Item = &'n str>) -> String {
    let more = if names.len() > SHOWN { ", .." } else { "" };
    format!("{}{more}", names.take(SHOWN).collect::<Vec<_>>().join(", "))
}

/// A mistake in a file, at the place in the declaration that names the file.
pub(crate) fn at(span: Span) -> impl Fn(DataError) -> Diagnostic {
    move |error| match error {
        DataError::File { path, line, message } => {
            let line = line.map(|l| format!(":{l}")).unwrap_or_default();
            Diagnostic::error(span, format!("{path}{line}: {message}"))
        }
        other => Diagnostic::error(span, other.to_string()),
    }
}

/// Reads, joins and checks everything that a declaration names.
pub(crate) fn declare(declaration: DataDeclaration, captures: Vec<Captured>) -> Result<Contents> {
    let mut reader = Reader {
        captures: &captures,
        records: Vec::new(),
        sources: Vec::new(),
        inputs: Vec::new(),
        outputs: Vec::new(),
        files: Vec::new(),
        remarks: Vec::new(),
        mistakes: Vec::new(),
        unread: Vec::new(),
    };
    for word in ["records", "input", "output"] {
        for statement in declaration.statements.iter().filter(|s| s.word == word) {
            reader.statement(statement);
        }
    }
    reader.other_words(&declaration);
    match reader.finish(&declaration) {
        Ok(contents) => Ok(contents),
        Err(list) => Err(DataError::Declaration(Diagnostics {
            source: declaration.source,
            list,
        })),
    }
}

impl Reader<'_> {
    fn statement(&mut self, statement: &DataStatement) {
        for entry in &statement.entries {
            if self.hangs_on_unread(&entry.value) {
                continue;
            }
            let result = match statement.word.as_str() {
                "records" => self.read_records(entry),
                "input" => self.read_input(entry),
                _ => self.read_output(entry),
            };
            if let Err(mistake) = result {
                self.mistakes.push(mistake);
                self.unread.extend(entry.name.clone().filter(|_| statement.word == "records"));
            }
        }
    }

    /// Whether it is a column of records that could not be read: whatever is wrong with it follows from that.
    fn hangs_on_unread(&self, value: &Expression) -> bool {
        match &value.kind {
            Kind::Field { receiver, .. } => matches!(&receiver.kind, Kind::Name(name) if self.unread.contains(name)),
            Kind::Call { function, .. } => function == "column" && !self.unread.is_empty(),
            _ => false,
        }
    }

    /// Statements that cannot run, and those that are missing.
    fn other_words(&mut self, declaration: &DataDeclaration) {
        for statement in &declaration.statements {
            match statement.word.as_str() {
                "records" | "input" | "output" | "classes" | "folds" | "split" => {}
                word if WORDS.contains(&word) => {
                    self.mistakes
                        .push(Diagnostic::error(statement.span, format!("`{word}` cannot run yet")));
                }
                word => {
                    let message = format!("unknown word `{word}` in `data!`");
                    self.mistakes
                        .push(Diagnostic::error(statement.span, message).help(did_you_mean(word, WORDS)));
                }
            }
        }
        for (word, example) in [
            ("input", "input dna: Dna = npz(\"x.npz\");"),
            ("output", "output y = table(\"y.tsv\");"),
        ] {
            if !declaration.statements.iter().any(|s| s.word == word) {
                let message = format!("the declaration has no `{word}`");
                self.mistakes
                    .push(Diagnostic::error(Span::default(), message).help(format!("add for example `{example}`")));
            }
        }
    }

    fn finish(mut self, declaration: &DataDeclaration) -> std::result::Result<Contents, Vec<Diagnostic>> {
        if !self.mistakes.is_empty() {
            return Err(self.mistakes);
        }
        let joined = match join::join(&self.sources, &mut self.remarks) {
            Ok(joined) => joined,
            Err(mistake) => return Err(vec![mistake]),
        };
        let inputs = std::mem::take(&mut self.inputs)
            .into_iter()
            .map(|i| i.pick(&joined, &mut self.remarks))
            .collect();
        let mut outputs = Vec::new();
        for raw in std::mem::take(&mut self.outputs) {
            let (span, masked, source) = (raw.span, raw.masked, raw.source);
            let output = raw.pick(&joined);
            let place = |row: usize| self.place(source, joined.rows[source][row], &joined.names[row]);
            match checks::output(&output, span, masked, &place) {
                Ok(remarks) => self.remarks.extend(remarks),
                Err(mistake) => self.mistakes.push(mistake),
            }
            outputs.push(output);
        }
        self.remarks.extend(tracks::differences(&outputs));
        let mut contents = Contents {
            declaration: declaration.clone(),
            names: joined.names.clone(),
            inputs,
            outputs,
            split: None,
            folds: None,
            classes: Vec::new(),
            files: Vec::new(),
            notes: Vec::new(),
        };
        for statement in &declaration.statements {
            for entry in &statement.entries {
                let result = match statement.word.as_str() {
                    "split" => self.read_split(entry, &joined, &contents).map(|s| contents.split = Some(s)),
                    "folds" => self.read_folds(entry, &joined, &contents).map(|f| contents.folds = Some(f)),
                    "classes" => self.read_classes(entry, &contents).map(|c| contents.classes = c),
                    _ => Ok(()),
                };
                self.mistakes.extend(result.err());
            }
        }
        if !self.mistakes.is_empty() {
            return Err(self.mistakes);
        }
        contents.files = self.files;
        contents.notes = self.remarks;
        Ok(contents)
    }

    /// Reads a file once; its print goes into the record of the run.
    fn open(&mut self, path: &str, span: Span) -> Located<files::Content> {
        let content = files::read(path).map_err(at(span))?;
        if !self.files.contains(&content.print) {
            self.files.push(content.print.clone());
        }
        Ok(content)
    }

    /// Finds a file that is read as a stream; its print goes into the record of the run.
    fn open_stream(&mut self, path: &str, span: Span) -> Located<files::Opened> {
        let file = files::open(path).map_err(at(span))?;
        if !self.files.contains(&file.print) {
            self.files.push(file.print.clone());
        }
        Ok(file)
    }

    /// The number of a source with this key; it is made when it is new.
    fn source(&mut self, key: &str, label: &str, names: Vec<String>, span: Span) -> usize {
        if let Some(found) = self.sources.iter().position(|s| s.key == key) {
            return found;
        }
        self.sources.push(Source {
            key: key.into(),
            label: label.into(),
            names,
            span,
        });
        self.sources.len() - 1
    }

    /// Where a row of a source stands.
    fn place(&self, source: usize, row: usize, name: &str) -> String {
        let source = &self.sources[source];
        match self.records.iter().find(|r| r.key == source.key) {
            Some(records) => format!("`{name}` ({})", records.columns.place(row)),
            None => format!("`{name}` ({})", source.label),
        }
    }
}
