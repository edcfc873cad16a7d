//! What an assignment assigns, and by which operator.

use crate::expression::expression;
use crate::reader::Reader;
use cistron_declaration::{BinaryOperator, Target};
use syn::{BinOp, Expr};

/// `name`, `data.name`, `name[index]`.
pub(crate) fn target(reader: &mut Reader, expr: &Expr) -> Option<Target> {
    match expr {
        Expr::Path(path) if path.path.get_ident().is_some() => {
            let name = path.path.get_ident()?;
            Some(Target {
                of: None,
                name: name.to_string(),
                index: None,
                span: reader.span(name.span()),
            })
        }
        Expr::Field(field) => {
            if let (Expr::Path(of), syn::Member::Named(name)) = (&*field.base, &field.member)
                && let Some(of) = of.path.get_ident()
            {
                let span = reader.span(name.span());
                return Some(Target {
                    of: Some(of.to_string()),
                    name: name.to_string(),
                    index: None,
                    span,
                });
            }
            no_target(reader, expr)
        }
        Expr::Index(index) => {
            let mut found = target(reader, &index.expr)?;
            if found.index.is_some() {
                return no_target(reader, expr);
            }
            found.index = Some(Box::new(expression(reader, &index.index)));
            Some(found)
        }
        other => no_target(reader, other),
    }
}

fn no_target(reader: &mut Reader, expr: &Expr) -> Option<Target> {
    let span = reader.span_of(expr);
    reader.mistake_with_help(
        span,
        "only a name can be assigned",
        "an output, a `let mut` binding, `data.output` or `[a, b] = ..`",
    );
    None
}

/// The operator of `x += value`.
pub(crate) fn assigning(operator: &BinOp) -> Option<BinaryOperator> {
    Some(match operator {
        BinOp::AddAssign(_) => BinaryOperator::Add,
        BinOp::SubAssign(_) => BinaryOperator::Subtract,
        BinOp::MulAssign(_) => BinaryOperator::Multiply,
        BinOp::DivAssign(_) => BinaryOperator::Divide,
        _ => return None,
    })
}
