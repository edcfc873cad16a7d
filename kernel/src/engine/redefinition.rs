//! What a name that is defined anew means for what was made with the earlier one.

use super::cell::Cell;
use super::identifiers::identifiers;
use super::item::{Item, Kind};
use super::state::{ItemCell, State};
use super::types;
use std::cmp::Reverse;
use std::collections::BTreeSet;
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
        let (before, now) = (texts(&earlier.items), texts(&cell.items));
        // Blocks of a type stand in one crate with it, whatever cell they were written in.
        let blocks_alone = cell.items.iter().all(|item| item.name().is_none());
        if before != now && !(blocks_alone && before.windows(now.len()).any(|some| some == now)) {
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
    let names = earlier.iter().chain(items).filter_map(Item::name);
    let own: BTreeSet<String> = names.map(String::from).collect();
    let written: Vec<Block> = items.iter().filter_map(Block::read).collect();
    let left = earlier.into_iter().filter_map(|item| remaining(item, &written, &own));
    left.collect()
}

/// What is left of an earlier item.
fn remaining(mut item: Item, written: &[Block], own: &BTreeSet<String>) -> Option<Item> {
    let Some(block) = Block::read(&item) else {
        return Some(item);
    };
    let again: Vec<&Block> = written.iter().filter(|new| block.is_rewritten_by(new, own)).collect();
    let is_whole = block.of_trait.is_some() || block.is_plain;
    if is_whole && block.is_there_again(again.iter().copied()) {
        return None;
    }
    let members = block.members.iter().filter(|(name, _)| again.iter().any(|new| new.has(name)));
    let mut cuts: Vec<&Range<usize>> = members.map(|(_, at)| at).collect();
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
    members: Vec<(String, Range<usize>)>,
    /// Whether that is all that is in it: what macros define has no names here.
    is_plain: bool,
    /// The names of the trait, if it has one, and of the type.
    of_trait: Option<String>,
    kind: String,
    /// The path of the trait as it is written, without spaces and arguments.
    path: String,
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
        let kind = match &*block.self_ty {
            syn::Type::Path(kind) => kind,
            syn::Type::Reference(reference) => match &*reference.elem {
                syn::Type::Path(kind) => kind,
                _ => return None,
            },
            _ => return None,
        };
        let arguments = |(_, path, _): &(_, syn::Path, _)| {
            let range = path.segments.last()?.arguments.span().byte_range();
            Some(text.get(range)?.split_whitespace().collect::<String>())
        };
        let start = block.impl_token.span.byte_range().start;
        let written = block.self_ty.span().byte_range();
        let head = text.get(start..written.end)?;
        let names = |path: &syn::Path| {
            path.segments
                .iter()
                .map(|segment| segment.ident.to_string())
                .collect::<Vec<_>>()
        };
        let members = members(&block);
        Some(Self {
            head: head.split_whitespace().collect::<Vec<_>>().join(" "),
            is_plain: members.len() == block.items.len() && !members.is_empty(),
            members,
            path: block
                .trait_
                .as_ref()
                .map(|(_, path, _)| names(path).join("::"))
                .unwrap_or_default(),
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
        self.members.iter().any(|(name, _)| name == member)
    }

    /// Whether all that it gives its type is there again with these.
    fn is_there_again<'a>(&self, written: impl IntoIterator<Item = &'a Self>) -> bool {
        let again: Vec<&Self> = written.into_iter().filter(|new| new.is_like(self)).collect();
        let has = |(name, _): &(String, Range<usize>)| again.iter().any(|new| new.has(name));
        !again.is_empty() && (self.of_trait.is_some() || self.members.iter().all(has))
    }

    /// Whether `new` says again what this block is about: the same type, and the same trait or none. A trait of the standard
    /// library may be written with a longer path, unless one of the cells' own (`own`) has its name.
    fn is_rewritten_by(&self, new: &Self, own: &BTreeSet<String>) -> bool {
        let (short, long) = if self.path.len() < new.path.len() {
            (&self.path, &new.path)
        } else {
            (&new.path, &self.path)
        };
        let is_end = || long.strip_suffix(short.as_str()).is_some_and(|before| before.ends_with("::"));
        let is_standard = || ["std::", "core::", "alloc::"].iter().any(|root| long.starts_with(root));
        let same_trait = short == long || is_standard() && is_end() && !own.contains(short);
        new.is_like(self) && new.written == self.written && same_trait
    }
}

fn members(block: &syn::ItemImpl) -> Vec<(String, Range<usize>)> {
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
