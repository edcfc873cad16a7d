//! What nodes do, in words.

use crate::{Convention, Interpolation, Node, Operation, Pool, Rest};

/// Whether a convolution of width 1 was declared as a linear map at each position.
fn is_linear(node: &Node) -> bool {
    let word = node.name.rsplit('.').next().unwrap_or_default();
    let word = word.trim_end_matches(|c: char| c.is_ascii_digit());
    !matches!(word, "conv" | "depthwise_conv" | "project" | "reverse")
}

/// What a node does, in the words of the declaration.
pub(crate) fn describe(node: &Node) -> String {
    match &node.operation {
        Operation::Convolution { filters, width: 1, .. } if is_linear(node) => format!("linear {filters}"),
        Operation::Convolution2d { filters, width: 1, .. } if is_linear(node) => format!("linear {filters}"),
        Operation::Convolution {
            filters,
            width,
            stride,
            dilation,
            groups,
            padding,
            ..
        }
        | Operation::Convolution2d {
            filters,
            width,
            stride,
            dilation,
            groups,
            padding,
            ..
        } => convolution("conv", [*filters, *width, *stride, *dilation, *groups], *padding == (0, 0)),
        Operation::StrandConvolution {
            filters,
            width,
            padding,
            mean,
            ..
        } => {
            let text = convolution("conv", [*filters, *width, 1, 1, 1], *padding == (0, 0));
            format!("{text}, {}both strands", if *mean { "mean of " } else { "" })
        }
        Operation::TransposedConvolution {
            filters,
            width,
            stride,
            dilation,
            groups,
            ..
        }
        | Operation::TransposedConvolution2d {
            filters,
            width,
            stride,
            dilation,
            groups,
            ..
        } => convolution("transposed conv", [*filters, *width, *stride, *dilation, *groups], false),
        Operation::Pool {
            kind,
            window,
            step,
            rest,
        } => pool(*kind, *window, step.unwrap_or(*window), *rest),
        Operation::Pool2d {
            kind,
            window,
            step,
            rest,
        } => pool(*kind, *window, *step, *rest),
        Operation::Upsample { kind, factor } | Operation::Upsample2d { kind, factor } => match kind {
            Interpolation::Nearest => format!("upsample {factor}"),
            Interpolation::Linear => format!("linear upsample {factor}"),
        },
        Operation::BatchNorm {
            convention,
            virtual_batch,
            ..
        } => {
            let mut text = String::from("batch norm");
            if *convention != Convention::PyTorch {
                text.push_str(&format!(", {convention:?}"));
            }
            if let Some(n) = virtual_batch {
                text.push_str(&format!(", {n} together"));
            }
            text
        }
        Operation::Affine { scale, offset } => match (*scale, *offset) {
            (1.0, offset) => format!("{offset:+}"),
            (scale, 0.0) => format!("x {scale}"),
            (scale, offset) => format!("x {scale} {offset:+}"),
        },
        Operation::Linear { features, .. } => format!("linear {features}"),
        Operation::GroupNorm { groups, .. } => format!("group norm, {groups} groups"),
        Operation::Dropout { rate } => format!("dropout {rate}"),
        Operation::AttentionPool { window } => format!("attention pool {window}"),
        Operation::Power { exponent } => format!("power {exponent}"),
        Operation::Pick { places } => format!("{} tracks by name", places.len()),
        Operation::Crop { length, .. } => format!("crop {length}"),
        Operation::Crop2d { length, .. } => format!("crop {length} x {length}"),
        Operation::Attention { heads, .. } => format!("attention, {heads} heads"),
        Operation::RelativeAttention { heads, .. } => format!("relative attention, {heads} heads"),
        Operation::Bins { count, .. } => format!("{count} bins"),
        Operation::Embedding { count, width } => format!("embed {width}, {count} rows"),
        Operation::Latents { count, width } => format!("{count} latents of {width}"),
        Operation::Custom { name } => format!("custom {name}"),
        Operation::Softmax { axis } => format!("softmax over {}", axis_name(*axis)),
        Operation::LogSoftmax { axis } => format!("log softmax over {}", axis_name(*axis)),
        Operation::Mean { axis } => format!("mean of {}", axis_name(*axis)),
        Operation::Largest { axis } => format!("max of {}", axis_name(*axis)),
        Operation::Sum { axis } => format!("sum of {}", axis_name(*axis)),
        plain => word(plain).into(),
    }
}

fn axis_name(axis: usize) -> &'static str {
    match axis {
        0 => "channels",
        _ => "positions",
    }
}

fn convolution(word: &str, [filters, width, stride, dilation, groups]: [usize; 5], valid: bool) -> String {
    let mut text = format!("{word} {filters}, width {width}");
    for (word, n) in [("stride", stride), ("dilation", dilation)] {
        if n != 1 {
            text.push_str(&format!(", {word} {n}"));
        }
    }
    if groups != 1 {
        text.push_str(&if groups == filters {
            ", depthwise".into()
        } else {
            format!(", groups {groups}")
        });
    }
    if valid && width > 1 {
        text.push_str(", valid");
    }
    text
}

fn pool(kind: Pool, window: usize, step: usize, rest: Rest) -> String {
    let mut text = format!("{} pool {window}", format!("{kind:?}").to_lowercase());
    if step != window {
        text.push_str(&format!(", step {step}"));
    }
    text.push_str(match rest {
        Rest::Drop => "",
        Rest::Pad => ", padded",
        Rest::Minimum => ", padded with the smallest value of the batch",
        Rest::Zero => ", padded with zeros",
    });
    text
}

/// Operations without settings.
fn word(operation: &Operation) -> &'static str {
    match operation {
        Operation::Input { .. } => "input",
        Operation::LayerNorm { .. } => "layer norm",
        Operation::RmsNorm { .. } => "rms norm",
        Operation::Relu => "relu",
        Operation::Gelu(_) => "gelu",
        Operation::Silu => "silu",
        Operation::Softplus => "softplus",
        Operation::Sigmoid => "sigmoid",
        Operation::Tanh => "tanh",
        Operation::Exp => "exp",
        Operation::Log => "log",
        Operation::Log1p => "log1p",
        Operation::SquareRoot => "sqrt",
        Operation::Abs => "abs",
        Operation::Add => "+",
        Operation::Subtract => "-",
        Operation::Multiply => "*",
        Operation::Divide => "/",
        Operation::Maximum => "maximum",
        Operation::Concat { .. } => "concat",
        Operation::Flatten => "flatten",
        Operation::ReverseComplement => "reverse complement",
        Operation::Flip | Operation::Flip2d => "flip",
        Operation::OuterSum => "outer sum",
        Operation::Symmetric => "symmetric",
        Operation::Token => "token",
        Operation::Positions => "positions",
        Operation::Table => "table",
        Operation::Film => "film",
        _ => "layer",
    }
}
