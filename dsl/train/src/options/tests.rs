//! Options that make sense, and those that do not.

use super::*;
use cistron_ops::{Adadelta, KerasAdam, NAdam, Sgd};

#[test]
fn all_wrong_options_are_reported_at_once() {
    let sgd = Sgd {
        lr: -1.0,
        momentum: 1.0,
        ..Sgd::default()
    };
    let options = Options {
        epochs: 0,
        optimizer: sgd.into(),
        ..Options::default()
    };
    let message = options.check().unwrap_err().to_string();
    assert!(message.contains("`epochs` is 0; expected 1 or more"), "{message}");
    assert!(
        message.contains("`lr` of the optimizer is -1; expected a learning rate above 0"),
        "{message}"
    );
    assert!(
        message.contains("`momentum` of the optimizer is 1; expected 0 or more and below 1"),
        "{message}"
    );
    let (rho, momentum_decay) = (1.0, -0.5);
    for (optimizer, part) in [
        (
            Optimizer::from(Adadelta {
                rho,
                ..Adadelta::default()
            }),
            "`rho` of the optimizer is 1; expected 0 or more and below 1",
        ),
        (
            NAdam {
                momentum_decay,
                ..NAdam::default()
            }
            .into(),
            "`momentum_decay` of the optimizer is -0.5; expected 0 or more",
        ),
    ] {
        let options = Options {
            optimizer,
            ..Options::default()
        };
        let message = options.check().unwrap_err().to_string();
        assert!(message.contains(part), "{message}");
    }
    assert!(Options::default().check().is_ok());
    let options = Options {
        clip: Some(Clip::Value(0.0)),
        schedule: Schedule::Inverse { decay: -1.0 },
        groups: vec![Group::default()],
        average: Some(Average::Ema(1.0)),
        ..Options::default()
    };
    let message = options.check().unwrap_err().to_string();
    for part in [
        "the limit of `clip` is 0; expected a number above 0",
        "`decay` of the schedule is -1; expected 0 or more",
        "group 1 of `groups` names no parameter",
        "the decay of `Ema` is 1; expected above 0 and below 1, such as 0.999",
    ] {
        assert!(message.contains(part), "{message}");
    }
}

#[test]
fn what_follows_patience_is_checked() {
    let options = Options {
        patience: 0,
        finetune: Some(Finetune::Rounds {
            rounds: 0,
            rate: 0.0,
            patience: 0,
        }),
        halve: Some(Halve::OnRise { share: -1.0, epochs: 0 }),
        valtrain_ratio: Some(0.5),
        warmup: Warmup::Exponential {
            over: Period::Epochs(4),
            factor: 1.0,
        },
        ..Options::default()
    };
    let message = options.check().unwrap_err().to_string();
    for part in [
        "`patience` is 0; expected 1 or more",
        "`rounds` of `finetune` is 0; expected 1 or more",
        "`patience` of `finetune` is 0; expected 1 or more",
        "`rate` of `finetune` is 0; expected above 0 and below 1, such as 0.1",
        "`share` of `halve` is -1; expected above 0, such as 0.3",
        "`epochs` of `halve` is 0; expected 1 or more",
        "`valtrain_ratio` needs `compat = drg`",
        "`factor` of the warm-up is 1; expected above 1, such as 4",
    ] {
        assert!(message.contains(part), "{message}");
    }
}

#[test]
fn warm_up_is_linear_and_ends() {
    let options = Options {
        warmup: 2.into_warmup().expect("a count"),
        optimizer: Sgd {
            lr: 0.4,
            ..Sgd::default()
        }
        .into(),
        ..Options::default()
    };
    let clock = |step| Clock {
        step,
        steps_per_epoch: 2,
        ..Clock::default()
    };
    let rates: Vec<f64> = (0..6).map(|step| options.rate(&clock(step))).collect();
    assert_eq!(rates, [0.1, 0.2, 0.30000000000000004, 0.4, 0.4, 0.4]);
    let warmup = 0u8.into_warmup().expect("a count");
    assert_eq!(Options { warmup, ..options }.rate(&clock(0)), 0.4);
    assert!((-1).into_warmup().is_none());
}

#[test]
fn options_travel_and_those_of_earlier_versions_are_read() {
    let options = Options {
        warmup: Warmup::Exponential {
            over: Period::Epochs(4),
            factor: 4.0,
        },
        schedule: Schedule::Inverse { decay: 1e-5 },
        clip: Some(Clip::GlobalNorm(0.2)),
        groups: vec![Group {
            names: vec!["trunk".into()],
            frozen: true,
            ..Group::default()
        }],
        no_decay: vec![Role::Bias],
        average: Some(Average::Ema(0.999)),
        finetune: Some(Finetune::default()),
        halve: Some(Halve::OnRise { share: 0.5, epochs: 3 }),
        compat: Some(Compat::Drg),
        optimizer: KerasAdam::default().into(),
        ..Options::default()
    };
    let mut json = serde_json::to_value(&options).expect("JSON");
    assert_eq!(serde_json::from_value::<Options>(json.clone()).expect("options"), options);
    let fields = json.as_object_mut().expect("an object");
    let later = ["finetune", "halve", "init_adjust", "restart", "valtrain_ratio", "compat"];
    for name in ["schedule", "clip", "groups", "no_decay", "average"].iter().chain(&later) {
        fields.remove(*name);
    }
    fields.insert("warmup".into(), 3.into());
    let old: Options = serde_json::from_value(json).expect("options");
    assert_eq!(old.warmup, Warmup::Linear { over: Period::Epochs(3) });
    assert!(old.clip.is_none() && old.groups.is_empty());
    assert!(old.finetune.is_none() && old.compat.is_none() && !old.restart);
}

#[test]
fn counts_are_not_negative() {
    assert_eq!(3i32.to_count(), Some(3));
    assert_eq!((-3i32).to_count(), None);
    assert_eq!(3usize.to_count(), Some(3));
}
