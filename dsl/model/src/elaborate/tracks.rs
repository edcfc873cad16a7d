//! Tracks by name: outputs of unequal track sets meet where their names are the same.

use super::Elaborator;
use crate::Operation;
use crate::shape::{Dimension, Shape, Size};
use cistron_declaration::{Diagnostic, Port, Span};
use std::rc::Rc;

/// The most names that a message lists.
const SHOWN: usize = 5;

/// An operator of which one side had no names of tracks when it was met.
pub(crate) struct Unnamed {
    sides: [usize; 2],
    word: String,
    span: Span,
}

impl Elaborator<'_> {
    /// The names of a node's tracks: those of the output that it, or what it is a function of value by value, was given to.
    fn tracks_of(&self, node: usize) -> Option<Rc<Vec<String>>> {
        let mut at = node;
        loop {
            if let Some(names) = self.tracks.get(&at) {
                return Some(Rc::clone(names));
            }
            let draft = self.drafts.list.get(at)?;
            match (&draft.operation, draft.inputs.as_slice()) {
                (operation, [input]) if by_value(operation) => at = *input,
                _ => return None,
            }
        }
    }

    /// Both sides of an operator with the tracks that they have in common, where both have names and these differ.
    pub(crate) fn align(&mut self, word: &str, a: usize, b: usize, span: Span) -> Option<(usize, usize)> {
        let (Some(left), Some(right)) = (self.tracks_of(a), self.tracks_of(b)) else {
            self.unnamed.push(Unnamed {
                sides: [a, b],
                word: word.into(),
                span,
            });
            return Some((a, b));
        };
        if left == right {
            return Some((a, b));
        }
        let common: Vec<String> = left.iter().filter(|name| right.contains(name)).cloned().collect();
        if common.is_empty() {
            let message = format!(
                "`{word}` of outputs without a common track: {} and {}",
                listed(left.iter()),
                listed(right.iter())
            );
            self.report(Diagnostic::error(span, message).help("tracks meet by name: name the columns of both tables alike"));
            return None;
        }
        let mut missing: Vec<&String> = left.iter().filter(|name| !right.contains(name)).collect();
        missing.extend(right.iter().filter(|name| !left.contains(name)));
        let message = match missing.len() {
            0 => format!("`{word}`: the tracks of both sides stand in another order and are aligned by name"),
            n => format!(
                "`{word}`: aligned by name, {} tracks are on both sides; {n} on one side alone: {}",
                common.len(),
                listed(missing.into_iter())
            ),
        };
        self.report(Diagnostic::warning(span, message));
        let common = Rc::new(common);
        Some((self.pick(a, &left, &common, span), self.pick(b, &right, &common, span)))
    }

    /// Notes the names of what an operator joined: those of its sides.
    pub(crate) fn joined_tracks(&mut self, node: usize, a: usize, b: usize) {
        if let Some(names) = self.tracks_of(a).or_else(|| self.tracks_of(b)) {
            self.tracks.insert(node, names);
        }
    }

    /// A node with the tracks of an output in its order; an error if it lacks one. A node without names takes the output's.
    pub(crate) fn with_tracks(&mut self, node: usize, port: &Port, span: Span) -> Option<usize> {
        if port.tracks.len() < 2 {
            return Some(node);
        }
        let Some(found) = self.tracks_of(node) else {
            return Some(node);
        };
        let wanted = Rc::new(port.tracks.clone());
        let missing: Vec<&String> = wanted.iter().filter(|name| !found.contains(name)).collect();
        if !missing.is_empty() {
            let message = format!(
                "output `{}` has {} tracks that the graph does not give: {}",
                port.name,
                missing.len(),
                listed(missing.iter().copied())
            );
            let help = "tracks meet by name: what is computed from other outputs has the tracks that all of them have";
            self.report(Diagnostic::error(span, message).help(help));
            return None;
        }
        if found.len() > wanted.len() {
            let message = format!(
                "output `{}` takes {} of {} tracks by name",
                port.name,
                wanted.len(),
                found.len()
            );
            self.report(Diagnostic::warning(span, message));
        }
        Some(self.pick(node, &found, &wanted, span))
    }

    /// Notes the names of a node's tracks once an output has been given it.
    pub(crate) fn name_tracks(&mut self, node: usize, port: &Port) {
        if port.tracks.len() < 2 || self.tracks_of(node).is_some() {
            return;
        }
        let names = Rc::new(port.tracks.clone());
        let mut at = Some(node);
        // What it is a function of, value by value, has the same tracks.
        while let Some(node) = at {
            self.tracks.insert(node, Rc::clone(&names));
            at = self.drafts.list.get(node).and_then(|draft| match draft.inputs.as_slice() {
                [input] if by_value(&draft.operation) => Some(*input),
                _ => None,
            });
        }
    }

    /// Operators whose sides got their names only afterwards, and unequal ones: they were joined by position.
    pub(crate) fn check_joined_tracks(&mut self) {
        for Unnamed {
            sides: [a, b],
            word,
            span,
        } in std::mem::take(&mut self.unnamed)
        {
            let (Some(left), Some(right)) = (self.tracks_of(a), self.tracks_of(b)) else {
                continue;
            };
            if left != right {
                let message = format!(
                    "`{word}` of values that are outputs of unequal tracks further down: {} and {}",
                    listed(left.iter()),
                    listed(right.iter())
                );
                let help = "assign those outputs first, so that their tracks meet by name: `kt = ..; kd = ..; ex = kt - kd;`";
                self.report(Diagnostic::error(span, message).help(help));
            }
        }
    }

    fn pick(&mut self, node: usize, from: &[String], to: &Rc<Vec<String>>, span: Span) -> usize {
        if from == to.as_slice() {
            return node;
        }
        let places: Vec<usize> = to.iter().filter_map(|name| from.iter().position(|f| f == name)).collect();
        let mut shape = self.shape(node);
        if let Some(first) = shape.0.as_mut().and_then(|d| d.first_mut()) {
            *first = Dimension::new(first.kind, Size::Known(places.len()));
        }
        let picked = self.push("tracks", Operation::Pick { places }, &[node], Shape(shape.0), span);
        self.tracks.insert(picked, Rc::clone(to));
        picked
    }
}

/// Operations that keep each value in its place.
fn by_value(operation: &Operation) -> bool {
    matches!(
        operation,
        Operation::Relu
            | Operation::Gelu(_)
            | Operation::Silu
            | Operation::Softplus
            | Operation::Sigmoid
            | Operation::Tanh
            | Operation::Exp
            | Operation::Log
            | Operation::Log1p
            | Operation::SquareRoot
            | Operation::Abs
            | Operation::Power { .. }
            | Operation::Dropout { .. }
            | Operation::Affine { .. }
    )
}

fn listed<'a>(names: impl ExactSizeIterator<Item = &'a String>) -> String {
    let more = names.len().saturating_sub(SHOWN);
    let shown: Vec<String> = names.take(SHOWN).map(|n| format!("`{n}`")).collect();
    match more {
        0 => shown.join(", "),
        n => format!("{} and {n} more", shown.join(", ")),
    }
}
