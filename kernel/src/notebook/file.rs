//! Reading and writing a notebook.

use super::error::NotebookError;
use serde::Serialize;
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::path::Path;

/// A notebook.
#[derive(Clone, Debug, PartialEq)]
pub struct Notebook {
    /// The whole document.
    pub document: Value,
}

impl Notebook {
    /// Reads a notebook of nbformat 4; cells without an id get one.
    ///
    /// # Errors
    /// When the file is not there, or is no notebook.
    pub fn read(path: &Path) -> Result<Self, NotebookError> {
        let failed = |error| NotebookError::File {
            path: path.into(),
            error,
        };
        let format = |reason: String| NotebookError::Format {
            path: path.into(),
            reason,
        };
        let mut bytes = Vec::new();
        let file = std::fs::File::open(path).map_err(failed)?;
        file.take(LARGEST + 1).read_to_end(&mut bytes).map_err(failed)?;
        if bytes.len() as u64 > LARGEST {
            return Err(format(format!(
                "it is larger than {} MiB; hint: clear its outputs",
                LARGEST >> 20
            )));
        }
        let document: Value = serde_json::from_slice(&bytes).map_err(|e| format(e.to_string()))?;
        let notebook = checked(document).map_err(format)?;
        Ok(notebook)
    }

    fn complete(&mut self) {
        self.document["nbformat_minor"] = json!(self.document["nbformat_minor"].as_u64().unwrap_or(5).max(5));
        if !self.document["metadata"].is_object() {
            self.document["metadata"] = json!({});
        }
        for cell in self.cells_mut() {
            if cell["id"].as_str().is_none_or(str::is_empty) {
                cell["id"] = json!(new_id());
            }
            if !cell["metadata"].is_object() {
                cell["metadata"] = json!({});
            }
        }
    }

    /// The language that the notebook says it is in, if it says so.
    pub fn language(&self) -> Option<&str> {
        let metadata = &self.document["metadata"];
        let said = metadata["kernelspec"]["language"].as_str();
        said.or_else(|| metadata["language_info"]["name"].as_str())
            .filter(|l| !l.is_empty())
    }

    /// The cells.
    pub fn cells(&self) -> &[Value] {
        self.document["cells"].as_array().map(Vec::as_slice).unwrap_or_default()
    }

    /// The cells, to be changed.
    pub fn cells_mut(&mut self) -> &mut [Value] {
        self.document["cells"]
            .as_array_mut()
            .map(Vec::as_mut_slice)
            .unwrap_or_default()
    }

    pub(super) fn insert(&mut self, index: usize, cell: Value) {
        if let Some(cells) = self.document["cells"].as_array_mut() {
            cells.insert(index, cell);
        }
    }

    pub(super) fn remove_tagged(&mut self, tag: &str) {
        if let Some(cells) = self.document["cells"].as_array_mut() {
            cells.retain(|cell| !has_tag(cell, tag));
        }
    }

    /// Writes the notebook under another name and gives it its own when all is on disk: a reader sees
    /// the old one or the new one.
    ///
    /// # Errors
    /// When the folder can't be written.
    pub fn write(&self, path: &Path) -> Result<(), NotebookError> {
        let failed = |error| NotebookError::File {
            path: path.into(),
            error,
        };
        let mut bytes = Vec::new();
        let formatter = serde_json::ser::PrettyFormatter::with_indent(b" ");
        let mut serializer = serde_json::Serializer::with_formatter(&mut bytes, formatter);
        self.document.serialize(&mut serializer).map_err(|e| failed(e.into()))?;
        bytes.push(b'\n');
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let temporary = path.with_file_name(format!(".{name}.{}", std::process::id()));
        let mut file = std::fs::File::create(&temporary).map_err(failed)?;
        file.write_all(&bytes).and_then(|()| file.sync_all()).map_err(failed)?;
        std::fs::rename(&temporary, path).map_err(failed)
    }
}

/// The largest notebook that is read, in bytes.
const LARGEST: u64 = 512 << 20;

/// A document that has all that the rest of the program counts on, or what it lacks.
fn checked(document: Value) -> Result<Notebook, String> {
    if document["nbformat"] != 4 {
        let old = document["nbformat"].as_u64().is_some_and(|n| n < 4);
        let hint = if old {
            "; hint: `jupyter nbconvert --to notebook` brings it up to date"
        } else {
            ""
        };
        return Err(format!("nbformat is {}, expected 4{hint}", document["nbformat"]));
    }
    let Some(cells) = document["cells"].as_array() else {
        return Err("it has no list of cells".into());
    };
    for (index, cell) in cells.iter().enumerate() {
        let entry = format!("entry {} of its list of cells", index + 1);
        if !cell.is_object() {
            return Err(format!("{entry} is no cell"));
        }
        if !cell["cell_type"].is_string() {
            return Err(format!("{entry} has no `cell_type`"));
        }
        let source = &cell["source"];
        let lines = source.as_array().is_some_and(|lines| lines.iter().all(Value::is_string));
        if !(source.is_string() || lines || source.is_null()) {
            return Err(format!("{entry}: its `source` is neither a text nor a list of texts"));
        }
        let outputs = &cell["outputs"];
        let listed = outputs.as_array().is_some_and(|outputs| outputs.iter().all(Value::is_object));
        if !(outputs.is_null() || listed) {
            return Err(format!("{entry}: its `outputs` are no list of outputs"));
        }
    }
    let mut notebook = Notebook { document };
    notebook.complete();
    Ok(notebook)
}

pub(super) fn new_id() -> String {
    uuid::Uuid::new_v4().simple().to_string()[..8].to_string()
}

/// The source of a cell, whether stored as one text or as lines.
pub fn cell_source(cell: &Value) -> String {
    joined(&cell["source"])
}

pub(crate) fn joined(text: &Value) -> String {
    match text {
        Value::Array(lines) => lines.iter().filter_map(Value::as_str).collect(),
        other => other.as_str().unwrap_or_default().to_string(),
    }
}

/// A text as notebooks store it: a list of lines.
pub(super) fn lines(text: &str) -> Value {
    text.split_inclusive('\n').map(Value::from).collect()
}

/// Whether a cell has a tag.
pub fn has_tag(cell: &Value, tag: &str) -> bool {
    cell["metadata"]["tags"]
        .as_array()
        .is_some_and(|tags| tags.iter().any(|t| t == tag))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(text: &str) -> (tempfile::TempDir, std::path::PathBuf) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.ipynb");
        std::fs::write(&path, text).expect("a file");
        (folder, path)
    }

    #[test]
    fn a_notebook_survives_reading_and_writing() {
        let (_folder, path) = write(
            r#"{"nbformat":4,"nbformat_minor":2,"metadata":{"x":1},"cells":[{"cell_type":"code","source":["a\n","b"],"outputs":[]}]}"#,
        );
        let notebook = Notebook::read(&path).expect("a notebook");
        assert_eq!(cell_source(&notebook.cells()[0]), "a\nb");
        assert_eq!(notebook.document["nbformat_minor"], 5);
        assert_eq!(notebook.cells()[0]["id"].as_str().map(str::len), Some(8));
        notebook.write(&path).expect("written");
        assert_eq!(Notebook::read(&path).expect("a notebook"), notebook);
        let left: Vec<_> = std::fs::read_dir(path.parent().expect("a parent"))
            .expect("a folder")
            .collect();
        assert_eq!(left.len(), 1, "a temporary file stayed");
    }

    #[test]
    fn what_is_no_notebook_is_named() {
        let (_folder, path) = write("{\"nbformat\": 3}");
        let message = Notebook::read(&path).expect_err("no notebook").to_string();
        assert!(
            message.contains("a.ipynb is no notebook: nbformat is 3, expected 4"),
            "{message}"
        );
        let odd = |cell: &str| {
            let (_folder, path) = write(&format!(r#"{{"nbformat": 4, "cells": [{cell}]}}"#));
            Notebook::read(&path).expect_err("no notebook").to_string()
        };
        assert!(odd("{}").contains("entry 1 of its list of cells has no `cell_type`"));
        assert!(odd(r#"{"cell_type": "code", "source": ["a", 1]}"#).contains("its `source` is neither"));
        assert!(odd(r#"{"cell_type": "code", "source": "", "outputs": {}}"#).contains("its `outputs` are no list"));
        let (_folder, path) = write(&"[".repeat(100_000));
        let message = Notebook::read(&path).expect_err("no notebook").to_string();
        assert!(message.contains("recursion limit"), "{message}");
        let (_folder, path) = write("[1]");
        let message = Notebook::read(&path).expect_err("no notebook").to_string();
        assert!(message.contains("nbformat is null"), "{message}");
        let (_folder, path) = write("{\"nbform");
        let message = Notebook::read(&path).expect_err("no notebook").to_string();
        assert!(message.contains("line 1 column"), "{message}");
        let (_folder, path) = write(r#"{"nbformat": 4, "cells": [{"cell_type": "code"}, 3]}"#);
        let message = Notebook::read(&path).expect_err("no notebook").to_string();
        assert!(message.contains("entry 2 of its list of cells is no cell"), "{message}");
    }
}
