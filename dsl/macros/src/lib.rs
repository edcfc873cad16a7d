//! The macros of Cistron.

mod body;
mod data;
mod emit;
mod expression;
mod header;
mod model;
mod pattern;
mod reader;
mod sources;
mod text;

use proc_macro::TokenStream;

/// Declares a network.
#[proc_macro]
pub fn model(input: TokenStream) -> TokenStream {
    model::expand(input.into()).into()
}

/// Declares a data set.
#[proc_macro]
pub fn data(input: TokenStream) -> TokenStream {
    data::expand(input.into()).into()
}
