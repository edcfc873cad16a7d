//! Linear maps of features, and of the channels at each position.

use crate::Operation;
use crate::elaborate::arguments::{Arguments, Given};
use crate::elaborate::start::Rule;
use crate::elaborate::{Elaborator, Item};
use crate::shape::{Shape, Size};
use cistron_declaration::Span;

impl Elaborator<'_> {
    /// `[channel, position]` (or a map) to features, channel by channel; features stay as they are.
    pub(crate) fn flatten(&mut self, item: &Item, span: Span) -> Item {
        let (inputs, shape) = self.source(item);
        match &shape.0 {
            None => Item::Unknown,
            Some(d) if d.len() == 1 => item.clone(),
            Some(d) => {
                let mut total = Some(1usize);
                for dimension in d.clone() {
                    let size = self.decided(dimension.size, span);
                    total = total.zip(size).and_then(|(a, b)| a.checked_mul(b));
                }
                Item::Node(self.push("flatten", Operation::Flatten, &inputs, Shape::features(total.into()), span))
            }
        }
    }

    /// `linear(features)`: a linear map of features, or of the channels at each position of a sequence or a map.
    ///
    /// Without a number it is the head of a network, as wide as the output that it is assigned to: at each position if
    /// that output has positions, and of the flattened sequence if it has none.
    pub(crate) fn linear(&mut self, item: &Item, arguments: &Arguments) -> Item {
        let given = self.whole(arguments, "features", 1);
        let bias = self.truth(arguments, "bias").or(true).unwrap_or(true);
        let rule = self.rule(arguments, "start");
        let (inputs, shape) = self.source(item);
        let places = shape.rank().map(|rank| rank > 1);
        let span = arguments.span;
        let features = match given {
            Given::Value(n) => Size::Known(n),
            Given::Unknown => Size::Unknown,
            Given::Absent => self.open(span),
        };
        let each = match given {
            Given::Absent => places.zip(self.places_wanted).map(|(has, wanted)| has && wanted),
            _ => places,
        };
        match (each, given) {
            (Some(true), _) => self.pointwise(item, "linear", features, bias, (rule, span)),
            (Some(false), _) => self.linear_of(item, "linear", features, bias, (rule, span)),
            // A head whose output is not known: of features it can only be one thing.
            (None, Given::Absent) if places != Some(true) || !self.inside_macro() => {
                self.linear_of(item, "linear", features, bias, (rule, span))
            }
            (None, _) => {
                let operation = Operation::Linear { features: 0, bias };
                Item::Node(self.push("linear", operation, &inputs, Shape(None), span))
            }
        }
    }

    /// A linear map of what is flattened first.
    pub(crate) fn linear_of(&mut self, item: &Item, word: &str, features: Size, bias: bool, (rule, span): (Rule, Span)) -> Item {
        let flat = self.flatten(item, span);
        let (inputs, shape) = self.source(&flat);
        self.decided(shape.first(), span);
        let operation = Operation::Linear {
            features: features.known().unwrap_or(0),
            bias,
        };
        Item::Node(self.push_with(word, operation, &inputs, Shape::features(features), (rule, span)))
    }

    /// `dense(n, layers = k)`: flattens, then k linear layers of n features with `between` (GELU unless given) between them.
    pub(crate) fn dense(&mut self, item: &Item, arguments: &Arguments) -> Item {
        let features: Size = self.whole(arguments, "features", 1).or(1).into();
        let layers = self.whole(arguments, "layers", 1).or(1);
        let bias = self.truth(arguments, "bias").or(true).unwrap_or(true);
        let rule = self.rule(arguments, "start");
        let between = self.closure(arguments, "between");
        let mut now = item.clone();
        self.drafts.enter("dense", false);
        for layer in 0..layers.unwrap_or(1) {
            if !self.step(arguments.span) {
                break;
            }
            if layer > 0 {
                now = match &between {
                    Given::Value(closure) => self.call_closure(closure, &[now], "between", arguments.span_of("between")),
                    Given::Unknown => Item::Unknown,
                    Given::Absent => self.same(&now, "gelu", Operation::Gelu(crate::Gelu::Erf), arguments.span),
                };
            }
            now = self.linear_of(&now, "linear", features, bias, (rule, arguments.span));
        }
        self.drafts.leave();
        now
    }
}
