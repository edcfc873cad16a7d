//! Reads declarations for tests: the part of `data!` that tests use, with spans; `$0` is the first captured value.

#![allow(dead_code)]

use cistron_data::{Captured, DataError, Dataset};
use cistron_declaration::{Argument, DataDeclaration, DataStatement, Entry, Expression, Kind, Source, Span};
use std::path::PathBuf;

type Token = (String, Span);

/// A declaration from its text.
pub(crate) fn declaration(text: &str) -> DataDeclaration {
    let mut parser = Parser {
        tokens: tokens(text),
        at: 0,
    };
    let mut statements = Vec::new();
    while parser.at < parser.tokens.len() {
        let (word, span) = parser.next();
        let mut entries = vec![parser.entry()];
        while parser.take(",") {
            entries.push(parser.entry());
        }
        assert!(parser.take(";"), "expected `;` after {word}");
        statements.push(DataStatement { word, span, entries });
    }
    DataDeclaration {
        source: Source {
            macro_name: "data!".into(),
            text: text.into(),
        },
        statements,
    }
}

/// The data set of a declaration.
pub(crate) fn declare(text: &str, captures: Vec<Captured>) -> Result<Dataset, DataError> {
    Dataset::declare(declaration(text), captures)
}

/// What is shown for a declaration that fails.
pub(crate) fn message(text: &str, captures: Vec<Captured>) -> String {
    match declare(text, captures) {
        Ok(data) => panic!("expected a mistake, got {} examples", data.len()),
        Err(error) => error.to_string(),
    }
}

/// The folder with shared data, if it is there; in CI it must be.
pub(crate) fn shared() -> Option<PathBuf> {
    let folder = std::env::var_os("CISTRON_SHARED")
        .map(PathBuf::from)
        .unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared"));
    if folder.join("data").is_dir() {
        return Some(folder);
    }
    assert!(
        std::env::var("CI").as_deref() != Ok("true"),
        "no shared data; set CISTRON_SHARED"
    );
    println!("skipped: no shared data");
    None
}

fn tokens(text: &str) -> Vec<Token> {
    let mut found = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let letters: Vec<char> = line.chars().collect();
        let mut i = 0;
        while i < letters.len() {
            let start = i;
            let word = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
            match letters[i] {
                c if c.is_whitespace() => {
                    i += 1;
                    continue;
                }
                '"' => i += 2 + letters[i + 1..].iter().position(|c| *c == '"').unwrap(),
                c if c.is_ascii_digit() => {
                    while i < letters.len() && (letters[i].is_ascii_digit() || letters[i] == '.') {
                        i += 1;
                    }
                }
                c if word(c) => {
                    while i < letters.len() && word(letters[i]) {
                        i += 1;
                    }
                }
                _ => i += 1,
            }
            let span = Span {
                line: number as u32 + 1,
                column: start as u32,
                length: (i - start) as u32,
            };
            found.push((letters[start..i].iter().collect(), span));
        }
    }
    found
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
}

impl Parser {
    fn peek(&self, ahead: usize) -> &str {
        self.tokens.get(self.at + ahead).map_or("", |t| t.0.as_str())
    }

    fn next(&mut self) -> Token {
        self.at += 1;
        self.tokens[self.at - 1].clone()
    }

    fn take(&mut self, token: &str) -> bool {
        let found = self.peek(0) == token;
        self.at += usize::from(found);
        found
    }

    fn entry(&mut self) -> Entry {
        let span = self.tokens[self.at].1;
        let (mut name, mut kind) = (None, None);
        if matches!(self.peek(1), ":" | "=") {
            name = Some(self.next().0);
            if self.take(":") {
                kind = Some(self.expression());
            }
            self.take("=");
        }
        Entry {
            name,
            span,
            kind,
            value: self.expression(),
        }
    }

    fn expression(&mut self) -> Expression {
        let (token, span) = self.next();
        let kind = match token.as_str() {
            "[" => {
                let mut items = Vec::new();
                while !self.take("]") {
                    items.push(self.expression());
                    self.take(",");
                }
                Kind::List(items)
            }
            t if t.starts_with('"') => Kind::Text(t.trim_matches('"').into()),
            t if t.starts_with('$') => Kind::Capture(t[1..].parse().unwrap()),
            t if t.contains('.') => Kind::Float(t.parse().unwrap()),
            t if t.parse::<i64>().is_ok() => Kind::Int(t.parse().unwrap()),
            t if self.take("(") => {
                let mut arguments = Vec::new();
                while !self.take(")") {
                    let span = self.tokens[self.at].1;
                    let name = (self.peek(1) == "=").then(|| self.next().0);
                    if name.is_some() {
                        self.take("=");
                    }
                    arguments.push(Argument {
                        name,
                        span,
                        value: self.expression(),
                    });
                    self.take(",");
                }
                Kind::Call {
                    function: t.into(),
                    arguments,
                }
            }
            t if self.take(".") => {
                let receiver = Box::new(Expression {
                    kind: Kind::Name(t.into()),
                    span,
                });
                let (field, span) = self.next();
                return Expression {
                    kind: Kind::Field { receiver, field },
                    span,
                };
            }
            t => Kind::Name(t.into()),
        };
        Expression { kind, span }
    }
}
