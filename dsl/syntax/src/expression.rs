//! Rust expressions of a declaration, as data.

use crate::body::{Ends, block};
use crate::pattern::pattern;
use crate::reader::Reader;
use cistron_declaration::{Argument, Arm, BinaryOperator, Block, Closure, Expression, Kind, Span};
use quote::ToTokens;
use syn::spanned::Spanned;
use syn::{BinOp, Expr, Lit, UnOp};

/// An expression as data. What has no meaning in a declaration is noted and stands as an empty tuple.
pub(crate) fn expression(reader: &mut Reader, expr: &Expr) -> Expression {
    let span = span_of(reader, expr);
    let kind = kind(reader, expr, span).unwrap_or_else(|| Kind::Tuple(Vec::new()));
    Expression { kind, span }
}

/// Where the token stands that a message about the expression points at.
pub(crate) fn span_of(reader: &Reader, expr: &Expr) -> Span {
    match expr {
        Expr::MethodCall(call) => reader.span(call.method.span()),
        Expr::Binary(binary) => reader.span_of(binary.op),
        Expr::Field(field) => reader.span_of(&field.member),
        Expr::Paren(paren) => span_of(reader, &paren.expr),
        Expr::Group(group) => span_of(reader, &group.expr),
        other => reader.span_of(other),
    }
}

fn boxed(reader: &mut Reader, expr: &Expr) -> Box<Expression> {
    Box::new(expression(reader, expr))
}

fn list<'a>(reader: &mut Reader, items: impl IntoIterator<Item = &'a Expr>) -> Vec<Expression> {
    items.into_iter().map(|item| expression(reader, item)).collect()
}

fn kind(reader: &mut Reader, expr: &Expr, span: Span) -> Option<Kind> {
    Some(match expr {
        Expr::Lit(literal) => return literal_kind(reader, &literal.lit, span),
        Expr::Path(path) => Kind::Name(path_text(reader, &path.path, span)?),
        Expr::Paren(paren) => return kind(reader, &paren.expr, span),
        Expr::Group(group) => return kind(reader, &group.expr, span),
        Expr::Array(array) => Kind::List(list(reader, &array.elems)),
        Expr::Tuple(tuple) => Kind::Tuple(list(reader, &tuple.elems)),
        Expr::Range(range) => Kind::Range {
            start: range.start.as_deref().map(|start| boxed(reader, start)),
            end: range.end.as_deref().map(|end| boxed(reader, end)),
            inclusive: matches!(range.limits, syn::RangeLimits::Closed(_)),
        },
        Expr::Unary(unary) => match &unary.op {
            UnOp::Neg(_) => match expression(reader, &unary.expr).kind {
                Kind::Int(value) => Kind::Int(-value),
                Kind::Float(value) => Kind::Float(-value),
                kind => Kind::Negate(Box::new(Expression {
                    kind,
                    span: span_of(reader, &unary.expr),
                })),
            },
            UnOp::Not(_) => Kind::Not(boxed(reader, &unary.expr)),
            _ => return no_meaning(reader, span, "`*` before a value", "leave it away"),
        },
        Expr::Binary(binary) => {
            let Some(operator) = operator(&binary.op) else {
                let word = binary.op.to_token_stream().to_string();
                return no_meaning(
                    reader,
                    span,
                    &format!("`{word}`"),
                    "`+ - * / %`, comparisons, `&&` and `||` have",
                );
            };
            Kind::Binary {
                operator,
                left: boxed(reader, &binary.left),
                right: boxed(reader, &binary.right),
            }
        }
        Expr::Call(call) => {
            let Expr::Path(path) = &*call.func else {
                return no_meaning(reader, span, "calling this", "call a block or a word by its name");
            };
            let function = path_text(reader, &path.path, span)?;
            Kind::Call {
                function,
                arguments: arguments(reader, &call.args),
            }
        }
        Expr::MethodCall(call) => {
            if let Some(turbofish) = &call.turbofish {
                let span = reader.span_of(turbofish);
                return no_meaning(reader, span, "`::<..>`", "leave it away");
            }
            let receiver = boxed(reader, &call.receiver);
            Kind::Method {
                receiver,
                method: call.method.to_string(),
                arguments: arguments(reader, &call.args),
            }
        }
        Expr::Field(field) => Kind::Field {
            receiver: boxed(reader, &field.base),
            field: field.member.to_token_stream().to_string(),
        },
        Expr::Index(index) => Kind::Index {
            receiver: boxed(reader, &index.expr),
            index: boxed(reader, &index.index),
        },
        Expr::Struct(value) => Kind::Struct {
            name: path_text(reader, &value.path, span)?,
            fields: fields(reader, value),
        },
        Expr::If(choice) => {
            if let Expr::Let(test) = &*choice.cond {
                let span = reader.span(test.let_token.span);
                return no_meaning(reader, span, "`if let`", "use `match value { Some(x) => .., None => .. }`");
            }
            Kind::If {
                condition: boxed(reader, &choice.cond),
                then: syn_block(reader, &choice.then_branch),
                otherwise: choice.else_branch.as_ref().map(|(_, branch)| boxed(reader, branch)),
            }
        }
        Expr::Match(choice) => Kind::Match {
            on: boxed(reader, &choice.expr),
            arms: choice.arms.iter().map(|arm| match_arm(reader, arm)).collect(),
        },
        Expr::Closure(closure) => Kind::Closure(closure_data(reader, closure)),
        Expr::Block(inner) => Kind::Block(syn_block(reader, &inner.block)),
        Expr::Assign(_) => {
            return no_meaning(
                reader,
                span,
                "an assignment here",
                "`name = value` stands in a list of arguments or as a statement",
            );
        }
        other => return foreign(reader, other, span),
    })
}

/// Rust that a declaration has no use for, each with what to write.
fn foreign(reader: &mut Reader, expr: &Expr, span: Span) -> Option<Kind> {
    let (what, help) = match expr {
        Expr::Reference(_) => ("`&`", "write the name alone; values are not moved"),
        Expr::Try(_) => ("`?`", "mistakes of a declaration are reported by the macro as a whole"),
        Expr::Cast(_) => ("`as`", "numbers convert by themselves"),
        Expr::Macro(_) => (
            "a macro",
            "compute it before the declaration and give it as a parameter: `Name(value = ..) on data`",
        ),
        Expr::Repeat(_) => ("`[value; n]`", "write the list"),
        Expr::While(_) | Expr::Loop(_) => ("an open loop", "use `for .. in ..` over a list, a range or a parameter"),
        Expr::Return(_) | Expr::Break(_) | Expr::Continue(_) => ("a jump", "a block gives its last expression"),
        Expr::Let(_) => ("`let` here", "use `match`"),
        _ => (
            "this Rust expression",
            "compute it before the declaration and give it as a parameter: `Name(value = ..) on data`",
        ),
    };
    no_meaning(reader, span, what, help)
}

fn no_meaning(reader: &mut Reader, span: Span, what: &str, help: &str) -> Option<Kind> {
    reader.mistake_with_help(span, format!("{what} has no meaning in a declaration"), help);
    None
}

fn literal_kind(reader: &mut Reader, literal: &Lit, span: Span) -> Option<Kind> {
    match literal {
        Lit::Int(number) => match number.base10_parse::<i64>() {
            Ok(value) => Some(Kind::Int(value)),
            Err(_) => {
                reader.mistake(span, format!("the number {number} is too large (at most {})", i64::MAX));
                None
            }
        },
        Lit::Float(number) => match number.base10_parse::<f64>() {
            Ok(value) if value.is_finite() => Some(Kind::Float(value)),
            _ => {
                reader.mistake(span, format!("the number {number} is too large for a 64-bit float"));
                None
            }
        },
        Lit::Bool(value) => Some(Kind::Bool(value.value)),
        Lit::Str(text) => Some(Kind::Text(text.value())),
        other => {
            let written = other.to_token_stream().to_string();
            no_meaning(reader, span, &format!("the literal {written}"), "texts are written \"text\"")
        }
    }
}

fn path_text(reader: &mut Reader, path: &syn::Path, span: Span) -> Option<String> {
    if path.leading_colon.is_some() || path.segments.iter().any(|segment| !segment.arguments.is_none()) {
        reader.mistake_with_help(
            span,
            "a path of this form has no meaning in a declaration",
            "use a plain name",
        );
        return None;
    }
    Some(
        path.segments
            .iter()
            .map(|segment| segment.ident.to_string())
            .collect::<Vec<_>>()
            .join("::"),
    )
}

fn operator(operator: &BinOp) -> Option<BinaryOperator> {
    Some(match operator {
        BinOp::Add(_) => BinaryOperator::Add,
        BinOp::Sub(_) => BinaryOperator::Subtract,
        BinOp::Mul(_) => BinaryOperator::Multiply,
        BinOp::Div(_) => BinaryOperator::Divide,
        BinOp::Rem(_) => BinaryOperator::Remainder,
        BinOp::Eq(_) => BinaryOperator::Equal,
        BinOp::Ne(_) => BinaryOperator::NotEqual,
        BinOp::Lt(_) => BinaryOperator::Less,
        BinOp::Le(_) => BinaryOperator::LessEqual,
        BinOp::Gt(_) => BinaryOperator::Greater,
        BinOp::Ge(_) => BinaryOperator::GreaterEqual,
        BinOp::And(_) => BinaryOperator::And,
        BinOp::Or(_) => BinaryOperator::Or,
        _ => return None,
    })
}

/// Arguments of a call: values, then `name = value`.
pub(crate) fn arguments<'a>(reader: &mut Reader, items: impl IntoIterator<Item = &'a Expr>) -> Vec<Argument> {
    arguments_by(reader, items, |reader, _, value| expression(reader, value))
}

/// Arguments whose values are read by a function of the reader, the argument's name and the value.
pub(crate) fn arguments_by<'a>(
    reader: &mut Reader,
    items: impl IntoIterator<Item = &'a Expr>,
    read: impl Fn(&mut Reader, Option<&str>, &Expr) -> Expression,
) -> Vec<Argument> {
    let mut found: Vec<Argument> = Vec::new();
    for item in items {
        let argument = match named(item) {
            Some((name, value)) => {
                let span = reader.span(name.span());
                let name = name.to_string();
                let value = read(reader, Some(&name), value);
                Argument {
                    name: Some(name),
                    span,
                    value,
                }
            }
            None => {
                let value = read(reader, None, item);
                if found.iter().any(|earlier| earlier.name.is_some()) {
                    reader.mistake_with_help(value.span, "a value without a name behind a named argument", "put it first");
                }
                Argument {
                    name: None,
                    span: value.span,
                    value,
                }
            }
        };
        once(reader, &found, &argument);
        found.push(argument);
    }
    found
}

/// `name = value` taken apart.
pub(crate) fn named(expr: &Expr) -> Option<(&syn::Ident, &Expr)> {
    match expr {
        Expr::Assign(assign) => match &*assign.left {
            Expr::Path(path) => path.path.get_ident().map(|name| (name, &*assign.right)),
            _ => None,
        },
        _ => None,
    }
}

/// Notes a name that was given before.
pub(crate) fn once(reader: &mut Reader, earlier: &[Argument], argument: &Argument) {
    if let Some(name) = &argument.name
        && earlier.iter().any(|other| other.name.as_ref() == Some(name))
    {
        reader.mistake(argument.span, format!("`{name}` is given twice"));
    }
}

fn fields(reader: &mut Reader, value: &syn::ExprStruct) -> Vec<Argument> {
    if let Some(rest) = &value.rest {
        let span = reader.span_of(rest);
        reader.mistake(span, "`..` has no meaning in a declaration; what is left out has its default");
    }
    let mut found = Vec::new();
    for field in &value.fields {
        let span = reader.span_of(&field.member);
        let name = field.member.to_token_stream().to_string();
        let argument = Argument {
            name: Some(name),
            span,
            value: expression(reader, &field.expr),
        };
        once(reader, &found, &argument);
        found.push(argument);
    }
    found
}

fn match_arm(reader: &mut Reader, arm: &syn::Arm) -> Arm {
    if let Some((word, _)) = &arm.guard {
        let span = reader.span(word.span());
        reader.mistake_with_help(span, "a guard has no meaning in a declaration", "use `if` in the arm");
    }
    Arm {
        pattern: pattern(reader, &arm.pat),
        body: expression(reader, &arm.body),
    }
}

fn closure_data(reader: &mut Reader, closure: &syn::ExprClosure) -> Closure {
    let mut parameters = Vec::new();
    for input in &closure.inputs {
        match input {
            syn::Pat::Ident(name) if name.subpat.is_none() && name.by_ref.is_none() => parameters.push(name.ident.to_string()),
            syn::Pat::Wild(_) => parameters.push("_".into()),
            other => {
                let span = reader.span_of(other);
                reader.mistake_with_help(span, "a closure's parameter is a plain name", "`|x| x.relu()`");
            }
        }
    }
    Closure {
        parameters,
        body: boxed(reader, &closure.body),
    }
}

/// The statements of a Rust block, read like the body of a declaration.
fn syn_block(reader: &mut Reader, inner: &syn::Block) -> Block {
    let mut tokens = proc_macro2::TokenStream::new();
    for statement in &inner.stmts {
        statement.to_tokens(&mut tokens);
    }
    block(reader, tokens, Ends::WithValue)
}
