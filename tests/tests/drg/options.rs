//! Option strings: typing, translation, names of files, and what is said about options that do nothing.

use cistron::zoo::drg::{OptionValue, Ports, merged_names, translate};
use cistron_tests::golden::{json, shared};

const BASE: &str = "num_kernels=300+l_kernels=15+max_pooling=False+weighted_pooling=True+pooling_size=4+net_function=GELU\
    +dilated_convolutions=3+l_dilkernels=11+dilations=[1,2,4]+transformer_convolutions=4+l_trkernels=11+trweighted_pooling=6\
    +fclayer_size=1024+nfc_layers=3+conv_batch_norm=True+fc_dropout=0.1+loss_function=Correlationmse+validation_loss=Correlationdata\
    +lr=1e-5+patience=10+batchsize=8+optimizer=SGD+optim_params=0.9+seed=5+warm_up_epochs=4+finetuning_patience=3\
    +finetuning_rounds=2+finetuning_rate=0.1+device=cuda:0+keepmodel=True";

fn one() -> Ports {
    Ports::default().input("dna", 40_000, true).output("ex", 88)
}

fn two(outputs: &[&str]) -> Ports {
    let ports = Ports::default().input("dna", 40_000, true).input("rna", 40_000, false);
    outputs.iter().fold(ports, |ports, name| ports.output(name, 88))
}

#[test]
fn the_source_string_becomes_declarations() {
    let found = translate(BASE, &one()).unwrap();
    let expected = "\
// without effect: `device=cuda:0`, `keepmodel=True` (files, screen and device of the original's program)
let net = model! { Net on data {
    block trunk(x) {
        let mut h = x.conv(300, width = 15).gelu();
        h = h.pool(Weighted, 4, rest = Pad);
        h = h.residual(3, width = 11, dilation = [1, 2, 4], bias = false, skip = Conv, before = |h| h.norm(Batch).gelu());
        h = h.residual(4, width = 11, skip = Conv, before = |h| h.norm(Batch).gelu(), after = |h| h.pool(Weighted, 6, rest = Pad));
        let mut f = h.dense(1024);
        for w in widening(f.features, 3, 1.1) { f = f.linear(w).dropout(0.1).gelu(); }
        f
    }
    ex = trunk(dna.both_strands()).linear();
} };
let loss = objective! { on data {
    loss(ex) = 0.95 * correlation(Tracks) + 0.05 * mse();
    watch(ex) = correlation(Tracks);
} };
// `data` is your data set; with folds add `fold = ..`
let run = fit! { net, loss, data;
    optimizer = Sgd { lr: 1e-5, momentum: 0.9 },
    batch = 8,
    epochs = 1000,
    patience = 10,
    warmup = Exponential { over: Epochs(4), factor: 4.0 },
    finetune = Rounds { rounds: 2, rate: 0.1, patience: 3 },
    seed = 5,
    compat = drg };
";
    assert_eq!(found.to_string(), expected);
}

#[test]
fn the_two_hypotheses_differ_in_their_last_lines() {
    let wiring = "+input_to_combinefunc=[[0,1],[1],[0]]+outclass=['difference','direct','direct']+combine_function=Linear";
    let last = |shared: &str| {
        let found = translate(
            &format!("{BASE}{wiring}+shared_embedding={shared}"),
            &two(&["ex", "kd", "kt"]),
        )
        .unwrap();
        let lines: Vec<String> = found.model().lines().map(|l| l.trim().to_string()).collect();
        lines[lines.len() - 4..lines.len() - 1].to_vec()
    };
    assert_eq!(
        last("False"),
        [
            "ex = dna_side.linear() - rna_side.linear();",
            "kd = rna_side.linear();",
            "kt = dna_side.linear();"
        ]
    );
    assert_eq!(
        last("True"),
        ["kt = dna_side.linear();", "kd = rna_side.linear();", "ex = kt - kd;"]
    );
}

#[test]
fn what_does_nothing_is_said() {
    let notes = |more: &str, ports: &Ports| translate(&format!("{BASE}{more}"), ports).unwrap().notes().to_vec();
    let first = |more: &str| notes(more, &one()).first().cloned().unwrap_or_default();
    assert_eq!(
        first("+wram_up_epochs=3"),
        "unknown option `wram_up_epochs=3`: the original takes it and does nothing; did you mean `warm_up_epochs`?"
    );
    assert_eq!(
        first("+cnn_embedding=64"),
        "unknown option `cnn_embedding=64`: the original takes it and does nothing; it belongs to networks with two sequences"
    );
    assert_eq!(
        first("+l1_kernel=0.1"),
        "`l1_kernel=0.1` has no effect in the original: it looks for a weight of another name and finds none"
    );
    assert_eq!(
        first("+pooling_steps=2"),
        "`pooling_steps=2` has no effect: weighted pooling goes on by its window"
    );
    assert_eq!(
        first("+num_kernels=200"),
        "`num_kernels` is given twice: the last, `200`, counts"
    );
    let short = notes("+transformer_convolutions=5", &one());
    assert!(
        short
            .iter()
            .any(|n| n.contains("layer 5 of `trconvolution_layers`") && n.contains("8 positions")),
        "{short:?}"
    );
    let activated = notes(
        "+outclass=['difference','direct','direct']+input_to_combinefunc=[[0,1],[1],[0]]",
        &two(&["ex", "kd", "kt"]),
    );
    assert!(
        activated[0].contains("no value below -0.17 can be predicted"),
        "{activated:?}"
    );
    let alone = notes(
        "+outclass=['difference','direct','direct']+input_to_combinefunc=[[0],[1],[0]]+combine_function=Linear",
        &two(&["ex", "kd", "kt"]),
    );
    assert!(alone[0].contains("a relation of one input is that input alone"), "{alone:?}");
}

/// The value of `optimizer` that an option string means, with the notes.
fn optimizer(options: &str) -> (String, String) {
    let found = translate(&format!("num_kernels=4+l_kernels=5+{options}"), &one()).unwrap();
    let text = found.to_string();
    let line = text.lines().find_map(|line| line.trim().strip_prefix("optimizer = "));
    (line.unwrap().trim_end_matches(',').to_string(), found.notes().join("\n"))
}

#[test]
fn every_optimizer_has_its_word_and_its_defaults() {
    for (options, expected) in [
        ("optimizer=SGD+lr=0.1", "Sgd { lr: 0.1 }"),
        ("optimizer=NAG+lr=0.1", "Sgd { lr: 0.1, momentum: 0.7, nesterov: true }"),
        ("optimizer=Adagrad+lr=0.1", "Adagrad { lr: 0.1 }"),
        (
            "optimizer=Adagrad+lr=0.1+optim_params=0.01",
            "Adagrad { lr: 0.1, lr_decay: 0.01 }",
        ),
        ("optimizer=Adadelta+lr=1", "Adadelta { lr: 1.0, rho: 0.9 }"),
        (
            "optimizer=Adadelta+lr=1+optim_params=0.95+optim_weight_decay=0.1",
            "Adadelta { lr: 1.0, rho: 0.95, weight_decay: 0.1 }",
        ),
        ("lr=0.1", "Adam { lr: 0.1 }"),
        (
            "optimizer=NAdam+lr=0.1+optim_params=(0.8,0.99)",
            "NAdam { lr: 0.1, beta1: 0.8, beta2: 0.99 }",
        ),
        ("optimizer=AdamW+lr=0.1", "AdamW { lr: 0.1, weight_decay: 0.01 }"),
        (
            "optimizer=Amsgrad+lr=0.1",
            "AdamW { lr: 0.1, amsgrad: true, weight_decay: 0.0 }",
        ),
    ] {
        assert_eq!(optimizer(options).0, expected, "{options}");
    }
    let (_, notes) = optimizer("optimizer=Amsgrad");
    assert!(notes.contains("`optimizer=Amsgrad` is AdamW with amsgrad"), "{notes}");
    let (_, notes) = optimizer("optimizer=NAdam+optim_params=0.9");
    assert!(notes.contains("NAdam takes two betas"), "{notes}");
    let refused = |options: &str| {
        translate(&format!("num_kernels=4+l_kernels=5+{options}"), &one())
            .unwrap_err()
            .to_string()
    };
    let message = refused("optimizer=Adadelta+optim_params=[0.9,0.99]");
    assert!(
        message.contains("is for another optimizer: Adadelta takes one rho"),
        "{message}"
    );
    let message = refused("optimizer=Adadelt");
    assert!(message.contains("did you mean `Adadelta`?"), "{message}");
}

#[test]
fn options_of_the_program_are_named_as_without_effect() {
    let (_, notes) = optimizer("verbose=False+device=cuda:1+write_steps=5");
    assert_eq!(
        notes.lines().last(),
        Some(
            "without effect: `device=cuda:1`, `verbose=False`, `write_steps=5` (files, screen and device of the original's program)"
        )
    );
    assert!(!optimizer("lr=0.1").1.contains("without effect"));
}

#[test]
fn what_has_no_meaning_is_refused() {
    let refused = |more: &str, ports: &Ports| translate(&format!("{BASE}{more}"), ports).unwrap_err().to_string();
    let one = |more: &str| refused(more, &one());
    assert!(one("+net_function=GLEU").contains("`net_function=GLEU`: no layer of that name"));
    assert!(one("+loss_function=GNLL").contains("`loss_function=GNLL` always crashes in the original"));
    assert!(one("+kernel_thresholding=2").contains("`kernel_thresholding=2` has no word here"));
    assert!(one("+num_kernels").contains("option 31, `num_kernels`: it has no value"));
    assert!(one("+dilations=[1,2").contains("a list does not end"));
    assert!(one("+dilations=[1,2]").contains("`dilations` lists 2 values for 3"));
    let routed = refused("+input_to_combinefunc=[[0,2],[1],[0]]", &two(&["ex", "kd", "kt"]));
    assert!(routed.contains("output 0 reads [0, 2], of inputs 0 to 1"), "{routed}");
    let short = refused("+input_to_combinefunc=[[0,1],[1]]", &two(&["ex", "kd", "kt"]));
    assert!(short.contains("lists 2 outputs of 3"), "{short}");
}

#[test]
fn values_are_typed_and_names_made_as_recorded() {
    let Some(path) = shared("golden/drg/metrics.json") else {
        return;
    };
    let recorded = json(&path);
    for case in recorded["check"].as_array().unwrap() {
        let [text, kind, shown] = [0, 1, 2].map(|i| case[i].as_str().unwrap());
        let value = OptionValue::read(text).unwrap();
        let (found, same) = match &value {
            OptionValue::Nothing => ("NoneType", shown == "None"),
            OptionValue::Truth(b) => ("bool", shown == if *b { "True" } else { "False" }),
            OptionValue::Whole(i) => ("int", shown.parse() == Ok(*i)),
            OptionValue::Number(x) => (
                "float",
                shown.parse::<f64>().is_ok_and(|y| y == *x || (y.is_nan() && x.is_nan())),
            ),
            OptionValue::Text(t) => ("str", t == shown),
            OptionValue::List(_) => ("list", value.to_string() == shown.replace('(', "[").replace(')', "]")),
        };
        assert!(
            (found == kind || (found, kind) == ("list", "tuple")) && same,
            "{text}: {value} ({found}), {shown} ({kind})"
        );
    }
    for case in recorded["create_outname"].as_array().unwrap() {
        let [first, second, lead, expected] = [0, 1, 2, 3].map(|i| case[i].as_str().unwrap());
        assert_eq!(merged_names(first, second, lead), expected);
    }
}

#[test]
fn runs_have_the_names_of_the_original() {
    let Some(folder) = shared("golden/drg/toy/expected") else {
        return;
    };
    let manifest = json(&folder.join("manifest.json"));
    for (name, recorded) in manifest.as_object().unwrap() {
        let params = std::fs::read_to_string(folder.join(name).join("model_params.dat")).unwrap();
        let two_sided = !matches!(name.as_str(), "A_base" | "A_trans" | "B");
        let three = !matches!(name.as_str(), "A_base" | "A_trans" | "C");
        let mut ports = Ports::default().input("dna", 320, true);
        if two_sided {
            ports = ports.input("rna", 320, false);
        }
        let outputs: &[&str] = if three { &["ex", "kd", "kt"] } else { &["ex"] };
        ports = outputs.iter().fold(ports, |ports, output| ports.output(output, 18));
        let found = translate(&params, &ports).unwrap_or_else(|e| panic!("{name}: {e}"));
        let inputs: &[&str] = if two_sided {
            &["TSS320.npz", "RNA320.npz"]
        } else {
            &["TSS320.npz"]
        };
        let files: &[&str] = if three {
            &["exonic.tsv", "degrad.tsv", "intronic.tsv"]
        } else {
            &["exonic.tsv"]
        };
        let stem = found.stem(inputs, files, Some("sd1"), Some((10.0, 1)));
        assert_eq!(stem, recorded["stem"].as_str().unwrap(), "{name}");
    }
}
