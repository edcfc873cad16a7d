//! What a name that is defined anew means for what was made with the earlier one.

use super::cell::Cell;
use super::identifiers::identifiers;
use super::item::{Item, Kind};
use super::state::{ItemCell, State};
use super::types;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use syn::spanned::Spanned;

/// Whether an earlier cell defines exactly these items, and they still mean what they meant: running a cell again then
/// changes no type, and variables of its types stay.
pub(crate) fn repeated(cell: &Cell, state: &State) -> bool {
    if cell.items.is_empty() || cell.items.iter().any(|item| item.has_state()) {
        return false;
    }
    let mut state = state.clone();
    state.import(&cell.imports);
    let same = |(at, earlier): (usize, &ItemCell)| {
        let texts = |items: &[Item]| items.iter().map(|i| i.fragment.text.clone()).collect::<Vec<_>>();
        if texts(&earlier.items) != texts(&cell.items) {
            return false;
        }
        let names = earlier.items.iter().flat_map(Item::names);
        let whole = names.clone().all(|(name, _)| earlier.names.contains_key(name));
        let words: BTreeSet<String> = texts(&earlier.items).iter().flat_map(|t| identifiers(t)).collect();
        let own: BTreeSet<&String> = names.map(|(name, _)| name).collect();
        let changed = state.item_cells[at + 1..]
            .iter()
            .flat_map(|c| c.names.keys())
            .any(|name| words.contains(name) && !own.contains(name));
        whole && !changed && earlier.imports == state.imports_for(&words)
    };
    state.item_cells.iter().enumerate().any(same)
}

/// What to say of functions and types that were made with names which `items` define anew.
pub(crate) fn notes(items: &[Item], state: &State) -> Vec<String> {
    let anew: BTreeSet<&String> = items.iter().flat_map(Item::names).map(|(name, _)| name).collect();
    let mut out = Vec::new();
    for cell in &state.item_cells {
        for item in &cell.items {
            let Some(name) = item.name().filter(|name| cell.names.contains_key(*name)) else {
                continue;
            };
            if anew.iter().any(|n| n.as_str() == name) {
                continue;
            }
            let words = identifiers(&item.fragment.text);
            let used: Vec<String> = anew
                .iter()
                .filter(|n| words.contains(**n) && state.item_cells.iter().any(|c| c.names.contains_key(**n)))
                .map(|n| format!("`{n}`"))
                .collect();
            if !used.is_empty() {
                out.push(format!(
                    "note: `{name}` still uses the earlier {}; run its cell again to change that",
                    used.join(", ")
                ));
            }
        }
    }
    out
}

/// What to say of the `impl` blocks of types and traits that `items` define anew without them.
pub(crate) fn impls_gone(items: &[Item], state: &State) -> Vec<String> {
    let anew: BTreeSet<&str> = items.iter().filter_map(Item::name).collect();
    let read = |item: &Item| Block::read(item);
    let written: Vec<Block> = items.iter().filter_map(read).collect();
    let mut out = Vec::new();
    for name in anew {
        // Blocks that stand before the definition belong to one that was gone already.
        let Some(defined) = state
            .item_cells
            .iter()
            .position(|cell| cell.names.get(name) == Some(&Kind::Type))
        else {
            continue;
        };
        let derives = items.iter().filter(|item| item.name() == Some(name));
        let derived: BTreeSet<String> = derives.flat_map(|item| derives_of(&item.fragment.text)).collect();
        let blocks = state.item_cells[defined..]
            .iter()
            .flat_map(|cell| cell.items.iter().filter_map(read));
        let gone: Vec<String> = blocks
            .filter(|block| block.is_about(name) && !block.is_there_again(&written))
            .filter(|block| block.of_trait.as_ref().is_none_or(|of| !derived.contains(of)))
            .map(|block| format!("`{}`", block.head))
            .collect();
        if let Some((last, first)) = gone.split_last() {
            let all = if first.is_empty() {
                last.clone()
            } else {
                format!("{} and {last}", first.join(", "))
            };
            let them = if first.is_empty() { "it" } else { "them" };
            out.push(format!(
                "note: {all} belonged to the old `{name}` and went with it; write {them} again"
            ));
        }
    }
    out
}

/// Earlier items as they stand beside new ones: without the `impl` blocks of a trait that are written again for the same type,
/// and without functions that a type's own new block defines.
pub(crate) fn without_rewritten(earlier: Vec<Item>, items: &[Item]) -> Vec<Item> {
    let written: Vec<Block> = items.iter().filter_map(Block::read).collect();
    earlier.into_iter().filter_map(|item| remaining(item, &written)).collect()
}

/// What is left of an earlier item.
fn remaining(mut item: Item, written: &[Block]) -> Option<Item> {
    let Some(block) = Block::read(&item) else {
        return Some(item);
    };
    let again = || {
        written
            .iter()
            .filter(|new| new.is_like(&block) && new.written == block.written)
    };
    if block.is_there_again(again()) {
        return None;
    }
    let members = block.members.iter();
    let mut cuts: Vec<&Range<usize>> = members
        .filter(|(name, _)| again().any(|new| new.has(name)))
        .map(|(_, at)| at)
        .collect();
    cuts.sort_by_key(|cut| Reverse(cut.start));
    for cut in cuts {
        item = item.without(cut);
    }
    Some(item)
}

/// An `impl` block.
struct Block {
    /// What stands before its brace.
    head: String,
    /// What the trait is given: `<u8>` of `From<u8>`.
    arguments: String,
    /// The functions, constants and types in it, and where in the item's text they stand.
    members: BTreeMap<String, Range<usize>>,
    /// The names of the trait, if it has one, and of the type.
    of_trait: Option<String>,
    kind: String,
    /// The type as it is written, without spaces.
    written: String,
}

impl Block {
    fn read(item: &Item) -> Option<Self> {
        if item.name().is_some() || !item.fragment.text.contains("impl") {
            return None;
        }
        let text = &item.fragment.text;
        let block: syn::ItemImpl = syn::parse_str(text).ok()?;
        let last = |path: &syn::Path| path.segments.last().map(|segment| segment.ident.to_string());
        let syn::Type::Path(kind) = &*block.self_ty else {
            return None;
        };
        let arguments = |(_, path, _): &(_, syn::Path, _)| {
            let range = path.segments.last()?.arguments.span().byte_range();
            Some(text.get(range)?.split_whitespace().collect::<String>())
        };
        let start = block.impl_token.span.byte_range().start;
        let written = block.self_ty.span().byte_range();
        let head = text.get(start..written.end)?;
        Some(Self {
            head: head.split_whitespace().collect::<Vec<_>>().join(" "),
            members: members(&block),
            written: text.get(written)?.split_whitespace().collect(),
            arguments: block.trait_.as_ref().and_then(arguments).unwrap_or_default(),
            of_trait: block.trait_.as_ref().and_then(|(_, path, _)| last(path)),
            kind: last(&kind.path)?,
        })
    }

    fn is_about(&self, name: &str) -> bool {
        self.kind == name || self.of_trait.as_deref() == Some(name)
    }

    /// Whether both give a type of this name the same trait, or both are its own.
    fn is_like(&self, other: &Self) -> bool {
        (&self.kind, &self.of_trait, &self.arguments) == (&other.kind, &other.of_trait, &other.arguments)
    }

    fn has(&self, member: &str) -> bool {
        self.members.contains_key(member)
    }

    /// Whether all that it gives its type is there again with these.
    fn is_there_again<'a>(&self, written: impl IntoIterator<Item = &'a Self>) -> bool {
        let again: Vec<&Self> = written.into_iter().filter(|new| new.is_like(self)).collect();
        let has = |name: &String| again.iter().any(|new| new.has(name));
        !again.is_empty() && (self.of_trait.is_some() || self.members.keys().all(has))
    }
}

fn members(block: &syn::ItemImpl) -> BTreeMap<String, Range<usize>> {
    let named = |item: &syn::ImplItem| {
        let name = match item {
            syn::ImplItem::Fn(function) => &function.sig.ident,
            syn::ImplItem::Const(constant) => &constant.ident,
            syn::ImplItem::Type(alias) => &alias.ident,
            _ => return None,
        };
        Some((name.to_string(), item.span().byte_range()))
    };
    block.items.iter().filter_map(named).collect()
}

/// The names in the `#[derive(..)]` of an item.
fn derives_of(text: &str) -> BTreeSet<String> {
    let Ok(item) = syn::parse_str::<syn::DeriveInput>(text) else {
        return BTreeSet::new();
    };
    let lists = item.attrs.iter().filter(|attribute| attribute.path().is_ident("derive"));
    let names = lists.filter_map(|attribute| attribute.meta.require_list().ok());
    names.flat_map(|list| identifiers(&list.tokens.to_string())).collect()
}

/// The first type in a type's name that has been defined anew since, or whose cell is gone.
pub(crate) fn outdated(type_name: &str, cells: &[ItemCell]) -> Option<String> {
    types::mentioned_items(type_name)
        .into_iter()
        .find(|(number, name)| {
            let cell = cells.iter().find(|cell| cell.number == *number);
            cell.is_none_or(|cell| cell.was_replaced(name))
        })
        .map(|(_, name)| name)
}
