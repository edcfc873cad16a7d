//! The source that rustc compiles for a cell.
//!
//! Every `let` opens a guarded closure for the rest of the cell, so that what was bound survives
//! whatever comes after it. The code size stays linear and types are inferred through all of it.

use super::binding::Binding;
use super::cell::Cell;
use super::fragment::{Fragment, Source};
use super::item::{Item, Kind};
use super::state::{ItemCell, State};
use std::collections::{BTreeMap, BTreeSet};

const HEAD: &str = "#![allow(unused, non_snake_case, private_interfaces, private_bounds, dead_code)]\n\
    extern crate cistron;\n\
    use cistron::prelude::*;\n\
    use cistron::rt::{EvcxrFallback as _, ShownByDebug as _, ShownByForm as _, ShownByName as _, ShownByTable as _};";
const OPEN: &str = "let __result = ::cistron::rt::segment(|| -> ::std::result::Result<(), ::cistron::rt::Fail> {";

/// Generated source and what its lines stand for.
#[derive(Debug)]
pub(crate) struct Generated {
    /// The text.
    pub(crate) source: Source,
    /// Lines that report the type of a binding, or store it.
    pub(crate) slots: BTreeMap<usize, u32>,
    /// Lines that bring a stored variable in.
    pub(crate) loads: BTreeMap<usize, String>,
    /// The bindings of the cell by their number.
    pub(crate) bindings: BTreeMap<u32, Binding>,
}

/// Why a binding can't be kept for later cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Gone {
    /// The cell moved its value away.
    Moved,
    /// It borrows from another variable.
    Borrows,
}

impl Gone {
    /// The reason, as a later cell that names it says it.
    pub(crate) fn why(self) -> &'static str {
        match self {
            Self::Moved => "its value was moved away; keep a `clone()`",
            Self::Borrows => "it borrows from another variable; clone the value, or keep both in one `Rc`",
        }
    }
}

/// What one compile is made of.
pub(crate) struct Request<'a> {
    /// Number of the cell.
    pub(crate) number: usize,
    /// The cell.
    pub(crate) cell: &'a Cell,
    /// Its items, and those of earlier cells that had to come along.
    pub(crate) items: &'a [Item],
    /// Earlier cells whose items can be imported.
    pub(crate) item_cells: &'a [ItemCell],
    /// What the session knows.
    pub(crate) state: &'a State,
    /// Bindings that can't be kept.
    pub(crate) gone: &'a BTreeMap<u32, Gone>,
    /// The number of the cell's first binding.
    pub(crate) first_slot: u32,
}

/// Writes the source of a cell.
pub(crate) fn generate(request: &Request<'_>) -> Generated {
    let mut out = Generated {
        source: Source::default(),
        slots: BTreeMap::new(),
        loads: BTreeMap::new(),
        bindings: BTreeMap::new(),
    };
    out.source.line(HEAD);
    let own: BTreeSet<&str> = request
        .items
        .iter()
        .flat_map(Item::names)
        .map(|(name, _)| name.as_str())
        .collect();
    write_imports(request, &own, &mut out.source);
    for item in request.items {
        out.source.fragment(&item.fragment);
    }
    out.source.line("#[unsafe(no_mangle)]");
    out.source.line(&format!(
        "pub unsafe extern \"C-unwind\" fn __cell_{}(__store: *mut ::cistron::rt::Store) {{",
        request.number
    ));
    out.source.line(OPEN);
    let loaded: Vec<(&String, &super::state::Variable)> = request
        .state
        .variables
        .iter()
        .filter(|(name, _)| request.cell.words.contains(*name))
        .collect();
    for (name, variable) in &loaded {
        let (mutable, take) = if variable.mutable {
            ("mut ", "take_mut")
        } else {
            ("", "take")
        };
        let load = format!(
            "let {mutable}{name}: {} = unsafe {{ (*__store).{take}({name:?}) }};",
            variable.type_name
        );
        let line = out.source.line(&load);
        out.loads.insert(line, (*name).clone());
    }
    out.source.line(OPEN);
    write_body(request, &mut out);
    for (name, variable) in &loaded {
        write_store(&mut out, request.gone, name, variable.slot, false);
    }
    out.source.line("__result });");
    out.source.line("unsafe { ::cistron::rt::finish(&*__store, __result) } }");
    out
}

fn write_imports(request: &Request<'_>, own: &BTreeSet<&str>, source: &mut Source) {
    let mut taken: BTreeSet<&str> = own.clone();
    taken.extend(request.cell.imports.iter().filter_map(|i| i.name.as_deref()));
    for import in &request.state.imports {
        if import.name.as_deref().is_none_or(|name| !taken.contains(name)) {
            source.line(&import.line);
        }
    }
    for cell in request.item_cells {
        let wanted = |name: &str, kind: Kind| kind == Kind::Type || request.cell.words.contains(name);
        let names: Vec<&str> = cell
            .names
            .iter()
            .filter(|(name, kind)| !taken.contains(name.as_str()) && wanted(name, **kind))
            .map(|(name, _)| name.as_str())
            .collect();
        if !names.is_empty() {
            source.line(&format!("use cell_{}::{{{}}};", cell.number, names.join(", ")));
        }
    }
    for dependency in &request.state.dependencies {
        source.line(&format!("use {}::{};", dependency.crate_name, dependency.name));
    }
    for fragment in &request.cell.uses {
        source.fragment(fragment);
    }
}

fn write_body(request: &Request<'_>, out: &mut Generated) {
    let mut slot = request.first_slot;
    let mut closes: Vec<Vec<u32>> = Vec::new();
    let mut waiting: Vec<u32> = Vec::new();
    for statement in &request.cell.statements {
        out.source.fragment(&statement.fragment);
        for binding in &statement.bindings {
            out.bindings.insert(slot, binding.clone());
            waiting.push(slot);
            slot += 1;
        }
        if !statement.bindings.is_empty() && statement.initialised {
            out.source.line(OPEN);
            closes.push(std::mem::take(&mut waiting));
        }
    }
    match &request.cell.last {
        Some(last) => write_last(&mut out.source, last),
        // The last statement may stand without its semicolon, as `println!(..)` often does.
        None => _ = out.source.line(";"),
    }
    for slot in waiting {
        let name = out.bindings[&slot].name.clone();
        write_store(out, request.gone, &name, slot, true);
    }
    out.source.line("Ok(()) });");
    for slots in closes.into_iter().rev() {
        for slot in slots {
            let name = out.bindings[&slot].name.clone();
            write_store(out, request.gone, &name, slot, true);
        }
        out.source.line("__result });");
    }
}

fn write_last(source: &mut Source, last: &Fragment) {
    source.line("{ let __value = &(");
    source.fragment(last);
    source.line("); if !::cistron::rt::was_shown(&(*__value).evcxr_display()) { (&&&&::cistron::rt::Shown(__value)).show(); } }");
}

/// The type report, which is a lint that rustc answers with the type's full name, and the storing itself.
fn write_store(out: &mut Generated, gone: &BTreeMap<u32, Gone>, name: &str, slot: u32, report: bool) {
    if gone.get(&slot) == Some(&Gone::Moved) {
        return;
    }
    if report {
        let line = out
            .source
            .line(&format!("#[warn(trivial_casts)] {{ let _ = &{name} as &_; }}"));
        out.slots.insert(line, slot);
    }
    if gone.contains_key(&slot) {
        return;
    }
    let line = out
        .source
        .line(&format!("unsafe {{ (*__store).put({name:?}, {slot}, {name}) }};"));
    out.slots.insert(line, slot);
}
