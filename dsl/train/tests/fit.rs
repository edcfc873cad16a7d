//! A fit from beginning to end: it learns, it repeats itself, it stops where it should and says why.

mod common;

use cistron_data::{Motif, Part};
use cistron_declaration::Kind;
use cistron_ops::Adam;
use cistron_runs::RunFolder;
use cistron_train::{Fit, Run, Sgd, TrainError, mean_predictions};
use common::{alone, call, data, fit, model_of_both_strands, mse, objective, table};

fn planted() -> Motif {
    let column = |c: char| ['A', 'C', 'G', 'T'].map(|b| f64::from(u8::from(b == c)));
    Motif::new("AP-1", "TGACTCA".chars().map(column).collect()).unwrap()
}

fn complement(base: char) -> char {
    match base {
        'A' => 'T',
        'C' => 'G',
        'G' => 'C',
        _ => 'A',
    }
}

fn points() -> Vec<Kind> {
    vec![Kind::Name("Points".into())]
}

#[test]
fn a_planted_motif_is_learned_and_found_in_the_filters() {
    let _alone = alone();
    let root = tempfile::tempdir().unwrap();
    let data = data(table(1500, 1, false));
    let watched = objective(&data, call("mse", vec![]), Some(call("correlation", points())));
    let run = fit(&data, &watched, root.path())
        .epochs(15)
        .optimizer(Adam {
            lr: 0.02,
            ..Adam::default()
        })
        .run()
        .unwrap();
    let r = run.correlation(&data, Part::Test, "y").unwrap();
    assert!(r > 0.8, "r = {r}; {}", run.stopped());
    let planted = planted();
    let filters = run.filters(&data, "dna").unwrap();
    let best = filters.iter().map(|f| f.similarity(&planted)).fold(f64::MIN, f64::max);
    assert!(best > 0.8, "the most similar of {} filters has {best}", filters.len());
    let figure = run.filters_figure(&data, "dna", &[planted], 3).unwrap();
    assert!(figure.svg().contains("AP-1") && figure.svg().contains("similarity"));
    assert!(run.scatter(&data, Part::Test).unwrap().svg().contains("<svg"));
    assert!(run.curve().unwrap().svg().contains("validation"));

    let frame = run.predict(&data, Part::Test).unwrap();
    let names: Vec<&str> = frame.get_column_names().iter().map(|n| n.as_str()).collect();
    assert_eq!(
        (frame.height(), names),
        (300, vec!["name", "output", "track", "observed", "predicted"])
    );
    let predicted = |f: &polars::prelude::DataFrame| f.column("predicted").unwrap().f64().unwrap().get(7).unwrap();
    let mean = mean_predictions(&[run.clone(), run.clone()], &data, Part::Test).unwrap();
    assert!((predicted(&frame) - predicted(&mean)).abs() < 1e-12);

    // What lies on disk gives the same numbers.
    let opened = Run::open(run.folder()).unwrap();
    assert_eq!(predicted(&opened.predict(&data, Part::Test).unwrap()), predicted(&frame));
    assert_eq!((opened.epochs().len(), opened.stopped()), (run.epochs().len(), run.stopped()));
    let message = run.correlation(&data, Part::Test, "z").unwrap_err().to_string();
    assert!(message.starts_with("no output `z`"), "{message}");
    let message = run.filters(&data, "rna").unwrap_err().to_string();
    assert!(
        message.contains("`rna`") && message.contains("`dna`") || message.contains("one of: dna"),
        "{message}"
    );
}

#[test]
fn filters_of_both_strands_are_counted_on_both() {
    let _alone = alone();
    let root = tempfile::tempdir().unwrap();
    // Every other sequence as its reverse complement: a network that reads one strand would need two filters.
    let mut table = table(1000, 1, false);
    let written = data(table.clone()).sequences("dna").unwrap().into_iter().enumerate();
    let sequences: Vec<String> = written
        .map(|(i, s)| {
            if i % 2 == 0 {
                s
            } else {
                s.chars().rev().map(complement).collect()
            }
        })
        .collect();
    table
        .replace("sequence", polars::prelude::Column::new("sequence".into(), sequences))
        .unwrap();
    let data = data(table);
    let net = model_of_both_strands(&data, 4);
    let adam = Adam {
        lr: 0.02,
        ..Adam::default()
    };
    let run = Fit::new(&net, &mse(&data), &data)
        .epochs(10)
        .optimizer(adam)
        .runs_in(root.path())
        .run()
        .unwrap();
    let r = run.correlation(&data, Part::Test, "y").unwrap();
    let filters = run.filters(&data, "dna").unwrap();
    let best = filters.iter().map(|f| f.similarity(&planted())).fold(f64::MIN, f64::max);
    assert!(r > 0.8 && best > 0.8, "r = {r}, best filter {best}");
}

#[test]
fn the_seed_decides_every_byte() {
    let _alone = alone();
    let root = tempfile::tempdir().unwrap();
    let data = data(table(300, 2, false));
    let bytes = |seed: u64| {
        let run = fit(&data, &mse(&data), root.path()).epochs(2).seed(seed).run().unwrap();
        std::fs::read(run.folder().join("weights.safetensors")).unwrap()
    };
    assert!(bytes(1) == bytes(1));
    assert!(bytes(1) != bytes(2));
}

#[test]
fn patience_stops_and_the_best_epoch_is_kept() {
    let _alone = alone();
    let root = tempfile::tempdir().unwrap();
    let data = data(table(150, 4, false));
    // So few examples and so high a rate that it soon gets worse.
    let adam = Adam {
        lr: 0.1,
        ..Adam::default()
    };
    let run = fit(&data, &mse(&data), root.path())
        .epochs(200)
        .patience(3)
        .optimizer(adam)
        .run()
        .unwrap();
    let epochs = run.epochs();
    let best = epochs.iter().min_by(|a, b| a.valid_loss.total_cmp(&b.valid_loss)).unwrap();
    assert_eq!(run.best().unwrap().epoch, best.epoch);
    assert_eq!(epochs.len() as u64, best.epoch + 3, "{}", run.stopped());
    assert!(
        run.stopped()
            .contains("3 epochs without a better validation loss; kept epoch"),
        "{}",
        run.stopped()
    );
    // The network that is returned is the best epoch's, not the last one's.
    let frame = run.predict(&data, Part::Valid).unwrap();
    let column = |name: &str| {
        frame
            .column(name)
            .unwrap()
            .f64()
            .unwrap()
            .into_no_null_iter()
            .collect::<Vec<f64>>()
    };
    let (observed, predicted) = (column("observed"), column("predicted"));
    let mse = observed.iter().zip(&predicted).map(|(o, p)| (o - p) * (o - p)).sum::<f64>() / observed.len() as f64;
    assert!(
        (mse - best.valid_loss).abs() < 1e-5 * mse.max(1.0),
        "{mse} {}",
        best.valid_loss
    );
}

#[test]
fn a_run_folder_tells_everything() {
    let _alone = alone();
    let root = tempfile::tempdir().unwrap();
    let data = data(table(300, 2, false));
    let run = fit(&data, &mse(&data), root.path()).epochs(2).name("tell all").run().unwrap();
    let folder = RunFolder::open(run.folder()).unwrap();
    let manifest = folder.manifest().unwrap();
    assert_eq!(
        (manifest.name.as_str(), manifest.model_hash.len(), manifest.data_hash.len()),
        ("tell all", 64, 64)
    );
    assert_eq!(
        (
            manifest.examples["training"],
            manifest.examples["validation"],
            manifest.examples["test"]
        ),
        (180, 60, 60)
    );
    assert_eq!(manifest.options["optimizer"]["Sgd"]["momentum"], 0.9);
    assert_eq!(manifest.options["seed"], 3);
    assert_eq!(manifest.objective["declaration"]["source"]["text"], "loss(y) = ..");
    let ending = manifest.ending.unwrap();
    assert_eq!(
        (ending.reason.as_str(), ending.best_epoch),
        ("epochs", run.best().map(|b| b.epoch))
    );
    assert!(ending.metrics.contains_key("test r y") && ending.wall_s > 0.0);
    assert_eq!(folder.epochs().unwrap().len(), 2);
    assert!(folder.best().unwrap().is_some() && folder.last().unwrap().is_some());
    let text = run.to_string();
    assert!(text.starts_with("epoch  train loss  valid loss    r y"), "{text}");
    assert!(
        text.contains("tell all: stopped after all 2 epochs; kept epoch") && text.contains("run folder: "),
        "{text}"
    );
    let history = run.history().unwrap();
    assert_eq!(history.height(), 2);
}

#[test]
fn a_loss_that_blows_up_stops_with_step_and_layer_and_keeps_the_last_good_state() {
    let _alone = alone();
    let root = tempfile::tempdir().unwrap();
    let data = data(table(300, 2, false));
    let error = fit(&data, &mse(&data), root.path())
        .optimizer(Sgd {
            lr: 1e30,
            ..Sgd::default()
        })
        .run()
        .unwrap_err();
    let message = error.to_string();
    let TrainError::NotFinite(found) = error else {
        panic!("{message}")
    };
    let step = found.step;
    assert!(
        message.contains(&format!("at step {step} (epoch 1, step {step} of 6)")),
        "{message}"
    );
    assert!(
        message.contains("the first layer that is not finite is `") && message.contains("learning rate 1.00e30"),
        "{message}"
    );
    assert!(
        message.contains("the last good state is in ") && message.contains("last.safetensors"),
        "{message}"
    );
    let run = Run::open(&found.checkpoint).unwrap();
    assert!(
        run.predict(&data, Part::Test)
            .unwrap()
            .column("predicted")
            .unwrap()
            .f64()
            .unwrap()
            .into_no_null_iter()
            .all(f64::is_finite)
    );
    assert!(run.stopped().contains("at step"), "{}", run.stopped());
}

#[test]
fn what_does_not_fit_is_said_before_the_first_step() {
    let _alone = alone();
    let root = tempfile::tempdir().unwrap();
    let data_ = data(table(300, 2, false));
    let message = |fit: Fit| fit.run().unwrap_err().to_string();
    let constant = data(table(300, 2, true));
    let points = objective(&constant, call("correlation", points()), None);
    let text = message(fit(&constant, &points, root.path()));
    assert!(
        text.contains("`y` is 1 in every training example: nothing correlates with a constant"),
        "{text}"
    );
    let counts = objective(&data_, call("poisson", vec![]), None);
    let text = message(fit(&data_, &counts, root.path()));
    assert!(text.contains("`poisson` needs counts, 0 or more, but `y` of `s"), "{text}");
    let probabilities = objective(&data_, call("bce", vec![]), None);
    let text = message(fit(&data_, &probabilities, root.path()));
    assert!(text.contains("`bce` needs values from 0 to 1"), "{text}");
    let text = message(fit(&data_, &mse(&data_), root.path()).fold(1));
    assert!(text.contains("no fold 1"), "{text}");
    let text = message(fit(&data_, &mse(&data_), root.path()).epochs(-1).batch(0));
    assert!(text.contains("`epochs` is negative"), "{text}");
    let text = message(fit(&data_, &mse(&data_), root.path()).batch(0).epochs(0));
    assert!(text.contains("`epochs` is 0") && text.contains("`batch` is 0"), "{text}");
    assert_eq!(
        std::fs::read_dir(root.path()).unwrap().count(),
        0,
        "no folder is made before everything is checked"
    );
}
