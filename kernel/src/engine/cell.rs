//! A cell, read: commands, imports, items, statements and the value at its end.

use super::binding::{Binding, pattern_bindings};
use super::checks::Checks;
use super::fragment::Fragment;
use super::identifiers::identifiers;
use super::imports::{Import, imports};
use super::item::Item;
use super::item_macro::TWIN;
use super::keep::Closure;
use super::rewrite::{Form, returns, rewrites};
use std::collections::{BTreeMap, BTreeSet};
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
    /// Whether that may end the cell (`return;`).
    pub(crate) last_returns: bool,
    /// How many values it has, where it is written as a tuple.
    pub(crate) tuple: Option<usize>,
    /// Every word in it, inside format strings too.
    pub(crate) words: BTreeSet<String>,
    /// Whether it takes modules from files (`mod a;`).
    pub(crate) has_files: bool,
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
    /// The closure that its variable is bound to, and the same text with `move` in front of the closure.
    pub(crate) closure: Option<(Closure, Fragment)>,
    /// Whether it may end the cell (`return;`).
    pub(crate) returns: bool,
}

/// Takes the lines that begin with a colon out of a cell, and those at its head that begin with `#|`: options that Quarto
/// leaves there, `#| label: fig-x`. Their place stays, blank, so that lines keep their numbers.
pub(crate) fn split_commands(text: &str) -> (String, Vec<String>) {
    let mut commands = Vec::new();
    let mut code = String::with_capacity(text.len());
    let mut head = true;
    for line in text.replace("\r\n", "\n").split_inclusive('\n') {
        head &= line.starts_with("#|") || line.trim().is_empty();
        let is_option = head && line.starts_with("#|");
        let command = line
            .trim_start()
            .strip_prefix(':')
            .filter(|command| !command.starts_with(':'));
        commands.extend(command.map(|command| command.trim().to_string()));
        if is_option || command.is_some() {
            code.push_str(&" ".repeat(line.trim_end_matches('\n').len()));
            code.push_str(if line.ends_with('\n') { "\n" } else { "" });
        } else {
            code.push_str(line);
        }
    }
    (code, commands)
}

/// The text with blanks in place of a part of it; lines and offsets stay.
pub(crate) fn blanked(text: &str, part: Range<usize>) -> String {
    let blank = |c: char| if c == '\n' { "\n".into() } else { " ".repeat(c.len_utf8()) };
    let middle: String = text[part.clone()].chars().map(blank).collect();
    format!("{}{middle}{}", &text[..part.start], &text[part.end..])
}

/// Reads the Rust of cell number `number`. `macros` are those of earlier cells that define items, and the names that each
/// always defines.
///
/// # Errors
/// What syn says of text that is no Rust; rustc says it better, so callers ask it.
pub(crate) fn parse(number: usize, text: &str, macros: &BTreeMap<String, BTreeSet<String>>) -> syn::Result<Cell> {
    read(number, text, macros, Form::Cell)
}

/// [`parse`] for a program: without the checks for an interrupt.
///
/// # Errors
/// As [`parse`].
pub(crate) fn parse_for_program(number: usize, text: &str, macros: &BTreeMap<String, BTreeSet<String>>) -> syn::Result<Cell> {
    read(number, text, macros, Form::Program)
}

fn read(number: usize, text: &str, macros: &BTreeMap<String, BTreeSet<String>>, form: Form) -> syn::Result<Cell> {
    let mut macros = macros.clone();
    let wrapped = format!("{{{text}\n}}");
    let block: syn::Block = syn::parse_str(&wrapped)?;
    let mut cell = Cell {
        words: identifiers(text),
        has_files: has_files(&block),
        ..Cell::default()
    };
    let checks = match form {
        Form::Cell => Checks::new(&block),
        Form::Program => Checks::none(),
    };
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
            syn::Stmt::Item(item) => {
                cell.items.push(Item::new(number, text, item, checks.of_item(item)));
                if let Some(twin) = Item::twin(number, text, item) {
                    macros.extend(twin.makes());
                    cell.items.push(twin);
                }
            }
            _ => {
                if let Some(call) = macro_call(statement)
                    && let Some(item) = Item::call(number, text, &call, &macros)
                {
                    let twin = call.mac.path.segments.last().map(|s| format!("{TWIN}{}", s.ident));
                    cell.words.extend(twin);
                    cell.items.push(item);
                    continue;
                }
                let mut words = checks.of_statement(statement);
                words.extend(rewrites(statement, form).into_iter().map(|(at, words)| (at - 1, words)));
                if index + 1 == count && is_value(statement) {
                    cell.last = Some(fragment(&words));
                    cell.last_returns = returns(statement);
                    cell.tuple = tuple(statement);
                    continue;
                }
                let plain = fragment(&words);
                let closure = closure(text, statement).map(|(closure, at)| {
                    words.push((at, "move ".into()));
                    (closure, fragment(&words))
                });
                let fragment = plain;
                let (bindings, initialised) = match statement {
                    syn::Stmt::Local(local) => (pattern_bindings(&local.pat), local.init.is_some()),
                    _ => (Vec::new(), true),
                };
                cell.statements.push(Statement {
                    fragment,
                    bindings,
                    initialised,
                    closure,
                    returns: returns(statement),
                });
            }
        }
    }
    Ok(cell)
}

/// Whether there is a module without its content.
fn has_files(block: &syn::Block) -> bool {
    struct Found(bool);
    impl<'a> syn::visit::Visit<'a> for Found {
        fn visit_item_mod(&mut self, item: &'a syn::ItemMod) {
            self.0 |= item.content.is_none();
            syn::visit::visit_item_mod(self, item);
        }
    }
    let mut found = Found(false);
    syn::visit::Visit::visit_block(&mut found, block);
    found.0
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

/// The closure of `let name = |..| ..;` and where `move` would stand.
fn closure(text: &str, statement: &syn::Stmt) -> Option<(Closure, usize)> {
    let syn::Stmt::Local(syn::Local {
        pat: syn::Pat::Ident(_),
        init: Some(init),
        ..
    }) = statement
    else {
        return None;
    };
    let mut value = &*init.expr;
    while let syn::Expr::Paren(inner) = value {
        value = &inner.expr;
    }
    let syn::Expr::Closure(found) = value else {
        return None;
    };
    if found.asyncness.is_some() || found.constness.is_some() || init.diverge.is_some() {
        return None;
    }
    let source = |span: proc_macro2::Span| text.get(range(span)).unwrap_or("_").to_string();
    let argument = |pattern: &syn::Pat| match pattern {
        syn::Pat::Type(typed) => source(typed.ty.span()),
        _ => "_".to_string(),
    };
    let value = match &found.output {
        syn::ReturnType::Default => "_".to_string(),
        syn::ReturnType::Type(_, kind) => source(kind.span()),
    };
    let closure = Closure {
        arguments: found.inputs.iter().map(argument).collect(),
        value,
        words: identifiers(&source(found.body.span())),
        moves: found.capture.is_some(),
    };
    Some((closure, range(found.or1_token.span).start))
}

/// The call of a macro that is a statement; at the end of a cell it may stand without a semicolon.
fn macro_call(statement: &syn::Stmt) -> Option<syn::StmtMacro> {
    match statement {
        syn::Stmt::Macro(call) => Some(call.clone()),
        syn::Stmt::Expr(syn::Expr::Macro(call), semi_token) => Some(syn::StmtMacro {
            attrs: call.attrs.clone(),
            mac: call.mac.clone(),
            semi_token: *semi_token,
        }),
        _ => None,
    }
}

/// How many values a statement has that is written as a tuple.
fn tuple(statement: &syn::Stmt) -> Option<usize> {
    match statement {
        syn::Stmt::Expr(syn::Expr::Tuple(tuple), None) => Some(tuple.elems.len()).filter(|n| (2..=12).contains(n)),
        _ => None,
    }
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
        parse(1, text, &BTreeMap::new()).expect("a cell that parses")
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
    fn options_at_the_head_are_no_code() {
        let text = "#| label: fig-x\n#| fig-cap: it's\n\nlet x = 1;\n#| late\n";
        let (code, commands) = split_commands(text);
        assert!(commands.is_empty() && code.len() == text.len());
        assert_eq!(
            code.lines().map(str::trim).collect::<Vec<_>>(),
            ["", "", "", "let x = 1;", "#| late"]
        );
    }

    #[test]
    fn closures_are_read() {
        let cell = read("let add = |x: &[f64], y| -> f64 { x[0] + y + n };");
        let (closure, moving) = cell.statements[0].closure.clone().expect("a closure");
        assert_eq!(closure.arguments, ["&[f64]", "_"]);
        assert_eq!((closure.value.as_str(), closure.moves), ("f64", false));
        assert!(closure.words.contains("n"));
        assert!(moving.text.starts_with("let add = move |x"), "{}", moving.text);
    }

    #[test]
    fn calls_of_macros_that_define_items_are_items() {
        let cell = read("macro_rules! make { ($n:ident) => { fn $n() {} } }\nmake!(made);\nprintln!(\"x\");");
        let texts: Vec<&str> = cell.items.iter().map(|i| i.fragment.text.as_str()).collect();
        assert_eq!(texts.len(), 3);
        assert!(
            texts[1].contains("__items_make") && texts[1].contains("pub fn $n"),
            "{}",
            texts[1]
        );
        assert_eq!(texts[2], "__items_make!(made);");
        assert_eq!(cell.statements.len(), 1);
    }

    #[test]
    fn words_inside_format_strings_count() {
        assert!(read("println!(\"{total:.2}\")").words.contains("total"));
    }
}
