//! A small data set with a planted motif, a network for it, and declarations without the macros.

#![allow(dead_code)]

use cistron_data::{Captured, Dataset};
use cistron_declaration::{
    Argument, Block, DataDeclaration, DataStatement, Entry, Expression, Kind, ModelDeclaration, ObjectiveDeclaration,
    ObjectiveRule, Source, Span, Statement, Target,
};
use cistron_model::Model;
use cistron_random::{Purpose, Stream};
use cistron_train::{Fit, Objective, Optimizer, Sgd};
use polars::prelude::{Column, DataFrame};
use std::path::Path;
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};

/// The interrupt flag belongs to the process, so fits run one after the other.
pub(crate) fn alone() -> MutexGuard<'static, ()> {
    static ONE: Mutex<()> = Mutex::new(());
    let guard = ONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    cistron_display::clear_interrupt();
    guard
}

const AT: Span = Span {
    line: 1,
    column: 0,
    length: 1,
};

pub(crate) fn expression(kind: Kind) -> Expression {
    Expression { kind, span: AT }
}

pub(crate) fn name(name: &str) -> Expression {
    expression(Kind::Name(name.into()))
}

fn argument(name: Option<&str>, kind: Kind) -> Argument {
    Argument {
        name: name.map(str::to_string),
        span: AT,
        value: expression(kind),
    }
}

pub(crate) fn call(function: &str, arguments: Vec<Kind>) -> Expression {
    let arguments = arguments.into_iter().map(|kind| argument(None, kind)).collect();
    expression(Kind::Call {
        function: function.into(),
        arguments,
    })
}

pub(crate) fn method(receiver: Expression, method: &str, arguments: Vec<(Option<&str>, Kind)>) -> Expression {
    let arguments = arguments.into_iter().map(|(name, kind)| argument(name, kind)).collect();
    expression(Kind::Method {
        receiver: Box::new(receiver),
        method: method.into(),
        arguments,
    })
}

fn text(text: &str) -> Kind {
    Kind::Text(text.into())
}

/// Sequences of 24 bases; `y` is high where TGACTCA stands, with a little noise; `constant` makes it 1 in the training part.
pub(crate) fn table(rows: usize, seed: u64, constant: bool) -> DataFrame {
    let mut stream = Stream::new(seed, Purpose::Simulation, 0, 0);
    let (mut names, mut sequences, mut values, mut split) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for row in 0..rows {
        let mut sequence: String = (0..24).map(|_| ['A', 'C', 'G', 'T'][stream.below(4) as usize]).collect();
        let planted = stream.below(2) == 1;
        if planted {
            let at = stream.below(18) as usize;
            sequence.replace_range(at..at + 7, "TGACTCA");
        }
        names.push(format!("s{row}"));
        sequences.push(sequence);
        values.push(if constant && row % 5 < 3 {
            1.0
        } else {
            f64::from(u8::from(planted)) * 2.0 - 1.0 + 0.2 * stream.normal()
        });
        split.push(["train", "train", "train", "valid", "test"][row % 5]);
    }
    let columns = vec![
        Column::new("name".into(), names),
        Column::new("sequence".into(), sequences),
        Column::new("y".into(), values),
        Column::new("split".into(), split),
    ];
    DataFrame::new(rows, columns).unwrap()
}

pub(crate) fn data(table: DataFrame) -> Dataset {
    let entry = |name: Option<&str>, kind: Option<&str>, value: Expression| {
        let kind = kind.map(|k| expression(Kind::Name(k.into())));
        Entry {
            name: name.map(str::to_string),
            span: AT,
            kind,
            value,
        }
    };
    let statement = |word: &str, entry: Entry| DataStatement {
        word: word.into(),
        span: AT,
        entries: vec![entry],
    };
    let statements = vec![
        statement("records", entry(Some("sim"), None, call("frame", vec![Kind::Capture(0)]))),
        statement(
            "input",
            entry(Some("dna"), Some("Dna"), call("column", vec![text("sequence")])),
        ),
        statement("output", entry(Some("y"), None, call("column", vec![text("y")]))),
        statement("split", entry(None, None, call("column", vec![text("split")]))),
    ];
    let source = Source {
        macro_name: "data!".into(),
        text: "(by hand)".into(),
    };
    Dataset::declare(DataDeclaration { source, statements }, vec![Captured::from(table)]).unwrap()
}

/// `y = dna.conv(6, width = 7).norm(Batch).relu().pool(Max, 6).dropout(0.1).linear();`
pub(crate) fn model(data: &Dataset, filters: i64) -> Model {
    model_of(data, filters, name("dna"))
}

/// The same with `dna.both_strands()` for `dna`.
pub(crate) fn model_of_both_strands(data: &Dataset, filters: i64) -> Model {
    model_of(data, filters, method(name("dna"), "both_strands", vec![]))
}

fn model_of(data: &Dataset, filters: i64, input: Expression) -> Model {
    let conv = method(input, "conv", vec![(None, Kind::Int(filters)), (Some("width"), Kind::Int(7))]);
    let norm = method(conv, "norm", vec![(None, Kind::Name("Batch".into()))]);
    let pool = method(
        method(norm, "relu", vec![]),
        "pool",
        vec![(None, Kind::Name("Max".into())), (None, Kind::Int(6))],
    );
    let value = method(method(pool, "dropout", vec![(None, Kind::Float(0.1))]), "linear", vec![]);
    of_value("Planted", data, value)
}

/// `NAME on data { y = VALUE; }`
pub(crate) fn of_value(name: &str, data: &Dataset, value: Expression) -> Model {
    let target = Target {
        of: None,
        name: "y".into(),
        index: None,
        span: AT,
    };
    let statements = vec![Statement::Assign {
        targets: vec![target],
        value,
    }];
    let declaration = ModelDeclaration {
        source: Source {
            macro_name: "model!".into(),
            text: "(by hand)".into(),
        },
        name: name.into(),
        parameters: Vec::new(),
        on: vec!["data".into()],
        body: Block { statements, value: None },
    };
    Model::declare(declaration, Vec::new(), vec![data.signature()]).unwrap()
}

/// `loss(y) = LOSS; watch(y) = WATCH;`
pub(crate) fn objective(data: &Dataset, loss: Expression, watch: Option<Expression>) -> Objective {
    let rule = |word: &str, value: Expression| {
        let outputs = vec![argument(None, Kind::Name("y".into()))];
        ObjectiveRule {
            word: word.into(),
            span: AT,
            outputs,
            value,
        }
    };
    let mut rules = vec![rule("loss", loss)];
    rules.extend(watch.map(|w| rule("watch", w)));
    let source = Source {
        macro_name: "objective!".into(),
        text: "loss(y) = ..".into(),
    };
    Objective::declare(
        ObjectiveDeclaration {
            source,
            on: vec!["data".into()],
            rules,
        },
        &[data.signature()],
    )
    .unwrap()
}

pub(crate) fn mse(data: &Dataset) -> Objective {
    objective(data, call("mse", vec![]), None)
}

/// Six epochs of the small network.
pub(crate) fn fit(data: &Dataset, objective: &Objective, root: &Path) -> Fit {
    let sgd = Sgd {
        lr: 0.05,
        momentum: 0.9,
        ..Sgd::default()
    };
    Fit::new(&model(data, 6), objective, data)
        .epochs(6)
        .batch(32)
        .seed(3)
        .optimizer(Optimizer::Sgd(sgd))
        .runs_in(root)
}

/// Asks for an interrupt as soon as the only run below `root` has so many epochs.
pub(crate) fn interrupt_after(root: &Path, epochs: usize) -> std::thread::JoinHandle<()> {
    let root = root.to_path_buf();
    std::thread::spawn(move || {
        let began = Instant::now();
        while began.elapsed() < Duration::from_secs(60) {
            let folder = std::fs::read_dir(&root)
                .ok()
                .and_then(|mut d| d.next())
                .and_then(Result::ok)
                .map(|e| e.path());
            let lines = folder
                .and_then(|f| std::fs::read_to_string(f.join("metrics.jsonl")).ok())
                .map(|t| t.lines().count());
            if lines.is_some_and(|n| n >= epochs) {
                cistron_display::request_interrupt();
                return;
            }
            std::thread::sleep(Duration::from_micros(200));
        }
    })
}
