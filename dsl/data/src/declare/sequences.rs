//! `input dna: Dna = ..`: sequences from archives, FASTA files and columns.

use super::arguments::{Call, Located};
use super::ports::{RawInput, cannot_give};
use super::{Reader, at};
use crate::alphabet::{self, PAD};
use crate::codes::Codes;
use crate::dataset::Content;
use crate::source::fasta;
use crate::source::npz::Archive;
use cistron_declaration::{Diagnostic, Entry, Kind, Span};

/// Sequences, with what was noticed.
struct Encoded {
    codes: Codes,
    padded: usize,
    ambiguous: usize,
}

/// The help for a letter that is no base.
const BASES: &str = "bases are A, C, G, T or U, and N for unknown; lower case is read as upper case";

impl Reader<'_> {
    pub(crate) fn read_sequences(&mut self, entry: &Entry, name: String, rna: bool) -> Located<()> {
        let value = &entry.value;
        let is_column = matches!(&value.kind, Kind::Field { .. })
            || matches!(&value.kind, Kind::Call { function, .. } if function == "column");
        let (source, encoded) = if is_column {
            let (records, title, span) = self.column_of(value)?;
            let letters = self.records[records].columns.text(&title).map_err(at(span))?;
            let encoded = encode_all(&letters, rna, span, |row| {
                format!(
                    "`{}` ({})",
                    self.records[records].names[row],
                    self.records[records].columns.place(row)
                )
            })?;
            (self.records_source(records, span), encoded)
        } else {
            let call = Call::of(value, self.captures, "a source of sequences: `npz`, `fasta` or a column")?;
            match call.function {
                "npz" => self.sequences_of_npz(&call, rna)?,
                "fasta" => self.sequences_of_fasta(&call, rna)?,
                other => return Err(cannot_give(other, "sequences", call.span, &["npz", "fasta", "column"])),
            }
        };
        self.inputs.push(RawInput {
            name,
            source,
            content: Content::Sequence {
                codes: encoded.codes,
                rna,
            },
            padded: encoded.padded,
            ambiguous: encoded.ambiguous,
        });
        Ok(())
    }

    fn sequences_of_npz(&mut self, call: &Call<'_>, rna: bool) -> Located<(usize, Encoded)> {
        call.only(&["key", "names"])?;
        let (path, span) = call.text()?;
        let file = self.open_stream(&path, span)?;
        let mut archive = Archive::open(&file).map_err(at(span))?;
        let key = archive.sequence_key(call.named_text("key")?.as_deref()).map_err(at(span))?;
        let codes = archive.sequences(&key, rna).map_err(at(span))?;
        let names = archive
            .names(call.named_text("names")?.as_deref(), codes.len())
            .map_err(at(span))?;
        let source = self.npz_source(&path, names, codes.len(), span)?;
        let encoded = Encoded {
            padded: codes.iter().filter(|row| row.last() == Some(&PAD)).count(),
            codes,
            ambiguous: 0,
        };
        Ok((source, encoded))
    }

    /// The file is read twice, once for lengths and letters and once for the codes, so that it is never held.
    fn sequences_of_fasta(&mut self, call: &Call<'_>, rna: bool) -> Located<(usize, Encoded)> {
        call.only(&[])?;
        let (path, span) = call.text()?;
        let file = self.open_stream(&path, span)?;
        let (mut names, mut lengths, mut ambiguous) = (Vec::new(), Vec::new(), 0);
        fasta::each(&file, |name, letters| {
            let (codes, unclear) = fasta::codes(&file, name, letters)?;
            names.push(name.to_string());
            lengths.push(codes.len());
            ambiguous += unclear;
            Ok(())
        })
        .map_err(|error| match error {
            crate::DataError::Values(message) => Diagnostic::error(span, message).help(BASES),
            other => at(span)(other),
        })?;
        let (length, padded) = common_length(&lengths, rna, span, |row| format!("{path}, record `{}`", names[row]))?;
        let key = format!("fasta {} padded to {length}", file.print.sha256);
        let codes = Codes::keep(names.len(), length, Some(&key), |sink| {
            fasta::each(&file, |name, letters| {
                let (mut codes, _) = fasta::codes(&file, name, letters)?;
                codes.resize(length, PAD);
                sink.write(&codes)
            })?;
            file.unchanged()
        })
        .map_err(at(span))?;
        let encoded = Encoded {
            codes,
            padded,
            ambiguous,
        };
        Ok((self.source(&format!("fasta {path}"), &path, names, span), encoded))
    }
}

/// The length that all sequences get, and how many are shorter. DNA must have one length.
fn common_length(lengths: &[usize], rna: bool, span: Span, place: impl Fn(usize) -> String) -> Located<(usize, usize)> {
    let length = lengths.iter().copied().max().unwrap_or(0);
    if length == 0 {
        return Err(Diagnostic::error(span, "all sequences are empty"));
    }
    let shorter = |&row: &usize| lengths[row] != length;
    if let Some(row) = (0..lengths.len()).find(shorter).filter(|_| !rna) {
        let longest = lengths.iter().position(|l| *l == length).unwrap_or(0);
        let message = format!(
            "{} has {} bases, but {} has {length}",
            place(row),
            lengths[row],
            place(longest)
        );
        return Err(Diagnostic::error(span, message).help("`Dna` needs one length; only `Rna` is padded on the right"));
    }
    Ok((length, (0..lengths.len()).filter(shorter).count()))
}

/// Letters to codes; RNA of unequal length is padded on the right.
fn encode_all(letters: &[String], rna: bool, span: Span, place: impl Fn(usize) -> String) -> Located<Encoded> {
    let lengths: Vec<usize> = letters.iter().map(|s| s.chars().count()).collect();
    let mut ambiguous = 0;
    for (row, sequence) in letters.iter().enumerate() {
        let (_, unclear) = alphabet::encode(sequence).map_err(|(position, letter)| {
            let message = format!("{}: `{letter}` at position {} is no base", place(row), position + 1);
            Diagnostic::error(span, message).help(BASES)
        })?;
        ambiguous += unclear;
    }
    let (length, padded) = common_length(&lengths, rna, span, place)?;
    let codes = Codes::keep(letters.len(), length, None, |sink| {
        for sequence in letters {
            let mut codes = alphabet::encode(sequence).map(|(codes, _)| codes).unwrap_or_default();
            codes.resize(length, PAD);
            sink.write(&codes)?;
        }
        Ok(())
    })
    .map_err(at(span))?;
    Ok(Encoded {
        codes,
        padded,
        ambiguous,
    })
}
