//! Lines that begin with a colon.

use crate::support::session;
use crate::{failure, shown};

#[test]
fn evcxr_conventions_are_kept() {
    let mut session = session();
    session.ok("struct E; impl E { fn evcxr_display(&self) { println!(\"EVCXR_BEGIN_CONTENT text/html\\n<b>x</b>\\nEVCXR_END_CONTENT\"); } }");
    session.ok("E");
    assert_eq!(session.result()["text/html"], "<b>x</b>");
    session.ok("let count = 3;\n:vars");
    session.ok(":vars");
    assert!(
        session.result()["text/plain"]
            .as_str()
            .is_some_and(|t| t.contains("count  i32")),
        "{}",
        session.result()
    );
    let text = shown(&failure(&mut session, ":nothing"));
    assert!(text.contains("there is no command `:nothing`\n`:help` lists them"), "{text}");
    for (typed, meant) in [(":rnus", ":runs"), (":hlep", ":help"), (":pn", ":png")] {
        let text = shown(&failure(&mut session, typed));
        assert!(text.contains(&format!("did you mean `{meant}`?")), "{text}");
    }
}

#[test]
fn crates_that_are_there_already_can_be_named_after_dep() {
    let mut session = session();
    assert_eq!(
        session.value(":dep serde_json = \"1\"\nserde_json::json!([1]).to_string()"),
        "\"[1]\""
    );
}

#[test]
fn figures_have_a_png_when_it_is_asked_for() {
    let mut session = session();
    let figure = "plot::scatter(&[1.0, 2.0, 3.0], &[1.5, 2.5, 2.0])";
    session.ok(figure);
    assert!(session.result().get("image/png").is_none());
    session.ok(&format!(":png 3\n{figure}"));
    let forms = session.result();
    if session.text().contains("no fonts") {
        println!("skipped: no fonts on this machine");
    } else {
        assert!(
            forms["image/png"].as_str().is_some_and(|png| png.starts_with("iVBORw0KGgo")),
            "{forms}"
        );
    }
    session.ok(&format!(":png off\n{figure}"));
    assert!(session.result().get("image/png").is_none());
    for (wrong, why) in [(":png large", "`off`, found `large`"), (":png 0", "found 0")] {
        let text = shown(&failure(&mut session, wrong));
        assert!(text.contains(why), "{text}");
    }
}

#[test]
fn vars_say_what_is_there() {
    let mut session = session();
    session.ok(":vars");
    assert_eq!(session.result()["text/plain"], "no variables yet");
    session.ok("let table = cistron::polars::df!(\"<script>\" => [1.0, 2.0])?;\nlet mut t = Tensor::zeros((2, 3), DType::F32, &Device::Cpu)?;\nlet r = &table;\n(r.height(), t.rank())");
    session.ok(":vars");
    let forms = session.result();
    let text = forms["text/plain"].as_str().unwrap_or_default();
    for part in [
        "mut t",
        "Tensor",
        "[2, 3] f32",
        "24 B",
        "cpu",
        "2 rows × 1 column",
        "`r` was not kept: it borrows",
    ] {
        assert!(text.contains(part), "`{part}` is not in\n{text}");
    }
    assert!(
        forms["text/html"]
            .as_str()
            .is_some_and(|h| h.contains("<table") && h.contains("Tensor")),
        "{forms}"
    );
}

#[test]
fn runs_device_and_help_answer() {
    let mut session = session();
    session.ok(":device");
    let text = session.result()["text/plain"].to_string();
    assert!(
        text.contains("processor") && text.contains("CUDA") && !text.contains("not known"),
        "{text}"
    );
    session.ok("assert!(!cistron::ops::instructions().is_empty()); cistron::ops::instructions()");
    let set = session.result()["text/plain"]
        .as_str()
        .unwrap_or_default()
        .trim_matches('"')
        .to_string();
    assert!(text.contains(&set), "{set} is not in {text}");
    session.ok(":help");
    let help = session.result()["text/plain"].to_string();
    for word in [
        ":vars",
        ":runs",
        ":device",
        ":dep",
        "data!",
        "model!",
        "objective!",
        "fit!",
        "compare!",
        "depthwise_conv",
        "correlation",
        "AdamW",
    ] {
        assert!(help.contains(word), "`{word}` is not in {help}");
    }
    session.ok(":runs");
    assert!(
        session.result()["text/plain"].as_str().is_some_and(|t| t.contains("runs")),
        "{}",
        session.result()
    );
}

#[test]
fn a_command_that_looks_says_that_it_takes_nothing() {
    let mut session = session();
    let text = shown(&failure(&mut session, ":help keep!"));
    assert!(
        text.contains("`:help` takes nothing, found `keep!`") && text.contains("?name"),
        "{text}"
    );
}
