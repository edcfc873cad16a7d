//! Declarations that are text at run time.

use crate::model;
use crate::reader::Reader;
use cistron_declaration::{Diagnostic, Diagnostics, ModelDeclaration, Source};
use cistron_declaration::{Severity, Span};
use proc_macro2::TokenStream;

/// What a text between the braces of `model!` says.
#[derive(Clone, Debug)]
pub struct ReadModel {
    /// The declaration, as far as it could be read.
    pub declaration: ModelDeclaration,
    /// What is wrong with it, and what can be told without the data.
    pub mistakes: Vec<Diagnostic>,
    /// Rust values of a cell that it would need.
    pub captures: usize,
}

impl ReadModel {
    /// The declaration, if it stands for itself.
    ///
    /// # Errors
    /// All mistakes, located; a default that is a Rust value of a cell.
    pub fn whole(self) -> Result<ModelDeclaration, Diagnostics> {
        let mut list: Vec<Diagnostic> = self.mistakes;
        list.retain(|d| d.severity == Severity::Error);
        if self.captures > 0 {
            let first = Span {
                line: 1,
                column: 0,
                length: 1,
            };
            let message = "a text has no variables of a cell to take values from";
            list.push(Diagnostic::error(first, message).help("write the values themselves"));
        }
        if list.is_empty() {
            return Ok(self.declaration);
        }
        Err(Diagnostics {
            source: self.declaration.source,
            list,
        })
    }
}

/// Reads what stands between the braces of `model!`: `Net(kernels = 8) on data { .. }`.
pub fn read_model(text: &str) -> ReadModel {
    let tokens: TokenStream = match text.parse() {
        Ok(tokens) => tokens,
        Err(error) => {
            let start = error.span().start();
            let span = Span {
                line: start.line as u32,
                column: start.column as u32,
                length: 1,
            };
            return ReadModel {
                declaration: ModelDeclaration {
                    source: Source {
                        macro_name: "model!".into(),
                        text: text.into(),
                    },
                    ..ModelDeclaration::default()
                },
                mistakes: vec![Diagnostic::error(span, format!("this is no Rust: {error}"))],
                captures: 0,
            };
        }
    };
    let mut reader = Reader::new("model!", &tokens);
    let (declaration, _) = model::read(&mut reader, tokens);
    ReadModel {
        declaration,
        mistakes: reader.mistakes,
        captures: reader.captures.len() + reader.blocks.len(),
    }
}
