//! `blocks!`

use crate::body::{Ends, block};
use crate::emit;
use crate::header::{Header, header_without_data};
use crate::reader::Reader;
use cistron_declaration::{ModelDeclaration, Statement};
use proc_macro2::TokenStream;
use quote::quote;

const EXAMPLE: &str = "`blocks! { Name(kernels = 64) { block trunk(x) { x.conv(kernels, width = 15) } } }`";

/// Reads blocks as a declaration that has nothing else.
pub(crate) fn read(reader: &mut Reader, input: TokenStream) -> ModelDeclaration {
    let Header {
        name, parameters, body, ..
    } = header_without_data(reader, input, EXAMPLE);
    let declaration = ModelDeclaration {
        source: reader.text.source.clone(),
        name: name.unwrap_or_else(|| "blocks".into()),
        parameters,
        on: Vec::new(),
        body: block(reader, body, Ends::WithStatements),
    };
    let mut blocks = 0;
    for statement in &declaration.body.statements {
        match statement {
            Statement::Define(_) => blocks += 1,
            Statement::Let { value, .. } | Statement::Assign { value, .. } | Statement::Expression(value) => {
                reader.mistake_with_help(value.span, "`blocks!` holds blocks alone", EXAMPLE);
            }
            Statement::For { span, .. } | Statement::Later { span, .. } => {
                reader.mistake_with_help(*span, "`blocks!` holds blocks alone", EXAMPLE);
            }
            Statement::Use(list) => {
                let span = list.first().map_or_else(|| reader.text.first(), |b| b.span);
                reader.mistake_with_help(
                    span,
                    "`blocks!` cannot take blocks from elsewhere",
                    "write `use` in the model",
                );
            }
        }
    }
    if blocks == 0 && reader.mistakes.is_empty() {
        let first = reader.text.first();
        reader.mistake_with_help(first, "there is no block", EXAMPLE);
    }
    if reader.mistakes.is_empty() {
        reader.mistakes = cistron_model::check_blocks(&declaration);
    }
    declaration
}

/// The expansion of `blocks!`.
pub(crate) fn expand(input: TokenStream) -> TokenStream {
    let mut reader = Reader::new("blocks!", &input);
    let declaration = read(&mut reader, input);
    if let Some(mistakes) = emit::mistakes(&reader, "Blocks") {
        return mistakes;
    }
    let (json, captures) = (emit::json(&declaration), &reader.captures);
    quote!(::cistron::__macro::blocks(#json, ::std::vec![#(::cistron::Value::from(#captures)),*])?)
}
