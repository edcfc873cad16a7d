//! Every word of a cell: which variables and items it may mean.

use proc_macro2::{TokenStream, TokenTree};
use std::collections::BTreeSet;

/// The identifiers of a text, those inside format strings too. Text that has no tokens has no words.
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
    for token in tokens {
        match token {
            TokenTree::Ident(ident) => {
                out.insert(ident.to_string());
            }
            TokenTree::Group(group) => collect(group.stream(), out),
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
