//! Operators on numbers and on nodes.

use super::{Elaborator, Item};
use crate::Operation;
use crate::shape::{Dimension, Shape, Size, name_axes};
use cistron_declaration::{BinaryOperator, Diagnostic, Span};

/// The operator as it is written.
pub(crate) fn symbol(operator: BinaryOperator) -> &'static str {
    match operator {
        BinaryOperator::Add => "+",
        BinaryOperator::Subtract => "-",
        BinaryOperator::Multiply => "*",
        BinaryOperator::Divide => "/",
        BinaryOperator::Remainder => "%",
        BinaryOperator::Equal => "==",
        BinaryOperator::NotEqual => "!=",
        BinaryOperator::Less => "<",
        BinaryOperator::LessEqual => "<=",
        BinaryOperator::Greater => ">",
        BinaryOperator::GreaterEqual => ">=",
        BinaryOperator::And => "&&",
        BinaryOperator::Or => "||",
    }
}

/// Whether two plain values are the same.
pub(crate) fn equal(a: &Item, b: &Item) -> bool {
    match (a, b) {
        (Item::Text(a) | Item::Word(a), Item::Text(b) | Item::Word(b)) => a == b,
        (Item::Bool(a), Item::Bool(b)) => a == b,
        (Item::Int(a), Item::Int(b)) => a == b,
        (Item::Nothing, Item::Nothing) => true,
        (Item::List(a) | Item::Tuple(a), Item::List(b) | Item::Tuple(b)) => {
            a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| equal(a, b))
        }
        _ => a.number().zip(b.number()).is_some_and(|(a, b)| a == b),
    }
}

fn whole(operator: BinaryOperator, a: i64, b: i64) -> Option<Item> {
    Some(match operator {
        BinaryOperator::Add => Item::Int(a.checked_add(b)?),
        BinaryOperator::Subtract => Item::Int(a.checked_sub(b)?),
        BinaryOperator::Multiply => Item::Int(a.checked_mul(b)?),
        BinaryOperator::Divide => Item::Int(a.checked_div(b)?),
        BinaryOperator::Remainder => Item::Int(a.checked_rem(b)?),
        BinaryOperator::Less => Item::Bool(a < b),
        BinaryOperator::LessEqual => Item::Bool(a <= b),
        BinaryOperator::Greater => Item::Bool(a > b),
        BinaryOperator::GreaterEqual => Item::Bool(a >= b),
        _ => return None,
    })
}

fn real(operator: BinaryOperator, a: f64, b: f64) -> Option<Item> {
    Some(match operator {
        BinaryOperator::Add => Item::Float(a + b),
        BinaryOperator::Subtract => Item::Float(a - b),
        BinaryOperator::Multiply => Item::Float(a * b),
        BinaryOperator::Divide => Item::Float(a / b),
        BinaryOperator::Remainder => Item::Float(a % b),
        BinaryOperator::Less => Item::Bool(a < b),
        BinaryOperator::LessEqual => Item::Bool(a <= b),
        BinaryOperator::Greater => Item::Bool(a > b),
        BinaryOperator::GreaterEqual => Item::Bool(a >= b),
        _ => return None,
    })
}

impl Elaborator<'_> {
    /// `a + b` and its kind.
    pub(crate) fn binary(&mut self, operator: BinaryOperator, a: &Item, b: &Item, span: Span) -> Item {
        use BinaryOperator as Op;
        if matches!(operator, Op::Add | Op::Subtract | Op::Multiply | Op::Divide)
            && let Some(item) = self.nodes(operator, a, b, span)
        {
            return item;
        }
        match (operator, a, b) {
            (_, Item::Unknown, _) | (_, _, Item::Unknown) => Item::Unknown,
            (Op::Equal, a, b) => Item::Bool(equal(a, b)),
            (Op::NotEqual, a, b) => Item::Bool(!equal(a, b)),
            (Op::And, Item::Bool(a), Item::Bool(b)) => Item::Bool(*a && *b),
            (Op::Or, Item::Bool(a), Item::Bool(b)) => Item::Bool(*a || *b),
            (_, Item::Int(x), Item::Int(y)) => whole(operator, *x, *y).unwrap_or_else(|| {
                let help = "whole numbers divide as in Rust, without a remainder, and not by 0";
                let message = format!("`{x} {} {y}` gives no whole number", symbol(operator));
                self.fail(Diagnostic::error(span, message).help(help))
            }),
            (_, a, b) => match a.number().zip(b.number()).and_then(|(x, y)| real(operator, x, y)) {
                Some(item) => item,
                None => {
                    let message = format!("`{}` between {} and {}", symbol(operator), a.describe(), b.describe());
                    self.fail(Diagnostic::error(span, message).help("it joins numbers, or outputs of layers of one shape"))
                }
            },
        }
    }

    /// `-a`.
    pub(crate) fn negate(&mut self, item: &Item, span: Span) -> Item {
        match item {
            Item::Int(i) => i.checked_neg().map_or(Item::Unknown, Item::Int),
            Item::Float(x) => Item::Float(-x),
            Item::Unknown => Item::Unknown,
            Item::Node(node) => self.affine(*node, -1.0, 0.0, span),
            other => self.fail(Diagnostic::error(span, format!("`-` before {}", other.describe()))),
        }
    }

    fn affine(&mut self, node: usize, scale: f64, offset: f64, span: Span) -> Item {
        let shape = self.shape(node);
        Item::Node(self.push("scale", Operation::Affine { scale, offset }, &[node], shape, span))
    }

    /// The operator where one side is a node; nothing if neither is.
    fn nodes(&mut self, operator: BinaryOperator, a: &Item, b: &Item, span: Span) -> Option<Item> {
        use BinaryOperator as Op;
        for item in [a, b] {
            if let Item::Strands { .. } = item {
                let message = format!("`{}` before the convolution that both strands go through", symbol(operator));
                return Some(self.fail(Diagnostic::error(span, message).help("call `.conv(..)` on both strands first")));
            }
        }
        match (a, b) {
            (Item::Node(node), Item::Positions { rule, span }) | (Item::Positions { rule, span }, Item::Node(node))
                if operator == Op::Add =>
            {
                Some(self.add_positions(*node, *rule, *span))
            }
            (Item::Positions { .. }, Item::Unknown) | (Item::Unknown, Item::Positions { .. }) => Some(Item::Unknown),
            (Item::Positions { span, .. }, _) | (_, Item::Positions { span, .. }) => {
                let message = format!("`{}` with `positions()`", symbol(operator));
                let help = "positions are added to a sequence or to tokens: `x + positions()`";
                Some(self.fail(Diagnostic::error(*span, message).help(help)))
            }
            (Item::Node(a), Item::Node(b)) => {
                let operation = match operator {
                    Op::Add => Operation::Add,
                    Op::Subtract => Operation::Subtract,
                    Op::Multiply => Operation::Multiply,
                    _ => Operation::Divide,
                };
                Some(self.join(operation, symbol(operator), *a, *b, span))
            }
            (Item::Node(node), other) if other.number().is_some() => {
                let x = other.number()?;
                let (scale, offset) = match operator {
                    Op::Add => (1.0, x),
                    Op::Subtract => (1.0, -x),
                    Op::Multiply => (x, 0.0),
                    _ if x == 0.0 => return Some(self.fail(Diagnostic::error(span, "division by 0"))),
                    _ => (1.0 / x, 0.0),
                };
                Some(self.affine(*node, scale, offset, span))
            }
            (other, Item::Node(node)) if other.number().is_some() => {
                let x = other.number()?;
                let (scale, offset) = match operator {
                    Op::Add => (1.0, x),
                    Op::Subtract => (-1.0, x),
                    Op::Multiply => (x, 0.0),
                    _ => {
                        let shape = self.shape(*node);
                        let inverse = self.push("inverse", Operation::Power { exponent: -1.0 }, &[*node], shape, span);
                        return Some(self.affine(inverse, x, 0.0, span));
                    }
                };
                Some(self.affine(*node, scale, offset, span))
            }
            _ => None,
        }
    }

    /// An elementwise operation of two nodes of one shape.
    pub(crate) fn join(&mut self, operation: Operation, word: &str, a: usize, b: usize, span: Span) -> Item {
        let name = match operation {
            Operation::Add => "add",
            Operation::Subtract => "subtract",
            Operation::Multiply => "multiply",
            Operation::Divide => "divide",
            _ => "maximum",
        };
        let Some((a, b)) = self.align(word, a, b, span) else {
            return Item::Unknown;
        };
        let (left, right) = (self.shape(a), self.shape(b));
        let shape = match (&left.0, &right.0) {
            (None, _) => right,
            (_, None) => left,
            (Some(x), Some(y)) => {
                let same_kind = |x: &Dimension, y: &Dimension| x.is_place() == y.is_place();
                // Inside the macro a sequence of unknown length may turn out to be a map.
                let open = |d: &[Dimension]| d.len() == 2 && d[1].is_place() && d[1].size == Size::Unknown;
                let (wide, narrow) = if x.len() > y.len() { (x, y) } else { (y, x) };
                if self.inside_macro() && wide.len() == 3 && open(narrow) && self.drafts.widths.unify(x[0].size, y[0].size) {
                    let shape = Shape(Some(wide.clone()));
                    return Item::Node(self.push(name, operation, &[a, b], shape, span));
                }
                let fits = x.len() == y.len()
                    && x.iter()
                        .zip(y)
                        .all(|(x, y)| same_kind(x, y) && self.drafts.widths.unify(x.size, y.size));
                let units = x.iter().zip(y).all(|(x, y)| x.bp.zip(y.bp).is_none_or(|(x, y)| x == y));
                if !fits || !units {
                    let message = format!("`{word}` of {} and {}", name_axes(&left.axes()), name_axes(&right.axes()));
                    let help = match (fits, x.len() == y.len()) {
                        (true, _) => "the bins are of different widths",
                        (false, true) => "both sides need the same shape",
                        _ => "`.linear(n)` works position by position; `.flatten()` before it makes features",
                    };
                    return self.fail(Diagnostic::error(span, message).help(help));
                }
                let resolved = self.drafts.widths.resolve_shape(&left);
                if resolved.0.iter().flatten().any(|d| d.size == Size::Unknown) {
                    right
                } else {
                    left
                }
            }
        };
        let joined = self.push(name, operation, &[a, b], shape, span);
        self.joined_tracks(joined, a, b);
        Item::Node(joined)
    }

    /// The shape of a node with what is decided by now.
    pub(crate) fn shape(&self, node: usize) -> Shape {
        self.drafts
            .list
            .get(node)
            .map_or_else(Shape::default, |d| self.drafts.widths.resolve_shape(&d.shape))
    }

    /// A node's shape for messages.
    pub(crate) fn show(&self, node: usize) -> String {
        name_axes(&self.shape(node).axes())
    }
}
