//! Every declaration of the language's description parses; what cannot run yet is said with its place.
//!
//! `tests/declarations/<system>.txt` holds the declarations, `<system>.expected` the messages.
//! `CISTRON_BLESS=1 cargo test -p cistron-macros declarations` writes the expected messages anew.

use crate::reader::Reader;
use crate::{compare, data, emit, fit, model, objective};
use cistron_declaration::Severity;
use proc_macro2::{Group, TokenStream, TokenTree};
use std::path::Path;
use syn::parse::{Parse, ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{Expr, Token};

/// All `word! { .. }` of a text.
fn declarations(tokens: TokenStream, found: &mut Vec<(String, Group)>) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    for three in tokens.windows(3) {
        if let [TokenTree::Ident(word), TokenTree::Punct(mark), TokenTree::Group(group)] = three
            && mark.as_char() == '!'
        {
            found.push((word.to_string(), group.clone()));
        }
    }
}

/// `value`, `name = value` or `name in values`: what macros of later versions are made of.
struct Part;

impl Parse for Part {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        if input.peek2(Token![in]) {
            input.parse::<syn::Ident>()?;
            input.parse::<Token![in]>()?;
        }
        input.parse::<Expr>().map(|_| Self)
    }
}

/// `parts; options`
fn later(input: ParseStream<'_>) -> syn::Result<()> {
    Punctuated::<Part, Token![,]>::parse_separated_nonempty(input)?;
    input.parse::<Token![;]>()?;
    Punctuated::<Part, Token![,]>::parse_terminated(input)?;
    Ok(())
}

/// What the macros say to each declaration of a text, one line per message with its line and column.
fn messages(text: &str) -> String {
    let mut found = Vec::new();
    declarations(text.parse().expect("tokens"), &mut found);
    assert!(!found.is_empty(), "no declarations");
    let mut lines = Vec::new();
    for (word, group) in found {
        let input = group.stream();
        let start = group.span_open().start();
        let mut reader = Reader::new(&format!("{word}!"), &input);
        match word.as_str() {
            "data" => _ = data::read(&mut reader, input),
            "model" => _ = model::read(&mut reader, input),
            "objective" => _ = objective::read(&mut reader, input),
            "fit" => _ = fit::read(&mut reader, input),
            "compare" => _ = compare::read(&mut reader, input),
            _ => {
                later
                    .parse2(input)
                    .unwrap_or_else(|error| panic!("{word}!: {error} at {:?}", error.span().start()));
                lines.push(format!("{}:{} {word}! cannot run yet", start.line, start.column + 1));
                continue;
            }
        }
        lines.push(format!("{}:{} {word}!", start.line, start.column + 1));
        for mistake in reader.mistakes.iter().filter(|mistake| mistake.severity == Severity::Error) {
            let at = reader.text.token(mistake.span).start();
            let message = emit::message(mistake).replace('\n', " | ");
            lines.push(format!("    {}:{} {message}", at.line, at.column + 1));
        }
    }
    lines.join("\n") + "\n"
}

fn check(system: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/declarations");
    let text = std::fs::read_to_string(folder.join(format!("{system}.txt"))).expect("the declarations");
    let found = messages(&text);
    println!("{system}\n{found}");
    let expected = folder.join(format!("{system}.expected"));
    if std::env::var_os("CISTRON_BLESS").is_some() {
        std::fs::write(&expected, &found).expect("written");
    }
    assert_eq!(found, std::fs::read_to_string(&expected).unwrap_or_default(), "{system}");
}

#[test]
fn drg() {
    check("drg");
}

#[test]
fn maxatac() {
    check("maxatac");
}

#[test]
fn orca() {
    check("orca");
}

#[test]
fn enformer() {
    check("enformer");
}

#[test]
fn lsfg() {
    check("lsfg");
}

/// The tokens without the `skip`-th one, counted through all groups.
fn without(tokens: TokenStream, skip: &mut usize) -> TokenStream {
    let mut kept = TokenStream::new();
    for tree in tokens {
        let gone = *skip == 0;
        *skip = skip.wrapping_sub(1);
        match tree {
            _ if gone => {}
            TokenTree::Group(group) => {
                let mut inner = Group::new(group.delimiter(), without(group.stream(), skip));
                inner.set_span(group.span());
                kept.extend([TokenTree::Group(inner)]);
            }
            other => kept.extend([other]),
        }
    }
    kept
}

fn count(tokens: TokenStream) -> usize {
    let inside = |tree: TokenTree| {
        if let TokenTree::Group(group) = tree {
            count(group.stream())
        } else {
            0
        }
    };
    tokens.into_iter().map(|tree| 1 + inside(tree)).sum()
}

#[test]
fn a_declaration_that_lacks_any_token_is_answered() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/declarations");
    for system in ["drg", "maxatac", "orca", "enformer", "lsfg"] {
        let text = std::fs::read_to_string(folder.join(format!("{system}.txt"))).expect("the declarations");
        let mut found = Vec::new();
        declarations(text.parse().expect("tokens"), &mut found);
        for (word, group) in found {
            let expand: fn(TokenStream) -> TokenStream = match word.as_str() {
                "data" => data::expand,
                "model" => model::expand,
                "objective" => objective::expand,
                "fit" => fit::expand,
                _ => continue,
            };
            for skip in 0..count(group.stream()) {
                let input = without(group.stream(), &mut skip.clone());
                assert!(!expand(input).is_empty());
            }
            assert!(expand(TokenStream::new()).to_string().contains("compile_error"));
        }
    }
}
