//! `model!`

use crate::body::{Ends, block};
use crate::emit;
use crate::header::{Header, header};
use crate::reader::Reader;
use cistron_declaration::ModelDeclaration;
use proc_macro2::{Ident, TokenStream};
use quote::quote;

const EXAMPLE: &str = "`model! { Name(kernels = 64) on data { output = input.conv(kernels, width = 15).linear(); } }`";

/// Reads a model; gives the declaration and the data sets it is on.
pub(crate) fn read(reader: &mut Reader, input: TokenStream) -> (ModelDeclaration, Vec<Ident>) {
    let Header {
        name,
        parameters,
        on,
        body,
    } = header(reader, input, EXAMPLE);
    if name.is_none() {
        let first = reader.text.first();
        reader.mistake_with_help(first, "the model needs a name", EXAMPLE);
    }
    let declaration = ModelDeclaration {
        source: reader.text.source.clone(),
        name: name.unwrap_or_default(),
        parameters,
        on: on.iter().map(ToString::to_string).collect(),
        body: block(reader, body, Ends::WithStatements),
    };
    if reader.mistakes.is_empty() {
        reader.mistakes = cistron_model::check_declaration(&declaration);
    }
    (declaration, on)
}

/// The expansion of `model!`.
pub(crate) fn expand(input: TokenStream) -> TokenStream {
    let mut reader = Reader::new("model!", &input);
    let (declaration, on) = read(&mut reader, input);
    if let Some(mistakes) = emit::mistakes(&reader, "Model") {
        return mistakes;
    }
    let (json, captures, signatures) = (emit::json(&declaration), &reader.captures, emit::signatures(&on));
    let captures = quote!(::std::vec![#(::cistron::Value::from(#captures)),*]);
    match reader.blocks.as_slice() {
        [] => quote!(::cistron::__macro::model(#json, #captures, #signatures)?),
        blocks => quote!(::cistron::__macro::model_using(#json, #captures, #signatures, &[#(&#blocks),*])?),
    }
}
