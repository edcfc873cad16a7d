//! The text of a declaration, rebuilt from the positions of its tokens, and the way from a span of
//! that text back to the token.

use cistron_declaration::{Source, Span};
use proc_macro2::{Delimiter, LineColumn, Spacing, TokenStream, TokenTree};
use std::collections::HashMap;

/// One token (or one delimiter of a group) as it was written.
struct Piece {
    text: String,
    span: proc_macro2::Span,
    /// Whether it belongs to the punctuation right before it (`+=`, `..=`).
    glued: bool,
}

/// A declaration's text with a span for each of its tokens.
pub(crate) struct Text {
    /// The text, dedented; its first line is that of the first token.
    pub(crate) source: Source,
    spans: HashMap<String, Span>,
    tokens: Vec<(Span, proc_macro2::Span)>,
}

impl Text {
    /// Rebuilds the text of a macro's input. Where the tokens have no usable positions (they come out
    /// of another macro) the text is one line with a blank between tokens.
    pub(crate) fn new(macro_name: &str, input: &TokenStream) -> Self {
        let mut pieces = Vec::new();
        flatten(input, &mut pieces);
        let places = if positions_are_usable(&pieces) {
            layout(&pieces)
        } else {
            one_line(&pieces)
        };
        let mut writer = Writer::default();
        let mut text = Self {
            source: Source {
                macro_name: macro_name.into(),
                text: String::new(),
            },
            spans: HashMap::with_capacity(pieces.len()),
            tokens: Vec::with_capacity(pieces.len()),
        };
        for (piece, place) in pieces.iter().zip(places) {
            let span = writer.put(&piece.text, place);
            text.spans.entry(key(piece.span)).or_insert(span);
            text.tokens.push((span, piece.span));
        }
        text.source.text = writer.text;
        text
    }

    /// Where a token stands in the text; nothing for a span that is no token of it.
    pub(crate) fn span(&self, token: proc_macro2::Span) -> Option<Span> {
        self.spans.get(&key(token)).copied()
    }

    /// The token at a span, for the compiler's messages; the macro itself if there is none.
    pub(crate) fn token(&self, span: Span) -> proc_macro2::Span {
        let at = |exact: bool| {
            let wanted = (span.line, span.column);
            self.tokens.iter().find(|(s, _)| {
                let start = (s.line, s.column);
                start == wanted || (!exact && s.line == span.line && s.column <= span.column && span.column < s.column + s.length)
            })
        };
        at(true)
            .or_else(|| at(false))
            .map_or_else(proc_macro2::Span::call_site, |(_, token)| *token)
    }

    /// The span of the first token.
    pub(crate) fn first(&self) -> Span {
        self.tokens.first().map(|(span, _)| *span).unwrap_or_default()
    }
}

/// Spans of the compiler cannot be compared, but their debug form names file position and hygiene.
fn key(span: proc_macro2::Span) -> String {
    format!("{span:?}")
}

fn flatten(input: &TokenStream, pieces: &mut Vec<Piece>) {
    let mut joint = false;
    for tree in input.clone() {
        let mut glued = false;
        match &tree {
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Brace => ("{", "}"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::None => ("", ""),
                };
                if !open.is_empty() {
                    pieces.push(Piece {
                        text: open.into(),
                        span: group.span_open(),
                        glued,
                    });
                }
                flatten(&group.stream(), pieces);
                if !close.is_empty() {
                    pieces.push(Piece {
                        text: close.into(),
                        span: group.span_close(),
                        glued,
                    });
                }
                joint = false;
            }
            TokenTree::Punct(punct) => {
                glued = joint;
                joint = punct.spacing() == Spacing::Joint;
                pieces.push(Piece {
                    text: punct.as_char().into(),
                    span: punct.span(),
                    glued,
                });
            }
            TokenTree::Ident(_) | TokenTree::Literal(_) => {
                joint = false;
                pieces.push(Piece {
                    text: tree.to_string(),
                    span: tree.span(),
                    glued,
                });
            }
        }
    }
}

fn before(a: LineColumn, b: LineColumn) -> bool {
    (a.line, a.column) <= (b.line, b.column)
}

/// Whether the tokens stand one after the other in one file.
fn positions_are_usable(pieces: &[Piece]) -> bool {
    let (Some(first), Some(last)) = (pieces.first(), pieces.last()) else {
        return true;
    };
    let lines = last.span.end().line.saturating_sub(first.span.start().line);
    let ordered = pieces
        .windows(2)
        .all(|pair| pair[1].glued || before(pair[0].span.end(), pair[1].span.start()));
    let moves = pieces.len() == 1 || first.span.start() != last.span.start();
    ordered && moves && lines <= pieces.len() + 500 && pieces.iter().all(|piece| piece.span.file() == first.span.file())
}

/// Where a piece goes: on which line and at which column, or right behind the one before.
#[derive(Clone, Copy)]
enum Place {
    At { line: usize, column: usize },
    Behind { blank: bool },
}

/// The tokens' own layout without the indentation that all lines share.
fn layout(pieces: &[Piece]) -> Vec<Place> {
    let Some(first) = pieces.first().map(|piece| piece.span.start()) else {
        return Vec::new();
    };
    let mut indent = first.column;
    let mut line = first.line;
    for piece in pieces {
        let start = piece.span.start();
        if start.line > line {
            line = start.line;
            indent = indent.min(start.column);
        }
    }
    pieces
        .iter()
        .map(|piece| {
            let start = piece.span.start();
            let shift = if start.line == first.line { first.column } else { indent };
            match piece.glued {
                true => Place::Behind { blank: false },
                false => Place::At {
                    line: start.line - first.line + 1,
                    column: start.column.saturating_sub(shift),
                },
            }
        })
        .collect()
}

/// All tokens on one line, with blanks where people write them.
fn one_line(pieces: &[Piece]) -> Vec<Place> {
    let mut previous = "";
    pieces
        .iter()
        .map(|piece| {
            let tight = matches!(piece.text.as_str(), "," | ";" | ")" | "]" | "." | "?" | ":" | "(" | "[")
                || matches!(previous, "" | "(" | "[" | "." | "!" | "|")
                || piece.glued;
            previous = &piece.text;
            Place::Behind { blank: !tight }
        })
        .collect()
}

/// Writes pieces at places and says where they ended up.
struct Writer {
    text: String,
    line: usize,
    column: usize,
}

impl Default for Writer {
    fn default() -> Self {
        Self {
            text: String::new(),
            line: 1,
            column: 0,
        }
    }
}

impl Writer {
    fn put(&mut self, piece: &str, place: Place) -> Span {
        let blanks = match place {
            Place::At { line, column } => {
                while self.line < line {
                    self.text.push('\n');
                    self.line += 1;
                    self.column = 0;
                }
                column.saturating_sub(self.column)
            }
            Place::Behind { blank } => usize::from(blank),
        };
        self.text.extend(std::iter::repeat_n(' ', blanks));
        self.column += blanks;
        let length = piece.lines().next().unwrap_or_default().chars().count();
        let span = Span {
            line: self.line as u32,
            column: self.column as u32,
            length: length as u32,
        };
        self.text.push_str(piece);
        for character in piece.chars() {
            if character == '\n' {
                self.line += 1;
                self.column = 0;
            } else {
                self.column += 1;
            }
        }
        span
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(source: &str) -> Text {
        Text::new("model!", &source.parse().expect("tokens"))
    }

    #[test]
    fn layout_is_kept_and_dedented() {
        let text = text("        Net on toy {\n            y = dna\n                .conv(3,  width = 5);\n        }");
        assert_eq!(
            text.source.text,
            "Net on toy {\n    y = dna\n        .conv(3,  width = 5);\n}"
        );
    }

    #[test]
    fn a_first_line_behind_other_code_does_not_shift_the_rest() {
        let text = text("                 Net on toy {\n    y = dna;\n}");
        assert_eq!(text.source.text, "Net on toy {\n    y = dna;\n}");
    }

    #[test]
    fn every_span_covers_its_token() {
        let text = text("Net on toy {\n    x += \"ä\ntwo\".conv(0..=2);\n}");
        let lines: Vec<&str> = text.source.text.lines().collect();
        for (span, token) in &text.tokens {
            let found: String = lines[span.line as usize - 1]
                .chars()
                .skip(span.column as usize)
                .take(span.length as usize)
                .collect();
            let written = token.source_text().expect("tokens of a text have one");
            assert!(written.starts_with(&found) && !found.is_empty(), "{found:?} of {written:?}");
            assert_eq!(text.token(*span).start(), token.start());
        }
    }

    #[test]
    fn tokens_without_positions_become_one_line() {
        let tokens: TokenStream = quote::quote! { Net(k = 3) on toy { y = dna.conv(k, width = 5) + 1; } };
        let text = Text::new("model!", &tokens);
        assert_eq!(text.source.text, "Net(k = 3) on toy { y = dna.conv(k, width = 5) + 1; }");
    }
}
