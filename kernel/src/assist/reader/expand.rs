//! Methods that a crate writes with a macro by example: `unary_op!(exp, Exp);` in an `impl`.
//!
//! Only macros of one arm without repetitions are followed, which is what such macros are.

use super::entry;
use crate::assist::index::Entry;
use proc_macro2::{Delimiter, TokenStream, TokenTree};
use std::collections::HashMap;

/// An arm: the names of what it takes, and its body.
type Arm = (Vec<String>, String);

/// The macros of a crate.
#[derive(Debug, Default)]
pub(super) struct Macros(HashMap<String, Arm>);

impl Macros {
    /// Takes in the macros among these items.
    pub(super) fn learn(&mut self, items: &[syn::Item]) {
        for item in items {
            if let syn::Item::Macro(item) = item
                && item.mac.path.is_ident("macro_rules")
                && let Some(name) = &item.ident
                && let Some(arm) = arm(item.mac.tokens.clone())
            {
                self.0.insert(name.to_string(), arm);
            }
        }
    }

    /// The functions that a call makes in an `impl`. Without documentation of their own they have that of the call.
    pub(super) fn functions(&self, call: &syn::Macro, attributes: &[syn::Attribute]) -> Vec<Entry> {
        let name = call.path.segments.last().map(|s| s.ident.to_string()).unwrap_or_default();
        let Some((parameters, body)) = self.0.get(&name) else {
            return Vec::new();
        };
        let given = arguments(call.tokens.clone());
        if given.len() != parameters.len() {
            return Vec::new();
        }
        let mut text = body.clone();
        let mut pairs: Vec<(&String, &String)> = parameters.iter().zip(&given).collect();
        // Of `$name` and `$name_of` the longer goes first.
        pairs.sort_by_key(|(parameter, _)| std::cmp::Reverse(parameter.len()));
        for (parameter, value) in pairs {
            text = text.replace(&format!("${parameter}"), value);
        }
        let Ok(block) = syn::parse_str::<syn::ItemImpl>(&format!("impl __Type {{ {text} }}")) else {
            return Vec::new();
        };
        let doc = entry::doc(attributes);
        let functions = block.items.iter().filter_map(|item| match item {
            syn::ImplItem::Fn(f) if entry::public(&f.vis) && !entry::hidden(&f.attrs) => Some(entry::function(&f.sig, &f.attrs)),
            _ => None,
        });
        functions
            .map(|mut f| {
                if f.doc.is_empty() {
                    f.doc.clone_from(&doc);
                }
                f
            })
            .collect()
    }
}

/// The only arm of a macro: `($a:ident, $b:ident) => { .. };`.
fn arm(tokens: TokenStream) -> Option<Arm> {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let groups: Vec<&proc_macro2::Group> = tokens
        .iter()
        .filter_map(|token| {
            if let TokenTree::Group(group) = token {
                Some(group)
            } else {
                None
            }
        })
        .collect();
    let [pattern, body] = groups.as_slice() else { return None };
    let mut parameters = Vec::new();
    let mut after_dollar = false;
    for token in pattern.stream() {
        match &token {
            TokenTree::Ident(name) if after_dollar => parameters.push(name.to_string()),
            TokenTree::Group(_) if after_dollar => return None,
            _ => {}
        }
        after_dollar = matches!(&token, TokenTree::Punct(p) if p.as_char() == '$');
    }
    let text = body.span().source_text()?;
    let inner = text.get(1..text.len().checked_sub(1)?)?;
    (body.delimiter() != Delimiter::None).then(|| (parameters, inner.to_string()))
}

/// What stands between the commas of a call.
fn arguments(tokens: TokenStream) -> Vec<String> {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let parts = tokens.split(|token| matches!(token, TokenTree::Punct(p) if p.as_char() == ','));
    parts
        .filter(|part| !part.is_empty())
        .map(|part| part.iter().cloned().collect::<TokenStream>().to_string())
        .collect()
}

/// The traits that a macro by example implements: `impl<..> Trait<..> for Type`, as pairs of type and trait. What the macro
/// takes (`$type`) is not followed.
pub(super) fn implementations(tokens: &TokenStream) -> Vec<(String, String)> {
    let mut out = Vec::new();
    let tokens: Vec<TokenTree> = tokens.clone().into_iter().collect();
    let word = |token: &TokenTree| match token {
        TokenTree::Ident(name) => Some(name.to_string()),
        _ => None,
    };
    for (at, token) in tokens.iter().enumerate() {
        if let TokenTree::Group(group) = token {
            out.extend(implementations(&group.stream()));
        }
        if word(token).as_deref() != Some("impl") {
            continue;
        }
        let mut depth = 0;
        let mut last = None;
        for (token, next) in tokens[at + 1..].iter().zip(&tokens[(at + 2).min(tokens.len())..]) {
            match token {
                TokenTree::Punct(p) if p.as_char() == '<' => depth += 1,
                TokenTree::Punct(p) if p.as_char() == '>' => depth -= 1,
                TokenTree::Ident(name) if depth == 0 && name == "for" => {
                    out.extend(last.zip(word(next)).map(|(one, kind)| (kind, one)));
                    break;
                }
                TokenTree::Ident(name) if depth == 0 => last = Some(name.to_string()),
                TokenTree::Group(_) => break,
                _ => {}
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_method_made_by_a_macro_is_found() {
        let text = "macro_rules! unary { ($name:ident, $op:ident) => { pub fn $name(&self) -> Result<Self> { $op } }; }\n\
                    impl Tensor { /// The exponential.\n unary!(exp, Exp); }";
        let file = syn::parse_file(text).expect("Rust");
        let mut macros = Macros::default();
        macros.learn(&file.items);
        let syn::Item::Impl(block) = &file.items[1] else {
            panic!("an impl")
        };
        let syn::ImplItem::Macro(call) = &block.items[0] else {
            panic!("a call")
        };
        let found = macros.functions(&call.mac, &call.attrs);
        assert_eq!(found[0].signature, "fn exp(&self) -> Result<Self>");
        assert_eq!(
            (found[0].result.as_str(), found[0].doc.as_str()),
            ("Result<Self>", "The exponential.")
        );
    }

    #[test]
    fn traits_that_a_macro_implements_are_found() {
        let text = "($type:ty) => { impl<T: AsRef<$type>> named::From<T, $type> for Series { fn new() {} } \
                    impl Other for $type {} impl Series { fn own() {} } };";
        let found = implementations(&text.parse().expect("tokens"));
        assert_eq!(found, [("Series".to_string(), "From".to_string())]);
    }
}
