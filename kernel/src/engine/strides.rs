//! Loops that end because what they index does: `for i in 0..n { y[i] = 2.0 * x[i]; }` goes no further than the
//! memory, whatever `n` is, for Rust checks the index.

use super::short::is_simple;
use syn::visit::{self, Visit};

/// Whether a `for` over a range only computes and indexes memory by its variable at every turn.
pub(crate) fn is_strided_for(turns: &syn::ExprForLoop) -> bool {
    let (syn::Expr::Range(_), syn::Pat::Ident(name)) = (&*turns.expr, &*turns.pat) else {
        return false;
    };
    is_simple(&turns.body) && indexes(&turns.body, &name.ident)
}

/// Whether a `while` only computes, moves a variable upwards and indexes memory by it at every turn.
pub(crate) fn is_strided_while(turns: &syn::ExprWhile) -> bool {
    let moved = turns.body.stmts.iter().find_map(|statement| match statement {
        syn::Stmt::Expr(syn::Expr::Binary(step), _) if matches!(step.op, syn::BinOp::AddAssign(_)) => {
            match (&*step.left, &*step.right) {
                (syn::Expr::Path(path), syn::Expr::Lit(_)) => path.path.get_ident(),
                _ => None,
            }
        }
        _ => None,
    });
    moved.is_some_and(|name| is_simple(&turns.body) && !moves_else(&turns.body, name) && indexes(&turns.body, name))
}

/// Whether a body sets a variable in another way than upwards, or may leave a turn early.
fn moves_else(body: &syn::Block, name: &syn::Ident) -> bool {
    struct Else<'n>(&'n syn::Ident, bool);
    impl<'a> Visit<'a> for Else<'_> {
        fn visit_expr_assign(&mut self, i: &'a syn::ExprAssign) {
            self.1 |= is_name(&i.left, self.0);
            visit::visit_expr_assign(self, i);
        }
        fn visit_expr_binary(&mut self, i: &'a syn::ExprBinary) {
            let changes = matches!(
                i.op,
                syn::BinOp::SubAssign(_) | syn::BinOp::MulAssign(_) | syn::BinOp::DivAssign(_) | syn::BinOp::RemAssign(_)
            );
            self.1 |= changes && is_name(&i.left, self.0);
            visit::visit_expr_binary(self, i);
        }
        fn visit_expr_reference(&mut self, i: &'a syn::ExprReference) {
            self.1 |= i.mutability.is_some() && is_name(&i.expr, self.0);
            visit::visit_expr_reference(self, i);
        }
        fn visit_expr_continue(&mut self, _: &'a syn::ExprContinue) {
            self.1 = true;
        }
        fn visit_local(&mut self, i: &'a syn::Local) {
            self.1 |= matches!(&i.pat, syn::Pat::Ident(bound) if bound.ident == *self.0);
            visit::visit_local(self, i);
        }
    }
    let mut found = Else(name, false);
    found.visit_block(body);
    found.1
}

fn is_name(expression: &syn::Expr, name: &syn::Ident) -> bool {
    matches!(expression, syn::Expr::Path(path) if path.path.is_ident(name))
}

/// Whether a body indexes by a variable, not only on a condition.
fn indexes(body: &syn::Block, name: &syn::Ident) -> bool {
    struct Indexes<'n>(&'n syn::Ident, bool);
    impl<'a> Visit<'a> for Indexes<'_> {
        fn visit_expr_index(&mut self, i: &'a syn::ExprIndex) {
            self.1 |= grows_with(&i.index, self.0);
            visit::visit_expr_index(self, i);
        }
        fn visit_expr_if(&mut self, i: &'a syn::ExprIf) {
            self.visit_expr(&i.cond);
        }
        fn visit_expr_match(&mut self, i: &'a syn::ExprMatch) {
            self.visit_expr(&i.expr);
        }
        fn visit_expr_binary(&mut self, i: &'a syn::ExprBinary) {
            self.visit_expr(&i.left);
            if !matches!(i.op, syn::BinOp::And(_) | syn::BinOp::Or(_)) {
                self.visit_expr(&i.right);
            }
        }
    }
    let mut found = Indexes(name, false);
    found.visit_block(body);
    found.1
}

/// Whether an index has the variable as a summand, once or several times.
fn grows_with(index: &syn::Expr, name: &syn::Ident) -> bool {
    match index {
        syn::Expr::Paren(inner) => grows_with(&inner.expr, name),
        syn::Expr::Cast(cast) => grows_with(&cast.expr, name),
        syn::Expr::Binary(sum) => match sum.op {
            syn::BinOp::Add(_) => grows_with(&sum.left, name) || grows_with(&sum.right, name),
            syn::BinOp::Sub(_) => grows_with(&sum.left, name),
            _ => false,
        },
        other => is_name(other, name),
    }
}
