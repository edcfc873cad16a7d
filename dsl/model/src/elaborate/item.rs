//! What an expression of a declaration can be.

use super::scope::Frame;
use super::start::Rule;
use crate::Gamma;
use cistron_declaration::{Closure, Span, Value};
use std::rc::Rc;

/// A value during elaboration.
#[derive(Clone, Debug)]
pub(crate) enum Item {
    /// Not known inside the macro, or the result of a mistake that has been reported: nothing more is said about it.
    Unknown,
    /// `()`, a statement's value.
    Unit,
    Int(i64),
    Float(f64),
    Bool(bool),
    Text(String),
    /// `Batch`, `Max`, `Same`.
    Word(String),
    List(Rc<Vec<Item>>),
    Tuple(Rc<Vec<Item>>),
    /// The output of a layer, by its place among the drafts.
    Node(usize),
    /// A sequence that the next convolution reads on both strands with the same weights.
    Strands {
        forward: usize,
        /// Whether the mean of both is kept instead of the larger.
        mean: bool,
    },
    Closure(Rc<Bound>),
    /// `Normal(0.02)`: how weights begin.
    Start(Rule),
    /// `basis(..)`: features of distances for attention.
    Basis(Basis),
    /// `positions()`: a learned vector for each position of what it is added to.
    Positions {
        rule: Rule,
        span: Span,
    },
    /// `None`
    Nothing,
    /// `Some(x)`
    Something(Rc<Item>),
}

/// Features of distances as they are declared; their number may follow from the attention.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Basis {
    pub(crate) features: Option<usize>,
    pub(crate) gamma: Gamma,
    pub(crate) dropout: f64,
}

/// A closure with the names that it could see where it was written.
#[derive(Debug)]
pub(crate) struct Bound {
    pub(crate) closure: Closure,
    pub(crate) frames: Vec<Frame>,
}

impl Item {
    /// What it is, for messages.
    pub(crate) fn describe(&self) -> String {
        match self {
            Self::Unknown => "something unknown".into(),
            Self::Unit => "nothing".into(),
            Self::Int(i) => i.to_string(),
            Self::Float(x) => format!("{x:?}"),
            Self::Bool(b) => b.to_string(),
            Self::Text(t) => format!("the text {t:?}"),
            Self::Word(w) => format!("the word `{w}`"),
            Self::List(l) => format!("a list of {}", l.len()),
            Self::Tuple(t) => format!("a tuple of {}", t.len()),
            Self::Node(_) => "the output of a layer".into(),
            Self::Strands { .. } => "both strands of a sequence".into(),
            Self::Closure(_) => "a closure".into(),
            Self::Start(_) => "a way in which weights begin".into(),
            Self::Basis(_) => "features of distances".into(),
            Self::Positions { .. } => "`positions()`".into(),
            Self::Nothing => "`None`".into(),
            Self::Something(_) => "`Some(..)`".into(),
        }
    }

    /// Values of the header and of the cell.
    pub(crate) fn from_value(value: &Value) -> Self {
        match value {
            Value::Bool(b) => Self::Bool(*b),
            Value::Int(i) => Self::Int(*i),
            Value::Float(x) => Self::Float(*x),
            Value::Text(t) => Self::Text(t.clone()),
            Value::List(l) => Self::List(Rc::new(l.iter().map(Self::from_value).collect())),
        }
    }

    /// As a value of the header.
    pub(crate) fn to_value(&self) -> Option<Value> {
        Some(match self {
            Self::Bool(b) => Value::Bool(*b),
            Self::Int(i) => Value::Int(*i),
            Self::Float(x) => Value::Float(*x),
            Self::Text(t) | Self::Word(t) => Value::Text(t.clone()),
            Self::List(l) | Self::Tuple(l) => Value::List(l.iter().map(Self::to_value).collect::<Option<_>>()?),
            _ => return None,
        })
    }

    /// Whether it is the very same value.
    pub(crate) fn same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Closure(a), Self::Closure(b)) => Rc::ptr_eq(a, b),
            (Self::List(a), Self::List(b)) | (Self::Tuple(a), Self::Tuple(b)) => {
                a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| a.same(b))
            }
            (Self::Node(a), Self::Node(b)) => a == b,
            (Self::Strands { forward: a, .. }, Self::Strands { forward: b, .. }) => a == b,
            (Self::Something(a), Self::Something(b)) => a.same(b),
            (Self::Start(a), Self::Start(b)) => a == b,
            (Self::Basis(a), Self::Basis(b)) => a == b,
            (Self::Positions { span: a, .. }, Self::Positions { span: b, .. }) => a == b,
            (Self::Unit, Self::Unit) | (Self::Nothing, Self::Nothing) => true,
            _ => self.to_value().is_some() && self.to_value() == other.to_value(),
        }
    }

    /// As a number.
    pub(crate) fn number(&self) -> Option<f64> {
        match self {
            Self::Int(i) => Some(*i as f64),
            Self::Float(x) => Some(*x),
            _ => None,
        }
    }
}
