//! Options of `fit!` that steer its optimizer: warm-up, schedule, clipping, groups, averages, and what follows patience.

use crate::expression::span_of;
use crate::options::{Number, Range, check_count, literal, number};
use crate::reader::Reader;
use cistron_declaration::did_you_mean;
use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{Expr, ExprCall, ExprStruct, Ident, Lit};

/// Which of them.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Steering {
    Warmup,
    Schedule,
    Clip,
    Groups,
    NoDecay,
    Average,
    Finetune,
    Halve,
}

/// What a field takes.
enum Field {
    Number(Range),
    /// `Steps(n)` or `Epochs(n)`.
    Period,
    /// `"trunk"` or `["trunk.*", "head"]`.
    Names,
}

/// A field; without a default it must be given.
struct Given {
    name: &'static str,
    field: Field,
    default: Option<&'static str>,
}

const fn given(name: &'static str, field: Field, default: Option<&'static str>) -> Given {
    Given { name, field, default }
}

/// A word that an option takes.
struct Word {
    name: &'static str,
    form: Form,
}

enum Form {
    /// `Constant`
    Bare,
    /// `Ema(0.999)`
    Of(Range),
    /// `Cosine { over: Epochs(20) }`
    Fields(&'static [Given]),
}

const PERIODS: [Word; 2] = [
    Word {
        name: "Steps",
        form: Form::Of(Range::Count),
    },
    Word {
        name: "Epochs",
        form: Form::Of(Range::Count),
    },
];

const WARMUPS: [Word; 3] = [
    Word {
        name: "Linear",
        form: Form::Fields(&[given("over", Field::Period, None)]),
    },
    Word {
        name: "FromZero",
        form: Form::Fields(&[given("over", Field::Period, None)]),
    },
    Word {
        name: "Exponential",
        form: Form::Fields(&[
            given("over", Field::Period, None),
            given("factor", Field::Number(Range::Growth), None),
        ]),
    },
];

const SCHEDULES: [Word; 5] = [
    Word {
        name: "Constant",
        form: Form::Bare,
    },
    Word {
        name: "Cosine",
        form: Form::Fields(&[
            given("over", Field::Period, None),
            given("floor", Field::Number(Range::Share), Some("0.0")),
        ]),
    },
    Word {
        name: "Step",
        form: Form::Fields(&[
            given("every", Field::Period, None),
            given("factor", Field::Number(Range::Inside), Some("0.1")),
        ]),
    },
    Word {
        name: "Inverse",
        form: Form::Fields(&[given("decay", Field::Number(Range::NotNegative), None)]),
    },
    Word {
        name: "Plateau",
        form: Form::Fields(&[
            given("factor", Field::Number(Range::Inside), Some("0.1")),
            given("patience", Field::Number(Range::Count), Some("10")),
            given("threshold", Field::Number(Range::NotNegative), Some("0.0")),
            given("floor", Field::Number(Range::Share), Some("0.0")),
        ]),
    },
];

const CLIPS: [Word; 3] = [
    Word {
        name: "GlobalNorm",
        form: Form::Of(Range::Positive),
    },
    Word {
        name: "TensorNorm",
        form: Form::Of(Range::Positive),
    },
    Word {
        name: "Value",
        form: Form::Of(Range::Positive),
    },
];

const AVERAGES: [Word; 2] = [
    Word {
        name: "Ema",
        form: Form::Of(Range::Inside),
    },
    Word {
        name: "Swa",
        form: Form::Fields(&[given("after", Field::Period, None), given("every", Field::Period, None)]),
    },
];

const FINETUNES: [Word; 1] = [Word {
    name: "Rounds",
    form: Form::Fields(&[
        given("rounds", Field::Number(Range::Counted), Some("2")),
        given("rate", Field::Number(Range::Inside), Some("0.1")),
        given("patience", Field::Number(Range::Counted), Some("3")),
    ]),
}];

const HALVES: [Word; 2] = [
    Word {
        name: "Never",
        form: Form::Bare,
    },
    Word {
        name: "OnRise",
        form: Form::Fields(&[
            given("share", Field::Number(Range::Positive), Some("0.3")),
            given("epochs", Field::Number(Range::Counted), Some("25")),
        ]),
    },
];

const GROUP: [Given; 4] = [
    given("names", Field::Names, None),
    given("rate", Field::Number(Range::NotNegative), Some("1.0")),
    given(
        "weight_decay",
        Field::Number(Range::NotNegative),
        Some("::std::option::Option::None"),
    ),
    given("frozen", Field::Number(Range::Switch), Some("false")),
];

/// What `no_decay` lists, and the role it means.
const ROLES: [(&str, &str); 3] = [("Biases", "Bias"), ("Norms", "Norm"), ("Embeddings", "Embedding")];

/// The tokens that the option's setter takes; nothing if the value is a mistake.
pub(crate) fn argument(reader: &mut Reader, kind: Steering, value: &Expr) -> Option<TokenStream> {
    match kind {
        Steering::Warmup if literal(value).is_some() => {
            check_count(reader, "warmup", value, 0);
            Some(value.to_token_stream())
        }
        Steering::Warmup => word(reader, "warmup", "ops::Warmup", &WARMUPS, value),
        Steering::Schedule => word(reader, "schedule", "ops::Schedule", &SCHEDULES, value),
        Steering::Clip => word(reader, "clip", "ops::Clip", &CLIPS, value),
        Steering::Average => word(reader, "average", "ops::Average", &AVERAGES, value),
        Steering::Finetune => word(reader, "finetune", "train::Finetune", &FINETUNES, value),
        Steering::Halve => word(reader, "halve", "train::Halve", &HALVES, value),
        Steering::Groups => list(reader, value, group),
        Steering::NoDecay => list(reader, value, role),
    }
}

/// The path's only word.
fn ident(path: &syn::Path) -> Option<&Ident> {
    path.get_ident()
}

/// One of the words of a type, which is given by its path in the crate.
fn word(reader: &mut Reader, option: &str, of: &str, words: &[Word], value: &Expr) -> Option<TokenStream> {
    let name = match value {
        Expr::Path(path) => ident(&path.path),
        Expr::Struct(value) => ident(&value.path),
        Expr::Call(call) => match &*call.func {
            Expr::Path(path) => ident(&path.path),
            _ => None,
        },
        _ => {
            if literal(value).is_some() {
                let help = words.iter().map(example).collect::<Vec<_>>().join(", ");
                let at = span_of(reader, value);
                reader.mistake_with_help(
                    at,
                    format!("`{option}` takes a word with its numbers"),
                    format!("one of {help}"),
                );
                return None;
            }
            None
        }
    };
    // A value, a function or a path of the user's stays what it is.
    let Some(name) = name.filter(|n| n.to_string().starts_with(char::is_uppercase)) else {
        return Some(value.to_token_stream());
    };
    let text = name.to_string();
    let span = reader.span(name.span());
    let Some(word) = words.iter().find(|word| word.name == text) else {
        let help = did_you_mean(&text, words.iter().map(|word| word.name));
        reader.mistake_with_help(span, format!("unknown `{option}`: `{text}`"), help);
        return None;
    };
    let (of, variant): (TokenStream, Ident) = (of.parse().ok()?, call_site(word.name));
    let path = quote!(::cistron::#of::#variant);
    match (&word.form, value) {
        (Form::Bare, Expr::Path(_)) => Some(path),
        (Form::Of(range), Expr::Call(ExprCall { args, .. })) if args.len() == 1 => {
            let number = number(reader, word.name, range, &args[0])?;
            Some(quote!(#path(#number)))
        }
        (Form::Fields(fields), Expr::Struct(value)) => {
            let fields = read_fields(reader, word.name, fields, value)?;
            Some(quote!(#path { #fields }))
        }
        _ => {
            reader.mistake_with_help(span, format!("`{text}` is written otherwise"), format!("`{}`", example(word)));
            None
        }
    }
}

/// How a word is written.
fn example(word: &Word) -> String {
    match &word.form {
        Form::Bare => word.name.to_string(),
        Form::Of(Range::Count) => format!("{}(10)", word.name),
        Form::Of(Range::Inside) => format!("{}(0.999)", word.name),
        Form::Of(_) => format!("{}(0.2)", word.name),
        Form::Fields(fields) => {
            let one = |field: &Given| match field.field {
                Field::Period => format!("{}: Epochs(10)", field.name),
                Field::Names => format!("{}: \"trunk\"", field.name),
                Field::Number(_) => format!("{}: ..", field.name),
            };
            // Those that must be given, or all where none must.
            let needed = |f: &&Given| f.default.is_none() || fields.iter().all(|f| f.default.is_some());
            let fields: Vec<String> = fields.iter().filter(needed).map(one).collect();
            format!("{} {{ {} }}", word.name, fields.join(", "))
        }
    }
}

/// The fields of a word or a group, with their defaults.
fn read_fields(reader: &mut Reader, of: &str, fields: &[Given], value: &ExprStruct) -> Option<TokenStream> {
    let mut tokens = TokenStream::new();
    let mut good = true;
    let names: Vec<&str> = fields.iter().map(|field| field.name).collect();
    for field in &value.fields {
        let name = field.member.to_token_stream().to_string();
        if !names.contains(&name.as_str()) {
            let span = reader.span_of(&field.member);
            let help = format!("{of} has: {}", names.join(", "));
            reader.mistake_with_help(span, format!("`{of}` has no field `{name}`"), help);
            good = false;
        }
    }
    for given in fields {
        let member = call_site(given.name);
        let found = value
            .fields
            .iter()
            .find(|field| field.member.to_token_stream().to_string() == given.name);
        let value = match (found, given.default) {
            (Some(field), _) => field_value(reader, given, &field.expr),
            (None, Some(default)) => default.parse().ok(),
            (None, None) => {
                let span = reader.span_of(&value.path);
                reader.mistake(span, format!("`{of}` needs `{}`", given.name));
                None
            }
        };
        match value {
            Some(value) => tokens.extend(quote!(#member: #value,)),
            None => good = false,
        }
    }
    good.then_some(tokens)
}

fn field_value(reader: &mut Reader, given: &Given, value: &Expr) -> Option<TokenStream> {
    match &given.field {
        Field::Number(range) => {
            let number = number(reader, given.name, range, value)?;
            // `weight_decay` of a group is the optimizer's where it is not given.
            let optional = given.default.is_some_and(|d| d.ends_with("None"));
            Some(if optional {
                quote!(::std::option::Option::Some(#number))
            } else {
                number
            })
        }
        Field::Period => {
            if let Some(Number::Int(_) | Number::Float(_)) = literal(value) {
                let at = span_of(reader, value);
                let found = value.to_token_stream();
                let help = format!("`Epochs({found})` or `Steps({found})`");
                reader.mistake_with_help(at, format!("`{}` needs its unit", given.name), help);
                return None;
            }
            word(reader, given.name, "ops::Period", &PERIODS, value)
        }
        Field::Names => Some(match value {
            Expr::Array(array) => {
                let names = array.elems.iter();
                quote!(::std::vec![#(::std::string::String::from(#names)),*])
            }
            Expr::Lit(literal) if !matches!(literal.lit, Lit::Str(_)) => {
                let at = span_of(reader, value);
                reader.mistake_with_help(at, "`names` takes names of parameters or layers", "`names: \"trunk.*\"`");
                return None;
            }
            _ => quote!(::std::vec![::std::string::String::from(#value)]),
        }),
    }
}

/// `[..]`, each of its elements; any other expression stays what it is.
fn list(reader: &mut Reader, value: &Expr, one: fn(&mut Reader, &Expr) -> Option<TokenStream>) -> Option<TokenStream> {
    let elements: Vec<&Expr> = match value {
        Expr::Array(array) => array.elems.iter().collect(),
        Expr::Struct(_) => vec![value],
        Expr::Path(path) if ident(&path.path).is_some_and(|n| n.to_string().starts_with(char::is_uppercase)) => vec![value],
        _ => return Some(value.to_token_stream()),
    };
    let found: Vec<Option<TokenStream>> = elements.into_iter().map(|element| one(reader, element)).collect();
    let found: Vec<TokenStream> = found.into_iter().collect::<Option<_>>()?;
    Some(quote!([#(#found),*]))
}

/// `Group { names: "trunk.*", rate: 0.1 }`
fn group(reader: &mut Reader, value: &Expr) -> Option<TokenStream> {
    let Expr::Struct(given) = value else {
        if literal(value).is_some() || matches!(value, Expr::Lit(_)) {
            let at = span_of(reader, value);
            let help = "`Group { names: \"trunk.*\", rate: 0.1 }`";
            reader.mistake_with_help(at, "`groups` takes a list of groups", help);
            return None;
        }
        return Some(value.to_token_stream());
    };
    match ident(&given.path) {
        Some(name) if name == "Group" => {
            let fields = read_fields(reader, "Group", &GROUP, given)?;
            Some(quote!(::cistron::ops::Group { #fields }))
        }
        _ => Some(value.to_token_stream()),
    }
}

/// `Biases`, `Norms`, `Embeddings`
fn role(reader: &mut Reader, value: &Expr) -> Option<TokenStream> {
    let Expr::Path(path) = value else {
        return Some(value.to_token_stream());
    };
    let Some(name) = ident(&path.path) else {
        return Some(value.to_token_stream());
    };
    let text = name.to_string();
    let Some((_, role)) = ROLES.iter().find(|(word, _)| *word == text) else {
        let span = reader.span(name.span());
        let help = did_you_mean(&text, ROLES.iter().map(|(word, _)| *word));
        reader.mistake_with_help(span, format!("`no_decay` knows no `{text}`"), help);
        return None;
    };
    let role = call_site(role);
    Some(quote!(::cistron::ops::Role::#role))
}

fn call_site(name: &str) -> Ident {
    Ident::new(name, proc_macro2::Span::call_site())
}
