//! Blocks that several models share.

use cistron_declaration::{
    BlockDefinition, Borrowed, Diagnostic, Diagnostics, Kind, ModelDeclaration, Parameter, Statement, Value, did_you_mean,
};
use serde::{Deserialize, Serialize};

/// The value of `blocks!`: blocks with the parameters that they read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Blocks {
    declaration: ModelDeclaration,
    captures: Vec<Value>,
}

impl Blocks {
    /// Blocks as they were written; `captures` are the Rust values of the header, in the order in which they stand there.
    pub fn declare(declaration: ModelDeclaration, captures: Vec<Value>) -> Self {
        Self { declaration, captures }
    }

    /// The same blocks with another default of one parameter.
    ///
    /// # Errors
    /// A parameter that the blocks do not have, with the nearest name.
    pub fn with(&self, name: &str, value: impl Into<Value>) -> Result<Self, Diagnostics> {
        let mut changed = self.clone();
        let names = || self.declaration.parameters.iter().map(|p| p.name.as_str());
        let Some(parameter) = changed.declaration.parameters.iter_mut().find(|p| p.name == name) else {
            let first = self.declaration.parameters.first().map(|p| p.span).unwrap_or_default();
            let message = format!("`{}` has no parameter `{name}`", self.declaration.name);
            return Err(Diagnostics {
                source: self.declaration.source.clone(),
                list: vec![Diagnostic::error(first, message).help(did_you_mean(name, names()))],
            });
        };
        let value = value.into();
        let before = match &parameter.default.kind {
            Kind::Capture(place) => self.captures.get(*place).map(sort),
            Kind::Bool(_) => Some(Sort::Truth),
            Kind::Int(_) | Kind::Float(_) | Kind::Negate(_) => Some(Sort::Number),
            Kind::Text(_) | Kind::Name(_) => Some(Sort::Text),
            Kind::List(_) | Kind::Tuple(_) => Some(Sort::List),
            _ => None,
        };
        if before.is_some_and(|before| before != sort(&value)) {
            let message = format!("`{name}` is given {value}, a value of another kind");
            return Err(Diagnostics {
                source: self.declaration.source.clone(),
                list: vec![Diagnostic::error(parameter.span, message)],
            });
        }
        parameter.default.kind = Kind::Capture(changed.captures.len());
        changed.captures.push(value);
        Ok(changed)
    }

    /// The name before the parameters.
    pub fn name(&self) -> &str {
        &self.declaration.name
    }

    /// What was written.
    pub fn declaration(&self) -> &ModelDeclaration {
        &self.declaration
    }

    /// The names of the blocks.
    pub fn names(&self) -> Vec<&str> {
        definitions(&self.declaration).map(|d| d.name.as_str()).collect()
    }

    /// Shows itself at the end of a notebook cell: the text.
    pub fn evcxr_display(&self) {
        cistron_display::show_result(&cistron_display::Bundle::plain(self.to_string()));
    }

    /// The same with its lines behind others and its captured values behind others.
    fn moved(&self, lines: u32, captures: usize) -> ModelDeclaration {
        let shift = |value: &mut serde_json::Value| shift(value, lines, captures);
        let moved = serde_json::to_value(&self.declaration).map(|mut value| {
            shift(&mut value);
            value
        });
        // A declaration came from JSON and goes back to it.
        moved.and_then(serde_json::from_value).unwrap_or_default()
    }
}

impl std::fmt::Display for Blocks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.declaration.source.text)?;
        let changed: Vec<String> = self
            .declaration
            .parameters
            .iter()
            .filter_map(|p| match p.default.kind {
                Kind::Capture(place) => Some(format!("{} = {}", p.name, self.captures.get(place)?)),
                _ => None,
            })
            .collect();
        if changed.is_empty() {
            return Ok(());
        }
        write!(f, "\nwith {}", changed.join(", "))
    }
}

/// The sorts of values that a parameter can have.
#[derive(PartialEq)]
enum Sort {
    Truth,
    Number,
    Text,
    List,
}

fn sort(value: &Value) -> Sort {
    match value {
        Value::Bool(_) => Sort::Truth,
        Value::Int(_) | Value::Float(_) => Sort::Number,
        Value::Text(_) => Sort::Text,
        Value::List(_) => Sort::List,
    }
}

/// Moves every span by some lines and every capture by some places, anywhere in a declaration.
fn shift(value: &mut serde_json::Value, lines: u32, captures: usize) {
    match value {
        serde_json::Value::Object(fields) => {
            let span = fields.len() == 3 && fields.contains_key("column") && fields.contains_key("length");
            if let (true, Some(line)) = (span, fields.get("line").and_then(serde_json::Value::as_u64)) {
                fields.insert("line".into(), (line + u64::from(lines)).into());
                return;
            }
            if let (1, Some(place)) = (fields.len(), fields.get("Capture").and_then(serde_json::Value::as_u64)) {
                fields.insert("Capture".into(), (place + captures as u64).into());
                return;
            }
            fields.values_mut().for_each(|inner| shift(inner, lines, captures));
        }
        serde_json::Value::Array(items) => items.iter_mut().for_each(|inner| shift(inner, lines, captures)),
        _ => {}
    }
}

/// A declaration with the blocks that it uses in it: text, parameters and definitions, so that it stands for itself.
///
/// # Errors
/// A `use` of a block that is not there.
pub(crate) fn with_blocks(
    mut declaration: ModelDeclaration,
    mut captures: Vec<Value>,
    blocks: &[&Blocks],
) -> Result<(ModelDeclaration, Vec<Value>), Diagnostics> {
    let mut mistakes = Vec::new();
    let mut moved = Vec::new();
    for given in blocks {
        let lines = declaration.source.text.lines().count() as u32 + 1;
        moved.push(given.moved(lines, captures.len()));
        captures.extend(given.captures.iter().cloned());
        let text = format!("{}\n\n{}", declaration.source.text, given.declaration.source.text);
        declaration.source.text = text;
    }
    let mut wanted: Vec<Vec<String>> = vec![Vec::new(); moved.len()];
    for borrowed in declaration.body.statements.iter().filter_map(used).flatten() {
        let names = blocks.get(borrowed.from).map(|b| b.names()).unwrap_or_default();
        match &borrowed.block {
            Some(name) if !names.contains(&name.as_str()) => {
                let message = format!("`{}` has no block `{name}`", borrowed.source);
                mistakes.push(Diagnostic::error(borrowed.span, message).help(did_you_mean(name, names)));
            }
            Some(name) => wanted[borrowed.from].push(name.clone()),
            None => wanted[borrowed.from].extend(names.into_iter().map(str::to_string)),
        }
    }
    declaration.body.statements.retain(|s| used(s).is_none());
    let own = declaration.parameters.len();
    for (from, wanted) in moved.into_iter().zip(wanted).filter(|(_, wanted)| !wanted.is_empty()) {
        let blocks = with_callees(&from, wanted).into_iter().map(Statement::Define);
        declaration.body.statements.extend(blocks);
        for parameter in from.parameters {
            match declaration.parameters.iter().position(|p| p.name == parameter.name) {
                None => declaration.parameters.push(parameter),
                // The model's own header gives it another default.
                Some(place) if place < own => {}
                Some(place) => {
                    let value = |p: &Parameter| match &p.default.kind {
                        Kind::Capture(i) => captures.get(*i).map(|v| serde_json::json!(v)),
                        literal => Some(serde_json::json!(literal)),
                    };
                    if value(&declaration.parameters[place]) != value(&parameter) {
                        let message = format!(
                            "two of the used blocks have a parameter `{}` of unequal values",
                            parameter.name
                        );
                        let help = format!(
                            "give it one value for both in the header, `{}({} = ..)`, or one of them another name",
                            declaration.name, parameter.name
                        );
                        mistakes.push(Diagnostic::error(parameter.span, message).help(help));
                    }
                }
            }
        }
    }
    if mistakes.is_empty() {
        return Ok((declaration, captures));
    }
    Err(Diagnostics {
        source: declaration.source,
        list: mistakes,
    })
}

fn used(statement: &Statement) -> Option<&Vec<Borrowed>> {
    match statement {
        Statement::Use(list) => Some(list),
        _ => None,
    }
}

/// The blocks of these names, and those that they call.
fn with_callees(from: &ModelDeclaration, mut wanted: Vec<String>) -> Vec<BlockDefinition> {
    let all: Vec<&BlockDefinition> = definitions(from).collect();
    let mut at = 0;
    while let Some(name) = wanted.get(at) {
        let body = all.iter().find(|d| &d.name == name).map(|d| &d.body);
        let text = body.and_then(|b| serde_json::to_string(b).ok()).unwrap_or_default();
        let called = all.iter().filter(|d| text.contains(&format!("\"function\":\"{}\"", d.name)));
        let called: Vec<String> = called.map(|d| d.name.clone()).filter(|n| !wanted.contains(n)).collect();
        wanted.extend(called);
        at += 1;
    }
    let picked = all.into_iter().filter(|d| wanted.contains(&d.name));
    let borrowed = |d: &BlockDefinition| BlockDefinition {
        borrowed: true,
        ..d.clone()
    };
    picked.map(borrowed).collect()
}

fn definitions(declaration: &ModelDeclaration) -> impl Iterator<Item = &BlockDefinition> {
    declaration.body.statements.iter().filter_map(|s| match s {
        Statement::Define(definition) => Some(definition),
        _ => None,
    })
}
