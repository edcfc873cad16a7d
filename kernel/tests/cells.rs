//! Real cells through the engine: what survives what, and what is said when it does not.

mod support;

use cistron_kernel::engine::Failure;
use std::time::Duration;
use support::{Session, session};

fn failure(session: &mut Session, code: &str) -> Failure {
    match session.run(code) {
        Err(failure) => failure,
        Ok(()) => panic!("the cell should have failed: {code}"),
    }
}

fn shown(failure: &Failure) -> String {
    let mut out = String::new();
    let text = failure.to_string();
    let mut rest = text.as_str();
    while let Some((before, after)) = rest.split_once("\u{1b}[") {
        out.push_str(before);
        rest = after.split_once('m').map_or("", |(_, tail)| tail);
    }
    out + rest
}

#[test]
fn values_functions_and_types_live_on() {
    let mut session = session();
    assert_eq!(session.value("let x = 1 + 1; x"), "2");
    session.ok("#[derive(Clone)] struct A { x: u64 } impl A { fn twice(&self) -> u64 { self.x * 2 } } let a = A { x: 21 };");
    assert_eq!(session.value("a.twice() + x as u64"), "44");
    session.ok("use std::sync::atomic::*; static C: AtomicUsize = AtomicUsize::new(0); fn bump() -> usize { C.fetch_add(1, Ordering::SeqCst) }");
    assert_eq!(session.value("bump()") + &session.value("bump()"), "01");
    session.ok("macro_rules! square { ($x:expr) => { $x * $x } }");
    assert_eq!(session.value("square!(5)"), "25");
    session.ok("let moved = String::from(\"m\"); let taken = moved;");
    assert_eq!(session.value("taken"), "\"m\"");
    assert!(shown(&failure(&mut session, "moved")).contains("cannot find value `moved`"));
}

#[test]
fn a_type_defined_anew_leaves_old_values_as_they_were() {
    let mut session = session();
    session.ok("struct A { x: u64 } impl A { fn n(&self) -> u64 { self.x } } let a = A { x: 7 };");
    session.ok("struct A { x: String } let b = A { x: \"abc\".into() };");
    assert_eq!(session.value("a.n() + b.x.len() as u64"), "10");
}

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
fn a_closure_can_be_used_in_its_cell_and_is_explained_later() {
    let mut session = session();
    assert_eq!(session.value("let add = |x: i32| x + 1; add(1)"), "2");
    let text = shown(&failure(&mut session, "add(2)"));
    assert!(
        text.contains("`add` was not kept: the type of a closure has no name"),
        "{text}"
    );
}

#[test]
fn an_interrupt_ends_an_endless_loop_and_keeps_what_it_reached() {
    let mut session = session();
    session.ok("let old = 1;");
    let code = "let mut n = 0u64;\nloop { n += 1; if n == 5 { println!(\"go\"); } std::thread::sleep(std::time::Duration::from_millis(1)); }";
    let failure = session.interrupted(code, "go").expect_err("interrupted");
    assert_eq!(failure.name, "KeyboardInterrupt");
    assert_eq!(session.value("n > 0 && old == 1"), "true");
}

#[test]
fn a_loop_without_a_pause_is_interrupted_too() {
    let mut session = session();
    let failure = session
        .interrupted(
            "let mut turns = 0u64;\nloop { turns += 1; if turns == 1000 { println!(\"go\"); } }",
            "go",
        )
        .expect_err("interrupted");
    assert_eq!(failure.name, "KeyboardInterrupt");
    session.ok("println!(\"{}\", turns > 0)");
    assert_eq!(session.text(), "true\n");
}

#[test]
fn a_second_interrupt_ends_only_what_did_not_hear_the_first() {
    let mut session = session();
    session.ok("let old = 1;");
    // Work that stops when it is asked, as a fit does, and has no checks, as what unwinding must not leave: twice in one cell.
    session.ok(
        "extern \"C\" fn work() { while !cistron::display::interrupted() {\n\
            println!(\"go\"); std::thread::sleep(std::time::Duration::from_millis(30)); }\ncistron::display::clear_interrupt(); }",
    );
    let heard = "let first = { work(); 1 };\nlet second = { work(); 2 };";
    session.interrupted_often(heard, "go").expect("both stopped by themselves");
    assert_eq!(session.value("old + first + second"), "4");
    let deaf =
        "println!(\"go\");\nlet (sender, receiver) = std::sync::mpsc::channel::<()>();\nlet _ = receiver.recv();\ndrop(sender);";
    let failure = session.interrupted_often(deaf, "go").expect_err("ended");
    assert!(shown(&failure).contains("second interrupt"), "{}", shown(&failure));
    assert_eq!(session.value("1 + 1"), "2");
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
fn what_borrows_or_was_moved_is_usable_in_its_cell_and_explained_later() {
    let mut session = session();
    session.ok("let v = vec![1, 2, 3]; let s = String::from(\"s\");");
    assert_eq!(
        session.value("let n = 10; let add = |x: i32| x + n; let r = &v; add(r[0])"),
        "11"
    );
    assert_eq!(session.value("v.len() as i32 + n"), "13");
    let later = shown(&failure(&mut session, "r.len()"));
    assert!(
        later.contains("`r` was not kept: it borrows from another variable"),
        "{later}"
    );
    let later = shown(&failure(&mut session, "add(1)"));
    assert!(
        later.contains("`add` was not kept: the type of a closure has no name"),
        "{later}"
    );
    session.ok("let t = s;");
    let later = shown(&failure(&mut session, "s"));
    assert!(later.contains("`s` was not kept: its value was moved away"), "{later}");
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
fn an_interrupt_while_compiling_cancels_the_compile() {
    let mut session = session();
    session.ok("let old = 1;");
    // Enough work for the compiler that it is still busy when the interrupt comes.
    let functions: String = (0..3000)
        .map(|i| format!("fn f{i}(x: u64) -> Vec<u64> {{ (0..x).map(|y| y * {i}).collect() }}\n"))
        .collect();
    let functions = functions + "let never = 1;";
    let interrupter = session.engine.interrupter();
    let stopped = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let stop_now = stopped.clone();
    let stop = std::thread::spawn(move || {
        while !stop_now.load(std::sync::atomic::Ordering::Relaxed) {
            std::thread::sleep(Duration::from_millis(50));
            interrupter.interrupt();
        }
    });
    let failure = failure(&mut session, &functions);
    assert_eq!(failure.name, "KeyboardInterrupt");
    assert!(shown(&failure).contains("while it was being compiled"), "{}", shown(&failure));
    stopped.store(true, std::sync::atomic::Ordering::Relaxed);
    stop.join().expect("the thread that interrupts");
    let later = shown(&self::failure(&mut session, "never"));
    assert!(
        later.contains("`never` was not kept: cell [2] was stopped before it was compiled"),
        "{later}"
    );
}

#[test]
fn after_the_worker_is_killed_the_next_cell_runs() {
    let mut session = session();
    session.ok("fn seven() -> i32 { 7 } let lost = std::rc::Rc::new(1);");
    let process = session.engine.worker_process().expect("a worker");
    // SAFETY: the process is the worker of this test's own session.
    unsafe { libc::kill(process, libc::SIGKILL) };
    while session.engine.worker_process() == Some(process) {
        std::thread::sleep(Duration::from_millis(20));
        session.idle();
    }
    assert!(
        session.text().contains("was killed") && session.text().contains("Lost with it: lost"),
        "{}",
        session.text()
    );
    assert_eq!(session.value("seven()"), "7");
    let text = shown(&failure(&mut session, "lost"));
    assert!(
        text.contains("`lost` was not kept: the process that held it has ended"),
        "{text}"
    );
}

#[test]
fn a_crash_says_what_is_lost() {
    let mut session = session();
    session.ok("let lost = std::rc::Rc::new(1);");
    let failure = failure(&mut session, "std::process::abort();");
    assert_eq!(failure.name, "WorkerDied");
    assert!(
        shown(&failure).contains("aborted") && shown(&failure).contains("lost"),
        "{}",
        shown(&failure)
    );
    assert_eq!(session.value("1 + 1"), "2");
}

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
    assert!(text.contains("there is no command `:nothing`"), "{text}");
}

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
