//! FASTA files, record by record, through noodles.

use super::files::{Opened, broken};
use crate::{DataError, Result};

/// Calls `take(name, letters)` for every record, in the order of the file. A name is the first word after `>`.
pub(crate) fn each(file: &Opened, mut take: impl FnMut(&str, &str) -> Result<()>) -> Result<()> {
    let mut reader = noodles_fasta::io::Reader::new(file.reader()?);
    let mut last: Option<String> = None;
    for record in reader.records() {
        let record = record.map_err(|error| {
            let after = last.as_ref().map_or_else(String::new, |n| format!(" after record `{n}`"));
            let message = match error.kind() {
                std::io::ErrorKind::UnexpectedEof => format!("{}{after}: {error}", broken(&error)),
                _ => format!("not FASTA{after}: {error}"),
            };
            file.error(None, message)
        })?;
        let name = String::from_utf8_lossy(record.name()).into_owned();
        take(&name, &String::from_utf8_lossy(record.sequence().as_ref()))?;
        last = Some(name);
    }
    if last.is_none() {
        return Err(file.error(None, "no FASTA record (a line that begins with `>`)"));
    }
    Ok(())
}

/// The codes of a record, and how many of its letters were ambiguous.
pub(crate) fn codes(file: &Opened, name: &str, letters: &str) -> Result<(Vec<u8>, usize)> {
    crate::alphabet::encode(letters).map_err(|(position, letter)| {
        let message = format!(
            "{}, record `{name}`: `{letter}` at position {} is no base",
            file.label,
            position + 1
        );
        DataError::Values(message)
    })
}
