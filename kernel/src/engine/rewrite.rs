//! Words that go into a statement so that it means in a function what it means in a cell: `return;` ends the cell, and
//! `.await` waits.

use syn::visit::Visit;

#[derive(Default)]
struct Rewrites {
    words: Vec<(usize, String)>,
}

impl<'a> Visit<'a> for Rewrites {
    fn visit_expr_return(&mut self, i: &'a syn::ExprReturn) {
        match &i.expr {
            Some(value) => self.visit_expr(value),
            None => self
                .words
                .push((i.return_token.span.byte_range().end, " ::std::result::Result::Ok(())".into())),
        }
    }
    fn visit_expr_await(&mut self, i: &'a syn::ExprAwait) {
        use syn::spanned::Spanned;
        self.words
            .push((i.base.span().byte_range().start, "::cistron::rt::block_on(".into()));
        self.visit_expr(&i.base);
        self.words.push((i.dot_token.spans[0].byte_range().start, ")/*".into()));
        self.words.push((i.await_token.span.byte_range().end, "*/".into()));
    }
    // Code that does not run as a part of the cell's own function.
    fn visit_expr_closure(&mut self, _: &'a syn::ExprClosure) {}
    fn visit_expr_async(&mut self, _: &'a syn::ExprAsync) {}
    fn visit_item(&mut self, _: &'a syn::Item) {}
}

/// Offsets in the parsed text, and the words that go there.
pub(crate) fn rewrites(statement: &syn::Stmt) -> Vec<(usize, String)> {
    let mut found = Rewrites::default();
    found.visit_stmt(statement);
    found.words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rewritten(text: &str) -> String {
        let statement: syn::Stmt = syn::parse_str(text).expect("a statement");
        let mut words = rewrites(&statement);
        words.sort_by_key(|(at, _)| *at);
        let mut out = text.to_string();
        for (at, word) in words.into_iter().rev() {
            out.insert_str(at, &word);
        }
        out
    }

    #[test]
    fn the_cell_waits_where_it_says_await() {
        let text = rewritten("let v = f(g().await?, 2).await?;");
        assert_eq!(
            text,
            "let v = ::cistron::rt::block_on(f(::cistron::rt::block_on(g())/*.await*/?, 2))/*.await*/?;"
        );
        let inside = "let v = async { f().await };";
        assert_eq!(rewritten(inside), inside);
    }

    #[test]
    fn a_return_without_a_value_ends_the_cell() {
        assert_eq!(
            rewritten("if done { return; }"),
            "if done { return ::std::result::Result::Ok(()); }"
        );
        let closure = "let f = || { return; };";
        assert_eq!(rewritten(closure), closure);
    }
}
