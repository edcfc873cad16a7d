//! Functions, types and macros of a cell, made visible for the cells that follow.

use super::cell::{range, with_indentation};
use super::fragment::Fragment;
use super::identifiers::words_of;
use super::item_macro::{self, Defines, TWIN};
use std::collections::BTreeSet;
use syn::spanned::Spanned;
use syn::{Fields, ImplItem, Visibility};

/// What a name stands for, as far as imports need to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Functions, constants, statics, modules: imported where they are mentioned.
    Plain,
    /// Types and traits: always imported, for their methods and for macros that name them.
    Type,
}

/// An item of a cell.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    /// Its text, public.
    pub(crate) fragment: Fragment,
    names: Vec<(String, Kind)>,
    stateful: bool,
    guessed: bool,
    makes: BTreeSet<String>,
}

impl Item {
    /// Reads an item of a cell's text; `checks` go into its loops.
    pub(crate) fn new(number: usize, text: &str, item: &syn::Item, checks: Vec<(usize, String)>) -> Self {
        let mut insertions = publish(item);
        insertions.extend(checks);
        let range = with_indentation(text, range(item.span()));
        Self {
            fragment: Fragment::new(number, text, range, &insertions),
            names: names(item),
            stateful: matches!(item, syn::Item::Static(_)),
            guessed: false,
            makes: BTreeSet::new(),
        }
    }

    /// The twin of a macro that defines items, whose items are public; none for any other macro or item.
    pub(crate) fn twin(number: usize, text: &str, item: &syn::Item) -> Option<Self> {
        let syn::Item::Macro(item @ syn::ItemMacro { ident: Some(ident), .. }) = item else {
            return None;
        };
        let Defines { places, names } = item_macro::rules(item.mac.tokens.clone())?;
        let mut insertions = publish(&syn::Item::Macro(item.clone()));
        insertions.push((range(ident.span()).start, TWIN.into()));
        insertions.extend(places.into_iter().map(|at| (at - 1, "pub ".to_string())));
        Some(Self {
            fragment: Fragment::new(number, text, with_indentation(text, range(item.span())), &insertions),
            names: vec![(format!("{TWIN}{ident}"), Kind::Plain)],
            stateful: false,
            guessed: false,
            makes: names,
        })
    }

    /// The call of a macro that defines items, or of `thread_local!`; none for any other call. `known` are such macros,
    /// with the names that they always define.
    pub(crate) fn call(
        number: usize,
        text: &str,
        call: &syn::StmtMacro,
        known: &std::collections::BTreeMap<String, BTreeSet<String>>,
    ) -> Option<Self> {
        let path = &call.mac.path;
        let name = path.segments.last()?.ident.to_string();
        let kind = |name: String| {
            let capital = name.starts_with(char::is_uppercase);
            (name, if capital { Kind::Type } else { Kind::Plain })
        };
        let mut insertions = Vec::new();
        let guessed = name != "thread_local";
        let names: Vec<(String, Kind)> = if guessed {
            let makes = known.get(&name).filter(|_| path.segments.len() == 1)?;
            insertions.push((range(path.span()).start, TWIN.to_string()));
            makes
                .iter()
                .cloned()
                .chain(words_of(call.mac.tokens.clone()))
                .map(kind)
                .collect()
        } else {
            let defines = item_macro::thread_locals(call.mac.tokens.clone())?;
            insertions.extend(defines.places.into_iter().map(|at| (at - 1, "pub ".to_string())));
            defines.names.into_iter().map(|name| (name, Kind::Plain)).collect()
        };
        let whole = range(call.span());
        if call.semi_token.is_none() && !matches!(call.mac.delimiter, syn::MacroDelimiter::Brace(_)) {
            insertions.push((whole.end, ";".into()));
        }
        Some(Self {
            fragment: Fragment::new(number, text, with_indentation(text, whole), &insertions),
            names,
            stateful: true,
            guessed,
            makes: BTreeSet::new(),
        })
    }

    /// Whether its names are guesses, which the compiler has to confirm.
    pub(crate) fn is_guessed(&self) -> bool {
        self.guessed
    }

    /// Takes back a guess.
    pub(crate) fn is_not(&mut self, name: &str) {
        self.names.retain(|(n, _)| !self.guessed || n != name);
    }

    /// Whether it holds a value that a new definition would begin anew.
    pub(crate) fn has_state(&self) -> bool {
        self.stateful
    }

    /// For the twin of a macro: the macro's name and the names that it always defines.
    pub(crate) fn makes(&self) -> Option<(String, BTreeSet<String>)> {
        let name = self.name()?.strip_prefix(TWIN)?;
        Some((name.to_string(), self.makes.clone()))
    }

    /// The same item without a stretch of its text.
    pub(crate) fn without(mut self, cut: &std::ops::Range<usize>) -> Self {
        self.fragment = self.fragment.without(cut);
        self
    }

    /// The name it defines, if it defines one.
    pub(crate) fn name(&self) -> Option<&str> {
        self.names.first().map(|(name, _)| name.as_str())
    }

    /// The names it defines and what they stand for.
    pub(crate) fn names(&self) -> &[(String, Kind)] {
        &self.names
    }
}

fn names(item: &syn::Item) -> Vec<(String, Kind)> {
    let (name, kind) = match item {
        syn::Item::Fn(i) => (&i.sig.ident, Kind::Plain),
        syn::Item::Const(i) => (&i.ident, Kind::Plain),
        syn::Item::Static(i) => (&i.ident, Kind::Plain),
        syn::Item::Mod(i) => (&i.ident, Kind::Plain),
        syn::Item::Struct(i) => (&i.ident, Kind::Type),
        syn::Item::Enum(i) => (&i.ident, Kind::Type),
        syn::Item::Union(i) => (&i.ident, Kind::Type),
        syn::Item::Trait(i) => (&i.ident, Kind::Type),
        syn::Item::Type(i) => (&i.ident, Kind::Type),
        syn::Item::Macro(syn::ItemMacro { ident: Some(ident), .. }) => (ident, Kind::Plain),
        _ => return Vec::new(),
    };
    let hidden = name == "_";
    if hidden { Vec::new() } else { vec![(name.to_string(), kind)] }
}

/// Where `pub ` and `#[macro_export]` have to go.
fn publish(item: &syn::Item) -> Vec<(usize, String)> {
    let mut out = Vec::new();
    let mut public = |visibility: &Visibility, span: proc_macro2::Span| {
        if matches!(visibility, Visibility::Inherited) {
            out.push((range(span).start, "pub ".to_string()));
        }
    };
    match item {
        syn::Item::Struct(i) => {
            public(&i.vis, i.struct_token.span);
            fields(&i.fields, &mut public);
        }
        syn::Item::Enum(i) => public(&i.vis, i.enum_token.span),
        syn::Item::Union(i) => {
            public(&i.vis, i.union_token.span);
            i.fields.named.iter().for_each(|f| public(&f.vis, f.ident.span()));
        }
        syn::Item::Fn(i) => public(&i.vis, i.sig.span()),
        syn::Item::Trait(i) => public(&i.vis, i.unsafety.map_or(i.trait_token.span, |u| u.span)),
        syn::Item::Type(i) => public(&i.vis, i.type_token.span),
        syn::Item::Const(i) => public(&i.vis, i.const_token.span),
        syn::Item::Static(i) => public(&i.vis, i.static_token.span),
        syn::Item::Mod(i) => public(&i.vis, i.mod_token.span),
        syn::Item::Impl(i) if i.trait_.is_none() => {
            for member in &i.items {
                match member {
                    ImplItem::Fn(f) => public(&f.vis, f.sig.span()),
                    ImplItem::Const(c) => public(&c.vis, c.const_token.span),
                    _ => {}
                }
            }
        }
        syn::Item::Macro(i) if i.ident.is_some() && !i.attrs.iter().any(|a| a.path().is_ident("macro_export")) => {
            out.push((range(i.span()).start, "#[macro_export] ".into()));
        }
        _ => {}
    }
    out
}

fn fields(fields: &Fields, public: &mut impl FnMut(&Visibility, proc_macro2::Span)) {
    for field in fields {
        let span = field.ident.as_ref().map_or_else(|| field.ty.span(), |name| name.span());
        public(&field.vis, span);
    }
}
