//! The controller replays what the original did, and keeps the best in ordinary fits.

use super::*;
use crate::Sgd;
use cistron_ops::{Clock, Period, Warmup};
use serde_json::Value;
use std::collections::VecDeque;
use std::path::PathBuf;

/// The recorded traces; nothing (and a word about it) where there are none.
fn recorded() -> Option<Vec<Value>> {
    let shared = std::env::var_os("CISTRON_SHARED").map(PathBuf::from);
    let shared = shared.unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared"));
    let path = shared.join("golden/drg/control.json");
    if !path.exists() {
        let in_ci = std::env::var("CI").as_deref() == Ok("true");
        assert!(!in_ci, "no shared data: {} is missing", path.display());
        println!("skipped: no shared data");
        return None;
    }
    // It has NaN, which JSON has not.
    let text = std::fs::read_to_string(path).unwrap().replace("NaN", "null");
    Some(serde_json::from_str(&text).unwrap())
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or(f64::NAN)
}

/// The options of a trace; one that this test does not know is a failure.
fn options(given: &Value) -> Options {
    let mut options = Options {
        compat: Some(Compat::Drg),
        epochs: 1000,
        ..Options::default()
    };
    let (mut rounds, mut rate, mut patience, mut finetuning) = (0, 0.0, 0, true);
    let (mut warmup, mut linear) = (0, false);
    for (name, value) in given.as_object().unwrap() {
        let count = value.as_u64();
        match name.as_str() {
            "lr" => {
                options.optimizer = Sgd {
                    lr: number(value),
                    ..Sgd::default()
                }
                .into();
            }
            "patience" => options.patience = count.unwrap(),
            "epochs" => options.epochs = count.unwrap(),
            "finetuning" => finetuning = value.as_bool().unwrap(),
            "finetuning_patience" => patience = count.unwrap(),
            "finetuning_rounds" => rounds = count.unwrap(),
            "finetuning_rate" => rate = number(value),
            "init_adjust" => options.init_adjust = value.as_bool().unwrap(),
            "restart" => options.restart = value.as_bool().unwrap(),
            "valtrain_ratio" => options.valtrain_ratio = Some(number(value)),
            "warm_up_epochs" => warmup = count.unwrap(),
            "warmup_function" => linear = value == "Linear",
            other => panic!("the option `{other}` of a trace is new"),
        }
    }
    let over = Period::Epochs(warmup);
    options.warmup = if linear {
        Warmup::Linear { over }
    } else {
        Warmup::Exponential { over, factor: 4.0 }
    };
    options.finetune = finetuning.then_some(Finetune::Rounds { rounds, rate, patience });
    options
}

/// One thing that happened.
#[derive(Clone, Debug)]
enum Event {
    Save(&'static str),
    Load(&'static str),
    /// At a rate.
    Train(f64),
    /// Whether in training mode.
    Validate(bool),
}

impl Event {
    fn of(line: &Value) -> Self {
        let file = |name: &str| if name.contains("params0") { "first" } else { "best" };
        if let Some(name) = line.get("save") {
            Self::Save(file(name.as_str().unwrap()))
        } else if let Some(name) = line.get("load") {
            Self::Load(file(name.as_str().unwrap()))
        } else if line.get("train_epoch").is_some() {
            Self::Train(number(&line["lr"]))
        } else {
            Self::Validate(line["mode"] == "train")
        }
    }

    fn agrees(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Save(a), Self::Save(b)) | (Self::Load(a), Self::Load(b)) => a == b,
            (Self::Train(a), Self::Train(b)) => (a - b).abs() <= 1e-12 * b.abs(),
            (Self::Validate(a), Self::Validate(b)) => a == b,
            _ => false,
        }
    }
}

/// A driver as the session is one, with numbers from a trace instead of a network.
struct Replay {
    options: Options,
    regime: Regime,
    controller: Controller,
    /// What training and validation will come to: the loss and what is watched.
    train: VecDeque<[f64; 2]>,
    valid: VecDeque<[f64; 2]>,
    events: Vec<Event>,
    /// Lines of the loss file.
    lines: Vec<(u64, [f64; 4])>,
    /// Watched on both parts, losses on both, and the epoch: of the best and of the last.
    best: [f64; 5],
    last: [f64; 5],
}

impl Replay {
    fn new(trace: &Value) -> Self {
        let options = options(&trace["options"]);
        let regime = Regime::new(&options, 1);
        let pair = |line: &Value, loss: &str, watched: &str| [number(&line[loss]), number(&line[watched])];
        let log = trace["log"].as_array().unwrap();
        let train = log.iter().filter(|l| l.get("train_epoch").is_some());
        let valid = log.iter().filter(|l| l.get("validate_after_epoch").is_some());
        let first = |what: &str| {
            let (_, value) = trace.as_object().unwrap().iter().find(|(k, _)| k.starts_with(what)).unwrap();
            [number(&value[0]), number(&value[1])]
        };
        let (v, t) = (first("initial_validation"), first("initial_train"));
        let mut controller = Controller::new(&regime);
        assert!(!controller.has_begun());
        controller.begin(t[0], Some(v[1]));
        Self {
            controller,
            options,
            regime,
            train: train.map(|l| pair(l, "train_loss", "train_valloss")).collect(),
            valid: valid.map(|l| pair(l, "val_trainloss", "val_valloss")).collect(),
            events: vec![Event::Save("first"), Event::Save("best")],
            lines: vec![(0, [v[0], v[1], t[0], t[1]])],
            best: [v[1], t[1], v[0], t[0], 0.0],
            last: [f64::NAN; 5],
        }
    }

    fn scheduled(&self, epochs: u64) -> f64 {
        self.options.rate(&Clock {
            step: epochs,
            steps_per_epoch: 1,
            ..Clock::default()
        })
    }

    fn run(&mut self) {
        while self.controller.ended(&self.regime).is_none() {
            let epochs = self.controller.scheduled_epochs();
            self.events.push(Event::Train(self.controller.rate(self.scheduled(epochs))));
            let t = self.train.pop_front().expect("the original had stopped before");
            self.events.push(Event::Validate(false));
            let v = self.valid.pop_front().unwrap();
            let seen = Seen {
                watched: v[1],
                train_watched: Some(t[1]),
                valid_loss: v[0],
                train_loss: t[0],
                scheduled: self.scheduled(epochs + 1),
            };
            // As it comes back from a checkpoint.
            let text = serde_json::to_string(&self.controller).unwrap();
            self.controller = serde_json::from_str(&text).unwrap();
            let counted = self.controller.epoch() + 1;
            let verdict = self.controller.observe(&self.regime, &seen);
            self.last = [v[1], t[1], v[0], t[0], counted as f64];
            if verdict.then == Then::Reset {
                self.lines.truncate(1);
            } else {
                self.lines.push((counted, [v[0], v[1], t[0], t[1]]));
            }
            self.obey(verdict);
        }
        if self.controller.kept() == Kept::Best {
            self.events.push(Event::Load("best"));
            self.last = self.best;
        }
    }

    fn obey(&mut self, verdict: Verdict) {
        if verdict.save {
            self.events.push(Event::Save("best"));
            self.best = self.last;
        }
        match verdict.then {
            Then::GoOn | Then::End => {}
            Then::BackToBest => self.events.push(Event::Load("best")),
            Then::Reset => {
                self.events.extend([Event::Load("first"), Event::Validate(true)]);
                let v = self.valid.pop_front().unwrap();
                let verdict = self.controller.was_reset(&self.regime, Some(v[1]), self.scheduled(0));
                self.obey(verdict);
            }
            Then::Restart => panic!("no trace restarts"),
        }
    }
}

#[test]
fn every_recorded_trace_is_replayed() {
    let Some(traces) = recorded() else { return };
    assert!(traces.len() >= 8, "only {} traces", traces.len());
    for trace in &traces {
        let name = trace["name"].as_str().unwrap();
        let mut replay = Replay::new(trace);
        replay.run();
        assert!(
            replay.train.is_empty() && replay.valid.is_empty(),
            "{name}: the original went on"
        );
        // The original loads the best twice where the last round of fine-tuning ends.
        let mut expected: Vec<Event> = trace["log"].as_array().unwrap().iter().map(Event::of).collect();
        expected.dedup_by(|a, b| matches!((a, b), (Event::Load(a), Event::Load(b)) if a == b));
        assert_eq!(replay.events.len(), expected.len(), "{name}: {:?}", replay.events);
        for (at, (found, expected)) in replay.events.iter().zip(&expected).enumerate() {
            assert!(
                found.agrees(expected),
                "{name}, event {at}: {found:?}, the original {expected:?}"
            );
        }
        let text = trace["loss_file"].as_array().unwrap();
        let lines: Vec<&str> = text.iter().filter_map(Value::as_str).filter(|l| !l.is_empty()).collect();
        assert_eq!(replay.lines.len(), lines.len(), "{name}: {:?}", replay.lines);
        for ((epoch, values), line) in replay.lines.iter().zip(lines) {
            let numbers: Vec<f64> = line.split('\t').map(|w| w.parse().unwrap()).collect();
            assert_eq!(*epoch as f64, numbers[0], "{name}: {line}");
            for (found, expected) in values.iter().zip(&numbers[1..]) {
                let same = (found - expected).abs() < 1e-6 || found.is_nan() && expected.is_nan();
                assert!(same, "{name}: {found} in {line}");
            }
        }
        for (found, expected) in replay.last.iter().zip(trace["returned"].as_array().unwrap()) {
            let expected = number(expected);
            let same = found == &expected || found.is_nan() && expected.is_nan();
            assert!(same, "{name}: returned {:?}, the original {}", replay.last, trace["returned"]);
        }
    }
}

/// An ordinary fit with these options, which watches these values; its verdicts until it ends.
fn watch(options: &Options, watched: &[f64]) -> (Controller, Vec<Verdict>) {
    let regime = Regime::new(options, 1);
    let mut controller = Controller::new(&regime);
    let mut verdicts = Vec::new();
    for &watched in watched {
        if controller.ended(&regime).is_some() {
            break;
        }
        verdicts.push(controller.observe(&regime, &seen(watched, 0.5)));
    }
    (controller, verdicts)
}

fn seen(watched: f64, train_loss: f64) -> Seen {
    Seen {
        watched,
        train_watched: None,
        valid_loss: 0.5,
        train_loss,
        scheduled: 1.0,
    }
}

fn saved(verdicts: &[Verdict]) -> Vec<bool> {
    verdicts.iter().map(|v| v.save).collect()
}

#[test]
fn a_value_that_is_no_number_is_never_the_best() {
    let options = Options::default();
    let (controller, verdicts) = watch(&options, &[f64::NAN, -0.5, -0.6, -0.6, f64::NAN, -0.7]);
    assert_eq!(saved(&verdicts), [false, true, true, false, false, true]);
    assert_eq!(controller.since_best(), 0);
}

#[test]
fn an_improvement_in_the_last_epoch_is_kept_and_more_epochs_may_follow() {
    let options = Options {
        epochs: 3,
        ..Options::default()
    };
    let (mut controller, verdicts) = watch(&options, &[0.9, 0.95, 0.8, 0.7]);
    assert_eq!(saved(&verdicts), [true, false, true]);
    assert_eq!(controller.ended(&Regime::new(&options, 1)), Some(Stop::Epochs));
    assert_eq!(controller.kept(), Kept::Best);
    let more = Regime::new(&Options { epochs: 4, ..options }, 1);
    assert_eq!(controller.ended(&more), None);
    assert!(controller.observe(&more, &seen(0.7, 0.5)).save);
}

#[test]
fn fine_tuning_goes_back_to_the_best_and_lowers_the_rate() {
    let options = Options {
        patience: 2,
        finetune: Some(Finetune::Rounds {
            rounds: 2,
            rate: 0.5,
            patience: 2,
        }),
        ..Options::default()
    };
    // Patience is used up; the first round has a better value and then two that are not; the second has none.
    let values = [0.9, 0.8, 0.85, 0.85, 0.82, 0.7, 0.75, 0.75, 0.75, 0.75, 0.1];
    let (controller, verdicts) = watch(&options, &values);
    let then: Vec<Then> = verdicts.iter().map(|v| v.then).collect();
    let expected = [
        Then::GoOn,
        Then::GoOn,
        Then::GoOn,
        Then::BackToBest,
        Then::GoOn,
        Then::GoOn,
        Then::GoOn,
        Then::BackToBest,
        Then::GoOn,
        Then::End,
    ];
    assert_eq!(then, expected);
    assert_eq!(
        saved(&verdicts)
            .iter()
            .enumerate()
            .filter(|v| *v.1)
            .map(|v| v.0)
            .collect::<Vec<_>>(),
        [0, 1, 5]
    );
    assert_eq!(controller.ended(&Regime::new(&options, 1)), Some(Stop::Finetuned));
    assert_eq!(controller.rate(1.0), 0.25);
    assert_eq!(controller.epoch(), 10);
}

#[test]
fn a_round_that_is_better_is_not_over() {
    let options = Options {
        patience: 1,
        finetune: Some(Finetune::Rounds {
            rounds: 1,
            rate: 0.5,
            patience: 2,
        }),
        ..Options::default()
    };
    // One that is not better between two that are does not add up to two.
    let (controller, _) = watch(&options, &[0.9, 0.95, 0.8, 0.85, 0.7, 0.75]);
    assert_eq!((controller.round(), controller.ended(&Regime::new(&options, 1))), (1, None));
}

#[test]
fn the_rate_is_halved_when_the_training_loss_rises() {
    let options = Options {
        halve: Some(Halve::OnRise { share: 0.3, epochs: 2 }),
        ..Options::default()
    };
    let regime = Regime::new(&options, 1);
    let mut controller = Controller::new(&regime);
    assert!(!controller.has_begun());
    controller.begin(1.0, None);
    let mut rates = Vec::new();
    // A loss of 0.2 of the 0.5 that were won; then a slow rise over the reference.
    for loss in [0.5, 0.7, 0.4, 0.41, 0.42, 0.43, 0.44] {
        controller.observe(&regime, &seen(0.5, loss));
        rates.push(controller.rate(1.0));
    }
    assert_eq!(rates, [1.0, 0.5, 0.5, 0.5, 0.5, 0.5, 0.25]);
}

#[test]
fn a_fit_begins_again_fifteen_times_at_most() {
    let options = Options {
        init_adjust: true,
        ..Options::default()
    };
    let regime = Regime::new(&options, 1);
    let mut controller = Controller::new(&regime);
    controller.begin(1.0, None);
    for reset in 1..=RESETS {
        assert!(controller.may_reset());
        let loss = if reset % 2 == 0 { f64::NAN } else { 1.5 };
        assert_eq!(controller.observe(&regime, &seen(0.5, loss)).then, Then::Reset);
        assert_eq!(controller.was_reset(&regime, None, 1.0).then, Then::GoOn);
        assert_eq!((controller.epoch(), controller.rate(1.0)), (0, 0.25f64.powi(reset as i32)));
    }
    assert!(!controller.may_reset());
    assert_eq!(controller.observe(&regime, &seen(0.5, 1.5)).then, Then::End);
    assert_eq!(controller.ended(&regime), Some(Stop::Resets));
}

#[test]
fn a_restart_comes_once_and_has_epochs_of_its_own() {
    for compat in [None, Some(Compat::Drg)] {
        let options = Options {
            patience: 2,
            epochs: 5,
            restart: true,
            compat,
            ..Options::default()
        };
        let regime = Regime::new(&options, 1);
        let mut controller = Controller::new(&regime);
        controller.begin(1.0, compat.map(|_| 0.9));
        let mut then = Vec::new();
        for watched in [0.8, 0.8, 0.8] {
            then.push(controller.observe(&regime, &seen(watched, 0.5)).then);
        }
        assert_eq!(then, [Then::GoOn, Then::GoOn, Then::Restart], "{compat:?}");
        controller.was_restarted(&regime, Some(1.0), compat.map(|_| 0.9));
        assert_eq!(controller.limit(options.epochs), 8);
        // The best of before stands; patience counts anew.
        let verdict = controller.observe(&regime, &seen(0.85, 0.5));
        assert!(!verdict.save && verdict.then == Then::GoOn, "{compat:?}");
        for watched in [0.7, 0.75] {
            assert_eq!(
                controller.observe(&regime, &seen(watched, 0.5)).then,
                Then::GoOn,
                "{compat:?}"
            );
        }
        assert_eq!(controller.observe(&regime, &seen(0.75, 0.5)).then, Then::End, "{compat:?}");
        assert_eq!(controller.kept(), Kept::Best);
    }
}

#[test]
fn the_ratio_of_both_parts_ends_a_fit() {
    let options = Options {
        compat: Some(Compat::Drg),
        valtrain_ratio: Some(0.5),
        ..Options::default()
    };
    let regime = Regime::new(&options, 1);
    let mut controller = Controller::new(&regime);
    controller.begin(1.0, Some(1.0));
    let with = |watched, train| Seen {
        train_watched: Some(train),
        ..seen(watched, 0.5)
    };
    assert!(controller.observe(&regime, &with(0.8, 0.5)).save);
    assert_eq!(controller.observe(&regime, &with(0.9, 0.4)).then, Then::End);
    assert_eq!(controller.ended(&regime), Some(Stop::Ratio));
    assert_eq!(controller.kept(), Kept::Best);
}

#[test]
fn runs_of_earlier_versions_go_on() {
    let options = Options {
        patience: 3,
        ..Options::default()
    };
    let regime = Regime::new(&options, 1);
    let mut controller = Controller::of_earlier_version(&regime, 5, Some(0.5), 2);
    assert_eq!(
        (controller.epoch(), controller.since_best(), controller.has_begun()),
        (5, 2, true)
    );
    assert_eq!(controller.ended(&regime), None);
    assert_eq!(controller.observe(&regime, &seen(0.6, 0.5)).then, Then::End);
    let controller = Controller::of_earlier_version(&regime, 5, Some(0.5), 3);
    assert_eq!(controller.ended(&regime), Some(Stop::Patience));
}
