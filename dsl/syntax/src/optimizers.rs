//! The optimizers that `fit!` knows, with their fields.

use crate::options::{Range, number};
use crate::reader::Reader;
use cistron_declaration::did_you_mean;
use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote};
use syn::Expr;

/// An optimizer's fields and the range of each.
struct Optimizer {
    name: &'static str,
    fields: &'static [(&'static str, Range)],
}

const ADAM: &[(&str, Range)] = &[
    ("lr", Range::Positive),
    ("beta1", Range::Share),
    ("beta2", Range::Share),
    ("eps", Range::Positive),
    ("weight_decay", Range::NotNegative),
    ("amsgrad", Range::Switch),
];

const OPTIMIZERS: [Optimizer; 7] = [
    Optimizer {
        name: "Sgd",
        fields: &[
            ("lr", Range::Positive),
            ("momentum", Range::Share),
            ("dampening", Range::Share),
            ("weight_decay", Range::NotNegative),
            ("nesterov", Range::Switch),
        ],
    },
    Optimizer {
        name: "Adam",
        fields: ADAM,
    },
    Optimizer {
        name: "AdamW",
        fields: ADAM,
    },
    Optimizer {
        name: "KerasAdam",
        fields: &[
            ("lr", Range::Positive),
            ("beta1", Range::Share),
            ("beta2", Range::Share),
            ("eps", Range::Positive),
        ],
    },
    Optimizer {
        name: "NAdam",
        fields: &[
            ("lr", Range::Positive),
            ("beta1", Range::Share),
            ("beta2", Range::Share),
            ("eps", Range::Positive),
            ("weight_decay", Range::NotNegative),
            ("momentum_decay", Range::NotNegative),
        ],
    },
    Optimizer {
        name: "Adagrad",
        fields: &[
            ("lr", Range::Positive),
            ("lr_decay", Range::NotNegative),
            ("eps", Range::Positive),
            ("weight_decay", Range::NotNegative),
        ],
    },
    Optimizer {
        name: "Adadelta",
        fields: &[
            ("lr", Range::Positive),
            ("rho", Range::Share),
            ("eps", Range::Positive),
            ("weight_decay", Range::NotNegative),
        ],
    },
];

/// `Sgd { lr: 1e-3 }`: fields that are left out have their defaults.
pub(crate) fn argument(reader: &mut Reader, value: &Expr) -> Option<TokenStream> {
    let (path, fields) = match value {
        Expr::Struct(value) => (&value.path, Some(value)),
        Expr::Path(path) => (&path.path, None),
        Expr::Call(call) => match &*call.func {
            Expr::Path(path) if path.path.get_ident().is_some_and(|name| known(&name.to_string()).is_some()) => {
                let name = path.path.get_ident().map(ToString::to_string).unwrap_or_default();
                let span = reader.span_of(path);
                let help = format!("`optimizer = {name} {{ lr: 1e-3 }}`");
                reader.mistake_with_help(span, format!("the fields of `{name}` stand in braces"), help);
                return None;
            }
            _ => return Some(value.to_token_stream()),
        },
        _ => return Some(value.to_token_stream()),
    };
    let Some(name) = path.get_ident() else {
        return Some(value.to_token_stream());
    };
    let text = name.to_string();
    let Some(optimizer) = known(&text) else {
        if fields.is_none() && !text.starts_with(char::is_uppercase) {
            return Some(value.to_token_stream());
        }
        let span = reader.span(name.span());
        let help = match text.to_lowercase().as_str() {
            "nag" | "nesterov" => "`Sgd { momentum: 0.7, nesterov: true }`".to_string(),
            "amsgrad" => "`AdamW { amsgrad: true }`".to_string(),
            _ => did_you_mean(&text, OPTIMIZERS.iter().map(|optimizer| optimizer.name)),
        };
        reader.mistake_with_help(span, format!("unknown optimizer `{text}`"), help);
        return None;
    };
    let mut tokens = TokenStream::new();
    let mut rest = Some(quote!(..::std::default::Default::default()));
    if let Some(value) = fields {
        for field in &value.fields {
            tokens.extend(check_field(reader, optimizer, field));
        }
        if let Some(given) = &value.rest {
            rest = Some(quote!(..#given));
        } else if value.fields.len() == optimizer.fields.len() {
            rest = None;
        }
    }
    let word = Ident::new(optimizer.name, Span::call_site());
    Some(quote!(::cistron::Optimizer::#word(::cistron::#word { #tokens #rest })))
}

fn known(name: &str) -> Option<&'static Optimizer> {
    OPTIMIZERS.iter().find(|optimizer| optimizer.name == name)
}

fn check_field(reader: &mut Reader, optimizer: &Optimizer, field: &syn::FieldValue) -> Option<TokenStream> {
    let name = field.member.to_token_stream().to_string();
    let span = reader.span_of(&field.member);
    let Some((_, range)) = optimizer.fields.iter().find(|(known, _)| *known == name) else {
        let fields: Vec<&str> = optimizer.fields.iter().map(|(field, _)| *field).collect();
        let mut help = format!("{} has: {}", optimizer.name, fields.join(", "));
        if name == "decay" {
            help.push_str("; Keras's `decay` is `schedule = Inverse { decay: .. }`");
        }
        reader.mistake_with_help(span, format!("`{}` has no field `{name}`", optimizer.name), help);
        return None;
    };
    let member = &field.member;
    let value = number(reader, &name, range, &field.expr)?;
    Some(quote!(#member: #value,))
}
