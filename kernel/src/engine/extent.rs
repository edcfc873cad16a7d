//! How much of a cell's text the place of a panic or of an error stands for: the place itself is one character.

use super::cell::range;
use proc_macro2::{Delimiter, TokenStream, TokenTree};
use std::ops::Range;

/// What stands at a byte of a text: a word, the call of a macro, the value that is indexed with its index. For an error that
/// left through `?`, the whole expression with its `?`.
pub(super) fn extent(text: &str, start: usize, by_question_mark: bool) -> Range<usize> {
    // The same brace as in front of cells, so that offsets are read in the same way.
    let tokens = format!("{{{text}\n}}").parse::<TokenStream>();
    let found = tokens.ok().and_then(|tokens| siblings(tokens, start));
    let Some((tokens, at)) = found else {
        return start..start + 1;
    };
    let found = if by_question_mark {
        tried(&tokens[at..])
    } else {
        Some(named(&tokens, at))
    };
    found.unwrap_or(start..start + 1)
}

/// The tokens in one pair of brackets among which one begins at `start`, and which it is.
fn siblings(tokens: TokenStream, start: usize) -> Option<(Vec<TokenTree>, usize)> {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    if let Some(at) = tokens
        .iter()
        .position(|token| place(token).start == start && !is_whole(token))
    {
        return Some((tokens, at));
    }
    tokens.into_iter().find_map(|token| match token {
        TokenTree::Group(group) => siblings(group.stream(), start),
        _ => None,
    })
}

/// Whether it is the brace around everything.
fn is_whole(token: &TokenTree) -> bool {
    token.span().byte_range().start == 0 || matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::None)
}

fn place(token: &TokenTree) -> Range<usize> {
    range(token.span())
}

fn is_mark(token: Option<&TokenTree>, mark: char) -> bool {
    matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == mark)
}

/// From the first token to the last `?` of the calls and fields that belong to it.
fn tried(tokens: &[TokenTree]) -> Option<Range<usize>> {
    let first = (0..tokens.len()).find(|at| is_mark(tokens.get(*at), '?'))?;
    let chain = (first..tokens.len()).take_while(|at| is_part(&tokens[*at]));
    let last = chain.filter(|at| is_mark(tokens.get(*at), '?')).last()?;
    Some(place(&tokens[0]).start..place(&tokens[last]).end)
}

fn named(tokens: &[TokenTree], at: usize) -> Range<usize> {
    let own = place(&tokens[at]);
    match &tokens[at] {
        TokenTree::Group(group) if group.delimiter() == Delimiter::Bracket => {
            let joined = |i: &usize| place(&tokens[*i]).end == place(&tokens[i + 1]).start && is_part(&tokens[*i]);
            let first = (0..at).rev().take_while(joined).last();
            first.map_or(own.start, |first| place(&tokens[first]).start)..own.end
        }
        TokenTree::Ident(_) if is_mark(tokens.get(at + 1), '!') => match tokens.get(at + 2) {
            Some(TokenTree::Group(group)) => own.start..range(group.span()).end,
            _ => own,
        },
        TokenTree::Group(_) => own.start..own.start + 1,
        _ => own,
    }
}

/// Whether a token may stand in a path, a field or a call.
fn is_part(token: &TokenTree) -> bool {
    match token {
        TokenTree::Punct(punct) => ".:?".contains(punct.as_char()),
        TokenTree::Group(group) => group.delimiter() != Delimiter::Brace,
        TokenTree::Ident(_) | TokenTree::Literal(_) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marked(text: &str, at: &str, question: bool) -> String {
        let start = text.find(at).expect("a place");
        text[extent(text, start, question)].to_string()
    }

    #[test]
    fn a_place_stands_for_what_begins_there() {
        let text = "let ä = f(o.unwrap() + 1);\nif a { panic!(\"x {}\", 1) }";
        assert_eq!(marked(text, "unwrap", false), "unwrap");
        assert_eq!(marked(text, "panic", false), "panic!(\"x {}\", 1)");
        assert_eq!(marked("g(2 * self.rows[0][i + 1] / 2)", "[i", false), "self.rows[0][i + 1]");
        assert_eq!(marked("let x = [1, 2];", "[1", false), "[1, 2]");
        assert_eq!(marked("let x = (1;", "(1", false), "(");
    }

    #[test]
    fn an_error_stands_for_all_that_gave_it() {
        let text = "let n = p(\"1\")? + p(&mut x)?.len();";
        assert_eq!(marked(text, "p(\"", true), "p(\"1\")?");
        assert_eq!(marked(text, "p(&", true), "p(&mut x)?");
        assert_eq!(marked("println!(\"{}\", a.b()?.c()?)", "a.b", true), "a.b()?.c()?");
        assert_eq!(marked("let a = b\n    .c()?;", "b", true), "b\n    .c()?");
    }
}
