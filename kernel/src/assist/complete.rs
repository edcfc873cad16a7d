//! What may stand at the cursor.

use super::chain::{Chain, lets};
use super::declarations;
use super::index::{Entry, Index, Kind};
use super::offer::{Offer, Offers};
use super::place::{Cursor, Place, is_word, look};
use super::session::{Session, Types};
use super::types;
use crate::engine::imports::imports;
use crate::engine::short;
use crate::engine::show::COMMANDS;
use std::collections::BTreeSet;

/// Offers at most; a list that nobody reads to its end helps nobody.
const MOST: usize = 400;

const KEYWORDS: &[&str] = &[
    "as", "async", "await", "break", "const", "continue", "else", "enum", "false", "fn", "for", "if", "impl", "in", "let",
    "loop", "match", "mod", "move", "mut", "pub", "ref", "return", "self", "static", "struct", "trait", "true", "type", "unsafe",
    "use", "where", "while",
];

/// Names of the standard library that need no `use`.
const STANDARD: &[(&str, Kind)] = &[
    ("Vec", Kind::Struct),
    ("String", Kind::Struct),
    ("Option", Kind::Enum),
    ("Some", Kind::Variant),
    ("None", Kind::Variant),
    ("Result", Kind::Enum),
    ("Ok", Kind::Variant),
    ("Err", Kind::Variant),
    ("Box", Kind::Struct),
    ("Default", Kind::Trait),
    ("println", Kind::Macro),
    ("print", Kind::Macro),
    ("eprintln", Kind::Macro),
    ("format", Kind::Macro),
    ("vec", Kind::Macro),
    ("assert", Kind::Macro),
    ("assert_eq", Kind::Macro),
    ("panic", Kind::Macro),
    ("dbg", Kind::Macro),
    ("todo", Kind::Macro),
    ("matches", Kind::Macro),
];

/// Modules of the standard library, and what is mostly wanted from them.
const MODULES: &[(&str, &[&str])] = &[
    (
        "std",
        &[
            "cell",
            "collections",
            "env",
            "f32",
            "f64",
            "fmt",
            "fs",
            "io",
            "iter",
            "path",
            "process",
            "rc",
            "sync",
            "thread",
            "time",
        ],
    ),
    ("std::cell", &["Cell", "OnceCell", "RefCell"]),
    (
        "std::collections",
        &["BTreeMap", "BTreeSet", "BinaryHeap", "HashMap", "HashSet", "VecDeque"],
    ),
    ("std::env", &["args", "current_dir", "var"]),
    ("std::fmt", &["Debug", "Display", "Write"]),
    (
        "std::fs",
        &["File", "create_dir_all", "read", "read_dir", "read_to_string", "write"],
    ),
    ("std::io", &["BufRead", "BufReader", "BufWriter", "Read", "Write", "stdout"]),
    ("std::path", &["Path", "PathBuf"]),
    ("std::rc", &["Rc", "Weak"]),
    ("std::sync", &["Arc", "Mutex", "OnceLock", "RwLock", "atomic", "mpsc"]),
    ("std::thread", &["sleep", "spawn"]),
    ("std::time", &["Duration", "Instant", "SystemTime"]),
    ("std::f64", &["EPSILON", "INFINITY", "MAX", "MIN", "NAN", "consts"]),
    ("std::f64::consts", &["E", "LN_2", "PI", "SQRT_2"]),
];

/// What completion works with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Desk<'a> {
    pub(crate) index: &'a Index,
    pub(crate) session: &'a Session,
    pub(crate) code: &'a [char],
}

impl<'a> Desk<'a> {
    pub(super) fn types(&self) -> Types<'a> {
        Types {
            session: self.session,
            index: self.index,
        }
    }

    pub(super) fn chain(&self, end: usize) -> Chain<'a> {
        Chain {
            types: self.types(),
            code: &self.code[..end],
        }
    }

    /// What may stand at a place, counted in characters.
    pub(crate) fn complete(&self, cursor: usize) -> Offers {
        let at = look(self.code, cursor, false);
        let mut list = self.candidates(&at);
        list.retain(|offer| offer.text.starts_with(&at.prefix) && offer.text != at.prefix);
        let mut seen = BTreeSet::new();
        list.retain(|offer| seen.insert(offer.text.clone()));
        list.truncate(MOST);
        Offers {
            start: at.start,
            end: at.end,
            list,
        }
    }

    fn candidates(&self, at: &Cursor) -> Vec<Offer> {
        match &at.place {
            Place::Nothing => Vec::new(),
            Place::Command => COMMANDS
                .iter()
                .map(|(form, doc)| Offer::new(form.split(' ').next().unwrap_or(form), "command", *doc))
                .collect(),
            Place::Text(text) => self.texts(text, at.start),
            Place::Use(path) => self.uses(path),
            Place::Path(path) => self.path(path, at),
            Place::Member(receiver) => match declarations::members(self, at, receiver) {
                Some(offers) => offers,
                None => self.members(receiver, at.start),
            },
            Place::Code => match declarations::code(self, at) {
                Some(offers) => offers,
                None if at.prefix.is_empty() => Vec::new(),
                None => self.names(at),
            },
        }
    }

    /// Fields and methods of an expression.
    pub(super) fn members(&self, receiver: &str, before: usize) -> Vec<Offer> {
        let Some(known) = self.chain(before).type_of(receiver) else {
            return Vec::new();
        };
        let members = types::members(self.types(), &known);
        let mut offers: Vec<Offer> = members.into_iter().map(|(entry, _)| Offer::entry(entry)).collect();
        // Fields first, then in the order of the alphabet.
        offers.sort_by(|a, b| (a.kind != "property", &a.text).cmp(&(b.kind != "property", &b.text)));
        offers
    }

    fn path(&self, path: &str, at: &Cursor) -> Vec<Offer> {
        let words: Vec<String> = path
            .split("::")
            .map(|w| w.trim().to_string())
            .filter(|w| !w.is_empty())
            .collect();
        if let Some(known) = types::read(path) {
            let found = types::associated(self.types(), &known);
            if !found.is_empty() {
                return found.into_iter().map(|(entry, _)| Offer::entry(entry)).collect();
            }
        }
        let entries = self.chain(at.start).module(&words);
        let mut offers: Vec<Offer> = entries.iter().map(Offer::entry).collect();
        offers.extend(standard_module(path));
        offers
    }

    fn uses(&self, path: &str) -> Vec<Offer> {
        if path.is_empty() {
            let crates = ["cistron", "std"]
                .into_iter()
                .map(String::from)
                .chain(self.session.dependencies.iter().cloned());
            return crates.map(|name| Offer::new(name, "module", "crate")).collect();
        }
        let words: Vec<String> = path.split("::").map(|w| w.trim().to_string()).collect();
        let mut offers: Vec<Offer> = self.chain(0).module(&words).iter().map(Offer::entry).collect();
        if let Some(known) = types::read(path) {
            let cases = types::associated(self.types(), &known);
            offers.extend(
                cases
                    .into_iter()
                    .filter(|(e, _)| e.kind == Kind::Variant)
                    .map(|(e, _)| Offer::entry(e)),
            );
        }
        offers.extend(standard_module(path));
        offers
    }

    /// Names that stand alone.
    pub(super) fn names(&self, at: &Cursor) -> Vec<Offer> {
        let mut offers: Vec<Offer> = Vec::new();
        let chain = self.chain(at.start);
        for (name, declared, value) in lets(&self.code[..at.start]).into_iter().rev() {
            let kind = declared
                .or_else(|| chain.type_of(&value).map(|known| known.name))
                .unwrap_or_default();
            offers.push(Offer::new(name, "instance", kind));
        }
        offers.extend(self.variables());
        offers.extend(self.session.items.iter().map(Offer::entry));
        offers.extend(self.imported(at));
        offers.extend(self.index.module("prelude").iter().map(Offer::entry));
        let standard = STANDARD.iter().map(|(name, kind)| Entry {
            name: (*name).into(),
            kind: *kind,
            ..Entry::default()
        });
        offers.extend(standard.map(|entry| Offer::entry(&entry)));
        offers.extend(
            self.session
                .dependencies
                .iter()
                .map(|name| Offer::new(name.clone(), "module", "crate")),
        );
        offers.extend(KEYWORDS.iter().map(|word| Offer::new(*word, "keyword", "")));
        offers.extend(self.cell_words(at).into_iter().map(|word| Offer::new(word, "text", "")));
        offers
    }

    /// What `use` lines of the libraries bring in, of this cell and of earlier ones.
    fn imported(&self, at: &Cursor) -> Vec<Offer> {
        let mut all = self.session.imports.clone();
        let text: String = self.code[..at.start].iter().chain(&self.code[at.end..]).collect();
        for line in text.lines().map(str::trim).filter(|line| line.starts_with("use ")) {
            if let Ok(item) = syn::parse_str(line) {
                all.extend(imports(&item));
            }
        }
        proc_macro2::extra::invalidate_current_thread_spans();
        let chain = self.chain(0);
        let mut offers = Vec::new();
        for import in all {
            let path = import.line.trim_start_matches("use ").trim_end_matches(';');
            let words: Vec<String> = path.split("::").map(String::from).filter(|w| !w.is_empty()).collect();
            let Some((last, module)) = words.split_last() else { continue };
            let entries = chain.module(module).iter();
            let wanted = entries.filter(|entry| last == "*" || entry.name == *last);
            offers.extend(wanted.map(Offer::entry));
        }
        offers
    }

    /// The variables of the session.
    pub(super) fn variables(&self) -> impl Iterator<Item = Offer> {
        self.session
            .variables
            .iter()
            .map(|(name, kind)| Offer::new(name.clone(), "instance", short(kind)))
    }

    /// Words that stand elsewhere in the cell: names of parameters and patterns.
    fn cell_words(&self, at: &Cursor) -> BTreeSet<String> {
        let mut others: Vec<char> = self.code[..at.start].to_vec();
        others.push(' ');
        others.extend(&self.code[at.end..]);
        let text: String = others.into_iter().collect();
        let words = text.split(|c: char| !is_word(c));
        let long = words.filter(|w| w.chars().count() > 2 && !w.starts_with(char::is_numeric));
        long.map(String::from).collect()
    }

    /// What may stand in quotes: names inside the variables of this cell, and files.
    fn texts(&self, text: &str, start: usize) -> Vec<Offer> {
        let before: String = self.code[..start].iter().collect();
        let words: BTreeSet<&str> = before.split(|c: char| !is_word(c)).collect();
        let mut offers = Vec::new();
        for (name, told) in self
            .session
            .described
            .iter()
            .filter(|(name, _)| words.contains(name.as_str()))
        {
            let names = told
                .names
                .iter()
                .map(|(kind, inside)| Offer::new(inside.clone(), "text", format!("{kind} of {name}")));
            offers.extend(names);
        }
        offers.extend(self.files(text));
        offers
    }

    fn files(&self, text: &str) -> Vec<Offer> {
        let (folder, prefix) = text.rsplit_once('/').map_or(("", text), |(folder, rest)| (folder, rest));
        let inside = if text.starts_with('/') && folder.is_empty() {
            "/"
        } else {
            folder
        };
        let head = if text.contains('/') {
            format!("{folder}/")
        } else {
            String::new()
        };
        let mut offers: Vec<Offer> = Vec::new();
        for entry in std::fs::read_dir(self.session.folder.join(inside))
            .into_iter()
            .flatten()
            .flatten()
            .take(10 * MOST)
        {
            let Ok(name) = entry.file_name().into_string() else { continue };
            if !name.starts_with(prefix) || name.starts_with('.') && prefix.is_empty() {
                continue;
            }
            let is_folder = entry.path().is_dir();
            let slash = if is_folder { "/" } else { "" };
            offers.push(Offer::new(
                format!("{head}{name}{slash}"),
                "path",
                if is_folder { "folder" } else { "file" },
            ));
        }
        offers.sort_by(|a, b| a.text.cmp(&b.text));
        offers
    }
}

fn standard_module(path: &str) -> Vec<Offer> {
    let names = MODULES
        .iter()
        .find(|(module, _)| *module == path)
        .map_or(&[][..], |(_, names)| names);
    let kind = |name: &str| {
        if name.starts_with(char::is_lowercase) {
            "module"
        } else {
            "struct"
        }
    };
    names
        .iter()
        .map(|name| Offer::new(*name, kind(name), format!("{path}::{name}")))
        .collect()
}
