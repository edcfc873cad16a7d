//! Every message, with the token that it underlines.

use crate::support::*;
use cistron_declaration::{PortKind, Signature};

#[test]
fn several_at_once_rendered_with_their_lines() {
    let error = declare("    let x = dna.con(8, width = 5).relu();\n    y = x.pool(Maxx, 50).linear();").unwrap_err();
    let text = error.to_string();
    assert_eq!(
        text,
        "error: unknown layer `con`\n --> model! line 2\n2 |     let x = dna.con(8, width = 5).relu();\n  |                 ^^^\n  help: did you mean `conv`?\n\n\
         error: `pool` does not know `Maxx`\n --> model! line 3\n3 |     y = x.pool(Maxx, 50).linear();\n  |                ^^^^\n  help: did you mean `Max`?"
    );
}

#[test]
fn words_and_arguments() {
    mistake(
        "y = dna.lineear();",
        "lineear: unknown layer `lineear` | did you mean `linear`?",
    );
    mistake(
        "y = dna.conv(4, widht = 3).linear();",
        "widht: `conv` has no argument `widht` | did you mean `width`?",
    );
    mistake(
        "y = dna.conv(4, width = 3, momentum = 0.1).linear();",
        "momentum: `momentum` is an argument of `norm`, not of `conv` | `conv` takes filters, width, stride",
    );
    mistake(
        "y = dna.conv(4).linear();",
        "conv: `conv` needs `width` | such as `conv(64, width = 15)`",
    );
    mistake(
        "y = dna.conv(4, width = 3, width = 5).linear();",
        "width: `width` of `conv` is given twice | first on line 2",
    );
    mistake(
        "y = dna.conv(4, 3, width = 3).linear();",
        "3: `conv` takes one value without a name (`filters`), found 2",
    );
    mistake(
        "y = dna.dropout(0.1, 0.2).linear();",
        "0.2: `dropout` takes one value without a name (`rate`), found 2",
    );
    mistake(
        "y = dna.relu(0.1).linear();",
        "0.1: `relu` takes no value without a name, found 1 | `relu` takes nothing",
    );
    mistake(
        "y = dna.norm(Bach).linear();",
        "Bach: `norm` does not know `Bach` | did you mean `Batch`?",
    );
    mistake(
        "y = dna.norm(Group).linear();",
        "norm: `norm(Group)` needs `groups` | such as `norm(Group, groups = 8)`",
    );
    mistake(
        "y = dna.pool(Attention, 2, step = 1).linear();",
        "1: `step` belongs to the other pools: `pool(Attention, n)` takes whole windows",
    );
    mistake(
        "y = dna.norm(Layer, momentum = 0.5).linear();",
        "0.5: `momentum` belongs to `norm(Batch)`",
    );
    mistake(
        "y = dna.gelu(Tan).linear();",
        "Tan: `gelu` does not know `Tan` | did you mean `Tanh`?",
    );
}

#[test]
fn numbers_out_of_range() {
    mistake(
        "y = dna.dropout(1.0).linear();",
        "1.0: `rate` of `dropout` must be at least 0 and below 1, found 1",
    );
    mistake(
        "y = dna.conv(4, width = 0).linear();",
        "0: `width` of `conv` must be at least 1, found 0",
    );
    mistake(
        "y = dna.conv(4, width = 3, dilation = 0).linear();",
        "0: `dilation` of `conv` must be at least 1, found 0",
    );
    mistake(
        "y = dna.conv(4, width = [3, 5]).linear();",
        "[: `width` of `conv` is one whole number, found a list of 2",
    );
    mistake(
        "y = dna.conv(4, width = 2.5).linear();",
        "2.5: `width` of `conv` is one whole number, found 2.5",
    );
    mistake(
        "y = dna.conv(4, width = 3, bias = 1).linear();",
        "1: `bias` of `conv` is `true` or `false`, found 1",
    );
    mistake(
        "y = dna.conv(6, width = 3, groups = 4).linear();",
        "4: 4 groups do not divide 6 filters",
    );
    mistake(
        "y = dna.conv(6, width = 3, groups = 3).linear();",
        "3: 3 groups do not divide 4 channels",
    );
    mistake(
        "y = dna.conv(4, width = 2000000000).linear();",
        "2000000000: `width` of `conv` must be at most 1000000000, found 2000000000",
    );
    mistake(
        "y = dna.flatten().linear(1000000000).linear();",
        "linear: `y.linear.weight` would hold [1000000000, 160] numbers, more than 17179869184 | pool more",
    );
    mistake("let n = 3 / 0; y = dna.linear();", "/: `3 / 0` gives no whole number");
}

#[test]
fn lengths_that_run_out() {
    mistake(
        "y = dna.pool(Max, 4).pool(Max, 12).linear();",
        "12: `pool` window 12 is longer than the length 10 that reaches it: 40 -> 10 | pool less before it",
    );
    mistake(
        "y = dna.pool(Max, 4).conv(4, width = 11, padding = Valid).linear();",
        "conv: `conv` needs length >= 11 but gets 10: 40 -> 10",
    );
    mistake(
        "y = dna.conv(8, width = 3).residual(5, width = 11, after = |h| h.pool(Max, 2)).linear();",
        "5: `residual` layer 3 needs length >= 11 but gets 10: 40 -> 20 -> 10 | fewer layers",
    );
    mistake("y = dna.crop(50).linear();", "50: `crop` keeps 50 positions but gets 40: 40");
    mistake(
        "let mut x = dna; for _ in 0..9 { x = x.pool(Max, 3); } y = x.linear();",
        "3: `pool` window 3 is longer than the length 1",
    );
}

#[test]
fn the_chain_of_lengths_of_the_design() {
    let text = "A on immune { let t = dna.conv(3, width = 15).pool(Weighted, 4).residual(5, width = 11, after = |h| h.pool(Weighted, 6));
        [ex, kt, kd] = t.linear(); let r = rna; }";
    let error = on(text, immune()).unwrap_err();
    let found = messages(&error);
    assert_eq!(
        found[0],
        "5: `residual` layer 5 needs length >= 11 but gets 7: 40000 -> 10000 -> 1666 -> 277 -> 46 -> 7 | fewer layers, a smaller width, or less pooling"
    );
}

#[test]
fn shapes_that_do_not_meet() {
    mistake(
        "y = (dna.conv(4, width = 3) + dna.conv(6, width = 3)).linear();",
        "+: `+` of [channel 4, position 40 at 1 bp] and [channel 6, position 40 at 1 bp] | both sides need the same shape",
    );
    mistake(
        "y = concat([dna, dna.pool(Max, 2)]).linear();",
        "concat: `concat` of [channel 4, position 40 at 1 bp] and [channel 4, position 20 at 2 bp]",
    );
    mistake(
        "y = dna.flatten().linear(3);",
        "y: output `y` is [track 2], the graph gives [feature 3] | `.linear()` without a number",
    );
    mistake(
        "y = dna.conv(2, width = 3);",
        "y: output `y` is [track 2], the graph gives [channel 2, position 40 at 1 bp] | end with `.linear()`",
    );
    mistake(
        "y = dna.flatten().linear(3).conv(2, width = 3).linear();",
        "conv: `conv` needs a sequence [channel, position], found [feature 3]",
    );
    mistake(
        "let t = dna.linear(); let u = t.linear(4); y = u.linear();",
        "linear: a layer without a number takes the width of the output",
    );
    mistake(
        "y = dna.residual(3, width = 3, dilation = [1, 2]).linear();",
        "[: `dilation` lists 2 values for 3 layers",
    );
    mistake(
        "y = dna.residual(3, width = 3, before = 4).linear();",
        "4: `before` is a closure, found 4 | such as `before = |h| h.norm(Batch).gelu()`",
    );
    let mut data = toy();
    data.outputs = vec![bins("y", 3, 250, 4000.0)];
    let error = on("Net on toy { y = dna.conv(width = 1); }", data).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("output `y` has 250 bins of 4,000 bp, the graph gives 40 of 1 bp"),
        "{error}"
    );
}

#[test]
fn outputs() {
    mistake(
        "let t = dna.linear(4);",
        "Net: output `y` of `toy` is never assigned | add `y = ..;`, or say `without(y);`",
    );
    mistake(
        "y = dna.linear();\ny = dna.linear();",
        "y: output `y` is assigned twice | first on line 2",
    );
    let found = mistakes("yy = dna.linear();");
    assert!(
        found.iter().any(|m| m.starts_with("yy: `yy` is no output of `toy` | ")),
        "{found:#?}"
    );
    mistake("let z = y; y = dna.linear();", "y: output `y` is read before it is assigned");
    mistake(
        "let x = dna; x = dna.relu(); y = x.linear();",
        "x: `x` is bound once and cannot be assigned again | write `let mut x`",
    );
    mistake("dna.relu(); y = dna.linear();", "relu: the result of this line is not used");
    mistake(
        "dna = dna.relu(); y = dna.linear();",
        "dna: `dna` is an input of `toy`, not an output",
    );
    mistake("y = 3;", "y: an output is the output of a layer, found 3");
}

#[test]
fn names() {
    mistake(
        "let trunk = dna.linear(4); y = trnk.linear();",
        "trnk: unknown name `trnk` | did you mean `trunk`? A Rust value of the cell goes into the header: `Net(trnk = trnk)`",
    );
    mistake("y = trunk(dna).linear();", "trunk: unknown block or function `trunk`");
    mistake(
        "block trunk(x) { x.relu() } y = trnk(dna).linear();",
        "trnk: unknown block or function `trnk` | did you mean `trunk`?",
    );
    mistake(
        "y = relu(dna).linear();",
        "relu: `relu` is a layer and follows what it reads | such as `x.relu(..)`",
    );
    mistake("y = dna.merge().linear();", "merge: `merge` parses but cannot run yet");
    mistake(
        "let n = 3; y = n.conv(4, width = 3).linear();",
        "conv: `conv` is a layer, but before the dot stands 3",
    );
    mistake(
        "y = dna.conv(dna.chanels, width = 3).linear();",
        "chanels: a layer's output has no field `chanels` | did you mean `channels`?",
    );
}

#[test]
fn blocks() {
    mistake(
        "block t(x, p) { x.relu() } y = t(dna, 2).linear();",
        "p: `t` never reads its parameter `p` | use it, take it away, or call it `_p`",
    );
    mistake(
        "block t(x, p) { x.pool(Max, p) } y = t(dna).linear();",
        "t: `t` takes 2 values (x, p), found 1",
    );
    mistake(
        "block t(x) { x.relu() } y = t(dna, 3).linear();",
        "3: `t` takes one value (x), found 2",
    );
    mistake("block t(x) { t(x) } y = t(dna).linear();", "t: `t` calls itself");
    mistake(
        "block t(x) { x.relu(); } y = t(dna).linear();",
        "t: block `t` ends without a value | leave out the last `;`",
    );
    mistake(
        "block t(x) { x.relu() } block t(x) { x.gelu() } y = t(dna).linear();",
        "t: block `t` is defined twice | first on line 2",
    );
    mistake(
        "part t(x) { x.relu() } y = (t(dna) + t(dna)).linear();",
        "t: part `t` is called twice",
    );
    mistake(
        "shared block t(x) { x.conv(4, width = 3) } y = t(t(dna).conv(6, width = 1)).linear();",
        "conv: shared weights `t.conv.weight` are [4, 4, 3] in one call and [4, 6, 3] in another",
    );
}

#[test]
fn strands() {
    let data = Signature {
        inputs: vec![sequence("rna", PortKind::Rna, 40)],
        ..toy()
    };
    let error = on(
        "Net on toy {\n    y = rna.both_strands().conv(4, width = 3).linear();\n}",
        data,
    )
    .unwrap_err();
    assert_eq!(
        error.to_string(),
        "error: no strand to complement: `rna` is single stranded\n --> model! line 2\n2 |     y = rna.both_strands().conv(4, width = 3).linear();\n  |             ^^^^^^^^^^^^ declared `Rna` in data! `toy`\n  help: leave `.both_strands()` out"
    );
    mistake(
        "y = dna.relu().both_strands().conv(4, width = 3).linear();",
        "both_strands: `both_strands` belongs to a DNA input, found the output of `y.relu`",
    );
    mistake(
        "y = dna.both_strands().norm(Batch).conv(4, width = 3).linear();",
        "norm: `norm` before the convolution that both strands go through",
    );
    mistake(
        "let s = dna.both_strands(); y = (s + s).linear();",
        "+: `+` before the convolution that both strands go through",
    );
}

#[test]
fn too_much_is_refused() {
    mistake(
        "let mut x = dna; for _ in 0..90000 { x = x.relu().relu(); } y = x.linear();",
        "relu: the declaration has more than 100,000 nodes",
    );
    let text = "for i in 0..200000 { } y = dna.linear();";
    assert!(
        mistakes(text)[0].contains("a range of 200000 values; at most 100,000 are unrolled"),
        "{:?}",
        mistakes(text)
    );
    let text = "for i in 0..90000 { for j in 0..90000 { let k = 1; } } y = dna.linear();";
    assert!(
        mistakes(text)[0].contains("takes more than 5,000,000 steps"),
        "{:?}",
        mistakes(text)
    );
    mistake(
        "y = dna.residual(99999999, width = 3).linear();",
        "residual: the declaration has more than 100,000 nodes",
    );
}

#[test]
fn messages_call_the_data_by_their_name_in_the_cell() {
    let data = Signature {
        name: "data".into(),
        ..toy()
    };
    let error = on("Net on mine {\n    y = dnaa.linear();\n}", data.clone()).unwrap_err();
    assert!(!error.to_string().contains("`data`"), "{error}");
    let error = on("Net on mine {\n    y = dna.linear();\n    z = dna.linear();\n}", data).unwrap_err();
    assert!(error.to_string().contains("`mine`"), "{error}");
}
