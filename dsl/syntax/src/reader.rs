//! What is collected while a declaration is read: its text, its mistakes and the Rust values it uses.

use crate::text::Text;
use cistron_declaration::{Diagnostic, Span};
use proc_macro2::{Delimiter, Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::parse::{ParseStream, Parser};

/// Collects all mistakes of one declaration instead of stopping at the first.
pub(crate) struct Reader {
    /// The declaration's text.
    pub(crate) text: Text,
    /// What is wrong with it.
    pub(crate) mistakes: Vec<Diagnostic>,
    /// Rust expressions whose values the declaration uses, as tokens that give the value.
    pub(crate) captures: Vec<TokenStream>,
    /// Values of `blocks!` that a `use` names, each once.
    pub(crate) blocks: Vec<Ident>,
}

impl Reader {
    /// A reader over the input of one macro.
    pub(crate) fn new(macro_name: &str, input: &TokenStream) -> Self {
        Self {
            text: Text::new(macro_name, input),
            mistakes: Vec::new(),
            captures: Vec::new(),
            blocks: Vec::new(),
        }
    }

    /// Keeps the name of a value of `blocks!` and gives its place in their list.
    pub(crate) fn blocks(&mut self, name: &Ident) -> usize {
        self.blocks.iter().position(|known| known == name).unwrap_or_else(|| {
            self.blocks.push(name.clone());
            self.blocks.len() - 1
        })
    }

    /// Where a token stands.
    pub(crate) fn span(&self, token: proc_macro2::Span) -> Span {
        self.text.span(token).unwrap_or_else(|| self.text.first())
    }

    /// Where the first token of `tokens` stands.
    pub(crate) fn span_of(&self, tokens: impl ToTokens) -> Span {
        first_token(tokens.to_token_stream()).map_or_else(|| self.text.first(), |token| self.span(token))
    }

    /// Notes a mistake at a span.
    pub(crate) fn mistake(&mut self, span: Span, message: impl Into<String>) {
        self.mistakes.push(Diagnostic::error(span, message));
    }

    /// Notes a mistake at a span and how to mend it.
    pub(crate) fn mistake_with_help(&mut self, span: Span, message: impl Into<String>, help: impl Into<String>) {
        self.mistakes.push(Diagnostic::error(span, message).help(help));
    }

    /// Parses all of `tokens` (which begin or end near `near`), or notes why they cannot be parsed.
    pub(crate) fn parse<T>(
        &mut self,
        parser: impl FnOnce(ParseStream<'_>) -> syn::Result<T>,
        tokens: TokenStream,
        near: Span,
    ) -> Option<T> {
        let last = last_token(tokens.clone()).map_or(near, |token| self.span(token));
        match parser.parse2(tokens) {
            Ok(value) => Some(value),
            Err(errors) => {
                for error in errors {
                    let span = self.text.span(error.span()).unwrap_or(last);
                    self.mistake(span, error.to_string());
                }
                None
            }
        }
    }

    /// Keeps a Rust expression and gives its place in the list of captured values.
    pub(crate) fn capture(&mut self, tokens: TokenStream) -> usize {
        self.captures.push(tokens);
        self.captures.len() - 1
    }
}

/// Tokens that give the value of a Rust expression without moving a variable out of the cell.
pub(crate) fn without_moving(expression: &syn::Expr) -> TokenStream {
    match expression {
        syn::Expr::Path(_) | syn::Expr::Field(_) | syn::Expr::Index(_) => {
            quote::quote!(::std::clone::Clone::clone(&#expression))
        }
        other => other.to_token_stream(),
    }
}

/// The span of the first token, looking into groups without delimiters.
pub(crate) fn first_token(tokens: TokenStream) -> Option<proc_macro2::Span> {
    tokens.into_iter().find_map(|tree| match tree {
        TokenTree::Group(group) if group.delimiter() == Delimiter::None => first_token(group.stream()),
        TokenTree::Group(group) => Some(group.span_open()),
        other => Some(other.span()),
    })
}

/// The span of the last token.
fn last_token(tokens: TokenStream) -> Option<proc_macro2::Span> {
    tokens.into_iter().last().and_then(|tree| match tree {
        TokenTree::Group(group) if group.delimiter() == Delimiter::None => last_token(group.stream()),
        TokenTree::Group(group) => Some(group.span_close()),
        other => Some(other.span()),
    })
}
