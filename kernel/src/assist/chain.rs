//! The type of an expression such as `run.metrics(&toy, Part::Test)?.outputs`, followed from one step to the next.
//!
//! What is not known is not guessed: then nothing is offered.

use super::index::{Entry, Kind};
use super::place::is_word;
use super::scan::scan;
use super::session::Types;
use super::types::{self, Known};
use syn::{Expr, Lit};

/// Steps that are followed at most, through variables of the cell.
const DEPTH: usize = 24;

/// What the declarations give, in the order in which a notebook needs them.
pub(super) const MACROS: &[(&str, &str)] = &[
    ("data", "Dataset"),
    ("model", "Model"),
    ("blocks", "Blocks"),
    ("objective", "Objective"),
    ("fit", "Run"),
    ("compare", "Comparison"),
    ("format", "String"),
    ("df", "Result<DataFrame>"),
];

/// What expressions are read with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Chain<'a> {
    pub(crate) types: Types<'a>,
    /// The text of the cell before the cursor.
    pub(crate) code: &'a [char],
}

impl<'a> Chain<'a> {
    /// The type of an expression.
    pub(crate) fn type_of(&self, expression: &str) -> Option<Known> {
        let expression = syn::parse_str::<Expr>(expression.trim()).ok()?;
        let text = self.expression(&expression, DEPTH);
        proc_macro2::extra::invalidate_current_thread_spans();
        types::read(&text?)
    }

    /// The type of a variable: of the cell, else of the session.
    fn variable(&self, name: &str, depth: usize) -> Option<String> {
        match self.local(name) {
            Some((Some(declared), _)) => Some(declared),
            Some((None, value)) => self.expression(&syn::parse_str(&value).ok()?, depth.checked_sub(1)?),
            None => self.types.session.variables.get(name).cloned(),
        }
    }

    /// The newest `let` of a name before the cursor: the type it declares, and its value.
    fn local(&self, name: &str) -> Option<(Option<String>, String)> {
        lets(self.code)
            .into_iter()
            .rev()
            .find(|one| one.0 == name)
            .map(|(_, kind, value)| (kind, value))
    }

    fn expression(&self, expression: &Expr, depth: usize) -> Option<String> {
        let depth = depth.checked_sub(1)?;
        match expression {
            Expr::Paren(inner) => self.expression(&inner.expr, depth),
            Expr::Group(inner) => self.expression(&inner.expr, depth),
            Expr::Reference(inner) => self.expression(&inner.expr, depth),
            Expr::Unary(inner) => self.expression(&inner.expr, depth),
            Expr::Await(inner) => self.expression(&inner.base, depth),
            Expr::Try(inner) => {
                let known = types::read(&self.expression(&inner.expr, depth)?)?;
                let is_result = matches!(known.name.as_str(), "Result" | "Option" | "PolarsResult");
                is_result.then(|| known.arguments.first().cloned()).flatten()
            }
            Expr::Path(path) => self.path(&path.path, depth),
            Expr::Call(call) => self.call(call, depth),
            Expr::MethodCall(call) => self.method(call, depth),
            Expr::Field(field) => {
                let syn::Member::Named(name) = &field.member else {
                    return None;
                };
                self.member(&self.expression(&field.base, depth)?, &name.to_string(), Kind::Field)
            }
            Expr::Index(index) => {
                let known = types::read(&self.expression(&index.expr, depth)?)?;
                match known.name.as_str() {
                    "Vec" | "Slice" => known.arguments.first().cloned(),
                    "HashMap" | "BTreeMap" => known.arguments.get(1).cloned(),
                    _ => None,
                }
            }
            Expr::Lit(literal) => match &literal.lit {
                Lit::Str(_) => Some("str".into()),
                Lit::Int(number) => Some(if number.suffix().is_empty() {
                    "i32".into()
                } else {
                    number.suffix().into()
                }),
                Lit::Float(number) => Some(if number.suffix().is_empty() {
                    "f64".into()
                } else {
                    number.suffix().into()
                }),
                Lit::Char(_) => Some("char".into()),
                Lit::Bool(_) => Some("bool".into()),
                _ => None,
            },
            Expr::Macro(call) => {
                let name = call.mac.path.segments.last()?.ident.to_string();
                if name == "vec" {
                    let tokens = call.mac.tokens.to_string();
                    let first = types::split(&tokens.replace(';', ",")).into_iter().next()?;
                    let item = self.expression(&syn::parse_str(&first).ok()?, depth)?;
                    return Some(format!("Vec<{item}>"));
                }
                MACROS
                    .iter()
                    .find(|(known, _)| *known == name)
                    .map(|(_, kind)| (*kind).to_string())
            }
            Expr::Struct(one) => Some(one.path.segments.last()?.ident.to_string()),
            Expr::Array(array) => Some(format!("[{}]", self.expression(array.elems.first()?, depth)?)),
            Expr::Binary(both) => self.expression(&both.left, depth),
            _ => None,
        }
    }

    fn path(&self, path: &syn::Path, depth: usize) -> Option<String> {
        let names: Vec<String> = path.segments.iter().map(|s| s.ident.to_string()).collect();
        match names.as_slice() {
            [name] => self.variable(name, depth),
            [.., owner, name] => {
                let known = types::read(owner)?;
                let found = types::associated(self.types, &known);
                let (entry, result) = found.into_iter().find(|(entry, _)| entry.name == *name)?;
                (entry.kind != Kind::Function).then_some(result)
            }
            [] => None,
        }
    }

    fn call(&self, call: &syn::ExprCall, depth: usize) -> Option<String> {
        let Expr::Path(function) = &*call.func else { return None };
        let names: Vec<String> = function.path.segments.iter().map(|s| s.ident.to_string()).collect();
        if let ([name], Some(inside)) = (names.as_slice(), call.args.first())
            && matches!(name.as_str(), "Some" | "Ok")
        {
            let kind = if name == "Some" { "Option" } else { "Result" };
            return Some(format!("{kind}<{}>", self.expression(inside, depth)?));
        }
        let (name, path) = names.split_last()?;
        if let Some(owner) = path.last() {
            // `Vec::<f64>::new()` keeps its arguments.
            let generics = function.path.segments.iter().rev().nth(1).and_then(turbofish);
            let known = types::read(&format!("{owner}{}", generics.unwrap_or_default()))?;
            let found = types::associated(self.types, &known);
            if let Some((_, result)) = found.into_iter().find(|(entry, _)| entry.name == *name) {
                return Some(result);
            }
        }
        let entry = self.function(path, name)?;
        Some(entry.result.clone())
    }

    /// A function by its path.
    fn function(&self, path: &[String], name: &str) -> Option<&'a Entry> {
        let own = if path.is_empty() {
            self.types.session.items.iter().find(|e| e.name == name)
        } else {
            None
        };
        own.or_else(|| self.module(path).iter().find(|entry| entry.name == name))
    }

    /// The names of a module, by a path that begins in the prelude or with a crate.
    pub(crate) fn module(&self, path: &[String]) -> &'a [Entry] {
        let index = self.types.index;
        let Some((first, rest)) = path.split_first() else {
            return index.module("prelude");
        };
        let start = match index
            .module("prelude")
            .iter()
            .find(|e| e.name == *first && e.kind == Kind::Module)
        {
            Some(entry) => entry.result.clone(),
            None => first.clone(),
        };
        let mut at = index.module(&start);
        for name in rest {
            at = match at.iter().find(|e| e.name == *name && e.kind == Kind::Module) {
                Some(entry) => index.module(&entry.result),
                None => &[],
            };
        }
        at
    }

    fn method(&self, call: &syn::ExprMethodCall, depth: usize) -> Option<String> {
        let receiver = self.expression(&call.receiver, depth)?;
        let name = call.method.to_string();
        if let Some(result) = self.member(&receiver, &name, Kind::Method) {
            let chosen = call.turbofish.as_ref().and_then(|given| {
                use syn::spanned::Spanned;
                given.args.first()?.span().source_text()
            });
            // `collect::<Vec<_>>()` and `parse::<f64>()` give what is asked for.
            let item = types::read(&receiver)
                .and_then(|known| known.arguments.first().cloned())
                .unwrap_or_default();
            return Some(match (chosen, name.as_str()) {
                (Some(kind), "collect") => kind.replace('_', &item),
                (Some(kind), "parse") => format!("Result<{kind}>"),
                (Some(kind), "sum" | "product") => kind,
                _ => result,
            });
        }
        match name.as_str() {
            "clone" | "to_owned" | "borrow" | "borrow_mut" | "as_ref" | "as_mut" => Some(receiver),
            "to_string" => Some("String".into()),
            _ => None,
        }
    }

    /// The type of a field or of what a method gives.
    fn member(&self, receiver: &str, name: &str, kind: Kind) -> Option<String> {
        let known = types::read(receiver)?;
        let members = types::members(self.types, &known);
        let (_, result) = members
            .into_iter()
            .find(|(entry, _)| entry.name == name && entry.kind == kind)?;
        (!result.is_empty()).then_some(result)
    }
}

fn turbofish(segment: &syn::PathSegment) -> Option<String> {
    use syn::spanned::Spanned;
    match &segment.arguments {
        syn::PathArguments::AngleBracketed(given) => given
            .span()
            .source_text()
            .map(|text| text.trim_start_matches("::").to_string()),
        _ => None,
    }
}

/// The `let`s of a text that ends anywhere: name, declared type, value.
pub(crate) fn lets(code: &[char]) -> Vec<(String, Option<String>, String)> {
    let mut out = Vec::new();
    let text = |range: std::ops::Range<usize>| code.get(range).map(|c| c.iter().collect::<String>()).unwrap_or_default();
    let bare = scan(code).bare(code);
    let mut at = 0;
    while at + 4 <= code.len() {
        let begins = bare[at..].starts_with(&['l', 'e', 't', ' ']) && (at == 0 || !is_word(bare[at - 1]));
        if !begins {
            at += 1;
            continue;
        }
        let mut from = at + 4;
        while code.get(from).is_some_and(|c| *c == ' ') {
            from += 1;
        }
        if code[from.min(code.len())..].starts_with(&['m', 'u', 't', ' ']) {
            from += 4;
        }
        let mut end = from;
        while code.get(end).is_some_and(|c| is_word(*c)) {
            end += 1;
        }
        at = end.max(at + 4);
        let name = text(from..end);
        let Some(equals) = code[end..].iter().position(|c| *c == '=' || *c == ';').map(|n| end + n) else {
            continue;
        };
        if name.is_empty() || code[equals] == ';' {
            continue;
        }
        let between = text(end..equals);
        let declared = between.trim().strip_prefix(':').map(|t| t.trim().to_string());
        if declared.is_none() && !between.trim().is_empty() {
            continue;
        }
        let value = &code[equals + 1..];
        if let Some(stop) = scan(value).ends.first() {
            out.push((name, declared, value[..*stop].iter().collect()));
        }
    }
    out
}
