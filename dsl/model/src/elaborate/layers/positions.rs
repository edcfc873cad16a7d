//! Layers about the axes of positions: crop, flip, and what is computed over one of them.

use super::places::channels;
use crate::Operation;
use crate::elaborate::arguments::Arguments;
use crate::elaborate::{Elaborator, Item};
use crate::shape::{Dimension, Shape, Size};
use cistron_declaration::{AxisKind, Diagnostic, Span};

/// What a layer does with an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Over {
    /// Its mean.
    Mean,
    /// Its largest value.
    Largest,
    /// Its sum.
    Sum,
    /// Shares of one.
    Softmax,
    /// Their logarithms.
    LogSoftmax,
}

impl Over {
    fn word(self) -> &'static str {
        match self {
            Self::Mean => "mean",
            Self::Largest => "max",
            Self::Sum => "sum",
            Self::Softmax => "softmax",
            Self::LogSoftmax => "log_softmax",
        }
    }

    fn operation(self, axis: usize) -> Operation {
        match self {
            Self::Mean => Operation::Mean { axis },
            Self::Largest => Operation::Largest { axis },
            Self::Sum => Operation::Sum { axis },
            Self::Softmax => Operation::Softmax { axis },
            Self::LogSoftmax => Operation::LogSoftmax { axis },
        }
    }

    fn keeps(self) -> bool {
        matches!(self, Self::Softmax | Self::LogSoftmax)
    }
}

impl Elaborator<'_> {
    /// `crop(n)`: the n positions in the middle; of a map the n rows and columns.
    pub(crate) fn crop(&mut self, item: &Item, arguments: &Arguments) -> Item {
        let length = self.whole(arguments, "length", 1).or(1);
        let (inputs, shape) = self.source(item);
        let Some(mut places) = self.places(&shape, "crop", &inputs, arguments.span) else {
            return Item::Unknown;
        };
        let mut start = 0;
        for place in &mut places {
            start = match (place.size, length) {
                (Size::Known(has), Some(keep)) if keep > has => {
                    let message = format!("`crop` keeps {keep} positions but gets {has}: {}", self.chain(&inputs));
                    return self.fail(Diagnostic::error(arguments.span_of("length"), message));
                }
                (Size::Known(has), Some(keep)) => (has - keep) / 2,
                _ => 0,
            };
            place.size = length.into();
        }
        let length = length.unwrap_or(1);
        let operation = match places.len() {
            2 => Operation::Crop2d { start, length },
            _ => Operation::Crop { start, length },
        };
        let out = channels(shape.first(), places);
        Item::Node(self.push("crop", operation, &inputs, out, arguments.span))
    }

    /// `flip()`: the positions backwards, the channels as they are; of a map rows and columns.
    pub(crate) fn flip(&mut self, item: &Item, span: Span) -> Item {
        let (inputs, shape) = self.source(item);
        let Some(places) = self.places(&shape, "flip", &inputs, span) else {
            return Item::Unknown;
        };
        let operation = if places.len() == 2 {
            Operation::Flip2d
        } else {
            Operation::Flip
        };
        self.same(item, "flip", operation, span)
    }

    /// `mean(Positions)`, `max(Positions)`, `softmax(Channels)` and their kin. Over the positions of a map: both axes.
    pub(crate) fn over(&mut self, item: &Item, arguments: &Arguments, over: Over) -> Item {
        let word = over.word();
        let words = ["Positions", "Channels", "Tokens", "Latents"];
        let axis = self.word(arguments, "axis", &words, &[]).or("Positions");
        let (inputs, shape) = self.source(item);
        if let (true, Some("Channels"), Some(1)) = (over.keeps(), axis, shape.rank()) {
            return self.same(item, word, over.operation(0), arguments.span);
        }
        let Some(places) = self.places(&shape, word, &inputs, arguments.span) else {
            return Item::Unknown;
        };
        let Some(axis) = axis else { return Item::Unknown };
        let kind = match axis {
            "Tokens" => Some(AxisKind::Token),
            "Latents" => Some(AxisKind::Latent),
            _ => None,
        };
        if let Some(kind) = kind.filter(|kind| shape.0.is_some() && places.iter().any(|p| p.kind != *kind)) {
            let found = inputs.first().map_or_else(String::new, |n| self.show(*n));
            let message = format!("`{word}({axis})` needs an axis of {kind}s, found {found}");
            let help = format!("such as `{word}(Positions)`");
            return self.fail(Diagnostic::error(arguments.span_of("axis"), message).help(help));
        }
        let along = usize::from(axis != "Channels");
        if over.keeps() {
            return match (along, places.len()) {
                (1, 2) => {
                    let message = format!("`{word}` over both axes of a map parses but cannot run yet");
                    self.fail(Diagnostic::error(arguments.span, message))
                }
                _ => self.same(item, word, over.operation(along), arguments.span),
            };
        }
        let features = |size| Shape(Some(vec![Dimension::new(AxisKind::Feature, size)]));
        match (along, places.as_slice()) {
            (0, [place]) => {
                let out = features(place.size);
                Item::Node(self.push(word, over.operation(0), &inputs, out, arguments.span))
            }
            (_, [_]) => {
                let out = features(shape.first());
                Item::Node(self.push(word, over.operation(1), &inputs, out, arguments.span))
            }
            (0, _) => {
                let message = format!("`{word}(Channels)` of a map parses but cannot run yet");
                self.fail(Diagnostic::error(arguments.span, message).help("`conv(1, width = 1)` mixes them into one"))
            }
            (_, [row, ..]) => {
                let half = channels(shape.first(), [*row]);
                let rows = self.push(word, over.operation(2), &inputs, half, arguments.span);
                let out = features(shape.first());
                Item::Node(self.push(word, over.operation(1), &[rows], out, arguments.span))
            }
            _ => Item::Unknown,
        }
    }
}
