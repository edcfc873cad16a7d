//! Calls: methods, blocks, closures.

use super::item::Bound;
use super::scope::Frame;
use super::{Elaborator, Item, catalog};
use cistron_declaration::{Argument, BlockDefinition, BlockRole, Diagnostic, Expression, Kind, Span, did_you_mean};
use std::rc::Rc;

impl Elaborator<'_> {
    /// `receiver.method(..)`.
    pub(crate) fn method(&mut self, receiver: &Expression, method: &str, arguments: &[Argument], span: Span) -> Item {
        let item = self.evaluate(receiver);
        let item = match item {
            Item::Positions { span, .. } => {
                let help = "add them first: `(x + positions())`";
                self.fail(Diagnostic::error(span, format!("`{method}` of `positions()`")).help(help))
            }
            other => other,
        };
        let plain = !matches!(item, Item::Node(_) | Item::Strands { .. } | Item::Unknown);
        let value_method = catalog::VALUE_METHODS.contains(&method);
        if plain && value_method || matches!(item, Item::Unknown) && value_method && catalog::find(method).is_none() {
            let values: Vec<Item> = arguments.iter().map(|a| self.evaluate(&a.value)).collect();
            return self.value_method(&item, method, &values, span);
        }
        if catalog::LATER_METHODS.contains(&method) {
            return self.fail(Diagnostic::error(span, format!("`{method}` parses but cannot run yet")));
        }
        let Some(layer) = catalog::find(method) else {
            for argument in arguments {
                self.evaluate(&argument.value);
            }
            let names = catalog::names().chain(catalog::LATER_METHODS.iter().copied());
            return self.fail(Diagnostic::error(span, format!("unknown layer `{method}`")).help(nearest_layer(method, names)));
        };
        if plain {
            for argument in arguments {
                self.evaluate(&argument.value);
            }
            let message = format!("`{method}` is a layer, but before the dot stands {}", item.describe());
            return self.fail(Diagnostic::error(span, message).help("layers follow an input or another layer"));
        }
        if let (Item::Strands { .. }, false) = (&item, matches!(method, "conv" | "depthwise_conv")) {
            let message = format!("`{method}` before the convolution that both strands go through");
            let help = "`both_strands()` waits for `.conv(..)`, which is applied to both strands with the same weights";
            return self.fail(Diagnostic::error(span, message).help(help));
        }
        // `max` and `mean` of something unknown may be a number's.
        if matches!(item, Item::Unknown) && value_method {
            for argument in arguments {
                self.evaluate(&argument.value);
            }
            return Item::Unknown;
        }
        let arguments = self.arguments(layer, arguments, span);
        self.layer(&item, &arguments)
    }

    /// `function(..)`: a closure, a block, or a function of the language.
    pub(crate) fn call(&mut self, function: &str, arguments: &[Argument], span: Span) -> Item {
        let bound = self.scope.find(function).map(|b| b.item.clone());
        match bound {
            Some(Item::Closure(closure)) => {
                let values: Vec<Item> = arguments.iter().map(|a| self.evaluate(&a.value)).collect();
                return self.call_closure(&closure, &values, function, span);
            }
            Some(Item::Unknown) => {
                for argument in arguments {
                    self.evaluate(&argument.value);
                }
                return Item::Unknown;
            }
            // A parameter may have the name of a function.
            Some(other) if self.scope.block(function).is_none() && !is_function(function) => {
                let message = format!("`{function}` is {}, which cannot be called", other.describe());
                return self.fail(Diagnostic::error(span, message));
            }
            _ => {}
        }
        if let Some((block, depth)) = self.scope.block(function) {
            return self.call_block(&block, depth, arguments, span);
        }
        if function == "Some" {
            let inner = arguments.first().map_or(Item::Unit, |a| self.evaluate(&a.value));
            return Item::Something(Rc::new(inner));
        }
        if catalog::STARTS.contains(&function) {
            return self.start_function(function, arguments, span);
        }
        if catalog::FUNCTIONS.contains(&function) {
            return self.function(function, arguments, span);
        }
        for argument in arguments {
            self.evaluate(&argument.value);
        }
        if catalog::LATER_FUNCTIONS.contains(&function) {
            return self.fail(Diagnostic::error(span, format!("`{function}` parses but cannot run yet")));
        }
        if self.borrows {
            return Item::Unknown;
        }
        if catalog::find(function).is_some() || catalog::LATER_METHODS.contains(&function) {
            let message = format!("`{function}` is a layer and follows what it reads");
            return self.fail(Diagnostic::error(span, message).help(format!("such as `x.{function}(..)`")));
        }
        let mut names = self.scope.block_names();
        names.extend(catalog::FUNCTIONS.iter().map(|f| (*f).to_string()));
        let help = did_you_mean(function, names.iter().map(String::as_str));
        self.fail(Diagnostic::error(span, format!("unknown block or function `{function}`")).help(help))
    }

    /// Runs a closure with the names that it could see where it was written.
    pub(crate) fn call_closure(&mut self, bound: &Bound, values: &[Item], name: &str, span: Span) -> Item {
        if bound.closure.parameters.len() != values.len() {
            let message = format!("`{name}` takes {}, found {}", of(&bound.closure.parameters), values.len());
            return self.fail(Diagnostic::error(span, message));
        }
        let outside = std::mem::replace(&mut self.scope.frames, bound.frames.clone());
        self.scope.frames.push(Frame::default());
        for (parameter, value) in bound.closure.parameters.iter().zip(values) {
            self.scope.bind(parameter, value.clone(), false);
        }
        let item = self.evaluate(&bound.closure.body);
        self.scope.frames = outside;
        item
    }

    /// Runs each block of the outermost body that nothing has called, with arguments that are not known.
    pub(crate) fn try_blocks(&mut self) {
        let blocks = self.scope.frames.first().map(|f| f.blocks.clone()).unwrap_or_default();
        const ANYTHING: &str = "an argument that is not known";
        self.scope.bind(ANYTHING, Item::Unknown, false);
        for block in blocks {
            let argument = |(_, span): &(String, Span)| Argument {
                name: None,
                span: *span,
                value: Expression {
                    kind: Kind::Name(ANYTHING.into()),
                    span: *span,
                },
            };
            let arguments: Vec<Argument> = block.parameters.iter().map(argument).collect();
            self.call_block(&block, 1, &arguments, block.span);
        }
    }

    /// Runs a block: with weights of its own, or with those of its first call if it is shared.
    fn call_block(&mut self, block: &BlockDefinition, depth: usize, given: &[Argument], span: Span) -> Item {
        let values = self.block_values(block, given, span);
        if self.calls.contains(&block.span) {
            let message = format!("`{}` calls itself", block.name);
            return self.fail(Diagnostic::error(span, message).help("repeat with `for`; a network has an end"));
        }
        let (_, calls) = self.called.entry(block.span).or_insert_with(|| (block.name.clone(), 0));
        *calls += 1;
        if block.role == BlockRole::Part && *calls > 1 {
            let message = format!("part `{}` is called twice", block.name);
            let help = format!(
                "a part stands once, under its own name; write `block {}` for several",
                block.name
            );
            return self.fail(Diagnostic::error(span, message).help(help));
        }
        let outside = self.scope.frames.split_off(depth.min(self.scope.frames.len()));
        self.scope.frames.push(Frame::default());
        for ((name, _), value) in block.parameters.iter().zip(values) {
            self.scope.bind(name, value, false);
        }
        let earlier = if block.role == BlockRole::Shared {
            self.shared.get(&block.span).cloned()
        } else {
            None
        };
        let weights = self.drafts.enter_block(&block.name, earlier.as_deref());
        self.shared.entry(block.span).or_insert(weights);
        self.calls.push(block.span);
        // Inside a block that is computed again the outermost decides.
        let around = self.recompute;
        if block.recompute && around.is_none() {
            self.recompute = Some(self.recomputed);
            self.recomputed += 1;
        }
        let item = self.body(&block.body);
        self.recompute = around;
        self.calls.pop();
        self.drafts.leave();
        self.scope.frames.pop();
        self.scope.frames.extend(outside);
        if let Item::Unit = item {
            let message = format!("block `{}` ends without a value", block.name);
            return self.fail(Diagnostic::error(block.span, message).help("leave out the last `;`"));
        }
        item
    }

    fn block_values(&mut self, block: &BlockDefinition, given: &[Argument], span: Span) -> Vec<Item> {
        let names: Vec<String> = block.parameters.iter().map(|(n, _)| n.clone()).collect();
        let mut values: Vec<Option<Item>> = vec![None; names.len()];
        let mut next = 0;
        for argument in given {
            let item = self.evaluate(&argument.value);
            let place = match &argument.name {
                Some(name) => names.iter().position(|n| n == name),
                None => {
                    next += 1;
                    (next <= names.len()).then_some(next - 1)
                }
            };
            match (place, &argument.name) {
                (Some(i), _) if values[i].is_some() => {
                    let message = format!("`{}` of `{}` is given twice", names[i], block.name);
                    self.report(Diagnostic::error(argument.span, message));
                }
                (Some(i), _) => values[i] = Some(item),
                (None, Some(name)) => {
                    let message = format!("`{}` has no parameter `{name}`", block.name);
                    let help = did_you_mean(name, names.iter().map(String::as_str));
                    self.report(Diagnostic::error(argument.span, message).help(help));
                }
                (None, None) => {
                    let message = format!("`{}` takes {}, found {}", block.name, of(&names), given.len());
                    self.report(Diagnostic::error(argument.span, message));
                }
            }
        }
        if values.iter().any(Option::is_none) && given.len() < names.len() {
            let message = format!("`{}` takes {}, found {}", block.name, of(&names), given.len());
            self.report(Diagnostic::error(span, message));
        }
        values.into_iter().map(|v| v.unwrap_or(Item::Unknown)).collect()
    }
}

fn is_function(name: &str) -> bool {
    catalog::FUNCTIONS.contains(&name) || catalog::LATER_FUNCTIONS.contains(&name)
}

/// `2 values (x, pool)`.
fn of(names: &[String]) -> String {
    match names.len() {
        0 => "no values".into(),
        1 => format!("one value ({})", names[0]),
        n => format!("{n} values ({})", names.join(", ")),
    }
}

/// The nearest layer; the whole list would be too long to help.
fn nearest_layer<'a>(name: &str, layers: impl Iterator<Item = &'a str>) -> String {
    match cistron_declaration::nearest(name, layers) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "layers are conv, linear, norm, gelu, relu, pool, dropout, residual, dense and their kin".into(),
    }
}
