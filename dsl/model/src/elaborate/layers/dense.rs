//! Layers over features: linear, dense, embed, flatten.

use crate::Operation;
use crate::elaborate::arguments::{Arguments, Given};
use crate::elaborate::{Elaborator, Item};
use crate::shape::{Shape, Size};
use cistron_declaration::{Diagnostic, Span};

impl Elaborator<'_> {
    /// `[channel, position]` to features, channel by channel; features stay as they are.
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

    /// `linear(features)`; without a number as wide as the output that it is assigned to.
    pub(crate) fn linear(&mut self, item: &Item, arguments: &Arguments) -> Item {
        let features = match self.whole(arguments, "features", 1) {
            Given::Value(n) => Size::Known(n),
            Given::Unknown => Size::Unknown,
            Given::Absent => self.open(arguments.span),
        };
        let bias = self.truth(arguments, "bias").or(true).unwrap_or(true);
        self.linear_of(item, "linear", features, bias, arguments.span)
    }

    fn linear_of(&mut self, item: &Item, word: &str, features: Size, bias: bool, span: Span) -> Item {
        let flat = self.flatten(item, span);
        let (inputs, shape) = self.source(&flat);
        self.decided(shape.first(), span);
        let operation = Operation::Linear {
            features: features.known().unwrap_or(0),
            bias,
        };
        Item::Node(self.push(word, operation, &inputs, Shape::features(features), span))
    }

    /// `dense(n, layers = k)`: flattens, then k linear layers of n features with `between` (GELU unless given) between them.
    pub(crate) fn dense(&mut self, item: &Item, arguments: &Arguments) -> Item {
        let features: Size = self.whole(arguments, "features", 1).or(1).into();
        let layers = self.whole(arguments, "layers", 1).or(1);
        let bias = self.truth(arguments, "bias").or(true).unwrap_or(true);
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
            now = self.linear_of(&now, "linear", features, bias, arguments.span);
        }
        self.drafts.leave();
        now
    }

    /// `embed(n)` of features: a linear map. Of categories and sequences it cannot run yet.
    pub(crate) fn embed(&mut self, item: &Item, arguments: &Arguments) -> Item {
        let features: Size = self.whole(arguments, "features", 1).or(1).into();
        let bias = self.truth(arguments, "bias").or(true).unwrap_or(true);
        let (_, shape) = self.source(item);
        if shape.rank().is_some_and(|rank| rank > 1) {
            let message = "`embed` of a sequence parses but cannot run yet";
            return self.fail(Diagnostic::error(arguments.span, message).help("`.linear(n)` flattens and embeds"));
        }
        self.linear_of(item, "embed", features, bias, arguments.span)
    }
}
