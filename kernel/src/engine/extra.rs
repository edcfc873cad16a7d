//! Libraries beside the facade, for cells that use their words: what most cells never need costs them nothing there.
//!
//! Each stands on the facade, as a crate of `:dep` does. Every compile is told where it lies, which costs nothing; only a
//! cell that says one of its words, or reaches one through a variable or an item of an earlier cell, brings it in.

use std::collections::BTreeSet;

/// A library beside the facade.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Extra {
    /// The crate, as cells and programs name it.
    pub(crate) name: &'static str,
    /// The package, and its folder in the workspace.
    package: (&'static str, &'static str),
    /// What nobody says who does not mean it; with a bracket, where it is called.
    words: &'static [&'static str],
    /// Traits whose methods are there without their name being said.
    traits: &'static [&'static str],
    /// Names that are there where they are said.
    names: &'static [&'static str],
}

/// All of them.
pub(crate) const EXTRAS: [Extra; 1] = [Extra {
    name: "cistron_lazy",
    package: ("cistron-lazy", "dsl/lazy"),
    words: &[
        "cistron_lazy",
        "lazy(",
        "col(",
        "cols(",
        "lit(",
        "when(",
        "Expr",
        "IntoLazy",
        "LazyCsvReader",
        "LazyFrame",
        "LazyGroupBy",
    ],
    traits: &["IntoLazy", "LazyFileListReader", "Literal"],
    names: &[
        "Expr",
        "IntoLazy",
        "JoinArgs",
        "JoinType",
        "JoinValidation",
        "LazyCsvReader",
        "LazyFileListReader",
        "LazyFrame",
        "LazyGroupBy",
        "Literal",
        "RankMethod",
        "RankOptions",
        "UnionArgs",
        "all",
        "coalesce",
        "col",
        "cols",
        "concat",
        "dtype_col",
        "element",
        "first",
        "last",
        "len",
        "lit",
        "max_horizontal",
        "mean_horizontal",
        "min_horizontal",
        "nth",
        "sum_horizontal",
        "ternary_expr",
        "when",
    ],
}];

impl Extra {
    /// The package as a manifest names it, and its folder in the workspace.
    pub(crate) fn package(&self) -> (&'static str, &'static str) {
        self.package
    }

    /// The line that brings in its traits, and what `words` name and `taken` does not hold.
    pub(crate) fn import(&self, words: &BTreeSet<String>, taken: &BTreeSet<&str>) -> String {
        let here = |name: &&&str| words.contains(**name) && !taken.contains(**name);
        let named = self.names.iter().filter(here).map(|name| (*name).to_string());
        let traits = self.traits.iter().map(|name| format!("{name} as _"));
        let all: Vec<String> = traits.chain(named).collect();
        format!("use {}::{{{}}};", self.name, all.join(", "))
    }
}

/// Those that code with these words needs.
pub(crate) fn needed(words: &BTreeSet<String>) -> impl Iterator<Item = &'static Extra> {
    EXTRAS
        .iter()
        .filter(|extra| extra.words.iter().any(|word| words.contains(*word)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::identifiers::identifiers;

    #[test]
    fn its_names_are_those_of_the_library() {
        let source = include_str!("../../../dsl/lazy/src/lib.rs");
        let offered: BTreeSet<String> = source
            .split("pub use polars_lazy::")
            .skip(1)
            .filter_map(|part| part.split_once('{')?.1.split_once('}'))
            .flat_map(|(list, _)| list.split(',').map(|name| name.trim().to_string()).collect::<Vec<_>>())
            .filter(|name| !name.is_empty())
            .collect();
        let ours: BTreeSet<String> = EXTRAS[0].names.iter().map(|name| (*name).to_string()).collect();
        assert_eq!(ours, offered);
    }

    #[test]
    fn everyday_names_do_not_mean_it_unless_they_are_called() {
        let asks = |code: &str| needed(&identifiers(code)).count();
        assert_eq!(asks("for col in table.get_column_names() { let when = col.len(); }"), 0);
        assert_eq!(asks("table.filter(&mask)?"), 0);
        assert_eq!(asks("let e = col(\"x\");"), 1);
        assert_eq!(asks("fn all() -> Vec<Expr> { vec![] }"), 1);
        let words = identifiers("table.lazy().select([col(\"x\"), len()])");
        let line = EXTRAS[0].import(&words, &BTreeSet::from(["len"]));
        assert!(
            line.contains("IntoLazy as _") && line.contains(", col}") && !line.contains("len"),
            "{line}"
        );
    }
}
