//! `compat = drg`: a fit as the original does it, with its numbers and its limits.

mod common;

use candle_core::DType;
use cistron_data::{Dataset, Part};
use cistron_declaration::Kind;
use cistron_nn::Network;
use cistron_runs::{Checkpoint, RunFolder};
use cistron_train::{AdamW, Compat, Finetune, Fit, Precision, Run, Sgd, Warmup};
use common::{alone, call, data, fit, interrupt_after, model, mse, objective, table};
use std::path::Path;

fn points() -> Vec<Kind> {
    vec![Kind::Name("Points".into())]
}

fn sgd(lr: f64) -> Sgd {
    Sgd {
        lr,
        momentum: 0.9,
        ..Sgd::default()
    }
}

fn compatible(data: &Dataset, root: &Path) -> Fit {
    fit(data, &mse(data), root)
        .compat(Compat::Drg)
        .precision(Precision::F64)
        .batch(8)
}

/// The newest weights of a run by name.
fn last(run: &Run) -> Checkpoint {
    RunFolder::open(run.folder()).unwrap().last().unwrap().unwrap()
}

fn predicted(run: &Run, data: &Dataset) -> Vec<f64> {
    let frame = run.predict(data, Part::Valid).unwrap();
    frame
        .column("predicted")
        .unwrap()
        .f64()
        .unwrap()
        .into_no_null_iter()
        .collect()
}

#[test]
fn the_loss_is_a_sum() {
    let _alone = alone();
    let root = tempfile::tempdir().unwrap();
    // 48 training and 16 validation examples: nothing is dropped, and the batches are those of an ordinary fit.
    let data = data(table(80, 1, false));
    let ordinary = fit(&data, &mse(&data), root.path())
        .precision(Precision::F64)
        .batch(8)
        .epochs(3)
        .optimizer(sgd(0.04))
        .run()
        .unwrap();
    // One track: a sum over a batch is eight means, so an eighth of the rate makes the same steps, bit for bit.
    let summed = compatible(&data, root.path()).epochs(3).optimizer(sgd(0.005)).run().unwrap();
    let (a, b) = (last(&ordinary), last(&summed));
    let trained: Vec<&String> = a
        .tensors
        .keys()
        .filter(|k| k.starts_with("weights/") && !k.contains("running"))
        .collect();
    assert!(trained.len() >= 4, "{trained:?}");
    for name in trained {
        assert!(a.tensors[name] == b.tensors[name], "{name}");
    }
    let rows = summed.epochs();
    assert_eq!(rows.iter().map(|r| r.epoch).collect::<Vec<_>>(), [0, 1, 2, 3]);
    for (ours, theirs) in ordinary.epochs().iter().zip(&rows[1..]) {
        assert_eq!(ours.step, theirs.step);
        assert!((ours.train_loss - theirs.train_loss).abs() < 1e-12, "{ours:?} {theirs:?}");
        // With `mse` alone and nothing watched, both columns of a part are the same.
        assert!((theirs.train_watched.unwrap() - theirs.train_loss).abs() < 1e-12);
        assert!((theirs.watched - theirs.valid_loss).abs() < 1e-12);
        assert_eq!((ours.train_watched, ours.counted), (None, None));
    }
    let manifest = RunFolder::open(summed.folder()).unwrap().manifest().unwrap();
    assert_eq!(manifest.options["compat"], "drg");
    assert_eq!(summed.model().compatible_with(), Some(Compat::Drg));
}

#[test]
fn small_batches_are_dropped_and_the_loss_is_divided_by_all() {
    let _alone = alone();
    let root = tempfile::tempdir().unwrap();
    // 45 training examples make 5 batches of 8, 15 validation examples make one.
    let data = data(table(75, 1, false));
    let run = compatible(&data, root.path()).epochs(2).optimizer(sgd(1e-3)).run().unwrap();
    let rows = run.epochs();
    assert_eq!(rows.iter().map(|r| r.step).collect::<Vec<_>>(), [0, 5, 10]);
    let mut network = Network::new(run.model(), 0, DType::F64).unwrap();
    let bytes = last(&run);
    let weights = bytes.tensors.iter().filter_map(|(name, t)| {
        let values = t.bytes.as_chunks::<8>().0.iter().map(|b| f64::from_le_bytes(*b)).collect();
        let tensor = candle_core::Tensor::from_vec(values, t.sizes.as_slice(), &candle_core::Device::Cpu);
        Some((name.strip_prefix("weights/")?.to_string(), tensor.unwrap()))
    });
    network.set_weights(weights.collect()).unwrap();
    let valid = data.rows(Part::Valid, None).unwrap();
    let batch = data.batch(&valid, DType::F64).unwrap();
    let outputs = network.predict(&batch.inputs).unwrap();
    let apart: Vec<f64> = (&outputs["y"] - &batch.targets["y"])
        .and_then(|d| d.sqr()?.flatten_all()?.to_vec1())
        .unwrap();
    assert_eq!(apart.len(), 15);
    // Some eight of the fifteen, divided by fifteen.
    let is_so = (0u32..1 << 15).filter(|set| set.count_ones() == 8).any(|set| {
        let sum: f64 = (0..15).filter(|i| set >> i & 1 == 1).map(|i| apart[i]).sum();
        (sum / 15.0 - rows[2].valid_loss).abs() < 1e-9
    });
    assert!(is_so, "{} of {apart:?}", rows[2].valid_loss);
    assert!((apart.iter().sum::<f64>() / 15.0 - rows[2].valid_loss).abs() > 1e-6);
}

#[test]
fn an_improvement_in_the_last_epoch_is_kept_beside_the_best() {
    let _alone = alone();
    let root = tempfile::tempdir().unwrap();
    let data = data(table(2000, 1, false));
    let run = compatible(&data, root.path()).epochs(1).optimizer(sgd(1e-3)).run().unwrap();
    let rows = run.epochs();
    assert!(rows[1].watched < rows[0].watched, "{rows:?}");
    assert_eq!(
        rows.iter().map(|r| (r.best, r.counted)).collect::<Vec<_>>(),
        [(true, Some(0)), (false, Some(1))]
    );
    assert_eq!(run.best().unwrap().epoch, 1);
    assert!(
        run.stopped()
            .starts_with("stopped after all 1 epoch; kept the weights of epoch 1, as DRG does; the best was epoch 0"),
        "{}",
        run.stopped()
    );
    let folder = RunFolder::open(run.folder()).unwrap();
    let best = folder.best().unwrap().unwrap();
    assert!(best.header.contains("\"epoch\":0"), "{}", best.header);
    assert!(best.tensors != folder.weights().unwrap().unwrap().tensors);
    // What is opened is what was returned.
    let opened = Run::open(run.folder()).unwrap();
    assert_eq!(predicted(&opened, &data), predicted(&run, &data));
    assert_eq!(opened.best().unwrap().epoch, 1);
    let ordinary = fit(&data, &mse(&data), root.path()).batch(8).epochs(1).run().unwrap();
    assert!(ordinary.epochs()[0].best && ordinary.epochs().len() == 1);
}

#[test]
fn fine_tuning_counts_on_from_the_best_epoch() {
    let _alone = alone();
    let root = tempfile::tempdir().unwrap();
    let data = data(table(150, 4, false));
    let run = compatible(&data, root.path())
        .epochs(50)
        .patience(2)
        .optimizer(AdamW {
            lr: 0.05,
            ..AdamW::default()
        })
        .finetune(Finetune::Rounds {
            rounds: 2,
            rate: 0.1,
            patience: 1,
        })
        .run()
        .unwrap();
    let rows = run.epochs();
    let first = rows.iter().position(|r| r.round == 1).expect("a round");
    // The epoch before which the best one was.
    let best = rows[..first].iter().rev().find(|r| r.best).unwrap();
    assert_eq!(rows[first].counted, best.counted.map(|n| n + 1), "{rows:?}");
    assert_eq!(rows[first].epoch, first as u64);
    assert!((rows[first].rate - 0.005).abs() < 1e-12);
    assert!(rows.iter().any(|r| r.round == 2) && run.stopped().contains("2 rounds of fine-tuning used up; kept"));
    let kept = rows.iter().map(|r| r.watched).fold(f64::INFINITY, f64::min);
    assert_eq!(run.best().unwrap().watched, kept, "{}", run.stopped());
    let frame = run.history().unwrap();
    for name in ["watched", "train watched", "round"] {
        assert!(frame.column(name).is_ok(), "no column {name}");
    }
}

#[test]
fn a_loss_that_is_no_number_is_kept() {
    let _alone = alone();
    let root = tempfile::tempdir().unwrap();
    let data = data(table(400, 1, false));
    let run = compatible(&data, root.path()).optimizer(sgd(1e200)).run().unwrap();
    assert!(
        run.stopped()
            .starts_with("stopped after 1 epoch: the validation loss is no number; kept the weights of epoch 1"),
        "{}",
        run.stopped()
    );
    let rows = run.epochs();
    assert_eq!(rows.len(), 2);
    assert!(rows[1].train_loss.is_nan() && rows[1].watched.is_nan() && rows[1].train_watched.unwrap().is_nan());
    assert!(predicted(&run, &data).iter().all(|p| p.is_nan()));
    // The file has the last good one.
    let folder = RunFolder::open(run.folder()).unwrap();
    let best = folder.best().unwrap().unwrap();
    for (name, tensor) in &best.tensors {
        let mut values = tensor.bytes.as_chunks::<8>().0.iter().map(|b| f64::from_le_bytes(*b));
        assert!(values.all(f64::is_finite), "{name}");
    }
}

#[test]
fn what_is_watched_is_a_loss() {
    let _alone = alone();
    let root = tempfile::tempdir().unwrap();
    let data = data(table(80, 1, false));
    let watched = objective(&data, call("mse", vec![]), Some(call("correlation", points())));
    let run = Fit::new(&model(&data, 6), &watched, &data)
        .compat(Compat::Drg)
        .precision(Precision::F64)
        .batch(8)
        .epochs(3)
        .warmup(Warmup::Linear {
            over: cistron_train::Period::Epochs(2),
        })
        .optimizer(sgd(0.016))
        .runs_in(root.path())
        .run()
        .unwrap();
    for row in run.epochs() {
        // All 16 validation examples were used, at once.
        assert!((row.watched - (1.0 - row.metrics["r y"])).abs() < 1e-9, "{row:?}");
    }
    assert!(run.stopped().contains("validation 1 - r y"), "{}", run.stopped());
    // A sixteenth at first, then even steps.
    let rates: Vec<f64> = run.epochs()[1..].iter().map(|r| r.rate).collect();
    for (found, expected) in rates.iter().zip([0.001, 0.0085, 0.016]) {
        assert!((found - expected).abs() < 1e-12, "{rates:?}");
    }
}

#[test]
fn a_run_goes_on_to_the_same_bytes() {
    let _alone = alone();
    let roots = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let data = data(table(4000, 5, false));
    let with = |root: &Path| {
        fit(&data, &mse(&data), root)
            .compat(Compat::Drg)
            .optimizer(sgd(1e-3))
            .patience(1)
            .finetune(Finetune::Rounds {
                rounds: 1,
                rate: 0.1,
                patience: 2,
            })
            .init_adjust(true)
    };
    let whole = with(roots[0].path()).run().unwrap();
    let end = |run: &Run| {
        let mut last = last(run);
        last.header.clear();
        (std::fs::read(run.folder().join("weights.safetensors")).unwrap(), last)
    };
    // Row 0 is a line too: somewhere in the third epoch.
    let interrupt = interrupt_after(roots[1].path(), 3);
    let part = with(roots[1].path()).run().unwrap();
    interrupt.join().unwrap();
    assert!(part.stopped().starts_with("interrupted"), "{}", part.stopped());
    let resumed = Run::resume(part.folder(), &data).unwrap();
    assert!(end(&whole) == end(&resumed), "the resumed state differs");
    let numbers = |run: &Run| {
        let of = |r: &cistron_runs::EpochRow| (r.train_loss, r.train_watched, r.valid_loss, r.watched, r.counted, r.round);
        run.epochs().iter().map(of).collect::<Vec<_>>()
    };
    assert_eq!(numbers(&whole), numbers(&resumed));
    let error = with(roots[1].path()).epochs(9).resume(part.folder()).run().unwrap_err();
    assert!(error.to_string().contains("`epochs` was 6 and is 9"), "{error}");
}

#[test]
fn too_few_examples_for_a_batch_are_said() {
    let _alone = alone();
    let root = tempfile::tempdir().unwrap();
    let data = data(table(10, 1, false));
    let error = compatible(&data, root.path()).run().unwrap_err().to_string();
    assert!(
        error.contains("the 6 training examples are no whole batch of 8") && error.contains("`batch = 6` or less"),
        "{error}"
    );
    assert_eq!(std::fs::read_dir(root.path()).unwrap().count(), 0);
}
