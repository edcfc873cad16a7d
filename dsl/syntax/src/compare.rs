//! `compare!`

use crate::emit;
use crate::expression::{named, span_of};
use crate::fit::{self, Fit, comma_separated, model_value, option_value, read_option, split_options};
use crate::options;
use crate::reader::Reader;
use crate::token::{is_punct, short};
use cistron_declaration::{Span, did_you_mean};
use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::quote;
use syn::{Expr, ExprLit, Lit};

const EXAMPLE: &str = "`compare! { a, b; with = loss, data = data, folds = all, seeds = 3, epochs = 20 }`";

/// What `compare!` takes besides options of a fit.
const OWN: [&str; 5] = ["with", "data", "folds", "seeds", "resume"];

/// One of the models.
pub(crate) struct Model {
    label: Option<String>,
    value: TokenStream,
    span: Span,
}

/// A `compare!` taken apart.
#[derive(Default)]
pub(crate) struct Compare {
    models: Vec<Model>,
    /// Objective, data and options of all fits.
    fit: Fit,
    /// Setters of the comparison with their arguments.
    setters: Vec<TokenStream>,
    /// Where the values of its own options stand.
    places: Vec<(String, Span)>,
}

/// Reads a comparison.
pub(crate) fn read(reader: &mut Reader, input: TokenStream) -> Compare {
    let tokens: Vec<TokenTree> = input.into_iter().collect();
    let end = tokens.iter().position(|token| is_punct(Some(token), ';'));
    let (parts, rest) = match end {
        Some(at) => (&tokens[..at], &tokens[at + 1..]),
        None => (&tokens[..], &tokens[..0]),
    };
    let mut compare = Compare::default();
    read_models(reader, parts, &mut compare);
    let (mut seen, mut own) = (Vec::new(), Vec::new());
    for option in split_options(rest) {
        read_one(reader, option, &mut seen, &mut own, &mut compare);
    }
    let near = tokens
        .last()
        .map_or_else(|| reader.text.first(), |token| reader.span_of(token));
    for (word, what) in [("with", "the objective"), ("data", "the data set")] {
        if !own.iter().any(|name| name == word) {
            reader.mistake_with_help(near, format!("{what} is missing: `{word} = ..`"), EXAMPLE);
        }
    }
    compare
}

/// `a, b, "D, large" = d(kernels = 64)`
fn read_models(reader: &mut Reader, tokens: &[TokenTree], compare: &mut Compare) {
    let Some((parts, near)) = comma_separated(reader, tokens) else {
        return;
    };
    if parts.is_empty() {
        reader.mistake_with_help(near, "`compare!` needs at least one model", EXAMPLE);
    }
    for part in &parts {
        if let Some((name, _)) = named(part) {
            let span = reader.span(name.span());
            return reader.mistake_with_help(span, "options stand behind a `;`, names of models in quotes", EXAMPLE);
        }
        let span = reader.span_of(part);
        let (label, value) = match labelled(part) {
            Some((label, value)) => (Some(label), value),
            None => (None, part),
        };
        if let Some(label) = &label
            && compare.models.iter().any(|other| other.label.as_ref() == Some(label))
        {
            reader.mistake_with_help(
                span,
                format!("two models of this comparison are called `{label}`"),
                format!("give one a name of its own: `\"{label}, large\" = ..`"),
            );
        }
        let value = model_value(reader, value);
        compare.models.push(Model { label, value, span });
    }
}

/// `"label" = model` taken apart.
fn labelled(part: &Expr) -> Option<(String, &Expr)> {
    let Expr::Assign(assign) = part else { return None };
    match &*assign.left {
        Expr::Lit(ExprLit {
            lit: Lit::Str(label), ..
        }) => Some((label.value(), &assign.right)),
        _ => None,
    }
}

/// `name = value`, of the comparison or of its fits.
fn read_one(reader: &mut Reader, tokens: &[TokenTree], seen: &mut Vec<String>, own: &mut Vec<String>, compare: &mut Compare) {
    let TokenTree::Ident(name) = &tokens[0] else {
        let message = format!("expected an option, found `{}`", short(&tokens[0]));
        let span = reader.span_of(&tokens[0]);
        return reader.mistake_with_help(span, message, EXAMPLE);
    };
    let (text, span) = (name.to_string(), reader.span(name.span()));
    if !OWN.contains(&text.as_str()) {
        let instead = match text.as_str() {
            "fold" => "`folds = 1`, `folds = [0, 1]` or `folds = all`",
            "seed" => "`seeds = 3` for seeds 0, 1 and 2, or `seeds = [1, 7]`",
            "name" => "each run is named after its model, fold and seed: `\"name\" = model`",
            "quiet" => "a comparison shows one line for all its fits",
            _ => "",
        };
        if !instead.is_empty() {
            return reader.mistake_with_help(span, format!("`compare!` has no option `{text}`"), instead);
        }
        if options::find(&text).is_none() && fit::misplaced(&text).is_none() {
            let help = did_you_mean(&text, OWN.into_iter().chain(options::names()));
            return reader.mistake_with_help(span, format!("unknown option `{text}`"), help);
        }
        return read_option(reader, tokens, seen, &mut compare.fit);
    }
    if own.contains(&text) {
        reader.mistake(span, format!("the option `{text}` is given twice"));
    }
    own.push(text.clone());
    let Some(value) = option_value(reader, tokens, span, &text) else {
        return;
    };
    compare.places.push((text.clone(), span_of(reader, &value)));
    match text.as_str() {
        "with" => compare.fit.objective = fit::borrowed(&value),
        "data" => compare.fit.data = fit::borrowed(&value),
        "folds" => compare.setters.push(folds(reader, &value)),
        "seeds" => {
            check_numbers(reader, "seeds", &value, 1);
            compare.setters.push(quote!(.seeds(#value)));
        }
        _ => {
            options::check_switch(reader, "resume", &value);
            compare.setters.push(quote!(.resume(#value)));
        }
    }
}

/// `all`, a number or a list.
fn folds(reader: &mut Reader, value: &Expr) -> TokenStream {
    if let Expr::Path(path) = value
        && path.path.is_ident("all")
    {
        return quote!(.all_folds());
    }
    check_numbers(reader, "folds", value, 0);
    quote!(.folds(#value))
}

/// A number that is written out must be `least` or more, those of a list 0 or more and different.
fn check_numbers(reader: &mut Reader, name: &str, value: &Expr, least: i128) {
    let Expr::Array(list) = value else {
        return options::check_count(reader, name, value, least);
    };
    let mut seen: Vec<i128> = Vec::new();
    for element in &list.elems {
        options::check_count(reader, name, element, 0);
        if let Some(options::Number::Int(number)) = options::literal(element) {
            if seen.contains(&number) {
                let span = span_of(reader, element);
                reader.mistake(span, format!("{number} stands twice in `{name}`"));
            }
            seen.push(number);
        }
    }
}

/// The expansion of `compare!`.
pub(crate) fn expand(input: TokenStream) -> TokenStream {
    let mut reader = Reader::new("compare!", &input);
    let Compare {
        models,
        fit,
        setters,
        places,
    } = read(&mut reader, input);
    if let Some(mistakes) = emit::mistakes(&reader, "Comparison") {
        return mistakes;
    }
    let spans: Vec<Span> = models.iter().map(|model| model.span).collect();
    let json = emit::json(&(&reader.text.source, spans, places));
    let values = models.iter().map(|model| {
        let value = &model.value;
        let label = match &model.label {
            Some(label) => quote!(::std::option::Option::Some(#label)),
            None => quote!(::std::option::Option::None),
        };
        quote!((#label, ::cistron::Model::clone(#value)))
    });
    let Fit {
        objective,
        data,
        options,
        ..
    } = fit;
    let (names, arguments): (Vec<Ident>, Vec<TokenStream>) = options.into_iter().unzip();
    let all = Ident::new("models", proc_macro2::Span::mixed_site());
    quote!({
        let #all = ::std::vec![#(#values),*];
        ::cistron::__macro::compare(#json, ::cistron::Fit::new(&#all[0].1, #objective, #data) #(.#names(#arguments))*, #all)?
            #(#setters)* .run()?
    })
}
