//! Which loops are provably short: over what lies in memory or over few numbers, with a body that only computes.

use std::collections::BTreeSet;
use syn::visit::{self, Visit};

/// The largest number of turns that is few.
const FEW: u64 = 1_000_000;

/// Methods that give an iterator over something in memory.
const SOURCES: [&str; 22] = [
    "bytes",
    "char_indices",
    "chars",
    "chunks",
    "chunks_exact",
    "chunks_exact_mut",
    "chunks_mut",
    "columns",
    "drain",
    "into_keys",
    "into_values",
    "iter",
    "iter_mut",
    "keys",
    "lines",
    "rchunks",
    "split_at",
    "split_whitespace",
    "values",
    "values_mut",
    "windows",
    "rows",
];

/// Methods of iterators that give no more than they get.
const ADAPTORS: [&str; 13] = [
    "cloned",
    "copied",
    "enumerate",
    "filter",
    "fuse",
    "into_iter",
    "inspect",
    "map",
    "peekable",
    "rev",
    "skip",
    "step_by",
    "take",
];

/// Methods of slices and lists that call a closure for what is in them.
const OVER_MEMORY: [&str; 10] = [
    "binary_search_by",
    "binary_search_by_key",
    "dedup_by",
    "dedup_by_key",
    "retain",
    "sort_by",
    "sort_by_cached_key",
    "sort_by_key",
    "sort_unstable_by",
    "sort_unstable_by_key",
];

/// Methods that take next to no time.
const QUICK: [&str; 74] = [
    "abs",
    "abs_diff",
    "as_bytes",
    "as_mut",
    "as_ref",
    "as_slice",
    "as_str",
    "atan2",
    "ceil",
    "checked_add",
    "checked_mul",
    "checked_sub",
    "clamp",
    "cmp",
    "cos",
    "count_ones",
    "div_ceil",
    "eq",
    "exp",
    "exp_m1",
    "first",
    "floor",
    "fract",
    "get",
    "get_mut",
    "get_unchecked",
    "get_unchecked_mut",
    "hypot",
    "is_ascii_digit",
    "is_empty",
    "is_finite",
    "is_nan",
    "is_none",
    "is_some",
    "last",
    "leading_zeros",
    "len",
    "ln",
    "ln_1p",
    "log10",
    "log2",
    "max",
    "min",
    "mul_add",
    "not",
    "partial_cmp",
    "pow",
    "powf",
    "powi",
    "push",
    "recip",
    "rem_euclid",
    "rotate_left",
    "rotate_right",
    "round",
    "saturating_add",
    "saturating_sub",
    "signum",
    "sin",
    "sin_cos",
    "sqrt",
    "swap",
    "tan",
    "tanh",
    "to_bits",
    "total_cmp",
    "trailing_zeros",
    "trunc",
    "unwrap",
    "unwrap_or",
    "wrapping_add",
    "wrapping_mul",
    "wrapping_sub",
    "then_some",
];

/// The names of a cell that stand for few: `let n = v.len();`, `const N: usize = 64;`.
#[derive(Default)]
pub(crate) struct Bounds {
    names: BTreeSet<String>,
}

impl Bounds {
    /// Gathers the names of a cell.
    pub(crate) fn of(cell: &syn::Block) -> Self {
        let mut bounds = Self { names: BTreeSet::new() };
        bounds.visit_block(cell);
        bounds
    }

    /// Whether what a `for` goes over is provably short, however much is done with each.
    pub(crate) fn is_bounded(&self, iterated: &syn::Expr) -> bool {
        match iterated {
            syn::Expr::Paren(inner) => self.is_bounded(&inner.expr),
            syn::Expr::Reference(_) | syn::Expr::Array(_) => true,
            syn::Expr::Range(range) => range.end.as_deref().is_some_and(|end| self.is_few(end)),
            syn::Expr::MethodCall(call) => {
                let method = call.method.to_string();
                let to_few = method == "take" && call.args.first().is_some_and(|count| self.is_few(count));
                let beside = method == "zip" && call.args.first().is_some_and(|other| self.is_bounded(other));
                SOURCES.contains(&method.as_str())
                    || to_few
                    || beside
                    || (matches!(method.as_str(), "zip") && self.is_bounded(&call.receiver))
                    || (ADAPTORS.contains(&method.as_str()) && self.is_bounded(&call.receiver))
            }
            _ => false,
        }
    }

    /// Whether a method calls its closure only for what lies in memory.
    pub(crate) fn is_bounded_call(&self, call: &syn::ExprMethodCall) -> bool {
        OVER_MEMORY.contains(&call.method.to_string().as_str()) || self.is_bounded(&call.receiver)
    }

    /// Whether a number is small, or as large as something in memory.
    fn is_few(&self, number: &syn::Expr) -> bool {
        match number {
            syn::Expr::Lit(literal) => match &literal.lit {
                syn::Lit::Int(number) => number.base10_parse::<u64>().is_ok_and(|number| number <= FEW),
                _ => false,
            },
            syn::Expr::Path(path) => path
                .path
                .get_ident()
                .is_some_and(|name| self.names.contains(&name.to_string())),
            syn::Expr::MethodCall(call) if call.method == "len" => call.args.is_empty(),
            syn::Expr::MethodCall(call) if call.method == "min" => {
                self.is_few(&call.receiver) || call.args.first().is_some_and(|other| self.is_few(other))
            }
            syn::Expr::Paren(inner) => self.is_few(&inner.expr),
            syn::Expr::Cast(cast) => self.is_few(&cast.expr),
            syn::Expr::Binary(binary) => match binary.op {
                syn::BinOp::Add(_) => self.is_few(&binary.left) && self.is_few(&binary.right),
                syn::BinOp::Sub(_) | syn::BinOp::Div(_) | syn::BinOp::Shr(_) => self.is_few(&binary.left),
                syn::BinOp::Rem(_) => self.is_few(&binary.right),
                _ => false,
            },
            _ => false,
        }
    }
}

impl<'a> Visit<'a> for Bounds {
    fn visit_local(&mut self, i: &'a syn::Local) {
        if let (syn::Pat::Ident(name), Some(init)) = (&i.pat, &i.init)
            && name.mutability.is_none()
            && self.is_few(&init.expr)
        {
            self.names.insert(name.ident.to_string());
        }
        visit::visit_local(self, i);
    }
    fn visit_item_const(&mut self, i: &'a syn::ItemConst) {
        if self.is_few(&i.expr) {
            self.names.insert(i.ident.to_string());
        }
    }
}

/// Whether a body only computes: no loop, no call but of quick methods, nothing awaited.
pub(crate) fn is_simple(body: &syn::Block) -> bool {
    let mut work = Work(false);
    work.visit_block(body);
    !work.0
}

/// The same of an expression.
pub(crate) fn is_simple_expression(expression: &syn::Expr) -> bool {
    let mut work = Work(false);
    work.visit_expr(expression);
    !work.0
}

/// Whether anything was found that may take long.
struct Work(bool);

impl<'a> Visit<'a> for Work {
    fn visit_expr(&mut self, i: &'a syn::Expr) {
        self.0 |= matches!(
            i,
            syn::Expr::ForLoop(_)
                | syn::Expr::While(_)
                | syn::Expr::Loop(_)
                | syn::Expr::Closure(_)
                | syn::Expr::Macro(_)
                | syn::Expr::Await(_)
                | syn::Expr::Async(_)
        );
        visit::visit_expr(self, i);
    }
    fn visit_stmt_macro(&mut self, _: &'a syn::StmtMacro) {
        self.0 = true;
    }
    fn visit_expr_call(&mut self, i: &'a syn::ExprCall) {
        // `Some(x)` and other types that hold values; everything else may be a function.
        let holds = |segment: &syn::PathSegment| segment.ident.to_string().starts_with(char::is_uppercase);
        let holds = matches!(&*i.func, syn::Expr::Path(path) if path.path.segments.last().is_some_and(holds));
        self.0 |= !holds;
        visit::visit_expr_call(self, i);
    }
    fn visit_expr_method_call(&mut self, i: &'a syn::ExprMethodCall) {
        self.0 |= !QUICK.contains(&i.method.to_string().as_str());
        visit::visit_expr_method_call(self, i);
    }
}
