//! The source that rustc compiles for a cell.
//!
//! Every `let` opens a guarded closure for the rest of the cell, so that what was bound survives
//! whatever comes after it. The code size stays linear and types are inferred through all of it.

use super::binding::Binding;
use super::cell::Cell;
use super::extra::{self, Extra};
use super::fragment::{Fragment, Source};
use super::identifiers::identifiers;
use super::item::{Item, Kind};
use super::keep::Keeping;
use super::state::{ItemCell, State};
use std::collections::{BTreeMap, BTreeSet};

const PRELUDE: &str = "use cistron::prelude::*;\n\
    use cistron::rt::{EvcxrFallback as _, ShownByDebug as _, ShownByDisplay as _, ShownByForm as _, ShownByName as _, ShownByTable as _};";
const OPEN: &str = "let __result = ::cistron::rt::segment(|| -> ::std::result::Result<(), ::cistron::rt::Fail> {";

/// `dbg!` with the place that the user sees, also in modules of a cell.
const DEBUGGED: &str = "#[allow(unused_macros)] macro_rules! dbg { ($($t:tt)*) => { ::cistron::debugged!($($t)*) } }";

/// Generated source and what its lines stand for.
#[derive(Debug)]
pub(crate) struct Generated {
    /// The text.
    pub(crate) source: Source,
    /// Lines that report the type of a variable, or store it.
    pub(crate) slots: BTreeMap<usize, u32>,
    /// Lines that bring a stored variable in.
    pub(crate) loads: BTreeMap<usize, String>,
    /// Lines that stand for an import of an earlier cell.
    pub(crate) imports: BTreeMap<usize, String>,
    /// Lines that ask whether a macro has defined a name.
    pub(crate) guesses: BTreeMap<usize, String>,
    /// The bindings of the cell by their number, from 1.
    pub(crate) bindings: BTreeMap<u32, Binding>,
    /// The variables of earlier cells that it names, by their number.
    pub(crate) loaded: BTreeMap<u32, String>,
    /// The libraries beside the facade that it needs.
    pub(crate) extras: Vec<&'static Extra>,
}

/// The number of a cell's first binding. Numbers in generated source hold nothing of the session, so that the same cell is the
/// same source whenever it runs.
pub(crate) const FIRST: u32 = 1;

/// The numbers of loaded variables begin here.
const LOADED: u32 = 1 << 30;

/// The function that every compiled cell has.
pub(crate) const ENTRY: &str = "__cell";

/// Why a binding can't be kept for later cells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Gone {
    /// The cell moved its value away.
    Moved,
    /// It borrows from another variable, this one if it is known.
    Borrows(Option<String>),
    /// Its type has no name and it fits into no box.
    Unnamed,
}

impl Gone {
    /// The reason, as a later cell that names it says it.
    pub(crate) fn why(&self) -> String {
        match self {
            Self::Moved => "its value was moved away; keep a `clone()`".into(),
            Self::Borrows(owner) => format!(
                "it borrows from {}; clone the value, or keep both in one `Rc`",
                owner.as_ref().map_or("another variable".into(), |owner| format!("`{owner}`"))
            ),
            Self::Unnamed => "its type has no name; keep it as `Box<dyn Trait>`".into(),
        }
    }
}

/// What one compile is made of.
pub(crate) struct Request<'a> {
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
    /// Bindings that are kept in another form than their own.
    pub(crate) keeping: &'a Keeping,
    /// Attributes for the whole crate.
    pub(crate) attributes: &'a [Fragment],
}

/// Writes the source of a cell.
pub(crate) fn generate(request: &Request<'_>) -> Generated {
    let mut out = Generated {
        source: Source::default(),
        slots: BTreeMap::new(),
        loads: BTreeMap::new(),
        imports: BTreeMap::new(),
        guesses: BTreeMap::new(),
        bindings: BTreeMap::new(),
        loaded: BTreeMap::new(),
        extras: Vec::new(),
    };
    for attribute in request.attributes {
        out.source.fragment(attribute);
    }
    out.source.line(PRELUDE);
    let own: BTreeSet<&str> = request
        .items
        .iter()
        .flat_map(Item::names)
        .map(|(name, _)| name.as_str())
        .collect();
    write_imports(request, &own, &mut out);
    if !has_own_debug(request, &own) {
        out.source.line(DEBUGGED);
    }
    for item in request.items {
        out.source.fragment(&item.fragment);
    }
    let guesses = request.items.iter().filter(|item| item.is_guessed());
    for (name, _) in guesses.flat_map(Item::names) {
        let line = out.source.line(&format!("pub use self::{name} as __is_{name};"));
        out.guesses.insert(line, name.clone());
    }
    out.source.line("#[unsafe(no_mangle)]");
    out.source.line(&format!(
        "pub unsafe extern \"C-unwind\" fn {ENTRY}(__store: *mut ::cistron::rt::Store) {{"
    ));
    for name in &request.state.release {
        out.source.line(&format!("unsafe {{ (*__store).forget({name:?}) }};"));
    }
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
    for ((name, _), slot) in loaded.iter().zip(LOADED..) {
        out.loaded.insert(slot, (*name).clone());
        write_store(&mut out, request, name, slot, None);
    }
    out.source.line("__result });");
    out.source.line("unsafe { ::cistron::rt::finish(&*__store, __result) } }");
    out
}

/// Whether `dbg!` is something that the user has defined or imported.
fn has_own_debug(request: &Request<'_>, own: &BTreeSet<&str>) -> bool {
    const NAME: &str = "dbg";
    let mut imported = request.state.imports.iter().chain(&request.cell.imports);
    let mut fragments = request.items.iter().map(|item| &item.fragment).chain(&request.cell.uses);
    own.contains(NAME)
        || request.item_cells.iter().any(|cell| cell.names.contains_key(NAME))
        || imported.any(|import| import.name.as_deref() == Some(NAME))
        || fragments.any(|fragment| fragment.text.contains("::dbg"))
}

fn write_imports(request: &Request<'_>, own: &BTreeSet<&str>, out: &mut Generated) {
    let source = &mut out.source;
    let mut roots: BTreeSet<&str> = BTreeSet::new();
    let mut taken: BTreeSet<&str> = own.clone();
    taken.extend(request.cell.imports.iter().filter_map(|i| i.name.as_deref()));
    for import in &request.state.imports {
        if import.name.as_deref().is_none_or(|name| !taken.contains(name)) {
            let line = source.line(&import.line);
            out.imports.insert(line, import.line.clone());
            roots.insert(import.root());
        }
    }
    for cell in request.item_cells {
        let wanted = |name: &str, kind: Kind| kind == Kind::Type || request.cell.words.contains(name) || roots.contains(name);
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
    let mut words = request.cell.words.clone();
    words.extend(request.items.iter().flat_map(|item| identifiers(&item.fragment.text)));
    let reached = reached(request, &words);
    for dependency in &request.state.dependencies {
        if roots.contains(dependency.name.as_str()) || reached.contains(&dependency.name) {
            source.line(&format!("use {}::{};", dependency.crate_name, dependency.name));
        }
    }
    out.extras = extra::needed(&reached).collect();
    if !out.extras.is_empty() {
        taken.extend(request.state.imports.iter().filter_map(|import| import.name.as_deref()));
        taken.extend(
            request
                .item_cells
                .iter()
                .flat_map(|cell| cell.names.keys().map(String::as_str)),
        );
        for extra in &out.extras {
            source.line(&format!("extern crate {};", extra.name));
            source.line(&extra.import(&words, &taken));
        }
    }
    for fragment in &request.cell.uses {
        source.fragment(fragment);
    }
}

/// The words that a cell may mean: its `own`, with those of items that came along; those of the types of variables that it
/// names; and those of the earlier cells whose items it reaches through all of these. A crate that none of them names need not
/// be read; one that they name has to be, or types of it have no path.
fn reached(request: &Request<'_>, own: &BTreeSet<String>) -> BTreeSet<String> {
    let mut words = own.clone();
    for (name, variable) in &request.state.variables {
        if request.cell.words.contains(name) {
            let parts = variable.type_name.split(|c: char| !(c.is_alphanumeric() || c == '_'));
            words.extend(parts.map(String::from));
        }
    }
    let mut waiting: Vec<&ItemCell> = request.item_cells.iter().collect();
    loop {
        let meant = |cell: &&ItemCell| {
            cell.names.keys().any(|name| words.contains(name)) || words.contains(&format!("cell_{}", cell.number))
        };
        let (found, rest): (Vec<&ItemCell>, Vec<&ItemCell>) = waiting.into_iter().partition(meant);
        if found.is_empty() {
            return words;
        }
        words.extend(found.iter().flat_map(|cell| cell.words.iter().cloned()));
        waiting = rest;
    }
}

fn write_body(request: &Request<'_>, out: &mut Generated) {
    let mut slot = FIRST;
    let mut closes: Vec<Vec<u32>> = Vec::new();
    let mut waiting: Vec<u32> = Vec::new();
    for statement in &request.cell.statements {
        write_mark(&mut out.source, 1);
        match &statement.closure {
            Some((_, moving)) if request.keeping.moved.contains(&slot) => out.source.fragment(moving),
            _ => out.source.fragment(&statement.fragment),
        }
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
        Some(last) => {
            write_mark(&mut out.source, 2);
            write_last(&mut out.source, last, request.cell.tuple);
        }
        // The last statement may stand without its semicolon, as `println!(..)` often does.
        None => _ = out.source.line(";"),
    }
    write_stores(out, request, &waiting);
    out.source.line("Ok(()) });");
    for slots in closes.into_iter().rev() {
        write_stores(out, request, &slots);
        out.source.line("__result });");
    }
}

fn write_stores(out: &mut Generated, request: &Request<'_>, slots: &[u32]) {
    for slot in slots {
        let binding = out.bindings[slot].clone();
        write_store(out, request, &binding.name, *slot, Some(binding.mutable));
    }
}

/// Says, where the cell runs, which statement is next: the one so many lines ahead. Panics inside libraries are shown at it.
fn write_mark(source: &mut Source, ahead: usize) {
    let next = source.next_line() + ahead;
    source.line(&format!("::cistron::rt::at({next});"));
}

const SHOW: &str = "if !::cistron::rt::was_shown(&(*__value).evcxr_display()) { (&&&&&::cistron::rt::Shown(__value)).show(); }";

fn write_last(source: &mut Source, last: &Fragment, tuple: Option<usize>) {
    source.line("{ let __value = &(");
    source.fragment(last);
    let Some(length) = tuple else {
        source.line(&format!("); {SHOW} }}"));
        return;
    };
    source.line("); ::cistron::rt::show_together(&|| {");
    for index in 0..length {
        source.line(&format!("{{ let __value = &__value.{index}; {SHOW} }}"));
    }
    source.line("}); }");
}

/// The type report, which is a lint that rustc answers with the type's full name, and the storing itself. `report` is for
/// a binding of this cell and says whether it is mutable.
fn write_store(out: &mut Generated, request: &Request<'_>, name: &str, slot: u32, report: Option<bool>) {
    let gone = request.gone.get(&slot);
    if gone == Some(&Gone::Moved) {
        return;
    }
    if let Some(mutable) = report {
        if let Some(form) = request.keeping.forms.get(&slot).filter(|_| gone.is_none()) {
            let line = out.source.line(&form.line(name, mutable));
            out.slots.insert(line, slot);
        }
        let line = out
            .source
            .line(&format!("#[warn(trivial_casts)] {{ let _ = &{name} as &_; }}"));
        out.slots.insert(line, slot);
    }
    if gone.is_some() {
        return;
    }
    let store = match report {
        Some(_) => format!("unsafe {{ (*__store).put({name:?}, {slot}, {name}) }};"),
        None => format!("unsafe {{ (*__store).put_back({name:?}, {name}) }};"),
    };
    let line = out.source.line(&store);
    out.slots.insert(line, slot);
}
