//! Every word of a cell: which variables and items it may mean.

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use std::collections::BTreeSet;

/// The identifiers of a text, those inside format strings too, and `name(` for each that is called. Text that has no tokens
/// has no words.
pub(crate) fn identifiers(text: &str) -> BTreeSet<String> {
    let mut out = BTreeSet::new();
    if let Ok(tokens) = text.parse::<TokenStream>() {
        collect(tokens, &mut out);
    }
    out
}

/// The identifiers of tokens.
pub(crate) fn words_of(tokens: TokenStream) -> BTreeSet<String> {
    let mut out = BTreeSet::new();
    collect(tokens, &mut out);
    out
}

fn collect(tokens: TokenStream, out: &mut BTreeSet<String>) {
    let mut before = None;
    for token in tokens {
        let named: Option<String> = before.take();
        match token {
            TokenTree::Ident(ident) => {
                out.insert(ident.to_string());
                before = Some(ident.to_string());
            }
            TokenTree::Group(group) => {
                if let Some(name) = named.filter(|_| group.delimiter() == Delimiter::Parenthesis) {
                    out.insert(name + "(");
                }
                collect(group.stream(), out);
            }
            TokenTree::Literal(literal) => {
                let text = literal.to_string();
                if text.contains('{') {
                    let words = text.split(|c: char| !(c.is_alphanumeric() || c == '_'));
                    out.extend(words.filter(|w| !w.is_empty()).map(String::from));
                }
            }
            TokenTree::Punct(_) => {}
        }
    }
}
