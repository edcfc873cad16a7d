//! The macros of Cistron.

mod body;
mod data;
mod emit;
mod expression;
mod fit;
mod header;
mod losses;
mod model;
mod objective;
mod options;
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

/// Declares an objective.
#[proc_macro]
pub fn objective(input: TokenStream) -> TokenStream {
    objective::expand(input.into()).into()
}

/// Trains a model.
#[proc_macro]
pub fn fit(input: TokenStream) -> TokenStream {
    fit::expand(input.into()).into()
}

#[cfg(test)]
mod tests;
