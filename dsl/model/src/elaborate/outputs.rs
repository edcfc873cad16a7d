//! Outputs: who is assigned, with which width, and what is left.

use super::{Elaborator, Item};
use crate::Operation;
use crate::shape::{Dimension, Shape, Size, name_axes, show_bp};
use cistron_declaration::{AxisKind, Diagnostic, Expression, Port, Span, Target, did_you_mean};
use cistron_display::count;

/// An output that has been assigned.
#[derive(Clone, Debug)]
pub(crate) struct Slot {
    pub(crate) name: String,
    pub(crate) item: Item,
    pub(crate) span: Span,
    /// False after a choice that is not known: it may be assigned again.
    pub(crate) certain: bool,
}

impl Elaborator<'_> {
    /// `name = value;` and `[a, b] = value;`, where each of several outputs evaluates the value anew.
    pub(crate) fn assign(&mut self, targets: &[Target], value: &Expression) {
        if let [target] = targets {
            let item = self.value_for(target, value);
            self.assign_one(target, item);
            return;
        }
        for (i, target) in targets.iter().enumerate() {
            let item = self.value_for(target, value);
            match item {
                Item::List(items) | Item::Tuple(items) => {
                    if items.len() != targets.len() && i == 0 {
                        let message = format!("{} names where {} values stand", targets.len(), items.len());
                        self.report(Diagnostic::error(value.span, message));
                    }
                    for (target, item) in targets.iter().zip(items.iter()) {
                        self.assign_one(target, item.clone());
                    }
                    return;
                }
                item => self.assign_one(target, item),
            }
        }
    }

    /// The value of an assignment; layers in it are named after an output, not after a `let mut`.
    fn value_for(&mut self, target: &Target, value: &Expression) -> Item {
        let output = self.scope.find(&target.name).is_none();
        if !output {
            return self.evaluate(value);
        }
        let outputs = self.signature.map(|s| &s.outputs);
        let port = outputs.and_then(|o| o.iter().find(|p| p.name == target.name));
        self.places_wanted = port.map(|p| p.axes.iter().any(|a| a.kind == AxisKind::Position));
        self.drafts.enter(&target.name, true);
        let item = self.evaluate(value);
        self.drafts.leave();
        self.places_wanted = None;
        item
    }

    fn assign_one(&mut self, target: &Target, item: Item) {
        if self.halted {
            return;
        }
        let (name, span) = (target.name.as_str(), target.span);
        if target.index.is_some() {
            self.report(Diagnostic::error(span, format!("`{name}[..]` parses but cannot run yet")));
            return;
        }
        if let Some(of) = &target.of
            && !self.declaration.on.iter().any(|on| on == of)
        {
            let help = did_you_mean(of, self.declaration.on.iter().map(String::as_str));
            self.report(Diagnostic::error(span, format!("`{of}` is no data set of this model")).help(help));
            return;
        }
        if target.of.is_none() && self.change(name, item.clone(), span) {
            return;
        }
        if let Some(first) = self.outputs.iter().find(|o| o.name == name && o.certain).map(|o| o.span) {
            let message = format!("output `{name}` is assigned twice");
            self.report(
                Diagnostic::error(span, message)
                    .label(format!("first on line {}", first.line))
                    .help("give the value between a name of its own with `let`"),
            );
            return;
        }
        let item = match self.port(name, span) {
            Ok(port) => self.fit_output(port.as_ref(), item, span),
            Err(()) => return,
        };
        self.outputs.retain(|o| o.name != name);
        self.outputs.push(Slot {
            name: name.into(),
            item,
            span,
            certain: true,
        });
    }

    /// The data's output of this name; nothing inside the macro.
    fn port(&mut self, name: &str, span: Span) -> Result<Option<Port>, ()> {
        let Some(signature) = self.signature else { return Ok(None) };
        if let Some(port) = signature.outputs.iter().find(|p| p.name == name) {
            return Ok(Some(port.clone()));
        }
        let data = self.data_name().to_string();
        let diagnostic = if signature.inputs.iter().any(|p| p.name == name) {
            Diagnostic::error(span, format!("`{name}` is an input of `{data}`, not an output"))
                .help("bind what is computed from it with `let`")
        } else {
            let help = did_you_mean(name, signature.outputs.iter().map(|p| p.name.as_str()));
            Diagnostic::error(span, format!("`{name}` is no output of `{data}`"))
                .help(format!("{help} A value of your own is bound by `let {name} = ..`"))
        };
        self.report(diagnostic);
        Err(())
    }

    /// Checks what an output is given and gives an open width the output's.
    fn fit_output(&mut self, port: Option<&Port>, item: Item, span: Span) -> Item {
        let node = match item {
            Item::Node(node) => node,
            Item::Unknown => return Item::Unknown,
            Item::Strands { .. } => {
                let message = "both strands are assigned before a convolution has brought them together";
                return self.fail(Diagnostic::error(span, message));
            }
            other => {
                let message = format!("an output is the output of a layer, found {}", other.describe());
                return self.fail(Diagnostic::error(span, message));
            }
        };
        let given = self.shape(node);
        let Some(port) = port else {
            if let Some(Size::Width(w)) = given.0.as_ref().and_then(|d| d.first()).map(|d| d.size) {
                self.drafts.widths.unify(Size::Width(w), Size::Unknown);
            }
            return item;
        };
        let Some(node) = self.with_tracks(node, port, span) else {
            return Item::Unknown;
        };
        let (item, given) = (Item::Node(node), self.shape(node));
        let mut wanted = Shape::of(&port.axes).0.unwrap_or_default();
        if wanted.is_empty() {
            wanted.push(Dimension::new(AxisKind::Track, Size::Known(1)));
        }
        let Some(found) = &given.0 else { return item };
        let position = Dimension::is_place;
        let same = found.len() == wanted.len() && found.iter().zip(&wanted).all(|(a, b)| position(a) == position(b));
        let sizes = same
            && found
                .iter()
                .zip(&wanted)
                .all(|(a, b)| self.drafts.widths.unify(a.size, b.size));
        let units = found
            .iter()
            .zip(&wanted)
            .all(|(a, b)| a.bp.zip(b.bp).is_none_or(|(a, b)| a == b));
        if sizes && units {
            self.name_tracks(node, port);
            return item;
        }
        let wanted = Shape(Some(wanted));
        let message = match (given.positions(), wanted.positions()) {
            (Some(a), Some(b)) if same && (!units || a.size.known() != b.size.known()) => {
                let bins = |d: Dimension| {
                    let size = d.size.known().map_or_else(|| "?".into(), count);
                    let unit = d.bp.map_or_else(String::new, |bp| format!(" of {} bp", show_bp(bp)));
                    (size, unit)
                };
                let ((has, has_unit), (gives, gives_unit)) = (bins(b), bins(a));
                format!(
                    "output `{}` has {has} bins{has_unit}, the graph gives {gives}{gives_unit}",
                    port.name
                )
            }
            _ => {
                format!(
                    "output `{}` is {}, the graph gives {}",
                    port.name,
                    name_axes(&wanted.axes()),
                    name_axes(&given.axes())
                )
            }
        };
        let help = match (same, wanted.rank()) {
            (false, Some(1)) => "end with `.linear()` without a number, which flattens and takes the output's width",
            (true, Some(1)) => "`.linear()` without a number takes the output's width",
            _ => "`.conv(width = 1)` without a number of filters takes the output's tracks",
        };
        self.fail(Diagnostic::error(span, message).help(help))
    }

    /// `without(name)`.
    pub(crate) fn leave_out_output(&mut self, name: &str, span: Span) {
        let known = self
            .signature
            .map(|s| s.outputs.iter().map(|p| p.name.clone()).collect::<Vec<_>>());
        if let Some(names) = known.filter(|names| !names.iter().any(|n| n == name)) {
            let message = format!("`{name}` is no output of `{}`", self.data_name());
            self.report(Diagnostic::error(span, message).help(did_you_mean(name, names.iter().map(String::as_str))));
        }
        self.without.push(name.into());
    }

    /// After a choice that is not known: outputs of one way alone may have been assigned.
    pub(crate) fn merge_outputs(&mut self, other: Vec<Slot>) {
        for slot in &mut self.outputs {
            slot.certain &= other.iter().any(|o| o.name == slot.name && o.certain);
        }
        for slot in other {
            if !self.outputs.iter().any(|o| o.name == slot.name) {
                self.outputs.push(Slot { certain: false, ..slot });
            }
        }
    }

    /// What must hold once the whole body has run.
    pub(crate) fn check_outputs(&mut self) {
        self.check_unused_blocks();
        self.check_joined_tracks();
        let Some(signature) = self.signature.filter(|_| !self.halted) else {
            return;
        };
        let span = self.header_span();
        let data = self.data_name().to_string();
        for port in &signature.outputs {
            let assigned = self.outputs.iter().find(|o| o.name == port.name).map(|o| o.span);
            let left_out = self.without.contains(&port.name);
            match (assigned, left_out) {
                (None, false) if !self.without_rest => {
                    let message = format!("output `{}` of `{data}` is never assigned", port.name);
                    let help = format!(
                        "add `{0} = ..;`, or say `without({0});` if this model does not predict it",
                        port.name
                    );
                    self.report(Diagnostic::error(span, message).help(help));
                }
                (Some(at), true) => {
                    self.report(Diagnostic::error(
                        at,
                        format!("output `{}` is assigned and left out", port.name),
                    ));
                }
                _ => {}
            }
        }
        self.check_floor();
    }

    fn check_unused_blocks(&mut self) {
        let unused: Vec<(Span, String)> = self
            .called
            .iter()
            .filter(|(_, (_, n))| *n == 0)
            .map(|(s, (name, _))| (*s, name.clone()))
            .collect();
        for (span, name) in unused {
            self.report(Diagnostic::warning(span, format!("block `{name}` is never called")));
        }
    }

    /// A difference of activated heads cannot be what was meant.
    fn check_floor(&mut self) {
        let nodes: Vec<usize> = self.outputs.iter().filter_map(|o| node_of(&o.item)).collect();
        let mut found = Vec::new();
        for node in nodes {
            let Some(draft) = self.drafts.list.get(node).filter(|d| d.operation == Operation::Subtract) else {
                continue;
            };
            for input in &draft.inputs {
                let mut at = &self.drafts.list[*input];
                while let (Operation::Dropout { .. }, Some(before)) = (&at.operation, at.inputs.first()) {
                    at = &self.drafts.list[*before];
                }
                if let Operation::Gelu(_) = at.operation {
                    found.push(at.span);
                }
            }
        }
        for span in found {
            let message = "difference of GELU-activated heads: this head cannot go below -0.17";
            self.report(Diagnostic::warning(span, message).help("end the head with `.linear()`"));
        }
    }
}

fn node_of(item: &Item) -> Option<usize> {
    match item {
        Item::Node(node) => Some(*node),
        _ => None,
    }
}
