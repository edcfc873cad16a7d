//! Single tokens.

use proc_macro2::{Delimiter, TokenTree};
use quote::ToTokens;

/// Whether a token is this punctuation.
pub(crate) fn is_punct(token: Option<&TokenTree>, character: char) -> bool {
    matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == character)
}

/// A token as it is named in a message.
pub(crate) fn short(token: &TokenTree) -> String {
    match token {
        TokenTree::Group(group) => match group.delimiter() {
            Delimiter::Parenthesis => "(".into(),
            Delimiter::Brace => "{".into(),
            Delimiter::Bracket => "[".into(),
            Delimiter::None => group.to_token_stream().to_string(),
        },
        other => other.to_string(),
    }
}
