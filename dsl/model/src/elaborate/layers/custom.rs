//! A function of the user's own as a node.

use super::places::channels;
use crate::Operation;
use crate::elaborate::arguments::{Arguments, Given};
use crate::elaborate::{Elaborator, Item};
use crate::shape::{Dimension, Shape, Size};
use cistron_declaration::Diagnostic;

impl Elaborator<'_> {
    /// `custom("name", channels = c, positions = n)`: an opaque node that the network gets a Candle function for under this
    /// name. Its shape is that of x but for the sizes that are given; `features = n` makes a vector. `with = [a, b]` hands
    /// over more nodes after x.
    pub(crate) fn custom(&mut self, item: &Item, arguments: &Arguments) -> Item {
        let span = arguments.span;
        let name = match arguments.get("name") {
            Some((Item::Text(name) | Item::Word(name), _)) if !name.is_empty() => name.clone(),
            Some((Item::Unknown, _)) | None => return Item::Unknown,
            Some((other, at)) => {
                let message = format!("`custom` takes the name of a function, found {}", other.describe());
                return self.fail(Diagnostic::error(at, message).help("such as `custom(\"spectrum\", channels = 16)`"));
            }
        };
        let (mut inputs, shape) = self.source(item);
        if let Some((with, at)) = arguments.get("with").map(|(w, at)| (w.clone(), at)) {
            let list = match &with {
                Item::List(list) | Item::Tuple(list) => list.to_vec(),
                one => vec![one.clone()],
            };
            for other in &list {
                match other {
                    Item::Node(node) => inputs.push(*node),
                    Item::Unknown => {}
                    other => {
                        let message = format!("`with` of `custom` takes outputs of layers, found {}", other.describe());
                        return self.fail(Diagnostic::error(at, message));
                    }
                }
            }
        }
        let given = |e: &mut Self, name: &str, old: Size| match e.whole(arguments, name, 1) {
            Given::Absent => old,
            given => given.or(1).into(),
        };
        let out = if arguments.get("features").is_some() {
            if let Some(other) = ["channels", "positions"].into_iter().find(|a| arguments.get(a).is_some()) {
                let message = format!("`custom` gives features or {other}, not both");
                return self.fail(Diagnostic::error(arguments.span_of(other), message));
            }
            Shape::features(given(self, "features", Size::Unknown))
        } else {
            match shape.0.as_deref() {
                None => Shape(None),
                Some([only]) => {
                    if let Some((_, at)) = arguments.get("positions") {
                        let found = inputs.first().map_or_else(String::new, |n| self.show(*n));
                        let message = format!("`custom` cannot give positions to {found}");
                        return self.fail(Diagnostic::error(at, message).help("`features = n` says its width"));
                    }
                    Shape(Some(vec![Dimension {
                        size: given(self, "channels", only.size),
                        ..*only
                    }]))
                }
                Some([first, places @ ..]) => {
                    let width = given(self, "channels", first.size);
                    let rest = places.iter().map(|place| {
                        let size = given(self, "positions", place.size);
                        // Another number of positions means other bins: as many times as wide as there are fewer.
                        let times = place.size.known().zip(size.known()).map(|(a, b)| a as f64 / b as f64);
                        let bp = place.bp.zip(times).map(|(bp, times)| bp * times);
                        Dimension { size, bp, ..*place }
                    });
                    let rest: Vec<Dimension> = rest.collect();
                    channels(width, rest)
                }
                Some([]) => Shape(None),
            }
        };
        Item::Node(self.push("custom", Operation::Custom { name }, &inputs, out, span))
    }
}
