//! What `data!` knows: sources with their arguments, kinds, rules for splits and folds.

use cistron_declaration::Entry;

/// A source, or a rule of a split or of folds.
pub(crate) struct Source {
    pub(crate) name: &'static str,
    /// How many values without a name it takes, at least and at most.
    pub(crate) values: (usize, usize),
    /// The arguments it takes by name.
    pub(crate) arguments: &'static [&'static str],
    /// The statements it can stand in; none when it cannot run yet.
    pub(crate) stands_in: &'static [&'static str],
}

const fn source(
    name: &'static str,
    values: (usize, usize),
    arguments: &'static [&'static str],
    stands_in: &'static [&'static str],
) -> Source {
    Source {
        name,
        values,
        arguments,
        stands_in,
    }
}

/// Where inputs, outputs, records and classes come from.
pub(crate) const SOURCES: [Source; 14] = [
    source("npz", (1, 1), &["key", "names", "missing"], &["input", "output"]),
    source("fasta", (1, 1), &[], &["input"]),
    source(
        "table",
        (1, 1),
        &["name", "missing"],
        &["records", "input", "output", "classes"],
    ),
    source("column", (1, 1), &["missing"], &["input", "output"]),
    source("dataset", (1, 1), &["name"], &["records"]),
    source("frame", (1, 1), &["name", "missing"], &["records", "input", "output"]),
    source("twobit", (1, 1), &[], &[]),
    source("bigwig", (1, 1), &[], &[]),
    source("bed", (1, 1), &[], &[]),
    source("narrowpeak", (1, 1), &[], &[]),
    source("cooler", (1, 1), &[], &[]),
    source("tfrecords", (1, 1), &[], &[]),
    source("intervals", (1, 1), &[], &[]),
    source("sequence", (1, 1), &[], &[]),
];

/// Rules after `split`.
pub(crate) const SPLITS: [Source; 4] = [
    source("column", (1, 1), &["train", "valid", "test"], &["split"]),
    source("hash", (0, 0), &["valid", "test", "seed", "by"], &["split"]),
    source("chromosomes", (0, 0), &["valid", "test", "column"], &["split"]),
    source("sets", (1, 1), &[], &[]),
];

/// Rules after `folds`.
pub(crate) const FOLDS: [Source; 4] = [
    source("sets", (1, 1), &["unassigned"], &["folds"]),
    source("column", (1, 1), &["unassigned"], &["folds"]),
    source("hash", (0, 0), &["sets", "seed"], &["folds"]),
    source("count", (1, 1), &["seed", "above"], &["folds"]),
];

/// Kinds after the colon, and whether this version has them as an input and as an output.
pub(crate) const KINDS: [(&str, bool, bool); 7] = [
    ("Dna", true, false),
    ("Rna", true, false),
    ("Category", true, false),
    ("Scalar", true, true),
    ("Track", false, false),
    ("Bins", false, false),
    ("Map", false, false),
];

/// What a kind of input is made of, and the sources that give it.
pub(crate) fn gives(kind: &str) -> Option<(&'static str, &'static [&'static str])> {
    match kind {
        "Dna" | "Rna" => Some(("sequences", &["npz", "fasta", "column"])),
        "Category" => Some(("categories", &["column"])),
        "Scalar" => Some(("numbers", &["table", "npz", "column", "frame"])),
        _ => None,
    }
}

/// Words that stand for themselves as the value of an argument.
const WORDS: [(&str, &[&str]); 3] = [
    ("missing", &["masked"]),
    ("by", &["name"]),
    ("unassigned", &["train", "drop"]),
];

/// Whether an entry sets something about its statement and declares nothing (`jitter = 100`).
pub(crate) fn is_option(word: &str, entry: &Entry) -> bool {
    matches!(
        (word, entry.name.as_deref()),
        ("genome", Some("exclude")) | ("input", Some("jitter"))
    ) && entry.kind.is_none()
}

/// Whether a name is a source (so a call of it is no Rust function).
pub(crate) fn is_source(name: &str) -> bool {
    SOURCES.iter().any(|source| source.name == name)
}

/// Whether a bare name as the value of an argument stands for itself.
pub(crate) fn is_argument_word(argument: &str, name: &str) -> bool {
    argument_words(argument).is_some_and(|words| words.contains(&name))
}

/// The words that an argument takes, if it takes words alone.
pub(crate) fn argument_words(argument: &str) -> Option<&'static [&'static str]> {
    WORDS.iter().find(|(name, _)| *name == argument).map(|(_, words)| *words)
}

/// How a statement looks.
pub(crate) fn example(word: &str) -> &'static str {
    match word {
        "genome" => "`genome hg38 = fasta(\"hg38.fa\");`",
        "cells" => "`cells meta = table(\"meta.tsv\", name = \"Cell_Line\");`",
        "windows" => "`windows tiles(width = 1_000);`",
        "records" => "`records assay = table(\"assay.tsv.gz\");`",
        "input" => "`input dna: Dna = column(\"sequence\");`",
        "output" => "`output activity: Scalar = column(\"activity\");`",
        "classes" => "`classes table(\"classes.txt\");`",
        "folds" => "`folds sets(\"folds.txt\");`",
        "split" => "`split hash(valid = 0.1, test = 0.1);`",
        _ => "`sample strand = random;`",
    }
}

/// Whether a statement introduces names.
pub(crate) fn declares(word: &str) -> bool {
    matches!(word, "input" | "output" | "records" | "genome" | "cells")
}

/// What may stand in a statement.
#[derive(Clone, Copy)]
pub(crate) struct Known<'a> {
    /// The word that begins it.
    pub(crate) word: &'a str,
    /// The sources or rules.
    pub(crate) sources: &'static [Source],
    /// What they are called in messages.
    pub(crate) what: &'a str,
}

impl Known<'_> {
    /// The names of what runs in this statement.
    pub(crate) fn running(&self) -> impl Iterator<Item = &'static str> {
        let word = self.word.to_string();
        self.sources
            .iter()
            .filter(move |source| source.stands_in.contains(&word.as_str()))
            .map(|source| source.name)
    }
}
