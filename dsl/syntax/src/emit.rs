//! What the macros expand to.

use crate::reader::Reader;
use cistron_declaration::{Diagnostic, Severity};
use proc_macro2::{Ident, Literal, TokenStream};
use quote::{quote, quote_spanned};
use serde::Serialize;

/// A declaration as the text of a Rust literal.
pub(crate) fn json(declaration: &impl Serialize) -> Literal {
    // Declarations are plain structs, enums, numbers and texts: nothing in them can fail to serialise.
    Literal::string(&serde_json::to_string(declaration).unwrap_or_default())
}

/// `&[signature of each data set]`
pub(crate) fn signatures(on: &[Ident]) -> TokenStream {
    quote!(&[#(::cistron::Dataset::signature(&#on)),*])
}

/// The mistakes as messages of the compiler, each at its token, and a value of the right type so that
/// nothing else is reported because of them. Nothing if there are no mistakes.
pub(crate) fn mistakes(reader: &Reader, type_name: &str) -> Option<TokenStream> {
    let errors: Vec<TokenStream> = reader
        .mistakes
        .iter()
        .filter(|mistake| mistake.severity == Severity::Error)
        .map(|mistake| {
            let text = message(mistake);
            quote_spanned!(reader.text.token(mistake.span)=> ::core::compile_error!{ #text })
        })
        .collect();
    if errors.is_empty() {
        return None;
    }
    let type_name = Ident::new(type_name, proc_macro2::Span::call_site());
    Some(quote!({ #(#errors)* ::cistron::__macro::stub::<::cistron::#type_name>() }))
}

/// A message with its label and its help as one text.
pub(crate) fn message(mistake: &Diagnostic) -> String {
    let mut text = mistake.message.clone();
    if !mistake.label.is_empty() {
        text.push_str(&format!(" ({})", mistake.label));
    }
    match &mistake.help {
        Some(help) if help.starts_with("did you mean") => text.push_str(&format!("; {help}")),
        Some(help) => text.push_str(&format!("\nhelp: {help}")),
        None => {}
    }
    text
}
