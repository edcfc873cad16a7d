//! What follows patience in ordinary fits, and that all of it goes on to the same bytes.

mod common;

use candle_core::DType;
use cistron_data::Dataset;
use cistron_nn::Network;
use cistron_runs::{Checkpoint, RunFolder};
use cistron_train::{AdamW, Average, Finetune, Fit, Group, Halve, Period, Run, Sgd, TrainError, Warmup};
use common::{alone, data, fit, mse, table};
use std::path::Path;

/// The kept weights as bytes, and all tensors of the newest state.
fn end(run: &Run) -> (Vec<u8>, Checkpoint) {
    let folder = RunFolder::open(run.folder()).unwrap();
    let mut last = folder.last().unwrap().unwrap();
    last.header.clear();
    (std::fs::read(folder.weights_path()).unwrap(), last)
}

fn sgd(lr: f64) -> Sgd {
    Sgd {
        lr,
        momentum: 0.9,
        ..Sgd::default()
    }
}

/// So few examples and so high a rate that patience is soon used up.
fn fine_tuned(data: &Dataset, root: &Path, epochs: u64) -> Fit {
    fit(data, &mse(data), root)
        .epochs(epochs)
        .patience(2)
        .optimizer(AdamW {
            lr: 0.05,
            ..AdamW::default()
        })
        .finetune(Finetune::Rounds {
            rounds: 2,
            rate: 0.1,
            patience: 2,
        })
        .halve(Halve::OnRise { share: 0.05, epochs: 2 })
}

/// The numbers of every epoch but its seconds.
fn rows(run: &Run) -> Vec<(u64, u64, f64, f64, f64, u64, bool)> {
    let of = |r: &cistron_train::EpochRow| (r.epoch, r.step, r.train_loss, r.valid_loss, r.rate, r.round, r.best);
    run.epochs().iter().map(of).collect()
}

#[test]
fn the_best_weights_are_taken_up_again_at_a_lower_rate() {
    let _alone = alone();
    let root = tempfile::tempdir().unwrap();
    let data = data(table(150, 4, false));
    let run = fine_tuned(&data, root.path(), 200).halve(Halve::Never).run().unwrap();
    let epochs = run.epochs();
    assert_eq!(
        epochs.iter().map(|r| r.epoch).collect::<Vec<_>>(),
        (1..=epochs.len() as u64).collect::<Vec<_>>()
    );
    for round in [1, 2] {
        let of: Vec<f64> = epochs.iter().filter(|r| r.round == round).map(|r| r.rate).collect();
        let expected = 0.05 * 0.1f64.powi(round as i32);
        assert!(!of.is_empty() && of.iter().all(|r| (r - expected).abs() < 1e-12), "{of:?}");
    }
    assert!(
        run.stopped().contains(": 2 rounds of fine-tuning used up; kept epoch "),
        "{}",
        run.stopped()
    );
    // What is kept is the best of all, and a round that begins with it is not far from it.
    let best = epochs.iter().min_by(|a, b| a.valid_loss.total_cmp(&b.valid_loss)).unwrap();
    assert_eq!(run.best().unwrap().epoch, best.epoch);
    let first = epochs.iter().position(|r| r.round == 1).unwrap();
    let before = epochs[..first].iter().map(|r| r.valid_loss).fold(f64::INFINITY, f64::min);
    let (ends, begins) = (epochs[first - 1].valid_loss, epochs[first].valid_loss);
    assert!((begins - before).abs() < (ends - before).abs(), "{before}, {ends}, {begins}");
    let caption = format!("Fine-tuning: round 1 from epoch {}, round 2 from epoch ", first + 1);
    assert!(run.curve().unwrap().text().contains(&caption), "{caption}");
    let text = run.to_string();
    assert!(text.contains("round 1") && text.contains("round 2"), "{text}");
    assert_eq!(run.history().unwrap().column("round").unwrap().len(), epochs.len());
}

#[test]
fn a_run_killed_anywhere_in_fine_tuning_goes_on_to_the_same_bytes() {
    let _alone = alone();
    let root = tempfile::tempdir().unwrap();
    let data = data(table(150, 4, false));
    for average in [None, Some(Average::Ema(0.5))] {
        let with = |epochs| {
            let fit = fine_tuned(&data, root.path(), epochs);
            match average {
                Some(average) => fit.average(average),
                None => fit,
            }
        };
        let whole = with(200).run().unwrap();
        let count = whole.epochs().len() as u64;
        let of_round = |round| whole.epochs().iter().filter(|r| r.round == round).count();
        assert!(of_round(1) > 0 && of_round(2) > 0, "{:?}", rows(&whole));
        for stop in 1..count {
            let part = with(stop).run().unwrap();
            assert_eq!(part.epochs().len() as u64, stop);
            if whole.epochs()[stop as usize].round > 0 && whole.epochs()[stop as usize - 1].round > 0 {
                let round = whole.epochs()[stop as usize].round;
                let expected = format!("stopped after all {stop} epochs, in round {round} of fine-tuning; kept epoch ");
                assert!(part.stopped().starts_with(&expected), "{}", part.stopped());
            }
            let resumed = with(200).resume(part.folder()).run().unwrap();
            assert!(end(&whole) == end(&resumed), "{average:?} after {stop} of {count} epochs");
            assert_eq!(rows(&whole), rows(&resumed));
            assert_eq!(whole.stopped(), resumed.stopped());
        }
    }
}

#[test]
fn states_of_earlier_versions_are_read() {
    let _alone = alone();
    let root = tempfile::tempdir().unwrap();
    let data = data(table(400, 5, false));
    let loss = mse(&data);
    let whole = fit(&data, &loss, root.path()).run().unwrap();
    let part = fit(&data, &loss, root.path()).epochs(3).run().unwrap();
    let folder = RunFolder::open(part.folder()).unwrap();
    let mut last = folder.last().unwrap().unwrap();
    let mut header: serde_json::Value = serde_json::from_str(&last.header).unwrap();
    let later = ["finetune", "halve", "init_adjust", "restart", "valtrain_ratio", "compat"];
    assert!(header.as_object_mut().unwrap().remove("controller").is_some());
    for name in later {
        let options = header["identity"]["options"].as_object_mut().unwrap();
        assert!(options.remove(name).is_some(), "{name}");
    }
    last.header = header.to_string();
    last.write(&folder.last_path()).unwrap();
    let mut manifest = folder.manifest().unwrap();
    for name in later {
        manifest.options.as_object_mut().unwrap().remove(name);
    }
    manifest.write(&folder.manifest_path()).unwrap();
    assert_eq!(Run::open(part.folder()).unwrap().options(), part.options());
    let resumed = fit(&data, &loss, root.path()).resume(part.folder()).run().unwrap();
    assert!(end(&whole) == end(&resumed));
    assert_eq!(rows(&whole), rows(&resumed));
}

#[test]
fn a_fit_that_goes_wrong_begins_again_with_a_lower_rate() {
    let _alone = alone();
    let root = tempfile::tempdir().unwrap();
    let data = data(table(300, 2, false));
    let with = |epochs: u64| {
        fit(&data, &mse(&data), root.path())
            .epochs(epochs)
            .optimizer(sgd(2000.0))
            .init_adjust(true)
            .warmup(Warmup::Exponential {
                over: Period::Epochs(1),
                factor: 2.0,
            })
    };
    let whole = with(4).run().unwrap();
    let epochs = whole.epochs();
    let resets = epochs.len() - 4;
    assert!(resets > 0, "{:?}", rows(&whole));
    // Epoch numbers go on; the last four are those that count.
    assert_eq!(epochs.last().unwrap().epoch, epochs.len() as u64);
    let reduced = 2000.0 * 0.25f64.powi(resets as i32);
    let rates: Vec<f64> = epochs[resets..].iter().map(|r| r.rate).collect();
    assert_eq!(rates, [reduced / 2.0, reduced, reduced, reduced]);
    assert!(epochs[..resets].iter().all(|r| !r.best));
    for stop in 1..4 {
        let part = with(stop).run().unwrap();
        let resumed = with(4).resume(part.folder()).run().unwrap();
        assert!(end(&whole) == end(&resumed), "after {stop} epochs");
    }
    // Without it the loss is an error, and so it is when fifteen times were not enough.
    let error = with(4).init_adjust(false).optimizer(sgd(1e30)).run().unwrap_err();
    assert!(matches!(error, TrainError::NotFinite(_)), "{error}");
    let error = with(4).optimizer(sgd(1e300)).run().unwrap_err();
    let TrainError::NotFinite(error) = error else {
        panic!("{error}")
    };
    assert_eq!(error.epoch, 16);
}

#[test]
fn a_restart_keeps_the_first_convolution_and_the_best() {
    let _alone = alone();
    let root = tempfile::tempdir().unwrap();
    let data = data(table(150, 4, false));
    let adam = AdamW {
        lr: 0.05,
        ..AdamW::default()
    };
    let with = |epochs: u64| {
        fit(&data, &mse(&data), root.path())
            .epochs(epochs)
            .patience(2)
            .optimizer(adam)
            .restart(true)
    };
    let whole = with(12).run().unwrap();
    let epochs = whole.epochs();
    let best = epochs.iter().min_by(|a, b| a.valid_loss.total_cmp(&b.valid_loss)).unwrap();
    assert_eq!(whole.best().unwrap().epoch, best.epoch);
    let twice = fit(&data, &mse(&data), root.path()).epochs(12).patience(2).optimizer(adam);
    let once = twice.run().unwrap();
    assert!(once.stopped().contains("2 epochs without a better"), "{}", once.stopped());
    assert!(epochs.len() > once.epochs().len(), "{}", whole.stopped());
    assert_eq!(rows(&whole)[..once.epochs().len()], rows(&once)[..]);
    for stop in 1..12 {
        let part = with(stop).run().unwrap();
        let resumed = with(12).resume(part.folder()).run().unwrap();
        assert!(end(&whole) == end(&resumed), "after {stop} epochs");
    }
}

#[test]
fn a_restart_draws_all_but_the_first_convolution_anew() {
    let _alone = alone();
    let root = tempfile::tempdir().unwrap();
    let data = data(table(150, 4, false));
    let frozen = Group {
        names: vec!["*".into()],
        frozen: true,
        ..Group::default()
    };
    let run = fit(&data, &mse(&data), root.path())
        .epochs(30)
        .patience(1)
        .groups([frozen])
        .restart(true)
        .run()
        .unwrap();
    let last = end(&run).1.tensors;
    // No step changed a weight, so what is not as it was at first was drawn anew.
    let bytes = Network::new(run.model(), run.options().seed, DType::F32).unwrap();
    for weight in bytes.weights().iter().filter(|w| w.trainable) {
        let values: Vec<f32> = weight.tensor.flatten_all().unwrap().to_vec1().unwrap();
        let bytes: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        let same = last[&format!("weights/{}", weight.name)].bytes == bytes;
        let constant = values.iter().all(|v| v == &values[0]);
        assert!(
            constant || same == weight.name.starts_with("y.conv."),
            "{}: {same}",
            weight.name
        );
    }
}
