//! FASTA files, through noodles.

use super::files::Content;
use crate::{DataError, Result};

/// Names and sequences in the order of the file. A name is the first word after `>`.
pub(crate) fn read(content: &Content) -> Result<(Vec<String>, Vec<String>)> {
    let text = content.text()?;
    let mut reader = noodles_fasta::io::Reader::new(text.as_bytes());
    let (mut names, mut sequences) = (Vec::new(), Vec::new());
    for record in reader.records() {
        let record = record.map_err(|error| {
            let after = names.last().map_or_else(String::new, |n| format!(" after record `{n}`"));
            DataError::file(&content.label, None, format!("not FASTA{after}: {error}"))
        })?;
        names.push(String::from_utf8_lossy(record.name()).into_owned());
        sequences.push(String::from_utf8_lossy(record.sequence().as_ref()).into_owned());
    }
    if names.is_empty() {
        return Err(DataError::file(
            &content.label,
            None,
            "no FASTA record (a line that begins with `>`)",
        ));
    }
    Ok((names, sequences))
}
