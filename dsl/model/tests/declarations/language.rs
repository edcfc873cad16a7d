//! Loops, choices, blocks, closures, values.

use crate::support::*;
use cistron_declaration::Signature;

#[test]
fn loops_unroll_and_rebind() {
    let model = good(
        "let mut x = dna;
         for (filters, d) in [(4, 1), (6, 2)] {
             for _ in 0..2 { x = x.conv(filters, width = 3, dilation = d).relu(); }
             x = x.pool(Max, 2);
         }
         y = x.linear();",
    );
    let convolutions = parameter_names(&model)
        .iter()
        .filter(|n| n.starts_with("conv") && n.ends_with("weight"))
        .count();
    assert_eq!(convolutions, 4);
    assert_eq!(node(&model, "pool2").sizes(), [6, 10]);
}

#[test]
fn blocks_have_their_own_weights_and_shared_blocks_one_set() {
    let body =
        |word: &str| format!("{word} stem(x) {{ x.conv(4, width = 3).relu() }}\n y = (stem(dna) + stem(dna.flip())).linear();");
    let head = 4 * 40 * 2 + 2;
    assert_eq!(good(&body("block")).parameter_count(), 2 * (4 * 4 * 3 + 4) + head);
    let shared = good(&body("shared block"));
    assert_eq!(shared.parameter_count(), (4 * 4 * 3 + 4) + head);
    assert_eq!(node(&shared, "stem.conv").parameters, node(&shared, "stem2.conv").parameters);
}

#[test]
fn several_outputs_evaluate_their_value_anew() {
    let mut data = toy();
    data.outputs.push(scalar("z", 3));
    let model = on("Net on toy { let t = dna.conv(4, width = 3); [y, z] = t.linear(); }", data).unwrap();
    assert_eq!(node(&model, "y.linear").sizes(), [2]);
    assert_eq!(node(&model, "z.linear").sizes(), [3]);
}

#[test]
fn choices_follow_parameters() {
    let text = "Net(deep = true, act = Gelu, n = 8) on toy {
        let mut x = dna.conv(n, width = 3);
        if deep { x = x.conv(n / 2, width = 3); }
        let x = match act { Gelu => x.gelu(), _ => x.relu() };
        y = x.linear();
    }";
    let model = on(text, toy()).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(node(&model, "gelu").sizes(), [4, 40]);
    let shallow = model.with("deep", false).unwrap().with("act", "Relu").unwrap();
    assert_eq!(node(&shallow, "relu").sizes(), [8, 40]);
    let error = model.with("dep", 3).unwrap_err().to_string();
    assert!(
        error.contains("`Net` has no parameter `dep`") && error.contains("did you mean `deep`?"),
        "{error}"
    );
    let error = model.with("n", "many").unwrap_err().to_string();
    assert!(error.contains("parameter `n` is 8, but is given \"many\""), "{error}");
}

#[test]
fn closures_fields_functions_and_lists() {
    let model = good(
        "let unit = |h, n| h.conv(n, width = 3).silu();
         let mut x = dna;
         for c in geometric(8, 32, 3, multiple = 4) { x = unit(x, c); }
         let p = mean([x, x.conv(x.channels, width = 1)]);
         y = concat([p.mean(Positions), p.max(Positions)]).dense(5, layers = 2).linear();",
    );
    assert_eq!(node(&model, "conv2").sizes(), [16, 40]);
    assert_eq!(node(&model, "y.concat").sizes(), [64]);
    assert_eq!(node(&model, "y.dense.linear2").sizes(), [5]);
}

#[test]
fn a_part_and_an_output_that_is_left_out() {
    let data = Signature {
        outputs: vec![scalar("ex", 2), scalar("kd", 2)],
        ..toy()
    };
    let model = on(
        "Net on toy { part encoder(x) { x.conv(4, width = 3) } ex = encoder(dna).linear(); without(kd); }",
        data,
    );
    let model = model.unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(model.graph().outputs.len(), 1);
    assert_eq!(parameter_names(&model)[0], "encoder.conv.weight");
}

#[test]
fn warnings_are_kept_with_the_model() {
    let data = immune();
    let text = "Net on immune {
        block idle(x) { x.relu() }
        let unused = dna.conv(2, width = 3);
        let t = dna.linear(16);
        kt = t.linear().gelu(); kd = t.linear().gelu(); ex = kt - kd;
    }";
    let model = on(text, data).unwrap_or_else(|e| panic!("{e}"));
    let found = warnings(&model);
    let expect = [
        "Net: input `rna` of `immune` is read by no output",
        "idle: block `idle` is never called",
        "conv: `conv` reaches no output and is left out",
        "gelu: difference of GELU-activated heads: this head cannot go below -0.17 | end the head with `.linear()`",
        "gelu: difference of GELU-activated heads: this head cannot go below -0.17 | end the head with `.linear()`",
    ];
    assert_eq!(found, expect);
    assert!(model.to_string().contains("warning: line 2: block `idle` is never called"));
}

#[test]
fn a_convolution_that_sees_mostly_padding_is_a_warning() {
    let model = good("y = dna.pool(Max, 8).conv(4, width = 11).linear();");
    assert_eq!(
        warnings(&model),
        ["conv: `conv` reaches over 11 positions but gets 5, the rest is padding: 40 -> 5"]
    );
}
