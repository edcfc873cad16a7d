//! What each layer does to shapes, and what it needs.

mod convolution;
mod dense;
mod pool;
mod positions;
mod simple;
mod strands;
mod tower;

use super::arguments::Arguments;
use super::{Elaborator, Item};
use crate::Operation;
use crate::shape::Shape;

impl Elaborator<'_> {
    /// Applies a layer to what stands before its dot.
    pub(crate) fn layer(&mut self, item: &Item, arguments: &Arguments) -> Item {
        match arguments.layer {
            "conv" => self.convolution(item, arguments),
            "depthwise_conv" => self.depthwise(item, arguments),
            "linear" => self.linear(item, arguments),
            "dense" => self.dense(item, arguments),
            "embed" => self.embed(item, arguments),
            "norm" => self.norm(item, arguments),
            "gelu" => self.gelu(item, arguments),
            "dropout" => self.dropout(item, arguments),
            "pool" => self.pool(item, arguments),
            "residual" => self.tower(item, arguments),
            "both_strands" => self.both_strands(item, arguments.span),
            "crop" => self.crop(item, arguments),
            "flip" => self.flip(item, arguments.span),
            "flatten" => self.flatten(item, arguments.span),
            "mean" => self.reduce(item, arguments, true),
            "max" => self.reduce(item, arguments, false),
            other => self.activation(item, other, arguments.span),
        }
    }

    /// The node of an item (none if it is unknown) and its shape.
    pub(crate) fn source(&self, item: &Item) -> (Vec<usize>, Shape) {
        match item {
            Item::Node(node) | Item::Strands { forward: node, .. } => (vec![*node], self.shape(*node)),
            _ => (Vec::new(), Shape(None)),
        }
    }

    /// A node of the same shape.
    pub(crate) fn same(&mut self, item: &Item, word: &str, operation: Operation, span: cistron_declaration::Span) -> Item {
        let (inputs, shape) = self.source(item);
        Item::Node(self.push(word, operation, &inputs, shape, span))
    }
}
