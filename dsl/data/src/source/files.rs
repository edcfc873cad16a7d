//! Where a file is, and its bytes.

use crate::fingerprint::FilePrint;
use crate::opened;
use crate::{DataError, Result};
use flate2::read::MultiGzDecoder;
use std::fs::File;
use std::io::{BufRead, BufReader, Cursor, Read, Seek};
use std::path::{Path, PathBuf};

/// A file's content after decompression, and what the file was.
#[derive(Clone, Debug)]
pub(crate) struct Content {
    /// The path as it was written.
    pub(crate) label: String,
    pub(crate) bytes: Vec<u8>,
    pub(crate) print: FilePrint,
}

/// A file that is read as a stream, never held as a whole.
#[derive(Clone, Debug)]
pub(crate) struct Opened {
    /// The path as it was written.
    pub(crate) label: String,
    pub(crate) path: PathBuf,
    pub(crate) print: FilePrint,
    gzip: bool,
    /// Size and time of change when its hash was taken.
    state: (u64, Option<std::time::SystemTime>),
}

/// Size and time of change.
fn state(path: &Path) -> std::io::Result<(u64, Option<std::time::SystemTime>)> {
    let found = std::fs::metadata(path)?;
    Ok((found.len(), found.modified().ok()))
}

/// What a random access needs.
pub(crate) trait ReadSeek: Read + Seek {}
impl<T: Read + Seek> ReadSeek for T {}

/// How a gzip stream begins.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// Finds a file: as written, then in `data` beside the notebook, then below `CISTRON_DATA`.
pub(crate) fn find(written: &str) -> Result<PathBuf> {
    let path = Path::new(written);
    let mut places = vec![path.to_path_buf()];
    if path.is_relative() {
        places.push(Path::new("data").join(path));
        if let Some(folder) = std::env::var_os("CISTRON_DATA") {
            places.push(PathBuf::from(folder).join(path));
        }
    }
    if let Some(found) = places.iter().find(|p| p.is_file()) {
        return Ok(found.clone());
    }
    let list = places
        .iter()
        .map(|p| format!("`{}`", p.display()))
        .collect::<Vec<_>>()
        .join(", ");
    let mut message = format!("no such file; looked for {list}");
    let neighbours: Vec<String> = places.iter().filter_map(|p| p.parent()).flat_map(names_in).collect();
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    if let Some(near) = cistron_declaration::nearest(&name, neighbours.iter().map(String::as_str)) {
        message.push_str(&format!("; there is `{near}`"));
    }
    Err(DataError::file(written, None, message))
}

/// The names of files in a folder, none if it cannot be read.
fn names_in(folder: &Path) -> Vec<String> {
    let folder = if folder.as_os_str().is_empty() {
        Path::new(".")
    } else {
        folder
    };
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|e| e.file_name().to_string_lossy().into_owned()).collect()
}

/// Finds a file and takes its print.
pub(crate) fn open(written: &str) -> Result<Opened> {
    let path = find(written)?;
    let failed = |e: std::io::Error| DataError::file(written, None, e.to_string());
    let before = state(&path).map_err(failed)?;
    let print = FilePrint::of_file(&path).map_err(failed)?;
    opened::note(&print);
    let mut start = Vec::new();
    File::open(&path)
        .and_then(|f| f.take(2).read_to_end(&mut start))
        .map_err(failed)?;
    Ok(Opened {
        label: written.to_string(),
        path,
        print,
        gzip: start == GZIP,
        state: before,
    })
}

impl Opened {
    /// The content in order; gzip is recognised by content and undone.
    pub(crate) fn reader(&self) -> Result<Box<dyn BufRead>> {
        let file = BufReader::with_capacity(1 << 16, self.file()?);
        Ok(if self.gzip {
            Box::new(BufReader::with_capacity(1 << 16, MultiGzDecoder::new(file)))
        } else {
            Box::new(file)
        })
    }

    /// The content at any place; of a file inside gzip it is held in memory.
    pub(crate) fn seekable(&self) -> Result<Box<dyn ReadSeek>> {
        if self.gzip {
            return Ok(Box::new(Cursor::new(read(&self.label)?.bytes)));
        }
        Ok(Box::new(BufReader::with_capacity(1 << 16, self.file()?)))
    }

    /// That the file is still the one whose hash was taken: what was read from it may be kept under that hash.
    pub(crate) fn unchanged(&self) -> Result<()> {
        match state(&self.path) {
            Ok(now) if now == self.state => Ok(()),
            Ok(_) => Err(self.error(None, "the file changed while it was read; read it again")),
            Err(e) => Err(self.error(None, e.to_string())),
        }
    }

    fn file(&self) -> Result<File> {
        File::open(&self.path).map_err(|e| self.error(None, e.to_string()))
    }

    pub(crate) fn error(&self, line: Option<usize>, message: impl Into<String>) -> DataError {
        DataError::file(&self.label, line, message)
    }
}

/// Reads a file as a whole; gzip is recognised by content and undone.
pub(crate) fn read(written: &str) -> Result<Content> {
    let path = find(written)?;
    let raw = std::fs::read(&path).map_err(|e| DataError::file(written, None, e.to_string()))?;
    let print = FilePrint::of(&path, &raw);
    opened::note(&print);
    let bytes = if raw.starts_with(&GZIP) {
        let mut bytes = Vec::new();
        MultiGzDecoder::new(raw.as_slice()).read_to_end(&mut bytes).map_err(|error| {
            let done = bytes_so_far(&raw);
            DataError::file(
                written,
                None,
                format!("{} after {done} bytes of content: {error}", broken(&error)),
            )
        })?;
        bytes
    } else {
        raw
    };
    Ok(Content {
        label: written.to_string(),
        bytes,
        print,
    })
}

/// What is wrong with a gzip stream.
pub(crate) fn broken(error: &std::io::Error) -> &'static str {
    if error.kind() == std::io::ErrorKind::UnexpectedEof {
        "the gzip stream ends early (a truncated download?)"
    } else {
        "the gzip stream is damaged"
    }
}

/// How much of a damaged gzip stream can be read.
fn bytes_so_far(raw: &[u8]) -> usize {
    let mut reader = MultiGzDecoder::new(raw);
    let (mut buffer, mut total) = ([0u8; 1 << 14], 0);
    while let Ok(n @ 1..) = reader.read(&mut buffer) {
        total += n;
    }
    total
}

/// Writes a text; an existing file is replaced at once when all is written.
pub(crate) fn write(path: &Path, text: &str) -> Result<()> {
    let failed = |e: std::io::Error| DataError::file(path.display(), None, e.to_string());
    let temporary = path.with_extension(format!("{}.part", std::process::id()));
    std::fs::write(&temporary, text).map_err(failed)?;
    std::fs::rename(&temporary, path).map_err(failed)
}

impl Content {
    /// As text.
    pub(crate) fn text(&self) -> Result<&str> {
        if self.bytes.is_empty() {
            return Err(DataError::file(&self.label, None, "the file is empty"));
        }
        std::str::from_utf8(&self.bytes).map_err(|error| {
            let line = self.bytes[..error.valid_up_to()].iter().filter(|&&b| b == b'\n').count() + 1;
            DataError::file(&self.label, Some(line), "not UTF-8 text (is this a table?)")
        })
    }
}
