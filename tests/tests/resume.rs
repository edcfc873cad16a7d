//! `kill -9` in the middle of a fit, start again, resume: the same bytes as a fit that was never stopped.

use cistron_tests::{Notebook, cistron_command};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

const DECLARE: &str = r#"let sim = simulate::motif_grammar(MotifGrammar { sequences: 1200, ..Default::default() })?;
let toy = data! {
    records sim = frame(sim.table);
    input   dna: Dna = column("sequence");
    output  enhancer = column("enhancer"), promoter = column("promoter");
    split   column("split");
};
let net = model! { Net on toy {
    let h = dna.conv(16, width = 11).norm(Batch).relu().pool(Max, 4).dropout(0.2);
    enhancer = h.dense(16).relu().linear();
    promoter = h.dense(16).relu().linear();
}};
let loss = objective! { on toy { loss(enhancer, promoter) = mse(); } };"#;
const FIT: &str = r#"let run = fit! { net, loss, toy; epochs = 12, patience = 12, batch = 32, seed = 5, name = "long" };"#;

/// The run folders below `folder`.
fn runs(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder.join("runs")) else {
        return Vec::new();
    };
    let mut found: Vec<PathBuf> = entries.filter_map(|e| Some(e.ok()?.path())).filter(|p| p.is_dir()).collect();
    found.sort();
    found
}

fn epochs(run: &Path) -> usize {
    std::fs::read_to_string(run.join("metrics.jsonl")).map_or(0, |text| text.lines().count())
}

#[test]
fn a_killed_fit_resumes_to_the_same_bytes() {
    let whole = tempfile::tempdir().unwrap();
    let save = "std::fs::write(\"weights.safetensors\", run.network().to_safetensors()?)?;";
    let ran = Notebook::default().cell(DECLARE).cell(FIT).cell(save).run(whole.path(), &[]);
    assert!(ran.success, "{}", ran.stderr);

    let killed = tempfile::tempdir().unwrap();
    Notebook::default()
        .cell(DECLARE)
        .cell(FIT)
        .write(&killed.path().join("in.ipynb"));
    let mut child = cistron_command(killed.path())
        .args(["run", "in.ipynb", "-o", "out.ipynb"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let started = Instant::now();
    while !runs(killed.path()).first().is_some_and(|run| (3..12).contains(&epochs(run))) {
        assert!(child.try_wait().unwrap().is_none(), "the fit ended before it could be killed");
        assert!(
            started.elapsed() < Duration::from_secs(300),
            "no third epoch after five minutes"
        );
        std::thread::sleep(Duration::from_millis(5));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let run = runs(killed.path()).remove(0);
    std::thread::sleep(Duration::from_millis(300));
    let reached = epochs(&run);
    assert!(reached < 12, "the worker went on after its kernel was killed");
    std::thread::sleep(Duration::from_millis(1500));
    assert_eq!(epochs(&run), reached, "the worker went on after its kernel was killed");

    let resume = format!("let run = Run::resume({:?}, &toy)?;", run);
    let ran = Notebook::default()
        .cell(DECLARE)
        .cell(&resume)
        .cell(save)
        .run(killed.path(), &[]);
    assert!(ran.success, "{}\n{}", ran.stderr, ran.text(1));
    let read = |folder: &Path| std::fs::read(folder.join("weights.safetensors")).unwrap();
    assert!(
        read(whole.path()) == read(killed.path()),
        "the resumed weights differ from the uninterrupted run's"
    );
    assert_eq!(epochs(&run), 12);
}
