//! One item as an entry: its name, its declaration, its documentation.

use crate::assist::index::{Entry, Kind};
use proc_macro2::Span;
use syn::spanned::Spanned;
use syn::{Attribute, Meta, Visibility};

/// Characters of documentation that are kept of an item: the longest page of ours is whole.
const LONGEST: usize = 6000;

/// The text of a stretch of source, in one line.
pub(super) fn text(span: Span) -> String {
    let text = span.source_text().unwrap_or_default();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The documentation of an item, up to a limit at the end of a paragraph.
pub(super) fn doc(attributes: &[Attribute]) -> String {
    let mut lines = Vec::new();
    for attribute in attributes {
        if let Meta::NameValue(pair) = &attribute.meta
            && pair.path.is_ident("doc")
            && let syn::Expr::Lit(syn::ExprLit {
                lit: syn::Lit::Str(line),
                ..
            }) = &pair.value
        {
            let line = line.value();
            lines.push(line.strip_prefix(' ').unwrap_or(&line).trim_end().to_string());
        }
    }
    leave_out_hidden(&mut lines);
    let mut text = String::new();
    for paragraph in lines.join("\n").split("\n\n") {
        if !text.is_empty() {
            if text.len() + paragraph.len() > LONGEST {
                // A code block that would lose its end is closed.
                if text.matches("```").count() % 2 == 1 {
                    text.push_str("\n```");
                }
                text.push_str("\n\n…");
                break;
            }
            text.push_str("\n\n");
        }
        text.push_str(paragraph);
    }
    text.trim().to_string()
}

/// Lines of examples that only tests need (`# use ..`) are no part of a page.
fn leave_out_hidden(lines: &mut Vec<String>) {
    let (mut in_code, mut in_rust) = (false, false);
    lines.retain(|line| {
        if let Some(language) = line.trim_start().strip_prefix("```") {
            in_code = !in_code;
            in_rust = in_code && language != "text";
            return true;
        }
        !(in_rust && (line.starts_with("# ") || line == "#"))
    });
}

/// Whether an item is not meant to be seen: in tests only, `#[doc(hidden)]`, deprecated.
pub(super) fn hidden(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let words = match &attribute.meta {
            Meta::List(list) => list.tokens.to_string(),
            _ => String::new(),
        };
        attribute.path().is_ident("deprecated")
            || attribute.path().is_ident("doc") && words == "hidden"
            || attribute.path().is_ident("cfg") && words == "test"
    })
}

pub(super) fn public(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}

/// A function or a method.
pub(super) fn function(signature: &syn::Signature, attributes: &[Attribute]) -> Entry {
    let result = match &signature.output {
        syn::ReturnType::Default => String::new(),
        syn::ReturnType::Type(_, kind) => text(kind.span()),
    };
    Entry {
        name: signature.ident.to_string(),
        kind: if signature.receiver().is_some() {
            Kind::Method
        } else {
            Kind::Function
        },
        signature: text(signature.span()),
        doc: doc(attributes),
        result,
        home: String::new(),
    }
}

/// The fields that others see.
pub(super) fn fields(fields: &syn::Fields) -> Vec<Entry> {
    let visible = fields.iter().filter(|field| public(&field.vis) && !hidden(&field.attrs));
    let named = visible.filter_map(|field| {
        let name = field.ident.as_ref()?.to_string();
        let kind = text(field.ty.span());
        Some(Entry {
            signature: format!("{name}: {kind}"),
            name,
            kind: Kind::Field,
            doc: doc(&field.attrs),
            result: kind,
            home: String::new(),
        })
    });
    named.collect()
}

/// A case of an enumeration.
pub(super) fn variant(variant: &syn::Variant) -> Entry {
    Entry {
        name: variant.ident.to_string(),
        kind: Kind::Variant,
        signature: text(variant.ident.span()) + &text(variant.fields.span()),
        doc: doc(&variant.attrs),
        result: "Self".into(),
        home: String::new(),
    }
}

/// An item that others may name; nothing for what they can't see.
pub(super) fn of_item(item: &syn::Item, home: &str) -> Option<Entry> {
    let named = |name: &syn::Ident, kind: Kind, attributes: &[Attribute], visibility: &Visibility, head: String| {
        let shown = public(visibility) && !hidden(attributes);
        shown.then(|| Entry {
            name: name.to_string(),
            kind,
            signature: head,
            doc: doc(attributes),
            result: String::new(),
            home: home.to_string(),
        })
    };
    match item {
        syn::Item::Fn(i) if public(&i.vis) && !hidden(&i.attrs) => {
            let is_macro = i.attrs.iter().any(|a| a.path().is_ident("proc_macro"));
            let mut entry = function(&i.sig, &i.attrs);
            entry.home = home.into();
            if is_macro {
                entry.kind = Kind::Macro;
                entry.signature = format!("{}! {{ .. }}", entry.name);
                entry.result = String::new();
            }
            Some(entry)
        }
        syn::Item::Struct(i) => {
            let head = format!("struct {}{}", i.ident, text(i.generics.span()));
            named(&i.ident, Kind::Struct, &i.attrs, &i.vis, head)
        }
        syn::Item::Enum(i) => {
            let variants: Vec<String> = i.variants.iter().map(|v| v.ident.to_string()).collect();
            let head = format!("enum {}{} {{ {} }}", i.ident, text(i.generics.span()), variants.join(", "));
            named(&i.ident, Kind::Enum, &i.attrs, &i.vis, head)
        }
        syn::Item::Trait(i) => named(&i.ident, Kind::Trait, &i.attrs, &i.vis, format!("trait {}", i.ident)),
        syn::Item::Const(i) => constant(named(&i.ident, Kind::Constant, &i.attrs, &i.vis, String::new())?, &i.ty),
        syn::Item::Static(i) => constant(named(&i.ident, Kind::Constant, &i.attrs, &i.vis, String::new())?, &i.ty),
        syn::Item::Type(i) => {
            let mut entry = named(&i.ident, Kind::Type, &i.attrs, &i.vis, text(i.span()))?;
            entry.result = text(i.ty.span());
            Some(entry)
        }
        syn::Item::Macro(i) if i.attrs.iter().any(|a| a.path().is_ident("macro_export")) => {
            let name = i.ident.as_ref()?;
            Some(Entry {
                name: name.to_string(),
                kind: Kind::Macro,
                signature: format!("{name}!(..)"),
                doc: doc(&i.attrs),
                result: String::new(),
                home: home.into(),
            })
        }
        _ => None,
    }
}

fn constant(mut entry: Entry, kind: &syn::Type) -> Option<Entry> {
    entry.result = text(kind.span());
    entry.signature = format!("const {}: {}", entry.name, entry.result);
    Some(entry)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_has_no_lines_that_only_tests_need() {
        let lines = [
            "# Errors",
            "```",
            "# use a::b;",
            "b(3);",
            "#",
            "```",
            "```text",
            "# a title",
            "```",
        ];
        let mut left = lines.map(String::from).to_vec();
        leave_out_hidden(&mut left);
        assert_eq!(left, ["# Errors", "```", "b(3);", "```", "```text", "# a title", "```"]);
    }
}
