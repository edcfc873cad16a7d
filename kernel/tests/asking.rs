//! Cells that ask, and what the worker tells of variables.

mod support;

use cistron_kernel::engine::Answer;
use std::sync::{Arc, Mutex};
use support::session;

#[test]
fn a_cell_gets_what_it_asks_for() {
    let mut s = session();
    let failure = s
        .run("let width: usize = input(\"width: \")?.parse()?;")
        .expect_err("nobody is there");
    assert!(
        failure.value.contains("asks `width:`") && failure.value.contains("allow_stdin"),
        "{failure}"
    );
    let asked = Arc::new(Mutex::new(Vec::new()));
    let questions = asked.clone();
    s.engine.ask_with(move |question| {
        let mut asked = questions.lock().expect("no test panics in here");
        asked.push((question.prompt.clone(), question.password));
        Answer::Text(if asked.len() == 1 {
            "12".into()
        } else {
            "two\nlines and \"quotes\"".into()
        })
    });
    s.ok("let width: usize = input(\"width: \")?.parse()?;\nlet key = password(\"key\")?;");
    assert_eq!(s.value("(width, key.lines().count())"), "(12, 2)");
    let expected = [("width: ".to_string(), false), ("key".to_string(), true)];
    assert_eq!(*asked.lock().expect("no test panics in here"), expected);
    s.engine.ask_nobody();
    assert!(s.run("password(\"key\")?").is_err());
}

#[test]
fn an_interrupted_question_ends_the_cell_and_keeps_its_variables() {
    let mut s = session();
    s.engine.ask_with(|_| Answer::Interrupted);
    let failure = s
        .run("let kept = 7;\nlet never = input(\"\")?;")
        .expect_err("it was interrupted");
    assert_eq!(failure.name, "KeyboardInterrupt");
    assert_eq!(s.value("kept"), "7");
    assert!(s.run("never").is_err());
}

#[test]
fn standard_input_is_at_its_end() {
    let mut s = session();
    assert_eq!(s.value("std::io::stdin().read_line(&mut String::new())?"), "0");
}

#[test]
fn a_prompt_comes_behind_what_was_printed() {
    let mut s = session();
    s.engine.ask_with(|_| Answer::Text(String::new()));
    s.ok("print!(\"before \");\nlet _ = input(\"?\")?;\nprint!(\"after\");");
    assert_eq!(s.text(), "before after");
}

#[test]
fn variables_are_described_when_they_change() {
    let mut s = session();
    s.ok("let v = vec![0.5; 40];\nlet t = cistron::candle_core::Tensor::zeros((2, 3), DType::F32, &Device::Cpu)?;");
    let told = s.engine.described();
    assert_eq!((told["v"].shape.as_str(), told["v"].bytes), ("[40]", Some(320)));
    assert_eq!(
        (told["t"].shape.as_str(), told["t"].device.as_deref()),
        ("[2, 3] f32", Some("cpu"))
    );
    s.ok("let mut v = v;\nv.push(1.0);");
    assert_eq!(s.engine.described()["v"].shape, "[41]");
    s.ok("drop(t);");
    assert!(!s.engine.described().contains_key("t"), "what is gone is not described");
}
