//! Pooling over windows.

use crate::elaborate::arguments::Arguments;
use crate::elaborate::{Elaborator, Item};
use crate::shape::{Dimension, Shape, Size};
use crate::{Operation, Pool};
use cistron_declaration::{AxisKind, Diagnostic};

impl Elaborator<'_> {
    /// `pool(Max, window)`: windows next to each other; what is left over at the end is dropped and noted.
    pub(crate) fn pool(&mut self, item: &Item, arguments: &Arguments) -> Item {
        let kind = match self
            .word(arguments, "kind", &["Max", "Mean", "Weighted"], &["Attention"])
            .or("Max")
        {
            Some("Mean") => Pool::Mean,
            Some("Weighted") => Pool::Weighted,
            _ => Pool::Max,
        };
        let window = self.whole(arguments, "window", 1).or(1);
        let (inputs, shape) = self.source(item);
        let Some(positions) = self.sequence(&shape, "pool", &inputs, arguments.span) else {
            return Item::Unknown;
        };
        let size = match (positions.size, window) {
            (Size::Known(length), Some(window)) if window > length => {
                let chain = inputs.first().map_or_else(String::new, |n| self.lengths(*n));
                let message = format!("`pool` window {window} is longer than the length {length} that reaches it: {chain}");
                let span = arguments.span_of("window");
                return self.fail(Diagnostic::error(span, message).help("pool less before it, or by a smaller window"));
            }
            (Size::Known(length), Some(window)) => Size::Known(length / window),
            _ => Size::Unknown,
        };
        let bp = positions.bp.zip(window).map(|(bp, window)| bp * window as f64);
        let out = Shape(Some(vec![
            Dimension::new(AxisKind::Channel, shape.first()),
            Dimension {
                kind: AxisKind::Position,
                size,
                bp,
            },
        ]));
        Item::Node(self.push(
            "pool",
            Operation::Pool {
                kind,
                window: window.unwrap_or(1),
            },
            &inputs,
            out,
            arguments.span,
        ))
    }
}
