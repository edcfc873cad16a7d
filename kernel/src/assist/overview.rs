//! The declarations and their words at a glance, for `:help`.

use super::chain::MACROS;
use super::index::{Index, Kind, Word};

/// Places of [`Index::words`] and what stands there, in the order in which a notebook needs them.
const PLACES: &[(&str, &str)] = &[
    ("data", "data!"),
    ("kind", "kinds of input"),
    ("source", "sources"),
    ("split", "splits"),
    ("folds", "folds"),
    ("statement", "model!"),
    ("layer", "layers"),
    ("function", "functions"),
    ("start", "start of weights"),
    ("objective", "objective!"),
    ("loss", "losses"),
    ("fit", "fit!"),
    ("compare", "compare!"),
    ("optimizer", "optimizers"),
    ("option", "options take"),
];

/// A macro of the prelude that declares nothing: Polars' data frames.
const POLARS_TABLE: &str = "df";

impl Index {
    /// The declarations, as they are written, and what each gives: the first sentence of its documentation.
    pub(crate) fn declarations(&self) -> Vec<(String, String)> {
        let place = |name: &str| MACROS.iter().position(|(known, _)| *known == name).unwrap_or(MACROS.len());
        let own = |name: &str| name != POLARS_TABLE;
        let macros = self.module("prelude").iter();
        let macros = macros.filter(|entry| entry.kind == Kind::Macro && own(&entry.name));
        let mut found: Vec<_> = macros.collect();
        found.sort_by_key(|entry| place(&entry.name));
        let about = |doc: &str| {
            let paragraph = doc.split("\n\n").next().unwrap_or_default();
            let words = paragraph.split_whitespace().collect::<Vec<_>>().join(" ");
            words.split_once(". ").map(|(first, _)| format!("{first}.")).unwrap_or(words)
        };
        found
            .into_iter()
            .map(|entry| (format!("{}!", entry.name), about(&entry.doc)))
            .collect()
    }

    /// The words of the declarations by what they are.
    pub(crate) fn vocabulary(&self) -> Vec<(String, String)> {
        let names = |words: &[Word]| words.iter().map(|word| word.name.as_str()).collect::<Vec<_>>().join(", ");
        let row = |(title, words): (&str, &[Word])| (title.to_string(), names(words));
        self.places().into_iter().map(row).collect()
    }

    /// The words of each place below its title; one that has no title here is shown under its own name.
    pub(super) fn places(&self) -> Vec<(&str, &[Word])> {
        let at = |name: &str| PLACES.iter().position(|(place, _)| *place == name).unwrap_or(PLACES.len());
        let mut names: Vec<&String> = self.words.keys().collect();
        names.sort_by_key(|name| at(name));
        let title = |name: &str| PLACES.get(at(name)).map(|(_, title)| *title);
        names
            .into_iter()
            .map(|name| (title(name).unwrap_or(name), self.words(name)))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assist::reader::tests::own;

    #[test]
    fn every_declaration_and_every_word_is_there() {
        let declarations = own().declarations();
        let names: Vec<&str> = declarations.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names[..6], ["data!", "model!", "blocks!", "objective!", "fit!", "compare!"]);
        for (name, about) in &declarations {
            assert!(about.ends_with('.') && about.len() < 200, "{name}: {about}");
        }
        assert!(!names.contains(&"df!"));
        let vocabulary = own().vocabulary();
        assert_eq!(vocabulary.len(), own().words.len());
        for (place, words) in &own().words {
            let title = PLACES.iter().find(|(known, _)| known == place).map(|(_, title)| *title);
            let title = title.unwrap_or_else(|| panic!("`{place}` has no title"));
            let row = vocabulary.iter().find(|(name, _)| name == title).expect("a row");
            let shown: Vec<&str> = row.1.split(", ").collect();
            for word in words {
                assert!(
                    shown.contains(&word.name.as_str()),
                    "{title}: `{}` is not in {shown:?}",
                    word.name
                );
            }
        }
    }

    #[test]
    fn without_libraries_there_is_nothing_to_say() {
        assert!(Index::default().declarations().is_empty() && Index::default().vocabulary().is_empty());
    }
}
