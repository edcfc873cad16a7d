//! Mistakes, errors and panics: what is said, and at which line.

use crate::support::session;
use crate::{failure, shown};

#[test]
fn what_was_bound_before_a_failure_is_kept() {
    let mut session = session();
    session.ok("let old = vec![1, 2, 3];");
    let panic = failure(&mut session, "let before = 4;\n\nlet never = old[10];");
    assert_eq!(panic.name, "Panic");
    assert!(
        shown(&panic).contains("line 3:") && shown(&panic).contains("3 | let never = old[10];"),
        "{}",
        shown(&panic)
    );
    assert_eq!(session.value("old.len() as i32 + before"), "7");
    let error = failure(&mut session, "let more = 5;\nlet number: i32 = \"abc\".parse()?;");
    assert_eq!(
        (error.name.as_str(), error.value.as_str()),
        ("ParseIntError", "invalid digit found in string")
    );
    assert!(shown(&error).contains("line 2:"), "{}", shown(&error));
    assert_eq!(session.value("more + before"), "9");
}

#[test]
fn mistakes_are_shown_at_the_lines_of_the_cell_all_at_once() {
    let mut session = session();
    let text = shown(&failure(&mut session, "let a = 1;\nlet b: u8 = \"x\";\nlet c = missing;"));
    assert!(
        text.contains("line 2:13") && text.contains("2 | let b: u8 = \"x\";"),
        "{text}"
    );
    assert!(
        text.contains("cannot find value `missing`") && text.contains("line 3:9"),
        "{text}"
    );
    assert!(!text.contains("__store") && !text.contains("segment"), "{text}");
    let text = shown(&failure(
        &mut session,
        "macro_rules! two { () => { compile_error!(\"first\"); compile_error!(\"second\") } }\ntwo!();",
    ));
    assert!(
        text.contains("first") && text.contains("second") && text.contains("line 1:28"),
        "{text}"
    );
    let text = shown(&failure(&mut session, "let x = (1,\n"));
    assert!(text.contains("unclosed delimiter") && text.contains("line 1:"), "{text}");
    let text = shown(&failure(&mut session, "let x = 1;\nlet s = \"open;"));
    assert!(
        text.contains("unterminated double quote string") && text.contains("line 2:9"),
        "{text}"
    );
}

#[test]
fn panics_show_the_users_line_and_the_calls_that_led_there() {
    let mut session = session();
    session.ok("fn pick(v: &[i32], i: usize) -> i32 {\n    v[i]\n}\n#[inline(never)]\nfn outer(v: &[i32]) -> i32 {\n    pick(v, 9) + 1\n}");
    let text = shown(&failure(&mut session, "let v = vec![1];\nouter(&v)"));
    for part in [
        "index out of bounds",
        "cell [1], line 2:5",
        "in `pick`, called from",
        "cell [1], line 6:5, in `outer`: pick(v, 9) + 1",
        "cell [2], line 2:1: outer(&v)",
    ] {
        assert!(text.contains(part), "`{part}` is not in\n{text}");
    }
    assert!(!text.contains("segment") && !text.contains("__cell"), "{text}");
}

#[test]
fn a_panic_inside_a_library_shows_the_users_line_first() {
    let mut session = session();
    // The store of variables says that there is none of this name, on a line of its own file.
    let code = "let one = 1;\nlet two = cistron::rt::Store::default().take::<i32>(\"none\");";
    let text = shown(&failure(&mut session, code));
    assert!(text.contains("line 2:1") && text.contains("rt/store.rs"), "{text}");
    assert!(
        text.find("cell [1]").unwrap_or(usize::MAX) < text.find("raised in").unwrap_or(usize::MAX),
        "{text}"
    );
}

#[test]
fn every_panic_has_its_line() {
    let mut session = session();
    for (code, message) in [
        ("let n = 0;\nlet x = vec![1][n + 4];", "index out of bounds"),
        ("let o: Option<i32> = None;\no.unwrap()", "`Option::unwrap()` on a `None`"),
        ("let one = 200u8;\nlet q = one + \"56\".len() as u8 * 100;", "overflow"),
        ("let a = 1;\nassert_eq!(a, 3, \"sums\");", "sums"),
        (
            "let a = [1, 2];\na.iter().for_each(|x| if *x == 2 { panic!(\"inside\") });",
            "inside",
        ),
        ("let a = 1;\nErr::<i32, _>(\"text\")?;", "text"),
    ] {
        let text = shown(&failure(&mut session, code));
        assert!(text.contains(message) && text.contains("line 2:"), "{code}\n{text}");
    }
}

#[test]
fn any_error_leaves_a_cell_by_the_question_mark() {
    let mut session = session();
    session.ok("fn boxed() -> Result<i32, Box<dyn std::error::Error>> { Err(\"boxed\".into()) }");
    assert!(shown(&failure(&mut session, "boxed()?;")).contains("boxed"));
    session.ok("#[derive(Debug)] struct Own; impl std::fmt::Display for Own { fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { write!(f, \"mine\") } }");
    let error = failure(&mut session, "Err::<i32, Own>(Own)?;");
    assert_eq!((error.name.as_str(), error.value.as_str()), ("Own", "mine"));
    let text = shown(&failure(
        &mut session,
        "#[derive(Debug)] struct Mute;\nErr::<i32, Mute>(Mute)?;",
    ));
    assert!(
        text.contains("Display") && text.contains("line 2:") && !text.contains("rt::Fail"),
        "{text}"
    );
    let text = shown(&failure(&mut session, "None::<i32>?;"));
    assert!(
        text.contains(".ok_or(") && !text.contains("rt::Fail") && !text.contains("closure"),
        "{text}"
    );
}

#[test]
fn mistakes_are_worded_for_a_cell() {
    let mut session = session();
    let text = shown(&failure(
        &mut session,
        "let s = String::from(\"x\");\nlet t = s;\nprintln!(\"{s}\");",
    ));
    assert!(
        text.contains("borrow of moved value: `s`") && text.contains("line 3:12") && !text.contains("closure"),
        "{text}"
    );
    session.ok("struct A;");
    let text = shown(&failure(&mut session, "let a: u8 = A;"));
    assert!(text.contains("found `A`") && !text.contains("cell_"), "{text}");
    let text = shown(&failure(&mut session, "let x: i32 = \"5\".into_iter().len().pars();"));
    assert!(text.contains("line 1:") && !text.contains("__"), "{text}");
    let colour = failure(&mut session, "let x: u8 = \"x\";").to_string();
    assert!(colour.contains("\u{1b}[31m") && colour.contains("\u{1b}[0m"), "{colour:?}");
    let text = shown(&failure(&mut session, "model! { X on nothing {\n    y = dna.cnv(3);\n} }"));
    assert!(text.contains("line 2:13") && text.contains("did you mean `conv`"), "{text}");
}

#[test]
fn warnings_that_matter_are_shown_and_others_are_not() {
    let mut session = session();
    session.ok("let unused = 1;\nstd::fs::remove_file(\"/nowhere/x\");");
    let text = session.text();
    assert!(
        text.contains("unused `std::result::Result` that must be used") && text.contains("line 2:1"),
        "{text:?}"
    );
    assert!(!text.contains("`unused`"), "{text}");
    session.ok("let wrapped = 300u8;");
    assert!(session.text().contains("literal out of range for `u8`"), "{}", session.text());
    session.ok("let quiet = 2; fn nobody_calls_this() {}");
    assert_eq!(session.text(), "");
    session.ok("#![warn(unused_variables)]\nfn f() { let seen = 1; }");
    assert!(session.text().contains("`seen`"), "{}", session.text());
}

#[test]
fn brackets_are_those_of_the_cell() {
    let mut session = session();
    for (code, place) in [
        ("let a = 1;\nlet x = (1 + 2;\nlet y = 3;", "line 2:9"),
        ("println!(\"{}\", 3;", "line 1:9"),
        ("fn g(x: i32 -> i32 { x }", "line 1:5"),
        ("let y = {1;", "line 1:9"),
    ] {
        let failure = failure(&mut session, code);
        assert_eq!(failure.value, "the cell contains an unclosed delimiter", "{code}");
        let text = shown(&failure);
        assert!(text.contains(place) && text.contains("^ unclosed delimiter"), "{text}");
        assert_eq!(text.matches("line ").count(), 1, "{text}");
    }
    let open = failure(&mut session, "let k = 1;\nlet x = 5");
    assert_eq!(open.value, "expected `;`, found the end of the cell");
    let text = shown(&open);
    assert!(
        text.contains("line 2:10") && text.contains("found the end of the cell"),
        "{text}"
    );
    for comment in ["// five", "/* } */"] {
        assert_eq!(failure(&mut session, &format!("let x = 5 {comment}")).value, open.value);
    }
    let text = shown(&failure(&mut session, "{ let x = 5 }"));
    assert!(text.contains("found `}`"), "{text}");
    let text = shown(&failure(&mut session, "}\nlet k = 1;"));
    assert!(
        text.contains("unexpected closing delimiter: `}`") && text.contains("line 1:1") && text.contains("^ unexpected"),
        "{text}"
    );
    let text = shown(&failure(&mut session, "let x = 1\nlet y = 2;"));
    assert!(text.contains("add `;` here") && !text.contains("here: `;`"), "{text}");
}

#[test]
fn notes_name_what_a_user_may_know() {
    let mut session = session();
    let text = shown(&failure(&mut session, "let x = 5u8; let y = x + 1.5;"));
    assert!(text.contains("`&u8` implements `std::ops::Add<u8>`"), "{text}");
    assert!(!text.contains("num_") && !text.contains(" others"), "{text}");
    let text = shown(&failure(&mut session, "let t: u32 = [1.0f64].iter().sum();"));
    assert!(text.contains("`u32` implements `std::iter::Sum<&u32>`"), "{text}");
    session.ok("trait Loud {} struct Horn; struct Bell; impl Loud for Horn {} impl Loud for Bell {}\nfn hear<T: Loud>(_: T) {}");
    let text = shown(&failure(&mut session, "hear(3);"));
    assert!(text.contains("Horn") && text.contains("Bell"), "{text}");
    let text = shown(&failure(&mut session, "let m = HashMap::new();"));
    assert!(
        text.contains("`use std::collections::HashMap;`") && !text.contains("hashbrown"),
        "{text}"
    );
    let text = shown(&failure(&mut session, "fn f() -> Result<f64> { Ok(1.0) }"));
    assert!(
        text.contains("`Result<f64, Box<dyn std::error::Error>>` takes any error"),
        "{text}"
    );
    session
        .ok("fn f() -> Result<f64, Box<dyn std::error::Error>> { Ok(\"1\".parse::<f64>()? + f64::from(\"2\".parse::<i32>()?)) }");
    assert_eq!(session.value("f()?"), "3.0");
}

#[test]
fn a_figure_that_can_not_be_drawn_fails_its_cell() {
    let mut session = session();
    for code in [
        "let none: [f64; 0] = [];\nplot::histogram(&none, 10)",
        "let none: [f64; 0] = [];\n(1, plot::histogram(&none, 10))",
    ] {
        let text = shown(&failure(&mut session, code));
        assert!(
            text.contains("no figure: histogram: nothing to draw") && text.contains("line 2:1"),
            "{text}"
        );
        assert!(!text.contains("panic"), "{text}");
    }
    assert_eq!(session.value("none.len()"), "0");
}

#[test]
fn what_never_gives_a_value_is_told_in_words() {
    let mut session = session();
    let text = shown(&failure(
        &mut session,
        "let thread = std::thread::spawn(|| panic!(\"oh\"));\nthread.join()",
    ));
    assert!(
        text.contains("there is nothing to show: this never gives a value") && !text.contains("Show"),
        "{text}"
    );
    session.ok("let thread = std::thread::spawn(|| -> () { panic!(\"oh\") });");
    assert_eq!(session.value("thread.join()"), "Err(Any { .. })");
}

#[test]
fn what_a_cell_did_not_come_to_make_is_known_by_name() {
    let mut session = session();
    failure(
        &mut session,
        "let first = 1;\nlet data = \"x\".parse::<i32>()?;\nlet later = 3;",
    );
    assert_eq!(session.value("first"), "1");
    // There is a macro of this name.
    for name in ["data", "later"] {
        let text = shown(&failure(&mut session, name));
        assert!(
            text.contains(&format!("`{name}` was not kept: cell [1] failed before it was there")),
            "{text}"
        );
        assert!(!text.contains("consider importing"), "{text}");
    }
    session.ok("let data = 5;");
    assert_eq!(session.value("data"), "5");
    failure(&mut session, "let word = \"a\" + 1;");
    let text = shown(&failure(&mut session, "word"));
    assert!(text.contains("`word` was not kept: cell ["), "{text}");
    assert!(text.contains("did not compile"), "{text}");
}
