//! Restart and run all: the same outputs, except times. And a fit comes back when the worker has died.

use cistron_tests::Notebook;
use serde_json::Value;

const DECLARE: &str = r#"let sim = simulate::motif_grammar(MotifGrammar { sequences: 600, ..Default::default() })?;
let toy = data! {
    records sim = frame(sim.table);
    input   dna: Dna = column("sequence");
    output  enhancer = column("enhancer"), promoter = column("promoter");
    split   column("split");
};
toy"#;
const MODEL: &str = r#"let net = model! { Net on toy {
    let h = dna.conv(16, width = 11).norm(Batch).relu().pool(Max, 4).dropout(0.2);
    enhancer = h.dense(16).relu().linear();
    promoter = h.dense(16).relu().linear();
}};
net"#;
const FIT: &str = r#"let loss = objective! { on toy { loss(enhancer, promoter) = mse(); } };
let run = fit! { net, loss, toy; epochs = 4, patience = 4, batch = 32, seed = 5, name = "small" };
run"#;
const METRICS: &str = "run.metrics(&toy, Part::Test)?";
const COUNTED: &str = r#"let mut counts = std::collections::HashMap::new();
for k in 0..200 { *counts.entry(format!("{}", k * k % 97)).or_insert(0) += k; }
counts.iter().for_each(|(name, count)| print!("{name}={count} "));
(counts, std::thread::spawn(|| (0..50).collect::<std::collections::HashSet<u8>>()).join().is_ok())"#;
const PREDICTED: &str = "run.predict(&toy, Part::Test)?";

fn notebook() -> Notebook {
    let notebook = Notebook::default()
        .cell(DECLARE)
        .cell(MODEL)
        .cell(FIT)
        .cell(METRICS)
        .cell(PREDICTED)
        .cell(COUNTED);
    notebook.cell("toy.audit()")
}

/// The text without what tells a time: a number before `s`, `ms` or `min`, and the name of a run's folder.
fn timeless(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(|c: char| c.is_ascii_digit()) {
        let (before, number) = rest.split_at(at);
        out.push_str(before);
        let end = number
            .find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | ',' | ':')))
            .unwrap_or(number.len());
        let (number, after) = number.split_at(end);
        let unit = after.trim_start_matches([' ', '\u{202f}', '\u{a0}']);
        let timed = ["s", "ms", "min", "µs", "h"].iter().any(|word| {
            unit.strip_prefix(word)
                .is_some_and(|tail| !tail.starts_with(|c: char| c.is_alphanumeric()))
        });
        out.push_str(if timed { "?" } else { number });
        rest = after;
    }
    out + rest
}

/// The text without the last two columns of the table of epochs, which are seconds.
fn without_seconds(text: &str) -> String {
    if !text.contains("epochs</summary>") {
        return text.to_string();
    }
    let rows = text
        .split("</tr>")
        .map(|row| row.rmatch_indices("<td").nth(1).map_or(row, |(at, _)| &row[..at]));
    let text = rows.collect::<Vec<_>>().join("</tr>");
    // As text: epoch, two losses, two r, rate, seconds.
    let row = |line: &str| {
        let words: Vec<&str> = line.trim_start_matches([' ', '"']).split_whitespace().collect();
        let epoch = words.len() >= 7 && words[..6].iter().all(|word| word.parse::<f64>().is_ok());
        if epoch { words[..6].join(" ") } else { line.to_string() }
    };
    text.lines().map(row).collect::<Vec<_>>().join("\n")
}

/// All outputs, without times, and the folders of runs as one name.
fn outputs(notebook: &Value) -> Vec<String> {
    let cells = notebook["cells"].as_array().cloned().unwrap_or_default();
    cells
        .iter()
        .map(|cell| {
            let text = serde_json::to_string_pretty(&cell["outputs"]).unwrap();
            let without = |line: &str| match line.split_once("runs/") {
                Some((before, after)) => {
                    let end = after
                        .find(|c: char| !(c.is_alphanumeric() || c == '-' || c == '_'))
                        .unwrap_or(after.len());
                    format!("{before}runs/?{}", &after[end..])
                }
                None => line.to_string(),
            };
            timeless(&without_seconds(&text.lines().map(without).collect::<Vec<_>>().join("\n")))
        })
        .collect()
}

#[test]
fn a_second_run_shows_the_same() {
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let runs = [0, 1].map(|i: usize| notebook().run(folders[i].path(), &[]));
    for run in &runs {
        assert!(run.success, "{}", run.stderr);
    }
    let place = |i: usize| folders[i].path().display().to_string();
    let shown = |i: usize| -> Vec<String> {
        let all = outputs(&runs[i].notebook);
        all.into_iter().map(|text| text.replace(&place(i), "FOLDER")).collect()
    };
    let (first, second) = (shown(0), shown(1));
    assert_eq!(first.len(), 7);
    for (cell, (first, second)) in first.iter().zip(&second).enumerate() {
        assert!(first.len() > 4, "cell {cell} shows nothing");
        for (a, b) in first.lines().zip(second.lines()) {
            assert_eq!(a, b, "cell {cell}");
        }
        assert_eq!(first.lines().count(), second.lines().count(), "cell {cell}");
    }
    // Another seed does show something else.
    let folder = tempfile::tempdir().unwrap();
    let other = Notebook::default()
        .cell(DECLARE)
        .cell(MODEL)
        .cell(&FIT.replace("seed = 5", "seed = 6"))
        .cell(METRICS);
    let other = other.run(folder.path(), &[]);
    assert!(other.success, "{}", other.stderr);
    assert_ne!(outputs(&other.notebook)[3], first[3], "the seed changes nothing");
}

#[test]
fn a_fit_a_table_and_a_number_come_back_equal() {
    let folder = tempfile::tempdir().unwrap();
    let save = |name: &str| {
        format!(
            "std::fs::write(\"{name}.safetensors\", run.network().to_safetensors()?)?;\n\
             std::fs::write(\"{name}.txt\", format!(\"{{number:e}} {{:?}} {{}} {{}} {{:?}}\", run.epochs(), run.stopped(), net.hash(), again == net))?;"
        )
    };
    let notebook = Notebook::default()
        .cell(DECLARE)
        .cell(MODEL)
        .cell(FIT)
        .cell("let number = run.correlation(&toy, Part::Test, \"enhancer\")?;\nlet table = run.history()?;\nlet again = net.clone();\nkeep!(run, number, table, net, again);")
        .cell(&save("before"))
        .cell("let before = table.clone();\nkeep!(before);")
        .tagged(&["raises-exception"], "std::process::abort();")
        .cell(&save("after"))
        .cell("assert!(before.equals_missing(&table) && before.height() == 4);")
        .cell("assert_eq!(run.correlation(&toy, Part::Test, \"enhancer\")?, number);\ntoy.len()");
    let ran = notebook.run(folder.path(), &[]);
    assert!(ran.success, "{}", ran.stderr);
    let told = ran.text(6);
    assert!(told.contains("again, before, loss, net, number, run, table, toy."), "{told}");
    assert_eq!(ran.text(9).trim(), "600");
    let read = |name: &str| std::fs::read(folder.path().join(name)).unwrap();
    assert!(read("before.safetensors") == read("after.safetensors"), "the weights differ");
    assert_eq!(
        String::from_utf8(read("before.txt")).unwrap(),
        String::from_utf8(read("after.txt")).unwrap()
    );
}
