//! From an address in a compiled cell to functions and lines. The standard library does this too, but it looks for loaded
//! libraries only once, at the first backtrace of a process, and cells are loaded all the time.

use addr2line::Context;
use addr2line::gimli::{Dwarf, EndianSlice, Error, RunTimeEndian};
use object::{Object, ObjectSection};
use serde_json::Value;
use std::path::Path;

/// A call on the way to a panic, in generated source.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Call {
    /// The function's own name.
    pub(super) function: String,
    /// The name of the source's file.
    pub(super) file: String,
    /// From 1.
    pub(super) line: u64,
    /// In bytes from 1.
    pub(super) column: u64,
}

/// The calls of `[{"library": .., "address": ..}]`, the innermost first; `folder` is where the libraries lie. Cells that
/// define nothing have no line tables, and nothing to tell.
pub(super) fn calls(frames: &Value, folder: &Path) -> Vec<Call> {
    let frames: Vec<(&str, u64)> = frames
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|frame| Some((frame["library"].as_str()?, frame["address"].as_u64()?)))
        .collect();
    let stretches = frames.chunk_by(|one, other| one.0 == other.0);
    stretches
        .flat_map(|stretch| read(&folder.join(stretch[0].0), stretch))
        .collect()
}

fn read(library: &Path, stretch: &[(&str, u64)]) -> Vec<Call> {
    let Ok(bytes) = std::fs::read(library) else {
        return Vec::new();
    };
    stretch_of(&bytes, stretch).unwrap_or_default()
}

fn stretch_of(bytes: &[u8], stretch: &[(&str, u64)]) -> Option<Vec<Call>> {
    let file = object::File::parse(bytes).ok()?;
    let endian = if file.is_little_endian() {
        RunTimeEndian::Little
    } else {
        RunTimeEndian::Big
    };
    let section = |name: &str| file.section_by_name(name).and_then(|section| section.data().ok());
    let load = |id: addr2line::gimli::SectionId| Ok::<_, Error>(EndianSlice::new(section(id.name()).unwrap_or_default(), endian));
    let context = Context::from_dwarf(Dwarf::load(load).ok()?).ok()?;
    let mut out = Vec::new();
    for (_, address) in stretch {
        let Ok(mut frames) = context.find_frames(*address).skip_all_loads() else {
            continue;
        };
        while let Ok(Some(frame)) = frames.next() {
            let (Some(function), Some(place)) = (frame.function, frame.location) else {
                continue;
            };
            let path = place.file.unwrap_or_default();
            out.push(Call {
                function: function.raw_name().map(String::from).unwrap_or_default(),
                file: path.rsplit('/').next().unwrap_or_default().to_string(),
                line: place.line.unwrap_or(0).into(),
                column: place.column.unwrap_or(1).into(),
            });
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_no_library_tells_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("libcell_1.so"), b"\x7fELF and no more").expect("written");
        let frames = json!([{"library": "libcell_1.so", "address": 7}, {"library": "libcell_2.so", "address": 7}, 3]);
        assert_eq!(calls(&frames, folder.path()), []);
        assert_eq!(calls(&Value::Null, folder.path()), []);
    }
}
