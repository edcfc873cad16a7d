//! Archives of text files.

use super::files::{Opened, broken};
use crate::Result;
use std::io::Read;

/// Name and text of every file, in the archive's order.
pub(crate) fn read(file: &Opened) -> Result<Vec<(String, String)>> {
    let damaged = |e: std::io::Error| {
        let what = match e.kind() {
            std::io::ErrorKind::UnexpectedEof => format!("{}: {e}", broken(&e)),
            _ => format!("not a tar archive, or a damaged one: {e}"),
        };
        file.error(None, what)
    };
    let mut archive = tar::Archive::new(file.reader()?);
    let mut found = Vec::new();
    for entry in archive.entries().map_err(damaged)? {
        let mut entry = entry.map_err(damaged)?;
        if !entry.header().entry_type().is_file() {
            continue;
        }
        let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).map_err(damaged)?;
        let text = String::from_utf8(bytes).map_err(|_| file.error(None, format!("`{name}` is not UTF-8 text")))?;
        found.push((name, text));
    }
    if found.is_empty() {
        return Err(file.error(None, "the archive holds no files"));
    }
    Ok(found)
}
