//! What a finished run is asked next: new sequences, substitutions, gradients, filters among known motifs.

mod common;
#[path = "../../data/tests/support/mod.rs"]
mod support;

use candle_core::DType;
use cistron_data::{Captured, Dataset, Motif, Part};
use cistron_declaration::{BinaryOperator, Expression, Kind};
use cistron_display::Show;
use cistron_model::Model;
use cistron_nn::Network;
use cistron_ops::Adam;
use cistron_random::{Purpose, Stream};
use cistron_train::{Fit, Run, Trained};
use common::{alone, call, data, expression, method, model_of_both_strands, mse, name, objective, of_value, table};
use polars::prelude::{Column, DataFrame};
use std::collections::HashMap;
use std::path::Path;

const SITE: &str = "TGACTCA";

fn motif(name: &str, consensus: &str) -> Motif {
    let column = |c: char| ['A', 'C', 'G', 'T'].map(|b| f64::from(u8::from(b == c)));
    Motif::new(name, consensus.chars().map(column).collect()).unwrap()
}

/// A small network that has learned the planted site.
fn trained(data: &Dataset, root: &Path) -> Run {
    let adam = Adam {
        lr: 0.02,
        ..Adam::default()
    };
    let run = Fit::new(&model_of_both_strands(data, 6), &mse(data), data)
        .epochs(60)
        .batch(32)
        .seed(1)
        .optimizer(adam)
        .runs_in(root)
        .run()
        .unwrap();
    let r = run.correlation(data, Part::Test, "y").unwrap();
    assert!(r > 0.8, "r = {r}; {}", run.stopped());
    run
}

/// Rows of the test part that hold the site, with its place.
fn planted(data: &Dataset) -> Vec<(String, usize)> {
    let rows = data.rows(Part::Test, None).unwrap();
    let place = |row: usize| Some((data.names()[row].clone(), data.sequence("dna", row).ok()?.find(SITE)?));
    rows.into_iter().filter_map(place).take(40).collect()
}

fn strings(frame: &DataFrame, column: &str) -> Vec<String> {
    let cells = frame.column(column).unwrap().str().unwrap();
    cells.iter().map(|v| v.unwrap().to_string()).collect()
}

fn numbers(frame: &DataFrame, column: &str) -> Vec<f64> {
    frame
        .column(column)
        .unwrap()
        .f64()
        .unwrap()
        .iter()
        .map(Option::unwrap)
        .collect()
}

fn titles(frame: &DataFrame) -> Vec<&str> {
    frame.get_column_names().into_iter().map(|n| n.as_str()).collect()
}

#[test]
fn a_planted_site_stands_out() {
    let _alone = alone();
    let root = tempfile::tempdir().unwrap();
    let data = data(table(1500, 1, false));
    let run = trained(&data, root.path());
    let examples = planted(&data);
    assert!(examples.len() >= 30);
    // The mean size of contributions inside and outside of the planted sites.
    let ratio = |contributions: &dyn Fn(&str) -> Vec<f64>| {
        let (mut inside, mut outside) = (Vec::new(), Vec::new());
        for (example, at) in &examples {
            for (i, c) in contributions(example).into_iter().enumerate() {
                let site = (*at..at + SITE.len()).contains(&i);
                if site { &mut inside } else { &mut outside }.push(c.abs());
            }
        }
        let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
        mean(&inside) / mean(&outside)
    };
    let substitutions = |name: &str| run.mutagenesis(&data, name, "dna", "y").run().unwrap();
    let by_mutation = ratio(&|name| substitutions(name).contributions());
    assert!(by_mutation > 3.0, "mutagenesis: inside / outside = {by_mutation}");
    for corrected in [true, false] {
        let gradients = |name: &str| run.gradients(&data, name, "dna", "y").corrected(corrected).run().unwrap();
        let by_gradient = ratio(&|name| gradients(name).contributions());
        assert!(
            by_gradient > 3.0,
            "gradients, corrected {corrected}: inside / outside = {by_gradient}"
        );
    }

    // Changes are what the network predicts for the sequence that was changed by hand, and nothing else.
    let (example, at) = &examples[0];
    let found = substitutions(example);
    let frame = found.frame().unwrap();
    assert_eq!(titles(&frame), ["position", "reference", "alternative", "change"]);
    assert_eq!(frame.height(), 3 * 24);
    let row = data.names().iter().position(|n| n == example).unwrap();
    let before = data.sequence("dna", row).unwrap();
    let positions: Vec<u32> = frame
        .column("position")
        .unwrap()
        .u32()
        .unwrap()
        .iter()
        .map(Option::unwrap)
        .collect();
    let (references, alternatives) = (strings(&frame, "reference"), strings(&frame, "alternative"));
    let changed: Vec<String> = (0..frame.height())
        .map(|i| {
            let place = positions[i] as usize;
            assert_eq!(before[place..=place], references[i]);
            let mut letters = before.clone();
            letters.replace_range(place..=place, &alternatives[i]);
            letters
        })
        .collect();
    let mut letters: Vec<&str> = changed.iter().map(String::as_str).collect();
    letters.push(&before);
    let predicted = numbers(&run.predict_sequences(&[("dna", &letters)]).unwrap(), "predicted");
    assert!((predicted[72] - found.prediction()).abs() < 1e-6);
    for (change, value) in numbers(&frame, "change").iter().zip(&predicted) {
        assert!((change - (value - predicted[72])).abs() < 1e-5, "{change} {value}");
    }
    let window = run.mutagenesis(&data, example, "dna", "y").window(*at, at + 7).run().unwrap();
    assert_eq!(window.start(), *at);
    let whole = found.window(*at, at + 7).unwrap();
    for (a, b) in window.contributions().iter().zip(whole.contributions()) {
        assert!((a - b).abs() < 1e-5, "{a} {b}");
    }

    let figure = found.clone().mark(*at, at + 7, "AP-1").figure().unwrap();
    let svg = figure.svg();
    assert!(
        svg.contains("change of y") && svg.contains("AP-1") && svg.contains("all 24 positions"),
        "{}",
        figure.text()
    );
    assert!(
        found.bundle().text().contains("heat map of change of y"),
        "{}",
        found.bundle().text()
    );
    let attribution = run.gradients(&data, example, "dna", "y").run().unwrap();
    assert!((attribution.prediction() - found.prediction()).abs() < 1e-6);
    assert!(attribution.gradients().iter().all(|g| g.iter().sum::<f64>().abs() < 1e-5));
    assert!(
        attribution.bundle().text().contains("less the mean gradient"),
        "{}",
        attribution.bundle().text()
    );
}

#[test]
fn filters_find_their_motif_among_others_with_a_significance() {
    let _alone = alone();
    let root = tempfile::tempdir().unwrap();
    let data = data(table(1500, 1, false));
    let run = trained(&data, root.path());
    let known = [
        motif("ETS", "ACCGGAAGT"),
        motif("AP-1", "ATGACTCAT"),
        motif("GATA", "AGATAAGG"),
        motif("EBOX", "CACGTG"),
    ];
    let frame = run.filter_matches(&data, "dna", &known).unwrap();
    let expected = [
        "filter",
        "consensus",
        "motif",
        "similarity",
        "strand",
        "offset",
        "information",
        "p",
        "q",
    ];
    assert_eq!(titles(&frame), expected);
    assert_eq!(frame.height(), run.filters(&data, "dna").unwrap().len());
    let (p, q, similarity) = (numbers(&frame, "p"), numbers(&frame, "q"), numbers(&frame, "similarity"));
    assert!(p.is_sorted() && p.iter().zip(&q).all(|(p, q)| q >= p));
    assert_eq!(strings(&frame, "motif")[0], "AP-1");
    assert!(q[0] < 0.05 && similarity[0] > 0.8, "{frame}");
    let again = run.filter_matches(&data, "dna", &known).unwrap();
    assert!(frame.equals(&again));
    let figure = run.filters_figure(&data, "dna", &known, 3).unwrap();
    assert!(figure.text().contains("beside AP-1"), "{}", figure.text());
    let message = run.filter_matches(&data, "dna", &[]).unwrap_err().to_string();
    assert!(message.contains("no known motifs"), "{message}");
}

/// DNA of 24 bases, RNA of 12 to 20 with an N, a category and a number; two tracks.
fn mixed() -> Dataset {
    let mut stream = Stream::new(9, Purpose::Simulation, 0, 0);
    let mut letters = |length: usize, t: char| -> String {
        let mut text: String = (0..length).map(|_| ['A', 'C', 'G', t][stream.below(4) as usize]).collect();
        text.replace_range(3..4, if t == 'U' { "N" } else { "A" });
        text
    };
    let rows = 60;
    let dna: Vec<String> = (0..rows).map(|_| letters(24, 'T')).collect();
    let rna: Vec<String> = (0..rows).map(|i| letters(20 - 2 * (i % 5), 'U')).collect();
    let numbered = |f: &dyn Fn(usize) -> f64| (0..rows).map(f).collect::<Vec<f64>>();
    let columns = vec![
        Column::new("name".into(), (0..rows).map(|i| format!("gene{i:02}")).collect::<Vec<_>>()),
        Column::new("dna".into(), dna),
        Column::new("rna".into(), rna),
        Column::new("cell".into(), (0..rows).map(|i| ["K562", "HepG2"][i % 2]).collect::<Vec<_>>()),
        Column::new("dose".into(), numbered(&|i| i as f64 / 60.0)),
        Column::new(
            "split".into(),
            (0..rows).map(|i| ["train", "valid", "test"][i % 3]).collect::<Vec<_>>(),
        ),
    ];
    let tracks = vec![
        Column::new("name".into(), (0..rows).map(|i| format!("gene{i:02}")).collect::<Vec<_>>()),
        Column::new("IL2".into(), numbered(&|i| (i as f64).sin())),
        Column::new("PBS".into(), numbered(&|i| (i as f64).cos())),
    ];
    let text = "records t = frame($0);
        input dna: Dna = t.dna; input rna: Rna = t.rna; input cell: Category = t.cell; input dose: Scalar = t.dose;
        output y = frame($1); split column(\"split\");";
    let frame = |columns| Captured::from(DataFrame::new(rows, columns).unwrap());
    support::declare(text, vec![frame(columns), frame(tracks)]).unwrap()
}

/// `y = dna.both_strands().conv(4, width = 5).gelu().flatten().linear() - (the same of rna) + cell.linear() + dose.linear();`
fn mixed_model(data: &Dataset) -> Model {
    let branch = |input: Expression| {
        let width = vec![(None, Kind::Int(4)), (Some("width"), Kind::Int(5))];
        let layers = method(method(input, "conv", width), "gelu", vec![]);
        method(method(layers, "flatten", vec![]), "linear", vec![])
    };
    let binary = |operator, left, right| {
        expression(Kind::Binary {
            operator,
            left: Box::new(left),
            right: Box::new(right),
        })
    };
    let dna = branch(method(name("dna"), "both_strands", vec![]));
    let mut value = binary(BinaryOperator::Subtract, dna, branch(name("rna")));
    for input in ["cell", "dose"] {
        value = binary(BinaryOperator::Add, value, method(name(input), "linear", vec![]));
    }
    of_value("Mixed", data, value)
}

fn mixed_run(data: &Dataset, root: &Path) -> Run {
    let objective = objective(data, call("mse", vec![]), None);
    let fit = Fit::new(&mixed_model(data), &objective, data).epochs(1).batch(8).seed(1);
    fit.quiet(true).runs_in(root).run().unwrap()
}

#[test]
fn several_inputs_are_predicted_for_as_the_data_set_has_them() {
    let _alone = alone();
    let root = tempfile::tempdir().unwrap();
    let data = mixed();
    let run = mixed_run(&data, root.path());
    let expected = run.predict(&data, Part::All).unwrap();
    let key = |frame: &DataFrame, i: usize| (strings(frame, "name")[i].clone(), strings(frame, "track")[i].clone());
    let of_data: HashMap<_, f64> = numbers(&expected, "predicted")
        .into_iter()
        .enumerate()
        .map(|(i, v)| (key(&expected, i), v))
        .collect();
    let frame = run.predict_frame(&data.frame(Part::All).unwrap()).unwrap();
    assert_eq!(
        (titles(&frame), frame.height()),
        (vec!["name", "output", "track", "predicted"], 120)
    );
    for (i, value) in numbers(&frame, "predicted").into_iter().enumerate() {
        let expected = of_data[&key(&frame, i)];
        assert!((value - expected).abs() < 1e-6, "row {i}: {value} {expected}");
    }
    let message = |result: cistron_train::Result<DataFrame>| result.unwrap_err().to_string();
    let without = data.frame(Part::All).unwrap().drop("rna").unwrap();
    assert!(message(run.predict_frame(&without)).contains("no column `rna`"));
    let mut other = data.frame(Part::All).unwrap();
    other.replace("cell", Column::new("cell".into(), vec!["HepG3"; 60])).unwrap();
    let found = message(run.predict_frame(&other));
    assert!(
        found.contains("`HepG3`; did you mean `HepG2`?") && found.contains("gene00"),
        "{found}"
    );
    let found = message(run.predict_sequences(&[("dna", &["ACGT"])]));
    assert!(
        found.contains("input `rna` was not given; the model reads dna, rna, cell, dose"),
        "{found}"
    );
    let found = message(run.predict_sequences(&[("rns", &["ACGT"])]));
    assert!(found.contains("did you mean `rna`?"), "{found}");
    let (dna, rna) = ("ACGTACGTACGTACGTACGTACGT", "ACGU");
    let found = message(run.predict_sequences(&[("dna", &[dna]), ("rna", &[rna, rna])]));
    assert!(found.contains("input `dna` has 1 sequences, input `rna` has 2"), "{found}");
    let all = [
        ("dna", &[dna][..]),
        ("rna", &[rna][..]),
        ("cell", &["K562"][..]),
        ("dose", &["1"][..]),
    ];
    let found = message(run.predict_sequences(&all));
    assert!(found.contains("input `dose` is numbers"), "{found}");
}

#[test]
fn filters_of_rna_have_its_letters() {
    let _alone = alone();
    let root = tempfile::tempdir().unwrap();
    let data = mixed();
    let run = mixed_run(&data, root.path());
    let known = [motif("AU-rich", "TATTTAT")];
    for (input, own, other) in [("rna", "U", "T"), ("dna", "T", "U")] {
        let frame = run.filter_matches(&data, input, &known).unwrap();
        let letters = strings(&frame, "consensus").concat().to_uppercase();
        assert!(letters.contains(own) && !letters.contains(other), "{input}: {letters}");
        let figure = run.filters_figure(&data, input, &known, 4).unwrap();
        let beside = format!("beside AU-rich: {}", "TATTTAT".replace('T', own));
        assert!(figure.text().contains(&beside), "{}", figure.text());
    }
}

/// What was read from elsewhere has no run: its network answers as the run with the same weights does.
#[test]
fn a_network_without_a_run_answers_as_a_run_does() {
    let _alone = alone();
    let root = tempfile::tempdir().unwrap();
    let data = mixed();
    let run = mixed_run(&data, root.path());
    let mut network = Network::new(&mixed_model(&data), 77, run.network().precision()).unwrap();
    let other = Trained::new(&network).unwrap().predictions(&data, Part::Test).unwrap();
    let weights = run.network().weights().iter().map(|w| (w.name.to_string(), w.tensor.clone()));
    network.set_weights(weights.collect()).unwrap();
    let saved = Trained::new(&network).unwrap().seed(1);
    let expected = run.predictions(&data, Part::Test).unwrap();
    assert!(expected == saved.predictions(&data, Part::Test).unwrap() && expected != other);
    let metrics = |of: &Trained| of.metrics(&data, Part::Test).unwrap().to_string();
    assert_eq!(metrics(&saved), metrics(&run));
    let known = [motif("AU-rich", "TATTTAT"), motif("GATA", "AGATAAGG")];
    for input in ["dna", "rna"] {
        let matches = |of: &Trained| of.filter_matches(&data, input, &known).unwrap();
        assert!(matches(&saved).equals(&matches(&run)), "{input}");
        let changes = |of: &Trained| {
            of.mutagenesis(&data, "gene02", input, "y")
                .tracks(&["IL2"])
                .run()
                .unwrap()
                .contributions()
        };
        assert!(
            changes(&saved) == changes(&run) && changes(&run).iter().any(|c| *c != 0.0),
            "{input}"
        );
        let gradients = |of: &Trained| of.gradients(&data, "gene02", input, "y").run().unwrap().contributions();
        assert_eq!(gradients(&saved), gradients(&run));
    }
    let message = |error: cistron_train::TrainError| error.to_string();
    let graph = Network::from_graph(run.model().graph().clone(), 0, DType::F32).unwrap();
    let nameless = message(Trained::new(&graph).unwrap_err());
    assert!(nameless.contains("made from a graph without a declaration"), "{nameless}");
    assert!(message(saved.clone().batch(0).unwrap_err()).contains("the batch is 0; expected 1 or more"));
    let fold = message(saved.fold(3).metrics(&data, Part::Test).unwrap_err());
    assert!(fold.contains("no fold 3"), "{fold}");
}

#[test]
fn sequences_that_do_not_fit_are_named() {
    let _alone = alone();
    let root = tempfile::tempdir().unwrap();
    let data = data(table(200, 1, false));
    let fit = Fit::new(&model_of_both_strands(&data, 4), &mse(&data), &data).epochs(1);
    let run = fit.quiet(true).runs_in(root.path()).run().unwrap();
    let good = "acgtNcgtacgtacgtacgtacgu";
    let frame = run
        .predict_sequences(&[("dna", &[good, &good.to_uppercase().replace('U', "T")])])
        .unwrap();
    let predicted = numbers(&frame, "predicted");
    assert_eq!(
        (predicted[0], strings(&frame, "name")),
        (predicted[1], vec!["sequence 1".into(), "sequence 2".into()])
    );
    let message = |letters: &[&str]| run.predict_sequences(&[("dna", letters)]).unwrap_err().to_string();
    let found = message(&[good, "ACGT"]);
    assert_eq!(found, "input `dna`, sequence 2: found 4 bases, expected 24");
    let found = message(&["ACGTXCGTACGTACGTACGTACGT"]);
    assert!(
        found.starts_with("input `dna`, sequence 1: `X` at position 5 is no base"),
        "{found}"
    );
    assert!(message(&[]).contains("no sequences"));
}

#[test]
fn questions_about_one_of_several_inputs() {
    let _alone = alone();
    let root = tempfile::tempdir().unwrap();
    let data = mixed();
    let run = mixed_run(&data, root.path());
    // gene03 has an RNA of 14 bases, of which the fourth is unknown.
    let ask = || run.mutagenesis(&data, "gene03", "rna", "y");
    let (both, one, other) = (
        ask().run().unwrap(),
        ask().tracks(&["IL2"]).run().unwrap(),
        ask().tracks(&["PBS"]).run().unwrap(),
    );
    let difference = ask().tracks(&["IL2"]).against(&["PBS"]).run().unwrap();
    assert_eq!(both.changes().len(), 14);
    for at in 0..14 {
        for base in 0..4 {
            let of = |s: &cistron_train::Substitutions| s.changes()[at][base];
            assert_eq!(of(&both).is_nan(), of(&one).is_nan());
            if of(&both).is_finite() {
                assert!((of(&both) - (of(&one) + of(&other)) / 2.0).abs() < 1e-5);
                assert!((of(&difference) - (of(&one) - of(&other))).abs() < 1e-5);
            }
        }
    }
    let frame = both.frame().unwrap();
    assert_eq!(frame.height(), 13 * 3 + 4);
    let (references, alternatives) = (strings(&frame, "reference"), strings(&frame, "alternative"));
    assert!(references.iter().filter(|r| *r == "N").count() == 4 && alternatives.iter().any(|a| a == "U"));
    assert!(alternatives.iter().all(|a| a != "T") && both.contributions()[3] == 0.0);
    assert!(
        difference.figure().unwrap().text().contains("IL2 minus PBS"),
        "{}",
        difference.figure().unwrap().text()
    );

    let attribution = run.gradients(&data, "gene03", "rna", "y").corrected(false).run().unwrap();
    assert_eq!(
        titles(&attribution.frame().unwrap()),
        ["position", "base", "A", "C", "G", "U", "contribution"]
    );
    let dna = run.gradients(&data, "gene03", "dna", "y").run().unwrap();
    assert_eq!((attribution.contributions().len(), dna.contributions().len()), (14, 24));
    let corrected = run.gradients(&data, "gene03", "rna", "y").run().unwrap();
    for (a, b) in attribution.gradients().iter().zip(corrected.gradients()) {
        let mean = a.iter().sum::<f64>() / 4.0;
        assert!((0..4).all(|base| (a[base] - mean - b[base]).abs() < 1e-9));
    }
    let part = corrected.window(4, 9).unwrap();
    assert_eq!((part.start(), part.gradients()), (4, &corrected.gradients()[4..9]));
    assert!(part.figure().unwrap().title().contains("positions 4 to 9 of 14"));

    let message = |m: cistron_train::Mutagenesis<'_>| m.run().unwrap_err().to_string();
    let found = message(run.mutagenesis(&data, "gene3", "rna", "y"));
    assert!(found.starts_with("no example `gene3`: did you mean `gene"), "{found}");
    let found = message(run.mutagenesis(&data, "gene03", "cell", "y"));
    assert!(found.contains("no sequence input `cell`"), "{found}");
    assert!(message(run.mutagenesis(&data, "gene03", "rna", "z")).contains("no output `z`"));
    assert!(message(ask().tracks(&["IL3"])).contains("did you mean `IL2`?"));
    assert!(message(ask().tracks(&["PBS"]).against(&["PBS"])).contains("minus itself"));
    assert!(message(ask().window(10, 15)).contains("10 to 15, but the sequence has positions 0 to 14"));
    let found = message(run.mutagenesis(&common::data(table(30, 1, false)), "s1", "dna", "y"));
    assert!(found.contains("the model has the input `rna`"), "{found}");
}
