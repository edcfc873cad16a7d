//! Layers about the axis of positions: crop, flip, mean and maximum over it.

use crate::Operation;
use crate::elaborate::arguments::Arguments;
use crate::elaborate::{Elaborator, Item};
use crate::shape::{Dimension, Shape, Size};
use cistron_declaration::{AxisKind, Diagnostic, Span};

impl Elaborator<'_> {
    /// `crop(n)`: the n positions in the middle.
    pub(crate) fn crop(&mut self, item: &Item, arguments: &Arguments) -> Item {
        let length = self.whole(arguments, "length", 1).or(1);
        let (inputs, shape) = self.source(item);
        let Some(positions) = self.sequence(&shape, "crop", &inputs, arguments.span) else {
            return Item::Unknown;
        };
        let start = match (positions.size, length) {
            (Size::Known(has), Some(keep)) if keep > has => {
                let chain = inputs.first().map_or_else(String::new, |n| self.lengths(*n));
                let message = format!("`crop` keeps {keep} positions but gets {has}: {chain}");
                return self.fail(Diagnostic::error(arguments.span_of("length"), message));
            }
            (Size::Known(has), Some(keep)) => (has - keep) / 2,
            _ => 0,
        };
        let out = Shape(Some(vec![
            Dimension::new(AxisKind::Channel, shape.first()),
            Dimension {
                size: length.into(),
                ..positions
            },
        ]));
        let operation = Operation::Crop {
            start,
            length: length.unwrap_or(1),
        };
        Item::Node(self.push("crop", operation, &inputs, out, arguments.span))
    }

    /// `flip()`: the positions backwards, the channels as they are.
    pub(crate) fn flip(&mut self, item: &Item, span: Span) -> Item {
        let (inputs, shape) = self.source(item);
        if self.sequence(&shape, "flip", &inputs, span).is_none() {
            return Item::Unknown;
        }
        self.same(item, "flip", Operation::Flip, span)
    }

    /// `mean(Positions)`, `max(Positions)`, and over `Channels`.
    pub(crate) fn reduce(&mut self, item: &Item, arguments: &Arguments, mean: bool) -> Item {
        let word = if mean { "mean" } else { "max" };
        let over = self
            .word(arguments, "axis", &["Positions", "Channels"], &["Latents"])
            .or("Positions");
        let (inputs, shape) = self.source(item);
        let Some(positions) = self.sequence(&shape, word, &inputs, arguments.span) else {
            return Item::Unknown;
        };
        let Some(over) = over else { return Item::Unknown };
        let axis = usize::from(over == "Positions");
        let rest = match axis {
            1 => Dimension::new(AxisKind::Feature, shape.first()),
            _ => Dimension::new(AxisKind::Feature, positions.size),
        };
        let operation = if mean {
            Operation::Mean { axis }
        } else {
            Operation::Largest { axis }
        };
        Item::Node(self.push(word, operation, &inputs, Shape(Some(vec![rest])), arguments.span))
    }
}
