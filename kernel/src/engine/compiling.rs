//! From the text of a cell to a library: passes of the compiler until nothing is left to mend.

use super::cell::{Cell, parse};
use super::compile::{Compiled, Form, Unit};
use super::diagnostics::{Message, Place, Texts, render, underline};
use super::failure::Failure;
use super::fragment::{Fragment, Source};
use super::generate::{Generated, Gone, Request, generate};
use super::item::Item;
use super::session::Engine;
use super::types;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Passes of the compiler that one cell may take.
const PASSES: usize = 8;

/// Codes of mistakes that keep rustc from reading a text: none, or that something is not ended.
const UNREADABLE: [&str; 7] = ["", "E0758", "E0762", "E0763", "E0765", "E0766", "E0768"];

/// A cell that compiled.
pub(super) struct Ready {
    pub(super) number: usize,
    pub(super) items: Vec<Item>,
    pub(super) generated: Generated,
    pub(super) types: BTreeMap<u32, String>,
    pub(super) pulled: BTreeSet<usize>,
    pub(super) gone: BTreeMap<u32, Gone>,
}

/// Macros that read what is outside of the source.
const OUTSIDE: [&str; 5] = ["include!", "include_str!", "include_bytes!", "env!", "option_env!"];

/// Words of cells whose items have a state of their own: run again, such a cell begins anew.
const STATEFUL: [&str; 2] = ["static", "thread_local"];

impl Engine {
    pub(super) fn compile(&mut self, text: &str, count: usize) -> Result<Ready, Failure> {
        let cell = parse(0, text).map_err(|error| self.syntax_failure(0, text, count, &error))?;
        let (number, anew) = self.choose_number(&cell);
        // The pieces of a cell know its number, which follows from what it is.
        let cell = parse(number, text).map_err(|error| self.syntax_failure(number, text, count, &error))?;
        let mut items = cell.items.clone();
        let mut item_cells = self.state.item_cells.clone();
        let mut gone = BTreeMap::new();
        let mut pulled = BTreeSet::new();
        for _ in 0..PASSES {
            let request = Request {
                cell: &cell,
                items: &items,
                item_cells: &item_cells,
                state: &self.state,
                gone: &gone,
            };
            let generated = generate(&request);
            let messages = match self.rustc(number, &self.unit(&items, &generated.source, anew)) {
                Ok(messages) => messages,
                Err(failure) => {
                    self.never_bound(&cell, count);
                    return Err(failure);
                }
            };
            let errors: Vec<&Message> = messages.iter().filter(|m| m.is_error()).collect();
            let lost: BTreeMap<u32, Gone> = errors.iter().filter_map(|m| lost_slot(m, &generated)).collect();
            let unloadable: Vec<&String> = errors.iter().filter_map(|m| generated.loads.get(&m.line())).collect();
            if !unloadable.is_empty() {
                for name in unloadable {
                    self.lose(
                        name,
                        "its type can't be named outside the crate that defines it; keep it behind a `Box<dyn Trait>`",
                    );
                }
                continue;
            }
            if lost.keys().any(|slot| !gone.contains_key(slot)) {
                gone.extend(lost);
                continue;
            }
            if pulled.is_empty()
                && errors
                    .iter()
                    .any(|m| matches!(m.code(), "E0116" | "E0117" | "E0210" | "E0390"))
            {
                let mine: BTreeSet<&str> = cell.items.iter().filter_map(Item::name).collect();
                let mut earlier = Vec::new();
                item_cells.retain(|c| {
                    let mentioned = c.names.keys().any(|name| cell.words.contains(name));
                    if mentioned {
                        pulled.insert(c.number);
                        earlier.extend(c.items.iter().filter(|i| i.name().is_none_or(|n| !mine.contains(n))).cloned());
                    }
                    !mentioned
                });
                if !pulled.is_empty() {
                    earlier.append(&mut items);
                    items = earlier;
                    continue;
                }
            }
            if !errors.is_empty() {
                return Err(self.compile_failure(number, text, count, &errors, &generated.source));
            }
            self.state.import(&cell.imports);
            let types = reported_types(&messages, &generated);
            return Ok(Ready {
                number,
                items,
                generated,
                types,
                pulled,
                gone,
            });
        }
        Err(Failure::plain(
            "CompileError",
            "the cell could not be compiled: variables were moved in a way that could not be followed",
        ))
    }

    /// Remembers why the variables of a cell are not there whose compile did not come to an end.
    fn never_bound(&mut self, cell: &Cell, count: usize) {
        let names = cell.statements.iter().flat_map(|s| &s.bindings).map(|b| &b.name);
        for name in names.filter(|name| !self.state.variables.contains_key(*name)) {
            let why = format!("cell [{count}] was stopped before it was compiled; run it again");
            self.state.lost.insert(name.clone(), why);
        }
    }

    /// The number that the cell gets: see [`Compiler::number`](super::compile::Compiler::number).
    fn choose_number(&mut self, cell: &Cell) -> (usize, bool) {
        let request = Request {
            cell,
            items: &cell.items,
            item_cells: &self.state.item_cells,
            state: &self.state,
            gone: &BTreeMap::new(),
        };
        let generated = generate(&request);
        let number = |anew| {
            let unit = self.unit(&cell.items, &generated.source, anew);
            self.compiler.number(&self.sdk, &self.state, &unit)
        };
        let first = number(false);
        let again = self.state.item_cells.iter().any(|c| c.number == first);
        let anew = again && STATEFUL.iter().any(|word| cell.words.contains(*word));
        (if anew { number(true) } else { first }, anew)
    }

    /// What is to be compiled; `anew` if nothing that was made before is to be used.
    fn unit<'s>(&self, items: &[Item], source: &'s Source, anew: bool) -> Unit<'s> {
        let reads = |text: &str| OUTSIDE.iter().any(|word| text.contains(word));
        let reads_files = reads(&source.text)
            || self
                .state
                .item_cells
                .iter()
                .flat_map(|c| &c.items)
                .any(|item| reads(&item.fragment.text));
        Unit {
            form: if items.is_empty() { Form::Plain } else { Form::Items },
            source: &source.text,
            lasting: !anew && !reads_files,
            reads_files,
        }
    }

    fn rustc(&mut self, number: usize, unit: &Unit<'_>) -> Result<Vec<Message>, Failure> {
        match self.compiler.compile(&self.sdk, &self.state, number, unit, &self.interrupter) {
            Ok(Compiled::Done(messages)) => Ok(messages),
            Ok(Compiled::Cancelled) => Err(Failure::located(
                "KeyboardInterrupt",
                "stopped while it was being compiled; nothing of it has run",
                None,
            )),
            Err(error) => Err(Failure::plain(
                "CompilerError",
                &format!("the compiler could not be used: {error}\n`cistron doctor` says what is missing"),
            )),
        }
    }

    /// Text that is no Rust: rustc says why better than syn does.
    fn syntax_failure(&mut self, number: usize, text: &str, count: usize, error: &syn::Error) -> Failure {
        let mut source = Source::default();
        source.line("#![allow(unused)]\nfn cell() {");
        source.fragment(&Fragment::new(number, text, 0..text.len(), &[]));
        source.line("}");
        let unit = Unit {
            form: Form::Plain,
            source: &source.text,
            lasting: false,
            reads_files: true,
        };
        let messages = match self.rustc(number, &unit) {
            Ok(messages) => messages,
            Err(failure) => return failure,
        };
        let errors: Vec<&Message> = messages
            .iter()
            .filter(|m| m.is_error() && UNREADABLE.contains(&m.code()))
            .collect();
        if errors.is_empty() {
            let at = error.span().byte_range().start.saturating_sub(1);
            let texts: Texts<'_> = [(number, (text, count))].into();
            let place = underline(
                Place {
                    cell: number,
                    start: at,
                    end: at + 1,
                },
                '^',
                "",
                &texts,
            );
            return Failure::located("CompileError", &error.to_string(), Some(&place));
        }
        self.compile_failure(number, text, count, &errors, &source)
    }

    fn compile_failure(&self, number: usize, text: &str, count: usize, errors: &[&Message], source: &Source) -> Failure {
        let mut texts: Texts<'_> = self
            .state
            .compiled
            .iter()
            .map(|(n, c)| (*n, (c.text.as_str(), c.count)))
            .collect();
        texts.insert(number, (text, count));
        let own_file = format!("cell_{number}");
        let mut shown: Vec<String> = Vec::new();
        for error in errors {
            let mut rendered = render(error, &own_file, source, &texts);
            if error.places(&own_file, source).is_empty() {
                let end = text.trim_end().len();
                let place = Place {
                    cell: number,
                    start: end.saturating_sub(1),
                    end,
                };
                rendered.push_str(&format!("\n{}", underline(place, '^', "here or before", &texts)));
            }
            if matches!(error.code(), "E0425" | "E0423")
                && let Some((name, why)) = self
                    .state
                    .lost
                    .iter()
                    .find(|(name, _)| error.text().contains(&format!("`{name}`")))
            {
                rendered.push_str(&format!("\n  = note: `{name}` was not kept: {why}"));
            }
            if matches!(error.code(), "E0597" | "E0716" | "E0521") {
                rendered.push_str("\n  = help: a variable that lives on between cells can't borrow from another; clone the value, or keep both in one `Rc`");
            }
            if !shown.contains(&rendered) {
                shown.push(rendered);
            }
        }
        let value = errors
            .first()
            .map(|m| m.text().lines().next().unwrap_or_default().to_string())
            .unwrap_or_default();
        let more = if errors.len() > 1 {
            format!(" (and {} more)", errors.len() - 1)
        } else {
            String::new()
        };
        let traceback = shown.join("\n\n").lines().map(String::from).collect();
        Failure {
            name: "CompileError".into(),
            value: value + &more,
            traceback,
        }
    }

    pub(super) fn runtime_failure(&self, name: &str, body: &Value) -> Failure {
        let message = body["message"].as_str().unwrap_or_default();
        let place = &body["place"];
        let file = place["file"].as_str().unwrap_or_default();
        let number = file.strip_prefix("cell_").and_then(|n| n.parse::<usize>().ok());
        let at = |key: &str| place[key].as_u64().unwrap_or(0) as usize;
        let shown = number.and_then(|number| {
            let compiled = self.state.compiled.get(&number)?;
            let (cell, start) = compiled.source.origin_of_line(at("line"), at("column"))?;
            let texts: Texts<'_> = self
                .state
                .compiled
                .iter()
                .map(|(n, c)| (*n, (c.text.as_str(), c.count)))
                .collect();
            Some(underline(
                Place {
                    cell,
                    start,
                    end: start + 1,
                },
                '^',
                "",
                &texts,
            ))
        });
        let library = || {
            let short = file.rsplit("/src/").next().map(|tail| file.len() - tail.len()).unwrap_or(0);
            let krate = file[..short].trim_end_matches("/src/").rsplit('/').next().unwrap_or_default();
            format!("  in {krate}/{}:{}", &file[short..], at("line"))
        };
        let shown = shown.or_else(|| (number.is_none() && !file.is_empty()).then(library));
        Failure::located(name, message, shown.as_deref())
    }
}

/// The binding that can't be stored, and why: the cell moved it away, or it borrows from another.
fn lost_slot(message: &Message, generated: &Generated) -> Option<(u32, Gone)> {
    let slot = |line: usize| generated.slots.get(&line).copied();
    let borrows = matches!(
        message.code(),
        "E0505" | "E0597" | "E0716" | "E0521" | "E0373" | "E0502" | "E0506"
    );
    let borrower = || {
        message
            .labels()
            .find_map(|(line, label)| slot(line).filter(|_| label.contains("'static")))
    };
    if borrows && let Some(slot) = borrower() {
        return Some((slot, Gone::Borrows));
    }
    matches!(message.code(), "E0382" | "E0381" | "E0505")
        .then(|| slot(message.line()))
        .flatten()
        .map(|slot| (slot, Gone::Moved))
}

fn reported_types(messages: &[Message], generated: &Generated) -> BTreeMap<u32, String> {
    let report = |message: &Message| {
        let slot = *generated.slots.get(&message.line())?;
        Some((slot, types::reported_type(message.text())?.to_string()))
    };
    messages
        .iter()
        .filter(|m| m.code() == "trivial_casts")
        .filter_map(report)
        .collect()
}
