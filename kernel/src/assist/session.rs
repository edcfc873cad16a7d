//! What a session adds to the libraries: its variables, and the items of its cells.

use super::index::{Entry, Index, Type};
use super::reader;
use crate::engine::imports::Import;
use crate::engine::{Described, Engine};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// What is known of a session; taken after each cell, so that it can be asked while the next one runs.
#[derive(Clone, Debug, Default)]
pub(crate) struct Session {
    /// Variables and their types.
    pub(crate) variables: BTreeMap<String, String>,
    /// What they are besides.
    pub(crate) described: BTreeMap<String, Described>,
    /// Functions, types and macros of earlier cells.
    pub(crate) items: Vec<Entry>,
    /// The types among them.
    pub(crate) types: BTreeMap<String, Type>,
    /// What `use` lines of earlier cells bring in.
    pub(crate) imports: Vec<Import>,
    /// Names of crates that `:dep` added.
    pub(crate) dependencies: Vec<String>,
    /// The folder that paths begin in.
    pub(crate) folder: PathBuf,
    text: String,
}

impl Session {
    /// Takes over what an engine knows now.
    pub(crate) fn update(&mut self, engine: &Engine) {
        let types = engine.variables().iter().map(|(name, v)| (name.clone(), v.type_name.clone()));
        self.variables = types.collect();
        self.described = engine.described().clone();
        self.imports = engine.imports().to_vec();
        self.dependencies = engine.dependency_names();
        self.folder = engine.working_folder().to_path_buf();
        let text = engine.item_text();
        if text != self.text {
            (self.items, self.types) = reader::items(&text);
            proc_macro2::extra::invalidate_current_thread_spans();
            self.text = text;
        }
    }
}

/// Types by their bare name: of the session, then of the libraries.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Types<'a> {
    pub(crate) session: &'a Session,
    pub(crate) index: &'a Index,
}

impl<'a> Types<'a> {
    /// The type of this name.
    pub(crate) fn get(&self, name: &str) -> Option<&'a Type> {
        self.session.types.get(name).or_else(|| self.index.types.get(name))
    }
}
