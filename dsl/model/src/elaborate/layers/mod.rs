//! What each layer does to shapes, and what it needs.

mod attention;
mod convolution;
mod custom;
mod dense;
mod maps;
mod norm;
mod places;
mod pool;
mod positions;
mod simple;
mod strands;
mod tokens;
mod tower;

use super::arguments::Arguments;
use super::{Elaborator, Item};
use crate::Operation;
use crate::shape::Shape;
use positions::Over;

impl Elaborator<'_> {
    /// Applies a layer to what stands before its dot.
    pub(crate) fn layer(&mut self, item: &Item, arguments: &Arguments) -> Item {
        match arguments.layer {
            "conv" => self.convolution(item, arguments),
            "depthwise_conv" => self.depthwise(item, arguments),
            "transposed_conv" => self.transposed(item, arguments),
            "linear" => self.linear(item, arguments),
            "dense" => self.dense(item, arguments),
            "embed" => self.embed(item, arguments),
            "bins" => self.bins(item, arguments),
            "norm" => self.norm(item, arguments),
            "gelu" => self.gelu(item, arguments),
            "pow" => self.power(item, arguments),
            "dropout" => self.dropout(item, arguments),
            "pool" => self.pool(item, arguments),
            "upsample" => self.upsample(item, arguments),
            "residual" => self.tower(item, arguments),
            "attention" => self.attention(item, arguments),
            "cross_attention" => self.cross_attention(item, arguments),
            "self_attention" => self.self_attention(item, arguments),
            "strand_conv" => self.strand_convolution(item, arguments),
            "both_strands" => self.both_strands(item, arguments),
            "crop" => self.crop(item, arguments),
            "flip" => self.flip(item, arguments.span),
            "flatten" => self.flatten(item, arguments.span),
            "mean" => self.over(item, arguments, Over::Mean),
            "max" => self.over(item, arguments, Over::Largest),
            "sum" => self.over(item, arguments, Over::Sum),
            "softmax" => self.over(item, arguments, Over::Softmax),
            "log_softmax" => self.over(item, arguments, Over::LogSoftmax),
            "outer_sum" => self.outer_sum(item, arguments),
            "symmetric" => self.symmetric(item, arguments.span),
            "distance_encoding" => self.distance_encoding(item, arguments.span),
            "wavelengths" => self.wavelengths(item, arguments.span),
            "token" => self.token(item, arguments),
            "tokens" => self.tokens(item, arguments.span),
            "film" => self.film(item, arguments),
            "custom" => self.custom(item, arguments),
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
