//! A declaration with the data's outputs becomes an [`Objective`].

use super::parse::{Weighted, weighted};
use super::{LossTerm, Metric, Objective};
use crate::objective::measure::{Measure, Over};
use cistron_declaration::{
    Argument, Diagnostic, Diagnostics, Kind, ObjectiveDeclaration, ObjectiveRule, Port, Signature, Span, did_you_mean,
};

const WORDS: [&str; 3] = ["loss", "watch", "report"];

impl Objective {
    /// Checks a declaration against the outputs of its data sets.
    ///
    /// # Errors
    /// All mistakes at once, each at its token: an unknown word, loss or output, an output without a loss, a
    /// correlation over tracks where there is one track, a watch of values that cannot be added.
    pub fn declare(declaration: ObjectiveDeclaration, signatures: &[Signature]) -> Result<Self, Diagnostics> {
        let mut check = Check {
            signatures,
            on: &declaration.on,
            mistakes: Vec::new(),
        };
        let mut objective = Self {
            declaration: declaration.clone(),
            losses: Vec::new(),
            watch: Vec::new(),
            reports: Vec::new(),
        };
        let mut watched = None;
        for rule in &declaration.rules {
            let ports = check.outputs(rule);
            let terms = weighted(&rule.value, &mut check.mistakes);
            for port in &ports {
                for term in &terms {
                    check.fits(term, port);
                }
            }
            let pairs = || ports.iter().flat_map(|port| terms.iter().map(move |term| (term, *port)));
            match rule.word.as_str() {
                "loss" => objective.losses.extend(pairs().map(|(term, port)| loss_term(term, port))),
                "report" => objective.reports.extend(pairs().map(|(term, port)| metric(term, port))),
                "watch" => {
                    check.one_direction(&terms);
                    match watched {
                        Some(first) => check.mistakes.push(
                            Diagnostic::error(rule.span, "early stopping looks at one `watch`; this is a second one")
                                .label(format!("the first is in line {first}"))
                                .help(
                                    "name several outputs in one rule, `watch(a, b) = ..` (their mean counts), or use `report`",
                                ),
                        ),
                        None => objective.watch.extend(pairs().map(|(term, port)| metric(term, port))),
                    }
                    watched = watched.or(Some(rule.span.line));
                }
                other => check
                    .mistakes
                    .push(Diagnostic::error(rule.span, format!("unknown word `{other}`")).help(did_you_mean(other, WORDS))),
            }
        }
        check.every_output_has_a_loss(&declaration);
        if check.mistakes.is_empty() {
            Ok(objective)
        } else {
            Err(Diagnostics {
                source: declaration.source,
                list: check.mistakes,
            })
        }
    }
}

fn loss_term(term: &Weighted, port: &Port) -> LossTerm {
    LossTerm {
        weight: term.weight,
        measure: term.measure,
        output: port.name.clone(),
        span: term.span,
    }
}

fn metric(term: &Weighted, port: &Port) -> Metric {
    Metric {
        weight: term.weight,
        measure: term.measure,
        output: port.name.clone(),
    }
}

struct Check<'a> {
    signatures: &'a [Signature],
    on: &'a [String],
    mistakes: Vec<Diagnostic>,
}

impl<'a> Check<'a> {
    /// The outputs in a rule's parentheses.
    fn outputs(&mut self, rule: &ObjectiveRule) -> Vec<&'a Port> {
        let mut found: Vec<&'a Port> = Vec::new();
        if rule.outputs.is_empty() && WORDS.contains(&rule.word.as_str()) {
            let all: Vec<&str> = self.ports(None).map(|p| p.name.as_str()).collect();
            let message = format!("`{}` names no output", rule.word);
            self.mistakes.push(Diagnostic::error(rule.span, message).help(format!(
                "write `{}({}) = ..`",
                rule.word,
                all.join(", ")
            )));
        }
        for argument in &rule.outputs {
            let Some(port) = self.output(argument) else { continue };
            if found.iter().any(|p| p.name == port.name) {
                let message = format!("`{}` stands here twice", port.name);
                self.mistakes
                    .push(Diagnostic::error(argument.span, message).help("a weight counts an output more: `2.0 * mse()`"));
            } else {
                found.push(port);
            }
        }
        found
    }

    fn output(&mut self, argument: &Argument) -> Option<&'a Port> {
        let (of, name, span) = match &argument.value.kind {
            Kind::Name(name) if argument.name.is_none() => (None, name, argument.value.span),
            Kind::Field { receiver, field } => match &receiver.kind {
                Kind::Name(of) => (Some(of.as_str()), field, argument.value.span),
                _ => return self.no_output(argument.span),
            },
            _ => return self.no_output(argument.span),
        };
        if let Some(port) = self.ports(of).find(|p| p.name == *name) {
            return Some(port);
        }
        let exist: Vec<&str> = self.ports(of).map(|p| p.name.as_str()).collect();
        let input = self.signatures.iter().any(|s| s.inputs.iter().any(|p| p.name == *name));
        let message = if input {
            format!("`{name}` is an input; a loss is about outputs")
        } else {
            format!("no output `{name}`")
        };
        self.mistakes
            .push(Diagnostic::error(span, message).help(did_you_mean(name, exist)));
        None
    }

    fn no_output(&mut self, span: Span) -> Option<&'a Port> {
        self.mistakes.push(Diagnostic::error(span, "this is no name of an output"));
        None
    }

    /// The outputs of one data set or of all.
    fn ports(&self, of: Option<&str>) -> impl Iterator<Item = &'a Port> + use<'a> {
        let only = of.and_then(|of| self.on.iter().position(|name| name == of));
        let signatures = self.signatures;
        signatures
            .iter()
            .enumerate()
            .filter(move |(i, _)| only.is_none_or(|o| o == *i))
            .flat_map(|(_, s)| &s.outputs)
    }

    fn fits(&mut self, term: &Weighted, port: &Port) {
        if term.measure == Measure::Correlation(Over::Tracks) && port.tracks.len() == 1 {
            let message = format!(
                "a correlation over the tracks of an example needs at least 2, but `{}` has 1",
                port.name
            );
            self.mistakes.push(
                Diagnostic::error(term.span, message)
                    .label("always undefined")
                    .help("`correlation(Points)` runs over examples"),
            );
        }
    }

    fn one_direction(&mut self, terms: &[Weighted]) {
        let (up, down): (Vec<&Weighted>, Vec<&Weighted>) = terms.iter().partition(|t| t.measure.larger_is_better());
        if let (Some(up), Some(down)) = (up.first(), down.first()) {
            let message = format!(
                "`{}` should grow and `{}` should shrink; their sum says nothing",
                up.measure, down.measure
            );
            self.mistakes
                .push(Diagnostic::error(down.span, message).help("watch one of them and `report` the other"));
        }
    }

    fn every_output_has_a_loss(&mut self, declaration: &ObjectiveDeclaration) {
        let first = declaration.rules.iter().find(|r| r.word == "loss");
        let span = first.or(declaration.rules.first()).map_or(
            Span {
                line: 1,
                column: 0,
                length: 1,
            },
            |r| r.span,
        );
        if first.is_none() {
            let all: Vec<&str> = self.ports(None).map(|p| p.name.as_str()).collect();
            let help = format!("add for example `loss({}) = mse();`", all.join(", "));
            self.mistakes
                .push(Diagnostic::error(span, "no `loss(..) = ..;`, so there is nothing to learn").help(help));
            return;
        }
        let named = |port: &Port| {
            let mut arguments = declaration.rules.iter().filter(|r| r.word == "loss").flat_map(|r| &r.outputs);
            arguments.any(|a| match &a.value.kind {
                Kind::Name(name) => *name == port.name,
                Kind::Field { field, .. } => *field == port.name,
                _ => false,
            })
        };
        let without: Vec<String> = self
            .ports(None)
            .filter(|p| !named(p))
            .map(|p| format!("`{}`", p.name))
            .collect();
        // A misspelt name is reported already; what it was meant for would be reported a second time here.
        let misspelt = self.mistakes.iter().any(|m| m.message.starts_with("no output"));
        if !without.is_empty() && !misspelt {
            let message = format!(
                "{} {} no loss",
                without.join(", "),
                if without.len() == 1 { "has" } else { "have" }
            );
            self.mistakes
                .push(Diagnostic::error(span, message).help("name every output in a `loss(..)`, or take it out of `data!`"));
        }
    }
}
