//! Notebooks made of cells, run headless, and what came out.

use crate::cistron_command;
use serde_json::{Value, json};
use std::path::Path;

/// A notebook to run.
#[derive(Debug, Default)]
pub struct Notebook {
    cells: Vec<Value>,
}

/// An executed notebook.
#[derive(Debug)]
pub struct Ran {
    /// Whether the command ended well.
    pub success: bool,
    /// What it wrote on stderr.
    pub stderr: String,
    /// The executed notebook.
    pub notebook: Value,
}

impl Notebook {
    /// Adds a code cell.
    #[must_use]
    pub fn cell(self, code: &str) -> Self {
        self.tagged(&[], code)
    }

    /// Adds a code cell with tags.
    #[must_use]
    pub fn tagged(mut self, tags: &[&str], code: &str) -> Self {
        let number = self.cells.len();
        self.cells.push(json!({
            "cell_type": "code", "id": format!("cell-{number}"), "metadata": {"tags": tags},
            "source": code, "outputs": [], "execution_count": null,
        }));
        self
    }

    /// Writes it to a file.
    ///
    /// # Panics
    /// When the file cannot be written.
    pub fn write(&self, path: &Path) {
        let notebook = json!({
            "cells": self.cells, "nbformat": 4, "nbformat_minor": 5,
            "metadata": {"kernelspec": {"name": "cistron", "display_name": "Cistron", "language": "rust"}},
        });
        std::fs::write(path, notebook.to_string()).expect("the test's folder can be written");
    }

    /// Runs it headless in `folder`.
    ///
    /// # Panics
    /// When the command cannot be started or leaves no notebook.
    pub fn run(&self, folder: &Path, arguments: &[&str]) -> Ran {
        self.write(&folder.join("in.ipynb"));
        let output = cistron_command(folder)
            .args(["run", "in.ipynb", "-o", "out.ipynb"])
            .args(arguments)
            .output()
            .expect("the command can be started");
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        let text = std::fs::read_to_string(folder.join("out.ipynb")).unwrap_or_else(|e| panic!("no out.ipynb: {e}\n{stderr}"));
        Ran {
            success: output.status.success(),
            stderr,
            notebook: serde_json::from_str(&text).expect("nbformat is JSON"),
        }
    }
}

impl Ran {
    /// The text of all outputs of a code cell (counted from 0): streams, plain text of results, tracebacks without colours.
    pub fn text(&self, cell: usize) -> String {
        let mut text = String::new();
        for output in self.notebook["cells"][cell]["outputs"].as_array().into_iter().flatten() {
            for value in [&output["text"], &output["data"]["text/plain"], &output["traceback"]] {
                match value {
                    Value::String(s) => text.push_str(s),
                    Value::Array(lines) => {
                        let separator = if output["output_type"] == "error" { "\n" } else { "" };
                        text.push_str(&lines.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(separator));
                    }
                    _ => continue,
                }
                text.push('\n');
            }
        }
        without_colours(&text)
    }

    /// Media types that a cell shows.
    pub fn media_types(&self, cell: usize) -> Vec<String> {
        let outputs = self.notebook["cells"][cell]["outputs"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        outputs
            .iter()
            .filter_map(|o| o["data"].as_object())
            .flat_map(|d| d.keys().cloned())
            .collect()
    }
}

fn without_colours(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        if c == '\x1b' {
            for c in rest.by_ref() {
                if c.is_ascii_alphabetic() {
                    break;
                }
            }
        } else {
            out.push(c);
        }
    }
    out
}
