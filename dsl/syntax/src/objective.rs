//! `objective!`

use crate::emit;
use crate::expression::{arguments, expression};
use crate::header::{Header, header};
use crate::losses;
use crate::reader::Reader;
use crate::token::{is_punct, short};
use cistron_declaration::{ObjectiveDeclaration, ObjectiveRule, did_you_mean};
use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::quote;
use syn::parse::ParseStream;
use syn::punctuated::Punctuated;
use syn::{Expr, Token};

/// Words that begin a statement of `objective!`.
pub(crate) const WORDS: [&str; 3] = ["loss", "watch", "report"];

const EXAMPLE: &str = "`objective! { on data { loss(output) = mse(); } }`";

/// Reads an objective; gives the declaration and the data sets it is on.
pub(crate) fn read(reader: &mut Reader, input: TokenStream) -> (ObjectiveDeclaration, Vec<Ident>) {
    let Header {
        name: _,
        parameters,
        on,
        body,
    } = header(reader, input, EXAMPLE);
    if let Some(parameter) = parameters.first() {
        reader.mistake(parameter.span, "an objective has no parameters");
    }
    let mut rules = Vec::new();
    let tokens: Vec<TokenTree> = body.into_iter().collect();
    for statement in tokens.split(|token| is_punct(Some(token), ';')) {
        rules.extend(rule(reader, statement));
    }
    let declaration = ObjectiveDeclaration {
        source: reader.text.source.clone(),
        on: on.iter().map(ToString::to_string).collect(),
        rules,
    };
    losses::check(reader, &declaration);
    (declaration, on)
}

/// `loss(a, b) = ..`
fn rule(reader: &mut Reader, tokens: &[TokenTree]) -> Option<ObjectiveRule> {
    let first = tokens.first()?;
    let span = reader.span_of(first);
    let word = short(first);
    if !WORDS.contains(&word.as_str()) {
        let message = format!("unknown word `{word}` at the beginning of a statement");
        reader.mistake_with_help(span, message, did_you_mean(&word, WORDS));
        return None;
    }
    let (outputs, value, rest) = reader.parse(
        |input: ParseStream<'_>| {
            input.parse::<Ident>()?;
            let inside;
            syn::parenthesized!(inside in input);
            let outputs = Punctuated::<Expr, Token![,]>::parse_terminated(&inside)?;
            input.parse::<Token![=]>()?;
            Ok((outputs, input.parse::<Expr>()?, input.parse::<TokenStream>()?))
        },
        tokens.iter().cloned().collect(),
        span,
    )?;
    if let Some(next) = rest.into_iter().next() {
        let at = reader.span_of(&next);
        reader.mistake(at, format!("expected `;` or an operator before `{}`", short(&next)));
    }
    let outputs = arguments(reader, &outputs);
    Some(ObjectiveRule {
        word,
        span,
        outputs,
        value: expression(reader, &value),
    })
}

/// The expansion of `objective!`.
pub(crate) fn expand(input: TokenStream) -> TokenStream {
    let mut reader = Reader::new("objective!", &input);
    let (declaration, on) = read(&mut reader, input);
    if let Some(mistakes) = emit::mistakes(&reader, "Objective") {
        return mistakes;
    }
    let (json, signatures) = (emit::json(&declaration), emit::signatures(&on));
    quote!(::cistron::__macro::objective(#json, #signatures)?)
}
