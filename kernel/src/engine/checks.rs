//! Where the checks for an interrupt go.
//!
//! Into every `loop`; into every `while` and `for` that is not provably short (`short`, `strides`); into functions that may
//! call themselves; into closures, unless they are given to an iterator over something that lies in memory and
//! only compute. `thread::sleep` sleeps by the check. A check is one load and a branch; loops that the compiler
//! could vectorise are the short ones, which get none.

use super::cell::range;
use super::recursion::Recursive;
use super::short::{Bounds, is_simple, is_simple_expression};
use super::strides::{is_strided_for, is_strided_while};
use proc_macro2::Span;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};

/// What stands in front of the first statement of whatever is checked.
const TICK: &str = "::cistron::rt::tick();";

/// What is put behind the source of a chain of iterators that has no closure to put a check into.
const LOOK: &str = ".inspect(|_| ::cistron::rt::tick())";

/// Sources of iterators that may never end.
const ENDLESS: [&str; 5] = ["repeat", "repeat_with", "repeat_n", "from_fn", "successors"];

/// Methods of iterators that use them up.
const CONSUMERS: [&str; 22] = [
    "all",
    "any",
    "collect",
    "count",
    "eq",
    "find",
    "find_map",
    "fold",
    "for_each",
    "last",
    "max",
    "max_by",
    "max_by_key",
    "min",
    "min_by",
    "min_by_key",
    "position",
    "product",
    "reduce",
    "sum",
    "try_fold",
    "try_for_each",
];

/// Methods of iterators that give iterators.
const ADAPTORS: [&str; 22] = [
    "chain",
    "cloned",
    "copied",
    "cycle",
    "enumerate",
    "filter",
    "filter_map",
    "flat_map",
    "flatten",
    "fuse",
    "inspect",
    "map",
    "map_while",
    "peekable",
    "rev",
    "scan",
    "skip",
    "skip_while",
    "step_by",
    "take",
    "take_while",
    "zip",
];

/// Macros of the standard library that take expressions; what stands in others may be anything.
const OF_EXPRESSIONS: [&str; 19] = [
    "assert",
    "assert_eq",
    "assert_ne",
    "dbg",
    "debug_assert",
    "debug_assert_eq",
    "debug_assert_ne",
    "eprint",
    "eprintln",
    "format",
    "panic",
    "print",
    "println",
    "todo",
    "unimplemented",
    "unreachable",
    "vec",
    "write",
    "writeln",
];

/// The checks of one cell.
#[derive(Default)]
pub(crate) struct Checks {
    wanted: bool,
    recursive: Recursive,
    bounds: Bounds,
}

impl Checks {
    /// No checks at all.
    pub(crate) fn none() -> Self {
        Self::default()
    }

    /// Looks at a whole cell: which of its functions call themselves, which of its names are small numbers.
    pub(crate) fn new(cell: &syn::Block) -> Self {
        Self {
            wanted: true,
            recursive: Recursive::of(cell),
            bounds: Bounds::of(cell),
        }
    }

    /// Offset in the cell and words, for a statement.
    pub(crate) fn of_statement(&self, statement: &syn::Stmt) -> Vec<(usize, String)> {
        let mut insertions = Insertions::new(self);
        if self.wanted {
            insertions.visit_stmt(statement);
        }
        insertions.found
    }

    /// The same for an item. What is computed by the compiler can have none.
    pub(crate) fn of_item(&self, item: &syn::Item) -> Vec<(usize, String)> {
        let mut insertions = Insertions::new(self);
        if self.wanted {
            insertions.visit_item(item);
        }
        insertions.found
    }
}

/// At one offset, what is opened first stands first and what is closed first stands first.
struct Insertions<'c> {
    checks: &'c Checks,
    found: Vec<(usize, String)>,
}

impl<'c> Insertions<'c> {
    fn new(checks: &'c Checks) -> Self {
        Self {
            checks,
            found: Vec::new(),
        }
    }

    fn put(&mut self, at: usize, words: &str) {
        self.found.push((at, words.to_string()));
    }

    /// A check at the beginning of a block.
    fn check_block(&mut self, block: &syn::Block) {
        self.put(range(block.brace_token.span.open()).end, TICK);
    }

    fn check_function(&mut self, signature: &syn::Signature, attributes: &[syn::Attribute], block: &syn::Block) {
        if !unwinds(signature) {
            return;
        }
        let inner = attributes.iter().any(|a| matches!(a.style, syn::AttrStyle::Inner(_)));
        if self.checks.recursive.contains(&signature.ident) && !inner {
            self.check_block(block);
        }
        self.visit_block(block);
    }

    /// A check in a closure. An expression gets braces.
    fn check_closure(&mut self, closure: &syn::ExprClosure) {
        match &*closure.body {
            syn::Expr::Block(body) if body.attrs.is_empty() && body.label.is_none() => {
                self.check_block(&body.block);
                self.visit_expr(&closure.body);
            }
            body => {
                let place = range(body.span());
                // In brackets: `if a { 1 } else { 2 } + 3` means something else where a statement begins.
                self.put(place.start, &format!("{{{TICK}("));
                self.visit_expr(body);
                self.put(place.end, ")}");
            }
        }
    }

    /// Walks a chain of iterators down to its source and checks there, if it is used up here, may be long and has no
    /// closure that would check.
    fn check_source(&mut self, end: &syn::ExprMethodCall) {
        if !CONSUMERS.contains(&end.method.to_string().as_str()) {
            return;
        }
        let (mut functions, mut cycles, mut call) = (false, false, end);
        loop {
            functions |= call.args.iter().any(|a| matches!(a, syn::Expr::Path(_)));
            cycles |= call.method == "cycle";
            if call.args.iter().any(|a| matches!(a, syn::Expr::Closure(_))) {
                return;
            }
            match &*call.receiver {
                syn::Expr::MethodCall(inner) if ADAPTORS.contains(&inner.method.to_string().as_str()) => call = inner,
                _ => break,
            }
        }
        let source = &*call.receiver;
        let long = match source {
            syn::Expr::Paren(inner) => {
                matches!(*inner.expr, syn::Expr::Range(_)) && functions && !self.checks.bounds.is_bounded(source)
            }
            syn::Expr::Call(inner) => is_one_of(&inner.func, &ENDLESS),
            _ => false,
        };
        if long || (cycles && ADAPTORS.contains(&call.method.to_string().as_str())) {
            self.put(range(source.span()).end, LOOK);
        }
    }
}

/// Whether a function may be left by unwinding, and is not for the compiler to compute.
fn unwinds(signature: &syn::Signature) -> bool {
    let foreign = signature.abi.as_ref().is_some_and(|abi| {
        let name = abi.name.as_ref().map(syn::LitStr::value).unwrap_or_else(|| "C".into());
        name != "Rust" && !name.ends_with("-unwind")
    });
    signature.constness.is_none() && !foreign
}

/// Whether an expression is a path that ends in one of these names.
fn is_one_of(function: &syn::Expr, names: &[&str]) -> bool {
    let syn::Expr::Path(path) = function else { return false };
    let last = path.path.segments.last();
    last.is_some_and(|segment| names.iter().any(|name| segment.ident == name))
}

fn is_thread_sleep(function: &syn::Expr) -> bool {
    let syn::Expr::Path(path) = function else { return false };
    let mut last = path.path.segments.iter().rev();
    last.next().is_some_and(|s| s.ident == "sleep") && last.next().is_some_and(|s| s.ident == "thread")
}

impl<'a> Visit<'a> for Insertions<'_> {
    fn visit_expr_for_loop(&mut self, i: &'a syn::ExprForLoop) {
        self.visit_expr(&i.expr);
        let short = self.checks.bounds.is_bounded(&i.expr) && is_simple(&i.body);
        if !short && !is_strided_for(i) {
            self.check_block(&i.body);
        }
        self.visit_block(&i.body);
    }
    fn visit_expr_while(&mut self, i: &'a syn::ExprWhile) {
        self.visit_expr(&i.cond);
        if !is_strided_while(i) {
            self.check_block(&i.body);
        }
        self.visit_block(&i.body);
    }
    fn visit_expr_loop(&mut self, i: &'a syn::ExprLoop) {
        self.check_block(&i.body);
        self.visit_block(&i.body);
    }
    fn visit_expr_closure(&mut self, i: &'a syn::ExprClosure) {
        if i.constness.is_none() {
            self.check_closure(i);
        }
    }
    fn visit_expr_method_call(&mut self, i: &'a syn::ExprMethodCall) {
        self.check_source(i);
        self.visit_expr(&i.receiver);
        let bounded = self.checks.bounds.is_bounded_call(i);
        for argument in &i.args {
            match argument {
                syn::Expr::Closure(closure) if bounded && is_simple_expression(&closure.body) => {}
                _ => self.visit_expr(argument),
            }
        }
    }
    fn visit_expr_call(&mut self, i: &'a syn::ExprCall) {
        match i.args.first() {
            Some(time) if i.args.len() == 1 && is_thread_sleep(&i.func) => {
                let place = range(time.span());
                self.put(place.start, "::cistron::rt::sleep(");
                self.visit_expr(time);
                self.put(place.end, ")");
            }
            _ => visit::visit_expr_call(self, i),
        }
    }
    fn visit_macro(&mut self, i: &'a syn::Macro) {
        let known = i
            .path
            .segments
            .last()
            .is_some_and(|last| OF_EXPRESSIONS.iter().any(|name| last.ident == name));
        let expressions = syn::punctuated::Punctuated::<syn::Expr, syn::Token![,]>::parse_terminated;
        if known && let Ok(expressions) = i.parse_body_with(expressions) {
            // The tree does not live as long as the cell's, so it is walked by a visitor of its own.
            let mut inside = Insertions::new(self.checks);
            expressions.iter().for_each(|expression| inside.visit_expr(expression));
            self.found.append(&mut inside.found);
        }
    }
    fn visit_item_fn(&mut self, i: &'a syn::ItemFn) {
        self.check_function(&i.sig, &i.attrs, &i.block);
    }
    fn visit_impl_item_fn(&mut self, i: &'a syn::ImplItemFn) {
        self.check_function(&i.sig, &i.attrs, &i.block);
    }
    fn visit_trait_item_fn(&mut self, i: &'a syn::TraitItemFn) {
        if let Some(block) = &i.default {
            self.check_function(&i.sig, &i.attrs, block);
        }
    }
    fn visit_expr_repeat(&mut self, i: &'a syn::ExprRepeat) {
        self.visit_expr(&i.expr);
    }
    fn visit_item_const(&mut self, _: &'a syn::ItemConst) {}
    fn visit_item_static(&mut self, _: &'a syn::ItemStatic) {}
    fn visit_item_enum(&mut self, _: &'a syn::ItemEnum) {}
    fn visit_impl_item_const(&mut self, _: &'a syn::ImplItemConst) {}
    fn visit_trait_item_const(&mut self, _: &'a syn::TraitItemConst) {}
    fn visit_expr_const(&mut self, _: &'a syn::ExprConst) {}
    fn visit_type(&mut self, _: &'a syn::Type) {}
    fn visit_pat(&mut self, _: &'a syn::Pat) {}
    fn visit_generics(&mut self, _: &'a syn::Generics) {}
    fn visit_angle_bracketed_generic_arguments(&mut self, _: &'a syn::AngleBracketedGenericArguments) {}
    fn visit_attribute(&mut self, _: &'a syn::Attribute) {}
    fn visit_span(&mut self, _: &Span) {}
}

#[cfg(test)]
mod tests {
    use super::super::cell::parse;

    /// The cell with its checks, each as `#`, a look as `@` and a sleep as `zzz`.
    fn checked(text: &str) -> String {
        let cell = parse(1, text, &std::collections::BTreeMap::new()).expect("a cell that parses");
        let items = cell.items.iter().map(|item| &item.fragment.text);
        let statements = cell.statements.iter().map(|s| &s.fragment.text);
        let all: Vec<&String> = items.chain(statements).chain(cell.last.iter().map(|l| &l.text)).collect();
        all.into_iter()
            .cloned()
            .collect::<Vec<_>>()
            .join("\n")
            .replace(super::LOOK, "@")
            .replace(super::TICK, "#")
            .replace("::cistron::rt::sleep(", "zzz(")
    }

    #[test]
    fn every_loop_that_may_be_long_is_checked() {
        assert_eq!(checked("loop { while a {} }"), "loop {# while a {#} }");
        assert_eq!(
            checked("for i in 0..n { for _ in 0..u64::MAX { black_box(1); } }"),
            "for i in 0..n {# for _ in 0..u64::MAX {# black_box(1); } }"
        );
        for text in [
            "for i in 0..n { t += x[i % 7]; }",
            "for i in 0..n { if t > 0.0 { t += x[i]; } }",
            "while i < n { t += x[i]; i += 1; i = 0; }",
            "while i < n { t += x[j]; i += 1; }",
        ] {
            assert_eq!(checked(text).matches('#').count(), 1, "{text}");
        }
        assert_eq!(checked("for x in v.iter() { work(x); }"), "for x in v.iter() {# work(x); }");
        assert_eq!(
            checked("for x in 0..5_000_000 { y += x; }"),
            "for x in 0..5_000_000 {# y += x; }"
        );
    }

    #[test]
    fn a_loop_over_memory_that_only_computes_is_not() {
        for text in [
            "for x in v.iter_mut() { *x *= 2.0; }",
            "for (a, b) in x.iter().zip(&y).skip(1) { s += (a * b).sqrt(); }",
            "for i in 0..v.len() / 2 { v[i] = v[i].max(0.0); }",
            "let n = v.len();\nfor i in 1..n - 1 { w[i] = v[i - 1] + v[i + 1]; }",
            "for k in 0..64 { if k % 2 == 0 { s += k; } }",
            "for i in 0..n { y[i] = x[i + k * m] * 2.0; }",
            "while i < n { t += x[i]; i += 1; }",
            "v.iter().map(|x| x * 2.0).sum::<f32>()",
            "v.sort_by(|a, b| a.partial_cmp(b).unwrap());",
        ] {
            assert_eq!(checked(text), text);
        }
    }

    #[test]
    fn closures_are_checked_and_keep_their_values() {
        assert_eq!(
            checked("(0..n).map(|x| x + 1).sum::<u64>()"),
            "(0..n).map(|x| {#(x + 1)}).sum::<u64>()"
        );
        assert_eq!(checked("let f = |x| |y| x + y;"), "let f = |x| {#(|y| {#(x + y)})};");
        assert_eq!(checked("|x| x"), "|x| {#(x)}");
        assert_eq!(checked("run(move || { go(); })"), "run(move || {# go(); })");
        assert_eq!(
            checked("v.iter().map(|x| slow(x)).count()"),
            "v.iter().map(|x| {#(slow(x))}).count()"
        );
    }

    #[test]
    fn chains_without_a_closure_are_checked_at_their_source() {
        assert_eq!(
            checked("(0..u64::MAX).map(slow).sum::<u64>()"),
            "(0..u64::MAX)@.map(slow).sum::<u64>()"
        );
        assert_eq!(
            checked("std::iter::repeat(1).map(f).for_each(drop)"),
            "std::iter::repeat(1)@.map(f).for_each(drop)"
        );
        assert_eq!(checked("v.iter().cycle().count()"), "v.iter()@.cycle().count()");
        for text in [
            "(0..n).contains(&3)",
            "let i = (0..n).map(f);",
            "(0..10).map(f).count()",
            "x.count()",
        ] {
            assert_eq!(checked(text), text);
        }
    }

    #[test]
    fn what_stands_in_macros_of_the_standard_library_is_checked_too() {
        assert_eq!(
            checked("println!(\"{}\", (0..n).map(|x| x + 1).sum::<u64>());"),
            "println!(\"{}\", (0..n).map(|x| {#(x + 1)}).sum::<u64>());"
        );
        assert_eq!(checked("other! { |x| x };"), "other! { |x| x };");
    }

    #[test]
    fn functions_that_call_themselves_are_checked() {
        let text = checked("fn even(n: u64) -> bool { n == 0 || odd(n - 1) }\nfn odd(n: u64) -> bool { n != 0 && even(n - 1) }");
        assert_eq!(text.matches('#').count(), 2, "{text}");
        let text = checked("fn f(x: f32) -> f32 { g(x) }\nfn g(x: f32) -> f32 { x * 2.0 }");
        assert_eq!(text.matches('#').count(), 0, "{text}");
        let text = checked("struct T; impl T { fn walk(&self) { println!(\"{:?}\", self.walk()); } }");
        assert_eq!(text.matches('#').count(), 1, "{text}");
    }

    #[test]
    fn what_must_not_unwind_or_is_computed_by_the_compiler_is_left_alone() {
        for text in [
            "pub extern \"C\" fn f() { loop {} }",
            "pub const fn f() { loop {} }",
            "pub const X: usize = { let mut i = 0; while i < 3 { i += 1; } i };",
            "let a = [0; { let mut i = 0; while i < 3 { i += 1; } i }];",
        ] {
            assert_eq!(checked(text), text);
        }
        assert!(checked("extern \"C-unwind\" fn f() { loop {} }").contains('#'));
    }

    #[test]
    fn a_sleep_looks_too() {
        assert_eq!(
            checked("std::thread::sleep(Duration::from_secs(9));"),
            "std::thread::sleep(zzz(Duration::from_secs(9)));"
        );
        assert_eq!(checked("sleep(9);"), "sleep(9);");
    }
}
