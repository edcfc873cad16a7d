//! The options of `fit!`, with their ranges.

use crate::expression::span_of;
use crate::optimizers;
use crate::reader::Reader;
use crate::steering::{self, Steering};
use cistron_declaration::did_you_mean;
use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{ToTokens, quote};
use syn::{Expr, Lit};

/// What an option takes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// A whole number, at least this.
    Count { least: i128 },
    /// An optimizer.
    Optimizer,
    /// What steers an optimizer: clipping, warm-up, schedule, average, groups.
    Steering(Steering),
    /// `F32` or `F64`.
    Precision,
    /// Text or a path.
    Text,
    /// `true` or `false`.
    Switch,
    /// A number of a range.
    Number(Range),
    /// A program whose numbers are wanted: `drg`.
    Compat,
    /// Parses, but has no meaning yet.
    Later,
}

/// An option of `fit!`.
pub(crate) struct FitOption {
    pub(crate) name: &'static str,
    pub(crate) role: Role,
}

const fn option(name: &'static str, role: Role) -> FitOption {
    FitOption { name, role }
}

const OPTIONS: [FitOption; 26] = [
    option("fold", Role::Count { least: 0 }),
    option("optimizer", Role::Optimizer),
    option("batch", Role::Count { least: 1 }),
    option("epochs", Role::Count { least: 1 }),
    option("seed", Role::Count { least: 0 }),
    option("patience", Role::Count { least: 1 }),
    option("finetune", Role::Steering(Steering::Finetune)),
    option("halve", Role::Steering(Steering::Halve)),
    option("init_adjust", Role::Switch),
    option("restart", Role::Switch),
    option("valtrain_ratio", Role::Number(Range::NotNegative)),
    option("compat", Role::Compat),
    option("warmup", Role::Steering(Steering::Warmup)),
    option("schedule", Role::Steering(Steering::Schedule)),
    option("clip", Role::Steering(Steering::Clip)),
    option("groups", Role::Steering(Steering::Groups)),
    option("no_decay", Role::Steering(Steering::NoDecay)),
    option("average", Role::Steering(Steering::Average)),
    option("name", Role::Text),
    option("resume", Role::Text),
    option("precision", Role::Precision),
    option("quiet", Role::Switch),
    option("norm", Role::Later),
    option("processes", Role::Later),
    option("device", Role::Later),
    option("folds", Role::Later),
];

/// Which numbers a setting takes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Range {
    /// Above 0.
    Positive,
    /// 0 or above.
    NotNegative,
    /// 0 or above, below 1.
    Share,
    /// Above 0, below 1.
    Inside,
    /// Above 1.
    Growth,
    /// A whole number, 0 or above.
    Count,
    /// A whole number, 1 or above.
    Counted,
    /// `true` or `false`.
    Switch,
}

/// The option of this name.
pub(crate) fn find(name: &str) -> Option<&'static FitOption> {
    OPTIONS.iter().find(|option| option.name == name)
}

/// The names of the options that run.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    OPTIONS
        .iter()
        .filter(|option| option.role != Role::Later)
        .map(|option| option.name)
}

/// The tokens that the option's setter takes; nothing if the value is a mistake.
pub(crate) fn argument(reader: &mut Reader, option: &FitOption, value: &Expr) -> Option<TokenStream> {
    match option.role {
        Role::Count { least } => {
            check_count(reader, option.name, value, least);
            Some(value.to_token_stream())
        }
        Role::Optimizer => optimizers::argument(reader, value),
        Role::Steering(kind) => steering::argument(reader, kind, value),
        Role::Precision => precision(reader, value),
        Role::Switch => {
            check_switch(reader, option.name, value);
            Some(value.to_token_stream())
        }
        Role::Number(range) => number(reader, option.name, &range, value),
        Role::Compat => compat(reader, value),
        Role::Text | Role::Later => Some(value.to_token_stream()),
    }
}

pub(crate) fn check_switch(reader: &mut Reader, name: &str, value: &Expr) {
    if let Expr::Lit(literal) = value
        && !matches!(literal.lit, Lit::Bool(_))
    {
        let span = span_of(reader, value);
        let message = format!("`{name}` is {}; it must be `true` or `false`", value.to_token_stream());
        reader.mistake(span, message);
    }
}

pub(crate) fn check_count(reader: &mut Reader, name: &str, value: &Expr, least: i128) {
    let span = span_of(reader, value);
    match literal(value) {
        Some(Number::Int(number)) if number < least => {
            reader.mistake(span, format!("`{name}` is {number}; it must be at least {least}"));
        }
        Some(Number::Float(_)) => {
            reader.mistake(
                span,
                format!("`{name}` must be a whole number, found {}", value.to_token_stream()),
            );
        }
        _ => {}
    }
}

fn precision(reader: &mut Reader, value: &Expr) -> Option<TokenStream> {
    let Expr::Path(path) = value else {
        return Some(value.to_token_stream());
    };
    let Some(name) = path.path.get_ident() else {
        return Some(value.to_token_stream());
    };
    match name.to_string().as_str() {
        "F32" | "F64" => Some(quote!(::cistron::Precision::#name)),
        word @ ("Bf16" | "F16" | "BF16") => {
            let span = reader.span(name.span());
            reader.mistake_with_help(span, format!("`{word}` cannot run yet"), "`F32` or `F64`");
            None
        }
        _ => Some(value.to_token_stream()),
    }
}

/// The programs that `compat` knows, and their variants.
const PROGRAMS: [(&str, &str); 1] = [("drg", "Drg")];

/// `drg`; any other expression but a name or a literal stays what it is.
fn compat(reader: &mut Reader, value: &Expr) -> Option<TokenStream> {
    let text = match value {
        Expr::Path(path) => match path.path.get_ident() {
            Some(name) => name.to_string(),
            None => return Some(value.to_token_stream()),
        },
        Expr::Lit(_) => value.to_token_stream().to_string(),
        _ => return Some(value.to_token_stream()),
    };
    if let Some((_, variant)) = PROGRAMS.iter().find(|(word, _)| *word == text) {
        let variant = Ident::new(variant, Span::call_site());
        return Some(quote!(::cistron::Compat::#variant));
    }
    let at = span_of(reader, value);
    let help = did_you_mean(text.trim_matches('"'), PROGRAMS.iter().map(|(word, _)| *word));
    reader.mistake_with_help(at, format!("`compat` knows no `{text}`"), help);
    None
}

/// A number of a range, as the tokens that stand for it; any other expression stays what it is.
pub(crate) fn number(reader: &mut Reader, name: &str, range: &Range, value: &Expr) -> Option<TokenStream> {
    let at = span_of(reader, value);
    if let (Range::Switch, Expr::Lit(given)) = (range, value)
        && matches!(given.lit, Lit::Bool(_))
    {
        return Some(value.to_token_stream());
    }
    let (number, whole) = match literal(value) {
        Some(Number::Int(number)) => (number as f64, true),
        Some(Number::Float(number)) => (number, false),
        None => return Some(value.to_token_stream()),
    };
    let (fits, wanted) = match range {
        Range::Positive => (number > 0.0, "above 0"),
        Range::NotNegative => (number >= 0.0, "0 or above"),
        Range::Share => ((0.0..1.0).contains(&number), "at least 0 and below 1"),
        Range::Inside => (number > 0.0 && number < 1.0, "above 0 and below 1"),
        Range::Growth => (number > 1.0, "above 1"),
        Range::Count => (whole && number >= 0.0, "a whole number, 0 or above"),
        Range::Counted => (whole && number >= 1.0, "a whole number, 1 or above"),
        Range::Switch => (false, "`true` or `false`"),
    };
    if !fits {
        let found = value.to_token_stream().to_string().replace("- ", "-");
        reader.mistake(at, format!("`{name}` is {found}; it must be {wanted}"));
        return None;
    }
    // `lr: 1` is a number like any other.
    if let (Some(Number::Int(_)), false) = (literal(value), matches!(range, Range::Count | Range::Counted)) {
        let mut literal = Literal::f64_unsuffixed(number);
        literal.set_span(proc_macro2::Span::call_site());
        return Some(literal.into_token_stream());
    }
    Some(value.to_token_stream())
}

pub(crate) enum Number {
    Int(i128),
    Float(f64),
}

/// A number that is written out, with its sign.
pub(crate) fn literal(expr: &Expr) -> Option<Number> {
    match expr {
        Expr::Paren(inner) => literal(&inner.expr),
        Expr::Group(inner) => literal(&inner.expr),
        Expr::Unary(unary) if matches!(unary.op, syn::UnOp::Neg(_)) => Some(match literal(&unary.expr)? {
            Number::Int(number) => Number::Int(-number),
            Number::Float(number) => Number::Float(-number),
        }),
        Expr::Lit(value) => match &value.lit {
            Lit::Int(number) => number.base10_parse().ok().map(Number::Int),
            Lit::Float(number) => number.base10_parse().ok().map(Number::Float),
            _ => None,
        },
        _ => None,
    }
}
