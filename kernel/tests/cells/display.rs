//! What a value looks like at the end of a cell.

use crate::support::session;

#[test]
fn frames_and_tensors_show_as_tables() {
    let mut session = session();
    session.ok("let frame = cistron::polars::df!(\"gene\" => [\"<a>\", \"b\"], \"n\" => [1, 2])?; frame.clone()");
    let html = session.result()["text/html"].as_str().unwrap_or_default().to_string();
    assert!(
        html.contains("&lt;a&gt;") && html.contains("2 rows × 2 columns") && !html.contains("<a>"),
        "{html}"
    );
    session.ok("Tensor::zeros((2, 3), DType::F32, &Device::Cpu)?");
    assert!(
        session.result()["text/plain"]
            .as_str()
            .is_some_and(|t| t.starts_with("Tensor [2, 3] f32 on cpu"))
    );
}

#[test]
fn what_is_inside_shows_itself() {
    let mut session = session();
    session.ok("let frame = cistron::polars::df!(\"n\" => [1, 2])?;\nSome(frame.clone())");
    assert!(html(&session.result()).contains("2 rows × 1 columns"), "{}", session.result());
    session.ok("Ok::<_, String>(&frame)");
    assert!(html(&session.result()).contains("2 rows"), "{}", session.result());
    session.ok("(1, frame.clone(), Tensor::zeros(2, DType::F32, &Device::Cpu)?)");
    let shown = session.result();
    assert!(
        html(&shown).contains("2 rows") && html(&shown).contains("Tensor [2] f32"),
        "{shown}"
    );
    assert_eq!(session.value("(1, \"a\", 'c')"), "(1, \"a\", 'c')");
    session.ok("let figure = plot::scatter(&[1.0, 2.0, 4.0], &[1.0, 3.0, 5.0]).draw()?;\nvec![figure.clone(), figure]");
    assert_eq!(
        html(&session.result()).matches("aria-label").count(),
        2,
        "{}",
        session.result()
    );
    assert_eq!(session.value("None::<Tensor>"), "None");
    session.ok("()");
    assert!(session.result().is_null());
}

#[test]
fn long_values_are_shortened() {
    let mut session = session();
    let text = session.value("(0..1000).map(f64::from).collect::<Vec<_>>()");
    assert!(
        text.lines().count() == 2 && text.contains("1,000 f64: min 0, mean 499.5, max 999.0, 0 NaN"),
        "{text}"
    );
    assert_eq!(session.value("vec![1, 2]"), "[1, 2]");
    let text = session.value("vec![\"word\"; 100_000]");
    assert!(
        text.lines().count() < 120 && text.contains("`println!` prints all"),
        "{}",
        text.len()
    );
    let text = session.value("struct Opaque; Opaque");
    assert!(text.contains("`Opaque`") && !text.contains("cell_"), "{text}");
    session.ok("Tensor::new(&[f32::NAN, 1.0, 3.0], &Device::Cpu)?");
    let text = session.result()["text/plain"].as_str().unwrap_or_default().to_string();
    assert!(text.contains("min 1.000, mean 2.000, max 3.000, 1 NaN"), "{text}");
}

#[test]
fn names_from_data_are_text_and_never_markup() {
    let mut session = session();
    const EVIL: &str = "<script>alert(1)</script>";
    session.ok(&format!(
        "let evil = \"{EVIL}\";\nlet frame = cistron::polars::df!(evil => [evil, \"b\"])?;\n\
         let sim = simulate::motif_grammar(MotifGrammar {{ sequences: 200, ..Default::default() }})?;\n\
         let mut tracks = sim.table.clone();\ntracks.rename(\"enhancer\", evil.into())?;\n\
         let data = data! {{ records r = frame(tracks); input dna: Dna = column(\"sequence\"); output y = column(evil); split column(\"split\"); }};"
    ));
    let mut checked = 0;
    for code in [
        "frame.clone()",
        "frame.column(evil)?.clone()",
        "Some(vec![frame.clone()])",
        "&data",
        "data.audit()",
        "plot::scatter(&[1.0, 2.0, 4.0], &[1.0, 3.0, 5.0]).draw()?.caption(evil)",
        "(evil, frame.clone())",
        ":vars",
        ":runs",
    ] {
        if session.run(code).is_ok() {
            let shown = session.result();
            for form in ["text/html", "image/svg+xml"] {
                if let Some(text) = shown[form].as_str() {
                    checked += 1;
                    assert!(!text.contains("<script"), "{code}: {text}");
                }
            }
        }
    }
    assert!(checked >= 7, "only {checked} forms were looked at");
}

#[test]
fn names_of_files_and_runs_are_text_and_never_markup() {
    let mut session = session();
    const EVIL: &str = "<script>alert(1)<script>";
    session.ok(&format!(
        "let folder = std::env::temp_dir().join(format!(\"cistron-evil-{{}}\", std::process::id()));\n\
         std::fs::create_dir_all(&folder)?;\nlet file = folder.join(\"{EVIL}.tsv\").display().to_string();\n\
         let sim = simulate::motif_grammar(MotifGrammar {{ sequences: 60, seed: 1, ..Default::default() }})?;\n\
         table::write_tsv(&sim.table, &file)?;\nlet evil = \"{EVIL}\";"
    ));
    let cells = [
        "let data = data! { records r = table(file); input dna: Dna = column(\"sequence\"); output y = column(\"enhancer\"); split column(\"split\"); };\n&data",
        "let net = model! { Net on data { y = dna.conv(4, width = 5).relu().mean(Positions).linear(); } };\n&net",
        "let loss = objective! { on data { loss(y) = mse(); } };\n&loss",
        "let run = fit! { net, loss, data; epochs = 1, batch = 16, name = evil };",
        "&run",
        "run.history()?",
        "run.metrics(&data, Part::Test)?",
        "run.curve()?",
        "sim",
    ];
    let (mut forms, mut escaped) = (0, 0);
    for code in cells {
        let mut shown = Vec::new();
        let result = session.watched(code, |output| {
            use cistron_kernel::engine::Output;
            match output {
                Output::Display(content) | Output::Update(content) => shown.push(content["data"].clone()),
                Output::Result(data) => shown.push(data.clone()),
                _ => {}
            }
        });
        assert!(result.is_ok(), "{code}: {result:?}");
        for form in shown
            .iter()
            .flat_map(|data| ["text/html", "image/svg+xml"].map(|form| &data[form]))
        {
            let Some(text) = form.as_str() else { continue };
            forms += 1;
            escaped += usize::from(text.contains("&lt;script"));
            assert!(!text.contains("<script"), "{code}: {text}");
        }
    }
    session.ok("std::fs::remove_dir_all(&folder)?;");
    assert!(forms >= 7 && escaped >= 2, "{forms} forms, {escaped} of them with the name");
}

fn html(shown: &serde_json::Value) -> String {
    shown["text/html"].as_str().unwrap_or_default().to_string()
}

#[test]
fn a_value_with_only_display_shows_by_that() {
    let mut session = session();
    session.ok("use std::fmt;\nstruct Gene(&'static str);\nimpl fmt::Display for Gene { fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { write!(f, \"gene {}\", self.0) } }");
    assert_eq!(session.value("Gene(\"BRCA1\")"), "gene BRCA1");
    assert_eq!(session.value("(Gene(\"A\"), \"text\")"), "(gene A, \"text\")");
    session.ok("#[derive(Debug)]\nstruct Both;\nimpl fmt::Display for Both { fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { write!(f, \"shown\") } }");
    assert_eq!(session.value("Both"), "Both");
}
