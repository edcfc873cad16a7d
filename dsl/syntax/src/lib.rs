//! The syntax of the declarations: read, checked, and handed on as data or as the expansion of a macro.
//!
//! `cistron-macros` is a thin layer over [`data`], [`model`], [`blocks`], [`objective`] and [`fit`]; [`read_model`] reads the
//! same text at run time.

mod assign;
mod blocks;
mod body;
mod compare;
mod data;
mod data_checks;
mod emit;
mod expression;
mod fit;
mod header;
mod losses;
mod model;
mod objective;
mod optimizers;
mod options;
mod pattern;
mod read;
mod reader;
mod sources;
mod steering;
mod text;
mod token;

pub use read::{ReadModel, read_model};

use proc_macro2::TokenStream;

/// The expansion of `data!`.
pub fn data(input: TokenStream) -> TokenStream {
    data::expand(input)
}

/// The expansion of `model!`.
pub fn model(input: TokenStream) -> TokenStream {
    model::expand(input)
}

/// The expansion of `blocks!`.
pub fn blocks(input: TokenStream) -> TokenStream {
    blocks::expand(input)
}

/// The expansion of `objective!`.
pub fn objective(input: TokenStream) -> TokenStream {
    objective::expand(input)
}

/// The expansion of `fit!`.
pub fn fit(input: TokenStream) -> TokenStream {
    fit::expand(input)
}

/// The expansion of `compare!`.
pub fn compare(input: TokenStream) -> TokenStream {
    compare::expand(input)
}

#[cfg(test)]
mod tests;
