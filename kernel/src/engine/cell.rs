//! A cell, read: commands, imports, items, statements and the value at its end.

use super::binding::{Binding, pattern_bindings};
use super::checks::Checks;
use super::fragment::Fragment;
use super::identifiers::identifiers;
use super::imports::{Import, imports};
use super::item::Item;
use std::collections::BTreeSet;
use std::ops::Range;
use syn::spanned::Spanned;

/// A cell, read.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cell {
    /// The `use` lines as they stand.
    pub(crate) uses: Vec<Fragment>,
    /// The names that they bring in.
    pub(crate) imports: Vec<Import>,
    /// Functions, types, macros.
    pub(crate) items: Vec<Item>,
    /// Everything that runs, in order.
    pub(crate) statements: Vec<Statement>,
    /// The expression whose value is shown.
    pub(crate) last: Option<Fragment>,
    /// Every word in it, inside format strings too.
    pub(crate) words: BTreeSet<String>,
}

/// A statement and the variables that it binds.
#[derive(Clone, Debug)]
pub(crate) struct Statement {
    /// Its text.
    pub(crate) fragment: Fragment,
    /// The variables.
    pub(crate) bindings: Vec<Binding>,
    /// Whether they have a value when it has run (`let x;` has none).
    pub(crate) initialised: bool,
}

/// Takes the lines that begin with a colon out of a cell. Their place stays, blank, so that lines keep
/// their numbers.
pub(crate) fn split_commands(text: &str) -> (String, Vec<String>) {
    let mut commands = Vec::new();
    let mut code = String::with_capacity(text.len());
    for line in text.replace("\r\n", "\n").split_inclusive('\n') {
        match line.trim_start().strip_prefix(':') {
            Some(command) if !command.starts_with(':') => {
                commands.push(command.trim().to_string());
                code.push_str(&" ".repeat(line.trim_end_matches('\n').len()));
                code.push_str(if line.ends_with('\n') { "\n" } else { "" });
            }
            _ => code.push_str(line),
        }
    }
    (code, commands)
}

/// Reads the Rust of cell number `number`.
///
/// # Errors
/// What syn says of text that is no Rust; rustc says it better, so callers ask it.
pub(crate) fn parse(number: usize, text: &str) -> syn::Result<Cell> {
    let wrapped = format!("{{{text}\n}}");
    let block: syn::Block = syn::parse_str(&wrapped)?;
    let mut cell = Cell {
        words: identifiers(text),
        ..Cell::default()
    };
    let checks = Checks::new(&block);
    let count = block.stmts.len();
    for (index, statement) in block.stmts.iter().enumerate() {
        let range = range(statement.span());
        let fragment =
            |insertions: &[(usize, String)]| Fragment::new(number, text, with_indentation(text, range.clone()), insertions);
        match statement {
            syn::Stmt::Item(syn::Item::Use(item)) => {
                cell.imports.extend(imports(item));
                cell.uses.push(fragment(&[]));
            }
            syn::Stmt::Item(item) => cell.items.push(Item::new(number, text, item, checks.of_item(item))),
            _ => {
                let fragment = fragment(&checks.of_statement(statement));
                if index + 1 == count && is_value(statement) {
                    cell.last = Some(fragment);
                    continue;
                }
                let (bindings, initialised) = match statement {
                    syn::Stmt::Local(local) => (pattern_bindings(&local.pat), local.init.is_some()),
                    _ => (Vec::new(), true),
                };
                cell.statements.push(Statement {
                    fragment,
                    bindings,
                    initialised,
                });
            }
        }
    }
    Ok(cell)
}

/// Byte range in the cell; the text that was parsed has one brace in front.
pub(crate) fn range(span: proc_macro2::Span) -> Range<usize> {
    let range = span.byte_range();
    range.start.saturating_sub(1)..range.end.saturating_sub(1)
}

/// Keeps the blanks in front of a statement that begins its line: macros that look at columns then see
/// the cell as it was written.
pub(crate) fn with_indentation(text: &str, range: Range<usize>) -> Range<usize> {
    let line = text[..range.start].rfind('\n').map_or(0, |at| at + 1);
    let blank = text[line..range.start].chars().all(char::is_whitespace);
    if blank { line..range.end } else { range }
}

/// Whether the last statement is an expression with a value worth showing: `println!` and endless loops
/// have none, and not asking saves time.
fn is_value(statement: &syn::Stmt) -> bool {
    let silent = |path: &syn::Path| {
        let name = path.segments.last().map(|s| s.ident.to_string()).unwrap_or_default();
        let names = [
            "println",
            "print",
            "eprintln",
            "eprint",
            "assert",
            "assert_eq",
            "assert_ne",
            "panic",
            "todo",
            "unreachable",
        ];
        names.contains(&name.as_str())
    };
    match statement {
        syn::Stmt::Expr(syn::Expr::ForLoop(_) | syn::Expr::While(_) | syn::Expr::Assign(_), None) => false,
        syn::Stmt::Expr(syn::Expr::Loop(expression), None) => breaks(&expression.body),
        syn::Stmt::Expr(syn::Expr::Macro(expression), None) => !silent(&expression.mac.path),
        syn::Stmt::Expr(_, None) => true,
        syn::Stmt::Macro(statement) => statement.semi_token.is_none() && !silent(&statement.mac.path),
        _ => false,
    }
}

/// Whether a loop's body mentions `break`.
fn breaks(body: &syn::Block) -> bool {
    struct Breaks(bool);
    impl<'a> syn::visit::Visit<'a> for Breaks {
        fn visit_expr_break(&mut self, _: &'a syn::ExprBreak) {
            self.0 = true;
        }
    }
    let mut visitor = Breaks(false);
    syn::visit::Visit::visit_block(&mut visitor, body);
    visitor.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Cell {
        parse(1, text).expect("a cell that parses")
    }

    #[test]
    fn statements_are_sorted() {
        let cell = read("use std::fmt;\nstruct A { x: u64 }\nlet (a, mut b) = (1, 2);\nb += 1;\na + b");
        assert_eq!(cell.imports.len(), 1);
        assert_eq!(cell.items[0].name(), Some("A"));
        assert_eq!(cell.items[0].fragment.text, "pub struct A { pub x: u64 }");
        let names: Vec<(&str, bool)> = cell.statements[0]
            .bindings
            .iter()
            .map(|b| (b.name.as_str(), b.mutable))
            .collect();
        assert_eq!(names, [("a", false), ("b", true)]);
        assert_eq!(cell.last.map(|l| l.text), Some("a + b".into()));
    }

    #[test]
    fn endless_loops_and_prints_show_nothing() {
        assert!(read("loop {}").last.is_none());
        assert!(read("println!(\"x\")").last.is_none());
        assert!(read("loop { break 3 }").last.is_some());
    }

    #[test]
    fn commands_leave_blank_lines() {
        let (code, commands) = split_commands(":dep a = \"1\"\nlet x = 1;\n  :vars\n::std::mem::drop(x)");
        assert_eq!(commands, ["dep a = \"1\"", "vars"]);
        assert_eq!(
            code.lines().map(str::trim).collect::<Vec<_>>(),
            ["", "let x = 1;", "", "::std::mem::drop(x)"]
        );
    }

    #[test]
    fn words_inside_format_strings_count() {
        assert!(read("println!(\"{total:.2}\")").words.contains("total"));
    }
}
