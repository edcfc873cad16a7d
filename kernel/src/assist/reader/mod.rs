//! Reads the sources of the libraries of a cell into an [`Index`], with syn and without compiling anything.

mod entry;
mod expand;
mod exports;
mod krate;
mod tables;
mod words;

use super::index::{Entry, Index, Kind, Type};
use exports::Exports;
use krate::Crate;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// The part of the standard library that is offered: sources of the real one are not on every machine.
const STANDARD: &str = include_str!("../../../resources/standard.rs");

/// Other people's types that a notebook works with, and the crates that define them.
const FOREIGN: &[(&str, &[&str])] = &[
    ("candle_core", &["Tensor", "Device", "DType", "Shape", "Var", "D"]),
    ("polars", &[]),
    (
        "polars_core",
        &[
            "DataFrame",
            "Series",
            "SeriesTrait",
            "Column",
            "ChunkedArray",
            "BooleanChunked",
            "Int32Chunked",
            "Int64Chunked",
            "UInt32Chunked",
            "UInt64Chunked",
            "Float32Chunked",
            "Float64Chunked",
            "StringChunked",
            "ListChunked",
            "DataType",
            "AnyValue",
            "Schema",
            "GroupBy",
        ],
    ),
    ("polars_ops", &[]),
    ("polars_lazy", &["LazyFrame", "LazyGroupBy"]),
    ("polars_plan", &["Expr"]),
];

/// Modules of those crates whose traits a cell takes in with one line, and with them methods of their types.
const TRAITS: &[(&str, &str)] = &[("polars_core", "prelude"), ("polars_ops", "prelude")];

/// A crate that cells can name: its name in code and its root file.
pub(crate) type Source = (String, PathBuf);

/// Whether a crate's source is read.
pub(crate) fn wanted(name: &str) -> bool {
    name == "cistron" || name.starts_with("cistron_") || FOREIGN.iter().any(|(krate, _)| *krate == name)
}

/// Reads all sources. The work is done on a thread of its own, because the positions in so many files would stay with
/// the thread.
pub(crate) fn read(sources: &[Source]) -> Index {
    std::thread::scope(|scope| scope.spawn(|| read_here(sources)).join()).unwrap_or_default()
}

fn read_here(sources: &[Source]) -> Index {
    let mut crates: Vec<Crate> = sources.iter().map(|(name, root)| Crate::read(name, root)).collect();
    // Names of ours go before those of others where both have a type.
    crates.sort_by_key(|krate| FOREIGN.iter().any(|(name, _)| *name == krate.name));
    let exports = Exports { crates: &crates };
    let modules = modules(&exports);
    let mut types = types(&crates, &modules);
    add_traits(&exports, &mut types);
    let words = words::words(&crates, &types);
    for (name, kind) in standard() {
        types.entry(name).or_insert(kind);
    }
    Index { modules, types, words }
}

/// All modules that can be reached from what cells start with.
fn modules(exports: &Exports<'_>) -> BTreeMap<String, Vec<Entry>> {
    let mut out = BTreeMap::new();
    let mut waiting: Vec<((usize, usize), String)> = Vec::new();
    for name in ["cistron", "cistron_facade", "cistron_lazy", "candle_core", "polars"] {
        if let Some(root) = exports.root(name) {
            waiting.push((root, name.into()));
            if let Some(prelude) = exports.child(root, "prelude") {
                waiting.push((prelude, format!("{name}::prelude")));
            }
        }
    }
    let mut seen: BTreeSet<String> = BTreeSet::new();
    while let Some((place, path)) = waiting.pop() {
        if !seen.insert(path.clone()) {
            continue;
        }
        let mut entries = Vec::new();
        for (entry, module) in exports.of(place).into_values() {
            if let Some(module) = module {
                waiting.push((module, entry.result.clone()));
            }
            entries.push(entry);
        }
        out.insert(path, entries);
    }
    let of = |path: &str| out.get(path).cloned().unwrap_or_default();
    let mut prelude = of("cistron_facade::prelude");
    for entry in of("cistron::prelude").into_iter().chain(of("cistron_lazy")) {
        if prelude.iter().all(|known| known.name != entry.name) {
            prelude.push(entry);
        }
    }
    // Types of other crates come through `pub use` of crates that are not read.
    for name in FOREIGN.iter().flat_map(|(_, names)| *names) {
        let known = ["Tensor", "Device", "DType", "DataFrame"].contains(name);
        if known && prelude.iter().all(|entry| entry.name != *name) {
            prelude.push(Entry {
                name: (*name).into(),
                kind: Kind::Struct,
                ..Entry::default()
            });
        }
    }
    out.insert("prelude".into(), prelude);
    out
}

/// One type per name: the one that is reached from the root of `cistron`, else the first.
fn types(crates: &[Crate], modules: &BTreeMap<String, Vec<Entry>>) -> BTreeMap<String, Type> {
    let home: BTreeMap<&str, &str> = modules
        .get("cistron")
        .into_iter()
        .flatten()
        .map(|entry| (entry.name.as_str(), entry.home.as_str()))
        .collect();
    let mut out = BTreeMap::new();
    for krate in crates {
        let foreign = FOREIGN.iter().find(|(name, _)| *name == krate.name);
        for (name, kind) in &krate.types {
            let offered = foreign.is_none_or(|(_, names)| names.contains(&name.as_str()));
            let elsewhere = home.get(name.as_str()).is_some_and(|home| *home != krate.name);
            // Without a name of its own that others see, a type is no concern of cells.
            let empty = kind.members.is_empty() && kind.associated.is_empty() && kind.about.name.is_empty();
            if foreign.is_some() && offered && !elsewhere && !empty {
                // A cell that says `Series` means theirs and writes `plot::Series` for ours.
                if let Some(ours) = out.insert(name.clone(), kind.clone()) {
                    let module = ours.about.home.trim_start_matches("cistron_").to_string();
                    out.insert(format!("{module}::{name}"), ours);
                }
                continue;
            }
            if offered && !empty && (!elsewhere || !out.contains_key(name)) {
                let first = home.get(name.as_str()).is_some_and(|home| *home == krate.name);
                if first || !out.contains_key(name) {
                    out.insert(name.clone(), kind.clone());
                }
            }
        }
    }
    out
}

/// Gives the types of others what traits add to them.
fn add_traits(exports: &Exports<'_>, types: &mut BTreeMap<String, Type>) {
    let places = TRAITS
        .iter()
        .filter_map(|(krate, module)| exports.child(exports.root(krate)?, module));
    let offered: BTreeSet<String> = places
        .flat_map(|place| exports.of(place))
        .filter(|(_, (entry, _))| entry.kind == Kind::Trait)
        .map(|(name, _)| name)
        .collect();
    let definition = |name: &str| exports.crates.iter().find_map(|krate| krate.types.get(name));
    for name in FOREIGN.iter().flat_map(|(_, names)| *names) {
        let Some(kind) = types.get_mut(*name) else { continue };
        let all = exports
            .crates
            .iter()
            .filter_map(|krate| krate.implements.get(*name))
            .flatten();
        let named: BTreeSet<&String> = all.filter(|one| offered.contains(*one)).collect();
        for one in named.into_iter().filter_map(|one| definition(one)) {
            add(&mut kind.members, &one.members);
            add(&mut kind.associated, &one.associated);
        }
    }
}

/// Adds what is not there yet. What begins with an underscore is nothing for others.
fn add(list: &mut Vec<Entry>, more: &[Entry]) {
    for entry in more.iter().filter(|entry| !entry.name.starts_with('_')) {
        if list.iter().all(|known| known.name != entry.name) {
            list.push(entry.clone());
        }
    }
}

/// The items of cells, from their text in which everything is public.
pub(crate) fn items(text: &str) -> (Vec<Entry>, BTreeMap<String, Type>) {
    match syn::parse_file(text) {
        Ok(file) => krate::items(file),
        Err(_) => (Vec::new(), BTreeMap::new()),
    }
}

/// Types of the standard library.
fn standard() -> BTreeMap<String, Type> {
    let Ok(file) = syn::parse_file(STANDARD) else {
        return BTreeMap::new();
    };
    let mut out = BTreeMap::new();
    for item in &file.items {
        let syn::Item::Trait(one) = item else { continue };
        let mut kind = Type {
            generics: one.generics.type_params().map(|p| p.ident.to_string()).collect(),
            about: Entry {
                name: one.ident.to_string(),
                kind: Kind::Struct,
                signature: one.ident.to_string(),
                doc: entry::doc(&one.attrs),
                ..Entry::default()
            },
            ..Type::default()
        };
        for inner in &one.items {
            if let syn::TraitItem::Fn(f) = inner {
                let found = entry::function(&f.sig, &f.attrs);
                let list = if found.kind == Kind::Method {
                    &mut kind.members
                } else {
                    &mut kind.associated
                };
                list.push(found);
            }
        }
        out.insert(one.ident.to_string(), kind);
    }
    out
}

/// Reads the sources and writes the index into the folder of an installation.
///
/// # Errors
/// When the file can't be written.
pub(crate) fn write(folder: &Path, sources: &[Source]) -> std::io::Result<()> {
    let index = read(sources);
    let text = serde_json::to_string(&index).map_err(std::io::Error::other)?;
    let file = Index::file(folder);
    let temporary = file.with_extension(std::process::id().to_string());
    std::fs::write(&temporary, text)?;
    std::fs::rename(&temporary, &file)
}

#[cfg(test)]
pub(crate) mod tests;
