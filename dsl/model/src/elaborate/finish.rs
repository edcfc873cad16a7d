//! From drafts to the graph: what reaches no output is left out, widths are filled in, parameters are made.

use super::wanted::{Wanted, settle, wanted};
use super::{Draft, Elaborator, Item};
use crate::shape::Size;
use crate::{Graph, GraphParameter, Node, Operation};
use cistron_declaration::{Diagnostic, Span};
use std::collections::HashMap;

/// The most numbers of one parameter.
const MOST_NUMBERS: usize = 1 << 34;

impl Elaborator<'_> {
    /// The number of an axis that is needed now; an open width is an error at its `.linear()`.
    pub(crate) fn decided(&mut self, size: Size, span: Span) -> Option<usize> {
        match self.drafts.widths.resolve(size) {
            Size::Known(n) => Some(n),
            Size::Unknown => None,
            Size::Width(w) => {
                let at = self.open_widths.get(w).copied().unwrap_or(span);
                self.open_width(at);
                self.drafts.widths.unify(Size::Width(w), Size::Unknown);
                None
            }
        }
    }

    fn open_width(&mut self, span: Span) {
        let message = "a layer without a number takes the width of the output that it is assigned to, and this one meets none";
        self.report(Diagnostic::error(span, message).help("write the number, such as `.linear(64)`"));
    }

    /// The graph, if the data set is known and nothing is wrong.
    pub(crate) fn finish(&mut self) -> Option<Graph> {
        let signature = self.signature?;
        self.report_unknown_outputs();
        let live = self.live();
        self.report_unread(&live);
        for (i, draft) in self.drafts.list.clone().iter().enumerate() {
            if live[i] && !self.halted {
                self.decided(draft.shape.first(), draft.span);
            }
        }
        if self.has_errors() {
            return None;
        }
        let mut graph = Graph::default();
        let mut places = vec![0; self.drafts.list.len()];
        let mut named: HashMap<String, usize> = HashMap::new();
        let drafts = std::mem::take(&mut self.drafts.list);
        for (i, draft) in drafts.iter().enumerate().filter(|(i, _)| live[*i]) {
            let shape = self.drafts.widths.resolve_shape(&draft.shape);
            let inputs: Vec<usize> = draft.inputs.iter().map(|n| places[*n]).collect();
            if let (true, [input]) = (draft.alias, inputs.as_slice()) {
                places[i] = *input;
                continue;
            }
            let operation = settle(&draft.operation, &shape);
            let sizes: Vec<Vec<usize>> = inputs.iter().map(|n| graph.nodes[*n].sizes()).collect();
            let output: Vec<usize> = shape.axes().iter().map(|a| a.size.unwrap_or(0)).collect();
            let wanted = wanted(&operation, &sizes, &output, draft.rule);
            let parameters = self.place(&mut graph, &mut named, draft, wanted);
            places[i] = graph.nodes.len();
            graph.nodes.push(Node {
                operation,
                inputs,
                parameters,
                axes: shape.axes(),
                name: draft.name.clone(),
                span: draft.span,
                receptive_field_bp: draft.sees_bp,
                recompute: draft.recompute,
            });
        }
        for port in &signature.outputs {
            if let Some(Item::Node(node)) = self.outputs.iter().find(|o| o.name == port.name).map(|o| &o.item) {
                graph.outputs.push((port.name.clone(), places[*node]));
            }
        }
        (!self.has_errors()).then_some(graph)
    }

    /// Nothing may stay unknown without a message.
    fn report_unknown_outputs(&mut self) {
        let unknown = self.outputs.iter().find(|o| matches!(o.item, Item::Unknown)).cloned();
        if let Some(slot) = unknown.filter(|_| !self.has_errors()) {
            let message = format!("the value of output `{}` is not known", slot.name);
            self.report(Diagnostic::error(slot.span, message));
        }
    }

    /// Which drafts an output needs.
    fn live(&self) -> Vec<bool> {
        let mut live = vec![false; self.drafts.list.len()];
        for slot in &self.outputs {
            if let Item::Node(node) = slot.item
                && let Some(flag) = live.get_mut(node)
            {
                *flag = true;
            }
        }
        for i in (0..live.len()).rev() {
            if live[i] {
                for input in &self.drafts.list[i].inputs {
                    live[*input] = true;
                }
            }
        }
        live
    }

    /// Inputs that no output reads, and layers that lead nowhere.
    fn report_unread(&mut self, live: &[bool]) {
        if self.has_errors() {
            return;
        }
        let Some(signature) = self.signature else { return };
        let (span, data) = (self.header_span(), self.data_name().to_string());
        for port in &signature.inputs {
            if !self.inputs.get(&port.name).is_some_and(|n| live[*n]) {
                let message = format!("input `{}` of `{data}` is read by no output", port.name);
                self.report(Diagnostic::warning(span, message));
            }
        }
        let mut read = vec![false; live.len()];
        for draft in &self.drafts.list {
            for input in &draft.inputs {
                read[*input] = true;
            }
        }
        for i in (0..live.len()).filter(|i| !live[*i] && !read[*i]) {
            let draft = &self.drafts.list[i];
            if !matches!(draft.operation, Operation::Input { .. }) {
                let message = format!("`{}` reaches no output and is left out", draft.name);
                self.report(Diagnostic::warning(draft.span, message));
            }
        }
    }

    /// Gives a node its parameters: new ones, or those of an earlier node with the same name of weights.
    fn place(&mut self, graph: &mut Graph, named: &mut HashMap<String, usize>, draft: &Draft, wanted: Vec<Wanted>) -> Vec<usize> {
        let mut ids = Vec::new();
        for Wanted {
            word,
            sizes,
            start,
            trainable,
        } in wanted
        {
            let name = format!("{}.{word}", draft.weights);
            let numbers = sizes.iter().try_fold(1usize, |a, b| a.checked_mul(*b));
            if numbers.is_none_or(|n| n > MOST_NUMBERS) {
                let message = format!("`{name}` would hold {sizes:?} numbers, more than {MOST_NUMBERS}");
                self.report(Diagnostic::error(draft.span, message).help("pool more before it, or make it narrower"));
                continue;
            }
            let id = match named.get(&name) {
                Some(id) => {
                    let first = &graph.parameters[*id].sizes;
                    if *first != sizes {
                        let message = format!("shared weights `{name}` are {first:?} in one call and {sizes:?} in another");
                        let help = "all calls of a `shared block` need inputs of the same channels; `block` gives each its own";
                        self.report(Diagnostic::error(draft.span, message).help(help));
                    }
                    *id
                }
                None => {
                    graph.parameters.push(GraphParameter {
                        name: name.clone(),
                        sizes,
                        start,
                        trainable,
                    });
                    named.insert(name, graph.parameters.len() - 1);
                    graph.parameters.len() - 1
                }
            };
            ids.push(id);
        }
        ids
    }
}
