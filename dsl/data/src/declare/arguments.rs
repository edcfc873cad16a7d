//! The arguments of a source or a rule.

use crate::captured::{Capture, Captured};
use cistron_declaration::{Argument, Diagnostic, Expression, Kind, Span, Value, did_you_mean};
use polars::prelude::DataFrame;

/// The result of reading a part of a declaration.
pub(crate) type Located<T> = Result<T, Diagnostic>;

/// A call such as `table("x.tsv", name = "gene")`.
pub(crate) struct Call<'a> {
    pub(crate) function: &'a str,
    pub(crate) span: Span,
    arguments: &'a [Argument],
    captures: &'a [Captured],
}

impl<'a> Call<'a> {
    /// The call that an expression is; `what` is said when it is none.
    pub(crate) fn of(expression: &'a Expression, captures: &'a [Captured], what: &str) -> Located<Self> {
        match &expression.kind {
            Kind::Call { function, arguments } => Ok(Self {
                function,
                span: expression.span,
                arguments,
                captures,
            }),
            Kind::Method { method, .. } => Err(Diagnostic::error(
                expression.span,
                format!("`.{method}()` on a source cannot run yet"),
            )),
            _ => Err(Diagnostic::error(expression.span, format!("expected {what}"))),
        }
    }

    /// Makes sure that only these arguments are named.
    pub(crate) fn only(&self, names: &[&str]) -> Located<()> {
        for argument in self.arguments {
            if let Some(name) = &argument.name
                && !names.contains(&name.as_str())
            {
                let message = format!("unknown argument `{name}` of `{}`", self.function);
                return Err(Diagnostic::error(argument.span, message).help(did_you_mean(name, names.iter().copied())));
            }
        }
        Ok(())
    }

    pub(crate) fn named(&self, name: &str) -> Option<&'a Expression> {
        self.arguments
            .iter()
            .find(|a| a.name.as_deref() == Some(name))
            .map(|a| &a.value)
    }

    /// The first argument without a name.
    pub(crate) fn first(&self) -> Located<&'a Expression> {
        let found = self.arguments.iter().find(|a| a.name.is_none()).map(|a| &a.value);
        found.ok_or_else(|| Diagnostic::error(self.span, format!("`{}` needs a value in its parentheses", self.function)))
    }

    /// The first argument as text, and where it stands.
    pub(crate) fn text(&self) -> Located<(String, Span)> {
        let expression = self.first()?;
        Ok((self.as_text(expression)?, expression.span))
    }

    /// A named argument as text.
    pub(crate) fn named_text(&self, name: &str) -> Located<Option<String>> {
        self.named(name).map(|e| self.as_text(e)).transpose()
    }

    /// A named argument as a number.
    pub(crate) fn named_number(&self, name: &str) -> Located<Option<(f64, Span)>> {
        let Some(expression) = self.named(name) else { return Ok(None) };
        match self.value(expression).and_then(|v| v.as_f64()) {
            Some(number) => Ok(Some((number, expression.span))),
            None => Err(Diagnostic::error(expression.span, format!("`{name}` must be a number"))),
        }
    }

    /// A named argument that is one text or a list of texts, with their places.
    pub(crate) fn named_texts(&self, name: &str) -> Located<Vec<(String, Span)>> {
        let Some(expression) = self.named(name) else {
            return Ok(Vec::new());
        };
        let wrong = || Diagnostic::error(expression.span, format!("`{name}` must be a text or a list of texts"));
        if let Kind::List(items) = &expression.kind {
            return items.iter().map(|e| Ok((self.as_text(e)?, e.span))).collect();
        }
        match self.value(expression).ok_or_else(wrong)? {
            Value::Text(text) => Ok(vec![(text, expression.span)]),
            Value::List(items) => {
                let text = |v: Value| v.as_str().map(|t| (t.to_string(), expression.span)).ok_or_else(wrong);
                items.into_iter().map(text).collect()
            }
            Value::Int(number) => Ok(vec![(number.to_string(), expression.span)]),
            _ => Err(wrong()),
        }
    }

    /// Whether `name = word` stands there; another word is a mistake.
    pub(crate) fn word(&self, name: &str, word: &str) -> Located<bool> {
        Ok(self.choice(name, &[word])?.is_some())
    }

    /// Which of some words stands after `name =`; another word is a mistake.
    pub(crate) fn choice(&self, name: &str, words: &[&str]) -> Located<Option<usize>> {
        let Some(expression) = self.named(name) else { return Ok(None) };
        let found = match &expression.kind {
            Kind::Name(found) => words.iter().position(|word| word == found),
            _ => None,
        };
        if found.is_none() {
            let list: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
            let message = format!("`{name}` can only be {}", list.join(" or "));
            return Err(Diagnostic::error(expression.span, message));
        }
        Ok(found)
    }

    /// The first argument as a number, and where it stands.
    pub(crate) fn number(&self) -> Located<(f64, Span)> {
        let expression = self.first()?;
        let wrong = || Diagnostic::error(expression.span, format!("`{}` needs a number here", self.function));
        let number = self.value(expression).and_then(|v| v.as_f64()).ok_or_else(wrong)?;
        Ok((number, expression.span))
    }

    /// The first argument as a captured data frame.
    pub(crate) fn frame(&self) -> Located<DataFrame> {
        let expression = self.first()?;
        match &expression.kind {
            Kind::Capture(i) => match self.captures.get(*i) {
                Some(Captured(Capture::Frame(frame))) => Ok(frame.clone()),
                _ => Err(Diagnostic::error(expression.span, "`frame` needs a data frame of the cell")),
            },
            _ => Err(Diagnostic::error(expression.span, "`frame` needs a data frame of the cell")),
        }
    }

    fn as_text(&self, expression: &Expression) -> Located<String> {
        match self.value(expression) {
            Some(Value::Text(text)) => Ok(text),
            Some(Value::Int(number)) => Ok(number.to_string()),
            _ => Err(Diagnostic::error(
                expression.span,
                format!("`{}` needs a text here, such as \"..\"", self.function),
            )),
        }
    }

    fn value(&self, expression: &Expression) -> Option<Value> {
        match &expression.kind {
            Kind::Int(i) => Some(Value::Int(*i)),
            Kind::Float(x) => Some(Value::Float(*x)),
            Kind::Bool(b) => Some(Value::Bool(*b)),
            Kind::Text(text) => Some(Value::Text(text.clone())),
            Kind::Negate(inner) => self.value(inner).and_then(|v| v.as_f64()).map(|x| Value::Float(-x)),
            Kind::Capture(i) => match self.captures.get(*i) {
                Some(Captured(Capture::Value(value))) => Some(value.clone()),
                _ => None,
            },
            _ => None,
        }
    }
}
