//! Libraries beside the facade, for cells that use their words: what most cells never need costs them nothing there.
//!
//! Each stands on the facade, as a crate of `:dep` does. Every compile is told where it lies, which costs nothing; only a
//! cell that says one of its words, or uses a variable of one of its types, brings it in.

use super::identifiers::identifiers;
use super::item::Item;
use super::state::Variable;
use std::collections::{BTreeMap, BTreeSet};

/// A library beside the facade.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Extra {
    /// The crate, as cells and programs name it.
    pub(crate) name: &'static str,
    /// The package, and its folder in the workspace.
    package: (&'static str, &'static str),
    /// What nobody says who does not mean it.
    words: &'static [&'static str],
}

/// All of them.
pub(crate) const EXTRAS: [Extra; 1] = [Extra {
    name: "cistron_lazy",
    package: ("cistron-lazy", "dsl/lazy"),
    words: &[
        "cistron_lazy",
        "lazy",
        "LazyFrame",
        "LazyGroupBy",
        "LazyCsvReader",
        "IntoLazy",
        "Expr",
        "col",
        "cols",
        "lit",
        "when",
    ],
}];

impl Extra {
    /// The package as a manifest names it, and its folder in the workspace.
    pub(crate) fn package(&self) -> (&'static str, &'static str) {
        self.package
    }

    /// The line that brings in everything of it.
    pub(crate) fn import(&self) -> String {
        format!("use {}::*;", self.name)
    }
}

/// Those that code needs: it says one of their words, uses a variable of one of their types, or has items along that do.
pub(crate) fn needed<'a>(
    words: &'a BTreeSet<String>,
    items: &'a [Item],
    variables: &'a BTreeMap<String, Variable>,
) -> impl Iterator<Item = &'static Extra> + 'a {
    EXTRAS.iter().filter(move |extra| {
        let says = |words: &BTreeSet<String>| extra.words.iter().any(|word| words.contains(*word));
        let own = |type_name: &str| type_name.contains(&format!("{}::", extra.name));
        says(words)
            || variables.iter().any(|(name, v)| words.contains(name) && own(&v.type_name))
            || items.iter().any(|item| says(&identifiers(&item.fragment.text)))
    })
}
