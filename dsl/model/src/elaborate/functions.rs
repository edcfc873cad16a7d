//! Functions of the language, and methods of numbers and lists.

use super::{Elaborator, Item};
use crate::Operation;
use crate::shape::{Dimension, Shape, Size};
use cistron_declaration::{Argument, AxisKind, Diagnostic, Kind, Span};
use std::rc::Rc;

impl Elaborator<'_> {
    /// `concat([..])`, `mean([..])`, `sum([..])`, `maximum([..])`, `geometric(..)`, `without(..)` and their kin.
    pub(crate) fn function(&mut self, function: &str, arguments: &[Argument], span: Span) -> Item {
        match function {
            "geometric" => self.geometric(arguments, span),
            "widening" => self.widening(arguments, span),
            "dilations" => self.dilation_steps(arguments, span),
            "latents" => self.latents(arguments, span),
            "positions" => self.positions(arguments, span),
            "basis" => self.basis(arguments),
            "without" => self.leave_out(arguments),
            _ => {
                let values: Vec<Item> = arguments.iter().map(|a| self.evaluate(&a.value)).collect();
                let Some(nodes) = self.node_list(function, &values, span) else {
                    return Item::Unknown;
                };
                match function {
                    "concat" => self.concat(&nodes, span),
                    "maximum" => self.fold(&nodes, Operation::Maximum, "maximum", span),
                    "sum" => self.fold(&nodes, Operation::Add, "sum", span),
                    _ => match self.fold(&nodes, Operation::Add, "mean", span) {
                        Item::Node(sum) => {
                            let shape = self.shape(sum);
                            let operation = Operation::Affine {
                                scale: 1.0 / nodes.len() as f64,
                                offset: 0.0,
                            };
                            Item::Node(self.push("mean", operation, &[sum], shape, span))
                        }
                        other => other,
                    },
                }
            }
        }
    }

    /// The nodes of `f([a, b])`; nothing if one of them is unknown or the list is wrong, which is reported.
    fn node_list(&mut self, function: &str, values: &[Item], span: Span) -> Option<Vec<usize>> {
        let list = match values {
            [Item::List(list) | Item::Tuple(list)] => Rc::clone(list),
            [Item::Unknown] => return None,
            _ => {
                let message = format!("`{function}` takes one list, found {} values", values.len());
                self.report(Diagnostic::error(span, message).help(format!("write `{function}([a, b])`")));
                return None;
            }
        };
        if list.is_empty() {
            self.report(Diagnostic::error(span, format!("`{function}` of nothing")));
            return None;
        }
        let mut nodes = Vec::new();
        for item in list.iter() {
            match item {
                Item::Node(node) => nodes.push(*node),
                Item::Unknown => return None,
                other => {
                    let message = format!("`{function}` joins outputs of layers, found {}", other.describe());
                    self.report(Diagnostic::error(span, message));
                    return None;
                }
            }
        }
        Some(nodes)
    }

    fn fold(&mut self, nodes: &[usize], operation: Operation, word: &str, span: Span) -> Item {
        let mut all = Item::Node(nodes[0]);
        for node in &nodes[1..] {
            let Item::Node(sum) = all else { return all };
            all = self.join(operation.clone(), word, sum, *node, span);
        }
        all
    }

    /// Joins channels, or, where there are tokens or latents, joins those.
    fn concat(&mut self, nodes: &[usize], span: Span) -> Item {
        let shapes: Vec<Shape> = nodes.iter().map(|n| self.shape(*n)).collect();
        let Some(known) = shapes.iter().map(|s| s.0.clone()).collect::<Option<Vec<_>>>() else {
            return Item::Node(self.push("concat", Operation::Concat { axis: 0 }, nodes, Shape(None), span));
        };
        let token = |d: &Dimension| matches!(d.kind, AxisKind::Token | AxisKind::Latent);
        let axis = usize::from(known.iter().any(|d| d.len() == 2 && token(&d[1])));
        let rank = known[0].len();
        for (node, dimensions) in nodes.iter().zip(&known).skip(1) {
            let mut fits = dimensions.len() == rank;
            for (i, (a, b)) in known[0].iter().zip(dimensions).enumerate().filter(|(i, _)| *i != axis) {
                let same_width = i > 0 || self.drafts.widths.unify(a.size, b.size);
                let sizes = a.size.known().zip(b.size.known()).is_none_or(|(a, b)| a == b);
                fits &= same_width && sizes && a.bp.zip(b.bp).is_none_or(|(a, b)| a == b);
            }
            if !fits {
                let message = format!("`concat` of {} and {}", self.show(nodes[0]), self.show(*node));
                let help = match axis {
                    0 => "channels are joined, so positions and their bp must be the same",
                    _ => "tokens are joined, so their channels must be as many; `token()` makes one of features",
                };
                return self.fail(Diagnostic::error(span, message).help(help));
            }
        }
        let mut total = Some(0usize);
        for dimensions in &known {
            let size = dimensions.get(axis).map_or(Size::Unknown, |d| d.size);
            let number = self.decided(size, span);
            total = total.zip(number).and_then(|(a, b)| a.checked_add(b));
        }
        let mut dimensions = known[0].clone();
        if let Some(joined) = dimensions.get_mut(axis) {
            joined.size = total.into();
            match axis {
                0 if joined.kind != AxisKind::Channel => joined.kind = AxisKind::Feature,
                1 => *joined = Dimension::new(AxisKind::Token, joined.size),
                _ => {}
            }
        }
        let first = dimensions.first_mut();
        if let Some(first) = first.filter(|_| rank > 1) {
            first.kind = AxisKind::Channel;
        }
        Item::Node(self.push("concat", Operation::Concat { axis }, nodes, Shape(Some(dimensions)), span))
    }

    /// `geometric(from, to, n, multiple = m)`: n sizes in equal ratios, both ends included, rounded to multiples.
    fn geometric(&mut self, arguments: &[Argument], span: Span) -> Item {
        let mut numbers = Vec::new();
        let mut multiple = 1.0;
        for argument in arguments {
            let item = self.evaluate(&argument.value);
            let number = match (&item, item.number()) {
                (Item::Unknown, _) => return Item::Unknown,
                (_, Some(x)) if x > 0.0 && x < 1e12 => x,
                _ => {
                    let message = format!("`geometric` needs positive numbers, found {}", item.describe());
                    return self.fail(Diagnostic::error(argument.span, message));
                }
            };
            match argument.name.as_deref() {
                None => numbers.push(number),
                Some("multiple") => multiple = number,
                Some(other) => {
                    let message = format!("`geometric` has no argument `{other}`");
                    return self.fail(Diagnostic::error(argument.span, message).help("`geometric(64, 512, 4, multiple = 8)`"));
                }
            }
        }
        let [from, to, n] = numbers[..] else {
            let message = format!("`geometric` takes 3 values (from, to, how many), found {}", numbers.len());
            return self.fail(Diagnostic::error(span, message).help("such as `geometric(64, 512, 4)`"));
        };
        if n > 10_000.0 || n.fract() != 0.0 {
            let message = format!("`geometric` gives a whole number of sizes, at most 10,000, found {n}");
            return self.fail(Diagnostic::error(span, message));
        }
        let ratio = if n > 1.0 { (to / from).powf(1.0 / (n - 1.0)) } else { 1.0 };
        // Half to even, as Python rounds.
        let size = |i: usize| ((from * ratio.powi(i as i32) / multiple).round_ties_even() * multiple) as i64;
        Item::List(Rc::new((0..n as usize).map(|i| Item::Int(size(i))).collect()))
    }

    /// `widening(width, n, factor)`: the widths of n layers that grow by the factor, rounded down, over the first half and
    /// come back over the second, with a middle one that keeps its width where n is odd; the last has the first width
    /// again (DRG's fully connected blocks: `widening(1024, 3, 1.1)` is `[1126, 1126, 1024]`).
    fn widening(&mut self, arguments: &[Argument], span: Span) -> Item {
        let items: Vec<Item> = arguments.iter().map(|a| self.evaluate(&a.value)).collect();
        if items.iter().any(|item| matches!(item, Item::Unknown)) {
            return Item::Unknown;
        }
        let (width, n, factor) = match items.as_slice() {
            [Item::Int(width), Item::Int(n), factor] if *width > 0 && (0..=10_000).contains(n) => (*width, *n, factor.number()),
            _ => (0, 0, None),
        };
        let Some(factor) = factor.filter(|f| *f >= 1.0 && *f <= 100.0) else {
            let message = "`widening` takes a width, a number of layers and a factor of 1 or more";
            return self.fail(Diagnostic::error(span, message).help("such as `widening(1024, 3, 1.1)`"));
        };
        let mut now = width;
        let mut widths = Vec::new();
        for layer in 1..=n {
            if layer <= n / 2 {
                now = (now as f64 * factor) as i64;
            } else if n % 2 == 0 || layer > n / 2 + 1 {
                now = (now as f64 / factor) as i64;
            }
            widths.push(Item::Int(if layer == n { width } else { now }));
        }
        Item::List(Rc::new(widths))
    }

    /// `dilations(a, b, ..)`: the lists one after the other, each value with its place: `[(0, 1), (1, 2), ..]`.
    fn dilation_steps(&mut self, arguments: &[Argument], span: Span) -> Item {
        let mut steps = Vec::new();
        for argument in arguments {
            let items = match self.evaluate(&argument.value) {
                Item::Unknown => return Item::Unknown,
                Item::List(items) | Item::Tuple(items) => items.to_vec(),
                one => vec![one],
            };
            for item in items {
                match item {
                    Item::Int(n) if n > 0 => steps.push(Item::Int(n)),
                    other => {
                        let message = format!(
                            "`dilations` takes whole numbers above 0 and lists of them, found {}",
                            other.describe()
                        );
                        return self.fail(Diagnostic::error(argument.span, message).help("such as `dilations(2.pow(0..=6))`"));
                    }
                }
            }
        }
        if steps.is_empty() {
            return self.fail(Diagnostic::error(span, "`dilations` of nothing").help("such as `dilations(2.pow(0..=6))`"));
        }
        let pair = |(i, item)| Item::Tuple(Rc::new(vec![Item::Int(i), item]));
        Item::List(Rc::new((0..).zip(steps).map(pair).collect()))
    }

    /// `without(kd)`: the model says that it does not predict an output; `without(..)`: none that it does not assign.
    fn leave_out(&mut self, arguments: &[Argument]) -> Item {
        for argument in arguments {
            if let Kind::Range {
                start: None, end: None, ..
            } = &argument.value.kind
            {
                self.without_rest = true;
            } else if let Kind::Name(name) = &argument.value.kind {
                self.leave_out_output(name, argument.span);
            } else {
                let message = "`without` takes names of outputs";
                self.report(
                    Diagnostic::error(argument.span, message)
                        .help("such as `without(kd);`, or `without(..);` for all that are not assigned"),
                );
            }
        }
        Item::Unit
    }

    /// Methods of numbers and lists.
    pub(crate) fn value_method(&mut self, item: &Item, method: &str, values: &[Item], span: Span) -> Item {
        if matches!(item, Item::Unknown) || values.iter().any(|v| matches!(v, Item::Unknown)) {
            return Item::Unknown;
        }
        match (item, method, values) {
            (Item::Int(base), "pow", [Item::Int(power)]) => power_of(*base, *power),
            (Item::Int(base), "pow", [Item::List(powers)]) => {
                let one = |p: &Item| match p {
                    Item::Int(p) => power_of(*base, *p),
                    _ => None,
                };
                powers
                    .iter()
                    .map(one)
                    .collect::<Option<Vec<Item>>>()
                    .map(|l| Item::List(Rc::new(l)))
            }
            (Item::Float(base), "pow", [power]) => power.number().map(|p| Item::Float(base.powf(p))),
            (Item::Int(a), "min", [Item::Int(b)]) => Some(Item::Int(*a.min(b))),
            (Item::Int(a), "max", [Item::Int(b)]) => Some(Item::Int(*a.max(b))),
            (a, "min", [b]) => a.number().zip(b.number()).map(|(a, b)| Item::Float(a.min(b))),
            (a, "max", [b]) => a.number().zip(b.number()).map(|(a, b)| Item::Float(a.max(b))),
            (Item::List(l), "len", []) => i64::try_from(l.len()).ok().map(Item::Int),
            (Item::List(l), "rev", []) => Some(Item::List(Rc::new(l.iter().rev().cloned().collect()))),
            (Item::List(l), "enumerate", []) => {
                let pair = |(i, item): (usize, &Item)| Item::Tuple(Rc::new(vec![Item::Int(i as i64), item.clone()]));
                Some(Item::List(Rc::new(l.iter().enumerate().map(pair).collect())))
            }
            (Item::List(a), "zip", [Item::List(b)]) => {
                let pair = |(a, b): (&Item, &Item)| Item::Tuple(Rc::new(vec![a.clone(), b.clone()]));
                Some(Item::List(Rc::new(a.iter().zip(b.iter()).map(pair).collect())))
            }
            _ => None,
        }
        .unwrap_or_else(|| {
            let given = values.iter().map(Item::describe).collect::<Vec<_>>().join(", ");
            self.fail(Diagnostic::error(
                span,
                format!("`{method}({given})` of {} has no value", item.describe()),
            ))
        })
    }
}

fn power_of(base: i64, power: i64) -> Option<Item> {
    u32::try_from(power).ok().and_then(|p| base.checked_pow(p)).map(Item::Int)
}
