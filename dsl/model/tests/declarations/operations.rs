//! Every word of the language that is an operation: shapes, parameters, and what is said about misuse.

use crate::support::*;
use cistron_declaration::{Axis, AxisKind, Port, PortKind, Signature};
use cistron_model::{Basis, Convention, Gamma, Model, Operation, Pool, Rest, Start};

/// `dna` of 40, a track `cov` of one channel, a category `cell` of 3, whole numbers `nt` of 5 kinds; output `y` of 2 tracks.
fn rich() -> Signature {
    let axis = |kind, size| Axis {
        kind,
        size: Some(size),
        bp: None,
    };
    let cell = Port {
        kind: PortKind::Category,
        axes: vec![axis(AxisKind::Category, 3)],
        ..scalar("cell", 3)
    };
    let nt = Port {
        kind: PortKind::Category,
        axes: vec![axis(AxisKind::Position, 40)],
        ..scalar("nt", 5)
    };
    Signature {
        inputs: vec![sequence("dna", PortKind::Dna, 40), bins("cov", 1, 40, 1.0), cell, nt],
        ..toy()
    }
}

fn rich_model(body: &str) -> Model {
    on(&format!("Net on toy {{\n{body}\n}}"), rich()).unwrap_or_else(|e| panic!("{e}"))
}

fn rich_mistake(body: &str, begins: &str) {
    match on(&format!("Net on toy {{\n{body}\n}}"), rich()) {
        Ok(model) => panic!("accepted:\n{model}"),
        Err(found) => {
            let found = messages(&found);
            assert!(found.first().is_some_and(|m| m.starts_with(begins)), "{found:#?}");
        }
    }
}

/// Sizes of all parameters by name.
fn sizes(model: &Model) -> Vec<(String, Vec<usize>)> {
    let parameters = model.graph().parameters.iter();
    parameters.map(|p| (p.name.clone(), p.sizes.clone())).collect()
}

fn start(model: &Model, name: &str) -> Start {
    let found = model.graph().parameters.iter().find(|p| p.name == name);
    found
        .unwrap_or_else(|| panic!("{name} in {:?}", parameter_names(model)))
        .start
}

#[test]
fn maps_have_two_axes_of_positions() {
    let model = good(
        "let m = dna.pool(Max, 4).outer_sum();
         let m = m.conv(6, width = 3, dilation = 2).norm(Batch).relu().dropout(0.1);
         let m = m.pool(Max, 3).upsample(Linear, 2).crop(4).flip().symmetric().depthwise_conv(width = 3, bias = false);
         y = concat([m, m.distance_encoding()]).mean(Positions).linear();",
    );
    let sized = |name: &str| node(&model, name).sizes();
    assert_eq!(sized("outer_sum"), [4, 10, 10]);
    assert_eq!(sized("conv"), [6, 10, 10]);
    assert_eq!(
        node(&model, "conv").operation,
        Operation::Convolution2d {
            filters: 6,
            width: 3,
            stride: 1,
            dilation: 2,
            groups: 1,
            padding: (2, 2),
            bias: true
        }
    );
    assert_eq!(sized("pool2"), [6, 3, 3]);
    assert_eq!(node(&model, "pool2").axes[2].bp, Some(12.0));
    assert_eq!(sized("upsample"), [6, 6, 6]);
    assert_eq!(sized("crop"), [6, 4, 4]);
    assert_eq!(sized("y.concat"), [7, 4, 4]);
    assert_eq!(sized("y.mean2"), [7]);
    let parameters = sizes(&model);
    assert!(
        parameters.contains(&("conv.weight".into(), vec![6, 4, 3, 3])),
        "{parameters:?}"
    );
    assert!(parameters.contains(&("depthwise_conv.weight".into(), vec![6, 1, 3, 3])));
    assert!(parameters.contains(&("y.distance_encoding.values".into(), vec![1, 4, 4])));
    assert_eq!(start(&model, "y.distance_encoding.values"), Start::Distances);
    // 10 x 10 cells of 6 filters over 4 channels of 3 x 3.
    let alone = good("y = dna.pool(Max, 4).outer_sum().conv(6, width = 3).mean(Positions).linear();");
    assert_eq!(alone.multiply_adds(), 100 * 6 * 4 * 9 + 12);
    mistake(
        "y = dna.symmetric().linear();",
        "symmetric: `symmetric` needs a map [channel, position, position], found [channel 4, position 40 at 1 bp]",
    );
    mistake(
        "y = dna.outer_sum().outer_sum().linear();",
        "outer_sum: `outer_sum` needs a sequence [channel, position], found [channel 4, position 40 at 1 bp, position 40 at 1 bp]",
    );
    mistake(
        "y = dna.outer_sum(dna.pool(Max, 2)).linear();",
        "pool: `outer_sum` of [channel 4, position 40 at 1 bp] and [channel 4, position 20 at 2 bp]",
    );
    mistake(
        "y = dna.outer_sum().conv(4, width = 11, padding = Valid).pool(Max, 40).linear();",
        "40: `pool` window 40 is longer than the length 30 that reaches it: 40 -> 30",
    );
}

#[test]
fn transposed_convolutions() {
    let model = good(
        "let a = dna.pool(Max, 4).transposed_conv(6, width = 5, stride = 4);
         let b = dna.transposed_conv(8, width = 3, stride = 2, groups = 2, padding = Valid, extra = 1, bias = false);
         y = a.mean(Positions).linear() + b.mean(Positions).linear();",
    );
    assert_eq!(node(&model, "transposed_conv").sizes(), [6, 40]);
    assert_eq!(node(&model, "transposed_conv").axes[1].bp, Some(1.0));
    // (40 - 1) * 2 + 3 + 1
    assert_eq!(node(&model, "transposed_conv2").sizes(), [8, 82]);
    let parameters = sizes(&model);
    assert_eq!(parameters[0], ("transposed_conv.weight".into(), vec![4, 6, 5]));
    assert_eq!(parameters[2], ("transposed_conv2.weight".into(), vec![4, 4, 3]));
    mistake(
        "y = dna.transposed_conv(4, width = 3, stride = 2, extra = 2).linear();",
        "2: `extra` of `transposed_conv` must be below its stride or dilation, found 2",
    );
}

#[test]
fn linear_is_the_channels_at_each_position() {
    let model = good("let h = dna.linear(6).relu(); y = h.flatten().linear(3).linear();");
    assert_eq!(sizes(&model)[0], ("linear.weight".into(), vec![6, 4, 1]));
    assert_eq!(node(&model, "linear").sizes(), [6, 40]);
    assert_eq!(node(&model, "y.linear").sizes(), [3]);
    assert!(model.to_string().contains("linear 6 \u{b7} relu"), "{model}");
    // Without a number it is the head of the output.
    let mut data = toy();
    data.outputs = vec![bins("y", 3, 40, 1.0)];
    let model = on("Net on toy { y = dna.relu().linear().softplus(); }", data).unwrap();
    assert_eq!(node(&model, "y.linear").sizes(), [3, 40]);
    assert_eq!(sizes(&model)[0].1, [3, 4, 1]);
    mistake(
        "let h = dna + dna.flatten().linear(4); y = h.linear();",
        "+: `+` of [channel 4, position 40 at 1 bp] and [feature 4] | `.linear(n)` works position by position",
    );
}

#[test]
fn norms_and_conventions() {
    let model = good(
        "let h = dna.conv(6, width = 3).norm(Group, groups = 3, eps = 1e-3).norm(Rms).norm(Layer);
         y = h.norm(Batch, momentum = 0.99, convention = Keras).norm(Batch, momentum = 0.8, convention = Sonnet, virtual_batch = 4).linear();",
    );
    assert_eq!(
        node(&model, "norm").operation,
        Operation::GroupNorm {
            groups: 3,
            epsilon: 1e-3
        }
    );
    assert_eq!(node(&model, "norm2").operation, Operation::RmsNorm { epsilon: 1e-5 });
    assert_eq!(
        node(&model, "y.norm").operation,
        Operation::BatchNorm {
            epsilon: 1e-3,
            momentum: 0.01,
            convention: Convention::Keras,
            virtual_batch: None
        }
    );
    assert_eq!(
        node(&model, "y.norm2").operation,
        Operation::BatchNorm {
            epsilon: 1e-5,
            momentum: 0.2,
            convention: Convention::Sonnet,
            virtual_batch: Some(4)
        }
    );
    assert_eq!(start(&model, "y.norm2.running_var"), Start::Constant(0.0));
    assert_eq!(start(&model, "y.norm2.updates"), Start::Constant(0.0));
    assert!(!parameter_names(&model).contains(&"norm2.bias".to_string()));
    mistake(
        "y = dna.norm(Group, groups = 3).linear();",
        "3: 3 groups do not divide 4 channels",
    );
    mistake(
        "y = dna.norm(Batch, groups = 2).linear();",
        "2: `groups` belongs to `norm(Group)`: `norm(Batch)` has no groups",
    );
    mistake(
        "y = dna.norm(Batch, convention = Kears).linear();",
        "Kears: `norm` does not know `Kears` | did you mean `Keras`?",
    );
    let model = good("y = dna.norm(Batch, momentum = 0.99).linear();");
    assert!(
        warnings(&model)[0].starts_with("0.99: `momentum = 0.99` is the share of the new batch"),
        "{:?}",
        warnings(&model)
    );
}

#[test]
fn the_header_says_how_all_weights_begin() {
    let model = on(
        "Net(convention = Keras) on toy { y = dna.conv(6, width = 5).norm(Batch).linear(); }",
        toy(),
    )
    .unwrap();
    assert_eq!(
        start(&model, "y.conv.weight"),
        Start::Uniform((6.0f64 / (20.0 + 30.0)).sqrt())
    );
    assert_eq!(start(&model, "y.conv.bias"), Start::Constant(0.0));
    let text = "Net(start = Lecun) on toy { y = dna.conv(6, width = 5).linear(start = Normal(0.02)); }";
    let model = on(text, toy()).unwrap();
    assert_eq!(start(&model, "y.conv.weight"), Start::TruncatedNormal(1.0 / 20f64.sqrt()));
    assert_eq!(start(&model, "y.linear.weight"), Start::Normal(0.02));
    assert_eq!(start(&model, "y.linear.bias"), Start::Constant(0.0));
    let model = good("y = dna.linear(start = Constant(1e-8));");
    assert_eq!(start(&model, "y.linear.bias"), Start::Constant(1e-8));
    mistake(
        "y = dna.linear(start = Gloro);",
        "Gloro: `start` does not know `Gloro` | did you mean `Glorot`?",
    );
    mistake("y = dna.linear(start = Normal);", "Normal: `Normal` needs its number");
    mistake(
        "y = dna.linear(start = Normal(-1.0));",
        "Normal: `Normal` takes one number above 0",
    );
    mistake("y = dna.linear(start = 3);", "3: `start` says how weights begin, found 3");
    let error = on("Net(convention = Torch) on toy { y = dna.linear(); }", toy()).unwrap_err();
    assert!(
        messages(&error)[0].starts_with("Torch: `convention` does not know `Torch`"),
        "{error}"
    );
}

#[test]
fn pools_and_their_remainders() {
    let model = good(
        "let a = dna.pool(Weighted, 6, rest = Pad);
         let b = dna.pool(Max, 5, step = 2);
         let c = dna.pool(Attention, 3);
         y = a.mean(Positions).linear() + b.mean(Positions).linear() + c.mean(Positions).linear();",
    );
    assert_eq!(node(&model, "pool").sizes(), [4, 7]);
    assert_eq!(
        node(&model, "pool").operation,
        Operation::Pool {
            kind: Pool::Weighted,
            window: 6,
            step: None,
            rest: Rest::Pad
        }
    );
    assert_eq!(node(&model, "pool2").sizes(), [4, 18]);
    assert_eq!(node(&model, "pool2").axes[1].bp, Some(2.0));
    assert_eq!(node(&model, "pool3").sizes(), [4, 14]);
    assert_eq!(start(&model, "pool3.weight"), Start::Identity(2.0));
    let text = model.to_string();
    assert!(
        text.contains("weighted pool 6, padded") && text.contains("max pool 5, step 2"),
        "{text}"
    );
    assert!(text.contains("are not read: pool2 1 of 40"), "{text}");
    mistake(
        "y = dna.pool(Mean, 4, step = 2, rest = Pad).linear();",
        "Pad: `rest = Pad` with a `step` parses but cannot run yet",
    );
}

#[test]
fn attention_has_its_own_maps() {
    let model = good(
        "let h = dna.linear(24);
         let h = h + h.norm(Layer).attention(4, key = 8, relative = basis(gamma = Global, dropout = 0.01), dropout = 0.05, start = Scaled(2.0), output_start = Zeros);
         let h = h + h.attention(3, value = 5, bias = true, output_bias = false, over = dna.pool(Max, 2).linear(24));
         y = h.mean(Positions).linear();",
    );
    let parameters = sizes(&model);
    let has = |name: &str, sizes: &[usize]| {
        assert!(
            parameters.contains(&(name.into(), sizes.to_vec())),
            "{name} in {parameters:#?}"
        )
    };
    has("attention.query.weight", &[32, 24, 1]);
    has("attention.value.weight", &[24, 24, 1]);
    has("attention.heads.content_bias", &[32]);
    has("attention.heads.position_bias", &[32]);
    has("attention.heads.weight", &[32, 6]);
    has("attention.output.weight", &[24, 24, 1]);
    has("attention.output.bias", &[24]);
    has("attention2.key.bias", &[24]);
    has("attention2.value.weight", &[15, 24, 1]);
    assert!(
        !parameters
            .iter()
            .any(|(n, _)| n == "attention.query.bias" || n == "attention2.output.bias")
    );
    assert_eq!(
        node(&model, "attention.heads").operation,
        Operation::RelativeAttention {
            heads: 4,
            dropout: 0.05,
            basis: Basis {
                features: 6,
                gamma: Gamma::Global,
                dropout: 0.01
            }
        }
    );
    // Enformer: the biases count their heads as fan, so that they spread by sqrt(2 / 4).
    let cut = 0.879_625_661_034_239_8;
    assert_eq!(
        start(&model, "attention.heads.content_bias"),
        Start::TruncatedNormal(0.5f64.sqrt() / cut)
    );
    assert_eq!(start(&model, "attention.output.weight"), Start::Constant(0.0));
    let heads = node(&model, "attention2.heads");
    assert_eq!(heads.sizes(), [15, 40]);
    assert_eq!(heads.inputs.len(), 3);
    mistake(
        "y = dna.attention(3).linear();",
        "3: 3 heads do not divide 4 channels | say the width of each head",
    );
    mistake(
        "y = dna.attention(4, relative = basis()).linear();",
        "basis: the basis has 6 kinds of features, and 6 does not divide 1",
    );
    mistake(
        "y = dna.attention(4, relative = 3).linear();",
        "3: `relative` takes the features of distances, found 3",
    );
    mistake(
        "y = dna.attention(4, relative = basis(gama = Global)).linear();",
        "gama: `basis` has no argument `gama`",
    );
    mistake(
        "y = dna.attention(2, over = dna.linear()).linear();",
        "linear: `attention` needs a sequence [channel, position], found [feature",
    );
}

#[test]
fn perceivers() {
    let model = rich_model(
        "let t = concat([cell.embed(16).token(), dna.embed(16).tokens() + positions()]);
         let z = latents(5, 24).cross_attention(t, heads = 2, dropout = 0.1, start = Normal(0.02)).self_attention(2, heads = 4);
         y = z.mean(Latents).linear();",
    );
    assert_eq!(node(&model, "concat").sizes(), [16, 41]);
    assert_eq!(node(&model, "concat").axes[1].kind, AxisKind::Token);
    assert_eq!(node(&model, "latents").axes[1].kind, AxisKind::Latent);
    let parameters = sizes(&model);
    let has = |name: &str, sizes: &[usize]| {
        assert!(
            parameters.contains(&(name.into(), sizes.to_vec())),
            "{name} in {parameters:#?}"
        )
    };
    has("embed.weight", &[16, 3]);
    has("embed2.weight", &[16, 4, 1]);
    has("positions.weight", &[40, 16]);
    has("latents.weight", &[5, 24]);
    has("cross_attention.norm.weight", &[24]);
    has("cross_attention.norm_tokens.weight", &[16]);
    has("cross_attention.query.weight", &[16, 24, 1]);
    has("cross_attention.key.weight", &[16, 16, 1]);
    has("cross_attention.output.weight", &[24, 16, 1]);
    has("cross_attention.widen.weight", &[24, 24, 1]);
    has("self_attention.2.query.weight", &[24, 24, 1]);
    has("self_attention.2.narrow.bias", &[24]);
    // No node computes what is only named anew.
    assert!(
        !model
            .graph()
            .nodes
            .iter()
            .any(|n| n.name.ends_with(".tokens") || n.name == "tokens"),
        "{model}"
    );
    // specs/lsfg.md A2.3 with D 16 and Z 24, by hand.
    let cross = 24 * 2 + 16 * 2 + (24 * 16 + 16) + 2 * (16 * 16 + 16) + (16 * 24 + 24) + 24 * 2 + 2 * (24 * 24 + 24);
    let own = 24 * 2 + 4 * (24 * 24 + 24) + 24 * 2 + 2 * (24 * 24 + 24);
    let rest = (16 * 3) + (16 * 4 + 16) + 40 * 16 + 5 * 24 + (2 * 24 + 2);
    assert_eq!(model.parameter_count(), cross + 2 * own + rest);
    assert_eq!(start(&model, "embed.weight"), Start::Normal(1.0));
    assert_eq!(start(&model, "cross_attention.key.weight"), Start::Normal(0.02));
    mistake(
        "y = latents(5, 24).cross_attention(dna.tokens(), heads = 3).linear();",
        "3: 3 heads do not divide 4 channels | `cross_attention(.., inner = 6)` makes them so many",
    );
    mistake(
        "y = dna.mean(Latents).linear();",
        "Latents: `mean(Latents)` needs an axis of latents, found [channel 4, position 40 at 1 bp] | such as `mean(Positions)`",
    );
    mistake(
        "y = concat([dna.tokens(), dna.flatten().linear(3).token()]).linear();",
        "concat: `concat` of [channel 4, token 40] and [channel 3, token 1] | tokens are joined",
    );
    mistake("y = (dna * positions()).linear();", "positions: `*` with `positions()`");
    mistake(
        "y = positions().linear();",
        "positions: `linear` of `positions()` | add them first",
    );
    mistake(
        "y = latents(5).linear();",
        "latents: `latents` takes how many and their width, found 1 values",
    );
    mistake(
        "y = dna.token().linear();",
        "token: `token` needs features, found [channel 4, position 40 at 1 bp] | `tokens()` makes one of each position",
    );
}

#[test]
fn embeddings_of_numbers_and_film() {
    let model = rich_model(
        "let h = nt.embed(6) + cov.bins(8, 0.0, 10.0).embed(6, start = Normal(0.5)) + cov.embed(6);
         let h = h.film(cell).film(dna.mean(Positions));
         y = h.mean(Positions).linear();",
    );
    let parameters = sizes(&model);
    let has = |name: &str, sizes: &[usize]| {
        assert!(
            parameters.contains(&(name.into(), sizes.to_vec())),
            "{name} in {parameters:#?}"
        )
    };
    has("embed.weight", &[5, 6]);
    has("embed2.weight", &[8, 6]);
    has("embed3.weight", &[6, 1, 1]);
    has("film.scale.weight", &[6, 3]);
    has("film2.shift.weight", &[6, 4]);
    assert_eq!(node(&model, "embed").operation, Operation::Embedding { count: 5, width: 6 });
    assert_eq!(node(&model, "bins").sizes(), [40]);
    assert_eq!(start(&model, "embed.weight"), Start::Normal(1.0));
    assert_eq!(start(&model, "embed2.weight"), Start::Normal(0.5));
    assert_eq!(start(&model, "film.scale.weight"), Start::Constant(1.0));
    assert_eq!(start(&model, "film2.scale.weight"), Start::Constant(0.0));
    assert_eq!(start(&model, "film2.scale.bias"), Start::Constant(1.0));
    rich_mistake(
        "y = dna.bins(8, 0.0, 1.0).embed(4).linear();",
        "bins: `bins` needs one channel, found 4",
    );
    rich_mistake(
        "y = cov.bins(8, 2.0, 1.0).embed(4).linear();",
        "1.0: `maximum` of `bins` must be above 2, found 1",
    );
    rich_mistake(
        "y = dna.film(cov).linear();",
        "cov: `film` follows a category or features, found [track 1, position 40 at 1 bp]",
    );
}

#[test]
fn functions_of_values_and_over_axes() {
    let model = good(
        "let h = dna.exp().log1p().log().sqrt().abs().pow(2).softmax(Positions).log_softmax(Channels);
         y = (1.0 / h.sum(Positions)).softmax(Channels).linear();",
    );
    assert_eq!(node(&model, "pow").operation, Operation::Power { exponent: 2.0 });
    assert_eq!(node(&model, "softmax").operation, Operation::Softmax { axis: 1 });
    assert_eq!(node(&model, "y.sum").operation, Operation::Sum { axis: 1 });
    assert_eq!(node(&model, "y.inverse").operation, Operation::Power { exponent: -1.0 });
    mistake(
        "y = dna.outer_sum().softmax(Positions).linear();",
        "softmax: `softmax` over both axes of a map parses but cannot run yet",
    );
}

#[test]
fn both_strands_by_their_mean() {
    let model = good("y = dna.both_strands(Mean).conv(3, width = 5, stride = 2).relu().linear();");
    assert_eq!(model.graph().parameters.len(), 4);
    assert_eq!(
        node(&model, "y.mean").operation,
        Operation::Affine { scale: 0.5, offset: 0.0 }
    );
}

#[test]
fn one_step_for_both_strands() {
    let model = good("y = dna.strand_conv(3, width = 5, combine = Mean).relu().flatten().linear();");
    let operation = Operation::StrandConvolution {
        filters: 3,
        width: 5,
        padding: (2, 2),
        mean: true,
        bias: true,
    };
    assert_eq!(node(&model, "y.strand_conv").operation, operation);
    assert_eq!(sizes(&model)[0], ("y.strand_conv.weight".into(), vec![3, 4, 5]));
    assert_eq!(node(&model, "y.strand_conv").receptive_field_bp, Some(5.0));
    let text = model.to_string();
    assert!(text.contains("conv 3, width 5, mean of both strands"), "{text}");
    // `both_strands().conv(..)` is the same node under the name of a convolution, wherever the operation reaches.
    for (both, mean) in [("both_strands()", false), ("both_strands(Mean)", true)] {
        let model = good(&format!(
            "y = dna.{both}.conv(3, width = 5, bias = false, padding = Valid).relu().linear();"
        ));
        let operation = Operation::StrandConvolution {
            filters: 3,
            width: 5,
            padding: (0, 0),
            mean,
            bias: false,
        };
        assert_eq!(node(&model, "y.conv").operation, operation);
        assert_eq!(sizes(&model)[0], ("y.conv.weight".into(), vec![3, 4, 5]));
        assert!(
            model
                .graph()
                .nodes
                .iter()
                .all(|n| n.operation != Operation::ReverseComplement),
            "{model}"
        );
    }
    for settings in [
        "conv(4, width = 5, stride = 2)",
        "conv(4, width = 5, groups = 2)",
        "depthwise_conv(width = 5)",
    ] {
        let model = good(&format!("y = dna.both_strands().{settings}.relu().linear();"));
        let joined = node(&model, "y.maximum");
        assert_eq!(joined.operation, Operation::Maximum, "{settings}");
        assert_eq!(joined.sizes()[0], 4, "{settings}");
    }
    mistake(
        "y = dna.relu().strand_conv(3, width = 5).linear();",
        "strand_conv: `strand_conv` belongs to a DNA input, found the output of `y.relu`",
    );
}

#[test]
fn a_function_of_the_user_is_opaque() {
    let model = good("y = dna.custom(\"spectrum\", channels = 6, positions = 10, with = [dna.conv(2, width = 3)]).linear();");
    let found = node(&model, "y.custom");
    assert_eq!(found.operation, Operation::Custom { name: "spectrum".into() });
    assert_eq!((found.sizes(), found.inputs.len()), (vec![6, 10], 2));
    assert_eq!(found.axes[1].bp, Some(4.0));
    let model = good("y = dna.custom(\"pair\", features = 7).linear();");
    assert_eq!(node(&model, "y.custom").sizes(), [7]);
    mistake(
        "y = dna.custom(3).linear();",
        "3: `custom` takes the name of a function, found 3",
    );
    mistake(
        "y = dna.custom(\"a\", features = 3, channels = 2).linear();",
        "2: `custom` gives features or channels, not both",
    );
    mistake(
        "y = dna.mean(Positions).custom(\"a\", positions = 3).linear();",
        "3: `custom` cannot give positions to [feature 4]",
    );
}

#[test]
fn blocks_that_are_computed_again_carry_their_group() {
    let model = good(
        "recompute block tower(x) { inner(x).norm(Batch).relu() }
         recompute block inner(x) { x.conv(4, width = 3) }
         y = (tower(tower(dna)) + inner(dna)).linear();",
    );
    let group = |name: &str| node(&model, name).recompute;
    assert_eq!(group("dna"), None);
    assert_eq!(group("tower.inner.conv"), Some(0));
    assert_eq!(group("tower.relu"), Some(0));
    assert_eq!(group("tower2.norm"), Some(1));
    assert_eq!(group("inner.conv"), Some(2));
    assert_eq!(group("y.add"), None);
    let plain = good(
        "block tower(x) { inner(x).norm(Batch).relu() }
         block inner(x) { x.conv(4, width = 3) }
         y = (tower(tower(dna)) + inner(dna)).linear();",
    );
    assert_eq!(plain.hash(), model.hash(), "it changes no number");
}

#[test]
fn dilations_count_their_steps() {
    let model = good(
        "let mut x = dna; for (i, d) in dilations(2.pow(0..=1), [3, 5]) { x = x.conv(i + 2, width = 3, dilation = d); } y = x.linear();",
    );
    let dilation = |name: &str| match node(&model, name).operation {
        Operation::Convolution { filters, dilation, .. } => (filters, dilation),
        _ => panic!("no convolution"),
    };
    assert_eq!(
        [dilation("conv"), dilation("conv2"), dilation("conv3"), dilation("conv4")],
        [(2, 1), (3, 2), (4, 3), (5, 5)]
    );
    mistake(
        "for (i, d) in dilations(0) { let k = i + d; } y = dna.linear();",
        "0: `dilations` takes whole numbers above 0",
    );
}
