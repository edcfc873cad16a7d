//! Towers of convolutions whose units add their input.

use super::convolution::Settings;
use crate::Operation;
use crate::elaborate::arguments::{Arguments, Given};
use crate::elaborate::item::Bound;
use crate::elaborate::start::Rule;
use crate::elaborate::{Elaborator, Item};
use cistron_declaration::Diagnostic;
use std::rc::Rc;

/// The settings of one unit; nothing where they are unknown.
struct Unit {
    filters: Given<usize>,
    width: Option<usize>,
    dilation: Option<usize>,
    bias: bool,
    rule: Rule,
    before: Given<Rc<Bound>>,
}

impl Elaborator<'_> {
    /// `residual(n, width = w, dilation = d or [d1, ..], before = |h| .., after = |h| ..)`.
    ///
    /// Unit i computes `c = conv(before(x))` with `same` padding, adds a skip, `x = c + skip`, and then `x = after(x)`; with
    /// `every = n` only each n-th unit ends with `after`. The skip is x (`skip = Input`), or the bare convolution of the
    /// unit before it, which has gone through `after` as x has (`skip = Conv`, DRG's towers; the first unit's is x). Where its
    /// channels are others than those of c, it goes through a convolution of width 1 without bias first. A length below the
    /// width is an error, where DRG leaves the rest of the tower out without a word.
    pub(crate) fn tower(&mut self, item: &Item, arguments: &Arguments) -> Item {
        let layers = self.whole(arguments, "layers", 1).or(1);
        let dilations = self.dilations(arguments, layers);
        let mut unit = Unit {
            filters: self.whole(arguments, "filters", 1),
            width: self.whole(arguments, "width", 1).or(1),
            dilation: None,
            bias: self.truth(arguments, "bias").or(true).unwrap_or(true),
            rule: self.rule(arguments, "start"),
            before: self.closure(arguments, "before"),
        };
        let after = self.closure(arguments, "after");
        let every = self.whole(arguments, "every", 1).or(1);
        let bare = self.word(arguments, "skip", &["Input", "Conv"], &[]).or("Input") == Some("Conv");
        let mut now = item.clone();
        // What the next unit adds, and whether x has gone through `after` since it was taken.
        let mut skip = (item.clone(), false);
        self.drafts.enter("residual", false);
        for layer in 0..layers.unwrap_or(1) {
            if !self.step(arguments.span) || !self.long_enough(&now, layer + 1, unit.width, arguments) {
                now = Item::Unknown;
                break;
            }
            self.drafts.enter(&(layer + 1).to_string(), false);
            unit.dilation = dilations
                .as_ref()
                .and_then(|d| d.get(layer.min(d.len().saturating_sub(1))))
                .copied();
            let taken = if bare { skip.clone() } else { (now.clone(), false) };
            let (convolved, sum) = self.unit(&now, taken, &after, arguments, &unit);
            let ends = every.is_none_or(|n| (layer + 1) % n == 0);
            now = if ends { self.after(&after, &sum, arguments) } else { sum };
            skip = (convolved, ends);
            self.drafts.leave();
        }
        self.drafts.leave();
        if layers.is_none() { Item::Unknown } else { now }
    }

    fn after(&mut self, after: &Given<Rc<Bound>>, item: &Item, arguments: &Arguments) -> Item {
        match after {
            Given::Value(closure) => self.call_closure(closure, std::slice::from_ref(item), "after", arguments.span_of("after")),
            Given::Unknown => Item::Unknown,
            Given::Absent => item.clone(),
        }
    }

    /// The convolution of a unit, and its sum with what the unit adds.
    fn unit(
        &mut self,
        x: &Item,
        (skip, behind): (Item, bool),
        after: &Given<Rc<Bound>>,
        arguments: &Arguments,
        unit: &Unit,
    ) -> (Item, Item) {
        let span = arguments.span;
        let read = match &unit.before {
            Given::Value(closure) => self.call_closure(closure, std::slice::from_ref(x), "before", arguments.span_of("before")),
            Given::Unknown => Item::Unknown,
            Given::Absent => x.clone(),
        };
        let (_, shape) = self.source(x);
        let channels = self.decided(shape.first(), span);
        let filters = match unit.filters {
            Given::Absent => channels,
            given => given.or(1),
        };
        let settings = Settings {
            filters: filters.into(),
            width: unit.width.unwrap_or(1),
            stride: 1,
            dilation: unit.dilation.unwrap_or(1),
            groups: 1,
            valid: false,
            bias: unit.bias,
            exact: unit.width.is_some() && unit.dilation.is_some(),
            rule: unit.rule,
        };
        let convolved = self.convolve(&read, "conv", settings, span);
        let narrow = Settings {
            width: 1,
            dilation: 1,
            bias: false,
            exact: true,
            ..settings
        };
        let (_, skipped) = self.source(&skip);
        let carried = self.decided(skipped.first(), span);
        let skip = match carried.zip(filters) {
            Some((carried, filters)) if carried != filters => self.convolve(&skip, "project", narrow, span),
            _ => skip,
        };
        let skip = if behind { self.after(after, &skip, arguments) } else { skip };
        let sum = match (convolved.clone(), skip) {
            (Item::Node(a), Item::Node(b)) => self.join(Operation::Add, "residual", b, a, span),
            (known @ Item::Node(_), Item::Unknown) if self.inside_macro() => known,
            _ => Item::Unknown,
        };
        (convolved, sum)
    }

    fn long_enough(&mut self, item: &Item, layer: usize, width: Option<usize>, arguments: &Arguments) -> bool {
        let (inputs, shape) = self.source(item);
        let Some(places) = self.places(&shape, "residual", &inputs, arguments.span) else {
            return false;
        };
        let shortest = places.iter().filter_map(|p| p.size.known()).min();
        match (shortest, width) {
            (Some(length), Some(width)) if length < width => {
                let chain = self.chain(&inputs);
                let message = format!("`residual` layer {layer} needs length >= {width} but gets {length}: {chain}");
                let help = "fewer layers, a smaller width, or less pooling";
                self.report(Diagnostic::error(arguments.span_of("layers"), message).help(help));
                false
            }
            _ => true,
        }
    }

    /// One dilation for all layers, or a list with one for each; nothing if unknown.
    fn dilations(&mut self, arguments: &Arguments, layers: Option<usize>) -> Option<Vec<usize>> {
        let Some((item, span)) = arguments.get("dilation") else {
            return Some(vec![1]);
        };
        let item = item.clone();
        let Item::List(list) = &item else {
            return self.whole_item("residual", "dilation", &item, span, 1).or(1).map(|d| vec![d]);
        };
        if let Some(layers) = layers.filter(|n| *n != list.len()) {
            let message = format!("`dilation` lists {} values for {layers} layers", list.len());
            self.report(Diagnostic::error(span, message).help("one for each layer, or one number for all"));
            return None;
        }
        list.iter()
            .map(|d| self.whole_item("residual", "dilation", d, span, 1).or(1))
            .collect()
    }

    /// A closure of one parameter.
    pub(crate) fn closure(&mut self, arguments: &Arguments, name: &str) -> Given<Rc<Bound>> {
        match arguments.get(name) {
            None => Given::Absent,
            Some((Item::Unknown, _)) => Given::Unknown,
            Some((Item::Closure(bound), _)) if bound.closure.parameters.len() == 1 => Given::Value(Rc::clone(bound)),
            Some((other, span)) => {
                let message = match other {
                    Item::Closure(bound) => {
                        format!(
                            "`{name}` takes a closure of one parameter, found {}",
                            bound.closure.parameters.len()
                        )
                    }
                    other => format!("`{name}` is a closure, found {}", other.describe()),
                };
                let help = format!("such as `{name} = |h| h.norm(Batch).gelu()`");
                self.report(Diagnostic::error(span, message).help(help));
                Given::Unknown
            }
        }
    }
}
