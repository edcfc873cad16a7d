//! What `objective!` knows: losses and metrics with their arguments; and its checks.

use crate::reader::Reader;
use cistron_declaration::{
    Argument, BinaryOperator, DRG_LOSSES, Expression, Kind, ObjectiveDeclaration, ObjectiveRule, did_you_mean,
};

/// A loss or a metric.
struct Loss {
    name: &'static str,
    /// The words it takes without a name, one of which it needs.
    words: &'static [&'static str],
    /// The switches it takes by name.
    arguments: &'static [&'static str],
    /// Whether this version computes it.
    runs: bool,
}

const fn loss(name: &'static str, words: &'static [&'static str], arguments: &'static [&'static str], runs: bool) -> Loss {
    Loss {
        name,
        words,
        arguments,
        runs,
    }
}

const LOSSES: [Loss; 9] = [
    loss("mse", &[], &[], true),
    loss("poisson", &[], &["log"], true),
    loss("bce", &[], &["logits"], true),
    loss("correlation", &["Tracks", "Points", "Maps"], &[], true),
    loss("drg", &DRG_LOSSES, &[], true),
    loss("cross_entropy", &[], &[], false),
    loss("dice", &[], &[], false),
    loss("auprc", &[], &[], false),
    loss("spearman", &["Tracks", "Points", "Maps"], &[], false),
];

/// Notes everything that can be told to be wrong without the data.
pub(crate) fn check(reader: &mut Reader, declaration: &ObjectiveDeclaration) {
    for rule in &declaration.rules {
        check_outputs(reader, rule);
        check_value(reader, &rule.value);
    }
    if reader.mistakes.is_empty() && !declaration.rules.iter().any(|rule| rule.word == "loss") {
        let span = reader.text.first();
        reader.mistake_with_help(span, "the objective has no loss", "`loss(output) = mse();`");
    }
}

fn check_outputs(reader: &mut Reader, rule: &ObjectiveRule) {
    let word = &rule.word;
    if rule.outputs.is_empty() {
        let help = format!("`{word}(output) = mse();`");
        reader.mistake_with_help(rule.span, format!("`{word}` names no output"), help);
    }
    let mut seen: Vec<String> = Vec::new();
    for output in &rule.outputs {
        if let Some(name) = &output.name {
            reader.mistake(
                output.span,
                format!("`{name} = ..` has no meaning here; `{word}` takes outputs"),
            );
            continue;
        }
        let name = match &output.value.kind {
            Kind::Name(name) => name.clone(),
            Kind::Field { receiver, field } if matches!(receiver.kind, Kind::Name(_)) => field.clone(),
            _ => {
                reader.mistake(output.span, "expected the name of an output");
                continue;
            }
        };
        if seen.contains(&name) {
            reader.mistake(output.span, format!("the output `{name}` is given twice"));
        }
        seen.push(name);
    }
}

/// A sum of losses with weights.
fn check_value(reader: &mut Reader, value: &Expression) {
    match &value.kind {
        Kind::Binary {
            operator: BinaryOperator::Add,
            left,
            right,
        } => {
            check_value(reader, left);
            check_value(reader, right);
        }
        Kind::Binary {
            operator: BinaryOperator::Multiply,
            left,
            right,
        } => match (is_number(left), is_number(right)) {
            (true, _) => check_value(reader, right),
            (_, true) => check_value(reader, left),
            _ => reader.mistake_with_help(value.span, "one side of `*` must be a number", "`0.95 * mse()`"),
        },
        Kind::Binary {
            operator: BinaryOperator::Divide,
            left,
            right,
        } if is_number(right) => check_value(reader, left),
        Kind::Binary {
            operator: BinaryOperator::Subtract,
            ..
        }
        | Kind::Negate(_) => reader.mistake_with_help(
            value.span,
            "a loss is subtracted; losses only add up",
            "a correlation as a loss is 1 - r already: larger r, smaller loss",
        ),
        Kind::Call { function, arguments } => {
            let Some(loss) = LOSSES.iter().find(|loss| loss.name == function) else {
                let help = did_you_mean(function, LOSSES.iter().map(|loss| loss.name));
                return reader.mistake_with_help(value.span, format!("unknown loss `{function}`"), help);
            };
            if !loss.runs {
                return reader.mistake(value.span, format!("`{function}` cannot run yet"));
            }
            check_arguments(reader, loss, value, arguments);
        }
        Kind::Name(name) => {
            let known = LOSSES.iter().any(|loss| loss.name == name);
            let help = if known {
                format!("`{name}()`")
            } else {
                format!(
                    "a weight is a literal; {}",
                    did_you_mean(name, LOSSES.iter().map(|loss| loss.name))
                )
            };
            reader.mistake_with_help(value.span, format!("expected a loss, found the name `{name}`"), help);
        }
        Kind::Tuple(items) if items.is_empty() => {}
        _ => reader.mistake_with_help(
            value.span,
            "expected losses with weights",
            "a sum such as `0.95 * correlation(Tracks) + 0.05 * mse()`",
        ),
    }
}

fn is_number(value: &Expression) -> bool {
    match &value.kind {
        Kind::Int(_) | Kind::Float(_) => true,
        Kind::Negate(inner) => is_number(inner),
        Kind::Binary { left, right, .. } => is_number(left) && is_number(right),
        _ => false,
    }
}

fn check_arguments(reader: &mut Reader, loss: &Loss, value: &Expression, arguments: &[Argument]) {
    let name = loss.name;
    let mut words = 0;
    for argument in arguments {
        if let Some(given) = &argument.name {
            if !loss.arguments.contains(&given.as_str()) {
                let help = match loss.arguments {
                    [] => format!("`{name}` takes no named arguments"),
                    known => did_you_mean(given, known.iter().copied()),
                };
                reader.mistake_with_help(argument.span, format!("unknown argument `{given}` of `{name}`"), help);
            } else if !matches!(argument.value.kind, Kind::Bool(_)) {
                reader.mistake(argument.value.span, format!("`{given}` is `true` or `false`"));
            }
            continue;
        }
        words += 1;
        match &argument.value.kind {
            _ if loss.words.is_empty() => reader.mistake(argument.span, format!("`{name}` takes no value")),
            _ if words > 1 => reader.mistake(argument.span, format!("`{name}` takes one word")),
            Kind::Name(word) if word == "Maps" => reader.mistake(argument.span, "`Maps` cannot run yet"),
            Kind::Name(word) if loss.words.contains(&word.as_str()) => {}
            Kind::Name(word) => {
                let help = did_you_mean(word, loss.words.iter().copied());
                reader.mistake_with_help(argument.span, format!("unknown word `{word}` of `{name}`"), help);
            }
            _ => reader.mistake(argument.span, format!("expected one of: {}", loss.words.join(", "))),
        }
    }
    if words == 0 && !loss.words.is_empty() {
        let (message, help) = match name {
            "drg" => (
                "`drg` is which of DRG's losses?".to_string(),
                "by its name there: `drg(Cosinedata)`".to_string(),
            ),
            _ => (
                format!("`{name}` over what?"),
                format!("`{name}(Tracks)`: over the tracks of each example; `{name}(Points)`: over examples, for each track"),
            ),
        };
        reader.mistake_with_help(value.span, message, help);
    }
}
