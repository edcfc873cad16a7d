//! The models of the zoo: sizes of the original, and the same networks as the option strings mean.

use cistron::declaration::{Axis, AxisKind, Port, PortKind, Signature};
use cistron::prelude::*;
use cistron::zoo::drg;
use std::path::Path;

type Outcome<T = ()> = Result<T, Box<dyn std::error::Error>>;

/// Sequences of a length and tracks of three outputs, as files in a folder.
pub(crate) fn data(folder: &Path, length: usize, tracks: usize) -> Outcome<Dataset> {
    let rows: Vec<String> = (0..40).map(|i| format!("g{i}")).collect();
    let letters = |row: usize| -> String {
        (0..length)
            .map(|i| "ACGT".as_bytes()[(i * 7 + row * 3 + i / 5) % 4] as char)
            .collect()
    };
    let fasta: String = rows
        .iter()
        .enumerate()
        .map(|(i, name)| format!(">{name}\n{}\n", letters(i)))
        .collect();
    std::fs::write(folder.join("dna.fa"), &fasta)?;
    let header: Vec<String> = (0..tracks).map(|t| format!("t{t}")).collect();
    for (k, file) in ["ex", "kd", "kt"].iter().enumerate() {
        let mut text = format!("name\t{}\n", header.join("\t"));
        for (i, name) in rows.iter().enumerate() {
            let values: Vec<String> = (0..tracks).map(|t| ((i * 31 + t * 17 + k * 5) % 11).to_string()).collect();
            text.push_str(&format!("{name}\t{}\n", values.join("\t")));
        }
        std::fs::write(folder.join(format!("{file}.tsv")), text)?;
    }
    let path = |name: &str| folder.join(name).display().to_string();
    Ok(data! {
        input dna: Dna = fasta(path("dna.fa")), rna: Rna = fasta(path("dna.fa"));
        output ex = table(path("ex.tsv")), kd = table(path("kd.tsv")), kt = table(path("kt.tsv"));
        split hash(valid = 0.3, test = 0.3, by = name);
    })
}

#[test]
fn parameters_are_as_many_as_in_the_original() -> Outcome {
    let folder = tempfile::tempdir()?;
    let data = data(folder.path(), 40_000, 88)?;
    let drg = drg::blocks()?;
    let counts: Vec<usize> = [
        drg::a(&data, &drg)?,
        drg::a_attention(&data, &drg)?,
        drg::b(&data, &drg)?,
        drg::c(&data, &drg)?,
        drg::d_separate(&data, &drg)?,
        drg::d_shared(&data, &drg)?,
        drg::f_all(&data, &drg)?,
        drg::f_routed(&data, &drg)?,
    ]
    .iter()
    .map(Model::parameter_count)
    .collect();
    // The original's D with separate heads has two that nothing reads, 1025 x 88 numbers each.
    let dead = 2 * 1025 * 88;
    assert_eq!(
        counts,
        [
            13_079_724,
            29_258_604,
            13_260_124,
            30_696_048,
            26_520_248 - dead,
            26_159_448,
            34_223_842,
            30_672_508
        ]
    );
    Ok(())
}

#[test]
fn the_long_variant_has_the_lengths_of_the_original() -> Outcome {
    let folder = tempfile::tempdir()?;
    let data = data(folder.path(), 100_000, 3)?;
    let flat = |model: &Model| {
        let nodes = &model.graph().nodes;
        let at = nodes
            .iter()
            .position(|n| n.operation == cistron::models::Operation::Flatten)
            .expect("a flat value");
        nodes[nodes[at].inputs[0]].sizes()
    };
    let drg = drg::blocks()?;
    assert_eq!(flat(&drg::a(&data, &drg.with("tower_pool", 7)?)?), [300, 11]);
    assert_eq!(flat(&drg::g(&data, &drg)?)[0], 540);
    Ok(())
}

#[test]
fn the_zoo_and_the_option_strings_are_the_same_networks() -> Outcome {
    let folder = tempfile::tempdir()?;
    let data = data(folder.path(), 320, 18)?;
    let base = "num_kernels=16+l_kernels=9+max_pooling=False+weighted_pooling=True+pooling_size=4+dilated_convolutions=3+l_dilkernels=5\
        +dilations=[1,2,4]+transformer_convolutions=2+l_trkernels=5+fclayer_size=32+nfc_layers=3+conv_batch_norm=True+fc_dropout=0.1";
    let wide = "+trweighted_pooling=3";
    let attention =
        "+dilweighted_pooling=4+dilpooling_steps=3+n_attention=1+n_distattention=4+dim_distattention=1.8+trweighted_pooling=2";
    let routes = "+input_to_combinefunc=[[0,1],[1],[0]]";
    let related = "+outclass=['difference','direct','direct']+combine_function=Linear+shared_embedding=";
    let mut drg = drg::blocks()?
        .with("embedding", 16)?
        .with("attention_pool", 4)?
        .with("attention_tower_pool", 2)?;
    for (name, value) in [
        ("kernels", 16),
        ("width", 9),
        ("dilated_width", 5),
        ("tower", 2),
        ("tower_width", 5),
        ("tower_pool", 3),
        ("features", 32),
    ] {
        drg = drg.with(name, value)?;
    }
    let cases: Vec<(&str, Model, String, bool, bool)> = vec![
        ("A", drg::a(&data, &drg)?, format!("{base}{wide}"), false, false),
        (
            "A with attention",
            drg::a_attention(&data, &drg)?
                .with("attention_pool", 4)?
                .with("attention_tower_pool", 2)?,
            format!("{base}{attention}"),
            false,
            false,
        ),
        ("B", drg::b(&data, &drg)?, format!("{base}{wide}"), false, true),
        (
            "C",
            drg::c(&data, &drg)?,
            format!("{base}{wide}+cnn_embedding=16"),
            true,
            false,
        ),
        (
            "D separate",
            drg::d_separate(&data, &drg)?,
            format!("{base}{wide}{routes}{related}False"),
            true,
            true,
        ),
        (
            "D shared",
            drg::d_shared(&data, &drg)?,
            format!("{base}{wide}{routes}{related}True"),
            true,
            true,
        ),
        (
            "F all",
            drg::f_all(&data, &drg)?,
            format!("{base}{wide}+cnn_embedding=16+n_combine_layers=2"),
            true,
            true,
        ),
        (
            "F routed",
            drg::f_routed(&data, &drg)?,
            format!("{base}{wide}{routes}+cnn_embedding=16+n_combine_layers=2"),
            true,
            true,
        ),
    ];
    for (name, model, options, two_sided, three) in cases {
        let mut ports = drg::Ports::default().input("dna", 320, true);
        if two_sided {
            ports = ports.input("rna", 320, false);
        }
        let outputs: &[&str] = if three { &["ex", "kd", "kt"] } else { &["ex"] };
        ports = outputs.iter().fold(ports, |ports, output| ports.output(output, 18));
        let other = drg::translate(&options, &ports)?.declare(&data.signature())?;
        let operations = |model: &Model| -> Vec<String> {
            let nodes = model.graph().nodes.iter();
            nodes
                .map(|n| format!("{:?} {:?} {:?}", n.operation, n.inputs, n.sizes()))
                .collect()
        };
        assert_eq!(operations(&model.compat(Compat::Drg)), operations(&other), "{name}");
    }
    Ok(())
}

#[test]
fn unequal_tracks_meet_by_name() -> Outcome {
    let axis = |kind, size| Axis {
        kind,
        size: Some(size),
        bp: None,
    };
    let sequence = |name: &str, kind| Port {
        name: name.into(),
        kind,
        axes: vec![axis(AxisKind::Channel, 4), axis(AxisKind::Position, 320)],
        tracks: Vec::new(),
    };
    let tracks = |name: &str, names: &[&str]| Port {
        name: name.into(),
        kind: PortKind::Scalar,
        axes: vec![axis(AxisKind::Track, names.len())],
        tracks: names.iter().map(|n| (*n).to_string()).collect(),
    };
    let signature = |ex: &[&str], kt: &[&str], kd: &[&str]| Signature {
        name: "immune".into(),
        inputs: vec![sequence("dna", PortKind::Dna), sequence("rna", PortKind::Rna)],
        outputs: vec![tracks("ex", ex), tracks("kt", kt), tracks("kd", kd)],
    };
    let ports = drg::Ports::default().input("dna", 320, true).input("rna", 320, false);
    let ports = ["ex", "kd", "kt"].iter().fold(ports, |ports, output| ports.output(output, 4));
    let options = "num_kernels=4+l_kernels=7+max_pooling=False+weighted_pooling=True+pooling_size=4+fclayer_size=8+nfc_layers=2\
        +outclass=['difference','direct','direct']+combine_function=Linear+input_to_combinefunc=[[0,1],[1],[0]]";
    let found = drg::translate(options, &ports)?;
    let sizes = |model: &Model, output: &str| {
        let graph = model.graph();
        let node = graph.outputs.iter().find(|(name, _)| name == output).expect("an output").1;
        graph.nodes[node].sizes()
    };
    let model = found.declare(&signature(&["a", "b", "d"], &["a", "b", "c", "d"], &["d", "b", "a"]))?;
    assert_eq!(
        [sizes(&model, "ex"), sizes(&model, "kt"), sizes(&model, "kd")],
        [vec![3], vec![4], vec![3]]
    );
    let warnings: Vec<&str> = model.warnings().iter().map(|w| w.message.as_str()).collect();
    assert!(
        warnings[0].contains("aligned by name, 3 tracks are on both sides; 1 on one side alone: `c`"),
        "{warnings:?}"
    );
    // The difference is taken between tracks of one name, in the order of `ex`.
    let network = Network::new(&model, 1, DType::F64)?;
    let random =
        |seed: f64| Tensor::arange(0f64, 4.0 * 320.0, &Device::Cpu).and_then(|t| (t * seed)?.sin()?.reshape((1, 4, 320)));
    let inputs = [("dna".to_string(), random(0.7)?), ("rna".to_string(), random(1.3)?)].into();
    let outputs = network.predict(&inputs)?;
    let [ex, kt, kd] = ["ex", "kt", "kd"].map(|name| outputs[name].flatten_all().and_then(|t| t.to_vec1::<f64>()));
    let (ex, kt, kd) = (ex?, kt?, kd?);
    for (found, expected) in ex.iter().zip([kt[0] - kd[2], kt[1] - kd[1], kt[3] - kd[0]]) {
        assert!((found - expected).abs() < 1e-12, "{found} {expected}");
    }
    let lacking = found.declare(&signature(&["a", "b", "e"], &["a", "b", "c", "d"], &["d", "b", "a"]));
    let message = lacking.map(|_| ()).unwrap_err().to_string();
    assert!(
        message.contains("output `ex` has 1 tracks that the graph does not give: `e`"),
        "{message}"
    );
    Ok(())
}
