//! The axes that a layer works along: one of a sequence, two of a map.

use crate::elaborate::Elaborator;
use crate::shape::{Dimension, Shape, Size};
use cistron_declaration::{AxisKind, Diagnostic, Span};

impl Elaborator<'_> {
    /// The place axes of a sequence (one) or a map (two); reports what is neither.
    pub(crate) fn places(&mut self, shape: &Shape, word: &str, inputs: &[usize], span: Span) -> Option<Vec<Dimension>> {
        match &shape.0 {
            None => Some(vec![Dimension::new(AxisKind::Position, Size::Unknown)]),
            Some(d) if (2..=3).contains(&d.len()) && !d[0].is_place() && d[1..].iter().all(Dimension::is_place) => {
                Some(d[1..].to_vec())
            }
            _ => {
                self.no_sequence(word, "a sequence [channel, position]", inputs, span);
                None
            }
        }
    }

    /// The place axis of a sequence; reports what is none.
    pub(crate) fn sequence(&mut self, shape: &Shape, word: &str, inputs: &[usize], span: Span) -> Option<Dimension> {
        match self.places(shape, word, inputs, span)?.as_slice() {
            [one] => Some(*one),
            _ => {
                self.no_sequence(word, "a sequence [channel, position]", inputs, span);
                None
            }
        }
    }

    /// The place axes of a map; reports what is none. Inside the macro a sequence of unknown length may turn out to be one.
    pub(crate) fn map(&mut self, shape: &Shape, word: &str, inputs: &[usize], span: Span) -> Option<[Dimension; 2]> {
        match self.places(shape, word, inputs, span)?.as_slice() {
            [one] if one.size == Size::Unknown && self.inside_macro() => Some([*one, *one]),
            [one, two] => Some([*one, *two]),
            _ => {
                self.no_sequence(word, "a map [channel, position, position]", inputs, span);
                None
            }
        }
    }

    fn no_sequence(&mut self, word: &str, expected: &str, inputs: &[usize], span: Span) {
        let found = inputs.first().map_or_else(|| "something else".into(), |n| self.show(*n));
        self.report(Diagnostic::error(span, format!("`{word}` needs {expected}, found {found}")));
    }

    /// The lengths that led here, for messages.
    pub(crate) fn chain(&self, inputs: &[usize]) -> String {
        inputs.first().map_or_else(String::new, |n| self.lengths(*n))
    }
}

/// A first axis and place axes.
pub(crate) fn placed(kind: AxisKind, first: Size, places: impl IntoIterator<Item = Dimension>) -> Shape {
    Shape(Some([Dimension::new(kind, first)].into_iter().chain(places).collect()))
}

/// Channels over place axes.
pub(crate) fn channels(first: Size, places: impl IntoIterator<Item = Dimension>) -> Shape {
    placed(AxisKind::Channel, first, places)
}
