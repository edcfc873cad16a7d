//! The files of one crate, read into modules.

use super::entry;
use super::expand::{Macros, implementations};
use crate::assist::index::{Entry, Kind, Type};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use syn::spanned::Spanned;

/// A name that a module takes from elsewhere.
#[derive(Clone, Debug)]
pub(super) struct Use {
    /// The path, without the name.
    pub(super) path: Vec<String>,
    /// The name there and the name here; nothing for all names.
    pub(super) name: Option<(String, String)>,
    /// Whether others see it here.
    pub(super) public: bool,
}

/// A module.
#[derive(Debug, Default)]
pub(super) struct Module {
    /// What it defines itself and others may see.
    pub(super) items: Vec<Entry>,
    /// What it takes from elsewhere.
    pub(super) uses: Vec<Use>,
    /// Modules in it: name, place in [`Crate::modules`], whether others see it.
    pub(super) children: Vec<(String, usize, bool)>,
    /// The module around it.
    pub(super) parent: usize,
    /// What its documentation says.
    pub(super) doc: String,
}

/// A crate.
#[derive(Debug)]
pub(super) struct Crate {
    /// Its name in code.
    pub(super) name: String,
    /// Its modules, the root first.
    pub(super) modules: Vec<Module>,
    /// Its types by name.
    pub(super) types: BTreeMap<String, Type>,
    /// The traits of its types, by the types' names.
    pub(super) implements: BTreeMap<String, BTreeSet<String>>,
    /// Its parsed files, for tables.
    pub(super) files: Vec<(PathBuf, syn::File)>,
}

impl Crate {
    /// Reads a crate from its root file. Files that can't be read or parsed are left out; there is nothing to offer
    /// from them.
    pub(super) fn read(name: &str, root: &Path) -> Self {
        let mut krate = Self {
            name: name.into(),
            modules: vec![Module::default()],
            types: BTreeMap::new(),
            implements: BTreeMap::new(),
            files: Vec::new(),
        };
        let mut waiting = vec![(root.to_path_buf(), folder_of(root, true), 0)];
        let mut parsed: Vec<(PathBuf, PathBuf, usize, syn::File)> = Vec::new();
        // Modules first, then what is in them: macros must be known before.
        while let Some((path, folder, module)) = waiting.pop() {
            let Some(file) = std::fs::read_to_string(&path)
                .ok()
                .and_then(|text| syn::parse_file(&text).ok())
            else {
                continue;
            };
            krate.modules[module].doc = entry::doc(&file.attrs);
            krate.find_modules(&file.items, &folder, module, &mut waiting);
            parsed.push((path, folder, module, file));
        }
        let mut macros = Macros::default();
        parsed.iter().for_each(|(.., file)| macros.learn(&file.items));
        for (_, _, module, file) in &parsed {
            krate.read_items(&file.items, *module, &macros);
        }
        krate.files = parsed.into_iter().map(|(path, .., file)| (path, file)).collect();
        krate
    }

    fn find_modules(&mut self, items: &[syn::Item], folder: &Path, module: usize, waiting: &mut Vec<(PathBuf, PathBuf, usize)>) {
        for item in items {
            let syn::Item::Mod(item) = item else { continue };
            if entry::hidden(&item.attrs) {
                continue;
            }
            let name = item.ident.to_string();
            let place = self.modules.len();
            self.modules.push(Module {
                parent: module,
                doc: entry::doc(&item.attrs),
                ..Module::default()
            });
            self.modules[module]
                .children
                .push((name.clone(), place, entry::public(&item.vis)));
            match &item.content {
                Some((_, items)) => self.find_modules(items, &folder.join(&name), place, waiting),
                None => {
                    let files = [folder.join(format!("{name}.rs")), folder.join(&name).join("mod.rs")];
                    if let Some(file) = files.into_iter().find(|file| file.is_file()) {
                        let folder = folder_of(&file, file.ends_with("mod.rs"));
                        waiting.push((file, folder, place));
                    }
                }
            }
        }
    }

    fn read_items(&mut self, items: &[syn::Item], module: usize, macros: &Macros) {
        for item in items {
            match item {
                syn::Item::Mod(item) if !entry::hidden(&item.attrs) => {
                    let name = item.ident.to_string();
                    let child = self.modules[module]
                        .children
                        .iter()
                        .find(|(n, ..)| *n == name)
                        .map(|(_, place, _)| *place);
                    if let (Some((_, items)), Some(place)) = (&item.content, child) {
                        self.read_items(items, place, macros);
                    }
                }
                syn::Item::Use(item) => {
                    let public = entry::public(&item.vis);
                    read_use(&item.tree, &mut Vec::new(), public, &mut self.modules[module].uses);
                }
                syn::Item::Impl(item) if item.trait_.is_none() && !entry::hidden(&item.attrs) => self.read_impl(item, macros),
                syn::Item::Impl(item) => self.read_trait(item),
                other => {
                    if let syn::Item::Macro(rules) = other {
                        for (kind, one) in implementations(&rules.mac.tokens) {
                            self.implements.entry(kind).or_default().insert(one);
                        }
                    }
                    if let Some(found) = entry::of_item(other, &self.name) {
                        self.read_type(other, &found);
                        // A macro that others may use stands at the root, wherever it is written.
                        let module = if found.kind == Kind::Macro && matches!(other, syn::Item::Macro(_)) {
                            0
                        } else {
                            module
                        };
                        self.modules[module].items.push(found);
                    }
                }
            }
        }
    }

    fn read_type(&mut self, item: &syn::Item, found: &Entry) {
        let generics = |generics: &syn::Generics| generics.type_params().map(|p| p.ident.to_string()).collect::<Vec<_>>();
        let (names, members, associated) = match item {
            // Another name has what the type has; of two types with one name it is no other.
            syn::Item::Type(item) => {
                if let Some(target) = leads_to(&item.ty).filter(|target| *target != found.name) {
                    let kind = self.types.entry(found.name.clone()).or_default();
                    kind.about = found.clone();
                    kind.target = target;
                }
                return;
            }
            syn::Item::Struct(item) => (generics(&item.generics), entry::fields(&item.fields), Vec::new()),
            syn::Item::Enum(item) => (
                generics(&item.generics),
                Vec::new(),
                item.variants.iter().map(entry::variant).collect(),
            ),
            syn::Item::Trait(item) => {
                let functions = item.items.iter().filter_map(|item| match item {
                    syn::TraitItem::Fn(f) if !entry::hidden(&f.attrs) => Some(entry::function(&f.sig, &f.attrs)),
                    _ => None,
                });
                let (members, associated) = functions.partition(|f| f.kind == Kind::Method);
                (generics(&item.generics), members, associated)
            }
            _ => return,
        };
        let kind = self.types.entry(found.name.clone()).or_default();
        kind.generics = names;
        kind.about = found.clone();
        kind.members.splice(0..0, members);
        kind.associated.splice(0..0, associated);
    }

    /// A trait of a type, and what a type leads to by `Deref`.
    fn read_trait(&mut self, item: &syn::ItemImpl) {
        let last = |path: &syn::Path| path.segments.last().map(|s| s.ident.to_string());
        let syn::Type::Path(own) = &*item.self_ty else { return };
        let (Some(name), Some((_, path, _))) = (last(&own.path), &item.trait_) else {
            return;
        };
        let Some(one) = last(path) else { return };
        let target = item.items.iter().find_map(|inner| match inner {
            syn::ImplItem::Type(kind) => leads_to(&kind.ty),
            _ => None,
        });
        if let ("Deref", Some(target)) = (one.as_str(), target) {
            self.types.entry(name.clone()).or_default().target = target;
        }
        self.implements.entry(name).or_default().insert(one);
    }

    fn read_impl(&mut self, item: &syn::ItemImpl, macros: &Macros) {
        let syn::Type::Path(path) = &*item.self_ty else { return };
        let Some(name) = path.path.segments.last().map(|s| s.ident.to_string()) else {
            return;
        };
        let mut found = Vec::new();
        for inner in &item.items {
            match inner {
                syn::ImplItem::Fn(f) if entry::public(&f.vis) && !entry::hidden(&f.attrs) => {
                    found.push(entry::function(&f.sig, &f.attrs));
                }
                syn::ImplItem::Const(c) if entry::public(&c.vis) && !entry::hidden(&c.attrs) => found.push(Entry {
                    name: c.ident.to_string(),
                    kind: Kind::Constant,
                    signature: format!("const {}: {}", c.ident, entry::text(c.ty.span())),
                    doc: entry::doc(&c.attrs),
                    result: entry::text(c.ty.span()),
                    ..Entry::default()
                }),
                syn::ImplItem::Macro(call) => found.extend(macros.functions(&call.mac, &call.attrs)),
                _ => {}
            }
        }
        let kind = self.types.entry(name).or_default();
        for one in found {
            let list = if one.kind == Kind::Method {
                &mut kind.members
            } else {
                &mut kind.associated
            };
            if list.iter().all(|known| known.name != one.name) {
                list.push(one);
            }
        }
    }
}

/// The items of a file that is a crate of its own.
pub(super) fn items(file: syn::File) -> (Vec<Entry>, BTreeMap<String, Type>) {
    let mut krate = Crate {
        name: String::new(),
        modules: vec![Module::default()],
        types: BTreeMap::new(),
        implements: BTreeMap::new(),
        files: Vec::new(),
    };
    let mut macros = Macros::default();
    macros.learn(&file.items);
    krate.read_items(&file.items, 0, &macros);
    (std::mem::take(&mut krate.modules[0].items), krate.types)
}

/// The bare name of a type, or of the first trait of `dyn Trait`.
fn leads_to(kind: &syn::Type) -> Option<String> {
    let path = match kind {
        syn::Type::Path(kind) => &kind.path,
        syn::Type::TraitObject(object) => object.bounds.iter().find_map(|bound| match bound {
            syn::TypeParamBound::Trait(one) => Some(&one.path),
            _ => None,
        })?,
        _ => return None,
    };
    path.segments.last().map(|segment| segment.ident.to_string())
}

/// The folder that modules of a file lie in.
fn folder_of(file: &Path, is_root: bool) -> PathBuf {
    let folder = file.parent().unwrap_or(Path::new(""));
    if is_root {
        folder.into()
    } else {
        folder.join(file.file_stem().unwrap_or_default())
    }
}

fn read_use(tree: &syn::UseTree, path: &mut Vec<String>, public: bool, out: &mut Vec<Use>) {
    let mut push = |path: &[String], name: Option<(String, String)>| {
        out.push(Use {
            path: path.to_vec(),
            name,
            public,
        });
    };
    match tree {
        syn::UseTree::Path(inner) => {
            path.push(inner.ident.to_string());
            read_use(&inner.tree, path, public, out);
            path.pop();
        }
        syn::UseTree::Group(group) => group.items.iter().for_each(|tree| read_use(tree, path, public, out)),
        syn::UseTree::Glob(_) => push(path, None),
        syn::UseTree::Name(leaf) if leaf.ident == "self" => {
            if let Some((last, before)) = path.split_last() {
                push(before, Some((last.clone(), last.clone())));
            }
        }
        syn::UseTree::Name(leaf) => push(path, Some((leaf.ident.to_string(), leaf.ident.to_string()))),
        syn::UseTree::Rename(leaf) if leaf.ident == "self" => {
            if let Some((last, before)) = path.split_last() {
                push(before, Some((last.clone(), leaf.rename.to_string())));
            }
        }
        syn::UseTree::Rename(leaf) => push(path, Some((leaf.ident.to_string(), leaf.rename.to_string()))),
    }
}
