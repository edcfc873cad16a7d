//! What values are bound to.

use crate::expression::expression;
use crate::reader::Reader;
use cistron_declaration::Pattern;
use syn::Pat;

/// A pattern as data. What has no meaning in a declaration is noted and matches anything.
pub(crate) fn pattern(reader: &mut Reader, pat: &Pat) -> Pattern {
    match pat {
        Pat::Wild(_) => Pattern::Any,
        Pat::Paren(paren) => pattern(reader, &paren.pat),
        Pat::Ident(name) if name.subpat.is_none() && name.by_ref.is_none() => {
            let text = name.ident.to_string();
            if text.starts_with(char::is_uppercase) && name.mutability.is_none() {
                return Pattern::Variant {
                    name: text,
                    fields: Vec::new(),
                };
            }
            Pattern::Name {
                name: text,
                mutable: name.mutability.is_some(),
                span: reader.span(name.ident.span()),
            }
        }
        Pat::Tuple(tuple) => Pattern::Tuple(tuple.elems.iter().map(|item| pattern(reader, item)).collect()),
        Pat::TupleStruct(variant) if variant.path.get_ident().is_some() => Pattern::Variant {
            name: variant.path.get_ident().map(ToString::to_string).unwrap_or_default(),
            fields: variant.elems.iter().map(|item| pattern(reader, item)).collect(),
        },
        Pat::Lit(literal) => Pattern::Literal(Box::new(expression(reader, &syn::Expr::Lit(literal.clone())))),
        other => {
            let span = reader.span_of(other);
            let help = "a name, `_`, a tuple of names, a literal, `Some(x)` or `None`";
            reader.mistake_with_help(span, "this pattern has no meaning in a declaration", help);
            Pattern::Any
        }
    }
}
