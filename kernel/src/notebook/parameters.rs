//! Parameters of a run, put into the notebook as papermill does.

use super::error::NotebookError;
use super::file::{Notebook, cell_source, has_tag, lines, new_id};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// `-p name=value`.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    /// The variable.
    pub name: String,
    /// The value as given.
    pub text: String,
}

impl std::str::FromStr for Parameter {
    type Err = NotebookError;

    fn from_str(given: &str) -> Result<Self, NotebookError> {
        let failed = |reason: &str| NotebookError::Parameter {
            given: given.into(),
            reason: reason.into(),
        };
        let (name, text) = given.split_once('=').ok_or_else(|| failed("expected name=value"))?;
        let name = name.trim();
        if syn::parse_str::<syn::Ident>(name).is_err() {
            return Err(failed("the name is no name of a variable"));
        }
        Ok(Self {
            name: name.into(),
            text: text.trim().into(),
        })
    }
}

impl Parameter {
    /// The value as JSON: a number or a truth value where it is one, else text.
    pub fn value(&self) -> Value {
        let parsed: Option<Value> = serde_json::from_str(&self.text).ok();
        parsed
            .filter(|v| v.is_number() || v.is_boolean())
            .unwrap_or_else(|| json!(self.text))
    }
}

/// A variable of the cell tagged `parameters`.
pub(crate) struct Default {
    /// Its name.
    pub(crate) name: String,
    /// Whether it is `mut`.
    pub(crate) mutable: bool,
    annotation: Option<String>,
    kind: Option<Literal>,
    /// Its value as it is written.
    pub(crate) text: String,
}

impl Default {
    /// Whether its value can be read from a text: numbers, truth values, texts and options of these.
    pub(crate) fn is_plain(&self) -> bool {
        let kind = self.annotation.as_deref().map(|kind| kind.replace(' ', ""));
        let Some(kind) = kind else {
            return self.kind.is_some();
        };
        let inner = kind
            .strip_prefix("Option<")
            .and_then(|k| k.strip_suffix('>'))
            .unwrap_or(&kind);
        let numbers = [
            "i8", "i16", "i32", "i64", "i128", "isize", "u8", "u16", "u32", "u64", "u128", "usize", "f32", "f64",
        ];
        numbers.contains(&inner) || matches!(inner, "bool" | "char" | "String" | "&str" | "&'staticstr")
    }
}

/// The parameters of a notebook and their values as written, those of an injected cell in place of the defaults.
pub(crate) fn values(notebook: &Notebook) -> BTreeMap<String, String> {
    let cells = notebook.cells().iter();
    let tagged = cells.filter(|cell| has_tag(cell, "parameters") || has_tag(cell, "injected-parameters"));
    let all = tagged.flat_map(|cell| defaults(&cell_source(cell)));
    all.map(|parameter| (parameter.name, parameter.text)).collect()
}

#[derive(Clone, Copy, PartialEq)]
enum Literal {
    Float,
    Text,
    Other,
}

/// Puts a cell tagged `injected-parameters` behind the one tagged `parameters`, in place of one that is there already.
///
/// # Errors
/// When the notebook has no parameter of that name, or the value does not fit the type that its `let` declares.
pub fn inject(notebook: &mut Notebook, parameters: &[Parameter]) -> Result<(), NotebookError> {
    if parameters.is_empty() {
        return Ok(());
    }
    notebook.remove_tagged("injected-parameters");
    let at = notebook.cells().iter().position(|cell| has_tag(cell, "parameters"));
    let defaults = at.map(|at| defaults(&cell_source(&notebook.cells()[at]))).unwrap_or_default();
    let mut source = String::from("// Parameters of this run.\n");
    for parameter in parameters {
        let Some(default) = defaults.iter().find(|d| d.name == parameter.name) else {
            return Err(NotebookError::Parameter {
                given: format!("{}={}", parameter.name, parameter.text),
                reason: no_such(&parameter.name, at.is_some(), &defaults),
            });
        };
        source.push_str(&declaration(parameter, default)?);
        source.push('\n');
    }
    let cell = json!({
        "cell_type": "code", "id": new_id(), "execution_count": null, "outputs": [],
        "metadata": {"tags": ["injected-parameters"]}, "source": lines(source.trim_end()),
    });
    notebook.insert(at.map_or(0, |at| at + 1), cell);
    Ok(())
}

/// What to say of a name that is no parameter.
fn no_such(name: &str, has_cell: bool, defaults: &[Default]) -> String {
    if !has_cell {
        return "the notebook has no cell tagged `parameters`".into();
    }
    let names: Vec<&str> = defaults.iter().map(|d| d.name.as_str()).collect();
    match names.as_slice() {
        [] => "the notebook's cell tagged `parameters` has no `let` of a name".into(),
        names => format!("the notebook has no parameter `{name}`; it has {}", names.join(", ")),
    }
}

fn declaration(parameter: &Parameter, default: &Default) -> Result<String, NotebookError> {
    let failed = |reason: String| NotebookError::Parameter {
        given: format!("{}={}", parameter.name, parameter.text),
        reason,
    };
    let value = parameter.value();
    let declared = default.annotation.as_deref();
    let inner = declared.and_then(|kind| kind.strip_prefix("Option<")?.strip_suffix('>'));
    let (annotation, optional) = (inner.map(str::trim).or(declared), inner.is_some());
    let quoted = format!("{:?}", parameter.text);
    let float = matches!(annotation, Some("f32" | "f64")) || default.kind == Some(Literal::Float);
    let literal = match (&value, annotation) {
        (_, Some("String")) => format!("String::from({quoted})"),
        (_, Some("&str" | "&'static str")) => quoted,
        (Value::Number(number), _) if float => format!("{:?}", number.as_f64().unwrap_or_default()),
        (Value::Number(_), _) if annotation.is_none() && default.kind == Some(Literal::Text) => quoted,
        (Value::Number(number), Some(kind))
            if kind.starts_with(['u', 'i']) && number.as_f64().is_some_and(|n| n.fract() != 0.0) =>
        {
            return Err(failed(format!("the notebook declares it as `{kind}`, a whole number")));
        }
        (Value::String(_), Some(kind)) => return Err(failed(format!("the notebook declares it as `{kind}`"))),
        (Value::String(_), None) if default.kind.is_some_and(|kind| kind != Literal::Text) => {
            return Err(failed("its default in the notebook is no text".into()));
        }
        (Value::String(_), None) => quoted,
        (other, _) => other.to_string(),
    };
    let literal = if optional { format!("Some({literal})") } else { literal };
    let mutable = if default.mutable { "mut " } else { "" };
    let annotation = declared.map(|kind| format!(": {kind}")).unwrap_or_default();
    Ok(format!("let {mutable}{}{annotation} = {literal};", parameter.name))
}

pub(crate) fn defaults(source: &str) -> Vec<Default> {
    let wrapped = format!("{{{source}\n}}");
    let Ok(block) = syn::parse_str::<syn::Block>(&wrapped) else {
        return Vec::new();
    };
    let read = |statement: &syn::Stmt| {
        let syn::Stmt::Local(local) = statement else { return None };
        let (pattern, annotation) = match &local.pat {
            syn::Pat::Type(typed) => (&*typed.pat, typed.ty.span_text()),
            pattern => (pattern, None),
        };
        let syn::Pat::Ident(ident) = pattern else { return None };
        let (kind, suffix) = local.init.as_ref().map(|init| literal(&init.expr)).unwrap_or_default();
        let annotation = annotation.or(suffix);
        let text = local
            .init
            .as_ref()
            .map(|init| syn::spanned::Spanned::span(&init.expr).byte_range());
        let text = text.and_then(|range| wrapped.get(range)).unwrap_or_default().to_string();
        Some(Default {
            name: ident.ident.to_string(),
            mutable: ident.mutability.is_some(),
            annotation,
            kind,
            text,
        })
    };
    block.stmts.iter().filter_map(read).collect()
}

/// The kind of a literal and the type that its suffix names.
fn literal(expression: &syn::Expr) -> (Option<Literal>, Option<String>) {
    let syn::Expr::Lit(lit) = expression else {
        return (None, None);
    };
    let suffix = |text: &str| (!text.is_empty()).then(|| text.to_string());
    match &lit.lit {
        syn::Lit::Float(number) => (Some(Literal::Float), suffix(number.suffix())),
        syn::Lit::Int(number) => (Some(Literal::Other), suffix(number.suffix())),
        syn::Lit::Str(_) => (Some(Literal::Text), None),
        _ => (Some(Literal::Other), None),
    }
}

trait SpanText {
    fn span_text(&self) -> Option<String>;
}

impl SpanText for syn::Type {
    fn span_text(&self) -> Option<String> {
        syn::spanned::Spanned::span(self).source_text()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notebook(source: &str) -> Notebook {
        Notebook {
            document: json!({"nbformat": 4, "cells": [
                {"cell_type": "markdown", "source": "x", "metadata": {}},
                {"cell_type": "code", "source": source, "metadata": {"tags": ["parameters"]}},
            ]}),
        }
    }

    fn injected(source: &str, given: &[&str]) -> Result<String, NotebookError> {
        let mut notebook = notebook(source);
        let parameters: Vec<Parameter> = given.iter().map(|g| g.parse().expect("name=value")).collect();
        inject(&mut notebook, &parameters)?;
        assert!(has_tag(&notebook.cells()[2], "injected-parameters"));
        Ok(cell_source(&notebook.cells()[2]))
    }

    #[test]
    fn values_take_the_type_of_their_default() {
        let source = "let seed: u64 = 1; let rate = 1e-3; let name = \"a\"; let mut epochs = 20usize; let fast = true; let only: Option<u8> = None;";
        let given = ["seed=7", "rate=1", "name=5", "epochs=3", "fast=false", "only=4"];
        let text = injected(source, &given).expect("fits");
        let lines: Vec<&str> = text.lines().skip(1).collect();
        assert_eq!(
            lines,
            [
                "let seed: u64 = 7;",
                "let rate = 1.0;",
                "let name = \"5\";",
                "let mut epochs: usize = 3;",
                "let fast = false;",
                "let only: Option<u8> = Some(4);"
            ]
        );
    }

    #[test]
    fn a_value_of_another_type_is_refused() {
        let message = injected("let seed: u64 = 1;", &["seed=x"])
            .expect_err("no number")
            .to_string();
        assert_eq!(message, "-p seed=x: the notebook declares it as `u64`");
        let message = injected("let seed: u64 = 1;", &["seed=1.5"])
            .expect_err("no whole number")
            .to_string();
        assert!(message.contains("a whole number"), "{message}");
        let message = injected("let rate = 1e-3;", &["rate=fast"])
            .expect_err("no number")
            .to_string();
        assert_eq!(message, "-p rate=fast: its default in the notebook is no text");
        let message = injected("let seed: u64 = 1; let rate = 0.1;", &["sed=2"])
            .expect_err("no parameter")
            .to_string();
        assert_eq!(message, "-p sed=2: the notebook has no parameter `sed`; it has seed, rate");
        let message = "1x=2".parse::<Parameter>().expect_err("no name").to_string();
        assert!(message.contains("no name of a variable"), "{message}");
    }

    #[test]
    fn values_are_those_that_count() {
        let mut notebook = notebook("let seed: u64 = 1;\nlet mut name = \"ä\";");
        inject(&mut notebook, &["seed=7".parse().expect("name=value")]).expect("fits");
        let values = values(&notebook);
        assert_eq!(values["seed"], "7");
        assert_eq!(values["name"], "\"ä\"");
    }

    #[test]
    fn a_notebook_without_parameters_takes_none() {
        let document = json!({"nbformat": 4, "cells": [{"cell_type": "code", "source": "1", "metadata": {}}]});
        let parameter: Parameter = "a=1".parse().expect("name=value");
        let message = inject(&mut Notebook { document }, &[parameter])
            .expect_err("no parameters")
            .to_string();
        assert_eq!(message, "-p a=1: the notebook has no cell tagged `parameters`");
    }

    #[test]
    fn an_injected_cell_is_replaced() {
        let mut notebook = notebook("let a = 1;");
        for given in ["a=2", "a=3"] {
            inject(&mut notebook, &[given.parse().expect("name=value")]).expect("fits");
        }
        assert_eq!(notebook.cells().len(), 3);
        assert!(cell_source(&notebook.cells()[2]).contains("let a = 3;"));
    }
}
