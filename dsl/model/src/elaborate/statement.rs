//! Bodies: `let`, assignments, loops, definitions.

use super::scope::{Frame, same_name};
use super::{Elaborator, Item, unread};
use cistron_declaration::{Block, BlockDefinition, Diagnostic, Expression, Kind, Pattern, Span, Statement, did_you_mean};
use std::rc::Rc;

impl Elaborator<'_> {
    /// Runs a body in the current frame and gives its value.
    pub(crate) fn body(&mut self, block: &Block) -> Item {
        self.define(block);
        for statement in &block.statements {
            if self.halted {
                return Item::Unknown;
            }
            self.statement(statement);
        }
        block.value.as_ref().map_or(Item::Unit, |value| self.evaluate(value))
    }

    /// Runs a body in a frame of its own.
    pub(crate) fn inner_body(&mut self, block: &Block) -> Item {
        self.scope.frames.push(Frame::default());
        let item = self.body(block);
        self.scope.frames.pop();
        item
    }

    /// Makes a body's blocks known before its first statement runs.
    fn define(&mut self, block: &Block) {
        self.borrows |= block.statements.iter().any(|s| matches!(s, Statement::Use(_)));
        let definitions = block.statements.iter().filter_map(|s| match s {
            Statement::Define(definition) => Some(definition),
            _ => None,
        });
        for definition in definitions {
            self.check_definition(definition);
            let known = self.scope.frames.last().and_then(|f| same_name(&f.blocks, &definition.name));
            if let Some(first) = known {
                let message = format!("block `{}` is defined twice", definition.name);
                self.report(Diagnostic::error(definition.span, message).label(format!("first on line {}", first.line)));
            } else if let Some(frame) = self.scope.frames.last_mut() {
                frame.blocks.push(Rc::new(definition.clone()));
            }
        }
    }

    fn check_definition(&mut self, definition: &BlockDefinition) {
        if !definition.borrowed {
            self.called
                .entry(definition.span)
                .or_insert_with(|| (definition.name.clone(), 0));
        }
        for (i, (name, span)) in definition.parameters.iter().enumerate() {
            if definition.parameters[..i].iter().any(|(n, _)| n == name) {
                self.report(Diagnostic::error(
                    *span,
                    format!("`{}` has two parameters `{name}`", definition.name),
                ));
            } else if !name.starts_with('_') && !unread::reads(&definition.body, name) {
                let message = format!("`{}` never reads its parameter `{name}`", definition.name);
                let help = format!("use it, take it away, or call it `_{name}`");
                self.report(Diagnostic::error(*span, message).help(help));
            }
        }
    }

    fn statement(&mut self, statement: &Statement) {
        match statement {
            Statement::Let { pattern, value } => {
                let item = self.evaluate(value);
                self.bind(pattern, &item, value.span);
            }
            Statement::Assign { targets, value } => self.assign(targets, value),
            Statement::Define(_) => {}
            Statement::For {
                pattern,
                values,
                body,
                span,
            } => self.repeat(pattern, values, body, *span),
            Statement::Expression(expression) => {
                let item = self.evaluate(expression);
                let idle = matches!(item, Item::Node(_) | Item::Strands { .. });
                if idle && !matches!(expression.kind, Kind::If { .. } | Kind::Match { .. } | Kind::Block(_)) {
                    let message = "the result of this line is not used";
                    self.report(
                        Diagnostic::error(expression.span, message).help("bind it: `let x = ..;`, or assign it to an output"),
                    );
                }
            }
            // Inside the macro the blocks are not known; outside they have been put in its place.
            Statement::Use(list) if !self.inside_macro() || self.scope.frames.len() > 1 => {
                let span = list.first().map_or_else(|| self.header_span(), |borrowed| borrowed.span);
                let message = "`use` stands at the top of a model, where its blocks are known";
                self.report(Diagnostic::error(span, message).help("write it before the blocks, outside of braces"));
            }
            Statement::Use(_) => {}
            Statement::Later { word, span } => {
                self.borrows |= word == "use";
                self.report(Diagnostic::error(*span, format!("`{word}` parses but cannot run yet")));
            }
        }
    }

    /// Binds a pattern's names to a value.
    pub(crate) fn bind(&mut self, pattern: &Pattern, item: &Item, span: Span) {
        match pattern {
            Pattern::Any | Pattern::Literal(_) => {}
            Pattern::Name { name, mutable, .. } => self.scope.bind(name, item.clone(), *mutable),
            Pattern::Tuple(parts) => match item {
                Item::Tuple(values) | Item::List(values) if values.len() == parts.len() => {
                    for (part, value) in parts.iter().zip(values.iter()) {
                        self.bind(part, value, span);
                    }
                }
                other => {
                    if !matches!(other, Item::Unknown) {
                        let message = format!("{} names where {} stands", parts.len(), other.describe());
                        self.report(Diagnostic::error(span, message));
                    }
                    for part in parts {
                        self.bind(part, &Item::Unknown, span);
                    }
                }
            },
            Pattern::Variant { fields, .. } => {
                let inner = match item {
                    Item::Something(inner) => (**inner).clone(),
                    _ => Item::Unknown,
                };
                for field in fields {
                    self.bind(field, &inner, span);
                }
            }
        }
    }

    fn repeat(&mut self, pattern: &Pattern, values: &Expression, body: &Block, span: Span) {
        let items = match self.evaluate(values) {
            Item::List(items) | Item::Tuple(items) => items,
            Item::Unknown => {
                // How often is not known, so what the body changes is not known afterwards.
                let (before, outputs) = (self.scope.clone(), self.outputs.clone());
                self.once(pattern, &Item::Unknown, body, values.span);
                self.forget_changes(&before);
                self.merge_outputs(outputs);
                return;
            }
            other => {
                let message = format!("`for` goes over a list or a range, found {}", other.describe());
                self.report(Diagnostic::error(values.span, message).help("such as `for i in 0..3` or `for c in [32, 64]`"));
                return;
            }
        };
        for item in items.iter() {
            if !self.step(span) {
                return;
            }
            self.once(pattern, item, body, values.span);
        }
    }

    fn once(&mut self, pattern: &Pattern, item: &Item, body: &Block, span: Span) {
        self.scope.frames.push(Frame::default());
        self.bind(pattern, item, span);
        self.body(body);
        self.scope.frames.pop();
    }

    /// After a choice that is not known: names that differ from `before` are unknown.
    pub(crate) fn forget_changes(&mut self, before: &super::scope::Scope) {
        let frames = self.scope.frames.iter_mut().zip(&before.frames);
        for (frame, old) in frames {
            for (now, then) in frame.bindings.iter_mut().zip(&old.bindings) {
                if !now.item.same(&then.item) {
                    now.item = Item::Unknown;
                }
            }
        }
    }

    /// Changes a `let mut` name; false if the name is no binding.
    pub(crate) fn change(&mut self, name: &str, item: Item, span: Span) -> bool {
        let Some(binding) = self.scope.find_mut(name) else {
            return false;
        };
        if binding.mutable {
            binding.item = item;
        } else {
            let message = format!("`{name}` is bound once and cannot be assigned again");
            self.report(Diagnostic::error(span, message).help(format!("write `let mut {name}` where it is bound")));
        }
        true
    }

    /// "unknown name", with the nearest one.
    pub(crate) fn unknown_name(&mut self, name: &str, span: Span) -> Item {
        if self.borrows {
            return Item::Unknown;
        }
        let mut names = self.scope.names();
        if let Some(signature) = self.signature {
            names.extend(signature.inputs.iter().chain(&signature.outputs).map(|p| p.name.clone()));
        }
        names.sort();
        names.dedup();
        let near = did_you_mean(name, names.iter().map(String::as_str));
        let help = format!(
            "{near} A Rust value of the cell goes into the header: `{}({name} = {name})`",
            self.declaration.name
        );
        let message = format!("unknown name `{name}`");
        self.fail(Diagnostic::error(span, message).help(help))
    }
}
