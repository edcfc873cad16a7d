//! Words that go into a statement so that it means in a function what it means in a cell: `return;` ends the cell, and
//! `.await` waits.

use syn::visit::Visit;

/// The block that `return;` of a cell leaves in a program.
pub(crate) const LABEL: &str = "'notebook_cell";

/// What a cell becomes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Form {
    /// A function of its own in the process that runs cells.
    #[default]
    Cell,
    /// A part of the program of `cistron export`.
    Program,
}

#[derive(Default)]
struct Rewrites {
    form: Form,
    words: Vec<(usize, String)>,
    returns: bool,
}

impl Rewrites {
    fn put(&mut self, at: usize, words: impl Into<String>) {
        self.words.push((at, words.into()));
    }
}

impl<'a> Visit<'a> for Rewrites {
    fn visit_expr_return(&mut self, i: &'a syn::ExprReturn) {
        if let Some(value) = &i.expr {
            return self.visit_expr(value);
        }
        self.returns = true;
        let range = i.return_token.span.byte_range();
        match self.form {
            Form::Cell => self.put(range.end, " ::std::result::Result::Ok(())"),
            Form::Program => {
                self.put(range.start, format!("break {LABEL} /*"));
                self.put(range.end, "*/");
            }
        }
    }
    fn visit_expr_await(&mut self, i: &'a syn::ExprAwait) {
        use syn::spanned::Spanned;
        let call = match self.form {
            Form::Cell => "::cistron::rt::block_on(",
            Form::Program => "crate::notebook::block_on(",
        };
        self.put(i.base.span().byte_range().start, call);
        self.visit_expr(&i.base);
        self.put(i.dot_token.spans[0].byte_range().start, ")/*");
        self.put(i.await_token.span.byte_range().end, "*/");
    }
    // Code that does not run as a part of the cell's own function.
    fn visit_expr_closure(&mut self, _: &'a syn::ExprClosure) {}
    fn visit_expr_async(&mut self, _: &'a syn::ExprAsync) {}
    fn visit_item(&mut self, _: &'a syn::Item) {}
}

fn found(statement: &syn::Stmt, form: Form) -> Rewrites {
    let mut found = Rewrites {
        form,
        ..Rewrites::default()
    };
    found.visit_stmt(statement);
    found
}

/// Offsets in the parsed text, and the words that go there.
pub(crate) fn rewrites(statement: &syn::Stmt, form: Form) -> Vec<(usize, String)> {
    found(statement, form).words
}

/// Whether a statement may end the cell.
pub(crate) fn returns(statement: &syn::Stmt) -> bool {
    found(statement, Form::Cell).returns
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rewritten(text: &str) -> String {
        rewritten_for(text, Form::Cell)
    }

    fn rewritten_for(text: &str, form: Form) -> String {
        let statement: syn::Stmt = syn::parse_str(text).expect("a statement");
        let mut words = rewrites(&statement, form);
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

    #[test]
    fn a_program_waits_and_leaves_the_block_of_the_cell() {
        assert_eq!(
            rewritten_for("let v = f().await?;", Form::Program),
            "let v = crate::notebook::block_on(f())/*.await*/?;"
        );
        let text = rewritten_for("if done { return; }", Form::Program);
        assert_eq!(text, "if done { break 'notebook_cell /*return*/; }");
        syn::parse_str::<syn::Stmt>(&text).expect("Rust");
    }
}
