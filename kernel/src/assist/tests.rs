//! Places of the cursor, and what must and must not be offered there.

use super::complete::Desk;
use super::reader::tests::own;
use super::session::Session;
use crate::engine::Described;

/// A session with the variables of a notebook about a toy data set, and a few items.
fn session() -> Session {
    let mut session = Session::default();
    for (name, kind) in [
        ("run", "cistron::Run"),
        ("toy", "cistron::Dataset"),
        ("net", "cistron::Model"),
        ("loss", "cistron::Objective"),
        ("names", "std::vec::Vec<std::string::String>"),
        ("rate", "f64"),
        ("shared_runs", "std::rc::Rc<std::vec::Vec<cistron::Run>>"),
        ("site", "cell_4::Site"),
        ("maybe", "std::option::Option<cistron::Figure>"),
        ("hidden", "{closure@x}"),
        ("frame", "cistron::polars::prelude::DataFrame"),
        ("series", "cistron::polars::prelude::Series"),
        ("drawn", "cistron::plot::Series"),
        (
            "numbers",
            "cistron::polars::prelude::ChunkedArray<cistron::polars::prelude::Float64Type>",
        ),
    ] {
        session.variables.insert(name.into(), kind.into());
    }
    let pair = |kind: &str, name: &str| (kind.to_string(), name.to_string());
    let told = Described {
        shape: "1,500 examples: dna → enhancer, promoter".into(),
        bytes: Some(1_500_000),
        device: None,
        names: vec![
            pair("input", "dna"),
            pair("output", "enhancer"),
            pair("output", "promoter"),
            pair("track", "liver cells"),
        ],
    };
    session.described.insert("toy".into(), told);
    let text = "/// A site in a sequence.\npub struct Site { pub start: usize, pub letters: String }\n\
                impl Site { /// Its middle.\n pub fn middle(&self) -> usize { 0 } pub fn at(start: usize) -> Self { todo!() } }\n\
                pub enum Side { Left, Right }\n/// Doubles.\npub fn twice(x: f64) -> f64 { 2.0 * x }";
    (session.items, session.types) = super::reader::items(text);
    session.dependencies = vec!["rand".into()];
    session.folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).into();
    session
}

/// Asks at `|`.
fn at_cursor<T>(text: &str, question: impl FnOnce(&Desk<'_>, usize) -> T) -> T {
    let cursor = text.chars().position(|c| c == '|').expect("a cursor");
    let places = text.chars().enumerate().filter(|(at, _)| *at != cursor);
    let code: Vec<char> = places.map(|(_, c)| c).collect();
    let desk = Desk {
        index: own(),
        session: &session(),
        code: &code,
    };
    question(&desk, cursor)
}

/// The texts that are offered at `|`.
fn offered(text: &str) -> Vec<String> {
    let offers = at_cursor(text, |desk, cursor| desk.complete(cursor));
    offers.list.into_iter().map(|offer| offer.text).collect()
}

const IN_MODEL: &str = "let net = model! { Net on toy {\n    let h = dna.conv(16, width = 11)";
const IN_DATA: &str = "let toy = data! {\n    records sim = frame(sim.table);\n    ";
const IN_LOSS: &str = "let loss = objective! { on toy { loss(enhancer) = mse(); ";

/// Text with the cursor, what must be offered, what must not.
fn table() -> Vec<(String, &'static [&'static str], &'static [&'static str])> {
    let plain: &[(&str, &[&str], &[&str])] = &[
        // Names.
        ("let a = ru|", &["run"], &["correlation", "toy"]),
        ("sim|", &["simulate"], &["shared_runs"]),
        ("Data|", &["Dataset", "DataFrame"], &["Model"]),
        ("mod|", &["model!"], &["models"]),
        ("twi|", &["twice"], &["run"]),
        ("let nethér = 1; net|", &["nethér"], &["names", "net"]),
        ("fn f(window_bp: usize) { wind| }", &["window_bp"], &[]),
        ("pri|", &["println!"], &["private"]),
        ("|", &[], &["run", "let"]),
        // Members by type.
        (
            "run.|",
            &["correlation", "metrics", "curve", "mutagenesis"],
            &["len", "conv", "record"],
        ),
        ("run.cu|", &["curve"], &["correlation"]),
        ("toy.|", &["len", "frame", "tracks"], &["correlation", "contents"]),
        ("run\n    .metr|", &["metrics"], &["model"]),
        (
            "run.metrics(&toy, Part::Test)?.|",
            &["mean_per_point", "rmse"],
            &["metrics", "curve"],
        ),
        ("run.curve()?.|", &["svg", "save"], &["curve"]),
        ("run.curve().|", &["unwrap", "map_err"], &["svg"]),
        (
            "run.mutagenesis(&toy, \"a\", \"dna\", \"enhancer\").|",
            &["tracks", "window", "run"],
            &["svg"],
        ),
        ("shared_runs[0].|", &["correlation"], &["push"]),
        ("shared_runs.|", &["push", "iter"], &["correlation"]),
        ("names.|", &["len", "push", "join"], &["chars"]),
        ("names[0].|", &["chars", "split"], &["sort", "join"]),
        ("names.iter().|", &["map", "enumerate"], &["push"]),
        ("rate.|", &["sqrt", "ln_1p"], &["pow", "len"]),
        ("\"abc\".|", &["chars", "trim"], &["push_str"]),
        ("maybe.|", &["unwrap", "is_some"], &["svg", "map_err"]),
        ("let f = run.curve()?;\nf.|", &["svg"], &["correlation"]),
        ("let s: Vec<f64> = g();\ns.|", &["push"], &["svg"]),
        ("site.|", &["start", "letters", "middle"], &["at"]),
        ("site.letters.|", &["chars"], &["middle"]),
        ("Site::at(1).|", &["middle"], &["svg"]),
        ("hidden.|", &[], &["len", "svg"]),
        ("let x = 1.|", &[], &["pow", "sqrt"]),
        ("// run.|", &[], &["correlation"]),
        // Paths.
        ("Part::|", &["Test", "Train"], &["len"]),
        ("Side::|", &["Left", "Right"], &["middle"]),
        ("simulate::|", &["motif_grammar", "MotifGrammar"], &["motif"]),
        ("plot::|", &["Figure"], &["run"]),
        ("use |", &["cistron", "std", "rand"], &["run"]),
        ("use cistron::|", &["zoo", "Dataset"], &["rand"]),
        ("use std::{collections::H|", &["HashMap", "HashSet"], &["BTreeMap"]),
        // Polars: types, what traits add to them, what a `use` brings in.
        ("frame.|", &["column", "height", "filter", "sort"], &["svg", "conv"]),
        (
            "frame.column(\"a\")?.|",
            &["name", "len", "as_materialized_series"],
            &["height"],
        ),
        (
            "series.|",
            &["len", "dtype", "f64", "equal", "gt_eq", "sum"],
            &["points", "_field"],
        ),
        (
            "series.f64()?.|",
            &["sum", "mean", "quantile", "equal", "get"],
            &["_sum_as_f64"],
        ),
        ("numbers.|", &["max", "std", "not_equal"], &["svg"]),
        ("numbers.sum().|", &["unwrap", "is_some"], &["max"]),
        ("drawn.|", &["points"], &["equal", "dtype"]),
        ("Series::|", &["new", "from_vec", "full_null"], &["by_epoch"]),
        ("plot::Series::|", &["by_epoch"], &["from_vec"]),
        ("Float64Chunked::|", &["new", "from_slice"], &["by_epoch"]),
        ("use cistron::polars::|", &["prelude"], &["Dataset"]),
        ("use cistron::polars::prelude::Named|", &["NamedFrom", "NamedFromOwned"], &[]),
        ("use cistron::polars::prelude::*;\nlet t = d|", &["df!"], &[]),
        ("let t = df|", &["df!"], &["data!"]),
        ("use cistron::polars::prelude::*;\nSeries::n|", &["new"], &[]),
        ("df!(\"a\" => [1])?.|", &["height"], &["points"]),
        // Commands and texts.
        (":v|", &[":vars"], &[":help"]),
        (":|", &[":vars", ":dep", ":help"], &["run"]),
        (
            "read(\"resources/sta|",
            &["resources/standard.rs"],
            &["resources/logo-svg.svg"],
        ),
        (
            "run.correlation(&toy, Part::Test, \"|",
            &["enhancer", "liver cells"],
            &["run"],
        ),
        // fit! and compare!
        ("fit! { ne|", &["net"], &["epochs"]),
        (
            "fit! { net, loss, toy; |",
            &["epochs", "optimizer", "fold"],
            &["net", "device"],
        ),
        ("fit! { net, loss, toy; epochs = 3, sc|", &["schedule"], &["epochs"]),
        (
            "fit! { net, loss, toy; optimizer = |",
            &["Adam", "Sgd"],
            &["epochs", "Cosine"],
        ),
        (
            "fit! { net, loss, toy; optimizer = AdamW { |",
            &["lr", "weight_decay"],
            &["momentum", "epochs"],
        ),
        ("fit! { net, loss, toy; schedule = |", &["Cosine", "Plateau"], &["Adam"]),
        (
            "fit! { net, loss, toy; schedule = Cosine { |",
            &["over", "floor"],
            &["patience"],
        ),
        (
            "fit! { net, loss, toy; schedule = Cosine { over: |",
            &["Epochs", "Steps"],
            &["floor"],
        ),
        ("compare! { net; |", &["with", "folds", "seeds", "epochs"], &["device"]),
    ];
    let mut out: Vec<(String, &[&str], &[&str])> = plain.iter().map(|(t, y, n)| ((*t).to_string(), *y, *n)).collect();
    let inside: &[(&str, &str, &[&str], &[&str])] = &[
        (IN_MODEL, ".|", &["norm", "relu", "pool"], &["correlation", "len_bp"]),
        (IN_MODEL, ".po|", &["pool", "pow"], &["norm"]),
        (IN_MODEL, ".pool(|", &["Max", "Weighted", "step", "rest"], &["width", "Batch"]),
        (IN_MODEL, ".norm(|", &["Batch", "Layer", "momentum"], &["Max"]),
        (IN_MODEL, ".conv(32, |", &["width", "dilation", "padding"], &["momentum"]),
        (IN_MODEL, ".conv(32, width = 3, di|", &["dilation"], &["width"]),
        (IN_MODEL, ";\n    |", &["let", "h", "dna", "enhancer", "concat"], &["splits"]),
        (IN_MODEL, ";\n    enh|", &["enhancer"], &["promoter"]),
        (IN_DATA, "|", &["input", "output", "split"], &["loss", "run"]),
        (IN_DATA, "spl|", &["split"], &["input"]),
        (IN_DATA, "split |", &["column", "hash", "chromosomes"], &["fasta"]),
        (IN_DATA, "split hash(|", &["valid", "test", "seed"], &["missing"]),
        (IN_DATA, "input dna: |", &["Dna", "Rna"], &["Map"]),
        (
            IN_DATA,
            "input dna: Dna = |",
            &["column", "fasta", "npz"],
            &["hash", "bigwig"],
        ),
        (IN_DATA, "output a = table(\"x.tsv\", missing = |", &["masked"], &["name"]),
        (IN_DATA, "records x = frame(ru|", &["run"], &["fasta"]),
        (IN_LOSS, "|", &["loss", "watch", "report"], &["mse"]),
        (IN_LOSS, "watch(|", &["enhancer", "promoter"], &["mse"]),
        (IN_LOSS, "watch(promoter) = |", &["correlation", "mse"], &["dice", "enhancer"]),
        (IN_LOSS, "watch(promoter) = correlation(|", &["Tracks", "Points"], &["log"]),
        (IN_LOSS, "report(promoter) = poisson(|", &["log"], &["Tracks"]),
    ];
    out.extend(
        inside
            .iter()
            .map(|(before, text, yes, no)| (format!("{before}{text}"), *yes, *no)),
    );
    out
}

#[test]
fn what_is_offered_at_each_place() {
    let mut wrong = Vec::new();
    for (text, must, must_not) in table() {
        let offers = offered(&text);
        let has = |name: &&&str| offers.iter().any(|offer| offer == **name);
        let missing: Vec<_> = must.iter().filter(|name| !has(name)).collect();
        let extra: Vec<_> = must_not.iter().filter(|name| has(name)).collect();
        if !missing.is_empty() || !extra.is_empty() {
            let some: Vec<_> = offers.iter().take(12).collect();
            wrong.push(format!("{text}\n  missing {missing:?}, too many {extra:?}, offered {some:?}"));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {} places:\n{}",
        wrong.len(),
        table().len(),
        wrong.join("\n")
    );
}

#[test]
fn the_reply_counts_characters_and_has_types() {
    let code: Vec<char> = "let é = run.corr".chars().collect();
    let session = session();
    let desk = Desk {
        index: own(),
        session: &session,
        code: &code,
    };
    let reply = desk.complete(16).reply();
    assert_eq!(
        (reply["cursor_start"].as_u64(), reply["cursor_end"].as_u64()),
        (Some(12), Some(16))
    );
    let types = reply["metadata"]["_jupyter_types_experimental"].as_array().expect("types");
    assert_eq!(types.len(), reply["matches"].as_array().map_or(0, Vec::len));
    let one = types.iter().find(|one| one["text"] == "correlation").expect("a method");
    assert_eq!((&one["type"], &one["start"]), (&"method".into(), &12.into()));
    assert!(
        one["signature"].as_str().is_some_and(|s| s.contains("data: &Dataset")),
        "{one}"
    );
}

/// The page at `|`, as text.
fn page(text: &str) -> Option<String> {
    let forms = at_cursor(text, |desk, cursor| desk.inspect(cursor))?.forms();
    assert!(forms["text/markdown"].as_str().is_some_and(|m| m.starts_with("```rust\n")));
    forms["text/plain"].as_str().map(String::from)
}

#[test]
fn what_is_said_of_a_word() {
    for (text, parts) in [
        (
            "to|y",
            &[
                "toy: Dataset",
                "1,500 examples",
                "1,500,000 bytes",
                "outputs: enhancer, promoter",
            ][..],
        ),
        ("run.corr|elation(&toy)", &["fn correlation(&self", "data: &Dataset"]),
        ("run.correlation(|", &["fn correlation(&self"]),
        ("Datas|et", &["Dataset", "`len`"]),
        ("simulate::motif_gr|ammar", &["fn motif_grammar"]),
        ("twi|ce(1.0)", &["Doubles.", "Defined in an earlier cell"]),
        ("Site::a|t", &["fn at(start: usize)"]),
        ("let f = run.curve()?; f|", &["f: Figure"]),
        (":va|rs", &["the variables"]),
        (
            "model! { N on toy { dna.poo|l(Max, 4)",
            &["pool(Max, 4)", "Arguments: ", "`window`"],
        ),
        ("model! { N on toy { dna.conv(16, wid|th = 3)", &["conv(64, width = 15)"]),
        (
            "fit! { net, loss, toy; pati|ence = 3 }",
            &["patience", "Epochs without a better watched value"],
        ),
        ("objective! { on toy { loss(enhancer) = ms|e(); } }", &["Mean squared error"]),
        ("depthwise_conv|", &["depthwise_conv("]),
    ] {
        let found = page(text).unwrap_or_default();
        for part in parts {
            assert!(found.contains(part), "{text}: `{part}` is not in\n{found}");
        }
    }
    assert_eq!(page("nothing_known|"), None);
}

#[test]
fn names_from_data_are_no_markup_on_a_page() {
    let mut session = session();
    let evil = "<script>x</script>\n```\n# `head`";
    if let Some(told) = session.described.get_mut("toy") {
        told.names.push(("track".into(), evil.into()));
    }
    let code: Vec<char> = "toy".chars().collect();
    let desk = Desk {
        index: own(),
        session: &session,
        code: &code,
    };
    let forms = desk.inspect(3).expect("a page").forms();
    let markdown = forms["text/markdown"].as_str().unwrap_or_default();
    let fences: Vec<&str> = markdown.lines().filter(|line| line.starts_with("```")).collect();
    assert_eq!(fences[..4], ["```rust", "```", "```text", "```"], "{markdown}");
    let outside: Vec<&str> = markdown.split("```").step_by(2).collect();
    assert!(!outside.join("").contains("<script"), "{markdown}");
    assert!(markdown.contains("<script>x</script>"), "{markdown}");
}
