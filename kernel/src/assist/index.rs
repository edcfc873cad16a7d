//! What the libraries of a cell offer: names, signatures, documentation. Made when they are installed, kept beside
//! them, read when somebody asks for the first time.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The file's name in the folder of an installation, with the version of its form and of what is read into it.
const FILE: &str = "names-2.json";

/// What a name stands for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    /// A function, associated ones too.
    #[default]
    Function,
    /// A function with a receiver.
    Method,
    /// A field.
    Field,
    /// A structure.
    Struct,
    /// An enumeration.
    Enum,
    /// One of its cases.
    Variant,
    /// A trait.
    Trait,
    /// A macro.
    Macro,
    /// A module or a crate.
    Module,
    /// A constant or a static.
    Constant,
    /// Another name of a type.
    Type,
}

impl Kind {
    /// The word that front ends have an icon for.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Function => "function",
            Self::Method => "method",
            Self::Field => "property",
            Self::Struct => "struct",
            Self::Enum => "enum",
            Self::Variant => "enum member",
            Self::Trait => "interface",
            Self::Macro => "macro",
            Self::Module => "module",
            Self::Constant => "constant",
            Self::Type => "type",
        }
    }
}

/// A name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Entry {
    /// The name.
    pub(crate) name: String,
    /// What it stands for.
    pub(crate) kind: Kind,
    /// How it is declared.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) signature: String,
    /// Its documentation, in Markdown.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) doc: String,
    /// The type that it gives; of a module the path under which [`Index::modules`] has it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) result: String,
    /// The crate that defines it, while the index is made.
    #[serde(skip)]
    pub(crate) home: String,
}

/// What a type has.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Type {
    /// The names of its type parameters.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) generics: Vec<String>,
    /// How it is declared and what it is.
    #[serde(default)]
    pub(crate) about: Entry,
    /// The type whose fields and methods it has besides its own (`Deref`).
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) target: String,
    /// Fields and methods: what stands behind a dot.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) members: Vec<Entry>,
    /// Functions, variants and constants: what stands behind `::`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) associated: Vec<Entry>,
}

/// A word of a declaration.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Word {
    /// The word.
    pub(crate) name: String,
    /// An example of its use.
    pub(crate) example: String,
    /// What it does.
    pub(crate) doc: String,
    /// What it takes by name, each with the words that it can be.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) arguments: BTreeMap<String, Vec<String>>,
    /// The words that it takes without a name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) values: Vec<String>,
}

/// Everything.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Index {
    /// Modules by path, with what they hold. `prelude` is what every cell starts with.
    pub(crate) modules: BTreeMap<String, Vec<Entry>>,
    /// Types by their bare name.
    pub(crate) types: BTreeMap<String, Type>,
    /// Words of the declarations by where they stand: `layer`, `function`, `start`, `data`, `source`, `split`, `folds`,
    /// `kind`, `objective`, `loss`, `fit`, `compare`, `optimizer`, `option`.
    pub(crate) words: BTreeMap<String, Vec<Word>>,
}

impl Index {
    /// Reads the index of an installation; an empty one if there is none, for completion goes on without it.
    pub(crate) fn load(folder: &Path) -> Self {
        let text = std::fs::read_to_string(Self::file(folder)).unwrap_or_default();
        serde_json::from_str(&text).unwrap_or_default()
    }

    /// Where the index of an installation lies.
    pub(crate) fn file(folder: &Path) -> PathBuf {
        folder.join(FILE)
    }

    /// The names of a module.
    pub(crate) fn module(&self, path: &str) -> &[Entry] {
        self.modules.get(path).map_or(&[], Vec::as_slice)
    }

    /// The words of a place.
    pub(crate) fn words(&self, place: &str) -> &[Word] {
        self.words.get(place).map_or(&[], Vec::as_slice)
    }

    /// A word of a place.
    pub(crate) fn word(&self, place: &str, name: &str) -> Option<&Word> {
        self.words(place).iter().find(|word| word.name == name)
    }
}
