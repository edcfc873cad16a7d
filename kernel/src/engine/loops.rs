//! Where the check for an interrupt goes: the outermost loops.

use syn::visit::Visit;

#[derive(Default)]
struct Loops {
    starts: Vec<usize>,
}

impl Loops {
    /// Notes a loop and passes over what is inside it: the check of the outer loop is enough, and inner
    /// loops stay as fast as they were. An inner loop that never ends is found by the second interrupt.
    fn note(&mut self, body: &syn::Block) {
        self.starts.push(body.brace_token.span.open().byte_range().end);
        if is_endless(body) {
            self.visit_block(body);
        }
    }
}

/// Whether a body has a `loop` or `while` in it, which may run for long inside one turn of the outer loop.
fn is_endless(body: &syn::Block) -> bool {
    struct Found(bool);
    impl<'a> Visit<'a> for Found {
        fn visit_expr_loop(&mut self, _: &'a syn::ExprLoop) {
            self.0 = true;
        }
    }
    let mut found = Found(false);
    found.visit_block(body);
    found.0
}

impl<'a> Visit<'a> for Loops {
    fn visit_expr_for_loop(&mut self, i: &'a syn::ExprForLoop) {
        self.visit_expr(&i.expr);
        self.note(&i.body);
    }
    fn visit_expr_while(&mut self, i: &'a syn::ExprWhile) {
        self.visit_expr(&i.cond);
        self.note(&i.body);
    }
    fn visit_expr_loop(&mut self, i: &'a syn::ExprLoop) {
        self.note(&i.body);
    }
    fn visit_item_const(&mut self, _: &'a syn::ItemConst) {}
    fn visit_item_static(&mut self, _: &'a syn::ItemStatic) {}
    fn visit_expr_const(&mut self, _: &'a syn::ExprConst) {}
    fn visit_item_fn(&mut self, i: &'a syn::ItemFn) {
        if i.sig.constness.is_none() {
            syn::visit::visit_item_fn(self, i);
        }
    }
    fn visit_impl_item_fn(&mut self, i: &'a syn::ImplItemFn) {
        if i.sig.constness.is_none() {
            syn::visit::visit_impl_item_fn(self, i);
        }
    }
}

/// Offsets, in the parsed text, right behind the opening brace of each outermost loop of a statement.
pub(crate) fn loop_starts(statement: &syn::Stmt) -> Vec<usize> {
    let mut loops = Loops::default();
    loops.visit_stmt(statement);
    loops.starts
}

/// The same for an item. Constant functions can have none.
pub(crate) fn loop_starts_of_item(item: &syn::Item) -> Vec<usize> {
    let mut loops = Loops::default();
    loops.visit_item(item);
    loops.starts
}
