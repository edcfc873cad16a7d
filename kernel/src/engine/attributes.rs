//! What may stand in front of a cell's code: `//!` comments and `#![allow(..)]`.
//!
//! They belong to a whole crate, and a cell becomes one. Attributes that would change what Rust is are refused.

use super::cell::blanked;
use std::ops::Range;
use syn::parse::{Parse, ParseStream, Parser};
use syn::spanned::Spanned;

/// Attributes that a cell may have.
const ALLOWED: [&str; 6] = ["allow", "expect", "warn", "deny", "forbid", "recursion_limit"];

/// A cell's inner attributes, apart from its code.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Inner {
    /// The code; blanks stand in place of the attributes.
    pub(crate) code: String,
    /// Where the attributes stand that go into the crate.
    pub(crate) attributes: Vec<Range<usize>>,
}

/// An attribute that a cell can't have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refused {
    /// Where it stands.
    pub(crate) at: Range<usize>,
    /// What is wrong with it and what to do.
    pub(crate) message: String,
}

/// Takes the inner attributes out of a cell. Text that can't be read is left as it is.
pub(crate) fn take_inner(text: &str) -> Result<Inner, Refused> {
    let mut inner = Inner {
        code: text.to_string(),
        attributes: Vec::new(),
    };
    if !["#!", "//!", "/*!"].iter().any(|mark| text.contains(mark)) {
        return Ok(inner);
    }
    let read = |input: ParseStream<'_>| {
        let attributes = syn::Attribute::parse_inner(input)?;
        proc_macro2::TokenStream::parse(input)?;
        Ok(attributes)
    };
    for attribute in read.parse_str(text).unwrap_or_default() {
        let at = attribute.span().byte_range();
        let name = attribute
            .path()
            .segments
            .last()
            .map(|s| s.ident.to_string())
            .unwrap_or_default();
        if ALLOWED.contains(&name.as_str()) {
            inner.attributes.push(at.clone());
        } else if name != "doc" {
            let message = match name.as_str() {
                "feature" => {
                    "a cell can't switch on unstable features: cells are stable Rust\nhelp: remove this line".to_string()
                }
                _ => format!(
                    "`#![{name}]` is for a whole crate, and a cell is a part of one\nhelp: remove this line; a cell may begin with {}",
                    ALLOWED.map(|name| format!("`#![{name}(..)]`")).join(", ")
                ),
            };
            return Err(Refused { at, message });
        }
        inner.code = blanked(&inner.code, at);
    }
    Ok(inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_cell_may_begin_with_is_taken_out() {
        let text = "//! About this cell.\n#![allow(unused)]\n1 + 1";
        let inner = take_inner(text).expect("allowed");
        assert_eq!(inner.attributes.len(), 1);
        assert_eq!(&text[inner.attributes[0].clone()], "#![allow(unused)]");
        assert_eq!(inner.code.trim(), "1 + 1");
        assert_eq!(inner.code.len(), text.len());
        assert_eq!(inner.code.matches('\n').count(), 2);
    }

    #[test]
    fn unstable_rust_is_refused_where_it_stands() {
        let refused = take_inner("\n#![feature(let_chains)]\n1").expect_err("refused");
        assert_eq!(refused.at, 1..24);
        assert!(refused.message.contains("unstable"), "{}", refused.message);
        assert!(
            take_inner("#![no_std]")
                .expect_err("refused")
                .message
                .contains("`#![no_std]`")
        );
    }

    #[test]
    fn text_without_them_stays() {
        let text = "let x = \"#![feature(x)]\"; // no attribute";
        assert_eq!(
            take_inner(text).map(|i| (i.code, i.attributes)),
            Ok((text.to_string(), Vec::new()))
        );
    }
}
