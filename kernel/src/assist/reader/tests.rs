//! The index of our own sources.

use super::*;
use crate::assist::index::Word;

/// The index of the crates beside this one, and of Polars as cargo has it.
pub(crate) fn own() -> &'static Index {
    static INDEX: std::sync::OnceLock<Index> = std::sync::OnceLock::new();
    INDEX.get_or_init(|| {
        let dsl = Path::new(env!("CARGO_MANIFEST_DIR")).join("../dsl");
        let mut sources = vec![("cistron".to_string(), dsl.join("src/lib.rs"))];
        for entry in std::fs::read_dir(&dsl).expect("the workspace").flatten() {
            let root = entry.path().join("src/lib.rs");
            if root.is_file() {
                sources.push((format!("cistron_{}", entry.file_name().to_string_lossy()), root));
            }
        }
        sources.extend(["polars", "polars-core", "polars-ops"].map(foreign));
        read(&sources)
    })
}

/// A crate of another project: cargo says where its source lies.
fn foreign(package: &str) -> Source {
    let output = std::process::Command::new(env!("CARGO"))
        .args(["metadata", "--offline", "--locked", "--format-version=1"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo");
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).expect("what cargo knows");
    let packages = metadata["packages"].as_array().expect("packages");
    let found = packages
        .iter()
        .find(|one| one["name"] == package)
        .expect("a package of the lock file");
    let root = found["targets"]
        .as_array()
        .expect("targets")
        .iter()
        .find(|target| target["kind"][0] == "lib")
        .expect("a library");
    (package.replace('-', "_"), root["src_path"].as_str().expect("a path").into())
}

fn names(words: &[Word]) -> Vec<&str> {
    words.iter().map(|w| w.name.as_str()).collect()
}

#[test]
fn the_prelude_has_what_cells_use_without_a_word() {
    let prelude = own().module("prelude");
    for name in [
        "data",
        "model",
        "fit",
        "Dataset",
        "Run",
        "simulate",
        "MotifGrammar",
        "Part",
        "plot",
        "input",
        "Tensor",
    ] {
        assert!(prelude.iter().any(|entry| entry.name == name), "{name}");
    }
    let simulate = prelude.iter().find(|entry| entry.name == "simulate").expect("a module");
    let functions = own().module(&simulate.result);
    let grammar = functions
        .iter()
        .find(|entry| entry.name == "motif_grammar")
        .expect("a function");
    assert!(grammar.signature.starts_with("fn motif_grammar("), "{}", grammar.signature);
    assert!(
        functions.iter().all(|entry| entry.name != "motif"),
        "private functions are not offered"
    );
}

#[test]
fn methods_come_with_signature_documentation_and_type() {
    let run = &own().types["Run"];
    assert_eq!(run.target, "Trained");
    let correlation = own().types["Trained"]
        .members
        .iter()
        .find(|m| m.name == "correlation")
        .expect("a method");
    assert!(correlation.signature.contains("data: &Dataset"), "{}", correlation.signature);
    assert!(!correlation.doc.is_empty());
    let figure = run.members.iter().find(|m| m.name == "curve").expect("a method");
    assert_eq!(figure.result, "Result<Figure>");
    let tracks = own().types["Mutagenesis"].members.iter().find(|m| m.name == "tracks");
    assert!(tracks.is_some(), "a setter that a macro makes");
    let metrics = &own().types["Metrics"];
    assert!(
        metrics.members.iter().any(|m| m.name == "mean_per_point"),
        "the one that `cistron` exports"
    );
}

#[test]
fn words_come_from_the_tables_of_the_checker() {
    let index = own();
    let layers = names(index.words("layer"));
    for name in ["conv", "norm", "pool", "attention", "relu", "dense"] {
        assert!(layers.contains(&name), "{name} in {layers:?}");
    }
    let conv = index.word("layer", "conv").expect("a layer");
    assert!(conv.arguments.contains_key("width") && conv.arguments.contains_key("dilation"));
    let pool = index.word("layer", "pool").expect("a layer");
    assert!(pool.values.contains(&"Max".to_string()), "{pool:?}");
    assert!(names(index.words("data")).contains(&"split") && !names(index.words("data")).contains(&"loss"));
    assert!(names(index.words("objective")).contains(&"loss"));
    assert!(names(index.words("loss")).contains(&"correlation") && !names(index.words("loss")).contains(&"dice"));
    assert!(names(index.words("source")).contains(&"column") && !names(index.words("source")).contains(&"bigwig"));
    assert_eq!(
        names(index.words("optimizer")),
        ["Sgd", "Adam", "AdamW", "KerasAdam", "NAdam", "Adagrad", "Adadelta"]
    );
    assert!(
        index
            .word("option", "Cosine")
            .expect("a schedule")
            .arguments
            .contains_key("floor")
    );
    assert!(
        index
            .word("fit", "schedule")
            .expect("an option")
            .values
            .contains(&"Cosine".to_string())
    );
    assert!(
        !names(index.words("fit")).contains(&"device"),
        "what cannot run is not offered"
    );
}

#[test]
fn every_word_has_its_page() {
    for place in [
        "layer",
        "function",
        "fit",
        "compare",
        "optimizer",
        "option",
        "loss",
        "kind",
        "source",
    ] {
        let words = own().words(place);
        assert!(!words.is_empty(), "{place}");
        for word in words {
            assert!(!word.doc.is_empty(), "{place} `{}` has no documentation", word.name);
        }
    }
    for place in ["data", "objective"] {
        assert!(!own().words(place).is_empty(), "{place}");
    }
}

/// What the parser and checker of `model!` says of a text, as one text.
fn mistakes(layer: &str) -> String {
    let text = format!("Net on toy {{ let h = dna.conv(4, width = 3).{layer}; out = h.linear(); }}");
    let read = cistron_syntax::read_model(&text);
    read.mistakes.iter().map(|mistake| format!("{mistake:?}\n")).collect()
}

#[test]
fn the_checker_knows_every_layer_and_argument_that_is_offered() {
    assert!(
        mistakes("no_layer()").contains("unknown layer"),
        "the checker says what it does not know"
    );
    assert!(mistakes("relu(no_argument = 1)").contains("has no argument"));
    for layer in own().words("layer") {
        let said = mistakes(&layer.example);
        assert!(!said.contains("unknown layer"), "{}: {said}", layer.name);
        for argument in layer.arguments.keys() {
            let given = format!("{}({argument} = 1)", layer.name);
            let said = mistakes(&given);
            assert!(!said.contains(&format!("has no argument `{argument}`")), "{given}: {said}");
        }
    }
}
