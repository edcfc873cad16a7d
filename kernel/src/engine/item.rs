//! Functions, types and macros of a cell, made visible for the cells that follow.

use super::cell::{range, with_indentation};
use super::fragment::Fragment;
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
        }
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
