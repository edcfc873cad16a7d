//! The parameters that operations read, and how they begin.

use super::start::Rule;
use crate::shape::Shape;
use crate::{Convention, Operation, Start};

/// One parameter of an operation before it is placed.
pub(crate) struct Wanted {
    pub(crate) word: &'static str,
    pub(crate) sizes: Vec<usize>,
    pub(crate) start: Start,
    pub(crate) trainable: bool,
}

/// Fills in the width that an output decided.
pub(crate) fn settle(operation: &Operation, shape: &Shape) -> Operation {
    let size = shape.first().known().unwrap_or(0);
    let mut settled = operation.clone();
    match &mut settled {
        Operation::Convolution { filters, .. }
        | Operation::Convolution2d { filters, .. }
        | Operation::StrandConvolution { filters, .. }
        | Operation::TransposedConvolution { filters, .. }
        | Operation::TransposedConvolution2d { filters, .. } => *filters = size,
        Operation::Linear { features, .. } => *features = size,
        _ => {}
    }
    settled
}

fn weight(word: &'static str, sizes: Vec<usize>, start: Start) -> Wanted {
    Wanted {
        word,
        sizes,
        start,
        trainable: true,
    }
}

fn buffer(word: &'static str, sizes: Vec<usize>, start: Start) -> Wanted {
    Wanted {
        trainable: false,
        ..weight(word, sizes, start)
    }
}

/// A weight with its bias: `outputs` of it read `fan_in` numbers each, `fan_out` read one of its inputs.
fn with_bias(sizes: Vec<usize>, outputs: usize, fans: (usize, usize), bias: bool, rule: Rule) -> Vec<Wanted> {
    let mut list = vec![weight("weight", sizes, rule.weight(fans.0, fans.1))];
    list.extend(bias.then(|| weight("bias", vec![outputs], rule.bias(fans.0))));
    list
}

/// Gain 1 and offset 0 for each channel.
fn scale(channels: usize) -> Vec<Wanted> {
    vec![
        weight("weight", vec![channels], Start::Constant(1.0)),
        weight("bias", vec![channels], Start::Constant(0.0)),
    ]
}

/// The parameters that an operation reads, in its documented order. `inputs` are the sizes of its inputs, `output` its own.
pub(crate) fn wanted(operation: &Operation, inputs: &[Vec<usize>], output: &[usize], rule: Rule) -> Vec<Wanted> {
    let input = inputs.first().map(Vec::as_slice).unwrap_or_default();
    let first = input.first().copied().unwrap_or(0);
    match operation {
        Operation::Convolution {
            filters,
            width,
            groups,
            bias,
            ..
        } => {
            let channels = first / (*groups).max(1);
            let fans = (
                channels.saturating_mul(*width),
                (filters / (*groups).max(1)).saturating_mul(*width),
            );
            with_bias(vec![*filters, channels, *width], *filters, fans, *bias, rule)
        }
        Operation::StrandConvolution {
            filters, width, bias, ..
        } => {
            let fans = (first.saturating_mul(*width), filters.saturating_mul(*width));
            with_bias(vec![*filters, first, *width], *filters, fans, *bias, rule)
        }
        Operation::Convolution2d {
            filters,
            width,
            groups,
            bias,
            ..
        } => {
            let (channels, taps) = (first / (*groups).max(1), width.saturating_mul(*width));
            let fans = (
                channels.saturating_mul(taps),
                (filters / (*groups).max(1)).saturating_mul(taps),
            );
            with_bias(vec![*filters, channels, *width, *width], *filters, fans, *bias, rule)
        }
        // PyTorch counts the fan of a transposed convolution by the second axis of its weight: the filters of a group.
        Operation::TransposedConvolution {
            filters,
            width,
            groups,
            bias,
            ..
        } => {
            let each = filters / (*groups).max(1);
            let fans = (each.saturating_mul(*width), (first / (*groups).max(1)).saturating_mul(*width));
            with_bias(vec![first, each, *width], *filters, fans, *bias, rule)
        }
        Operation::TransposedConvolution2d {
            filters,
            width,
            groups,
            bias,
            ..
        } => {
            let (each, taps) = (filters / (*groups).max(1), width.saturating_mul(*width));
            let fans = (each.saturating_mul(taps), (first / (*groups).max(1)).saturating_mul(taps));
            with_bias(vec![first, each, *width, *width], *filters, fans, *bias, rule)
        }
        Operation::Linear { features, bias } => {
            let inputs = input.last().copied().unwrap_or(0);
            with_bias(vec![*features, inputs], *features, (inputs, *features), *bias, rule)
        }
        Operation::BatchNorm { convention, .. } => {
            let mut list = scale(first);
            list.push(buffer("running_mean", vec![first], Start::Constant(0.0)));
            // What is divided by what it has seen begins at 0.
            let variance = f64::from(u8::from(*convention != Convention::Sonnet));
            list.push(buffer("running_var", vec![first], Start::Constant(variance)));
            if *convention == Convention::Sonnet {
                list.push(buffer("updates", vec![1], Start::Constant(0.0)));
            }
            list
        }
        Operation::LayerNorm { .. } | Operation::GroupNorm { .. } => scale(first),
        Operation::RmsNorm { .. } => vec![weight("weight", vec![first], Start::Constant(1.0))],
        Operation::AttentionPool { .. } => vec![weight("weight", vec![first, first], Start::Identity(2.0))],
        Operation::RelativeAttention { heads, basis, .. } => {
            // Sonnet counts the fan of the biases, [1, heads, 1, key], by the heads.
            let bias = match rule {
                Rule::PyTorch => Start::Constant(0.0),
                other => other.weight(*heads, *heads),
            };
            vec![
                weight("content_bias", vec![first], bias),
                weight("position_bias", vec![first], bias),
                weight("weight", vec![first, basis.features], rule.weight(basis.features, first)),
            ]
        }
        Operation::Embedding { count, width } => vec![weight("weight", vec![*count, *width], rule.table(*width))],
        Operation::Latents { count, width } => vec![weight("weight", vec![*count, *width], rule.table(*width))],
        Operation::Positions => {
            let sizes = vec![input.get(1).copied().unwrap_or(0), first];
            vec![weight("weight", sizes, rule.table(first))]
        }
        Operation::Table => {
            let start = if output.len() == 2 {
                Start::Wavelengths
            } else {
                Start::Distances
            };
            vec![buffer("values", output.to_vec(), start)]
        }
        _ => Vec::new(),
    }
}
