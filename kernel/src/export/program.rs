//! The cells of a notebook as one program.
//!
//! Statements follow each other in one function, so that a later `let` shadows an earlier one and a moved variable is
//! gone. Items of a cell stand in a module of its own (`cell_3`) that brings in what the cell could see; where a cell names
//! something anew, a block begins, as it would for a shadowed variable.

use super::{ExportError, body};
use crate::engine::cell::{Cell, parse_for_program, split_commands};
use crate::engine::dependency::PRESENT;
use crate::engine::extra::{self, Extra};
use crate::engine::imports::Import;
use crate::engine::item::Item;
use crate::engine::state::State;
use crate::notebook::{Notebook, cell_source, defaults, has_tag};
use crate::run::runs;
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::PathBuf;

/// A program made of cells.
#[derive(Debug, Default)]
pub(super) struct Program {
    /// `main.rs`, without its head.
    pub(super) text: String,
    /// `:dep` lines: name and requirement as a manifest writes it.
    pub(super) dependencies: Vec<(String, String)>,
    /// Libraries that a notebook brings in where cells need them.
    pub(super) extras: Vec<&'static Extra>,
    /// Names that are bound behind a `return;`.
    gone: BTreeSet<String>,
    /// The words of all cells.
    said: BTreeSet<String>,
    /// Names and defaults of the parameters.
    pub(super) parameters: Vec<(String, String)>,
    /// What was left out, for the user.
    pub(super) notes: Vec<String>,
    modules: String,
    body: String,
    state: State,
    /// Words of the cells in the block that is open now.
    words: BTreeSet<String>,
    blocks: usize,
    /// Functions that ask and that some cell names.
    asks: BTreeSet<&'static str>,
}

/// What only a notebook's prelude has: a program has it from its own `notebook.rs`.
const ASKING: [&str; 2] = ["input", "password"];

/// Writes a notebook as a program.
pub(super) fn program(notebook: &Notebook) -> Result<Program, ExportError> {
    let mut program = Program::default();
    let mut number = 0;
    let injected = notebook.cells().iter().any(|cell| has_tag(cell, "injected-parameters"));
    let last_of_parameters = if injected { "injected-parameters" } else { "parameters" };
    for cell in notebook.cells() {
        if cell["cell_type"] == "markdown" {
            program.comment(&cell_source(cell));
        }
        if !runs(cell) {
            continue;
        }
        number += 1;
        if has_tag(cell, "raises-exception") {
            program
                .notes
                .push(format!("cell {number} is left out: it is tagged `raises-exception`"));
            program.comment(&format!(
                "Cell {number} is left out: it fails on purpose.\n{}",
                cell_source(cell)
            ));
            continue;
        }
        program.cell(number, &cell_source(cell))?;
        if has_tag(cell, "parameters") || has_tag(cell, "injected-parameters") {
            program.options(cell, has_tag(cell, last_of_parameters));
        }
    }
    program.finish();
    Ok(program)
}

impl Program {
    fn comment(&mut self, text: &str) {
        self.body.push('\n');
        for line in text.lines() {
            let line: String = line.chars().filter(|c| !c.is_control()).collect();
            self.body.push_str(format!("    // {line}").trim_end());
            self.body.push('\n');
        }
    }

    fn cell(&mut self, number: usize, source: &str) -> Result<(), ExportError> {
        let (text, commands) = split_commands(source);
        for command in &commands {
            self.command(number, command);
        }
        let cell = parse_for_program(number, &text, &self.state.item_macros()).map_err(|error| ExportError::Cell {
            cell: number,
            line: error.span().start().line,
            reason: error.to_string(),
        })?;
        for extra in extra::needed(&cell.words) {
            if !self.extras.contains(&extra) {
                self.extras.push(extra);
            }
        }
        self.said.extend(cell.words.iter().cloned());
        let names: Vec<&str> = cell
            .items
            .iter()
            .flat_map(Item::names)
            .map(|(name, _)| name.as_str())
            .collect();
        self.body.push('\n');
        if self.needs_a_block(&cell, &names) {
            self.body.push_str("    {\n");
            self.blocks += 1;
            self.words.clear();
        }
        self.words.extend(cell.words.iter().cloned());
        self.words.extend(names.iter().map(|name| (*name).to_string()));
        self.body.push_str(&format!("    notebook::cell({number});\n"));
        if !cell.items.is_empty() {
            self.module(number, &cell, &names);
        }
        if !names.is_empty() {
            self.body
                .push_str(&format!("    use crate::cell_{number}::{{{}}};\n", names.join(", ")));
        }
        for name in self.gone.iter().filter(|name| cell.words.contains(*name)) {
            self.notes.push(format!(
                "the program does not build as it is: cell {number} uses `{name}`, which is bound behind a `return;`; bind it in front of that"
            ));
        }
        let written = body::statements(&text, &cell);
        self.body.push_str(&written.text);
        if !written.gone.is_empty() {
            self.notes.push(format!(
                "cell {number} may end early (`return;`), so what it binds behind that is not seen by later cells: {}",
                written.gone.join(", ")
            ));
        }
        self.gone.extend(written.gone);
        self.asks.extend(ASKING.into_iter().filter(|name| cell.words.contains(*name)));
        self.state.import(&cell.imports);
        if !cell.items.is_empty() {
            self.state.define(number, cell.items, PathBuf::new());
        }
        Ok(())
    }

    /// Whether a cell brings in a name that means something else before it in the open block.
    fn needs_a_block(&self, cell: &Cell, names: &[&str]) -> bool {
        let imported = cell.imports.iter().filter_map(|import| import.name.as_deref());
        let glob = cell.imports.iter().any(|import| import.line.ends_with("::*;"));
        let clash = imported.chain(names.iter().copied()).any(|name| self.words.contains(name));
        !self.words.is_empty() && (glob || clash)
    }

    fn module(&mut self, number: usize, cell: &Cell, names: &[&str]) {
        let mut taken: BTreeSet<&str> = names.iter().copied().collect();
        taken.extend(cell.imports.iter().filter_map(|import| import.name.as_deref()));
        let mut lines = vec!["use cistron::prelude::*;".to_string()];
        let elsewhere = self.state.imports.iter().filter_map(|import| import.name.as_deref());
        let items = self
            .state
            .item_cells
            .iter()
            .flat_map(|earlier| earlier.names.keys().map(String::as_str));
        let present: BTreeSet<&str> = taken.iter().copied().chain(elsewhere).chain(items).collect();
        lines.extend(extra::needed(&cell.words).map(|extra| extra.import(&cell.words, &present)));
        for import in &self.state.imports {
            if import.name.as_deref().is_none_or(|name| !taken.contains(name)) {
                lines.push(import.line.clone());
            }
        }
        for earlier in &self.state.item_cells {
            let names = earlier.names.keys().map(String::as_str).filter(|name| !taken.contains(name));
            let names: Vec<&str> = names.collect();
            if !names.is_empty() {
                lines.push(format!("use crate::cell_{}::{{{}}};", earlier.number, names.join(", ")));
            }
        }
        let earlier = |name: &str| {
            self.state.item_cells.iter().any(|cell| cell.names.contains_key(name))
                || self.state.imports.iter().any(|import| import.name.as_deref() == Some(name))
        };
        for name in ASKING {
            if cell.words.contains(name) && !taken.contains(name) && !earlier(name) {
                lines.push(format!("use crate::notebook::{name};"));
            }
        }
        lines.extend(cell.uses.iter().map(|fragment| fragment.text.trim().to_string()));
        self.modules.push_str(&format!("mod cell_{number} {{\n"));
        for line in lines {
            self.modules.push_str(&format!("    {line}\n"));
        }
        for item in &cell.items {
            let text = &item.fragment.text;
            // A macro is found by its path, as other items are.
            match (text.trim_start().strip_prefix("#[macro_export] "), item.name()) {
                (Some(text), Some(name)) => self.modules.push_str(&format!("\n{text}\npub(crate) use {name};\n")),
                _ => self.modules.push_str(&format!("\n{text}\n")),
            }
        }
        self.modules.push_str("}\n\n");
    }

    fn command(&mut self, number: usize, command: &str) {
        let (word, rest) = command.split_once(char::is_whitespace).unwrap_or((command, ""));
        if word != "dep" {
            self.notes.push(format!(
                "`:{word}` of cell {number} is left out: it is a command of the notebook"
            ));
            return;
        }
        let (name, requirement) = rest.split_once('=').unwrap_or((rest, "\"*\""));
        let (name, requirement) = (name.trim().to_string(), requirement.trim().to_string());
        let crate_name = name.replace('-', "_");
        if name == "cistron" {
            return;
        }
        if PRESENT.contains(&name.as_str()) {
            let line = format!("use cistron::{crate_name};");
            self.body.push_str(&format!("    {line}\n"));
            self.state.import(&[Import {
                name: Some(crate_name),
                line,
            }]);
        } else if self.dependencies.iter().all(|(known, _)| *known != name) {
            self.dependencies.push((name, requirement));
        }
    }

    /// Takes the parameters from the command line behind the cell that sets them.
    fn options(&mut self, cell: &Value, is_last: bool) {
        for parameter in defaults(&cell_source(cell)) {
            let (name, text) = (&parameter.name, &parameter.text);
            if !parameter.is_plain() {
                self.notes.push(format!(
                    "the parameter `{name}` is no option: its value can't be read from a text"
                ));
                continue;
            }
            match self.parameters.iter_mut().find(|(known, _)| known == name) {
                Some(known) => known.1.clone_from(text),
                None => self.parameters.push((name.clone(), text.clone())),
            }
            let mutable = if parameter.mutable { "mut " } else { "" };
            if is_last || has_tag(cell, "parameters") {
                self.body
                    .push_str(&format!("    let {mutable}{name} = options.value({name:?}, {name})?;\n"));
            }
        }
    }

    fn finish(&mut self) {
        let parameters: Vec<String> = self
            .parameters
            .iter()
            .map(|(name, text)| format!("({name:?}, {text:?})"))
            .collect();
        let asks: Vec<&str> = self.asks.iter().copied().collect();
        let asks = if asks.is_empty() {
            String::new()
        } else {
            format!("use notebook::{{{}}};\n", asks.join(", "))
        };
        self.text = format!(
            "#![allow(unused, non_snake_case, private_interfaces, private_bounds, dead_code, redundant_semicolons)]\n\n\
             mod notebook;\n\nuse cistron::prelude::*;\n{asks}{}\n{}\
             /// Parameters of the notebook and their defaults: options of this program.\n\
             const PARAMETERS: &[(&str, &str)] = &[{}];\n\n\
             fn main() -> std::process::ExitCode {{\n    notebook::run(PARAMETERS, cells)\n}}\n\n\
             fn cells(options: &notebook::Options) -> std::result::Result<(), notebook::Fail> {{\n{}\n    Ok(())\n    {}\n}}\n",
            self.extras
                .iter()
                .map(|extra| extra.import(&self.said, &BTreeSet::new()) + "\n")
                .collect::<String>(),
            self.modules,
            parameters.join(", "),
            self.body,
            "}".repeat(self.blocks)
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn written(cells: &[(&str, &[&str])]) -> Program {
        let cell = |(source, tags): &(&str, &[&str])| json!({"cell_type": "code", "source": source, "metadata": {"tags": tags}});
        let cells: Vec<Value> = cells.iter().map(cell).collect();
        let document = json!({"nbformat": 4, "cells": cells});
        program(&Notebook { document }).expect("cells that parse")
    }

    #[test]
    fn values_are_shown_and_items_move_into_modules() {
        let program = written(&[(
            "// a note\nfn f() -> u32 { for _ in 0..2 {} 1 }\nlet a = f();\na + 1 // shown",
            &[],
        )]);
        let text = &program.text;
        assert!(
            text.contains("mod cell_1 {\n    use cistron::prelude::*;\n\npub fn f() -> u32 { for _ in 0..2 {} 1 }\n}"),
            "{text}"
        );
        assert!(
            text.contains("    notebook::cell(1);\n    use crate::cell_1::{f};\n    // a note\n    let a = f();\n    notebook::shown!(a + 1); // shown\n"),
            "{text}"
        );
        syn::parse_file(text).expect("a program that parses");
    }

    #[test]
    fn a_name_that_changes_begins_a_block() {
        let same = written(&[("fn f() {}", &[]), ("fn g() { f() }", &[])]);
        assert!(!same.text.contains("    {\n"), "{}", same.text);
        assert!(same.text.contains("use crate::cell_1::{f};\n\npub fn g()"), "{}", same.text);
        let anew = written(&[
            ("fn f() {}", &[]),
            ("f()", &[]),
            ("fn f() {}", &[]),
            ("use std::fmt::*;", &[]),
        ]);
        assert_eq!(anew.text.matches("    {\n").count(), 2, "{}", anew.text);
        syn::parse_file(&anew.text).expect("a program that parses");
    }

    #[test]
    fn parameters_become_options_and_commands_dependencies() {
        let cells: &[(&str, &[&str])] = &[
            (
                "let seed: u64 = 1;\nlet mut name = \"x\";\nlet odd = vec![1];",
                &["parameters"],
            ),
            (":dep ndarray = \"0.16\"\n:dep polars\n:vars\nlet x = seed;", &[]),
            ("broken(", &["raises-exception"]),
        ];
        let program = written(cells);
        assert_eq!(
            program.parameters,
            [("seed".into(), "1".into()), ("name".into(), "\"x\"".into())]
        );
        assert!(
            program.text.contains("let mut name = options.value(\"name\", name)?;"),
            "{}",
            program.text
        );
        assert_eq!(program.dependencies, [("ndarray".into(), "\"0.16\"".into())]);
        assert!(program.text.contains("use cistron::polars;"));
        assert!(program.text.contains("// broken("));
        assert_eq!(program.notes.len(), 3, "{:?}", program.notes);
    }

    #[test]
    fn lazy_frames_bring_in_their_library() {
        let plain = written(&[("let a = 1;", &[])]);
        assert!(
            plain.extras.is_empty() && !plain.text.contains("cistron_lazy"),
            "{}",
            plain.text
        );
        let lazy = written(&[
            ("fn many() -> Expr { col(\"count\").gt(lit(3)) }", &[]),
            ("table.lazy().filter(many()).collect()?", &[]),
        ]);
        assert_eq!(lazy.extras.len(), 1);
        assert_eq!(
            lazy.text.matches("use cistron_lazy::{IntoLazy as _").count(),
            2,
            "{}",
            lazy.text
        );
        syn::parse_file(&lazy.text).expect("a program that parses");
    }

    #[test]
    fn macros_keep_their_names() {
        let program = written(&[("macro_rules! twice { ($x:expr) => { 2 * $x } }\nlet a = twice!(3);", &[])]);
        assert!(program.text.contains("pub(crate) use twice;"), "{}", program.text);
        assert!(!program.text.contains("macro_export"), "{}", program.text);
    }

    #[test]
    fn what_only_notebooks_have_comes_from_the_programs_own_module() {
        let program = written(&[
            ("fn asked() -> String { input(\"a\").unwrap_or_default() }", &[]),
            (
                "let key = password(\"key\")?;\nlet said = asked();\nlet later = async { 1 }.await;",
                &[],
            ),
        ]);
        let text = &program.text;
        assert!(text.contains("use notebook::{input, password};\n"), "{text}");
        assert!(
            text.contains("mod cell_1 {\n    use cistron::prelude::*;\n    use crate::notebook::input;\n"),
            "{text}"
        );
        assert!(text.contains("crate::notebook::block_on(async { 1 })/*.await*/;"), "{text}");
        syn::parse_file(text).expect("a program that parses");
        let own = written(&[("fn input() {}", &[]), ("fn g() { input() }", &[])]);
        assert!(!own.text.contains("use crate::notebook::input"), "{}", own.text);
    }

    #[test]
    fn a_cell_that_ends_early_leaves_its_own_block() {
        let program = written(&[("let a = 1;\nif a > 0 { return; }\nuse std::fmt;\nlet b = 2;\na + b", &[])]);
        let text = &program.text;
        assert!(
            text.contains("    let a = 1;\n    use std::fmt;\n    'notebook_cell: {\n    if a > 0 { break 'notebook_cell /*return*/; }\n    let b = 2;\n    notebook::shown!(a + b);\n    }\n"),
            "{text}"
        );
        syn::parse_file(text).expect("a program that parses");
        assert!(
            program.notes.iter().any(|note| note.ends_with("later cells: b")),
            "{:?}",
            program.notes
        );
    }

    #[test]
    fn a_text_of_several_lines_stays_as_it_is() {
        let program = written(&[("let a = \"one\n\n  two\";\nlet b = r#\"x\ny\"#;", &[])]);
        assert!(
            program
                .text
                .contains("    let a = \"one\n\n  two\";\n    let b = r#\"x\ny\"#;\n"),
            "{}",
            program.text
        );
    }

    #[test]
    fn a_cell_that_is_no_rust_is_named() {
        let document = json!({"nbformat": 4, "cells": [{"cell_type": "code", "source": "let a = 1;\nlet b = ;"}]});
        let message = program(&Notebook { document }).expect_err("no Rust").to_string();
        assert!(message.contains("cell 1") && message.contains("line 2"), "{message}");
    }
}
