//! What stands at the cursor: its documentation, and of a variable its type and shape.

use super::complete::Desk;
use super::index::{Entry, Kind, Word};
use super::place::{Cursor, Place, is_word, look};
use super::types;
use crate::engine::short;
use crate::engine::show::COMMANDS;
use serde_json::{Value, json};

/// A page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Page {
    /// What stands above: a declaration, a type.
    pub(crate) head: String,
    /// What is known of a value, in lines. Names from data stand in it, which are text and never Markdown.
    pub(crate) facts: Vec<String>,
    /// The rest, in Markdown.
    pub(crate) body: String,
}

impl Page {
    fn new(head: impl Into<String>, body: impl Into<String>) -> Self {
        Self {
            head: head.into(),
            facts: Vec::new(),
            body: body.into(),
        }
    }

    fn entry(entry: &Entry) -> Self {
        let head = if entry.signature.is_empty() {
            &entry.name
        } else {
            &entry.signature
        };
        Self::new(head, &entry.doc)
    }

    /// As text, and as Markdown.
    pub(crate) fn forms(&self) -> Value {
        let facts: Vec<String> = self.facts.iter().map(|line| one_line(line)).collect();
        let text = [self.head.trim().to_string(), facts.join("\n\n"), self.body.trim().to_string()];
        let plain: Vec<&str> = text.iter().map(String::as_str).filter(|t| !t.is_empty()).collect();
        let facts = match facts.as_slice() {
            [] => String::new(),
            // Nothing is markup in here, and nothing in here is the end of it.
            facts => format!("```text\n{}\n```\n\n", facts.join("\n").replace('`', "'")),
        };
        let markdown = format!("```rust\n{}\n```\n\n{facts}{}", self.head.trim(), self.body.trim());
        json!({"text/plain": plain.join("\n\n"), "text/markdown": markdown.trim_end()})
    }
}

impl Desk<'_> {
    /// What is known of the word at a place. Between the brackets of a call it is what is called.
    pub(crate) fn inspect(&self, cursor: usize) -> Option<Page> {
        let at = look(self.code, cursor, true);
        let found = self.page(&at);
        if found.is_some() {
            return found;
        }
        let call = at.calls.last().filter(|call| call.bracket == '(' && !call.name.is_empty())?;
        let before = self.code[..call.start - 1].iter().rposition(|c| is_word(*c))?;
        let at = look(self.code, before, true);
        self.page(&at)
    }

    fn page(&self, at: &Cursor) -> Option<Page> {
        let name = at.prefix.as_str();
        match &at.place {
            Place::Nothing | Place::Text(_) => None,
            Place::Command => COMMANDS
                .iter()
                .find(|(form, _)| form.split(' ').next() == Some(name))
                .map(|(form, doc)| Page::new(*form, *doc)),
            Place::Member(receiver) => self.member(at, receiver, name),
            Place::Path(path) | Place::Use(path) => self.associated(at, path, name),
            Place::Code if name.is_empty() => None,
            Place::Code => self
                .word(at, name)
                .or_else(|| self.variable(at, name))
                .or_else(|| self.item(name))
                .or_else(|| self.word_alone(name)),
        }
    }

    fn member(&self, at: &Cursor, receiver: &str, name: &str) -> Option<Page> {
        let in_model = at
            .declaration
            .as_ref()
            .is_some_and(|d| matches!(d.name.as_str(), "model" | "blocks"));
        if let Some(word) = self.index.word("layer", name).filter(|_| in_model) {
            return Some(word_page(word));
        }
        let known = self.chain(at.start).type_of(receiver)?;
        let members = types::members(self.types(), &known);
        let (entry, _) = members.into_iter().find(|(entry, _)| entry.name == name)?;
        Some(Page::entry(entry))
    }

    fn associated(&self, at: &Cursor, path: &str, name: &str) -> Option<Page> {
        if let Some(known) = types::read(path) {
            let found = types::associated(self.types(), &known);
            if let Some((entry, _)) = found.into_iter().find(|(entry, _)| entry.name == name) {
                return Some(Page::entry(entry));
            }
        }
        let words: Vec<String> = path
            .split("::")
            .map(|w| w.trim().to_string())
            .filter(|w| !w.is_empty())
            .collect();
        let entries = self.chain(at.start).module(&words);
        let named = entries.iter().filter(|entry| entry.name == name);
        // Of a function and the module that it stands in, the function is meant.
        let entry = named.min_by_key(|entry| entry.kind == Kind::Module)?;
        Some(self.entry(entry))
    }

    /// A word of the declaration around the cursor.
    fn word(&self, at: &Cursor, name: &str) -> Option<Page> {
        let declaration = at.declaration.as_ref()?;
        let places: &[&str] = match declaration.name.as_str() {
            "model" | "blocks" => &["function", "start", "statement"],
            "data" => &["source", "split", "folds", "kind", "data"],
            "objective" => &["loss", "objective"],
            "fit" => &["fit", "optimizer", "option"],
            _ => &["compare", "fit", "optimizer", "option"],
        };
        let found = places.iter().find_map(|place| self.index.word(place, name));
        if let Some(word) = found {
            return Some(word_page(word));
        }
        // An argument is explained by what it belongs to.
        let call = declaration.calls.last()?;
        let owners = ["layer", "function", "source", "split", "folds", "loss", "optimizer", "option"];
        let owner = owners.iter().filter_map(|place| self.index.word(place, &call.name));
        let mut owner = owner.filter(|word| word.arguments.contains_key(name) || word.values.iter().any(|v| v == name));
        owner.next().map(word_page)
    }

    /// A word of any declaration, where nothing else is asked for: `?conv`.
    fn word_alone(&self, name: &str) -> Option<Page> {
        let asked: String = self.code.iter().collect();
        if asked.trim() != name {
            return None;
        }
        let places = self.index.places().into_iter();
        let found = places.flat_map(|(title, words)| words.iter().map(move |word| (title, word)));
        let found: Vec<(&str, &Word)> = found.filter(|(_, word)| word.name == name && !word.doc.is_empty()).collect();
        match found.as_slice() {
            [] => None,
            [(_, word)] => Some(word_page(word)),
            several => {
                let pages = several.iter().map(|(title, word)| (title, word_page(word)));
                let bodies = pages.map(|(title, page)| format!("In {title}: `{}`\n\n{}", page.head, page.body));
                Some(Page::new(name, bodies.collect::<Vec<_>>().join("\n\n")))
            }
        }
    }

    fn variable(&self, at: &Cursor, name: &str) -> Option<Page> {
        let local = self
            .chain(at.start)
            .type_of(name)
            .filter(|_| !self.session.variables.contains_key(name));
        let kind = match (self.session.variables.get(name), local) {
            (Some(kind), _) => short(kind),
            // A word that begins like a type is one.
            (None, Some(known)) if !name.starts_with(char::is_uppercase) => known.name,
            _ => return None,
        };
        let mut lines = Vec::new();
        if let Some(told) = self.session.described.get(name) {
            lines.extend((!told.shape.is_empty()).then(|| format!("Shape: {}", told.shape)));
            lines.extend(told.bytes.map(|bytes| format!("Memory: {} bytes", grouped(bytes))));
            lines.extend(told.device.as_ref().map(|device| format!("Device: {device}")));
            let mut kinds: Vec<&str> = told.names.iter().map(|(kind, _)| kind.as_str()).collect();
            kinds.dedup();
            for kind in kinds {
                let names: Vec<&str> = told
                    .names
                    .iter()
                    .filter(|(k, _)| k == kind)
                    .map(|(_, n)| n.as_str())
                    .collect();
                let more = if names.len() > 20 {
                    format!(" and {} more", names.len() - 20)
                } else {
                    String::new()
                };
                let shown: Vec<&str> = names.into_iter().take(20).collect();
                lines.push(format!("{kind}s: {}{more}", shown.join(", ")));
            }
        }
        let about = types::read(&kind)
            .and_then(|known| self.types().get(&known.name))
            .map(|t| t.about.doc.clone());
        let mut page = Page::new(format!("{name}: {kind}"), about.unwrap_or_default());
        page.facts = lines;
        Some(page)
    }

    fn item(&self, name: &str) -> Option<Page> {
        let own = self.session.items.iter().find(|entry| entry.name == name);
        if let Some(entry) = own {
            let mut page = self.entry(entry);
            page.body = format!("{}\n\nDefined in an earlier cell.", page.body).trim().to_string();
            return Some(page);
        }
        let known = self.index.module("prelude").iter().find(|entry| entry.name == name);
        known.map(|entry| self.entry(entry)).or_else(|| {
            let kind = self.types().get(name)?;
            Some(Page::entry(&kind.about))
        })
    }

    /// An item; of a type also what it has.
    fn entry(&self, entry: &Entry) -> Page {
        let mut page = Page::entry(entry);
        if let Some(kind) = self
            .types()
            .get(&entry.name)
            .filter(|_| matches!(entry.kind, Kind::Struct | Kind::Enum | Kind::Trait))
        {
            if page.body.is_empty() {
                page = Page::entry(&kind.about);
            }
            let names = |entries: &[Entry]| entries.iter().map(|e| format!("`{}`", e.name)).collect::<Vec<_>>().join(", ");
            for (what, entries) in [("Behind a dot", &kind.members), ("Behind `::`", &kind.associated)] {
                if !entries.is_empty() {
                    page.body.push_str(&format!("\n\n{what}: {}", names(entries)));
                }
            }
        }
        page
    }
}

/// A text without line ends and other characters that steer.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// The page of a word of a declaration.
fn word_page(word: &Word) -> Page {
    let mut body = word.doc.clone();
    if !word.values.is_empty() {
        body.push_str(&format!("\n\nTakes: {}", word.values.join(", ")));
    }
    let argument = |(name, values): (&String, &Vec<String>)| match values.as_slice() {
        [] => format!("`{name}`"),
        values => format!("`{name}` ({})", values.join(", ")),
    };
    if !word.arguments.is_empty() {
        let list: Vec<String> = word.arguments.iter().map(argument).collect();
        body.push_str(&format!("\n\nArguments: {}", list.join(", ")));
    }
    Page::new(&word.example, body.trim())
}

/// A number with commas.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}
