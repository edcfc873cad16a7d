//! Macros by example that define items, and `thread_local!`: where `pub ` has to go in them, so that later cells see what
//! they define.

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use std::collections::BTreeSet;

/// What stands before the name of the twin of such a macro, whose items are public.
pub(crate) const TWIN: &str = "__items_";

/// What is known of a macro that defines items and nothing else.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Defines {
    /// Where `pub ` goes, in the parsed text.
    pub(crate) places: Vec<usize>,
    /// The names that its rules write out.
    pub(crate) names: BTreeSet<String>,
}

/// Reads the rules of a macro; nothing where one of them makes something else than items.
pub(crate) fn rules(tokens: TokenStream) -> Option<Defines> {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut out = Defines::default();
    let mut found = false;
    for pair in tokens.windows(2) {
        if let [TokenTree::Punct(arrow), TokenTree::Group(body)] = pair
            && arrow.as_char() == '>'
        {
            found = true;
            if body.stream().is_empty() || !items(body.stream(), &mut out) {
                return None;
            }
        }
    }
    found.then_some(out)
}

/// Reads what stands inside `thread_local!`.
pub(crate) fn thread_locals(tokens: TokenStream) -> Option<Defines> {
    let mut out = Defines::default();
    items(tokens, &mut out).then_some(out)
}

fn word(token: Option<&TokenTree>) -> String {
    match token {
        Some(TokenTree::Ident(ident)) => ident.to_string(),
        Some(TokenTree::Punct(punct)) => punct.as_char().to_string(),
        _ => String::new(),
    }
}

fn start(token: &TokenTree) -> usize {
    token.span().byte_range().start
}

fn group(token: Option<&TokenTree>, delimiter: Delimiter) -> Option<&proc_macro2::Group> {
    match token {
        Some(TokenTree::Group(group)) if group.delimiter() == delimiter => Some(group),
        _ => None,
    }
}

/// Goes over items; false at the first thing that is none.
fn items(tokens: TokenStream, out: &mut Defines) -> bool {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut at = 0;
    while at < tokens.len() {
        match word(tokens.get(at)).as_str() {
            ";" => at += 1,
            "#" => at += 2,
            "$" if group(tokens.get(at + 1), Delimiter::Parenthesis).is_some() => {
                if let Some(repeated) = group(tokens.get(at + 1), Delimiter::Parenthesis)
                    && !items(repeated.stream(), out)
                {
                    return false;
                }
                at += 2;
                while at < tokens.len() && !matches!(word(tokens.get(at)).as_str(), "*" | "+" | "?") {
                    at += 1;
                }
                at += 1;
            }
            _ => match item(&tokens, at, out) {
                Some(end) => at = end,
                None => return false,
            },
        }
    }
    true
}

/// Reads one item and answers where it ends.
fn item(tokens: &[TokenTree], mut at: usize, out: &mut Defines) -> Option<usize> {
    let mut public = false;
    if word(tokens.get(at)) == "$" {
        // A visibility that the caller gives, or a whole item.
        public = true;
        at += 2;
        if at >= tokens.len() {
            return Some(at);
        }
    } else if word(tokens.get(at)) == "pub" {
        public = true;
        at += 1 + usize::from(group(tokens.get(at + 1), Delimiter::Parenthesis).is_some());
    }
    let first = at;
    loop {
        let next = word(tokens.get(at + 1));
        match word(tokens.get(at)).as_str() {
            "unsafe" | "async" | "default" => at += 1,
            "const" if matches!(next.as_str(), "fn" | "unsafe" | "async" | "extern") => at += 1,
            "extern" => at += 1 + usize::from(matches!(tokens.get(at + 1), Some(TokenTree::Literal(_)))),
            _ => break,
        }
    }
    let keyword = word(tokens.get(at));
    let named = matches!(
        keyword.as_str(),
        "fn" | "struct" | "union" | "enum" | "trait" | "mod" | "const" | "static" | "type"
    );
    if named {
        if !public {
            out.places.push(start(tokens.get(first)?));
        }
        let name = word(tokens.get(at + 1));
        let name = if name == "mut" { word(tokens.get(at + 2)) } else { name };
        if name != "$" && name != "_" {
            out.names.insert(name);
        }
    } else if !matches!(keyword.as_str(), "impl" | "use" | "macro_rules") {
        return None;
    }
    let from = at;
    let body_ends = !matches!(keyword.as_str(), "const" | "static" | "type" | "use");
    while at < tokens.len() && word(tokens.get(at)) != ";" && !(body_ends && group(tokens.get(at), Delimiter::Brace).is_some()) {
        at += 1;
    }
    let body = group(tokens.get(at), Delimiter::Brace);
    match keyword.as_str() {
        "struct" | "union" => match body {
            Some(body) => fields(body.stream(), true, out),
            None => {
                let tuple = tokens[from..at.min(tokens.len())].iter();
                if let Some(tuple) = tuple.rev().find_map(|token| group(Some(token), Delimiter::Parenthesis)) {
                    fields(tuple.stream(), false, out);
                }
            }
        },
        "impl" if !tokens[from..at.min(tokens.len())].iter().any(|t| word(Some(t)) == "for") => {
            let mut inside = Defines::default();
            if let Some(body) = body
                && items(body.stream(), &mut inside)
            {
                out.places.extend(inside.places);
            }
        }
        _ => {}
    }
    Some(at + 1)
}

/// Puts `pub ` before the fields of a struct: before names that a colon follows, or before the types of a tuple.
fn fields(tokens: TokenStream, named: bool, out: &mut Defines) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let (mut begins, mut depth, mut at) = (true, 0_i32, 0);
    while at < tokens.len() {
        let here = word(tokens.get(at));
        match here.as_str() {
            "," => begins = depth == 0,
            "<" => depth += 1,
            ">" => depth -= 1,
            "#" if begins => at += 1,
            "pub" => begins = false,
            "$" if begins && group(tokens.get(at + 1), Delimiter::Parenthesis).is_some() => {
                if let Some(repeated) = group(tokens.get(at + 1), Delimiter::Parenthesis) {
                    fields(repeated.stream(), named, out);
                }
                at += 1;
                begins = false;
            }
            _ if begins => {
                let length = if here == "$" { 2 } else { 1 };
                let colon = word(tokens.get(at + length)) == ":" && word(tokens.get(at + length + 1)) != ":";
                // `$vis name: T` has its visibility from the caller.
                if !named || colon {
                    out.places.push(start(&tokens[at]));
                }
                begins = false;
                at += length - 1;
            }
            _ => {}
        }
        at += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn public(text: &str) -> Option<String> {
        let tokens: TokenStream = text.parse().expect("tokens");
        let shift = tokens.clone().into_iter().next().map_or(0, |t| start(&t));
        let mut places = rules(tokens)?.places;
        places.sort_unstable();
        let mut out = text.to_string();
        for at in places.into_iter().rev() {
            out.insert_str(at - shift, "pub ");
        }
        Some(out)
    }

    #[test]
    fn items_of_a_rule_become_public() {
        assert_eq!(
            public("($n:ident) => { fn $n() -> i32 { 1 } }").as_deref(),
            Some("($n:ident) => { pub fn $n() -> i32 { 1 } }")
        );
        assert_eq!(
            public(
                "($n:ident { $($f:ident : $t:ty),* }) => { #[derive(Debug)] struct $n { $($f: $t),* } impl $n { fn new() {} } }"
            )
            .as_deref(),
            Some(
                "($n:ident { $($f:ident : $t:ty),* }) => { #[derive(Debug)] pub struct $n { $(pub $f: $t),* } impl $n { pub fn new() {} } }"
            )
        );
        assert_eq!(
            public("() => { impl A for B { fn f(&self) {} } pub struct C(Vec<(u8, u8)>, u8); const fn f() {} }").as_deref(),
            Some("() => { impl A for B { fn f(&self) {} } pub struct C(pub Vec<(u8, u8)>, pub u8); pub const fn f() {} }")
        );
    }

    #[test]
    fn rules_that_make_something_else_are_left_alone() {
        assert_eq!(public("($x:expr) => { $x * $x }"), None);
        assert_eq!(public("() => { let x = 1; fn f() {} }"), None);
        assert_eq!(public("() => { fn f() {} } ; (a) => { 1 }"), None);
    }

    #[test]
    fn names_that_a_rule_writes_out_are_known() {
        let tokens: TokenStream = "($n:ident) => { fn helper() {} struct $n; static mut COUNT: u8 = 0; }"
            .parse()
            .expect("tokens");
        let names = rules(tokens).map(|d| d.names).unwrap_or_default();
        assert_eq!(names, ["COUNT".to_string(), "helper".to_string()].into());
    }
}
