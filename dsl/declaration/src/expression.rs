//! The part of Rust's expressions that a declaration may use, as data.

use crate::{Span, Statement};
use serde::{Deserialize, Serialize};

/// An expression and where it stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Expression {
    /// What it is.
    pub kind: Kind,
    /// The token that messages point at: the first one; for a method call the method's name, for a field the
    /// field's name, for an operator between two values the operator.
    pub span: Span,
}

/// The kinds of expressions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Kind {
    /// `3`
    Int(i64),
    /// `0.5`
    Float(f64),
    /// `true`
    Bool(bool),
    /// `"text"`
    Text(String),
    /// A name: an input, a bound value, a parameter, a word such as `Batch`. Paths keep `::`.
    Name(String),
    /// `[a, b]`
    List(Vec<Expression>),
    /// `(a, b)`
    Tuple(Vec<Expression>),
    /// `a..b`, `a..=b`
    Range {
        /// First value, 0 when left out.
        start: Option<Box<Expression>>,
        /// Last value.
        end: Option<Box<Expression>>,
        /// Whether the last value belongs to it.
        inclusive: bool,
    },
    /// `a + b`
    Binary {
        /// The operator.
        operator: BinaryOperator,
        /// Left of it.
        left: Box<Expression>,
        /// Right of it.
        right: Box<Expression>,
    },
    /// `-a`
    Negate(Box<Expression>),
    /// `!a`
    Not(Box<Expression>),
    /// `f(a, name = b)`
    Call {
        /// The function's name.
        function: String,
        /// Its arguments.
        arguments: Vec<Argument>,
    },
    /// `receiver.method(a, name = b)`
    Method {
        /// What stands before the dot.
        receiver: Box<Expression>,
        /// The method's name.
        method: String,
        /// Its arguments.
        arguments: Vec<Argument>,
    },
    /// `receiver.field`
    Field {
        /// What stands before the dot.
        receiver: Box<Expression>,
        /// The field's name.
        field: String,
    },
    /// `receiver[index]`
    Index {
        /// What is indexed.
        receiver: Box<Expression>,
        /// The index.
        index: Box<Expression>,
    },
    /// `Name { field: value, .. }`, as in `Sgd { lr: 1e-3, momentum: 0.9 }`.
    Struct {
        /// The name before the braces.
        name: String,
        /// Its fields.
        fields: Vec<Argument>,
    },
    /// `if condition { .. } else { .. }`
    If {
        /// The condition.
        condition: Box<Expression>,
        /// When true.
        then: Block,
        /// When false.
        otherwise: Option<Box<Expression>>,
    },
    /// `match on { .. }`
    Match {
        /// What is matched.
        on: Box<Expression>,
        /// The arms.
        arms: Vec<Arm>,
    },
    /// `|x| ..`
    Closure(Closure),
    /// `{ .. }`
    Block(Block),
    /// A Rust expression of the cell, by its place in the list of captured values.
    Capture(usize),
}

/// One argument of a call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Argument {
    /// The name of `name = value`.
    pub name: Option<String>,
    /// Where the name (or, without one, the value) stands.
    pub span: Span,
    /// The value.
    pub value: Expression,
}

/// One arm of a `match`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Arm {
    /// What it matches.
    pub pattern: Pattern,
    /// Its value.
    pub body: Expression,
}

/// What a value is bound to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Pattern {
    /// `_`
    Any,
    /// `x`, `mut x`
    Name {
        /// The name.
        name: String,
        /// Whether it may be assigned again.
        mutable: bool,
        /// Where it stands.
        span: Span,
    },
    /// `(a, b)`
    Tuple(Vec<Pattern>),
    /// `Some(c)`, `None`, `Word`
    Variant {
        /// The variant.
        name: String,
        /// What it holds.
        fields: Vec<Pattern>,
    },
    /// A literal.
    Literal(Box<Expression>),
}

/// `|h| h.norm(Batch).gelu()`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Closure {
    /// Parameter names.
    pub parameters: Vec<String>,
    /// The body.
    pub body: Box<Expression>,
}

/// Statements and the value that the last expression gives.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Block {
    /// The statements.
    pub statements: Vec<Statement>,
    /// The value, if the block ends with an expression.
    pub value: Option<Box<Expression>>,
}

/// Operators between two values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum BinaryOperator {
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`
    Divide,
    /// `%`
    Remainder,
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterEqual,
    /// `&&`
    And,
    /// `||`
    Or,
}
