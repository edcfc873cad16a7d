//! The body of a model: statements that begin with our words, or Rust's.

use crate::assign::{assigning, target};
use crate::expression::expression;
use crate::pattern::pattern;
use crate::reader::Reader;
use crate::token::{is_punct, short};
use cistron_declaration::{
    BinaryOperator, Block, BlockDefinition, BlockRole, Borrowed, Expression, Kind, Span, Statement, did_you_mean,
};
use proc_macro2::{Delimiter, Group, Ident, TokenStream, TokenTree};
use syn::parse::ParseStream;
use syn::punctuated::Punctuated;
use syn::{BinOp, Expr, Pat, Token};

/// Words that begin a statement of a model.
pub(crate) const WORDS: [&str; 10] = [
    "let",
    "for",
    "if",
    "match",
    "block",
    "shared",
    "recompute",
    "part",
    "use",
    "zoom",
];

/// Whether the last expression of a block is its value.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ends {
    /// It is (blocks, closures, arms).
    WithValue,
    /// The block only assigns (the body of a model or of a `for`).
    WithStatements,
}

/// Reads the statements between two braces.
pub(crate) fn block(reader: &mut Reader, tokens: TokenStream, ends: Ends) -> Block {
    let mut body = Body {
        reader,
        tokens: tokens.into_iter().collect(),
        at: 0,
        block: Block::default(),
        ends,
    };
    while body.at < body.tokens.len() {
        body.statement();
    }
    body.block
}

struct Body<'a> {
    reader: &'a mut Reader,
    tokens: Vec<TokenTree>,
    at: usize,
    block: Block,
    ends: Ends,
}

impl Body<'_> {
    fn word(&self, ahead: usize) -> Option<String> {
        match self.tokens.get(self.at + ahead) {
            Some(TokenTree::Ident(word)) => Some(word.to_string()),
            _ => None,
        }
    }

    fn span_here(&self) -> Span {
        self.tokens
            .get(self.at)
            .map_or_else(|| self.reader.text.first(), |token| self.reader.span_of(token))
    }

    fn statement(&mut self) {
        if is_punct(self.tokens.get(self.at), ';') {
            self.at += 1;
            return;
        }
        let (first, second) = (self.word(0), self.word(1));
        match (first.as_deref(), second.as_deref()) {
            (Some("block" | "part"), Some(_)) => self.definition(),
            (Some("shared"), Some("block")) => self.definition(),
            (Some("recompute"), Some("block" | "shared" | "part")) => self.definition(),
            (Some("use"), _) => self.borrowing(),
            (Some(word @ "zoom"), _) => self.later(word),
            (Some("let"), _) => self.binding(),
            (Some("for"), _) => self.repetition(),
            (Some("if" | "match"), _) => self.choice(),
            (Some(word), Some(_)) if second.as_deref() != Some("as") => self.unknown_word(word),
            _ => self.expression_statement(),
        }
    }

    /// The tokens up to `;` or the end; true when there was a `;`.
    fn until_semicolon(&mut self) -> (TokenStream, bool) {
        let start = self.at;
        while self.at < self.tokens.len() && !is_punct(self.tokens.get(self.at), ';') {
            self.at += 1;
        }
        let tokens = self.tokens[start..self.at].iter().cloned().collect();
        let closed = self.at < self.tokens.len();
        self.at += usize::from(closed);
        (tokens, closed)
    }

    /// The tokens before the next pair of braces, and the braces.
    fn until_braces(&mut self) -> (TokenStream, Option<Group>) {
        let start = self.at;
        while let Some(token) = self.tokens.get(self.at) {
            if let TokenTree::Group(group) = token
                && group.delimiter() == Delimiter::Brace
            {
                let group = group.clone();
                self.at += 1;
                return (self.tokens[start..self.at - 1].iter().cloned().collect(), Some(group));
            }
            if is_punct(Some(token), ';') {
                break;
            }
            self.at += 1;
        }
        (self.tokens[start..self.at].iter().cloned().collect(), None)
    }

    fn unknown_word(&mut self, word: &str) {
        let span = self.span_here();
        let help = did_you_mean(word, WORDS);
        self.reader
            .mistake_with_help(span, format!("unknown word `{word}` at the beginning of a statement"), help);
        self.skip_statement();
    }

    /// Past the next `;`, or past braces that end a line of their own.
    fn skip_statement(&mut self) {
        while let Some(token) = self.tokens.get(self.at) {
            self.at += 1;
            let braces = matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace);
            let continues =
                matches!(self.tokens.get(self.at), Some(TokenTree::Punct(_))) || self.word(0).as_deref() == Some("else");
            if is_punct(Some(token), ';') || (braces && !continues) {
                return;
            }
        }
    }

    /// `use drg;`, `use drg.trunk, drg.mix;`; what takes a part of a run (`use stage.encoder as frozen;`) has no meaning yet.
    fn borrowing(&mut self) {
        let span = self.span_here();
        self.at += 1;
        let (tokens, _) = self.until_semicolon();
        let words = tokens.clone().into_iter().filter_map(|token| match token {
            TokenTree::Ident(word) => Some(word.to_string()),
            _ => None,
        });
        if words.into_iter().any(|word| word == "as") {
            self.block.statements.push(Statement::Later {
                word: "use".into(),
                span,
            });
            return;
        }
        let list = |input: ParseStream<'_>| Punctuated::<Expr, Token![,]>::parse_terminated(input);
        let Some(list) = self.reader.parse(list, tokens, span) else {
            return;
        };
        let mut borrowed = Vec::new();
        for item in &list {
            let (source, block, token) = match item {
                Expr::Path(path) => (path.path.get_ident(), None, path.path.get_ident()),
                Expr::Field(field) => match (&*field.base, &field.member) {
                    (Expr::Path(path), syn::Member::Named(name)) => (path.path.get_ident(), Some(name.to_string()), Some(name)),
                    _ => (None, None, None),
                },
                _ => (None, None, None),
            };
            let (Some(source), Some(token)) = (source, token) else {
                let at = self.reader.span_of(item);
                let help = "`use drg;` or `use drg.trunk, drg.mix;`, where `drg` holds a `blocks!`";
                self.reader
                    .mistake_with_help(at, "`use` takes blocks that are declared elsewhere", help);
                continue;
            };
            borrowed.push(Borrowed {
                from: self.reader.blocks(source),
                source: source.to_string(),
                block,
                span: self.reader.span(token.span()),
            });
        }
        if list.is_empty() {
            self.reader
                .mistake_with_help(span, "`use` of nothing", "`use drg.trunk;`, where `drg` holds a `blocks!`");
        }
        self.block.statements.push(Statement::Use(borrowed));
    }

    fn later(&mut self, word: &str) {
        let span = self.span_here();
        self.until_braces();
        self.block.statements.push(Statement::Later { word: word.into(), span });
    }

    fn definition(&mut self) {
        let start = self.span_here();
        let recompute = self.word(0).as_deref() == Some("recompute");
        self.at += usize::from(recompute);
        let role = match self.word(0).as_deref() {
            Some("shared") => BlockRole::Shared,
            Some("part") => BlockRole::Part,
            _ => BlockRole::Block,
        };
        let (header, braces) = self.until_braces();
        let parsed = self.reader.parse(|input| definition_header(input, role), header, start);
        let Some(braces) = braces else {
            if parsed.is_some() {
                self.reader
                    .mistake_with_help(start, "this block has no body", "`block name(x) { x.relu() }`");
            }
            return self.skip_statement();
        };
        let body = block(self.reader, braces.stream(), Ends::WithValue);
        let Some((name, names)) = parsed else { return };
        let span = self.reader.span(name.span());
        let mut parameters: Vec<(String, Span)> = Vec::new();
        for name in names {
            let span = self.reader.span(name.span());
            if parameters.iter().any(|(other, _)| name == other) {
                self.reader.mistake(span, format!("`{name}` is given twice"));
            }
            parameters.push((name.to_string(), span));
        }
        let name = name.to_string();
        self.block.statements.push(Statement::Define(BlockDefinition {
            role,
            name,
            span,
            parameters,
            body,
            recompute,
            borrowed: false,
        }));
    }

    fn binding(&mut self) {
        let near = self.span_here();
        let (tokens, _) = self.until_semicolon();
        let parsed = self.reader.parse(
            |input: ParseStream<'_>| {
                input.parse::<Token![let]>()?;
                let pattern = Pat::parse_single(input)?;
                if input.peek(Token![:]) {
                    return Err(input.error("types are not written in a declaration; `let name = value;`"));
                }
                input.parse::<Token![=]>()?;
                Ok((pattern, input.parse::<Expr>()?, input.parse::<TokenStream>()?))
            },
            tokens,
            near,
        );
        let Some((bound, value, rest)) = parsed else { return };
        let bound = pattern(self.reader, &bound);
        let value = expression(self.reader, &value);
        self.block.statements.push(Statement::Let { pattern: bound, value });
        self.missing_semicolon(rest);
    }

    /// Reports what stands behind a whole expression, and reads on there.
    fn missing_semicolon(&mut self, rest: TokenStream) {
        let Some(first) = rest.clone().into_iter().next() else {
            return;
        };
        let span = self.reader.span_of(&first);
        self.reader
            .mistake(span, format!("expected `;` or an operator before `{}`", short(&first)));
        if matches!(first, TokenTree::Ident(_)) {
            let mut tokens: Vec<TokenTree> = rest.into_iter().collect();
            let semicolon = proc_macro2::Punct::new(';', proc_macro2::Spacing::Alone);
            tokens.push(semicolon.into());
            tokens.extend(self.tokens.drain(self.at..));
            self.tokens = tokens;
            self.at = 0;
        }
    }

    fn repetition(&mut self) {
        let span = self.span_here();
        let (header, braces) = self.until_braces();
        let parsed = self.reader.parse(
            |input: ParseStream<'_>| {
                input.parse::<Token![for]>()?;
                let pattern = Pat::parse_single(input)?;
                input.parse::<Token![in]>()?;
                Ok((pattern, input.parse::<Expr>()?))
            },
            header,
            span,
        );
        let Some(braces) = braces else {
            if parsed.is_some() {
                self.reader.mistake_with_help(
                    span,
                    "this `for` has no body",
                    "`for c in [32, 64] { x = x.conv(c, width = 5); }`",
                );
            }
            return self.skip_statement();
        };
        let body = block(self.reader, braces.stream(), Ends::WithStatements);
        let Some((bound, values)) = parsed else { return };
        let bound = pattern(self.reader, &bound);
        let values = expression(self.reader, &values);
        self.block.statements.push(Statement::For {
            pattern: bound,
            values,
            body,
            span,
        });
    }

    /// `if` or `match` at the beginning of a statement: it ends with its braces, as in Rust.
    fn choice(&mut self) {
        let near = self.span_here();
        let start = self.at;
        let mut whole = self.until_braces().1.is_some();
        while whole && self.word(0).as_deref() == Some("else") {
            whole = self.until_braces().1.is_some();
        }
        if !whole || is_punct(self.tokens.get(self.at), '.') {
            self.at = start;
            return self.expression_statement();
        }
        let tokens = self.tokens[start..self.at].iter().cloned().collect();
        let Some(value) = self.reader.parse(|input| input.parse::<Expr>(), tokens, near) else {
            return;
        };
        let value = expression(self.reader, &value);
        if self.at == self.tokens.len() && self.ends == Ends::WithValue {
            self.block.value = Some(Box::new(value));
        } else {
            self.block.statements.push(Statement::Expression(value));
        }
    }

    fn expression_statement(&mut self) {
        let near = self.span_here();
        let (tokens, closed) = self.until_semicolon();
        let parsed = self.reader.parse(
            |input: ParseStream<'_>| Ok((input.parse::<Expr>()?, input.parse::<TokenStream>()?)),
            tokens,
            near,
        );
        let Some((value, rest)) = parsed else { return };
        let last = !closed && rest.is_empty();
        match &value {
            Expr::Assign(assign) => self.assignment(&assign.left, None, &assign.right),
            Expr::Binary(binary) => match assigning(&binary.op) {
                Some(operator) => self.assignment(&binary.left, Some((operator, &binary.op)), &binary.right),
                None => self.value(&value, last),
            },
            _ => self.value(&value, last),
        }
        self.missing_semicolon(rest);
    }

    fn value(&mut self, value: &Expr, last: bool) {
        let value = expression(self.reader, value);
        if last && self.ends == Ends::WithValue {
            self.block.value = Some(Box::new(value));
        } else {
            self.block.statements.push(Statement::Expression(value));
        }
    }

    fn assignment(&mut self, left: &Expr, operator: Option<(BinaryOperator, &BinOp)>, right: &Expr) {
        let targets = match left {
            Expr::Array(array) => array.elems.iter().filter_map(|item| target(self.reader, item)).collect(),
            Expr::Tuple(tuple) => tuple.elems.iter().filter_map(|item| target(self.reader, item)).collect(),
            one => target(self.reader, one).into_iter().collect::<Vec<_>>(),
        };
        let mut value = expression(self.reader, right);
        if let Some((operator, token)) = operator {
            let span = self.reader.span_of(token);
            let left = Box::new(expression(self.reader, left));
            value = Expression {
                kind: Kind::Binary {
                    operator,
                    left,
                    right: Box::new(value),
                },
                span,
            };
        }
        if !targets.is_empty() {
            self.block.statements.push(Statement::Assign { targets, value });
        }
    }
}

fn definition_header(input: ParseStream<'_>, role: BlockRole) -> syn::Result<(Ident, Vec<Ident>)> {
    input.parse::<Ident>()?;
    if role == BlockRole::Shared {
        input.parse::<Ident>()?;
    }
    let name = input.parse::<Ident>()?;
    let inside;
    syn::parenthesized!(inside in input);
    let parameters = inside.parse_terminated(<Ident as syn::parse::Parse>::parse, Token![,])?;
    Ok((name, parameters.into_iter().collect()))
}
