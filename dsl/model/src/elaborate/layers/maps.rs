//! Maps: position by position, from one sequence or two.

use super::places::channels;
use crate::Operation;
use crate::elaborate::arguments::Arguments;
use crate::elaborate::{Elaborator, Item};
use crate::shape::{Shape, Size};
use cistron_declaration::{Diagnostic, Span};

impl Elaborator<'_> {
    /// `outer_sum()`: `m[c, i, j] = x[c, i] + x[c, j]` (Orca); `x.outer_sum(y)` takes the columns from y.
    pub(crate) fn outer_sum(&mut self, item: &Item, arguments: &Arguments) -> Item {
        let span = arguments.span;
        let (mut inputs, shape) = self.source(item);
        let Some(rows) = self.sequence(&shape, "outer_sum", &inputs, span) else {
            return Item::Unknown;
        };
        let mut columns = rows;
        if let Some((other, at)) = arguments.get("with") {
            let other = other.clone();
            if !matches!(other, Item::Node(_) | Item::Unknown) {
                let message = format!("`outer_sum` joins two sequences, found {}", other.describe());
                return self.fail(Diagnostic::error(at, message));
            }
            let (second, second_shape) = self.source(&other);
            let Some(found) = self.sequence(&second_shape, "outer_sum", &second, at) else {
                return Item::Unknown;
            };
            columns = found;
            let unit = rows.bp.zip(columns.bp).is_none_or(|(a, b)| a == b);
            if !self.drafts.widths.unify(shape.first(), second_shape.first()) || !unit {
                let shown = |e: &Self, list: &[usize]| list.first().map_or_else(String::new, |n| e.show(*n));
                let message = format!("`outer_sum` of {} and {}", shown(self, &inputs), shown(self, &second));
                return self.fail(Diagnostic::error(at, message).help("both need the same channels and bins"));
            }
            inputs.extend(second);
        }
        let out = channels(shape.first(), [rows, columns]);
        Item::Node(self.push("outer_sum", Operation::OuterSum, &inputs, out, span))
    }

    /// `symmetric()`: the mean of a map and its transpose.
    pub(crate) fn symmetric(&mut self, item: &Item, span: Span) -> Item {
        let (inputs, shape) = self.source(item);
        let Some([rows, columns]) = self.map(&shape, "symmetric", &inputs, span) else {
            return Item::Unknown;
        };
        if let (Size::Known(a), Size::Known(b)) = (rows.size, columns.size)
            && a != b
        {
            let message = format!("`symmetric` needs as many rows as columns, found {a} and {b}");
            return self.fail(Diagnostic::error(span, message));
        }
        self.same(item, "symmetric", Operation::Symmetric, span)
    }

    /// `distance_encoding()`: one channel that says how far apart the two bins of each cell are, `-ln(1 + |i - j|)`, for a
    /// map of the size of what stands before the dot.
    pub(crate) fn distance_encoding(&mut self, item: &Item, span: Span) -> Item {
        let (inputs, shape) = self.source(item);
        match self.map(&shape, "distance_encoding", &inputs, span) {
            Some(places) => self.table(&inputs, "distance_encoding", channels(Size::Known(1), places), span),
            None => Item::Unknown,
        }
    }

    /// `wavelengths()`: DRG's table of positions, sines and cosines of falling wavelengths, as large as what stands before
    /// the dot. Join it on the channels: `concat([x, x.wavelengths()])`.
    pub(crate) fn wavelengths(&mut self, item: &Item, span: Span) -> Item {
        let (inputs, shape) = self.source(item);
        match self.sequence(&shape, "wavelengths", &inputs, span) {
            Some(positions) => {
                self.decided(shape.first(), span);
                self.table(&inputs, "wavelengths", channels(shape.first(), [positions]), span)
            }
            None => Item::Unknown,
        }
    }

    fn table(&mut self, inputs: &[usize], word: &str, shape: Shape, span: Span) -> Item {
        Item::Node(self.push(word, Operation::Table, inputs, shape, span))
    }
}
