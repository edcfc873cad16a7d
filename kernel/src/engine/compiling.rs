//! From the text of a cell to a library: passes of the compiler until nothing is left to mend.

use super::attributes::take_inner;
use super::cell::{Cell, parse};
use super::compile::{Compiled, Form, Unit};
use super::diagnostics::{Message, Place, Texts, render, underline};
use super::failure::Failure;
use super::fragment::{Fragment, Source};
use super::generate::{FIRST, Generated, Gone, Request, generate};
use super::item::Item;
use super::keep::Keeping;
use super::redefinition;
use super::session::Engine;
use super::types;
use std::collections::{BTreeMap, BTreeSet};

/// Passes of the compiler that one cell may take.
const PASSES: usize = 8;

/// Warnings that are shown: what they find is rarely meant.
const WARNINGS: [&str; 6] = [
    "arithmetic_overflow",
    "overflowing_literals",
    "unconditional_panic",
    "unconditional_recursion",
    "unreachable_code",
    "unused_must_use",
];

/// Macros that read what is outside of the source.
const OUTSIDE: [&str; 5] = ["include!", "include_str!", "include_bytes!", "env!", "option_env!"];

/// A cell that compiled.
pub(super) struct Ready {
    pub(super) number: usize,
    pub(super) items: Vec<Item>,
    pub(super) generated: Generated,
    pub(super) types: BTreeMap<u32, String>,
    pub(super) pulled: BTreeSet<usize>,
    pub(super) gone: BTreeMap<u32, Gone>,
    /// What the compiler warns of.
    pub(super) notes: Vec<String>,
}

/// A cell and the attributes in front of it.
struct Read {
    cell: Cell,
    attributes: Vec<Fragment>,
}

impl Engine {
    pub(super) fn compile(&mut self, text: &str, count: usize) -> Result<Ready, Failure> {
        let read = self.read(0, text, count)?;
        let (number, anew) = self.choose_number(&read);
        // The pieces of a cell know its number, which follows from what it is.
        let Read { cell, attributes } = self.read(number, text, count)?;
        let mut items = self.own_items(&cell);
        let mut item_cells = self.state.item_cells.clone();
        let (mut gone, mut keeping) = self.forms(&cell);
        let mut pulled = BTreeSet::new();
        for _ in 0..PASSES {
            let request = Request {
                cell: &cell,
                items: &items,
                item_cells: &item_cells,
                state: &self.state,
                gone: &gone,
                keeping: &keeping,
                attributes: &attributes,
            };
            let generated = generate(&request);
            let messages = match self.rustc(number, &self.unit(&request, &generated.source, anew)) {
                Ok(messages) => messages,
                Err(failure) => {
                    let why = format!("cell [{count}] was stopped before it was compiled; run it again");
                    self.never_bound(&cell, &why);
                    return Err(failure);
                }
            };
            let errors: Vec<&Message> = messages.iter().filter(|m| m.is_error()).collect();
            if self.unload(&errors, &generated)
                | self.drop_imports(&errors, &generated)
                | withdraw(&mut items, &errors, &generated)
            {
                continue;
            }
            if keeping.learn(&errors, &generated, &mut gone) {
                continue;
            }
            let lost: BTreeMap<u32, Gone> = errors.iter().filter_map(|m| lost_slot(m, &generated)).collect();
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
                        let stays = |name: &str| !mine.contains(name) && c.names.contains_key(name);
                        earlier.extend(c.items.iter().filter(|i| i.name().is_none_or(stays)).cloned());
                    }
                    !mentioned
                });
                if !pulled.is_empty() {
                    earlier = redefinition::without_rewritten(earlier, &items);
                    earlier.append(&mut items);
                    items = earlier;
                    continue;
                }
            }
            if !errors.is_empty() {
                let failure = self.compile_failure(number, text, count, &errors, &generated.source);
                self.never_bound(&cell, &format!("cell [{count}] did not compile"));
                return Err(failure);
            }
            let types = reported_types(&messages, &generated);
            if keeping.wrap(&types, &gone) {
                continue;
            }
            let notes = self.warnings(number, text, count, &messages, &generated.source, &attributes);
            self.state.import(&cell.imports);
            return Ok(Ready {
                number,
                items,
                generated,
                types,
                pulled,
                gone,
                notes,
            });
        }
        Err(Failure::plain(
            "CompileError",
            "the cell could not be compiled: variables were moved in a way that could not be followed",
        ))
    }

    /// Reads a cell as number `number`.
    fn read(&mut self, number: usize, text: &str, count: usize) -> Result<Read, Failure> {
        let inner = take_inner(text).map_err(|refused| {
            let texts: Texts<'_> = [(number, (text, count))].into();
            let (start, end) = (refused.at.start, refused.at.end);
            let place = Place {
                cell: number,
                start,
                end,
            };
            Failure::located("CompileError", &refused.message, Some(&underline(place, '^', "", &texts)))
        })?;
        let cell = match parse(number, &inner.code, &self.state.item_macros()) {
            Ok(cell) => cell,
            Err(error) => return Err(self.syntax_failure(number, text, count, &error)),
        };
        let attributes = inner.attributes.iter().map(|at| Fragment::new(number, text, at.clone(), &[]));
        Ok(Read {
            cell,
            attributes: attributes.collect(),
        })
    }

    /// The items that the cell defines; none if it only says again what an earlier cell has defined.
    fn own_items(&self, cell: &Cell) -> Vec<Item> {
        if redefinition::repeated(cell, &self.state) {
            Vec::new()
        } else {
            cell.items.clone()
        }
    }

    /// The number that the cell gets (see [`Compiler::number`](super::compile::Compiler::number)), and whether nothing that
    /// was compiled before is to be used: items with a state of their own begin anew when their cell runs again.
    fn choose_number(&mut self, read: &Read) -> (usize, bool) {
        let items = self.own_items(&read.cell);
        let (gone, keeping) = self.forms(&read.cell);
        let request = Request {
            cell: &read.cell,
            items: &items,
            item_cells: &self.state.item_cells,
            state: &self.state,
            gone: &gone,
            keeping: &keeping,
            attributes: &read.attributes,
        };
        let generated = generate(&request);
        let number = |anew| {
            let unit = self.unit(&request, &generated.source, anew);
            self.compiler.number(&self.sdk, &self.state, &unit)
        };
        let first = number(false);
        let anew = self.state.item_cells.iter().any(|cell| cell.number == first);
        (if anew { number(true) } else { first }, anew)
    }

    /// What is to be compiled; `anew` if nothing that was made before is to be used.
    fn unit<'s>(&self, request: &Request<'_>, source: &'s Source, anew: bool) -> Unit<'s> {
        let reads = |text: &str| OUTSIDE.iter().any(|word| text.contains(word));
        let mut earlier = self.state.item_cells.iter().flat_map(|c| &c.items);
        let reads_files = request.cell.has_files || reads(&source.text) || earlier.any(|item| reads(&item.fragment.text));
        Unit {
            form: if request.items.is_empty() { Form::Plain } else { Form::Items },
            source: &source.text,
            lasting: !anew && !reads_files,
            is_root: reads_files || !request.attributes.is_empty(),
        }
    }

    /// What is known before the first pass of how the cell's bindings can be kept.
    fn forms(&self, cell: &Cell) -> (BTreeMap<u32, Gone>, Keeping) {
        let bindings = || (FIRST..).zip(cell.statements.iter().flat_map(|s| s.bindings.iter().map(move |b| (s, b))));
        let references = bindings().filter(|(_, (_, binding))| binding.by_reference);
        let gone = references.map(|(slot, _)| (slot, Gone::Borrows(None))).collect();
        let known: BTreeSet<&str> = self
            .state
            .variables
            .keys()
            .map(String::as_str)
            .chain(bindings().map(|(_, (_, binding))| binding.name.as_str()))
            .collect();
        let closures = bindings().filter_map(|(slot, (statement, _))| Some((slot, statement.closure.as_ref()?.0.clone())));
        (gone, Keeping::new(closures.collect(), &known))
    }

    /// Forgets variables whose type the compiler does not let a cell name; true if there are any.
    fn unload(&mut self, errors: &[&Message], generated: &Generated) -> bool {
        let names: BTreeSet<&String> = errors.iter().filter_map(|m| generated.loads.get(&m.line())).collect();
        for name in &names {
            let kind = self
                .state
                .variables
                .get(*name)
                .map(|v| types::short(&v.type_name))
                .unwrap_or_default();
            let never = kind.split(|c: char| "<>(), ".contains(c)).any(|word| word == "!");
            let why = if never {
                format!("its type `{kind}` holds `!`, which stable Rust can't write down; let its code end in a value")
            } else {
                private(&kind)
            };
            self.lose(name, &why);
        }
        !names.is_empty()
    }

    /// Forgets imports of earlier cells that lead nowhere any more; true if there are any.
    fn drop_imports(&mut self, errors: &[&Message], generated: &Generated) -> bool {
        let unresolved = errors
            .iter()
            .filter(|m| matches!(m.code(), "E0432" | "E0433" | "E0603" | "E0364"));
        let lines: BTreeSet<&String> = unresolved.filter_map(|m| generated.imports.get(&m.line())).collect();
        for import in self.state.imports.iter().filter(|import| lines.contains(&import.line)) {
            if let Some(name) = &import.name {
                let why = format!("`{}` leads nowhere any more", import.line.trim_end_matches(';'));
                self.state.lost.insert(name.clone(), why);
            }
        }
        self.state.imports.retain(|import| !lines.contains(&import.line));
        !lines.is_empty()
    }

    /// Warnings that matter, or that the cell asks for, as a note each.
    fn warnings(
        &self,
        number: usize,
        text: &str,
        count: usize,
        messages: &[Message],
        source: &Source,
        attributes: &[Fragment],
    ) -> Vec<String> {
        let texts: Texts<'_> = [(number, (text, count))].into();
        let own_file = format!("cell_{number}");
        let mut shown: Vec<String> = Vec::new();
        for message in messages.iter().filter(|m| m.is_warning()) {
            let code = message.code();
            let asked = attributes.iter().any(|a| a.text.contains(code));
            let here = message
                .places(&own_file, source)
                .iter()
                .any(|(place, main, _)| *main && place.cell == number);
            if here && (asked || WARNINGS.contains(&code)) {
                let rendered = render(message, &own_file, source, &texts);
                if !shown.contains(&rendered) {
                    shown.push(rendered);
                }
            }
        }
        shown
    }

    /// Remembers why the variables of a cell are not there whose compile did not come to an end.
    fn never_bound(&mut self, cell: &Cell, why: &str) {
        let names = cell.statements.iter().flat_map(|s| &s.bindings).map(|b| &b.name);
        for name in names.filter(|name| !self.state.variables.contains_key(*name)) {
            // Why an earlier one is gone says more.
            if self.state.lost.get(name).is_none_or(|before| before.starts_with("cell [")) {
                self.state.lost.insert(name.clone(), why.into());
            }
        }
    }

    pub(super) fn rustc(&mut self, number: usize, unit: &Unit<'_>) -> Result<Vec<Message>, Failure> {
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
        return Some((slot, Gone::Borrows(message.owner())));
    }
    matches!(message.code(), "E0382" | "E0381" | "E0505")
        .then(|| slot(message.line()))
        .flatten()
        .map(|slot| (slot, Gone::Moved))
}

/// Why a variable of a private type is not kept.
fn private(kind: &str) -> String {
    format!(
        "its type `{kind}` is private to the crate that defines it, so that no other cell can name it; take out what you \
         need in the cell that makes it, or keep it there as `Box<dyn Trait>`"
    )
}

/// Takes back guessed names of items that are not there, or that later cells can't see; true if there are any.
fn withdraw(items: &mut [Item], errors: &[&Message], generated: &Generated) -> bool {
    let wrong: BTreeSet<&String> = errors.iter().filter_map(|m| generated.guesses.get(&m.line())).collect();
    for name in &wrong {
        for item in items.iter_mut() {
            item.is_not(name);
        }
    }
    !wrong.is_empty()
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
