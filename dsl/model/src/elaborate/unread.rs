//! Whether a body mentions a name at all.

use cistron_declaration::{Argument, Block, Expression, Kind, Statement};

/// Whether the name stands anywhere in the body.
pub(crate) fn reads(block: &Block, name: &str) -> bool {
    block.statements.iter().any(|s| in_statement(s, name)) || block.value.as_ref().is_some_and(|v| mentions(v, name))
}

fn in_statement(statement: &Statement, name: &str) -> bool {
    match statement {
        Statement::Let { value, .. } => mentions(value, name),
        Statement::Assign { targets, value } => {
            mentions(value, name) || targets.iter().filter_map(|t| t.index.as_ref()).any(|i| mentions(i, name))
        }
        Statement::Define(definition) => reads(&definition.body, name),
        Statement::For { values, body, .. } => mentions(values, name) || reads(body, name),
        Statement::Expression(expression) => mentions(expression, name),
        // What a later word will mean with the name is not known.
        Statement::Later { .. } | Statement::Use(_) => true,
    }
}

fn any(arguments: &[Argument], name: &str) -> bool {
    arguments.iter().any(|a| mentions(&a.value, name))
}

fn mentions(expression: &Expression, name: &str) -> bool {
    let inside = |e: &Expression| mentions(e, name);
    match &expression.kind {
        Kind::Int(_) | Kind::Float(_) | Kind::Bool(_) | Kind::Text(_) | Kind::Capture(_) => false,
        Kind::Name(n) => n == name,
        Kind::List(items) | Kind::Tuple(items) => items.iter().any(inside),
        Kind::Range { start, end, .. } => start.iter().chain(end).any(|e| inside(e)),
        Kind::Binary { left, right, .. } => inside(left) || inside(right),
        Kind::Negate(e) | Kind::Not(e) => inside(e),
        Kind::Call { function, arguments } => function == name || any(arguments, name),
        Kind::Method { receiver, arguments, .. } => inside(receiver) || any(arguments, name),
        Kind::Field { receiver, .. } => inside(receiver),
        Kind::Index { receiver, index } => inside(receiver) || inside(index),
        Kind::Struct { fields, .. } => any(fields, name),
        Kind::If {
            condition,
            then,
            otherwise,
        } => inside(condition) || reads(then, name) || otherwise.as_ref().is_some_and(|e| inside(e)),
        Kind::Match { on, arms } => inside(on) || arms.iter().any(|a| inside(&a.body)),
        Kind::Closure(closure) => inside(&closure.body),
        Kind::Block(block) => reads(block, name),
    }
}
