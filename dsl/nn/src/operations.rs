//! From a declared operation to one that computes.

use crate::custom::custom;
use crate::error::{NetworkError, Result};
use cistron_model::{Convention, Gamma, Gelu, Graph, Interpolation, Node, Operation as Declared, Pool, Rest};
use cistron_ops::{
    Activation, Affine, Arithmetic, Attention, AttentionPool, BatchNorm, Bins, Concat, Convolution, Convolution2d, Crop, Crop2d,
    Dropout, Embedding, Fill, Film, Flatten, GammaRule, Gather, GroupNorm, Latents, LayerNorm, Linear, LogSoftmax, Operation,
    OuterSum, PaddedPooling, PoolKind, Pooling, Pooling2d, Positions, Power, Reduce, RelativeAttention, Reverse, RmsNorm,
    Running, SlidingPooling, Softmax, StrandCombine, StrandConvolution, Symmetric, Table, Token, TransposedConvolution,
    TransposedConvolution2d, Upsample, Upsample2d, UpsampleKind, checked_operations,
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
            // The user's own functions are differentiated by Candle.
            if !matches!(node.operation, Declared::Custom { .. }) {
                operation.iter().try_for_each(|o| covered(o.name())).map_err(mistake)?;
            }
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

fn operation(node: &Node) -> std::result::Result<Option<Box<dyn Operation>>, String> {
    let boxed: Box<dyn Operation> = match &node.operation {
        Declared::Input { .. } => return Ok(None),
        Declared::Convolution { .. }
        | Declared::Convolution2d { .. }
        | Declared::TransposedConvolution { .. }
        | Declared::TransposedConvolution2d { .. } => return Ok(convolution(&node.operation)),
        Declared::StrandConvolution { padding, mean, .. } => Box::new(StrandConvolution {
            padding: *padding,
            combine: if *mean { StrandCombine::Mean } else { StrandCombine::Max },
        }),
        Declared::Pool {
            kind,
            window,
            step,
            rest,
        } => pool(*kind, *window, *step, *rest),
        Declared::Pool2d {
            kind,
            window,
            step,
            rest,
            ..
        } => {
            if *rest != Rest::Drop {
                return Err("pooling of a map with padding is not covered by the harness of gradients".into());
            }
            Box::new(Pooling2d {
                kind: pool_kind(*kind),
                window: [*window; 2],
                step: [*step; 2],
                padding: [(0, 0); 2],
            })
        }
        Declared::Pick { places } => Box::new(Gather {
            axis: 0,
            places: places.clone(),
        }),
        Declared::AttentionPool { window } => Box::new(AttentionPool { window: *window }),
        Declared::Upsample { kind, factor } => Box::new(Upsample {
            kind: interpolation(*kind),
            factor: *factor,
        }),
        Declared::Upsample2d { kind, factor } => Box::new(Upsample2d {
            kind: interpolation(*kind),
            factor: [*factor; 2],
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
        Declared::Relu => Box::new(Activation::Relu),
        Declared::Gelu(Gelu::Erf) => Box::new(Activation::GeluErf),
        Declared::Gelu(Gelu::Tanh) => Box::new(Activation::GeluTanh),
        Declared::Gelu(Gelu::Sigmoid) => Box::new(Activation::GeluSigmoid),
        Declared::Silu => Box::new(Activation::Silu),
        Declared::Softplus => Box::new(Activation::Softplus),
        Declared::Sigmoid => Box::new(Activation::Sigmoid),
        Declared::Tanh => Box::new(Activation::Tanh),
        Declared::Exp => Box::new(Activation::Exp),
        Declared::Log => Box::new(Activation::Log),
        Declared::Log1p => Box::new(Activation::Log1p),
        Declared::SquareRoot => Box::new(Activation::SquareRoot),
        Declared::Abs => Box::new(Activation::Absolute),
        Declared::Power { exponent } => match *exponent {
            2.0 => Box::new(Activation::Square),
            exponent => Box::new(Power { exponent }),
        },
        Declared::Dropout { rate } => Box::new(Dropout { rate: *rate }),
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
        Declared::Sum { axis } => Box::new(Reduce::Sum(*axis)),
        Declared::Flatten => Box::new(Flatten),
        Declared::ReverseComplement => Box::new(Reverse::ReverseComplement),
        Declared::Flip => Box::new(Reverse::Flip),
        Declared::Flip2d => Box::new(Reverse::FlipMap),
        Declared::Crop { start, length } => Box::new(Crop {
            start: *start,
            length: *length,
        }),
        Declared::Crop2d { start, length } => Box::new(Crop2d {
            start: [*start; 2],
            length: [*length; 2],
        }),
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
        Declared::Bins { count, minimum, maximum } => Box::new(Bins::equal(*minimum, *maximum, *count)),
        Declared::Embedding { .. } => Box::new(Embedding),
        Declared::OuterSum => Box::new(OuterSum),
        Declared::Symmetric => Box::new(Symmetric),
        Declared::Token => Box::new(Token),
        Declared::Latents { .. } => Box::new(Latents),
        Declared::Positions => Box::new(Positions),
        Declared::Table => Box::new(Table),
        Declared::Film => Box::new(Film),
        Declared::Custom { name } => Box::new(custom(name)?),
    };
    Ok(Some(boxed))
}

fn convolution(operation: &Declared) -> Option<Box<dyn Operation>> {
    Some(match *operation {
        Declared::Convolution {
            stride,
            dilation,
            groups,
            padding,
            ..
        } => Box::new(Convolution {
            stride,
            dilation,
            groups,
            padding,
        }),
        Declared::Convolution2d {
            stride,
            dilation,
            groups,
            padding,
            ..
        } => Box::new(Convolution2d {
            stride: [stride; 2],
            dilation: [dilation; 2],
            groups,
            padding: [padding; 2],
        }),
        Declared::TransposedConvolution {
            stride,
            dilation,
            groups,
            padding,
            extra,
            ..
        } => Box::new(TransposedConvolution {
            stride,
            dilation,
            groups,
            padding,
            extra,
        }),
        Declared::TransposedConvolution2d {
            stride,
            dilation,
            groups,
            padding,
            extra,
            ..
        } => Box::new(TransposedConvolution2d {
            stride: [stride; 2],
            dilation: [dilation; 2],
            groups,
            padding: [padding; 2],
            extra: [extra; 2],
        }),
        _ => return None,
    })
}

fn pool_kind(kind: Pool) -> PoolKind {
    match kind {
        Pool::Max => PoolKind::Max,
        Pool::Mean => PoolKind::Mean,
        Pool::Weighted => PoolKind::Weighted,
    }
}

fn interpolation(kind: Interpolation) -> UpsampleKind {
    match kind {
        Interpolation::Nearest => UpsampleKind::Nearest,
        Interpolation::Linear => UpsampleKind::Linear,
    }
}

fn pool(kind: Pool, window: usize, step: Option<usize>, rest: Rest) -> Box<dyn Operation> {
    let kind = pool_kind(kind);
    let padded = |fill| Box::new(PaddedPooling { kind, window, fill });
    match (rest, step) {
        (Rest::Pad, _) => padded(Fill::Absent),
        (Rest::Minimum, _) => padded(Fill::Minimum),
        (Rest::Zero, _) => padded(Fill::Constant(0.0)),
        (Rest::Drop, None) => Box::new(Pooling { kind, window }),
        (Rest::Drop, Some(step)) => Box::new(SlidingPooling {
            kind,
            window,
            step,
            padding: (0, 0),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operation_without_a_check_is_refused() {
        assert_eq!(covered("relu"), Ok(()));
        assert_eq!(
            covered("wishing").unwrap_err(),
            "`wishing` is not covered by the harness of gradients"
        );
    }
}
