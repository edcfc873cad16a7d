//! Names that an expression can see.

use super::Item;
use cistron_declaration::{BlockDefinition, Span};
use std::rc::Rc;

/// What a name stands for.
#[derive(Clone, Debug)]
pub(crate) struct Binding {
    pub(crate) name: String,
    pub(crate) item: Item,
    pub(crate) mutable: bool,
}

/// The names of one body.
#[derive(Clone, Debug, Default)]
pub(crate) struct Frame {
    pub(crate) bindings: Vec<Binding>,
    pub(crate) blocks: Vec<Rc<BlockDefinition>>,
}

/// The bodies around an expression, the innermost last.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scope {
    pub(crate) frames: Vec<Frame>,
}

impl Scope {
    pub(crate) fn bind(&mut self, name: &str, item: Item, mutable: bool) {
        if let Some(frame) = self.frames.last_mut() {
            frame.bindings.push(Binding {
                name: name.into(),
                item,
                mutable,
            });
        }
    }

    pub(crate) fn find(&self, name: &str) -> Option<&Binding> {
        self.frames
            .iter()
            .rev()
            .find_map(|f| f.bindings.iter().rev().find(|b| b.name == name))
    }

    pub(crate) fn find_mut(&mut self, name: &str) -> Option<&mut Binding> {
        self.frames
            .iter_mut()
            .rev()
            .find_map(|f| f.bindings.iter_mut().rev().find(|b| b.name == name))
    }

    /// The block of this name and the number of frames that its body can see.
    pub(crate) fn block(&self, name: &str) -> Option<(Rc<BlockDefinition>, usize)> {
        let frames = self.frames.iter().enumerate().rev();
        frames
            .flat_map(|(depth, f)| f.blocks.iter().map(move |b| (b, depth + 1)))
            .find(|(b, _)| b.name == name)
            .map(|(b, depth)| (Rc::clone(b), depth))
    }

    /// Every name in sight.
    pub(crate) fn names(&self) -> Vec<String> {
        let all = self.frames.iter().flat_map(|f| f.bindings.iter().map(|b| b.name.clone()));
        all.collect()
    }

    /// Every block in sight.
    pub(crate) fn block_names(&self) -> Vec<String> {
        self.frames
            .iter()
            .flat_map(|f| f.blocks.iter().map(|b| b.name.clone()))
            .collect()
    }
}

/// Where the first of two definitions stands.
pub(crate) fn same_name(blocks: &[Rc<BlockDefinition>], name: &str) -> Option<Span> {
    blocks.iter().find(|b| b.name == name).map(|b| b.span)
}
