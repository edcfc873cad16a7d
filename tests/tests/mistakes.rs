//! What a mistake looks like in a notebook cell: located, with the fix, several at once, and nothing lost.

use cistron_tests::Notebook;

const DATA: &str = r#"let sim = simulate::motif_grammar(MotifGrammar { sequences: 300, ..Default::default() })?;
let toy = data! {
    records sim = frame(sim.table);
    input   dna: Dna = column("sequence");
    output  enhancer = column("enhancer"), promoter = column("promoter");
    split   column("split");
};"#;

#[test]
fn two_mistakes_of_one_cell_are_both_located_and_earlier_variables_live() {
    let folder = tempfile::tempdir().unwrap();
    let ran = Notebook::default()
        .cell(DATA)
        .tagged(
            &["raises-exception"],
            "let net = model! { Net(width = 11) on toy {\n    enhancer = dna.con(32, width = width).relu().linear();\n    promoter = dna.conv(32, widht = 11).relu().linear();\n}};",
        )
        .cell("toy.len()")
        .run(folder.path(), &[]);
    assert!(ran.success, "{}", ran.stderr);
    let text = ran.text(1);
    assert!(
        text.contains("unknown layer `con`") && text.contains("did you mean `conv`?"),
        "{text}"
    );
    assert!(text.contains("widht") && text.contains("did you mean `width`?"), "{text}");
    assert!(text.contains("enhancer = dna.con(32"), "the user's line is shown: {text}");
    assert!(
        text.contains("2:") && text.contains("3:"),
        "lines of the cell are named: {text}"
    );
    assert_eq!(ran.text(2).trim(), "300");
}

#[test]
fn what_only_the_files_can_tell_is_underlined_too() {
    let folder = tempfile::tempdir().unwrap();
    let ran = Notebook::default()
        .cell(DATA)
        .tagged(
            &["raises-exception"],
            "let net = model! { Net on toy {\n    enhancer = dna.conv(8, width = 11).pool(Max, 500).linear();\n    promotor = dnaa.conv(8, width = 11).linear();\n}};",
        )
        .cell("toy.len()")
        .run(folder.path(), &[]);
    assert!(ran.success, "{}", ran.stderr);
    let text = ran.text(1);
    assert!(
        text.contains("500") && text.contains("200"),
        "the window and the length: {text}"
    );
    assert!(text.contains("promotor") && text.contains("promoter"), "{text}");
    assert!(text.contains("dnaa") && text.contains("did you mean `dna`?"), "{text}");
    assert!(text.contains("^^^"), "{text}");
    assert_eq!(ran.text(2).trim(), "300");
}

#[test]
fn options_of_fit_are_checked_before_anything_runs() {
    let folder = tempfile::tempdir().unwrap();
    let ran = Notebook::default()
        .cell(DATA)
        .cell("let net = model! { Net on toy { enhancer = dna.conv(4, width = 5).mean(Positions).linear(); promoter = dna.conv(4, width = 5).mean(Positions).linear(); }};\nlet loss = objective! { on toy { loss(enhancer, promoter) = mse(); } };")
        .tagged(&["raises-exception"], "let run = fit! { net, loss, toy; wram_up = 4, optimizer = Adam { momentum: 0.9 }, batch = 0 };")
        .run(folder.path(), &[]);
    let text = ran.text(2);
    for part in ["wram_up", "did you mean `warmup`?", "momentum", "batch"] {
        assert!(text.contains(part), "no {part} in: {text}");
    }
}

#[test]
fn a_failing_cell_ends_the_run_with_its_number_and_keeps_what_ran() {
    let folder = tempfile::tempdir().unwrap();
    let ran = Notebook::default()
        .cell("let a = 40 + 2;\na")
        .cell("let b: Vec<u32> = Vec::new();\nb[a as usize]")
        .cell("println!(\"never\");")
        .run(folder.path(), &[]);
    assert!(!ran.success);
    assert!(ran.stderr.contains("cell 2"), "{}", ran.stderr);
    assert!(ran.stderr.contains("index out of bounds"), "{}", ran.stderr);
    assert_eq!(ran.text(0).trim(), "42");
    assert!(!ran.text(2).contains("never"));
}
