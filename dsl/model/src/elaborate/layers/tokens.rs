//! Categories, bins, tokens and latents.

use super::places::{channels, placed};
use crate::Operation;
use crate::elaborate::arguments::Arguments;
use crate::elaborate::start::Rule;
use crate::elaborate::{Elaborator, Item};
use crate::shape::{Dimension, Shape, Size};
use cistron_declaration::{Argument, AxisKind, Diagnostic, PortKind, Span};

impl Elaborator<'_> {
    /// `embed(n)`: of a category a row of a table, of whole numbers (`bins`, or an input of them) a row at each position,
    /// of a sequence or a track a linear map at each position, of features a linear map.
    pub(crate) fn embed(&mut self, item: &Item, arguments: &Arguments) -> Item {
        let width: Size = self.whole(arguments, "features", 1).or(1).into();
        let span = arguments.span;
        let (inputs, shape) = self.source(item);
        let first = shape.0.as_ref().and_then(|d| d.first()).copied();
        let category = inputs.first().is_some_and(|n| self.is_category(*n));
        let bias = self.truth(arguments, "bias").or(!category).unwrap_or(true);
        let rule = self.rule(arguments, "start");
        match (shape.rank(), first) {
            (Some(1), Some(place)) if place.is_place() => {
                let Some(count) = inputs.first().and_then(|n| self.numbers_of(*n)) else {
                    let message = "`embed` needs to know how many numbers there are";
                    return self.fail(Diagnostic::error(span, message).help("such as `x.bins(256, 0.0, 10.0).embed(64)`"));
                };
                let operation = Operation::Embedding {
                    count,
                    width: width.known().unwrap_or(1),
                };
                let out = channels(width, [place]);
                Item::Node(self.push_with("embed", operation, &inputs, out, (rule, span)))
            }
            (Some(1), _) if category && rule == Rule::PyTorch => {
                self.linear_of(item, "embed", width, bias, (Rule::Normal(1.0), span))
            }
            (Some(1), _) => self.linear_of(item, "embed", width, bias, (rule, span)),
            (Some(_), _) => self.pointwise(item, "embed", width, bias, (rule, span)),
            (None, _) => Item::Node(self.push("embed", Operation::Flatten, &inputs, Shape(None), span)),
        }
    }

    /// Whether a node is a category, one-hot.
    fn is_category(&self, node: usize) -> bool {
        let shape = self.shape(node);
        let kind = shape.0.as_deref().and_then(|d| d.first()).map(|d| d.kind);
        let port = match self.drafts.list.get(node).map(|d| &d.operation) {
            Some(Operation::Input { port }) => self.signature.and_then(|s| s.inputs.iter().find(|p| p.name == *port)),
            _ => None,
        };
        kind == Some(AxisKind::Category) || port.is_some_and(|p| p.kind == PortKind::Category) && shape.positions().is_none()
    }

    /// How many whole numbers a node can hold: bins of its own, or the categories of an input.
    fn numbers_of(&self, node: usize) -> Option<usize> {
        match &self.drafts.list.get(node)?.operation {
            Operation::Bins { count, .. } => Some(*count),
            Operation::Input { port } => {
                let port = self.signature?.inputs.iter().find(|p| p.name == *port)?;
                Some(port.tracks.len()).filter(|n| *n > 0)
            }
            Operation::Crop { .. } | Operation::Flip => self.numbers_of(*self.drafts.list[node].inputs.first()?),
            _ => None,
        }
    }

    /// `bins(n, minimum, maximum)`: the number of the bin of each value of a track of one channel.
    pub(crate) fn bins(&mut self, item: &Item, arguments: &Arguments) -> Item {
        let count = self.whole(arguments, "count", 1).or(1);
        let minimum = self.number(arguments, "minimum", "finite", f64::is_finite).or(0.0);
        let maximum = self.number(arguments, "maximum", "finite", f64::is_finite).or(1.0);
        if let (Some(minimum), Some(maximum)) = (minimum, maximum)
            && minimum >= maximum
        {
            let message = format!("`maximum` of `bins` must be above {minimum}, found {maximum}");
            return self.fail(Diagnostic::error(arguments.span_of("maximum"), message));
        }
        let (inputs, shape) = self.source(item);
        let Some(positions) = self.sequence(&shape, "bins", &inputs, arguments.span) else {
            return Item::Unknown;
        };
        match self.drafts.widths.resolve(shape.first()) {
            Size::Known(n) if n != 1 => {
                let message = format!("`bins` needs one channel, found {n}");
                return self.fail(Diagnostic::error(arguments.span, message));
            }
            _ => {}
        }
        let operation = Operation::Bins {
            count: count.unwrap_or(1),
            minimum: minimum.unwrap_or(0.0),
            maximum: maximum.unwrap_or(1.0),
        };
        let numbers = Shape(Some(vec![positions]));
        let flat = self.push("flatten", Operation::Flatten, &inputs, numbers.clone(), arguments.span);
        Item::Node(self.push("bins", operation, &[flat], numbers, arguments.span))
    }

    /// `token()`: features as one token.
    pub(crate) fn token(&mut self, item: &Item, arguments: &Arguments) -> Item {
        let span = arguments.span;
        if let Some((_, at)) = arguments.get("mask") {
            return self.fail(Diagnostic::error(at, "`token(mask = ..)` parses but cannot run yet"));
        }
        let (inputs, shape) = self.source(item);
        match &shape.0 {
            Some(d) if d.len() != 1 || d[0].is_place() => {
                let found = inputs.first().map_or_else(String::new, |n| self.show(*n));
                let help = "`tokens()` makes one of each position";
                self.fail(Diagnostic::error(span, format!("`token` needs features, found {found}")).help(help))
            }
            _ => {
                self.decided(shape.first(), span);
                let one = Dimension::new(AxisKind::Token, Size::Known(1));
                let out = placed(AxisKind::Channel, shape.first(), [one]);
                Item::Node(self.push("token", Operation::Token, &inputs, out, span))
            }
        }
    }

    /// `tokens()`: each position of a sequence as a token; nothing is computed.
    pub(crate) fn tokens(&mut self, item: &Item, span: Span) -> Item {
        let (inputs, shape) = self.source(item);
        let Some(positions) = self.sequence(&shape, "tokens", &inputs, span) else {
            return Item::Unknown;
        };
        let tokens = Dimension::new(AxisKind::Token, positions.size);
        match inputs.first() {
            Some(input) => Item::Node(self.alias("tokens", *input, channels(shape.first(), [tokens]), span)),
            None => Item::Node(self.push("tokens", Operation::Flatten, &[], channels(Size::Unknown, [tokens]), span)),
        }
    }

    /// `latents(count, width)`: the same learned tokens for each example, N(0, 0.02²) at first unless `start` says otherwise.
    pub(crate) fn latents(&mut self, arguments: &[Argument], span: Span) -> Item {
        let mut sizes = Vec::new();
        let mut rule = Rule::Normal(0.02);
        for argument in arguments {
            let item = self.evaluate(&argument.value);
            match argument.name.as_deref() {
                Some("start") => rule = self.rule_of(&item, argument.span).unwrap_or(rule),
                None | Some("count" | "width") if sizes.len() < 2 => {
                    let name = if sizes.is_empty() { "count" } else { "width" };
                    sizes.push(self.whole_item("latents", name, &item, argument.span, 1).or(1));
                }
                _ => {
                    let message = "`latents` takes how many and their width";
                    return self.fail(Diagnostic::error(argument.span, message).help("such as `latents(16, 96)`"));
                }
            }
        }
        let [count, width] = sizes[..] else {
            let message = format!("`latents` takes how many and their width, found {} values", sizes.len());
            return self.fail(Diagnostic::error(span, message).help("such as `latents(16, 96)`"));
        };
        let operation = Operation::Latents {
            count: count.unwrap_or(1),
            width: width.unwrap_or(1),
        };
        let latents = Dimension::new(AxisKind::Latent, count.into());
        let shape = channels(width.into(), [latents]);
        let reader = self.any_input(span);
        Item::Node(self.push_with("latents", operation, &reader, shape, (rule, span)))
    }

    /// An input that says how large the batch is: one that is read already, or the first.
    fn any_input(&mut self, span: Span) -> Vec<usize> {
        let read = self
            .drafts
            .list
            .iter()
            .position(|d| matches!(d.operation, Operation::Input { .. }));
        if let Some(node) = read {
            return vec![node];
        }
        let Some(port) = self.signature.and_then(|s| s.inputs.first()) else {
            return Vec::new();
        };
        let node = self.push_input(&port.name, Shape::of(&port.axes), span);
        self.inputs.insert(port.name.clone(), node);
        vec![node]
    }

    /// `positions()`: waits for what it is added to.
    pub(crate) fn positions(&mut self, arguments: &[Argument], span: Span) -> Item {
        let mut rule = Rule::Normal(0.02);
        for argument in arguments {
            let item = self.evaluate(&argument.value);
            if argument.name.as_deref() == Some("start") {
                rule = self.rule_of(&item, argument.span).unwrap_or(rule);
            } else {
                let message = "`positions` takes nothing but `start`";
                let help = "a learned vector for each position of what it is added to: `x + positions()`";
                return self.fail(Diagnostic::error(argument.span, message).help(help));
            }
        }
        Item::Positions { rule, span }
    }

    /// `x + positions()`.
    pub(crate) fn add_positions(&mut self, node: usize, rule: Rule, span: Span) -> Item {
        let shape = self.shape(node);
        if self.sequence(&shape, "positions", &[node], span).is_none() {
            return Item::Unknown;
        }
        self.decided(shape.first(), span);
        Item::Node(self.push_with("positions", Operation::Positions, &[node], shape, (rule, span)))
    }

    /// `film(by)`: each channel times a factor plus a summand that follow from a category or from features. At first the
    /// factors are 1 and the summands 0.
    pub(crate) fn film(&mut self, item: &Item, arguments: &Arguments) -> Item {
        let span = arguments.span;
        let (inputs, shape) = self.source(item);
        let Some((by, at)) = arguments.get("by") else {
            return Item::Unknown;
        };
        let by = by.clone();
        let (by_inputs, by_shape) = self.source(&by);
        if !matches!(by, Item::Node(_) | Item::Unknown) || by_shape.0.as_ref().is_some_and(|d| d.len() != 1 || d[0].is_place()) {
            let found = by_inputs.first().map_or_else(|| by.describe(), |n| self.show(*n));
            let message = format!("`film` follows a category or features, found {found}");
            return self.fail(Diagnostic::error(at, message).help("such as `x.film(cell)`"));
        }
        let channels = self.decided(shape.first(), span);
        let category = by_inputs.first().is_some_and(|n| self.is_category(*n));
        self.drafts.enter("film", false);
        let mut read = inputs;
        for (word, value) in [("scale", 1.0), ("shift", 0.0)] {
            // A category picks a row, so that its rows begin at the value; features begin with a bias alone.
            let start = if category {
                Rule::Constant(value)
            } else {
                Rule::Offset(value)
            };
            let made = self.linear_of(&by, word, channels.into(), !category, (start, span));
            read.extend(self.source(&made).0);
        }
        let film = self.push("film", Operation::Film, &read, shape, span);
        self.drafts.leave();
        Item::Node(film)
    }
}
