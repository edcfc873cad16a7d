//! What wrong objectives look like.

use super::*;
use cistron_declaration::{
    Argument, Axis, AxisKind, BinaryOperator, Expression, Kind, ObjectiveRule, Port, PortKind, Signature, Source,
};

fn port(name: &str, tracks: usize) -> Port {
    let axes = vec![Axis {
        kind: AxisKind::Track,
        size: Some(tracks),
        bp: None,
    }];
    Port {
        name: name.into(),
        kind: PortKind::Scalar,
        axes,
        tracks: (0..tracks).map(|i| format!("t{i}")).collect(),
    }
}

fn signature() -> Signature {
    let dna = Port {
        name: "dna".into(),
        kind: PortKind::Dna,
        axes: vec![],
        tracks: vec![],
    };
    Signature {
        name: "data".into(),
        inputs: vec![dna],
        outputs: vec![port("expression", 1), port("profile", 3)],
    }
}

fn at(line: u32, column: u32, length: u32) -> Span {
    Span { line, column, length }
}

fn expression(kind: Kind, span: Span) -> Expression {
    Expression { kind, span }
}

fn call(function: &str, words: &[&str], span: Span) -> Expression {
    let argument = |word: &&str| Argument {
        name: None,
        span,
        value: expression(Kind::Name((*word).into()), span),
    };
    expression(
        Kind::Call {
            function: function.into(),
            arguments: words.iter().map(argument).collect(),
        },
        span,
    )
}

fn binary(operator: BinaryOperator, left: Expression, right: Expression) -> Expression {
    let span = left.span;
    expression(
        Kind::Binary {
            operator,
            left: Box::new(left),
            right: Box::new(right),
        },
        span,
    )
}

fn times(weight: f64, loss: Expression) -> Expression {
    let span = loss.span;
    binary(BinaryOperator::Multiply, expression(Kind::Float(weight), span), loss)
}

fn rule(word: &str, outputs: &[(&str, u32)], line: u32, value: Expression) -> ObjectiveRule {
    let argument = |(name, column): &(&str, u32)| {
        let span = at(line, *column, name.len() as u32);
        Argument {
            name: None,
            span,
            value: expression(Kind::Name((*name).into()), span),
        }
    };
    let outputs = outputs.iter().map(argument).collect();
    ObjectiveRule {
        word: word.into(),
        span: at(line, 4, word.len() as u32),
        outputs,
        value,
    }
}

fn declare(text: &str, rules: Vec<ObjectiveRule>) -> Result<Objective, String> {
    let source = Source {
        macro_name: "objective!".into(),
        text: text.into(),
    };
    let declaration = ObjectiveDeclaration {
        source,
        on: vec!["data".into()],
        rules,
    };
    Objective::declare(declaration, &[signature()]).map_err(|d| d.to_string())
}

const BOTH: &[(&str, u32)] = &[("expression", 9), ("profile", 21)];

#[test]
fn weights_multiply_and_rules_add_up() {
    let sum = binary(
        BinaryOperator::Add,
        times(0.95, call("correlation", &["Points"], at(1, 0, 1))),
        times(0.05, call("mse", &[], at(1, 0, 1))),
    );
    let rules = vec![
        rule("loss", BOTH, 1, sum),
        rule("loss", &[("profile", 9)], 2, call("correlation", &["Tracks"], at(2, 0, 1))),
        rule("watch", &[("profile", 9)], 3, call("correlation", &["Tracks"], at(3, 0, 1))),
    ];
    let objective = declare("", rules).unwrap();
    let terms: Vec<String> = objective
        .losses()
        .iter()
        .map(|t| format!("{} {} {}", t.weight, t.measure, t.output))
        .collect();
    assert_eq!(
        terms,
        [
            "0.95 correlation(Points) expression",
            "0.05 mse() expression",
            "0.95 correlation(Points) profile",
            "0.05 mse() profile",
            "1 correlation(Tracks) profile"
        ]
    );
    assert!(objective.larger_is_better());
    assert_eq!(objective.watched_name(), "validation r over tracks profile");
    assert_eq!(objective.outputs(), ["expression", "profile"]);
    let json = serde_json::to_string(&objective).unwrap();
    assert_eq!(serde_json::from_str::<Objective>(&json).unwrap(), objective);
    assert!(
        objective
            .to_string()
            .contains("loss   expression    0.95  correlation(Points)"),
        "{objective}"
    );
}

#[test]
fn a_misspelt_output_and_a_misspelt_loss_are_both_reported() {
    let text = "on data {\n    loss(expresion, profile) = mes();\n}";
    let outputs = &[("expresion", 9), ("profile", 20)];
    let message = declare(text, vec![rule("loss", outputs, 2, call("mes", &[], at(2, 31, 3)))]).unwrap_err();
    assert_eq!(
        message,
        "error: no output `expresion`\n --> objective! line 2\n2 |     loss(expresion, profile) = mes();\n  |          ^^^^^^^^^\n  help: did you mean `expression`?\n\n\
         error: unknown loss `mes`\n --> objective! line 2\n2 |     loss(expresion, profile) = mes();\n  |                                ^^^\n  help: did you mean `mse`?"
    );
}

#[test]
fn an_output_without_a_loss_is_an_error() {
    let message = declare("", vec![rule("loss", &[("profile", 9)], 2, call("mse", &[], at(2, 0, 3)))]).unwrap_err();
    assert!(message.contains("error: `expression` has no loss"), "{message}");
    let message = declare("", vec![rule("watch", &[("profile", 9)], 2, call("mse", &[], at(2, 0, 3)))]).unwrap_err();
    assert!(
        message.contains("so there is nothing to learn") && message.contains("`loss(expression, profile) = mse();`"),
        "{message}"
    );
}

#[test]
fn a_correlation_over_one_track_is_an_error_in_losses_and_watches() {
    let one = |word: &str| rule(word, &[("expression", 9)], 2, call("correlation", &["Tracks"], at(2, 0, 11)));
    let loss = rule("loss", BOTH, 1, call("mse", &[], at(1, 0, 3)));
    for rules in [vec![one("loss"), loss.clone()], vec![loss, one("watch")]] {
        let message = declare("", rules).unwrap_err();
        assert!(message.contains("needs at least 2, but `expression` has 1"), "{message}");
        assert!(
            message.contains("help: `correlation(Points)` runs over examples"),
            "{message}"
        );
    }
}

#[test]
fn a_watch_that_points_both_ways_or_comes_twice_is_an_error() {
    let loss = rule("loss", BOTH, 1, call("mse", &[], at(1, 0, 3)));
    let r = || call("correlation", &["Points"], at(2, 0, 3));
    let mixed = rule(
        "watch",
        &[("profile", 9)],
        2,
        binary(BinaryOperator::Add, r(), call("mse", &[], at(2, 0, 3))),
    );
    let message = declare("", vec![loss.clone(), mixed]).unwrap_err();
    assert!(
        message.contains("`correlation(Points)` should grow and `mse()` should shrink"),
        "{message}"
    );
    let message = declare(
        "",
        vec![
            loss.clone(),
            rule("watch", &[("profile", 9)], 2, r()),
            rule("watch", BOTH, 3, r()),
        ],
    )
    .unwrap_err();
    assert!(message.contains("this is a second one"), "{message}");
    let message = declare("", vec![loss, rule("watch", &[("dna", 9)], 2, r())]).unwrap_err();
    assert!(message.contains("`dna` is an input; a loss is about outputs"), "{message}");
}

#[test]
fn losses_that_cannot_be_are_explained() {
    let message = |value: Expression| declare("", vec![rule("loss", BOTH, 1, value)]).unwrap_err();
    let span = at(1, 0, 1);
    let mse = || call("mse", &[], span);
    assert!(message(expression(Kind::Name("mse".into()), span)).contains("help: write `mse()`"));
    assert!(message(expression(Kind::Float(0.5), span)).contains("a number alone is no loss"));
    assert!(message(binary(BinaryOperator::Subtract, mse(), mse())).contains("losses only add up"));
    assert!(message(binary(BinaryOperator::Multiply, mse(), mse())).contains("two losses are multiplied"));
    assert!(message(times(-1.0, mse())).contains("the weight of `mse()` is -1; expected a number above 0"));
    assert!(message(call("spearman", &[], span)).contains("`spearman` cannot be computed yet"));
    assert!(message(call("correlation", &[], span)).contains("`correlation` does not say over what"));
    assert!(message(call("correlation", &["Track"], span)).contains("did you mean `Tracks`?"));
    assert!(message(call("mse", &["Tracks"], span)).contains("`mse` takes no such argument"));
    let word = declare("", vec![rule("los", BOTH, 1, mse())]).unwrap_err();
    assert!(word.contains("unknown word `los`\n  help: did you mean `loss`?"), "{word}");
}
