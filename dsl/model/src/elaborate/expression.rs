//! Expressions: literals, names, choices, fields; calls and operators are in files of their own.

use super::item::Bound;
use super::{Elaborator, Item};
use crate::shape::Shape;
use cistron_declaration::{Arm, Block, Diagnostic, Expression, Kind, Pattern, Span, did_you_mean};
use std::rc::Rc;

/// The longest range or list of repetitions.
const LONGEST_LIST: i64 = 100_000;

impl Elaborator<'_> {
    /// The value of an expression; mistakes are reported and give [`Item::Unknown`].
    pub(crate) fn evaluate(&mut self, expression: &Expression) -> Item {
        let span = expression.span;
        if !self.step(span) {
            return Item::Unknown;
        }
        match &expression.kind {
            Kind::Int(i) => Item::Int(*i),
            Kind::Float(x) => Item::Float(*x),
            Kind::Bool(b) => Item::Bool(*b),
            Kind::Text(t) => Item::Text(t.clone()),
            Kind::Name(name) => self.name(name, span),
            Kind::List(items) => Item::List(Rc::new(items.iter().map(|e| self.evaluate(e)).collect())),
            Kind::Tuple(items) if items.is_empty() => Item::Unit,
            Kind::Tuple(items) => Item::Tuple(Rc::new(items.iter().map(|e| self.evaluate(e)).collect())),
            Kind::Range { start, end, inclusive } => self.range(start.as_deref(), end.as_deref(), *inclusive, span),
            Kind::Binary { operator, left, right } => {
                let (a, b) = (self.evaluate(left), self.evaluate(right));
                self.binary(*operator, &a, &b, span)
            }
            Kind::Negate(inner) => {
                let item = self.evaluate(inner);
                self.negate(&item, span)
            }
            Kind::Not(inner) => match self.evaluate(inner) {
                Item::Bool(b) => Item::Bool(!b),
                Item::Unknown => Item::Unknown,
                other => self.fail(Diagnostic::error(
                    span,
                    format!("`!` turns a truth value, found {}", other.describe()),
                )),
            },
            Kind::Call { function, arguments } => self.call(function, arguments, span),
            Kind::Method {
                receiver,
                method,
                arguments,
            } => self.method(receiver, method, arguments, span),
            Kind::Field { receiver, field } => {
                let item = self.evaluate(receiver);
                self.field(&item, field, span)
            }
            Kind::Index { receiver, index } => {
                let (item, index_item) = (self.evaluate(receiver), self.evaluate(index));
                self.index(&item, &index_item, index.span)
            }
            Kind::Struct { name, .. } => self.fail(Diagnostic::error(
                span,
                format!("`{name} {{ .. }}` has no meaning in `model!`"),
            )),
            Kind::If {
                condition,
                then,
                otherwise,
            } => self.choose(condition, then, otherwise.as_deref()),
            Kind::Match { on, arms } => self.select(on, arms, span),
            Kind::Closure(closure) => Item::Closure(Rc::new(Bound {
                closure: closure.clone(),
                frames: self.scope.frames.clone(),
            })),
            Kind::Block(block) => self.inner_body(block),
            Kind::Capture(i) => match self.captures.map(|c| c.get(*i)) {
                None => Item::Unknown,
                Some(Some(value)) => Item::from_value(value),
                Some(None) => self.fail(Diagnostic::error(
                    span,
                    "the Rust value of this parameter was not handed over",
                )),
            },
        }
    }

    fn name(&mut self, name: &str, span: Span) -> Item {
        if let Some(binding) = self.scope.find(name) {
            return binding.item.clone();
        }
        if name == "None" {
            return Item::Nothing;
        }
        if let Some(slot) = self.outputs.iter().find(|o| o.name == name) {
            return slot.item.clone();
        }
        if name.starts_with(|c: char| c.is_ascii_uppercase()) {
            return Item::Word(name.into());
        }
        let Some(signature) = self.signature else {
            // Inside the macro any free name may be an input.
            return if self.scope.block(name).is_some() {
                self.bare_block(name, span)
            } else {
                Item::Unknown
            };
        };
        if let Some(port) = signature.inputs.iter().find(|p| p.name == name) {
            if let Some(node) = self.inputs.get(name) {
                return Item::Node(*node);
            }
            let node = self.push_input(name, Shape::of(&port.axes), span);
            self.inputs.insert(name.into(), node);
            return Item::Node(node);
        }
        if signature.outputs.iter().any(|p| p.name == name) {
            let message = format!("output `{name}` is read before it is assigned");
            return self.fail(Diagnostic::error(span, message).help(format!("assign it first: `{name} = ..;`")));
        }
        if self.scope.block(name).is_some() {
            return self.bare_block(name, span);
        }
        self.unknown_name(name, span)
    }

    fn bare_block(&mut self, name: &str, span: Span) -> Item {
        self.fail(Diagnostic::error(span, format!("`{name}` is a block")).help(format!("call it: `{name}(..)`")))
    }

    fn range(&mut self, start: Option<&Expression>, end: Option<&Expression>, inclusive: bool, span: Span) -> Item {
        let Some(end) = end else {
            return self.fail(Diagnostic::error(span, "a range needs its end here").help("such as `0..3`"));
        };
        let from = start.map_or(Item::Int(0), |e| self.evaluate(e));
        let (from, to) = match (from, self.evaluate(end)) {
            (Item::Int(a), Item::Int(b)) => (a, if inclusive { b.saturating_add(1) } else { b }),
            (Item::Unknown, _) | (_, Item::Unknown) => return Item::Unknown,
            (a, b) => {
                let message = format!(
                    "a range goes between whole numbers, found {} and {}",
                    a.describe(),
                    b.describe()
                );
                return self.fail(Diagnostic::error(span, message));
            }
        };
        if to.saturating_sub(from) > LONGEST_LIST {
            let message = format!("a range of {} values; at most 100,000 are unrolled", to.saturating_sub(from));
            return self.fail(Diagnostic::error(span, message));
        }
        Item::List(Rc::new((from..to).map(Item::Int).collect()))
    }

    fn choose(&mut self, condition: &Expression, then: &Block, otherwise: Option<&Expression>) -> Item {
        match self.evaluate(condition) {
            Item::Bool(true) => self.inner_body(then),
            Item::Bool(false) => otherwise.map_or(Item::Unit, |e| self.evaluate(e)),
            Item::Unknown => {
                let before = self.scope.clone();
                let outputs = self.outputs.clone();
                self.inner_body(then);
                self.forget_changes(&before);
                let after_then = std::mem::replace(&mut self.outputs, outputs);
                if let Some(otherwise) = otherwise {
                    self.evaluate(otherwise);
                    self.forget_changes(&before);
                }
                self.merge_outputs(after_then);
                Item::Unknown
            }
            other => {
                let message = format!("`if` needs a truth value, found {}", other.describe());
                self.fail(Diagnostic::error(condition.span, message))
            }
        }
    }

    fn select(&mut self, on: &Expression, arms: &[Arm], span: Span) -> Item {
        let item = self.evaluate(on);
        if matches!(item, Item::Unknown) {
            let before = self.scope.clone();
            let outputs = self.outputs.clone();
            let mut after = None;
            for arm in arms {
                self.outputs = outputs.clone();
                self.arm(arm, &item, on.span);
                self.forget_changes(&before);
                if let Some(earlier) = after.take() {
                    self.merge_outputs(earlier);
                }
                after = Some(std::mem::take(&mut self.outputs));
            }
            self.outputs = after.unwrap_or(outputs);
            return Item::Unknown;
        }
        for arm in arms {
            if self.fits(&arm.pattern, &item) {
                return self.arm(arm, &item, on.span);
            }
        }
        let message = format!("no arm of this `match` fits {}", item.describe());
        self.fail(Diagnostic::error(span, message).help("end it with `_ => ..`"))
    }

    fn arm(&mut self, arm: &Arm, item: &Item, span: Span) -> Item {
        self.scope.frames.push(super::scope::Frame::default());
        self.bind(&arm.pattern, item, span);
        let value = self.evaluate(&arm.body);
        self.scope.frames.pop();
        value
    }

    fn fits(&mut self, pattern: &Pattern, item: &Item) -> bool {
        match (pattern, item) {
            (Pattern::Any, _) => true,
            // A capitalised name without fields is a word, not a new binding.
            (Pattern::Name { name, .. }, item) if name.starts_with(|c: char| c.is_ascii_uppercase()) => is_word(item, name),
            (Pattern::Name { .. }, _) => true,
            (Pattern::Tuple(parts), Item::Tuple(items) | Item::List(items)) => {
                parts.len() == items.len() && parts.iter().zip(items.iter()).all(|(p, i)| self.fits(p, i))
            }
            (Pattern::Variant { name, fields }, Item::Something(inner)) if name == "Some" => {
                fields.first().is_none_or(|f| self.fits(f, inner))
            }
            (Pattern::Variant { name, .. }, item) => is_word(item, name),
            (Pattern::Literal(literal), item) => {
                let literal = self.evaluate(literal);
                super::arithmetic::equal(&literal, item)
            }
            _ => false,
        }
    }

    fn field(&mut self, item: &Item, field: &str, span: Span) -> Item {
        let node = match item {
            Item::Unknown => return Item::Unknown,
            Item::Node(node) | Item::Strands { forward: node, .. } => *node,
            Item::Tuple(items) if field.parse::<usize>().is_ok_and(|i| i < items.len()) => {
                return field
                    .parse::<usize>()
                    .ok()
                    .and_then(|i| items.get(i).cloned())
                    .unwrap_or(Item::Unknown);
            }
            other => {
                let message = format!("{} has no field `{field}`", other.describe());
                return self.fail(Diagnostic::error(span, message));
            }
        };
        let shape = self.shape(node);
        let size = match field {
            "channels" | "features" => shape.first(),
            "positions" => match (shape.positions(), shape.rank()) {
                (Some(positions), _) => positions.size,
                (None, Some(_)) => {
                    let message = format!("{} has no positions", self.show(node));
                    return self.fail(Diagnostic::error(span, message));
                }
                (None, None) => return Item::Unknown,
            },
            _ => {
                let help = did_you_mean(field, ["channels", "positions", "features"]);
                return self.fail(Diagnostic::error(span, format!("a layer's output has no field `{field}`")).help(help));
            }
        };
        let known = self.decided(size, span);
        known.map_or(Item::Unknown, |n| i64::try_from(n).map_or(Item::Unknown, Item::Int))
    }

    fn index(&mut self, item: &Item, index: &Item, span: Span) -> Item {
        match (item, index) {
            (Item::Unknown, _) | (_, Item::Unknown) => Item::Unknown,
            (Item::List(items) | Item::Tuple(items), Item::Int(i)) => match usize::try_from(*i).ok().and_then(|i| items.get(i)) {
                Some(item) => item.clone(),
                None => {
                    let message = format!("index {i} of {}", item.describe());
                    self.fail(Diagnostic::error(span, message).help("places count from 0"))
                }
            },
            (item, index) => {
                let message = format!("{} cannot be indexed by {}", item.describe(), index.describe());
                self.fail(Diagnostic::error(span, message))
            }
        }
    }
}

fn is_word(item: &Item, name: &str) -> bool {
    match item {
        Item::Word(w) | Item::Text(w) => w == name,
        Item::Nothing => name == "None",
        _ => false,
    }
}
