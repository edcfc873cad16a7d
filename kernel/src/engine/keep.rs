//! How a value is kept whose type can't be written down: behind a pointer to a function, a box or a pinned box.

use super::diagnostics::Message;
use super::generate::{Generated, Gone};
use super::types;
use std::collections::{BTreeMap, BTreeSet};

/// What a closure looks like in the cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Closure {
    /// The types of its arguments as they are written, `_` where they are not.
    pub(crate) arguments: Vec<String>,
    /// The type of its value, `_` where it is not written.
    pub(crate) value: String,
    /// Every word in it.
    pub(crate) words: BTreeSet<String>,
    /// Whether it says `move`.
    pub(crate) moves: bool,
}

impl Closure {
    fn signature(&self) -> String {
        let value = if self.value == "()" {
            String::new()
        } else {
            format!(" -> {}", self.value)
        };
        format!("({}){value}", self.arguments.join(", "))
    }
}

/// The form in which a value is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// A closure that captures nothing: `fn(..) -> ..`.
    Pointer(String),
    /// `Box<dyn ..>`.
    Boxed(String),
    /// `Pin<Box<dyn Future<..>>>`.
    Pinned(String),
}

impl Form {
    /// The line that brings a variable into this form.
    pub(crate) fn line(&self, name: &str, mutable: bool) -> String {
        let mutable = if mutable { "mut " } else { "" };
        let (value, kind) = match self {
            Self::Pointer(kind) => (name.to_string(), kind.clone()),
            Self::Boxed(kind) => (
                format!("::std::boxed::Box::new({name})"),
                format!("::std::boxed::Box<dyn {kind}>"),
            ),
            Self::Pinned(kind) => (
                format!("::std::boxed::Box::pin({name})"),
                format!("::std::pin::Pin<::std::boxed::Box<dyn {kind}>>"),
            ),
        };
        format!("let {mutable}{name} = {value} as {kind};")
    }
}

/// The form for a type that the compiler reports and nobody can write down; none if there is none.
fn form_of(type_name: &str) -> Option<Form> {
    const FUTURE: &str = "::std::future::Future<Output = _>";
    if let Some(bounds) = type_name.strip_prefix("impl ") {
        let bounds = bounds.replace(" + '_", "");
        let future = bounds.starts_with("std::future::Future<") || bounds.starts_with("core::future::");
        return Some(if future { Form::Pinned(bounds) } else { Form::Boxed(bounds) });
    }
    if type_name.starts_with("{async ") {
        return Some(Form::Pinned(FUTURE.into()));
    }
    let iterator = type_name.starts_with("std::iter::") || type_name.starts_with("core::iter::");
    iterator.then(|| Form::Boxed("::std::iter::Iterator<Item = _>".into()))
}

/// Codes that say of a line that it can't be.
const REFUSED: [&str; 13] = [
    "E0605", "E0606", "E0308", "E0525", "E0277", "E0038", "E0597", "E0373", "E0505", "E0521", "E0716", "E0502", "E0506",
];

/// The forms that one cell's bindings are kept in, and what has been tried.
#[derive(Clone, Debug, Default)]
pub(crate) struct Keeping {
    pub(crate) forms: BTreeMap<u32, Form>,
    /// Closures that get a `move` in front.
    pub(crate) moved: BTreeSet<u32>,
    closures: BTreeMap<u32, Closure>,
    refused: BTreeSet<u32>,
}

impl Keeping {
    /// Starts with the closures of a cell; `known` are the names of variables that a closure may capture.
    pub(crate) fn new(closures: BTreeMap<u32, Closure>, known: &BTreeSet<&str>) -> Self {
        let form = |closure: &Closure| {
            if closure.words.iter().any(|word| known.contains(word.as_str())) {
                Form::Boxed(format!("::std::ops::Fn{}", closure.signature()))
            } else {
                Form::Pointer(format!("fn{}", closure.signature()))
            }
        };
        Self {
            forms: closures.iter().map(|(slot, closure)| (*slot, form(closure))).collect(),
            closures,
            ..Self::default()
        }
    }

    /// Looks at the mistakes of a pass and tries the next form where one was refused; true when there is something new
    /// to compile.
    pub(crate) fn learn(&mut self, errors: &[&Message], generated: &Generated, gone: &mut BTreeMap<u32, Gone>) -> bool {
        if !self.moved.is_empty()
            && errors
                .iter()
                .any(|m| m.labels().any(|(_, label)| label.contains("moved into closure")))
        {
            // The cell needs what the closure would take with it.
            for slot in std::mem::take(&mut self.moved) {
                self.forms.remove(&slot);
                gone.insert(slot, Gone::Borrows(None));
            }
            return true;
        }
        let mut changed = BTreeSet::new();
        for message in errors.iter().filter(|m| REFUSED.contains(&m.code())) {
            let lines = std::iter::once(message.line())
                .chain(message.labels().map(|(line, _)| line))
                .chain(message.note_lines());
            let slots: BTreeSet<u32> = lines
                .filter_map(|line| generated.slots.get(&line).copied())
                .filter(|slot| self.forms.contains_key(slot) && !changed.contains(slot))
                .collect();
            for slot in slots {
                self.next(slot, message, gone);
                changed.insert(slot);
            }
        }
        !changed.is_empty()
    }

    fn next(&mut self, slot: u32, message: &Message, gone: &mut BTreeMap<u32, Gone>) {
        let form = self.forms.remove(&slot);
        let Some(closure) = self.closures.get(&slot) else {
            self.refused.insert(slot);
            if is_borrow(message.code()) {
                gone.insert(slot, Gone::Borrows(message.owner()));
            }
            return;
        };
        let boxed = |kind: &str| Form::Boxed(format!("::std::ops::{kind}{}", closure.signature()));
        let form = match form {
            Some(Form::Pointer(_)) => boxed("Fn"),
            Some(_) if message.code() == "E0525" && message.all_text().contains("`FnOnce`") => boxed("FnOnce"),
            Some(_) if message.code() == "E0525" => boxed("FnMut"),
            Some(form @ Form::Boxed(_)) if is_borrow(message.code()) && form == boxed("Fn") && !closure.moves => {
                if !self.moved.insert(slot) {
                    self.moved.remove(&slot);
                    gone.insert(slot, Gone::Borrows(message.owner()));
                    return;
                }
                form
            }
            _ => {
                let why = if is_borrow(message.code()) {
                    Gone::Borrows(message.owner())
                } else {
                    Gone::Unnamed
                };
                gone.insert(slot, why);
                return;
            }
        };
        self.forms.insert(slot, form);
    }

    /// Looks at the types of a pass without mistakes and puts what has no name into a box; true when there is something
    /// new to compile.
    pub(crate) fn wrap(&mut self, types: &BTreeMap<u32, String>, gone: &BTreeMap<u32, Gone>) -> bool {
        let mut changed = false;
        for (slot, type_name) in types {
            let open = !self.forms.contains_key(slot) && !self.refused.contains(slot) && !gone.contains_key(slot);
            if open
                && types::unnameable(type_name).is_some()
                && let Some(form) = form_of(type_name)
            {
                self.forms.insert(*slot, form);
                changed = true;
            }
        }
        changed
    }
}

fn is_borrow(code: &str) -> bool {
    matches!(code, "E0597" | "E0373" | "E0505" | "E0521" | "E0716" | "E0502" | "E0506")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_closure_that_captures_nothing_is_a_pointer() {
        let closure = |words: &[&str]| Closure {
            arguments: vec!["i32".into(), "_".into()],
            value: "_".into(),
            words: words.iter().map(|w| (*w).to_string()).collect(),
            moves: false,
        };
        let keeping = Keeping::new([(1, closure(&["x"])), (2, closure(&["x", "n"]))].into(), &["n"].into());
        assert_eq!(keeping.forms[&1].line("f", false), "let f = f as fn(i32, _) -> _;");
        assert_eq!(
            keeping.forms[&2].line("f", true),
            "let mut f = ::std::boxed::Box::new(f) as ::std::boxed::Box<dyn ::std::ops::Fn(i32, _) -> _>;"
        );
    }

    #[test]
    fn what_has_no_name_gets_a_box_where_there_is_one() {
        assert_eq!(
            form_of("impl std::iter::Iterator<Item = u32>"),
            Some(Form::Boxed("std::iter::Iterator<Item = u32>".into()))
        );
        assert!(matches!(form_of("{async block@cell_1:1:1: 1:2}"), Some(Form::Pinned(_))));
        assert!(matches!(form_of("std::iter::Filter<A, {closure@x}>"), Some(Form::Boxed(_))));
        assert_eq!(form_of("std::vec::Vec<{closure@x}>"), None);
    }
}
