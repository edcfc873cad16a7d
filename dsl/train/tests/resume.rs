//! Runs that stop early go on as if they had not: the same bytes at the end.

mod common;

use cistron_data::Part;
use cistron_runs::{Checkpoint, RunFolder};
use cistron_train::{
    Adadelta, Adagrad, AdamW, Average, Clip, Group, NAdam, Optimizer, Period, Role, Run, Schedule, TrainError, Warmup,
};
use common::{alone, data, fit, interrupt_after, model, mse, table};
use std::path::Path;

/// The kept weights as bytes, and all tensors of the newest state (weights, optimizer, best weights).
fn end(run: &Run) -> (Vec<u8>, Checkpoint) {
    let folder = RunFolder::open(run.folder()).unwrap();
    let mut last = folder.last().unwrap().unwrap();
    last.header.clear();
    (std::fs::read(folder.weights_path()).unwrap(), last)
}

#[test]
fn a_killed_run_goes_on_to_the_same_bytes() {
    let _alone = alone();
    let root = tempfile::tempdir().unwrap();
    let data = data(table(400, 5, false));
    let loss = mse(&data);
    let whole = fit(&data, &loss, root.path()).run().unwrap();
    let part = fit(&data, &loss, root.path()).epochs(3).run().unwrap();
    // A kill leaves lines of epochs that no checkpoint has, the last of them torn.
    let metrics = part.folder().join("metrics.jsonl");
    let mut text = std::fs::read_to_string(&metrics).unwrap();
    text.push_str(&text.lines().last().unwrap().replace("\"epoch\":3", "\"epoch\":4"));
    text.push_str("\n{\"epoch\":5,\"st");
    std::fs::write(&metrics, text).unwrap();
    let resumed = fit(&data, &loss, root.path()).resume(part.folder()).run().unwrap();
    assert_eq!(resumed.folder(), part.folder());
    assert!(
        end(&whole) == end(&resumed),
        "the resumed state differs from the uninterrupted one"
    );
    let epochs: Vec<u64> = RunFolder::open(&metrics)
        .unwrap()
        .epochs()
        .unwrap()
        .iter()
        .map(|r| r.epoch)
        .collect();
    assert_eq!(epochs, [1, 2, 3, 4, 5, 6]);
    assert_eq!(RunFolder::open(&metrics).unwrap().manifest().unwrap().resumed[0].epoch, 3);
}

/// Everything that can steer an optimizer at once.
fn steered(data: &cistron_data::Dataset, root: &Path, epochs: u64) -> cistron_train::Fit {
    let names = |names: &[&str]| names.iter().map(|n| (*n).to_string()).collect();
    fit(data, &mse(data), root)
        .epochs(epochs)
        .optimizer(AdamW {
            lr: 0.02,
            ..AdamW::default()
        })
        .warmup(Warmup::Exponential {
            over: Period::Epochs(2),
            factor: 2.0,
        })
        .schedule(Schedule::Plateau {
            factor: 0.5,
            patience: 0,
            threshold: 0.1,
            floor: 0.0,
        })
        .clip(Clip::GlobalNorm(0.05))
        .groups([
            Group {
                names: names(&["*norm*"]),
                frozen: true,
                ..Group::default()
            },
            Group {
                names: names(&["y.conv"]),
                rate: 0.5,
                weight_decay: Some(0.1),
                ..Group::default()
            },
        ])
        .no_decay([Role::Bias])
}

#[test]
fn a_run_with_everything_that_steers_goes_on_to_the_same_bytes() {
    let _alone = alone();
    let root = tempfile::tempdir().unwrap();
    let data = data(table(400, 5, false));
    let averages = [
        Average::Ema(0.9),
        Average::Swa {
            after: Period::Epochs(1),
            every: Period::Steps(3),
        },
    ];
    for average in averages {
        let whole = steered(&data, root.path(), 6).average(average).run().unwrap();
        // Both in the warm-up and after it, on a plateau.
        for stop in [1, 4] {
            let part = steered(&data, root.path(), stop).average(average).run().unwrap();
            let resumed = steered(&data, root.path(), 6)
                .average(average)
                .resume(part.folder())
                .run()
                .unwrap();
            assert!(end(&whole) == end(&resumed), "{average:?} after {stop} epochs");
        }
        let rates: Vec<f64> = whole.epochs().iter().map(|row| row.rate).collect();
        assert_eq!(rates[..3], [0.005, 0.01, 0.02]);
        assert!(rates[5] < 0.02, "no plateau in {rates:?}");
        // What is kept is the average, not the weights of the last step.
        let folder = RunFolder::open(whole.folder()).unwrap();
        let last = folder.last().unwrap().unwrap();
        assert!(last.tensors.keys().any(|k| k == "average/count"));
        let kept = |prefix: &str| last.tensors[&format!("{prefix}y.linear.weight")].bytes.clone();
        assert!(kept("best/") != kept("weights/"));
        let moved = |name: &str| last.tensors.contains_key(&format!("optimizer/{name}.steps"));
        assert!(moved("y.conv.weight") && !moved("y.norm.weight"), "{:?}", last.tensors.keys());
    }
}

#[test]
fn every_optimizer_goes_on_to_the_same_bytes() {
    let _alone = alone();
    let root = tempfile::tempdir().unwrap();
    let data = data(table(300, 5, false));
    let amsgrad = AdamW {
        amsgrad: true,
        ..AdamW::default()
    };
    for optimizer in [
        Optimizer::from(NAdam::default()),
        Adagrad::default().into(),
        Adadelta::default().into(),
        amsgrad.into(),
    ] {
        let of = |epochs| fit(&data, &mse(&data), root.path()).epochs(epochs).optimizer(optimizer);
        let (whole, part) = (of(3).run().unwrap(), of(1).run().unwrap());
        let resumed = of(3).resume(part.folder()).run().unwrap();
        assert!(end(&whole) == end(&resumed), "{optimizer:?}");
    }
}

#[test]
fn steering_that_means_nothing_is_refused_before_the_first_step() {
    let _alone = alone();
    let root = tempfile::tempdir().unwrap();
    let data = data(table(300, 5, false));
    let group = Group {
        names: vec!["trnk".into()],
        ..Group::default()
    };
    let error = fit(&data, &mse(&data), root.path()).groups([group]).run().unwrap_err();
    assert!(error.to_string().contains("`trnk`, which no parameter has"), "{error}");
    let run = steered(&data, root.path(), 1).run().unwrap();
    let error = steered(&data, root.path(), 2)
        .clip(Clip::Value(1.0))
        .resume(run.folder())
        .run()
        .unwrap_err();
    assert!(
        error
            .to_string()
            .contains("`clip` was Some(GlobalNorm(0.05)) and is Some(Value(1.0))"),
        "{error}"
    );
}

#[test]
fn an_interrupted_run_is_usable_and_goes_on_to_the_same_bytes() {
    let _alone = alone();
    let roots = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let data = data(table(4000, 5, false));
    let loss = mse(&data);
    let whole = fit(&data, &loss, roots[0].path()).run().unwrap();
    let interrupt = interrupt_after(roots[1].path(), 2);
    let part = fit(&data, &loss, roots[1].path()).run().unwrap();
    interrupt.join().unwrap();
    assert!(!cistron_display::interrupted(), "the request is taken back");
    assert!(part.stopped().starts_with("interrupted in epoch "), "{}", part.stopped());
    assert!(part.epochs().len() < 6 && part.best().is_some());
    assert!(part.correlation(&data, Part::Test, "y").unwrap().is_finite());
    let resumed = Run::resume(part.folder(), &data).unwrap();
    assert_eq!(resumed.epochs().len(), 6);
    assert!(
        end(&whole) == end(&resumed),
        "the resumed state differs from the uninterrupted one"
    );
    let metrics = |run: &Run| run.epochs().iter().map(|r| (r.train_loss, r.valid_loss)).collect::<Vec<_>>();
    assert_eq!(metrics(&whole), metrics(&resumed));
}

#[test]
fn an_interrupt_before_the_first_epoch_keeps_what_was_learned() {
    let _alone = alone();
    let root = tempfile::tempdir().unwrap();
    let data = data(table(400, 5, false));
    cistron_display::request_interrupt();
    let run = fit(&data, &mse(&data), root.path()).run().unwrap();
    assert!(
        run.stopped().contains("no epoch was finished: kept the weights of step 0"),
        "{}",
        run.stopped()
    );
    assert!(run.best().is_none() && run.curve().is_err());
    assert_eq!(run.predict(&data, Part::Test).unwrap().height(), 80);
    assert_eq!(
        Run::open(run.folder()).unwrap().predict(&data, Part::Test).unwrap().height(),
        80
    );
}

#[test]
fn a_run_is_not_resumed_with_something_else() {
    let _alone = alone();
    let root = tempfile::tempdir().unwrap();
    let data_ = data(table(300, 5, false));
    let loss = mse(&data_);
    let run = fit(&data_, &loss, root.path()).epochs(2).run().unwrap();
    let message = |fit: cistron_train::Fit| fit.resume(run.folder()).run().unwrap_err().to_string();
    let text = message(fit(&data_, &loss, root.path()).seed(9).batch(16));
    assert!(text.contains("`batch` was 32 and is 16; `seed` was 3 and is 9"), "{text}");
    let text = message(fit(&data_, &loss, root.path()).epochs(1));
    assert!(text.contains("`epochs` was 2 and is 1, which may only grow"), "{text}");
    let other = data(table(300, 6, false));
    let text = message(fit(&other, &loss, root.path()));
    assert!(
        text.contains("the data (or their split) were ") && !text.contains("the model was"),
        "{text}"
    );
    let wider = cistron_train::Fit::new(&model(&data_, 7), &loss, &data_).options(run.options().clone());
    let text = message(wider);
    assert!(text.contains("the model was ") && !text.contains("the data"), "{text}");
    let error = Run::resume(root.path().join("nothing"), &data_).unwrap_err();
    assert!(error.to_string().contains("nothing is there"), "{error}");
}

#[test]
fn damaged_files_are_named() {
    let _alone = alone();
    let root = tempfile::tempdir().unwrap();
    let data = data(table(300, 5, false));
    let run = fit(&data, &mse(&data), root.path()).epochs(1).run().unwrap();
    let folder = RunFolder::open(run.folder()).unwrap();
    let bytes = std::fs::read(folder.last_path()).unwrap();
    std::fs::write(folder.last_path(), &bytes[..bytes.len() / 2]).unwrap();
    let error = Run::resume(run.folder(), &data).unwrap_err();
    assert!(matches!(error, TrainError::Files(_)), "{error}");
    assert!(error.to_string().contains("last.safetensors is damaged"), "{error}");
    std::fs::write(folder.best_path(), b"short").unwrap();
    let error = Run::open(run.folder()).unwrap_err();
    assert!(
        error.to_string().contains("best.safetensors is damaged: it has 5 bytes"),
        "{error}"
    );
    let text = std::fs::read_to_string(folder.manifest_path()).unwrap();
    std::fs::write(folder.manifest_path(), &text[..text.len() / 2]).unwrap();
    let error = Run::open(run.folder()).unwrap_err();
    assert!(
        error.to_string().contains("run.json is damaged: EOF while parsing"),
        "{error}"
    );
}
