//! The names that `use` lines bring in. They stay for later cells; of two with one name the newer wins.

/// One leaf of a `use` tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Import {
    /// The name it brings in; none for a glob or `_`.
    pub(crate) name: Option<String>,
    /// The line that brings in this name alone.
    pub(crate) line: String,
}

impl Import {
    /// The first word of its path.
    pub(crate) fn root(&self) -> &str {
        let path = self.line.trim_start_matches("use ").trim_start_matches("::");
        path.split(|c: char| !(c.is_alphanumeric() || c == '_'))
            .next()
            .unwrap_or_default()
    }
}

/// The leaves of a `use` line.
pub(crate) fn imports(item: &syn::ItemUse) -> Vec<Import> {
    let mut out = Vec::new();
    let start = if item.leading_colon.is_some() { "::" } else { "" };
    collect(&item.tree, start.to_string(), &mut out);
    out
}

fn collect(tree: &syn::UseTree, path: String, out: &mut Vec<Import>) {
    match tree {
        syn::UseTree::Path(inner) => collect(&inner.tree, format!("{path}{}::", inner.ident), out),
        syn::UseTree::Group(group) => group.items.iter().for_each(|tree| collect(tree, path.clone(), out)),
        syn::UseTree::Glob(_) => out.push(Import {
            name: None,
            line: format!("use {path}*;"),
        }),
        syn::UseTree::Name(leaf) if leaf.ident == "self" => {
            let module = path.trim_end_matches("::");
            let name = module.rsplit("::").next().map(String::from);
            out.push(Import {
                name,
                line: format!("use {module};"),
            });
        }
        syn::UseTree::Name(leaf) => {
            out.push(Import {
                name: Some(leaf.ident.to_string()),
                line: format!("use {path}{};", leaf.ident),
            });
        }
        syn::UseTree::Rename(leaf) => {
            let target = if leaf.ident == "self" {
                path.trim_end_matches("::").to_string()
            } else {
                format!("{path}{}", leaf.ident)
            };
            let name = (leaf.rename != "_").then(|| leaf.rename.to_string());
            out.push(Import {
                name,
                line: format!("use {target} as {};", leaf.rename),
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_becomes_its_leaves() {
        let item: syn::ItemUse =
            syn::parse_str("use std::{collections::{self, HashMap as Map}, fmt::*, io::Write as _};").expect("a use line");
        let lines: Vec<String> = imports(&item).into_iter().map(|i| i.line).collect();
        assert_eq!(
            lines,
            [
                "use std::collections;",
                "use std::collections::HashMap as Map;",
                "use std::fmt::*;",
                "use std::io::Write as _;"
            ]
        );
        let names: Vec<Option<String>> = imports(&item).into_iter().map(|i| i.name).collect();
        assert_eq!(names, [Some("collections".into()), Some("Map".into()), None, None]);
    }
}
