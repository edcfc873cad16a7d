//! `fit!`

use crate::emit;
use crate::expression::named;
use crate::options::{self, Role};
use crate::reader::Reader;
use crate::token::{is_punct, short};
use cistron_declaration::{Span, did_you_mean};
use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::quote;
use syn::parse::ParseStream;
use syn::punctuated::Punctuated;
use syn::{Expr, Token};

const EXAMPLE: &str = "`fit! { net, loss, data; epochs = 20, seed = 1 }`";

/// A `fit!` taken apart.
#[derive(Default)]
pub(crate) struct Fit {
    /// The model, changed by its arguments.
    pub(crate) model: TokenStream,
    /// The objective.
    pub(crate) objective: TokenStream,
    /// The data set.
    pub(crate) data: TokenStream,
    /// The options: setter and argument.
    pub(crate) options: Vec<(Ident, TokenStream)>,
}

/// Reads a fit.
pub(crate) fn read(reader: &mut Reader, input: TokenStream) -> Fit {
    let tokens: Vec<TokenTree> = input.into_iter().collect();
    let end = tokens.iter().position(|token| is_punct(Some(token), ';'));
    let (parts, rest) = match end {
        Some(at) => (&tokens[..at], &tokens[at + 1..]),
        None => (&tokens[..], &tokens[..0]),
    };
    let mut fit = Fit::default();
    read_parts(reader, parts, &mut fit);
    let mut seen: Vec<String> = Vec::new();
    for option in split_options(rest) {
        read_option(reader, option, &mut seen, &mut fit);
    }
    fit
}

/// What stands before the `;`, and where it begins.
pub(crate) fn comma_separated(reader: &mut Reader, tokens: &[TokenTree]) -> Option<(Vec<Expr>, Span)> {
    let near = tokens
        .first()
        .map_or_else(|| reader.text.first(), |token| reader.span_of(token));
    let stream = tokens.iter().cloned().collect();
    let parts = reader.parse(Punctuated::<Expr, Token![,]>::parse_terminated, stream, near)?;
    Some((parts.into_iter().collect(), near))
}

/// `net(kernels = 64), loss, data`
fn read_parts(reader: &mut Reader, tokens: &[TokenTree], fit: &mut Fit) {
    let Some((parts, near)) = comma_separated(reader, tokens) else {
        return;
    };
    // `fit! { net, loss, epochs = 3 }`: the options came without the `;`.
    if let Some((name, _)) = parts.iter().find_map(named) {
        let span = reader.span(name.span());
        return reader.mistake_with_help(span, "options stand behind a `;`", EXAMPLE);
    }
    let missing = match parts.len() {
        0 => "the model, the objective and the data set are",
        1 => "the objective and the data set are",
        2 => "the data set is",
        3 => {
            fit.model = model_value(reader, &parts[0]);
            fit.objective = borrowed(&parts[1]);
            fit.data = borrowed(&parts[2]);
            return;
        }
        _ => {
            let span = reader.span_of(&parts[3]);
            return reader.mistake_with_help(span, "`fit!` takes a model, an objective and a data set", EXAMPLE);
        }
    };
    let last = parts.last().map_or(near, |part| reader.span_of(part));
    reader.mistake_with_help(last, format!("{missing} missing"), EXAMPLE);
}

/// `net(kernels = 64)` becomes `net.with("kernels", 64)?`; any other expression stays what it is.
pub(crate) fn model_value(reader: &mut Reader, expr: &Expr) -> TokenStream {
    let Expr::Call(call) = expr else { return borrowed(expr) };
    if !call.args.iter().any(|argument| named(argument).is_some()) {
        return borrowed(expr);
    }
    let function = &call.func;
    let mut tokens = quote!(#function);
    let mut seen: Vec<String> = Vec::new();
    for argument in &call.args {
        let span = reader.span_of(argument);
        let Some((name, value)) = named(argument) else {
            reader.mistake_with_help(span, "a parameter of the model needs its name", "`net(kernels = 64)`");
            continue;
        };
        let text = name.to_string();
        if seen.contains(&text) {
            reader.mistake(span, format!("the parameter `{text}` is given twice"));
        }
        tokens = quote!(#tokens.with(#text, #value)?);
        seen.push(text);
    }
    quote!(&#tokens)
}

pub(crate) fn borrowed(expr: &Expr) -> TokenStream {
    match expr {
        Expr::Reference(_) => quote!(#expr),
        Expr::Path(_) | Expr::Field(_) | Expr::MethodCall(_) | Expr::Call(_) => quote!(&#expr),
        other => quote!(&(#other)),
    }
}

/// Splits at commas before `name =` and at the end, so that a mistake in one option leaves the others.
pub(crate) fn split_options(tokens: &[TokenTree]) -> Vec<&[TokenTree]> {
    let mut parts = Vec::new();
    let mut start = 0;
    for at in 0..tokens.len() {
        if is_punct(tokens.get(at), ',') {
            let next_is_option = matches!(tokens.get(at + 1), Some(TokenTree::Ident(_)) | None)
                && (is_punct(tokens.get(at + 2), '=') || tokens.get(at + 2).is_none() || is_punct(tokens.get(at + 2), ','));
            if next_is_option {
                parts.push(&tokens[start..at]);
                start = at + 1;
            }
        }
    }
    parts.push(&tokens[start..]);
    parts.retain(|part| !part.is_empty());
    parts
}

/// `name = value`
pub(crate) fn read_option(reader: &mut Reader, tokens: &[TokenTree], seen: &mut Vec<String>, fit: &mut Fit) {
    let span = reader.span_of(&tokens[0]);
    let TokenTree::Ident(name) = &tokens[0] else {
        let message = format!("expected an option, found `{}`", short(&tokens[0]));
        return reader.mistake_with_help(span, message, EXAMPLE);
    };
    let text = name.to_string();
    let Some(option) = options::find(&text) else {
        return unknown_option(reader, &text, span);
    };
    if option.role == Role::Later {
        return reader.mistake(span, format!("the option `{text}` cannot run yet"));
    }
    if seen.contains(&text) {
        reader.mistake(span, format!("the option `{text}` is given twice"));
    }
    seen.push(text.clone());
    let Some(value) = option_value(reader, tokens, span, &text) else {
        return;
    };
    if let Some(argument) = options::argument(reader, option, &value) {
        fit.options.push((name.clone(), argument));
    }
}

/// The value of `name = value`; nothing if it is a mistake.
pub(crate) fn option_value(reader: &mut Reader, tokens: &[TokenTree], span: Span, name: &str) -> Option<Expr> {
    if !is_punct(tokens.get(1), '=') {
        reader.mistake_with_help(span, format!("`{name}` needs a value"), format!("`{name} = ..`"));
        return None;
    }
    let value = tokens[2..].iter().cloned().collect();
    let (value, rest) = reader.parse(
        |input: ParseStream<'_>| Ok((input.parse::<Expr>()?, input.parse::<TokenStream>()?)),
        value,
        reader.span_of(&tokens[1]),
    )?;
    if let Some(next) = rest.into_iter().next() {
        let at = reader.span_of(&next);
        reader.mistake(at, format!("expected `,` before `{}`", short(&next)));
        return None;
    }
    Some(value)
}

/// Where a field of the optimizer belongs that was given as an option.
pub(crate) fn misplaced(name: &str) -> Option<String> {
    ["lr", "learning_rate", "momentum", "weight_decay"]
        .contains(&name)
        .then(|| format!("`{name}` belongs to the optimizer: `optimizer = Adam {{ lr: 1e-3 }}`"))
}

fn unknown_option(reader: &mut Reader, name: &str, span: Span) {
    let help = misplaced(name).unwrap_or_else(|| did_you_mean(name, options::names()));
    reader.mistake_with_help(span, format!("unknown option `{name}`"), help);
}

/// The expansion of `fit!`.
pub(crate) fn expand(input: TokenStream) -> TokenStream {
    let mut reader = Reader::new("fit!", &input);
    let Fit {
        model,
        objective,
        data,
        options,
    } = read(&mut reader, input);
    if let Some(mistakes) = emit::mistakes(&reader, "Run") {
        return mistakes;
    }
    let (names, values): (Vec<_>, Vec<_>) = options.into_iter().unzip();
    quote!(::cistron::Fit::new(#model, #objective, #data) #(.#names(#values))* .run()?)
}
