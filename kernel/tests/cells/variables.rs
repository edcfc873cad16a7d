//! Variables: which are kept, in which form, and why one is not.

use crate::support::session;
use crate::{failure, shown};

#[test]
fn what_borrows_or_was_moved_is_usable_in_its_cell_and_explained_later() {
    let mut session = session();
    session.ok("let v = vec![1, 2, 3]; let s = String::from(\"s\");");
    assert_eq!(
        session.value("let n = 10; let add = |x: i32| x + n; let r = &v; add(r[0])"),
        "11"
    );
    assert_eq!(session.value("v.len() as i32 + n"), "13");
    let later = shown(&failure(&mut session, "r.len()"));
    assert!(later.contains("`r` was not kept: it borrows from `v`"), "{later}");
    session.ok("let t = s;");
    let later = shown(&failure(&mut session, "s"));
    assert!(later.contains("`s` was not kept: its value was moved away"), "{later}");
}

#[test]
fn a_last_statement_needs_no_semicolon() {
    let mut session = session();
    session.ok("let mut a = 1; println!(\"{a}\")");
    assert_eq!(session.text(), "1\n");
    session.ok("a = 5");
    session.ok("assert_eq!(a, 5)");
}

#[test]
fn closures_are_kept() {
    let mut session = session();
    session.ok("let add = |x: i32| x + 1;\nlet n = 5;\nlet plus = |x: i32| x + n;\nlet mut calls = 0;\nlet mut sum = vec![0];");
    session.ok("let total = |v: &[f64]| -> f64 { v.iter().sum() };\nlet owned = sum.clone();\nlet first = move || owned[0];");
    assert_eq!(session.value("add(2) + plus(1) + n + first()"), "14");
    // A pointer to a function can be copied; what captures is in a box.
    assert_eq!(
        session.value("[1, 2].iter().copied().map(add).map(plus).sum::<i32>() + add(0)"),
        "16"
    );
    assert_eq!(session.value("total(&[1.0, 2.5])"), "3.5");
    session.ok("let mut count = 0; let mut next = move || { count += 1; count };");
    assert_eq!(session.value("next() + next()"), "3");
    assert_eq!(session.value("next()"), "3");
    session.ok("let word = String::from(\"once\"); let once = move || word;");
    assert_eq!(session.value("once()"), "\"once\"");
}

#[test]
fn a_closure_that_borrows_what_its_cell_still_needs_is_explained() {
    let mut session = session();
    assert_eq!(
        session.value("let list = vec![1, 2]; let sum = || list.iter().sum::<i32>(); sum() + list.len() as i32"),
        "5"
    );
    assert_eq!(session.value("list.len()"), "2");
    let text = shown(&failure(&mut session, "sum()"));
    assert!(text.contains("`sum` was not kept: it borrows"), "{text}");
    session.ok("let sum = 5;");
    assert_eq!(session.value("sum"), "5");
}

#[test]
fn values_whose_types_have_no_name_are_kept_in_boxes() {
    let mut session = session();
    session.ok("let even = (0..10).filter(|x| x % 2 == 0);\nlet back = vec![1, 2, 3].into_iter().rev();");
    assert_eq!(
        session.value("(even.collect::<Vec<i32>>(), back.collect::<Vec<i32>>())"),
        "([0, 2, 4, 6, 8], [3, 2, 1])"
    );
    session.ok("fn odd() -> impl Iterator<Item = u32> { (0..10).filter(|x| x % 2 == 1) }\nlet odd = odd();");
    assert_eq!(session.value("odd.sum::<u32>()"), "25");
    session.ok("fn twice(n: i32) -> impl Fn(i32) -> i32 { move |x| x * n }\nlet by_three = twice(3);");
    assert_eq!(session.value("by_three(4)"), "12");
    session.ok("let nested = vec![|x: i32| x];");
    let text = shown(&failure(&mut session, "nested.len()"));
    assert!(
        text.contains("`nested` was not kept: the type of a closure has no name"),
        "{text}"
    );
}

#[test]
fn await_waits_in_a_cell() {
    let mut session = session();
    session.ok("async fn five() -> Result<i32, std::num::ParseIntError> { \"5\".parse() }\nlet five = five().await?;\nlet later = async move { five + 1 };");
    assert_eq!(session.value("later.await + async { 1 }.await"), "7");
    let text = shown(&failure(&mut session, "let x = async { \"x\".parse::<i32>() }\n    .await?;"));
    assert!(text.contains("ParseIntError") && text.contains("line 1:"), "{text}");
    let text = shown(&failure(&mut session, "println!(\"{}\", async { 1 }.await)"));
    assert!(text.contains("E0728") && text.contains("outside of macros"), "{text}");
    let stopped = session
        .interrupted("println!(\"go\");\nstd::future::pending::<()>().await;", "go")
        .expect_err("interrupted");
    assert_eq!(stopped.name, "KeyboardInterrupt");
}

#[test]
fn return_ends_the_cell_and_keeps_what_was_bound() {
    let mut session = session();
    session.ok("let before = 1;\nif before == 1 { return; }\nprintln!(\"never\");\nlet after = 2;");
    assert_eq!(session.text(), "");
    assert_eq!(session.value("before"), "1");
    assert!(shown(&failure(&mut session, "after")).contains("cannot find value `after`"));
}

#[test]
fn shared_boxed_and_shadowed_values_live_on() {
    let mut session = session();
    session.ok("use std::{cell::RefCell, rc::Rc};\nlet shared = Rc::new(RefCell::new(vec![1]));\nlet other = shared.clone();");
    assert_eq!(session.value("other.borrow_mut().push(2); shared.borrow().len()"), "2");
    session
        .ok("let boxed: Box<dyn Fn(i32) -> i32> = Box::new(|x| x + 1);\nlet x = 3;\nlet x = x + 1;\nlet x = format!(\"{x}\");");
    assert_eq!(session.value("x.clone() + &boxed(1).to_string()"), "\"42\"");
    session.ok("let (y, ref z) = (1, String::from(\"z\"));");
    let text = shown(&failure(&mut session, "(y, z)"));
    assert!(text.contains("`z` was not kept: it borrows"), "{text}");
}

#[test]
fn threads_outlive_their_cell() {
    let mut session = session();
    session.ok("let (send, receive) = std::sync::mpsc::channel::<()>();\n\
        let thread = std::thread::spawn(move || { receive.recv().ok(); println!(\"late\"); if true { panic!(\"in a thread\") } });");
    assert_eq!(session.text(), "");
    assert_eq!(session.value("send.send(())?; thread.join().is_err()"), "true");
    let mut text = session.text();
    for _ in 0..200 {
        if text.contains("in a thread") {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
        session.idle();
        text = session.text();
    }
    assert!(
        text.contains("late") && text.contains("panicked: in a thread") && text.contains("cell [1]"),
        "{text}"
    );
}

#[test]
fn descriptions_of_figures_are_kept() {
    let mut session = session();
    session.ok(
        "let figure = plot::histogram(&[1.0, 2.0, 4.0], 3);\nlet all = vec![plot::scatter(&[1.0, 2.0, 3.0], &[1.5, 2.5, 2.0])];",
    );
    session.ok("figure.title(\"lengths\")");
    assert!(session.result().get("image/svg+xml").is_some(), "{}", session.result());
    assert_eq!(session.value("all.len()"), "1");
}
