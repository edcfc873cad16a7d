//! The header: parameters with their defaults and the values that replace them.

use super::start::Rule;
use super::{Elaborator, Item};
use crate::Convention;
use cistron_declaration::{Diagnostic, Span, Value, did_you_mean};

impl Elaborator<'_> {
    /// Binds the parameters and gives their values.
    pub(crate) fn header(&mut self, changed: &[(String, Value)]) -> Vec<(String, Value)> {
        let declaration = self.declaration;
        let mut values = Vec::new();
        if declaration.on.len() > 1 {
            let message = "a model on several data sets parses but cannot run yet";
            self.report(Diagnostic::error(self.header_span(), message).help("declare one model per data set"));
        }
        for (i, parameter) in declaration.parameters.iter().enumerate() {
            if declaration.parameters[..i].iter().any(|p| p.name == parameter.name) {
                let message = format!("parameter `{}` is declared twice", parameter.name);
                self.report(Diagnostic::error(parameter.span, message));
            }
            let default = self.evaluate(&parameter.default);
            let item = match changed.iter().find(|(name, _)| *name == parameter.name) {
                None => default,
                Some((_, value)) => match fit(value, &default) {
                    Some(item) => item,
                    None => {
                        let message = format!(
                            "parameter `{}` is {}, but is given {value}",
                            parameter.name,
                            default.describe()
                        );
                        self.fail(Diagnostic::error(parameter.span, message).help("give a value of the same kind"))
                    }
                },
            };
            match item.to_value() {
                Some(value) => values.push((parameter.name.clone(), value)),
                None if matches!(item, Item::Unknown) => {}
                None => {
                    let message = format!(
                        "a parameter is a number, a text, a truth value or a list, not {}",
                        item.describe()
                    );
                    self.report(Diagnostic::error(parameter.default.span, message));
                }
            }
            self.manner(&parameter.name, &item, parameter.default.span);
            self.scope.bind(&parameter.name, item, false);
        }
        let names = || declaration.parameters.iter().map(|p| p.name.as_str());
        for (name, _) in changed.iter().filter(|(name, _)| !names().any(|n| n == name)) {
            let message = format!("`{}` has no parameter `{name}`", declaration.name);
            self.report(Diagnostic::error(self.header_span(), message).help(did_you_mean(name, names())));
        }
        values
    }
}

impl Elaborator<'_> {
    /// Two parameters are for the whole model where they are words: `start = Glorot` says how weights begin, and
    /// `convention = Keras` whose norms and starts are meant.
    fn manner(&mut self, name: &str, item: &Item, span: Span) {
        let (Item::Word(word) | Item::Text(word)) = item else {
            return;
        };
        match name {
            "start" => self.start = self.rule_of(item, span).unwrap_or(self.start),
            "convention" => match Convention::of(word) {
                Some(convention) => {
                    self.convention = convention;
                    if self.start == Rule::PyTorch {
                        self.start = match convention {
                            Convention::PyTorch => Rule::PyTorch,
                            Convention::Keras => Rule::Glorot,
                            Convention::Sonnet => Rule::Lecun,
                        };
                    }
                }
                None => {
                    let message = format!("`convention` does not know `{word}`");
                    self.report(Diagnostic::error(span, message).help(did_you_mean(word, Convention::WORDS)));
                }
            },
            _ => {}
        }
    }
}

/// A new value in the kind of the default.
fn fit(value: &Value, default: &Item) -> Option<Item> {
    let item = Item::from_value(value);
    match (&item, default) {
        (_, Item::Unknown)
        | (Item::Int(_), Item::Int(_))
        | (Item::Float(_), Item::Float(_))
        | (Item::Bool(_), Item::Bool(_))
        | (Item::Text(_), Item::Text(_) | Item::Word(_))
        | (Item::List(_), Item::List(_) | Item::Tuple(_)) => Some(item),
        (Item::Int(i), Item::Float(_)) => Some(Item::Float(*i as f64)),
        (Item::Float(x), Item::Int(_)) if x.fract() == 0.0 && x.abs() < 9e15 => Some(Item::Int(*x as i64)),
        _ => None,
    }
}
