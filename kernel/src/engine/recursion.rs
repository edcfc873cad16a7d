//! Which functions of a cell may call themselves, directly or through others. By name: a method counts as
//! calling every function of the cell that has the name of one it calls.

use proc_macro2::{TokenStream, TokenTree};
use std::collections::{BTreeMap, BTreeSet};
use syn::visit::{self, Visit};

/// The names of such functions.
#[derive(Default)]
pub(crate) struct Recursive(BTreeSet<String>);

impl Recursive {
    /// Gathers those of a cell.
    pub(crate) fn of(cell: &syn::Block) -> Self {
        let mut calls = Calls::default();
        calls.visit_block(cell);
        let again = |name: &&String| {
            let mut seen = BTreeSet::new();
            let mut next: Vec<&String> = calls.mentioned[*name].iter().collect();
            while let Some(other) = next.pop() {
                if other == *name {
                    return true;
                }
                if seen.insert(other) {
                    next.extend(calls.mentioned.get(other).into_iter().flatten());
                }
            }
            false
        };
        Self(calls.mentioned.keys().filter(again).cloned().collect())
    }

    /// Whether a function of this name may call itself.
    pub(crate) fn contains(&self, name: &syn::Ident) -> bool {
        self.0.contains(&name.to_string())
    }
}

/// The names that stand in the functions of a cell.
#[derive(Default)]
struct Calls {
    mentioned: BTreeMap<String, BTreeSet<String>>,
    inside: Vec<String>,
}

impl Calls {
    fn function(&mut self, name: &syn::Ident, body: &syn::Block) {
        let name = name.to_string();
        self.mentioned.entry(name.clone()).or_default();
        self.inside.push(name);
        self.visit_block(body);
        self.inside.pop();
    }

    fn mention(&mut self, name: &syn::Ident) {
        for function in &self.inside {
            if let Some(mentioned) = self.mentioned.get_mut(function) {
                mentioned.insert(name.to_string());
            }
        }
    }

    fn tokens(&mut self, tokens: TokenStream) {
        for token in tokens {
            match token {
                TokenTree::Ident(name) => self.mention(&name),
                TokenTree::Group(group) => self.tokens(group.stream()),
                _ => {}
            }
        }
    }
}

impl<'a> Visit<'a> for Calls {
    fn visit_item_fn(&mut self, i: &'a syn::ItemFn) {
        self.function(&i.sig.ident, &i.block);
    }
    fn visit_impl_item_fn(&mut self, i: &'a syn::ImplItemFn) {
        self.function(&i.sig.ident, &i.block);
    }
    fn visit_trait_item_fn(&mut self, i: &'a syn::TraitItemFn) {
        if let Some(body) = &i.default {
            self.function(&i.sig.ident, body);
        }
    }
    fn visit_path_segment(&mut self, i: &'a syn::PathSegment) {
        self.mention(&i.ident);
        visit::visit_path_segment(self, i);
    }
    fn visit_expr_method_call(&mut self, i: &'a syn::ExprMethodCall) {
        self.mention(&i.method);
        visit::visit_expr_method_call(self, i);
    }
    fn visit_macro(&mut self, i: &'a syn::Macro) {
        self.tokens(i.tokens.clone());
    }
}
