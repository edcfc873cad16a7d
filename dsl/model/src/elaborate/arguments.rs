//! Arguments of layers: which is which, and what each may be.

use super::catalog::{self, Layer, Parameter};
use super::{Elaborator, Item};
use cistron_declaration::{Argument, Diagnostic, Span, did_you_mean, nearest};

/// The largest width, number of filters and so on.
const LARGEST: usize = 1_000_000_000;

/// What was found for an argument.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Given<T> {
    /// It was left out.
    Absent,
    /// It is not known, or was wrong (which has been reported).
    Unknown,
    /// This.
    Value(T),
}

impl<T> Given<T> {
    /// The value, a default where it was left out, or nothing where it is unknown.
    pub(crate) fn or(self, default: T) -> Option<T> {
        match self {
            Self::Absent => Some(default),
            Self::Unknown => None,
            Self::Value(value) => Some(value),
        }
    }
}

/// The arguments of one call, each under its parameter's name.
pub(crate) struct Arguments {
    pub(crate) layer: &'static str,
    /// Where the layer's name stands.
    pub(crate) span: Span,
    values: Vec<(&'static str, Item, Span)>,
}

impl Arguments {
    /// An argument's value and place.
    pub(crate) fn get(&self, name: &str) -> Option<(&Item, Span)> {
        self.values
            .iter()
            .find(|(n, ..)| *n == name)
            .map(|(_, item, span)| (item, *span))
    }

    /// Where an argument stands, or the layer's name.
    pub(crate) fn span_of(&self, name: &str) -> Span {
        self.get(name).map_or(self.span, |(_, span)| span)
    }
}

impl Elaborator<'_> {
    /// Sorts out a layer's arguments and reports what does not belong, stands twice or is missing.
    pub(crate) fn arguments(&mut self, layer: &'static Layer, given: &[Argument], span: Span) -> Arguments {
        let mut values: Vec<(&'static str, Item, Span)> = Vec::new();
        let mut positions = layer.parameters.iter().filter(|p| p.positional);
        let mut too_many = None;
        for argument in given {
            let item = self.evaluate(&argument.value);
            let parameter = match &argument.name {
                Some(name) => match layer.parameter(name) {
                    Some(parameter) => parameter,
                    None => {
                        self.foreign_argument(layer, name, argument.span);
                        continue;
                    }
                },
                None => match positions.next() {
                    Some(parameter) => parameter,
                    None => {
                        too_many.get_or_insert(argument.span);
                        continue;
                    }
                },
            };
            if let Some((_, _, first)) = values.iter().find(|(n, ..)| *n == parameter.name) {
                let message = format!("`{}` of `{}` is given twice", parameter.name, layer.name);
                let label = format!("first on line {}", first.line);
                self.report(Diagnostic::error(argument.span, message).label(label));
                continue;
            }
            values.push((parameter.name, item, argument.value.span));
        }
        if let Some(at) = too_many {
            self.too_many(layer, given, at);
        }
        for Parameter { name, .. } in layer.parameters.iter().filter(|p| p.required) {
            let misspelt = given
                .iter()
                .filter_map(|a| a.name.as_deref())
                .any(|n| nearest(n, [*name]).is_some());
            if !misspelt && !values.iter().any(|(n, ..)| n == name) {
                let message = format!("`{}` needs `{name}`", layer.name);
                self.report(Diagnostic::error(span, message).help(format!("such as `{}`", layer.example)));
                values.push((name, Item::Unknown, span));
            }
        }
        Arguments {
            layer: layer.name,
            span,
            values,
        }
    }

    fn foreign_argument(&mut self, layer: &Layer, name: &str, span: Span) {
        let own: Vec<&str> = layer.parameters.iter().map(|p| p.name).collect();
        let diagnostic = match catalog::owner(name, layer.name) {
            Some(other) if nearest(name, own.iter().copied()).is_none() => {
                let message = format!("`{name}` is an argument of `{other}`, not of `{}`", layer.name);
                Diagnostic::error(span, message).help(takes(layer))
            }
            _ => {
                let message = format!("`{}` has no argument `{name}`", layer.name);
                let help = if own.is_empty() {
                    takes(layer)
                } else {
                    did_you_mean(name, own)
                };
                Diagnostic::error(span, message).help(help)
            }
        };
        self.report(diagnostic);
    }

    fn too_many(&mut self, layer: &Layer, given: &[Argument], span: Span) {
        let found = given.iter().filter(|a| a.name.is_none()).count();
        let names: Vec<&str> = layer.parameters.iter().filter(|p| p.positional).map(|p| p.name).collect();
        let message = match names.as_slice() {
            [] => format!("`{}` takes no value without a name, found {found}", layer.name),
            [one] => format!("`{}` takes one value without a name (`{one}`), found {found}", layer.name),
            many => format!(
                "`{}` takes {} values without names (`{}`), found {found}",
                layer.name,
                many.len(),
                many.join("`, `")
            ),
        };
        self.report(Diagnostic::error(span, message).help(takes(layer)));
    }

    /// A whole number of at least `minimum`.
    pub(crate) fn whole(&mut self, arguments: &Arguments, name: &str, minimum: usize) -> Given<usize> {
        let Some((item, span)) = arguments.get(name) else {
            return Given::Absent;
        };
        let item = item.clone();
        self.whole_item(arguments.layer, name, &item, span, minimum)
    }

    /// The same for a value found elsewhere.
    pub(crate) fn whole_item(&mut self, layer: &str, name: &str, item: &Item, span: Span, minimum: usize) -> Given<usize> {
        match item {
            Item::Unknown => Given::Unknown,
            Item::Int(i) => match usize::try_from(*i).ok().filter(|n| *n >= minimum && *n <= LARGEST) {
                Some(n) => Given::Value(n),
                None => {
                    let bound = if *i > 0 {
                        format!("at most {LARGEST}")
                    } else {
                        format!("at least {minimum}")
                    };
                    let message = format!("`{name}` of `{layer}` must be {bound}, found {i}");
                    self.report(Diagnostic::error(span, message));
                    Given::Unknown
                }
            },
            other => {
                let message = format!("`{name}` of `{layer}` is one whole number, found {}", other.describe());
                self.report(Diagnostic::error(span, message));
                Given::Unknown
            }
        }
    }

    /// A number for which `holds`; `range` says so in words.
    pub(crate) fn number(&mut self, arguments: &Arguments, name: &str, range: &str, holds: impl Fn(f64) -> bool) -> Given<f64> {
        let Some((item, span)) = arguments.get(name) else {
            return Given::Absent;
        };
        if let Item::Unknown = item {
            return Given::Unknown;
        }
        match item.number() {
            Some(x) if holds(x) => Given::Value(x),
            Some(x) => {
                let message = format!("`{name}` of `{}` must be {range}, found {x}", arguments.layer);
                self.report(Diagnostic::error(span, message));
                Given::Unknown
            }
            None => {
                let message = format!("`{name}` of `{}` is one number, found {}", arguments.layer, item.describe());
                self.report(Diagnostic::error(span, message));
                Given::Unknown
            }
        }
    }

    /// `true` or `false`.
    pub(crate) fn truth(&mut self, arguments: &Arguments, name: &str) -> Given<bool> {
        match arguments.get(name) {
            None => Given::Absent,
            Some((Item::Unknown, _)) => Given::Unknown,
            Some((Item::Bool(b), _)) => Given::Value(*b),
            Some((other, span)) => {
                let message = format!(
                    "`{name}` of `{}` is `true` or `false`, found {}",
                    arguments.layer,
                    other.describe()
                );
                self.report(Diagnostic::error(span, message));
                Given::Unknown
            }
        }
    }

    /// One of the words; those in `later` parse but cannot run yet.
    pub(crate) fn word(
        &mut self,
        arguments: &Arguments,
        name: &str,
        words: &[&'static str],
        later: &[&str],
    ) -> Given<&'static str> {
        let (word, span) = match arguments.get(name) {
            None => return Given::Absent,
            Some((Item::Unknown, _)) => return Given::Unknown,
            Some((Item::Word(word) | Item::Text(word), span)) => (word.clone(), span),
            Some((other, span)) => {
                let message = format!("`{name}` of `{}` is a word, found {}", arguments.layer, other.describe());
                self.report(Diagnostic::error(span, message).help(format!("one of: {}", words.join(", "))));
                return Given::Unknown;
            }
        };
        if let Some(known) = words.iter().find(|w| **w == word) {
            return Given::Value(known);
        }
        let diagnostic = if later.contains(&word.as_str()) {
            let message = format!("`{}({word})` parses but cannot run yet", arguments.layer);
            Diagnostic::error(span, message).help(format!("one of: {}", words.join(", ")))
        } else {
            let message = format!("`{}` does not know `{word}`", arguments.layer);
            Diagnostic::error(span, message).help(did_you_mean(&word, words.iter().copied()))
        };
        self.report(diagnostic);
        Given::Unknown
    }
}

/// What a layer takes, in words.
fn takes(layer: &Layer) -> String {
    if layer.parameters.is_empty() {
        return format!("`{}` takes nothing: `{}`", layer.name, layer.example);
    }
    let names: Vec<&str> = layer.parameters.iter().map(|p| p.name).collect();
    format!("`{}` takes {}; such as `{}`", layer.name, names.join(", "), layer.example)
}
