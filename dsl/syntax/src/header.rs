//! `Name(parameter = default, ..) on data, ..` before the braces of a declaration.

use crate::expression::{expression, named};
use crate::reader::{Reader, without_moving};
use crate::token::{is_punct, short};
use cistron_declaration::{Expression, Kind, Parameter, Span};
use proc_macro2::{Delimiter, Ident, TokenStream, TokenTree};
use syn::punctuated::Punctuated;
use syn::{Expr, Token};

/// What stands before the braces, and what is between them.
#[derive(Default)]
pub(crate) struct Header {
    /// The name, if there is one.
    pub(crate) name: Option<String>,
    /// The parameters with their defaults.
    pub(crate) parameters: Vec<Parameter>,
    /// The data sets after `on`.
    pub(crate) on: Vec<Ident>,
    /// The tokens between the braces.
    pub(crate) body: TokenStream,
}

/// Reads a header and finds its braces, noting everything that is missing.
pub(crate) fn header(reader: &mut Reader, input: TokenStream, example: &str) -> Header {
    read(reader, input, example, true)
}

/// The header of a declaration that knows no data set.
pub(crate) fn header_without_data(reader: &mut Reader, input: TokenStream, example: &str) -> Header {
    read(reader, input, example, false)
}

fn read(reader: &mut Reader, input: TokenStream, example: &str, needs_data: bool) -> Header {
    let mut header = Header::default();
    let tokens: Vec<TokenTree> = input.into_iter().collect();
    let braces = tokens
        .iter()
        .position(|token| matches!(token, TokenTree::Group(g) if g.delimiter() == Delimiter::Brace));
    let (before, after) = match braces {
        Some(at) => (&tokens[..at], &tokens[at + 1..]),
        None => (&tokens[..], &tokens[..0]),
    };
    if let Some(TokenTree::Group(group)) = braces.map(|at| &tokens[at]) {
        header.body = group.stream();
    } else {
        let near = tokens.last().map_or_else(Span::default, |token| reader.span_of(token));
        reader.mistake_with_help(near, "the statements in braces are missing", example);
    }
    if let Some(extra) = after.first() {
        let span = reader.span_of(extra);
        reader.mistake(
            span,
            format!("nothing can stand behind the braces, but `{}` does", short(extra)),
        );
    }

    let mut at = 0;
    if let Some(TokenTree::Ident(name)) = before.first()
        && name != "on"
    {
        header.name = Some(name.to_string());
        at = 1;
    }
    if let Some(TokenTree::Group(group)) = before.get(at)
        && group.delimiter() == Delimiter::Parenthesis
    {
        header.parameters = parameters(reader, group.stream(), reader.span_of(group));
        at += 1;
    }
    match before.get(at) {
        Some(TokenTree::Ident(word)) if word == "on" && needs_data => header.on = data_names(reader, &before[at..]),
        Some(other) => {
            let span = reader.span_of(other);
            reader.mistake_with_help(
                span,
                if needs_data {
                    format!("expected `on data` and braces, found `{}`", short(other))
                } else {
                    format!("expected braces, found `{}`", short(other))
                },
                example,
            );
        }
        None if braces.is_some() && needs_data => {
            let near = tokens.first().map_or_else(Span::default, |token| reader.span_of(token));
            reader.mistake_with_help(near, "the data set is missing: `on data` before the braces", example);
        }
        None => {}
    }
    header
}

fn data_names(reader: &mut Reader, tokens: &[TokenTree]) -> Vec<Ident> {
    let mut names: Vec<Ident> = Vec::new();
    let on = reader.span_of(&tokens[0]);
    let mut comma = true;
    for token in &tokens[1..] {
        match token {
            TokenTree::Ident(name) if comma => {
                if names.contains(name) {
                    let span = reader.span_of(name);
                    reader.mistake(span, format!("the data set `{name}` is given twice"));
                }
                names.push(name.clone());
                comma = false;
            }
            token if !comma && is_punct(Some(token), ',') => comma = true,
            other => {
                let span = reader.span_of(other);
                let message = format!("expected the name of a data set, found `{}`", short(other));
                reader.mistake_with_help(
                    span,
                    message,
                    "`on data` or `on first, second`: variables that hold a `data!`",
                );
                return names;
            }
        }
    }
    if names.is_empty() {
        reader.mistake_with_help(
            on,
            "expected the name of a data set after `on`",
            "`on data`: a variable that holds a `data!`",
        );
    }
    names
}

fn parameters(reader: &mut Reader, tokens: TokenStream, near: Span) -> Vec<Parameter> {
    let Some(items) = reader.parse(Punctuated::<Expr, Token![,]>::parse_terminated, tokens, near) else {
        return Vec::new();
    };
    let mut found: Vec<Parameter> = Vec::new();
    for item in &items {
        let Some((name, value)) = named(item) else {
            let span = reader.span_of(item);
            reader.mistake_with_help(
                span,
                "a parameter needs a name and a default",
                "`Name(kernels = 300) on data`",
            );
            continue;
        };
        let span = reader.span(name.span());
        if found.iter().any(|other| name == &other.name) {
            reader.mistake(span, format!("the parameter `{name}` is given twice"));
        }
        found.push(Parameter {
            name: name.to_string(),
            span,
            default: default_value(reader, value),
        });
    }
    found
}

/// A literal or a word stays what it is; any other Rust expression is captured.
fn default_value(reader: &mut Reader, value: &Expr) -> Expression {
    if is_literal(value) || is_word(value) {
        return expression(reader, value);
    }
    let span = reader.span_of(value);
    let place = reader.capture(without_moving(value));
    Expression {
        kind: Kind::Capture(place),
        span,
    }
}

/// Whether an expression is made of literals alone.
pub(crate) fn is_literal(expr: &Expr) -> bool {
    match expr {
        Expr::Lit(_) => true,
        Expr::Paren(inner) => is_literal(&inner.expr),
        Expr::Group(inner) => is_literal(&inner.expr),
        Expr::Unary(unary) => matches!(unary.op, syn::UnOp::Neg(_)) && is_literal(&unary.expr),
        Expr::Array(array) => array.elems.iter().all(is_literal),
        Expr::Tuple(tuple) => tuple.elems.iter().all(is_literal),
        Expr::Range(range) => range.start.iter().chain(&range.end).all(|end| is_literal(end)),
        _ => false,
    }
}

/// Whether an expression is one of our words (`Batch`, `Relu`) rather than a variable or a constant.
pub(crate) fn is_word(expr: &Expr) -> bool {
    let Expr::Path(path) = expr else { return false };
    path.path.get_ident().is_some_and(|name| {
        let name = name.to_string();
        name.starts_with(char::is_uppercase) && name.contains(char::is_lowercase)
    })
}
