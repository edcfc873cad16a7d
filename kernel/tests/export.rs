//! `cistron export`: the program says what the notebook says.
//!
//! The project's manifest and lock file are read by cargo; its source is compiled against the library that cells link, so
//! that nothing heavy is compiled a second time. `.ci/export` builds a project with cargo alone.

mod support;

use serde_json::{Value, json};
use std::path::Path;
use std::process::{Command, Output};

const CELLS: &[(&str, &[&str])] = &[
    ("let rows: usize = 3;\nlet name = \"a\";", &["parameters"]),
    (
        "use std::collections::BTreeMap;\nfn scale(x: f64) -> f64 { 2.0 * x }\nstruct Pair { left: f64, right: f64 }\nmacro_rules! twice { ($x:expr) => { 2 * $x } }",
        &[],
    ),
    ("impl Pair { fn sum(&self) -> f64 { scale(self.left) + self.right } }", &[]),
    (
        "let pair = Pair { left: 0.25, right: 1.0 / 3.0 };\nlet mut seen = BTreeMap::new();\nfor i in 0..rows { seen.insert(i, scale(i as f64)); }\nprintln!(\"{name}: {seen:?}\");\npair.sum() // shown",
        &[],
    ),
    ("let broken = nothing;", &["raises-exception"]),
    (
        "fn scale(x: f64) -> f64 { 10.0 * x }\nlet left = pair.left;\nlet grow: Box<dyn Fn(f64) -> f64> = Box::new(move |x| scale(x) + left);\ngrow(1.0)",
        &[],
    ),
    ("let rows = rows + twice!(4);\n\"7\".parse::<usize>()? + rows", &[]),
    (
        "let sim = simulate::motif_grammar(MotifGrammar { sequences: 60, seed: 1, ..Default::default() })?;\nsim.table.head(Some(rows))",
        &[],
    ),
    ("plot::bars(&[plot::Bar::new(\"x\", &[grow(0.5)])]).draw()?", &[]),
];

fn run(program: &Path, arguments: &[&str], folder: &Path) -> Output {
    let mut command = Command::new(program);
    command
        .args(arguments)
        .current_dir(folder)
        .env("LD_LIBRARY_PATH", &support::sdk().folder);
    command.output().expect("the program starts")
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Compiles the exported source against the libraries for cells.
fn compile(project: &Path) -> std::path::PathBuf {
    let sdk = support::sdk();
    let program = project.join("program");
    let mut command = Command::new(&sdk.rustc);
    command.args([
        "--edition",
        "2024",
        "--crate-name",
        "program",
        "-Clink-arg=-Wl,-rpath,$ORIGIN",
    ]);
    command.arg(project.join("src/main.rs")).arg("-o").arg(&program);
    command.arg("--sysroot").arg(sdk.folder.join("sysroot"));
    command.arg("--extern").arg(format!("cistron={}", sdk.facade().display()));
    command.arg("-L").arg(format!("dependency={}", sdk.folder.display()));
    let output = command.output().expect("rustc starts");
    assert!(output.status.success(), "{}", said(&output));
    program
}

/// Everything that the notebook shows as text, without blanks at the ends of lines.
fn text_of(notebook: &Path) -> String {
    let document: Value = serde_json::from_str(&std::fs::read_to_string(notebook).expect("a notebook")).expect("JSON");
    let mut text = String::new();
    for output in document["cells"]
        .as_array()
        .into_iter()
        .flatten()
        .flat_map(|c| c["outputs"].as_array().into_iter().flatten())
    {
        let lines = if output["output_type"] == "stream" {
            &output["text"]
        } else {
            &output["data"]["text/plain"]
        };
        let joined: String = lines.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        text.push_str(joined.trim_end());
        text.push('\n');
    }
    text
}

#[test]
fn a_program_says_what_its_notebook_says() {
    let folder = tempfile::tempdir().expect("a folder");
    let cell = |(source, tags): &(&str, &[&str])| json!({"cell_type": "code", "metadata": {"tags": tags}, "source": source, "outputs": [], "execution_count": null});
    let mut cells: Vec<Value> = vec![json!({"cell_type": "markdown", "metadata": {}, "source": "# A *title*\n\nand */ more"})];
    cells.extend(CELLS.iter().map(cell));
    let document = json!({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells});
    std::fs::write(folder.path().join("small one.ipynb"), document.to_string()).expect("a file");
    let kernel = support::command();
    let ran = run(kernel, &["run", "small one.ipynb", "-o", "done.ipynb"], folder.path());
    assert!(ran.status.success(), "{}", said(&ran));
    let exported = run(kernel, &["export", "small one.ipynb", "project"], folder.path());
    assert!(exported.status.success(), "{}", said(&exported));
    assert!(
        said(&exported).contains("cell 5 is left out: it is tagged `raises-exception`"),
        "{}",
        said(&exported)
    );

    let project = folder.path().join("project");
    let source = support::sdk().source;
    let versions = |path: &Path| -> Vec<String> {
        let text = std::fs::read_to_string(path).expect("a lock file");
        let blocks = text.split("[[package]]").skip(1);
        blocks
            .map(|b| b.lines().skip(1).take(2).collect::<Vec<_>>().join(" "))
            .collect()
    };
    let (ours, theirs) = (versions(&source.join("Cargo.lock")), versions(&project.join("Cargo.lock")));
    let new: Vec<&String> = theirs.iter().filter(|package| !ours.contains(package)).collect();
    assert_eq!(
        new,
        ["name = \"small-one\" version = \"0.1.0\""],
        "other versions than the notebook's"
    );
    assert!(theirs.len() > 100, "{}", theirs.len());

    let program = compile(&project);
    let output = run(&program, &["--output", "results"], folder.path());
    assert!(output.status.success(), "{}", said(&output));
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    let lines = |text: &str| {
        text.lines()
            .map(str::trim_end)
            .filter(|l| !l.is_empty())
            .map(String::from)
            .collect::<Vec<_>>()
    };
    let notebook: Vec<String> = lines(&text_of(&folder.path().join("done.ipynb")));
    assert!(notebook.len() > 10, "{notebook:?}");
    assert_eq!(lines(&printed), notebook);
    let file =
        |name: &str| std::fs::read_to_string(folder.path().join("results").join(name)).unwrap_or_else(|e| panic!("{name}: {e}"));
    assert!(file("cell-09.svg").starts_with("<svg"), "no figure");
    assert_eq!(file("cell-08.csv").lines().count(), 12, "a head and the rows");
    assert_eq!(file("cell-07.txt"), "18");

    let other = run(&program, &["--rows=1", "--name", "b c"], folder.path());
    assert!(
        String::from_utf8_lossy(&other.stdout).contains("b c: {0: 0.0}"),
        "{}",
        said(&other)
    );
    let wrong = run(&program, &["--rows", "x"], folder.path());
    assert_eq!(wrong.status.code(), Some(1));
    assert!(
        said(&wrong).contains("error in cell 1: --rows x: expected a whole number"),
        "{}",
        said(&wrong)
    );
    let unknown = run(&program, &["--row", "1"], folder.path());
    assert_eq!(unknown.status.code(), Some(2));
    assert!(
        said(&unknown).contains("no option `--row`; there are --output --rows --name"),
        "{}",
        said(&unknown)
    );
    let again = run(kernel, &["export", "small one.ipynb", "project"], folder.path());
    assert!(
        !again.status.success() && said(&again).contains("is not empty"),
        "{}",
        said(&again)
    );
}

/// Cells that wait, that ask, and that end early.
const OTHERS: &[&str] = &[
    "async fn twice(x: u32) -> Result<u32, std::num::ParseIntError> { Ok(x * \"2\".parse::<u32>()?) }\nfn asked(what: &str) -> Result<String, cistron::Error> { Ok(input(what).unwrap_or_else(|e| e.to_string())) }",
    "let later = async { twice(20).await };\nlet x = later.await? + twice(1).await?;\nprintln!(\"waited for {x}\");",
    "let name = input(\"name: \")?;\nlet key = password(\"key: \")?;\nformat!(\"{name} {}\", key.len())",
    "let small = 3;\nfor i in 0..small {\n    if i == 1 { println!(\"ends at {i}\"); return; }\n}\nprintln!(\"never\");",
    "let text = \"two\n\n  lines\";\nprintln!(\"{} {small} {x}\", text.len());",
    "asked(\"more? \")?",
];

#[test]
fn a_program_waits_asks_and_ends_cells_early() {
    use std::io::Write;
    let folder = tempfile::tempdir().expect("a folder");
    let cells: Vec<Value> = OTHERS
        .iter()
        .map(|source| json!({"cell_type": "code", "metadata": {}, "source": source, "outputs": [], "execution_count": null}))
        .collect();
    let document = json!({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells});
    std::fs::write(folder.path().join("asks.ipynb"), document.to_string()).expect("a file");
    let exported = run(support::command(), &["export", "asks.ipynb", "project"], folder.path());
    assert!(exported.status.success(), "{}", said(&exported));
    let project = folder.path().join("project");
    let source = std::fs::read_to_string(project.join("src/main.rs")).expect("a program");
    // The crate `cistron` of a program has no runtime of cells, which the library has that this is compiled against.
    assert!(!source.contains("cistron::rt"), "{source}");
    let program = compile(&project);
    let mut child = Command::new(&program)
        .current_dir(folder.path())
        .env("LD_LIBRARY_PATH", &support::sdk().folder)
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut answers = child.stdin.take().expect("a pipe");
    answers.write_all(b"Ada\nsecret\n").expect("answers");
    drop(answers);
    let output = child.wait_with_output().expect("the program ends");
    assert!(output.status.success(), "{}", said(&output));
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    for part in [
        "waited for 42\n",
        "name: key: ",
        "\"Ada 6\"\n",
        "ends at 1\n",
        "12 3 42\n",
        "standard input is at its end",
    ] {
        assert!(printed.contains(part), "`{part}` is not in\n{printed}");
    }
    assert!(!printed.contains("never"), "{printed}");
}
