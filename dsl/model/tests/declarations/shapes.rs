//! Shapes, receptive fields, counts and names.

use crate::support::*;
use cistron_model::{Operation, Start};

#[test]
fn a_small_network_by_hand() {
    let model = good("y = dna.conv(8, width = 5).relu().pool(Max, 4).conv(6, width = 3, padding = Valid).gelu().linear();");
    // 8*4*5+8 = 168; 6*8*3+6 = 150; flatten 6*8 = 48; 2*48+2 = 98.
    assert_eq!(model.parameter_count(), 168 + 150 + 98);
    assert_eq!(node(&model, "y.pool").sizes(), [8, 10]);
    assert_eq!(node(&model, "y.pool").axes[1].bp, Some(4.0));
    assert_eq!(node(&model, "y.conv2").sizes(), [6, 8]);
    // 5, then 3 more by the pool, then two steps of 4 bp.
    assert_eq!(node(&model, "y.conv").receptive_field_bp, Some(5.0));
    assert_eq!(node(&model, "y.pool").receptive_field_bp, Some(8.0));
    assert_eq!(node(&model, "y.conv2").receptive_field_bp, Some(16.0));
    assert_eq!(node(&model, "y.linear").receptive_field_bp, None);
    // 40*8*4*5 + 8*6*8*3 + 48*2.
    assert_eq!(model.multiply_adds(), 6400 + 1152 + 96);
    assert_eq!(
        parameter_names(&model),
        [
            "y.conv.weight",
            "y.conv.bias",
            "y.conv2.weight",
            "y.conv2.bias",
            "y.linear.weight",
            "y.linear.bias"
        ]
    );
    assert_eq!(model.graph().parameters[0].sizes, [8, 4, 5]);
    assert_eq!(model.graph().parameters[1].start, Start::FanIn(20));
}

#[test]
fn same_padding_is_that_of_drg_for_even_widths_and_dilations() {
    let model = good("y = dna.conv(2, width = 4).conv(2, width = 3, dilation = 2).conv(2, width = 7, stride = 3).linear();");
    let padding = |name: &str| match node(&model, name).operation {
        Operation::Convolution { padding, .. } => padding,
        _ => panic!("no convolution"),
    };
    assert_eq!(padding("y.conv"), (1, 2));
    assert_eq!(padding("y.conv2"), (2, 2));
    assert_eq!(node(&model, "y.conv3").sizes(), [2, 14]);
    assert_eq!(node(&model, "y.conv3").axes[1].bp, Some(3.0));
}

#[test]
fn both_strands_share_their_weights() {
    // A convolution with steps, gaps or groups reads each strand for itself.
    let model = good("y = dna.both_strands().conv(3, width = 5, dilation = 2).relu().linear();");
    assert_eq!(model.graph().parameters.len(), 4);
    let maximum = node(&model, "y.maximum");
    assert_eq!(maximum.operation, Operation::Maximum);
    let (forward, flip) = (
        &model.graph().nodes[maximum.inputs[0]],
        &model.graph().nodes[maximum.inputs[1]],
    );
    assert_eq!(flip.operation, Operation::Flip);
    let reverse = &model.graph().nodes[flip.inputs[0]];
    assert_eq!(forward.parameters, reverse.parameters);
    assert_eq!(model.graph().nodes[reverse.inputs[0]].operation, Operation::ReverseComplement);
}

#[test]
fn the_model_of_the_design() {
    let model = on(TWO_SIDED, immune()).unwrap_or_else(|e| panic!("{e}"));
    let trunk = 300 * 4 * 15 + 300
        + 7 * (300 * 300 * 11 + 300 + 600)
        // 40000 -> 10000 -> 1666 -> 277 -> 46 -> 7
        + (300 * 7 * 1024 + 1024) + 2 * (1024 * 1024 + 1024);
    assert_eq!(model.parameter_count(), 2 * (trunk + 1024 * 88 + 88));
    assert_eq!(node(&model, "trunk.residual2.4.pool").sizes(), [300, 7]);
    assert_eq!(node(&model, "trunk.residual2.4.pool").axes[1].bp, Some(4.0 * 1296.0));
    let names = parameter_names(&model);
    for name in [
        "trunk.conv.weight",
        "trunk.residual.2.conv.weight",
        "trunk2.dense.linear3.bias",
        "kt.linear.weight",
    ] {
        assert!(names.iter().any(|n| n == name), "{name} in {names:#?}");
    }
    let outputs: Vec<&str> = model.graph().outputs.iter().map(|(n, _)| n.as_str()).collect();
    assert_eq!(outputs, ["ex", "kt", "kd"]);
    let (_, ex) = model.graph().outputs[0];
    assert_eq!(model.graph().nodes[ex].operation, Operation::Subtract);
    // 15; pool 4: +3; tower 1: 10 * 4 * (1 + 2 + 4).
    assert_eq!(
        node(&model, "trunk.residual.3.add").receptive_field_bp,
        Some(15.0 + 3.0 + 280.0)
    );
    assert!(model.warnings().is_empty(), "{:?}", warnings(&model));
}

#[test]
fn names_are_unique() {
    let model = on(TWO_SIDED, immune()).unwrap_or_else(|e| panic!("{e}"));
    let mut nodes: Vec<&str> = model.graph().nodes.iter().map(|n| n.name.as_str()).collect();
    nodes.sort_unstable();
    let all = nodes.len();
    nodes.dedup();
    assert_eq!(nodes.len(), all);
}

#[test]
fn an_open_width_goes_through_arithmetic() {
    let model = good("let a = dna.linear(); let b = dna.linear(); y = 2 * a - b / 4 + 1;");
    assert_eq!(node(&model, "linear").sizes(), [2]);
    assert_eq!(node(&model, "linear2").sizes(), [2]);
    assert_eq!(model.parameter_count(), 2 * (160 * 2 + 2));
}

#[test]
fn bins_take_the_width_of_their_tracks() {
    let mut data = toy();
    data.outputs = vec![bins("y", 3, 10, 4.0)];
    let model = on(
        "Net on toy { y = dna.conv(8, width = 5).pool(Mean, 4).conv(width = 1).sigmoid(); }",
        data,
    )
    .unwrap();
    assert_eq!(node(&model, "y.conv2").sizes(), [3, 10]);
}

#[test]
fn groups_and_depthwise() {
    let model = good("y = dna.conv(8, width = 3, groups = 2, bias = false).depthwise_conv(width = 5).linear();");
    assert_eq!(model.graph().parameters[0].sizes, [8, 2, 3]);
    assert_eq!(model.graph().parameters[1].sizes, [8, 1, 5]);
}

#[test]
fn the_table_reads() {
    let model = good("y = dna.conv(8, width = 5).relu().pool(Max, 6).linear();");
    let text = model.to_string();
    assert!(text.lines().any(|line| line.starts_with("dna ")), "{text}");
    assert!(text.contains("conv 8, width 5 \u{b7} relu"), "{text}");
    assert!(text.contains("8 x 6 at 6 bp"), "{text}");
    assert!(
        text.contains("positions left over at the end of pooling are not read: y.pool 4 of 40"),
        "{text}"
    );
    let last = text.lines().rev().nth(1).unwrap_or_default();
    assert!(last.starts_with("total") && last.contains("266"), "{text}");
}
