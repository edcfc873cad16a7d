//! From a declared operation to one that computes.

use crate::error::{NetworkError, Result};
use cistron_model::{Convention, Gamma, Gelu, Graph, Node, Operation as Declared, Pool, Rest};
use cistron_ops::{
    Activation, Affine, Arithmetic, Attention, AttentionPool, BatchNorm, Concat, Convolution, Crop, Dropout, Flatten, GammaRule,
    GroupNorm, LayerNorm, Linear, LogSoftmax, Operation, PoolKind, Pooling, Reduce, RelativeAttention, Reverse, RmsNorm, Running,
    Softmax, checked_operations,
};

/// The operation of each node; nothing for inputs.
///
/// # Errors
/// A node that reads one after it, a parameter that doesn't exist, an operation that the harness does not cover.
pub(crate) fn operations(graph: &Graph) -> Result<Vec<Option<Box<dyn Operation>>>> {
    graph
        .nodes
        .iter()
        .enumerate()
        .map(|(id, node)| {
            let mistake = |what: String| NetworkError::Graph {
                layer: node.name.clone(),
                what,
            };
            if let Some(input) = node.inputs.iter().find(|input| **input >= id) {
                return Err(mistake(format!("it reads node {input}, which is not computed before it")));
            }
            if let Some(parameter) = node.parameters.iter().find(|p| **p >= graph.parameters.len()) {
                return Err(mistake(format!(
                    "it reads parameter {parameter} of {}",
                    graph.parameters.len()
                )));
            }
            let operation = operation(node).map_err(mistake)?;
            operation.iter().try_for_each(|o| covered(o.name())).map_err(mistake)?;
            Ok(operation)
        })
        .collect()
}

/// Whether the harness of gradients covers an operation.
fn covered(name: &str) -> std::result::Result<(), String> {
    if checked_operations().contains(&name) {
        return Ok(());
    }
    Err(format!("`{name}` is not covered by the harness of gradients"))
}

/// The word of an operation that nothing computes yet.
fn not_covered(operation: &Declared) -> String {
    let text = format!("{operation:?}");
    let word = text.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
    format!("`{word}` is not covered by the harness of gradients")
}

fn operation(node: &Node) -> std::result::Result<Option<Box<dyn Operation>>, String> {
    let boxed: Box<dyn Operation> = match &node.operation {
        Declared::Input { .. } => return Ok(None),
        Declared::Convolution {
            stride,
            dilation,
            groups,
            padding,
            ..
        } => Box::new(Convolution {
            stride: *stride,
            dilation: *dilation,
            groups: *groups,
            padding: *padding,
        }),
        Declared::Linear { .. } => Box::new(Linear),
        Declared::BatchNorm {
            epsilon,
            momentum,
            convention,
            virtual_batch,
        } => Box::new(BatchNorm {
            epsilon: *epsilon,
            momentum: *momentum,
            running: match convention {
                Convention::PyTorch => Running::PyTorch,
                Convention::Keras => Running::Keras,
                Convention::Sonnet => Running::Sonnet,
            },
            group: *virtual_batch,
        }),
        Declared::LayerNorm { epsilon } => Box::new(LayerNorm { epsilon: *epsilon }),
        Declared::GroupNorm { groups, epsilon } => Box::new(GroupNorm {
            groups: *groups,
            epsilon: *epsilon,
        }),
        Declared::RmsNorm { epsilon } => Box::new(RmsNorm { epsilon: *epsilon }),
        Declared::Softmax { axis } => Box::new(Softmax { axis: *axis }),
        Declared::LogSoftmax { axis } => Box::new(LogSoftmax { axis: *axis }),
        Declared::Attention { heads, dropout } => Box::new(Attention {
            heads: *heads,
            dropout: *dropout,
            scale: None,
        }),
        Declared::RelativeAttention { heads, dropout, basis } => Box::new(RelativeAttention {
            heads: *heads,
            dropout: *dropout,
            position_dropout: basis.dropout,
            scale: None,
            gamma: match basis.gamma {
                Gamma::PerFeature => GammaRule::PerFeature,
                Gamma::Global => GammaRule::Global,
                Gamma::PerPosition => GammaRule::PerPosition,
            },
        }),
        Declared::AttentionPool { window } => Box::new(AttentionPool { window: *window }),
        Declared::Relu => Box::new(Activation::Relu),
        Declared::Gelu(Gelu::Erf) => Box::new(Activation::GeluErf),
        Declared::Gelu(Gelu::Tanh) => Box::new(Activation::GeluTanh),
        Declared::Gelu(Gelu::Sigmoid) => Box::new(Activation::GeluSigmoid),
        Declared::Silu => Box::new(Activation::Silu),
        Declared::Softplus => Box::new(Activation::Softplus),
        Declared::Sigmoid => Box::new(Activation::Sigmoid),
        Declared::Tanh => Box::new(Activation::Tanh),
        Declared::Exp => Box::new(Activation::Exp),
        Declared::Dropout { rate } => Box::new(Dropout { rate: *rate }),
        Declared::Pool {
            kind,
            window,
            step: None,
            rest: Rest::Drop,
        } => Box::new(Pooling {
            kind: match kind {
                Pool::Max => PoolKind::Max,
                Pool::Mean => PoolKind::Mean,
                Pool::Weighted => PoolKind::Weighted,
            },
            window: *window,
        }),
        Declared::Add => Box::new(Arithmetic::Add),
        Declared::Subtract => Box::new(Arithmetic::Subtract),
        Declared::Multiply => Box::new(Arithmetic::Multiply),
        Declared::Divide => Box::new(Arithmetic::Divide),
        Declared::Maximum => Box::new(Arithmetic::Maximum),
        Declared::Affine { scale, offset } => Box::new(Affine {
            scale: *scale,
            offset: *offset,
        }),
        Declared::Concat { axis } => Box::new(Concat { axis: *axis }),
        Declared::Mean { axis } => Box::new(Reduce::Mean(*axis)),
        Declared::Largest { axis } => Box::new(Reduce::Largest(*axis)),
        Declared::Flatten => Box::new(Flatten),
        Declared::ReverseComplement => Box::new(Reverse::ReverseComplement),
        Declared::Flip => Box::new(Reverse::Flip),
        Declared::Crop { start, length } => Box::new(Crop {
            start: *start,
            length: *length,
        }),
        other => return Err(not_covered(other)),
    };
    Ok(Some(boxed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operation_without_a_check_is_refused() {
        assert_eq!(covered("relu"), Ok(()));
        assert_eq!(
            covered("quantum").unwrap_err(),
            "`quantum` is not covered by the harness of gradients"
        );
    }
}
