//! `data!`

use crate::data_checks;
use crate::emit;
use crate::expression::{arguments_by, expression, named};
use crate::header::{is_literal, is_word};
use crate::reader::{Reader, without_moving};
use crate::sources::{self, is_argument_word};
use crate::token::{is_punct, short};
use cistron_declaration::{Argument, DataDeclaration, DataStatement, Entry, Expression, Kind, did_you_mean};
use proc_macro2::{TokenStream, TokenTree};
use quote::quote;
use syn::parse::ParseStream;
use syn::{Expr, Token};

/// Words that begin a statement of `data!`.
pub(crate) const WORDS: [&str; 10] = [
    "genome", "cells", "windows", "records", "input", "output", "classes", "folds", "split", "sample",
];

/// Reads a data set. `declared` are the names that its statements introduce.
pub(crate) fn read(reader: &mut Reader, input: TokenStream) -> DataDeclaration {
    let mut declaration = DataDeclaration {
        source: reader.text.source.clone(),
        statements: Vec::new(),
    };
    let tokens: Vec<TokenTree> = input.into_iter().collect();
    let mut declared: Vec<String> = Vec::new();
    for statement in tokens.split(|token| is_punct(Some(token), ';')) {
        statement_parts(reader, statement, &mut declaration, &mut declared);
    }
    data_checks::check(reader, &declaration);
    declaration
}

fn statement_parts(reader: &mut Reader, tokens: &[TokenTree], declaration: &mut DataDeclaration, declared: &mut Vec<String>) {
    let Some(first) = tokens.first() else { return };
    let span = reader.span_of(first);
    let word = match first {
        TokenTree::Ident(word) if WORDS.contains(&word.to_string().as_str()) => word.to_string(),
        other => {
            let word = short(other);
            let message = format!("unknown word `{word}` at the beginning of a statement");
            return reader.mistake_with_help(span, message, did_you_mean(&word, WORDS));
        }
    };
    let mut entries = Vec::new();
    let rest = &tokens[1..];
    if rest.is_empty() {
        let example = sources::example(&word);
        return reader.mistake_with_help(span, format!("`{word}` declares nothing"), example);
    }
    for part in rest.split(|token| is_punct(Some(token), ',')) {
        if part.is_empty() {
            continue;
        }
        if let Some(behind) = next_line_word(reader, part) {
            let at = reader.span_of(behind);
            let message = format!("expected `;` before `{}`", short(behind));
            reader.mistake(at, message);
            continue;
        }
        if let Some(entry) = read_entry(reader, part, declared) {
            if let Some(name) = &entry.name
                && sources::declares(&word)
            {
                declared.push(name.clone());
            }
            entries.push(entry);
        }
    }
    declaration.statements.push(DataStatement { word, span, entries });
}

/// A word of ours inside an entry, right behind a whole value: the `;` before it is missing.
fn next_line_word<'a>(reader: &Reader, part: &'a [TokenTree]) -> Option<&'a TokenTree> {
    part.windows(2).find_map(|pair| match &pair[1] {
        TokenTree::Ident(word) if WORDS.contains(&word.to_string().as_str()) && !is_operator(&pair[0]) => {
            (reader.span_of(&pair[1]).line > reader.span_of(&pair[0]).line).then_some(&pair[1])
        }
        _ => None,
    })
}

fn is_operator(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Punct(_))
}

/// `name: Kind = value`, `name = value`, `value`.
fn read_entry(reader: &mut Reader, tokens: &[TokenTree], declared: &[String]) -> Option<Entry> {
    let near = reader.span_of(&tokens[0]);
    let stream: TokenStream = tokens.iter().cloned().collect();
    let (name, kind, value) = reader.parse(
        |input: ParseStream<'_>| {
            let named = input.peek(syn::Ident) && (input.peek2(Token![=]) || input.peek2(Token![:])) && !input.peek2(Token![::]);
            let name = if named && !input.peek2(Token![==]) {
                Some(input.parse::<syn::Ident>()?)
            } else {
                None
            };
            let mut kind = None;
            if name.is_some() {
                if input.parse::<Option<Token![:]>>()?.is_some() {
                    kind = Some(kind_expression(input)?);
                }
                input.parse::<Token![=]>()?;
            }
            Ok((name, kind, input.parse::<Expr>()?))
        },
        stream,
        near,
    )?;
    let kind = kind.map(|kind| expression(reader, &kind));
    let value = data_value(reader, &value, declared, Level::Source);
    let span = name.as_ref().map_or(value.span, |name| reader.span(name.span()));
    Some(Entry {
        name: name.map(|name| name.to_string()),
        span,
        kind,
        value,
    })
}

/// `Dna` or `Map(250)`, up to the `=`.
fn kind_expression(input: ParseStream<'_>) -> syn::Result<Expr> {
    let mut tokens = TokenStream::new();
    while !input.is_empty() && !input.peek(Token![=]) {
        tokens.extend([input.parse::<TokenTree>()?]);
    }
    if tokens.is_empty() {
        return Err(input.error("expected a kind: `Dna`, `Rna`, `Track`, `Category`, `Scalar`, `Bins` or `Map(bins)`"));
    }
    syn::parse2(tokens)
}

/// Where a value stands: what an entry comes from, or an argument of it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Level {
    Source,
    Argument,
}

/// A value as data: sources, declared names, words and literals are kept, Rust expressions captured.
fn data_value(reader: &mut Reader, expr: &Expr, declared: &[String], level: Level) -> Expression {
    let span = crate::expression::span_of(reader, expr);
    let kind = match expr {
        Expr::Paren(inner) => return data_value(reader, &inner.expr, declared, level),
        Expr::Group(inner) => return data_value(reader, &inner.expr, declared, level),
        expr if is_literal(expr) || is_word(expr) => return expression(reader, expr),
        Expr::Array(array) => Kind::List(
            array
                .elems
                .iter()
                .map(|item| data_value(reader, item, declared, Level::Argument))
                .collect(),
        ),
        Expr::Path(path) => match path.path.get_ident().map(ToString::to_string) {
            Some(name) if level == Level::Source || declared.contains(&name) => Kind::Name(name),
            _ => captured(reader, expr),
        },
        Expr::Call(call) => match &*call.func {
            Expr::Path(path) => {
                let name = path.path.get_ident().map(ToString::to_string).unwrap_or_default();
                if name == "frame" && call.args.len() == 1 && named(&call.args[0]).is_none() {
                    let argument = frame(reader, &call.args[0]);
                    Kind::Call {
                        function: name,
                        arguments: vec![argument],
                    }
                } else if level == Level::Source || sources::is_source(&name) {
                    let arguments = source_arguments(reader, &call.args, declared);
                    Kind::Call {
                        function: name,
                        arguments,
                    }
                } else {
                    captured(reader, expr)
                }
            }
            _ => captured(reader, expr),
        },
        Expr::MethodCall(call) if begins_with_source(&call.receiver, declared, level) => Kind::Method {
            receiver: Box::new(data_value(reader, &call.receiver, declared, level)),
            method: call.method.to_string(),
            arguments: source_arguments(reader, &call.args, declared),
        },
        Expr::Field(field) if begins_with_source(&field.base, declared, level) => {
            let syn::Member::Named(name) = &field.member else {
                return expression(reader, expr);
            };
            Kind::Field {
                receiver: Box::new(data_value(reader, &field.base, declared, level)),
                field: name.to_string(),
            }
        }
        _ => captured(reader, expr),
    };
    Expression { kind, span }
}

fn source_arguments<'a>(reader: &mut Reader, items: impl IntoIterator<Item = &'a Expr>, declared: &[String]) -> Vec<Argument> {
    arguments_by(reader, items, |reader, name, value| {
        let word = match value {
            Expr::Path(path) => path.path.get_ident().map(ToString::to_string),
            _ => None,
        };
        match (name, word) {
            (Some(name), Some(word)) if is_argument_word(name, &word) => expression(reader, value),
            _ => data_value(reader, value, declared, Level::Argument),
        }
    })
}

/// Whether a chain of methods and fields begins with a source or a declared name.
fn begins_with_source(expr: &Expr, declared: &[String], level: Level) -> bool {
    match expr {
        Expr::MethodCall(call) => begins_with_source(&call.receiver, declared, level),
        Expr::Field(field) => begins_with_source(&field.base, declared, level),
        Expr::Path(path) => path
            .path
            .get_ident()
            .is_some_and(|name| level == Level::Source || declared.contains(&name.to_string())),
        Expr::Call(call) => match &*call.func {
            Expr::Path(path) => path
                .path
                .get_ident()
                .is_some_and(|name| level == Level::Source || sources::is_source(&name.to_string())),
            _ => false,
        },
        _ => false,
    }
}

/// `frame(table)`: the data frame is borrowed.
fn frame(reader: &mut Reader, expr: &Expr) -> Argument {
    let span = reader.span_of(expr);
    let inner = match expr {
        Expr::Reference(reference) if reference.mutability.is_none() => &*reference.expr,
        other => other,
    };
    let place = reader.capture(quote!(&(#inner)));
    Argument {
        name: None,
        span,
        value: Expression {
            kind: Kind::Capture(place),
            span,
        },
    }
}

fn captured(reader: &mut Reader, expr: &Expr) -> Kind {
    Kind::Capture(reader.capture(without_moving(expr)))
}

/// The expansion of `data!`.
pub(crate) fn expand(input: TokenStream) -> TokenStream {
    let mut reader = Reader::new("data!", &input);
    let declaration = read(&mut reader, input);
    if let Some(mistakes) = emit::mistakes(&reader, "Dataset") {
        return mistakes;
    }
    let (json, captures) = (emit::json(&declaration), &reader.captures);
    quote!(::cistron::__macro::data(#json, ::std::vec![#(::cistron::__macro::Captured::from(#captures)),*])?)
}
