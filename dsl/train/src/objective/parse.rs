//! Right-hand sides: `0.95 * correlation(Tracks) + 0.05 * mse()` as weighted measures.

use super::measure::{DrgLoss, Measure, Over};
use cistron_declaration::{Argument, BinaryOperator, DRG_LOSSES, Diagnostic, Expression, Kind, Span, did_you_mean, nearest};

/// One weighted measure of a right-hand side.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Weighted {
    pub(super) weight: f64,
    pub(super) measure: Measure,
    pub(super) span: Span,
}

/// Losses that other parts of the language know but that cannot be computed yet.
const LATER: [&str; 5] = ["dice", "cross_entropy", "auprc", "auroc", "spearman"];

/// Reads a right-hand side; what is wrong goes to `mistakes`.
pub(super) fn weighted(value: &Expression, mistakes: &mut Vec<Diagnostic>) -> Vec<Weighted> {
    let mut terms = Vec::new();
    collect(value, 1.0, &mut terms, mistakes);
    for term in &terms {
        if !(term.weight > 0.0 && term.weight.is_finite()) {
            let message = format!(
                "the weight of `{}` is {}; expected a number above 0",
                term.measure, term.weight
            );
            mistakes.push(Diagnostic::error(term.span, message).help("leave out a term that should not count"));
        }
    }
    terms
}

fn collect(value: &Expression, scale: f64, terms: &mut Vec<Weighted>, mistakes: &mut Vec<Diagnostic>) {
    match &value.kind {
        Kind::Binary {
            operator: BinaryOperator::Add,
            left,
            right,
        } => {
            collect(left, scale, terms, mistakes);
            collect(right, scale, terms, mistakes);
        }
        Kind::Binary {
            operator: BinaryOperator::Multiply,
            left,
            right,
        } => match (number(left), number(right)) {
            (Some(n), _) => collect(right, scale * n, terms, mistakes),
            (None, Some(n)) => collect(left, scale * n, terms, mistakes),
            (None, None) => mistakes.push(
                Diagnostic::error(value.span, "two losses are multiplied").help("a loss is a sum of terms `weight * loss`"),
            ),
        },
        Kind::Binary {
            operator: BinaryOperator::Divide,
            left,
            right,
        } => match number(right) {
            Some(n) => collect(left, scale / n, terms, mistakes),
            None => mistakes.push(Diagnostic::error(
                right.span,
                "a loss is divided by something that is no number",
            )),
        },
        Kind::Binary {
            operator: BinaryOperator::Subtract,
            ..
        }
        | Kind::Negate(_) => mistakes.push(
            Diagnostic::error(value.span, "a loss is subtracted; losses only add up")
                .help("a correlation as a loss is 1 - r already: larger r, smaller loss"),
        ),
        Kind::Block(block) if block.statements.is_empty() && block.value.is_some() => {
            if let Some(inner) = &block.value {
                collect(inner, scale, terms, mistakes);
            }
        }
        Kind::Call { function, arguments } => {
            if let Some(measure) = measure(function, arguments, value.span, mistakes) {
                terms.push(Weighted {
                    weight: scale,
                    measure,
                    span: value.span,
                });
            }
        }
        Kind::Name(name) if Measure::WORDS.contains(&name.as_str()) => {
            let help = if name == "correlation" {
                "write `correlation(Tracks)` or `correlation(Points)`".into()
            } else {
                format!("write `{name}()`")
            };
            mistakes.push(Diagnostic::error(value.span, format!("`{name}` is a loss and takes parentheses")).help(help));
        }
        Kind::Name(name) => mistakes.push(unknown(name, value.span)),
        Kind::Capture(_) => mistakes.push(
            Diagnostic::error(value.span, "a Rust value of the cell cannot stand here yet").help("write the number itself"),
        ),
        Kind::Int(_) | Kind::Float(_) => {
            mistakes.push(Diagnostic::error(value.span, "a number alone is no loss").help("write `weight * mse()`"));
        }
        _ => mistakes.push(
            Diagnostic::error(value.span, "this is no loss")
                .help("a loss is a sum of terms such as `0.5 * mse()`; losses: mse, poisson, bce, correlation, drg"),
        ),
    }
}

fn unknown(name: &str, span: Span) -> Diagnostic {
    if LATER.contains(&name) {
        return Diagnostic::error(span, format!("`{name}` cannot be computed yet"))
            .help(format!("what can be: {}", Measure::WORDS.join(", ")));
    }
    Diagnostic::error(span, format!("unknown loss `{name}`")).help(did_you_mean(name, Measure::WORDS))
}

/// A constant number: literals, their negation and arithmetic.
fn number(value: &Expression) -> Option<f64> {
    match &value.kind {
        Kind::Int(i) => Some(*i as f64),
        Kind::Float(x) => Some(*x),
        Kind::Negate(inner) => number(inner).map(|x| -x),
        Kind::Binary { operator, left, right } => {
            let (a, b) = (number(left)?, number(right)?);
            match operator {
                BinaryOperator::Add => Some(a + b),
                BinaryOperator::Subtract => Some(a - b),
                BinaryOperator::Multiply => Some(a * b),
                BinaryOperator::Divide => Some(a / b),
                _ => None,
            }
        }
        _ => None,
    }
}

fn measure(function: &str, arguments: &[Argument], span: Span, mistakes: &mut Vec<Diagnostic>) -> Option<Measure> {
    match function {
        "mse" => {
            flag(function, None, arguments, mistakes)?;
            Some(Measure::Mse)
        }
        "poisson" => Some(Measure::Poisson {
            log: flag(function, Some("log"), arguments, mistakes)?,
        }),
        "bce" => Some(Measure::Bce {
            logits: flag(function, Some("logits"), arguments, mistakes)?,
        }),
        "drg" => drg(arguments, span, mistakes).map(Measure::Drg),
        "correlation" => over(arguments, span, mistakes).map(Measure::Correlation),
        other => {
            mistakes.push(unknown(other, span));
            None
        }
    }
}

/// The only argument that a loss may take, `name = true` or `name = false`; false without it, nothing after a mistake.
fn flag(function: &str, name: Option<&str>, arguments: &[Argument], mistakes: &mut Vec<Diagnostic>) -> Option<bool> {
    let mut value = false;
    let before = mistakes.len();
    for argument in arguments {
        match (&argument.name, &argument.value.kind, name) {
            (Some(found), Kind::Bool(b), Some(expected)) if found == expected => value = *b,
            (Some(found), _, Some(expected)) if found == expected => {
                mistakes.push(Diagnostic::error(
                    argument.value.span,
                    format!("`{expected}` is `true` or `false`"),
                ));
            }
            (Some(found), _, _) => {
                let help = match name {
                    Some(expected) if nearest(found, [expected]).is_some() => format!("did you mean `{expected}`?"),
                    Some(expected) => format!("`{function}` takes `{expected} = true`"),
                    None => format!("`{function}()` takes none"),
                };
                mistakes.push(Diagnostic::error(argument.span, format!("unknown argument `{found}` of `{function}`")).help(help));
            }
            (None, _, _) => {
                let help = name.map_or(format!("write `{function}()`"), |n| {
                    format!("write `{function}()` or `{function}({n} = true)`")
                });
                mistakes.push(Diagnostic::error(argument.span, format!("`{function}` takes no such argument")).help(help));
            }
        }
    }
    (mistakes.len() == before).then_some(value)
}

/// The name of one of DRG's losses.
fn drg(arguments: &[Argument], span: Span, mistakes: &mut Vec<Diagnostic>) -> Option<DrgLoss> {
    let [Argument { name: None, value, .. }] = arguments else {
        mistakes.push(Diagnostic::error(span, "`drg` takes the name of one loss").help("such as `drg(Cosinedata)`"));
        return None;
    };
    let (name, found) = match &value.kind {
        Kind::Name(name) => (name.as_str(), DrgLoss::of(name)),
        _ => ("", None),
    };
    if found.is_none() {
        let message = format!("DRG has no loss `{name}`");
        mistakes.push(Diagnostic::error(value.span, message).help(did_you_mean(name, DRG_LOSSES)));
    }
    found
}

fn over(arguments: &[Argument], span: Span, mistakes: &mut Vec<Diagnostic>) -> Option<Over> {
    const HELP: &str =
        "`correlation(Tracks)`: over the tracks of each example; `correlation(Points)`: over examples, for each track";
    let [argument] = arguments else {
        let message = match arguments.len() {
            0 => "`correlation` does not say over what".to_string(),
            n => format!("`correlation` takes one word, found {n}"),
        };
        mistakes.push(Diagnostic::error(span, message).help(HELP));
        return None;
    };
    match (&argument.name, &argument.value.kind) {
        (None, Kind::Name(word)) if word == "Tracks" => Some(Over::Tracks),
        (None, Kind::Name(word)) if word == "Points" => Some(Over::Points),
        (None, Kind::Name(word)) if word == "Maps" => {
            mistakes.push(Diagnostic::error(
                argument.value.span,
                "`correlation(Maps)` needs an output of kind Map, which cannot be trained yet",
            ));
            None
        }
        (None, Kind::Name(word)) => {
            let message = format!("a correlation runs over Tracks or Points, not `{word}`");
            mistakes.push(Diagnostic::error(argument.value.span, message).help(did_you_mean(word, ["Tracks", "Points"])));
            None
        }
        _ => {
            mistakes.push(Diagnostic::error(argument.span, "`correlation` takes the word Tracks or Points").help(HELP));
            None
        }
    }
}
